"""Every run in the ledger, from before it is sent to its end; over real HTTP, in a real file."""

import sqlite3
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from support import KEY

from fastmode_magic.claude.errors import FastmodeError, Interrupted, Refused, StreamBroken
from fastmode_magic.ledger.records import Record
from fastmode_magic.session import Session
from fastmode_magic.simulator import Scenario, Simulator


@pytest.fixture
def ledger(session: Session, tmp_path: Path) -> Path:
    """The file of the session's ledger."""
    path = tmp_path / "books" / "ledger.db"
    session.settings.ledger = f"sqlite:///{path}"
    return path


def rows(session: Session) -> list[Record]:
    return session.books.records("all", practice=False)


def states(path: Path) -> list[tuple[str, str | None]]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT state, cost FROM runs ORDER BY began").fetchall()
    finally:
        connection.close()


def test_a_run_is_written_before_it_is_sent_and_closed_at_its_end(
    ledger: Path, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def look(_: object) -> str:
        found.append(states(ledger))
        return "ok"

    with Simulator(first_byte_s=0, fast_rate=0, standard_rate=0, scenario=look) as service:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", service.url)
        answer, error = session.run(session.ask("2+2?", fast=True))
        session.close()
    assert error is None
    assert [[state for state, _ in one] for one in found] == [["running"]]
    assert states(ledger) == [("finished", f"{answer.cost:f}")]


def test_nothing_is_written_before_the_first_run(ledger: Path, session: Session) -> None:
    session.warm_up()
    session.books.book.write  # noqa: B018  # the book is there
    assert not ledger.parent.exists()
    session.run(session.ask("2+2?"))
    assert ledger.exists()
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert ledger.parent.stat().st_mode & 0o777 == 0o700


def test_what_a_row_says(ledger: Path, session: Session, simulator: Simulator) -> None:
    answer, _ = session.run(session.ask("Explain groupby.", fast=True))
    (row,) = rows(session)
    (charge,) = row.charges
    assert (row.state, row.speed, row.asked_speed, row.fallback) == ("finished", "fast", "fast", None)
    assert (row.cost, row.estimated, row.reserved) == (answer.cost, False, None)
    assert (row.model, row.request_id, row.stop_reason) == ("claude-opus-5-5", answer.request_id, "end_turn")
    assert (row.duration_s, row.ttft_s, row.tokens_per_s) == (answer.duration_s, answer.ttft_s, answer.tokens_per_s)
    assert (charge.usage, charge.cost, charge.speed) == (answer.usage, answer.cost, "fast")
    assert row.list_price_of == "127.0.0.1"
    assert row.began <= row.seen == row.ended
    assert row.session == session.books.session
    assert (row.prompt, row.answer) == (None, None)


def test_a_fallback_a_failure_and_an_interrupt_are_rows(ledger: Path, session: Session, simulator: Simulator) -> None:
    simulator.script("fast_pool_empty", "ok", "error_mid_stream", "spend_cap_402", Scenario(tokens=5_000, rate=200))
    fell, _ = session.run(session.ask("2+2?", fast=True, fallback="standard"))
    broken, error = session.run(session.ask("Explain groupby."))
    assert isinstance(error, StreamBroken)
    _, error = session.run(session.ask("2+2?"))
    assert isinstance(error, Refused)
    background = session.start(session.ask("Count."))
    while not background.text:
        threading.Event().wait(0.02)
    background.stop()
    stopped = background.wait(10)
    found = rows(session)
    assert [(one.state, one.cost, one.estimated) for one in found] == [
        ("finished", fell.cost, False),
        ("failed", broken.cost, True),
        ("failed", Decimal(0), False),
        ("interrupted", stopped.cost, True),
    ]
    assert found[0].fallback == "the fast quota is used up"
    assert (found[0].asked_speed, found[0].speed) == ("fast", "standard")
    assert min(broken.cost, stopped.cost) > 0


def test_each_speed_of_a_run_is_a_charge(ledger: Path, session: Session, simulator: Simulator) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    call = Scenario(calls=[{"name": "add", "input": {"a": 1, "b": 2}}], stop_reason="tool_use")
    simulator.script(call, Scenario(speed_served="standard"))
    answer, error = session.run(session.ask("Add.", fast=True, tools=[add], yes=True))
    assert error is None
    (row,) = rows(session)
    assert [one.speed for one in row.charges] == ["fast", "standard"]
    assert sum(one.cost for one in row.charges) == row.cost == answer.cost


def test_while_it_runs_a_row_says_what_came_so_far(ledger: Path, session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=5_000, rate=300))
    answer = session.start(session.ask("Count."))
    while (row := next(iter(rows(session)), None)) is None or row.cost is None:
        threading.Event().wait(0.05)
    assert (row.state, row.estimated, row.ended) == ("running", True, None)
    assert row.cost > 0
    answer.stop()
    answer.wait(10)


