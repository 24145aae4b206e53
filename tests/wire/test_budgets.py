"""Budgets that are kept: reserved before sending, lowered to fit, refused, released; over real HTTP."""

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Context, Decimal, localcontext
from pathlib import Path

import pytest

from fastmode_magic import outlook
from fastmode_magic.booking import Booking
from fastmode_magic.claude.errors import BadInput, OverBudget
from fastmode_magic.ledger import prices
from fastmode_magic.session import Session
from fastmode_magic.settings import FastMode
from fastmode_magic.simulator import Scenario, Simulator

WHOLE = Scenario(tokens=200_000, stop_reason="max_tokens")  # as much as it may


@pytest.fixture(autouse=True)
def ledger(session: Session, tmp_path: Path) -> None:
    session.settings.ledger = f"sqlite:///{tmp_path}/ledger.db"


def sent(simulator: Simulator) -> list[int]:
    return [one.body["max_tokens"] for one in simulator.requests if "count_tokens" not in one.path]


def counted(simulator: Simulator) -> int:
    return sum("count_tokens" in one.path for one in simulator.requests)


def test_max_tokens_is_lowered_to_fit_and_that_is_said(session: Session, simulator: Simulator) -> None:
    answer, error = session.run(session.ask("2+2?", fast=True, max_cost="0.10"))
    assert error is None
    (lowered,) = sent(simulator)
    # 0.10 $ at 40 $/MTok, 10 % dearer where inference is US-only: the input costs next to nothing
    assert 2_200 <= lowered <= 2_273
    assert answer.notices == (f"max_tokens was lowered from 16,000 to {lowered:,}: --max-cost is $0.10.",)
    assert counted(simulator) == 1


def test_what_fits_is_sent_as_it_is_and_not_counted(session: Session, simulator: Simulator) -> None:
    answer, _ = session.run(session.ask("2+2?", fast=True, max_cost="1"))
    assert (sent(simulator), counted(simulator), answer.notices) == ([16_000], 0, ())


def test_standard_speed_costs_half(session: Session, simulator: Simulator) -> None:
    session.run(session.ask("2+2?", max_cost="0.10"))
    assert 4_400 <= sent(simulator)[0] <= 4_546


def test_below_a_useful_minimum_nothing_is_sent(session: Session, simulator: Simulator) -> None:
    answer, error = session.run(session.ask("2+2?", fast=True, max_cost="0.04"))
    assert isinstance(error, OverBudget)
    assert "Nothing was sent" in error.what
    assert "--max-cost" in error.next_step
    assert "--no-fast" in error.next_step
    assert (sent(simulator), answer.cost) == ([], 0)
    session.run(session.ask("2+2?", fast=True, max_cost="0.04", max_tokens=500))  # who asks for less may have less
    assert sent(simulator) == [500]


def test_at_the_edge_the_service_counts(session: Session, simulator: Simulator) -> None:
    prompt = "word " * 20_000  # 100,000 bytes, and far fewer tokens
    _, error = session.run(session.ask(prompt, max_cost="0.20", max_tokens=2_000))
    assert error is None
    assert (counted(simulator), sent(simulator)) == (1, [2_000])


def test_a_document_is_counted_by_the_service(session: Session, simulator: Simulator, tmp_path: Path) -> None:
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(b"%PDF-1.4\n" + b"x" * 3_000 + b"\n%%EOF")
    _, error = session.run(session.ask(["Read.", pdf], max_cost="1"))
    assert error is None
    assert counted(simulator) == 1


def test_a_budget_of_the_session_is_never_exceeded(session: Session, simulator: Simulator) -> None:
    session.settings.budget = "0.50"
    spent, error = Decimal(0), None
    while error is None:
        simulator.script(WHOLE)
        answer, error = session.run(session.ask("Write.", fast=True, max_tokens=4_000))
        spent += answer.cost
    assert isinstance(error, OverBudget)
    assert Decimal("0.45") < spent <= Decimal("0.50")
    assert "%fastmode budget" in error.next_step


def test_several_runs_at_once_share_a_budget(session: Session, simulator: Simulator) -> None:
    simulator.script(*[WHOLE] * 12)
    session.settings.budget = "1"
    with ThreadPoolExecutor(12) as threads:
        ended = list(threads.map(lambda _: session.run(session.ask("Write.", fast=True, max_tokens=4_000)), range(12)))
    assert Decimal("0.80") < sum(answer.cost for answer, _ in ended) <= 1
    assert {type(error) for _, error in ended} == {OverBudget, type(None)}


