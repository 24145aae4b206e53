"""From a meter to an Answer: what it cost at the speed served, how it ended, and what is said about it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext

import pytest

from fastmode_magic.accounting import Prefixes, answer_of, entries_of
from fastmode_magic.answer import Answer
from fastmode_magic.claude.errors import Refused
from fastmode_magic.claude.events import (
    Failed,
    FellBack,
    Finished,
    Interrupted,
    Metered,
    Retrying,
    Sent,
    Started,
    TextDelta,
)
from fastmode_magic.claude.quota import Quota
from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger.meter import Meter
from fastmode_magic.prompt.ask import Ask
from fastmode_magic.prompt.conversation import Threads, Wanted
from fastmode_magic.prompt.turns import Addressee, Place

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPUS = "claude-opus-5-5"  # 4 / 20 at standard speed, 8 / 40 at fast
END = Finished("end_turn", None, 14.0)


def used(speed, count=1_000):
    """At Opus 5.5 and 1,000 tokens out: 0.024 dollars at standard speed, 0.048 at fast."""
    return Usage(1_000, count, speed=speed)


def answered(*events, fast=True, model=OPUS, base_url="https://api.anthropic.com", **fields):
    meter = Meter()
    meter.feed(events)
    return answer_of(Ask("hi", model, fast=fast, **fields), meter, NOW, base_url=base_url)


def run(served, end=END, *, asked="fast", model=OPUS, fast=None):
    return answered(
        Sent(asked, 1, 10.0),
        Started(model, "req_1", used(served, 1), Quota(), 10.5),
        TextDelta(11.0, 13.0, "x" * 35),
        Metered(used(served), 13.5),
        end,
        fast=asked == "fast" if fast is None else fast,
        model=model,
    )


@pytest.mark.parametrize(
    ("asked", "served", "cost", "cost_if"),
    [
        ("fast", "fast", Decimal("0.048"), None),
        ("fast", "standard", Decimal("0.024"), None),
        ("standard", "standard", Decimal("0.024"), None),
        ("standard", "fast", Decimal("0.048"), None),
        ("standard", None, Decimal("0.024"), None),
        ("fast", None, None, (Decimal("0.024"), Decimal("0.048"))),
        ("fast", "turbo", None, None),
    ],
)
def test_the_cost_is_that_of_the_speed_served(asked, served, cost, cost_if):
    answer = run(served, asked=asked)
    assert (answer.cost, answer.cost_if) == (cost, cost_if)
    assert (answer.speed, answer.asked_speed) == (served, asked)
    assert answer.complete
    assert not answer.estimated


def test_a_speed_that_is_not_reported_after_a_fallback_is_standard():
    answer = run(None, asked="standard", fast=True)
    assert (answer.speed, answer.asked_speed, answer.cost) == (None, "fast", Decimal("0.024"))


def test_the_facts_of_a_run():
    answer = run("fast")
    assert (answer.text, answer.model, answer.request_id, answer.stop_reason) == ("x" * 35, OPUS, "req_1", "end_turn")
    assert (answer.ttft_s, answer.first_text_s, answer.tokens_per_s) == (1.0, 1.0, 500.0)
    assert (answer.usage, answer.fallback, answer.notices, answer.ending) == (used("fast"), None, (), None)


@pytest.mark.parametrize(
    ("model", "words"), [(OPUS, "standard speed"), ("claude-opus-4-6", "2026-06-29"), ("claude-x", "standard speed")]
)
def test_fast_that_is_silently_served_at_standard_speed_is_told(model, words):
    answer = run("standard", model=model)
    assert words in answer.fallback
    assert len(answer.notices) == 1
    assert "standard speed" in answer.notices[0]


def test_the_price_of_a_silent_standard_is_the_standard_one():
    assert run("standard", model="claude-opus-4-6").cost == Decimal("0.030")  # 5 / 25


def test_a_fallback_that_was_told_is_not_told_again():
    answer = answered(
        Sent("fast", 1, 0.0),
        FellBack("the fast quota is used up", "A sentence.", 1.0),
        Sent("standard", 2, 1.0),
        Started(OPUS, None, used("standard"), Quota(), 2.0),
        END,
    )
    assert (answer.fallback, answer.notices) == ("the fast quota is used up", ("A sentence.",))


def test_an_interrupted_answer_is_estimated():
    answer = answered(
        Sent("fast", 1, 10.0),
        Started(OPUS, "req_1", used("fast", 1), Quota(), 10.5),
        TextDelta(11.0, 13.0, "x" * 350),
        Interrupted(13.0),
    )
    # 350 bytes are some 100 tokens: 1,000 in at 8 and 100 out at 40
    assert (answer.usage.output_tokens, answer.cost, answer.estimated) == (100, Decimal("0.012"), True)
    assert (answer.complete, answer.stop_reason, answer.ending) == (False, None, "interrupted")


FAILED = Failed(Refused("x", "y"), billed=False, at_s=9.0)
BILLED = Failed(Refused("x", "y"), billed=True, at_s=9.0)


@pytest.mark.parametrize(
    ("events", "cost"),
    [
        ((FAILED,), Decimal(0)),
        ((BILLED,), Decimal(0)),  # nothing was sent
        ((Interrupted(1.0),), Decimal(0)),
        ((Sent("fast", 1, 0.0), FAILED), Decimal(0)),
        # it was sent, and nobody knows what the service made of it
        ((Sent("fast", 1, 0.0), BILLED), None),
        ((Sent("fast", 1, 0.0), Interrupted(1.0)), None),
    ],
)
def test_before_anything_came(events, cost):
    answer = answered(*events)
    assert (answer.cost, answer.usage, answer.complete) == (cost, None, False)
    assert (entries_of(answer, "claude-opus-5-5") == []) == (cost is not None)


def lost(usage, *rest):
    return answered(Sent("fast", 1, 0.0), Retrying(0.5, "the connection broke", usage, 1.0), *rest)


AGAIN = (Sent("fast", 2, 2.0), Started(OPUS, None, used("fast"), Quota(), 3.0), END)


def test_a_lost_attempt_costs_too():
    answer = lost(used("fast", 0), *AGAIN)
    assert (answer.cost, answer.estimated) == (Decimal("0.048") + Decimal("0.008"), True)


def test_a_lost_attempt_of_unknown_speed_makes_the_cost_unknown():
    assert lost(used(None, 0), *AGAIN).cost is None


def test_a_lost_attempt_is_in_both_prices():
    answer = lost(used("standard", 0), *AGAIN[:1], Started(OPUS, None, used(None), Quota(), 3.0), END)
    assert answer.cost_if == (Decimal("0.024") + Decimal("0.004"), Decimal("0.048") + Decimal("0.004"))


def test_a_run_that_only_lost_is_in_the_totals():
    answer = lost(used("fast", 0), Sent("fast", 2, 2.0), FAILED)
    assert answer.cost == Decimal("0.008")
    assert entries_of(answer, "claude-opus-5-5")[0].cost == Decimal("0.008")


@pytest.mark.parametrize(
    ("reason", "explanation", "ending", "words"),
    [
        ("max_tokens", None, True, "--max-tokens"),
        ("refusal", "bio: No.", True, "(bio: No)"),
        ("refusal", None, True, "refused to answer."),
        ("pause_turn", None, True, "pause_turn"),
        ("model_context_window_exceeded", None, True, "context window"),
        ("tool_use", None, True, "tool"),
        ("end_turn", None, False, None),
        ("stop_sequence", None, False, None),
        ("from_the_future", None, True, None),
    ],
)
def test_endings(reason, explanation, ending, words):
    answer = run("fast", Finished(reason, explanation, 14.0))
    assert (answer.stop_reason, answer.complete) == (reason, True)
    assert bool(answer.ending) == ending
    assert [words in notice for notice in answer.notices] == ([True] if words else [])


def test_what_came_before_a_failure():
    assert run("fast", BILLED).ending == "cut off"
    assert answered(FAILED).ending == "failed"


@pytest.mark.parametrize(
    ("base_url", "host"),
    [("https://api.anthropic.com/", None), (None, None), ("https://gw.example:8443/v1", "gw.example")],
)
def test_elsewhere_the_list_price_is_said_to_be_one(base_url, host):
    assert answered(END, base_url=base_url).list_price_of == host


@pytest.mark.parametrize(
    ("place", "listed"), [("https://api.anthropic.com", False), ("https://gw.example", True), ("practice", False)]
)
def test_the_totals_know_of_list_prices(place, listed):
    fell = (
        Sent("fast", 1, 0.0),
        Started(OPUS, None, used("fast", 1), Quota(), 1.0),
        Retrying(0.5, "the connection broke", used("fast", 0), 1.0),
        Sent("standard", 2, 2.0),
        Started(OPUS, None, used("standard"), Quota(), 3.0),
        END,
    )
    answer = answered(*fell, base_url=place)
    answer = replace(answer, list_price_of="practice") if place == "practice" else answer
    assert len(answer.cost_by_speed) == 2
    assert [entry.list_price for entry in entries_of(answer, OPUS)] == [listed, listed]


def test_the_user_s_own_decimal_context_changes_no_digit():
    with localcontext(Context(prec=1)):
        answer = answered(
            Sent("fast", 1, 0.0),
            Retrying(0.5, "the connection broke", used("fast", 123), 1.0),
            Sent("standard", 2, 2.0),
            Started(OPUS, None, used("standard", 4_567), Quota(), 3.0),
            END,
        )
        entries = entries_of(answer, OPUS)
    assert answer.cost == Decimal("0.01292") + Decimal("0.09534")
    assert [entry.cost for entry in entries] == [Decimal("0.09534"), Decimal("0.01292")]


@pytest.mark.parametrize(
    ("answer", "speed", "measured"),
    [
        (run("fast"), "fast", True),
        (run(None, asked="standard"), "standard", True),
        (run(None), None, True),
        (run("fast", BILLED), "fast", False),
    ],
)
def test_what_the_totals_take_over(answer, speed, measured):
    (entry,) = entries_of(answer, "claude-opus-5-5")
    assert (entry.speed, entry.cost, entry.estimated) == (speed, answer.cost, False)
    assert (entry.tokens_per_s, entry.output_tokens) == ((500.0, 1_000) if measured else (None, None))


def cached(speed, *, read=0, written=0, model=OPUS):
    usage = Usage(10, 10, cache_read_input_tokens=read, cache_creation_input_tokens=written, speed=speed)
    return Answer("x", model=model, speed=speed, usage=usage)


READ, WROTE = cached("standard", read=10_000), cached("fast", written=10_000)


@pytest.mark.parametrize(
    ("before", "now", "system", "told"),
    [
        (READ, WROTE, "S", True),
        (cached("fast", read=10_000), cached("standard", written=10_000), "S", True),
        (READ, cached("standard", written=10_000), "S", False),  # no switch: it had expired
        (READ, cached("fast", read=10_000), "S", False),  # nothing was lost
        (READ, cached("fast", read=10_000, written=500), "S", False),
        (READ, cached("fast"), "S", False),
        (cached("standard", written=10_000), WROTE, "S", True),  # what was written would have been read
        (cached("standard", read=10_000, model="claude-opus-5"), WROTE, "S", False),
        (READ, WROTE, None, False),
        (None, WROTE, "S", False),
        (READ, cached(None, written=10_000), "S", False),
    ],
)
def test_a_switch_that_missed_the_cache(before, now, system, told):
    prefixes, ask = Prefixes(), Ask("hi", OPUS, system=system)
    if before:
        assert prefixes.missed(ask, before, NOW) is None
    assert bool(prefixes.missed(ask, now, NOW)) == told


def test_a_cache_that_has_expired_is_missed_by_no_switch():
    prefixes, ask = Prefixes(), Ask("hi", OPUS, system="S")
    prefixes.missed(ask, READ, NOW)
    assert prefixes.missed(ask, WROTE, NOW + timedelta(minutes=6)) is None


def test_a_switch_of_effort_misses_the_cache_of_a_thread():
    prefixes = Prefixes()
    plan = Threads().plan(Wanted("main"), Place(), Addressee(OPUS), room=10_000)
    ask = Ask("hi", OPUS, continuation=plan)
    assert prefixes.missed(ask, cached("fast", read=10_000, written=500), NOW) is None
    sentence = prefixes.missed(replace(ask, effort="high"), cached("fast", written=11_000), NOW)
    assert "from default to high effort" in sentence
    assert "10,500 tokens were written to it again" in sentence  # the rest is new


def test_a_missed_cache_says_what_it_cost():
    prefixes, ask = Prefixes(), Ask("hi", OPUS, system="S")
    prefixes.missed(ask, READ, NOW)
    sentence = prefixes.missed(ask, WROTE, NOW)
    # 10,000 tokens at 8: written at 1.25x, where reading is 0.05x: 0.100 - 0.004
    for words in ("from standard to fast", "10,000 tokens", "$0.096"):
        assert words in sentence
    assert prefixes.missed(ask, WROTE, NOW) is None


def test_prefixes_are_apart():
    prefixes = Prefixes()
    prefixes.missed(Ask("hi", OPUS, system="S"), READ, NOW)
    assert prefixes.missed(Ask("hi", OPUS, system="another"), WROTE, NOW) is None
