"""The session in numbers: sums that leave the unknown out and say so, medians of whole answers."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fastmode_magic.ledger.totals import Entry, Snapshot, Totals


def snapshot(*entries):
    totals = Totals()
    for entry in entries:
        totals.add(entry)
    return totals.snapshot()


def entry(speed="fast", cost="0.01", *, estimated=False, pace=200.0, tokens=1_000):
    return Entry(speed, None if cost is None else Decimal(cost), estimated, pace, tokens)


def test_before_the_first():
    assert snapshot() == Snapshot()
    assert snapshot().cost == 0


def test_costs_by_speed():
    found = snapshot(entry(), entry(cost="0.02"), entry("standard", "0.1"))
    assert (found.answers, found.fast_cost, found.standard_cost, found.cost) == (
        3,
        Decimal("0.03"),
        Decimal("0.1"),
        Decimal("0.13"),
    )
    assert not found.estimated


def test_unknown_costs_are_counted_apart():
    found = snapshot(entry(), entry(None, None), entry("fast", None))
    assert (found.answers, found.cost, found.unknown) == (3, Decimal("0.01"), 2)


def test_one_estimate_makes_the_sum_an_estimate():
    assert snapshot(entry(), entry(estimated=True)).estimated


def test_one_list_price_makes_the_sum_one():
    listed = replace(entry(), list_price=True)
    assert not snapshot(entry()).list_price
    assert snapshot(entry(), listed).list_price
    assert not snapshot(entry(), replace(listed, cost=None)).list_price  # no part of the sum


@pytest.mark.parametrize(
    ("paces", "expected"), [([100.0], 100), ([100.0, 300.0], 200), ([10.0, 300.0, 200.0, None], 200), ([None], None)]
)
def test_rates_are_medians_of_their_speed(paces, expected):
    found = snapshot(*(entry(pace=pace) for pace in paces), entry("standard", pace=70.0))
    assert (found.fast_rate, found.standard_rate) == (expected, 70)


@pytest.mark.parametrize(("tokens", "expected"), [(49, None), (50, 200), (None, None)])
def test_a_short_answer_has_no_pace(tokens, expected):
    assert snapshot(entry(tokens=tokens)).fast_rate == expected


def test_length_is_the_median_of_all_whole_answers():
    assert snapshot(entry(tokens=10), entry("standard", tokens=500), entry(tokens=None)).answer_tokens == 255


def test_a_snapshot_stays_as_it_was():
    totals = Totals()
    before = totals.snapshot()
    totals.add(entry())
    assert before.answers == 0