def test_a_day_and_a_notebook_are_shared_by_sessions(session: Session, simulator: Simulator) -> None:
    other = Session(FastMode())
    other.settings.ledger = session.settings.ledger
    simulator.script(*[WHOLE] * 2)
    for one in (session, other):
        one.notebook = lambda: "work/a.ipynb"
        one.settings.budget_per_day, one.settings.budget_per_notebook = "5", "0.20"
    first, _ = session.run(session.ask("Write.", fast=True, max_tokens=4_000))
    second, _ = other.run(other.ask("Write.", fast=True, max_tokens=4_000))
    levels = {level.limit.scope: level.used for level in session.books.levels(practice=False)}
    other.close()
    assert first.cost + second.cost <= Decimal("0.20")
    assert levels == {"notebook": first.cost + second.cost, "day": first.cost + second.cost}


def test_what_was_not_used_is_free_again(session: Session, simulator: Simulator) -> None:
    session.settings.budget = "1"
    answer, _ = session.run(session.ask("2+2?", fast=True))
    (level,) = session.books.levels(practice=False)
    assert level.used == answer.cost < Decimal("0.001")


def test_calls_of_tools_are_reserved_one_by_one(session: Session, simulator: Simulator) -> None:
    def look(at: int) -> int:
        return at

    call = Scenario(tokens=1_500, calls=[{"name": "look", "input": {"at": 1}}], stop_reason="tool_use")
    simulator.script(*[call] * 8)
    answer, error = session.run(session.ask("Look.", fast=True, tools=[look], yes=True, max_cost="0.25"))
    assert isinstance(error, OverBudget)
    assert Decimal("0.10") < answer.cost <= Decimal("0.25")
    bounds = sent(simulator)
    assert bounds == sorted(bounds, reverse=True)
    assert len(bounds) > 1


def test_attempts_that_broke_count_with_all_they_may_have_cost(session: Session, simulator: Simulator) -> None:
    session.settings.stall_timeout_s = 1.0  # in which 500 tokens may have been thought
    simulator.script(Scenario(fault="stall", fault_after=0), "ok")
    session.run(session.ask("2+2?", fast=True, max_cost="0.36", max_tokens=8_000))
    first, second = sent(simulator)
    assert first == 8_000
    assert second <= 7_800


def test_an_answer_whose_input_was_larger_than_foreseen_is_stopped(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=4_000, rate=4_000, usage={"input_tokens": 30_000}))
    answer, error = session.run(session.ask("2+2?", fast=True, max_cost="0.30", max_tokens=6_000))
    assert isinstance(error, OverBudget)
    assert "30,000 tokens of input" in error.what
    assert answer.text
    assert answer.estimated
    assert not answer.complete


def test_warnings_at_70_and_90_percent_once(session: Session, simulator: Simulator) -> None:
    session.settings.budget = "1.00"
    told = []
    for tokens in (10_000, 8_000, 100, 5_000, 100):  # 0.40, 0.72, 0.724, 0.924, 0.928 dollars
        simulator.script(Scenario(tokens=tokens))
        answer, _ = session.run(session.ask("Write.", fast=True, max_tokens=max(tokens, 1_000)))
        told.append([notice.partition(" is spent")[0] for notice in answer.notices])
    assert told == [[], ["70% of the session's budget of $1.00"], [], ["90% of the session's budget of $1.00"], []]


def test_an_unknown_price_cannot_be_kept_within_a_budget(session: Session, simulator: Simulator) -> None:
    _, error = session.run(session.ask("2+2?", model="claude-unheard-of-9", max_cost="1"))
    assert isinstance(error, OverBudget)
    assert "claude-unheard-of-9" in error.what
    assert sent(simulator) == []


def test_a_budget_of_nothing_sends_nothing(session: Session, simulator: Simulator) -> None:
    session.settings.budget = 0
    _, error = session.run(session.ask("2+2?"))
    assert isinstance(error, OverBudget)
    assert sent(simulator) == []


def test_a_ledger_that_fails_still_keeps_the_session_within_its_budget(session: Session, simulator: Simulator) -> None:
    session.settings.ledger = "nosuchdatabase://x/y"
    session.settings.budget = "0.30"
    error, spent = None, Decimal(0)
    while error is None:
        simulator.script(WHOLE)
        answer, error = session.run(session.ask("Write.", fast=True, max_tokens=4_000))
        spent += answer.cost
    assert isinstance(error, OverBudget)
    assert Decimal("0.20") < spent <= Decimal("0.30")