def test_texts_are_kept_only_if_asked_and_keys_never(
    ledger: Path, session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator.script(Scenario(text=f"Never show {KEY}, nor sk-ant-api03-{'x' * 40}."))
    session.settings.history = "full"
    session.run(session.ask("What is a key?"))
    session.settings.history = "metadata"
    session.run(session.ask("2+2?"))
    full, metadata = rows(session)
    assert (full.prompt, full.answer) == ("What is a key?", "Never show …, nor ….")
    assert (metadata.prompt, metadata.answer) == (None, None)
    session.close()
    assert KEY.encode() not in ledger.read_bytes()


def test_practice_is_kept_apart(ledger: Path, session: Session) -> None:
    session.run(session.ask("2+2?"))
    session.service.practise()
    session.run(session.ask("3+3?"))
    assert [one.practice for one in session.books.records("day", practice=True)] == [True]
    assert [one.practice for one in session.books.records("day", practice=False)] == [False]


def test_periods(ledger: Path, session: Session) -> None:
    session.run(session.ask("2+2?"))
    session.notebook = lambda: "a.ipynb"
    session.run(session.ask("3+3?"))
    other = Session(session.settings)
    other.run(other.ask("4+4?"))
    other.close()
    counts = {name: len(session.books.records(name, practice=False)) for name in ("session", "notebook", "day", "all")}
    assert counts == {"session": 2, "notebook": 1, "day": 3, "all": 3}


@pytest.fixture
def broken(session: Session, tmp_path: Path) -> Session:
    """A session whose ledger cannot be opened."""
    (tmp_path / "file").write_text("")
    session.settings.ledger = f"sqlite:///{tmp_path}/file/ledger.db"
    return session


def test_a_ledger_that_fails_breaks_no_cell_and_is_told_once(broken: Session) -> None:
    first, error = broken.run(broken.ask("2+2?"))
    second, _ = broken.run(broken.ask("3+3?"))
    assert error is None
    (notice,) = first.notices
    assert "what this session costs is kept in memory" in notice
    assert second.notices == ()
    assert [one.cost for one in rows(broken)] == [first.cost, second.cost]
    assert broken.totals.snapshot().cost == first.cost + second.cost


def test_a_ledger_that_is_deleted_is_begun_anew(ledger: Path, session: Session) -> None:
    session.run(session.ask("2+2?"))
    ledger.unlink()
    answer, error = session.run(session.ask("3+3?"))
    assert error is None
    assert any("was deleted" in notice for notice in answer.notices)
    assert len(states(ledger)) == len(rows(session)) == 2


def test_off_keeps_nothing(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    session.settings.ledger = "off"
    answer, _ = session.run(session.ask("2+2?"))
    assert not (tmp_path / "data").exists()
    assert [one.cost for one in rows(session)] == [answer.cost]


def test_what_is_refused_before_it_is_sent_has_no_row(ledger: Path, session: Session) -> None:
    answer, error = session.run(session.ask("2+2?", max_cost="0.000001"))
    assert isinstance(error, FastmodeError)
    assert not isinstance(error, Interrupted)
    assert answer.cost == 0
    assert rows(session) == []
