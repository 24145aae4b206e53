"""The ledger beside the service's report: pure comparisons, and their words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from fastmode_magic.claude.errors import BadInput
from fastmode_magic.claude.usage import Usage
from fastmode_magic.claude.usage_report import Paid, Report, Tokens, Used, moment, paid, used, used_before
from fastmode_magic.ledger.reconciliation import Period, Reconciliation, compared, plain
from fastmode_magic.ledger.records import Charge, Record
from fastmode_magic.reports.reconciliation import named, shown

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
TODAY = NOON.replace(hour=0)
PERIOD = Period(TODAY, NOON, TODAY + timedelta(days=1))
OPUS = "claude-opus-5-5"
USAGE = Usage(100, 50, cache_read_input_tokens=10, cache_creation_input_tokens=30, ephemeral_1h_input_tokens=20)
TOKENS = Tokens(100, 10, 10, 20, 50, 0)


def record(at: datetime = TODAY + timedelta(hours=9), *charges: Charge, **changes: object) -> Record:
    made = charges or (Charge(OPUS, "fast", USAGE, Decimal("0.01")),)
    whole = Record(
        "r", "s", "u", "n", "2026-11-28", at, at, OPUS, "fast", state="finished", ended=at + timedelta(seconds=5)
    )
    return replace(whole, cost=Decimal("0.01"), charges=made, **changes)


def reported(*used: Used, dollars: str | None = "0.01", **changes: object) -> Report:
    rows = used or (Used(OPUS, "fast", TOKENS, "apikey_1"),)
    amount = None if dollars is None else Decimal(dollars)
    return replace(Report(rows, tuple(Paid(one.model, one.speed, amount, amount) for one in rows)), **changes)


def beside(*records: Record, report: Report | None = None, host: str | None = None) -> Reconciliation:
    return compared(records, reported() if report is None else report, PERIOD, host, NOON + timedelta(minutes=6))


def said(found: Reconciliation) -> str:
    return shown(found, "api.anthropic.com")


def test_the_same_is_called_so() -> None:
    found = beside(record())
    assert found.agrees
    assert found.runs == 1
    (line,) = found.lines
    assert (line.ours, line.theirs, line.our_cost, line.listed) == (TOKENS, TOKENS, Decimal("0.01"), Decimal("0.01"))
    assert said(found).startswith("**The ledger and the service agree** from 2026-11-28 00:00 to 12:00 UTC: 1 run")


@pytest.mark.parametrize(
    ("records", "report"),
    [((), Report()), ((record(),), Report()), ((), reported()), ((record(practice=True),), reported())],
)
def test_nothing_compared_is_no_agreement(records: tuple[Record, ...], report: Report) -> None:
    found = beside(*records, report=report)
    assert not found.agrees
    assert not found.compared
    assert said(found).startswith("**Nothing was compared:**")


@pytest.mark.parametrize("name", Tokens.__dataclass_fields__)
def test_each_class_counts(name: str) -> None:
    more = replace(TOKENS, **{name: getattr(TOKENS, name) + 1})
    found = beside(record(), report=reported(Used(OPUS, "fast", more)))
    assert not found.agrees
    assert [line.difference for line in found.more] == [Tokens(**{name: 1})]
    assert not found.less
    assert "+1 |" in said(found)


def test_unknown_prices_and_more_in_the_ledger() -> None:
    found = beside(record(TODAY, Charge(OPUS, "fast", USAGE, None)), report=reported(dollars=None))
    assert found.agrees
    assert (found.lines[0].our_cost, found.lines[0].listed) == (None, None)
    assert "| list price | unknown | unknown | ? |" in said(found)
    less = beside(record(), report=reported(Used(OPUS, "fast", replace(TOKENS, output=0))))
    assert not less.more
    assert [line.difference.output for line in less.less] == [-50]
    assert f"the ledger has more of `{OPUS}` at fast speed" in said(less)
    assert "about 5 minutes after a request" in said(less)


def test_an_unknown_count_is_never_equal() -> None:
    found = beside(record(), report=reported(Used(OPUS, "fast", replace(TOKENS, output=None))))
    assert not found.agrees
    assert "| unknown | ? |" in said(found)
    both = replace(TOKENS, output=None)
    assert both.plus(TOKENS).output is None
    assert both.total is None


def test_rows_of_several_keys_and_dated_ids_are_put_together() -> None:
    half = Tokens(50, 5, 5, 10, 25, 0)
    rows = (Used(f"{OPUS}-20261015", "fast", half, "apikey_1"), Used(OPUS, "fast", half, "apikey_2"))
    found = beside(record(), report=reported(*rows, dollars="0.005"))
    assert found.agrees
    assert found.keys == 2
    assert found.lines[0].listed == Decimal("0.010")


@pytest.mark.parametrize(
    ("id_", "without"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-opus-5@20260724", "claude-opus-5"),
        ("claude-opus-5-latest", "claude-opus-5"),
        ("claude-opus-5-5", "claude-opus-5-5"),
        (None, None),
    ],
)
def test_ids_without_their_date(id_: str | None, without: str | None) -> None:
    assert plain(id_) == without


def test_another_speed_than_the_answers_named() -> None:
    found = beside(record(), report=reported(Used(OPUS, "standard", TOKENS)))
    assert found.other_speed == (OPUS,)
    assert f"`{OPUS}` has the same tokens in all" in said(found)


def test_the_same_tokens_at_another_price() -> None:
    found = beside(record(), report=reported(dollars="0.02"))
    assert found.agrees
    assert [line.listed for line in found.other_price] == [Decimal("0.02")]
    assert "has the same tokens and another price: `$0.0100` in the ledger, `$0.0200` by the service" in said(found)
    assert not beside(record(), report=reported(dollars="0.01000000001")).other_price


def test_less_is_billed_than_the_list_price() -> None:
    report = replace(reported(), paid=(Paid(OPUS, "fast", Decimal("0.008"), Decimal("0.01")),))
    found = beside(record(), report=report)
    assert found.discounted
    assert not found.other_price
    assert "billed less than the list price" in said(found)


def test_without_dollars() -> None:
    found = beside(record(), report=reported(paid=None))
    assert found.agrees
    assert not found.priced
    assert "list price |" not in said(found)


def test_runs_without_a_last_count() -> None:
    at = record().began
    some = (Charge(OPUS, "fast", USAGE, Decimal("0.01")),)
    found = beside(
        record(at, *some, state="running", ended=None),
        record(at, *some, estimated=True),
        replace(record(at, state="interrupted", reserved=Decimal(1)), cost=None, charges=()),
        record(),
    )
    assert {why: (one.runs, one.tokens) for why, one in found.unsettled.items()} == {
        "killed": (1, 190),
        "estimated": (1, 190),
        "unknown": (1, 0),
    }
    words = said(found)
    assert "Killed with the kernel: 1 run; the ledger has 190 tokens of that" in words
    assert "Perhaps billed, but no count came: 1 run" in words
    seen = replace(record(at, *some, state="running", ended=None), seen=NOON + timedelta(minutes=6))
    assert beside(seen).unsettled["running"].runs == 1


def test_edges() -> None:
    day = timedelta(days=1)
    inside, later = record(PERIOD.begins), record(NOON)
    over_the_start = record(TODAY - timedelta(seconds=2))
    over_the_end = record(NOON - timedelta(seconds=2))
    found = beside(inside, later, over_the_start, over_the_end, record(TODAY - day), record(TODAY + day))
    assert (found.runs, found.later, found.crossing) == (2, 1, 2)
    assert "1 run of the last minutes cannot be compared yet" in said(found)
    assert "2 runs went on over an edge of this time" in said(found)


def test_other_hosts_are_not_compared() -> None:
    elsewhere = record(list_price_of="gateway.example")
    found = beside(record(), elsewhere, elsewhere)
    assert found.agrees
    assert found.elsewhere == {"gateway.example": 2}
    assert "2 runs went to `gateway.example`, which the report of `api.anthropic.com` does not cover" in said(found)
    assert beside(record(), elsewhere, host="gateway.example").elsewhere == {"api.anthropic.com": 1}


def test_speeds_that_nobody_named() -> None:
    nameless = record(record().began, Charge(OPUS, None, USAGE, None))
    assert "did not name the speed" in said(beside(nameless))
    report = reported(Used(OPUS, None, TOKENS))
    assert "does not name every speed" in said(beside(record(), report=report))


def test_the_service_says_how_old_its_numbers_are() -> None:
    report = reported(Used(OPUS, "fast", Tokens(1)), refreshed=TODAY + timedelta(hours=8))
    words = said(beside(record(), report=report))
    assert "its numbers are of 08:00 UTC, and 1 run ended after that" in words


def test_nothing_foreign_is_markup() -> None:
    report = reported(Used("a`|<b>\n# c", "fa|st", Tokens(1)))
    words = said(beside(record(), report=report))
    assert "<b>" not in words.replace("`a'/<b> # c`", "")
    assert "\n# c" not in words


class TestRows:
    def test_a_row_of_the_usage(self) -> None:
        usage = {
            "uncached_input_tokens": 1,
            "cache_read_input_tokens": 2,
            "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
            "output_tokens": 5,
            "server_tool_use": {"web_search_requests": 6},
        }
        group = {"model": OPUS, "speed": "fast", "api_key_id": "apikey_1"}
        expected = Used(OPUS, "fast", Tokens(1, 2, 3, 4, 5, 6), "apikey_1")
        assert used({"group": group, "usage": usage}) == expected
        assert list(used_before({"results": [usage | group]})) == [expected]

    def test_what_is_missing_is_unknown(self) -> None:
        nothing = Used(None, None, Tokens(None, None, None, None, None, None))
        assert used({}) == nothing
        assert used({"group": [], "usage": {"output_tokens": "5", "cache_creation": None}}) == nothing
        assert list(used_before({"results": None})) == []

    @pytest.mark.parametrize(
        ("amount", "dollars"),
        [("123.45", "1.2345"), ("0", "0"), ("NaN", None), ("x", None), (12, None), (None, None), ("-5", "-0.05")],
    )
    def test_cents(self, amount: object, dollars: str | None) -> None:
        found = paid({"group": {}, "cost": {"amount": amount, "list_amount": "1", "currency": "USD"}})
        assert found.billed == (None if dollars is None else Decimal(dollars))
        assert found.listed == Decimal("0.01")

    def test_other_money(self) -> None:
        found = paid({"cost": {"amount": "1", "list_amount": "1", "currency": "EUR"}})
        assert (found.billed, found.listed) == (None, None)

    @pytest.mark.parametrize("text", ["2026-11-28", "2026-11-28T10:00:00", "yesterday", None, 5])
    def test_no_moment(self, text: object) -> None:
        assert moment(text) is None

    def test_a_moment(self) -> None:
        assert moment("2026-11-28T13:00:00+01:00") == NOON


class TestTimes:
    NOW = datetime(2026, 11, 28, 14, 37, 50, tzinfo=UTC)
    SETTLED = datetime(2026, 11, 28, 14, 32, tzinfo=UTC)

    @pytest.mark.parametrize("words", ["", "day", "2026-11-28"])
    def test_today_ends_some_minutes_ago(self, words: str) -> None:
        assert named(words, self.NOW) == Period(TODAY, self.SETTLED, TODAY + timedelta(days=1))

    def test_the_day_is_that_of_utc(self) -> None:
        east = self.NOW.replace(hour=23).astimezone(tz=None)
        assert named("", east).begins == TODAY

    def test_month(self) -> None:
        found = named("month", self.NOW)
        assert found == Period(datetime(2026, 11, 1, tzinfo=UTC), self.SETTLED, datetime(2026, 12, 1, tzinfo=UTC))

    def test_a_day_that_is_over(self) -> None:
        found = named("2026-11-27", self.NOW)
        assert (found.begins, found.ends) == (TODAY - timedelta(days=1), TODAY)

    @pytest.mark.parametrize("words", ["yesterday", "day day", "2025-12-31", "2026-11-29"])
    def test_others(self, words: str) -> None:
        with pytest.raises(BadInput):
            named(words, self.NOW)
