"""Sums of many runs, against numbers worked out by hand."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from runs import NOW, OPUS, charge, run

from fastmode_magic.ledger.records import SILENCE
from fastmode_magic.ledger.summary import Bought, Money, bought, rates, summary

FABLE = "claude-fable-5-2"


class TestSums:
    """Dollars to the last digit; what is estimated or unknown stays marked."""

    def test_dollars_by_model_and_speed(self) -> None:
        records = [
            run(charge("fast", "0.0404", input_tokens=50)),
            run(charge("fast", "0.000000001")),
            run(charge("standard", "0.02", cache_read_input_tokens=7, cache_creation_input_tokens=3)),
            run(charge("standard", "1.5", model=FABLE), model=FABLE),
        ]
        found = summary(records, NOW)
        assert found.runs == 4
        assert found.states == {"finished": 4}
        assert found.cost == Money(Decimal("1.560400001"))
        assert found.fast == Money(Decimal("0.040400001"))
        assert found.standard == Money(Decimal("1.52"))
        assert [(one.model, one.speed, one.runs) for one in found.lines] == [
            (FABLE, "standard", 1),
            (OPUS, "fast", 2),
            (OPUS, "standard", 1),
        ]
        fast, standard = found.lines[1], found.lines[2]
        assert (fast.usage.input_tokens, fast.usage.output_tokens) == (50, 2_000)
        assert (standard.usage.cache_read_input_tokens, standard.usage.cache_creation_input_tokens) == (7, 3)

    def test_a_run_at_two_speeds_is_one_run_and_two_lines(self) -> None:
        found = summary([run(charge("fast", "0.04"), charge("standard", "0.01"))], NOW)
        assert found.runs == 1
        assert [(one.speed, one.runs, one.money.dollars) for one in found.lines] == [
            ("fast", 1, Decimal("0.04")),
            ("standard", 1, Decimal("0.01")),
        ]
        assert found.cost.dollars == Decimal("0.05")

    def test_unknown_is_counted_and_is_not_nothing(self) -> None:
        records = [
            run(charge("fast", "0.04"), charge("fast", None), id="a"),
            run(charge("standard", "0.01")),
            run(cost=None, state="failed"),  # it may have been billed, and nobody knows
            run(cost=Decimal(0), state="failed"),  # refused: that costs nothing
        ]
        found = summary(records, NOW)
        assert found.cost == Money(Decimal("0.05"), unknown=2)
        assert found.fast == Money(Decimal("0.04"), unknown=1)
        assert found.standard == Money(Decimal("0.01"))
        assert found.states == {"finished": 2, "failed": 2}

    def test_no_speed_at_a_standard_price_counts_as_standard_and_says_that_none_was_reported(self) -> None:
        found = summary([run(charge(None, "0.02"))], NOW)
        assert found.standard == Money(Decimal("0.02"))
        assert found.lines[0].speed is None

    def test_an_estimate_marks_every_sum_that_it_is_in(self) -> None:
        found = summary([run(charge("fast", "0.04", estimated=True)), run(charge("standard", "0.01"))], NOW)
        assert (found.cost.estimated, found.fast.estimated, found.standard.estimated) == (True, True, False)
        assert [one.usage.estimated for one in found.lines] == [True, False]

    def test_hosts_with_prices_of_their_own_are_named(self) -> None:
        records = [run(charge("fast", "0.04"), list_price_of=host) for host in ("b.example", "a.example", None)]
        assert summary(records, NOW).hosts == ("a.example", "b.example")

    def test_of_nothing_there_is_nothing(self) -> None:
        found = summary([], NOW)
        assert (found.runs, found.cost, found.lines, found.reserved) == (0, Money(), (), Decimal(0))
        assert bought([]) == Bought()
        assert (bought([]).saved_s, bought([]).extra) == (None, None)


class TestEnds:
    """Runs that go on, and those whose kernel died."""

    def test_a_run_that_goes_on_is_an_estimate_and_not_unknown(self) -> None:
        going_on = {"state": "running", "ended": None, "seen": NOW}
        found = summary([run(charge("fast", "0.01"), **going_on), run(cost=None, **going_on)], NOW)
        assert found.states == {"running": 2}
        assert found.cost == Money(Decimal("0.01"), estimated=True)

    def test_a_killed_run_counts_what_came_and_says_what_was_reserved(self) -> None:
        gone = {"state": "running", "ended": None, "seen": NOW - SILENCE - timedelta(seconds=1)}
        came = run(charge("fast", "0.01"), reserved=Decimal("0.25"), **gone)
        nothing = run(cost=None, reserved=Decimal("0.5"), **gone)
        found = summary([came, nothing], NOW)
        assert found.states == {"killed": 2}
        assert found.cost == Money(Decimal("0.01"), estimated=True, unknown=1)
        assert found.reserved == Decimal("0.75")
        assert summary([came, replace(nothing, reserved=None)], NOW).reserved is None

    def test_a_reservation_is_never_less_than_what_it_cost_already(self) -> None:
        gone = {"state": "running", "ended": None, "seen": NOW - 2 * SILENCE}
        assert summary([run(charge("fast", "0.3"), reserved=Decimal("0.25"), **gone)], NOW).reserved == Decimal("0.3")


class TestBought:
    """What fast bought, only from what was measured."""

    def test_seconds_and_dollars_against_the_median_standard_run_of_the_same_model(self) -> None:
        records = [
            run(charge("standard", "0.02"), tokens_per_s=40.0),
            run(charge("standard", "0.02"), tokens_per_s=50.0),
            run(charge("standard", "0.02"), tokens_per_s=90.0),
            run(charge("fast", "0.0808", output=2_000, input_tokens=100), tokens_per_s=100.0),
        ]
        found = bought(records)
        # 2,000 tokens at 100 a second, and at 50; 100 * $4 + 2,000 * $20 per million at standard
        assert (found.fast_s, found.standard_s, found.saved_s) == (20.0, 40.0, 20.0)
        assert (found.fast_cost, found.standard_cost) == (Decimal("0.0808"), Decimal("0.0404"))
        assert found.extra == Decimal("0.0404")
        assert (found.runs, found.timed, found.priced, found.estimated) == (1, 1, 1, False)

    def test_another_model_says_nothing(self) -> None:
        records = [
            run(charge("standard", "0.04", model=FABLE), tokens_per_s=40.0),
            run(charge("fast", "0.04"), tokens_per_s=100.0),
        ]
        found = bought(records)
        assert found.saved_s is None
        assert found.extra == Decimal("0.02")

    def test_a_short_a_broken_or_a_mixed_run_tells_no_rate(self) -> None:
        telling = run(charge("standard", "0.02"), tokens_per_s=40.0)
        records = [
            telling,
            run(charge("standard", "0.02", output=49), tokens_per_s=1.0),
            run(charge("standard", "0.02", estimated=True), tokens_per_s=2.0),
            run(charge("standard", "0.02"), tokens_per_s=3.0, state="interrupted"),
            run(charge("fast", "0.02"), charge("standard", "0.02"), tokens_per_s=4.0),
            run(charge("standard", "0.02"), tokens_per_s=None),
            run(charge(None, "0.02"), tokens_per_s=5.0),
        ]
        assert rates(records) == {(OPUS, "standard"): [40.0]}

    def test_fast_of_a_broken_run_has_a_price_and_no_time(self) -> None:
        records = [
            run(charge("standard", "0.02"), tokens_per_s=40.0),
            run(charge("fast", "0.04", estimated=True), tokens_per_s=80.0, state="interrupted"),
            run(charge("fast", None, model="claude-unheard-of-9"), tokens_per_s=80.0),
        ]
        found = bought(records)
        assert (found.runs, found.timed, found.priced) == (2, 0, 1)
        assert (found.extra, found.saved_s, found.estimated) == (Decimal("0.02"), None, True)

    def test_fast_may_have_been_slower(self) -> None:
        records = [
            run(charge("standard", "0.02"), tokens_per_s=100.0),
            run(charge("fast", "0.04"), tokens_per_s=50.0),
        ]
        assert bought(records).saved_s == -10.0