@pytest.mark.parametrize("amount", ["much", -1, "1e3", float("nan"), True])
def test_what_is_no_amount(session: Session, amount: object) -> None:
    with pytest.raises(BadInput, match="max_cost"):
        session.ask("2+2?", max_cost=amount)


def test_the_dearer_speed_counts_before_and_the_served_one_after(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=1_000, speed_served="standard"))
    session.settings.budget = "1"
    answer, _ = session.run(session.ask("Write.", fast=True))
    (level,) = session.books.levels(practice=False)
    at = answer.at
    assert level.used == answer.cost == prices.cost(answer.model, answer.usage, "standard", at)


def test_a_stop_while_the_service_counts_leaves_nothing_reserved(session: Session, simulator: Simulator) -> None:
    session.settings.budget = "0.10"
    counting = threading.Event()
    admit = Booking._counted

    async def slow(booking: Booking, request: object, most: int | None) -> int:
        counting.set()
        await asyncio.sleep(60)
        return await admit(booking, request, most)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Booking, "_counted", slow)
        running = session.start(session.ask("2+2?", fast=True))
        assert counting.wait(20)
        running.stop()
        running.wait(10)
    (level,) = session.books.levels(practice=False)
    assert level.used == 0
    assert session.books.records("session", practice=False) == []


def test_hidden_thinking_that_is_stopped_stays_reserved(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(thinking=20_000, rate=1_000))
    session.settings.budget = "5"
    running = session.start(session.ask("Think.", fast=True))
    threading.Event().wait(1.0)
    running.stop()
    answer = running.wait(10)
    (level,) = session.books.levels(practice=False)
    (row,) = session.books.records("session", practice=False)
    assert row.state == "interrupted"
    assert answer.cost <= level.used == row.reserved <= Decimal("0.70")
    assert level.used > 500 * Decimal("0.000040")  # half a second of it, at least


def test_what_nobody_counted_can_be_released(session: Session, simulator: Simulator) -> None:
    simulator.script("connection_reset", "connection_reset", "connection_reset")
    session.settings.budget = "5"
    answer, _ = session.run(session.ask("2+2?", fast=True))
    assert answer.cost is None
    (level,) = session.books.levels(practice=False)
    (row,) = session.books.uncounted(practice=False)
    assert level.used == row.reserved > Decimal("0.6")
    assert session.books.release(practice=False) == 1
    assert [one.used for one in session.books.levels(practice=False)] == [0]
    assert session.books.uncounted(practice=False) == []


def test_a_run_that_began_without_a_budget_counts_towards_one(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=4_000, rate=300))
    running = session.start(session.ask("Write.", fast=True, max_tokens=3_000))
    while not running.text:
        threading.Event().wait(0.02)
    session.settings.budget = "0.15"
    _, error = session.run(session.ask("2+2?", fast=True, max_tokens=2_000))
    assert isinstance(error, OverBudget)
    running.stop()
    running.wait(10)


def test_a_model_that_is_never_fast_may_call_tools_where_no_speed_is_told(
    session: Session, simulator: Simulator
) -> None:
    def look(at: int) -> int:
        return at

    call = Scenario(calls=[{"name": "look", "input": {"at": 1}}], stop_reason="tool_use", speed_served=None)
    simulator.script(call, Scenario(speed_served=None))
    ask = session.ask("Look.", model="sonnet", tools=[look], yes=True, max_cost="1")
    answer, error = session.run(ask)
    assert error is None
    assert len(answer.calls) == 1


def test_fast_that_is_silently_served_at_standard_speed_has_a_price(session: Session, simulator: Simulator) -> None:
    answer, error = session.run(session.ask("2+2?", model="opus-4-6", fast=True, max_cost="1"))
    assert error is None
    assert answer.speed == "standard"


def test_a_busy_ledger_does_not_guess_what_is_left_of_a_day(
    session: Session, simulator: Simulator, tmp_path: Path
) -> None:
    session.run(session.ask("2+2?"))
    session.settings.budget_per_day = "1"
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    before = len(sent(simulator))
    _, error = session.run(session.ask("2+2?", fast=True))
    other.close()
    assert isinstance(error, OverBudget)
    assert "another program holds it locked" in error.what
    assert len(sent(simulator)) == before


def test_a_small_decimal_context_of_the_user_changes_nothing(session: Session, simulator: Simulator) -> None:
    with localcontext(Context(prec=3)):
        session.settings.budget = "123.45"
        answer, error = session.run(session.ask("2+2?", fast=True))
        (level,) = session.books.levels(practice=False)
        assert outlook.budget_words(session) == "$0.000048 of the session's $123.45"
    assert error is None
    assert level.used == answer.cost
