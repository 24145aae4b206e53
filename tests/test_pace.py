"""The pace of a run over its time: samples in equal intervals, never more than a sparkline can show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmode_magic.ledger.pace import INTERVAL_S, MOST, Pace
from fastmode_magic.prompt.tokens import BYTES_PER_TOKEN


def sampled(*looks):
    pace = Pace()
    for now_s, bytes_so_far in looks:
        pace.sample(bytes_so_far, now_s)
    return pace.rates


def steady(seconds, *, tokens_per_s=100, step_s=INTERVAL_S):
    """Looks at an even stream; INTERVAL_S is a power of two, so no time is rounded."""
    return [
        (n * step_s, round(n * step_s * tokens_per_s * BYTES_PER_TOKEN)) for n in range(1, int(seconds / step_s) + 1)
    ]


@pytest.mark.parametrize(
    ("looks", "rates"),
    [
        ([], []),
        ([(0.0, 0), (5.0, 0), (60.0, 0)], []),  # waiting is no pace
        ([(9.0, 350)], []),  # an interval has not passed
        ([(9.0, 350), (9.49, 700)], []),
        ([(9.0, 0), (9.4, 35), (9.9, 350)], [200]),  # from the first content on, which counts
        ([(0.0, 1), (0.5, 175), (1.0, 350)], [100, 100]),
        ([(0.0, 1), (0.25, 100), (0.5, 175)], [100]),
        ([(0.0, 1), (0.8, 280)], [100]),  # a late look divides by the time that passed
        ([(0.0, 1), (0.5, 175), (1.0, 175), (1.5, 175)], [100, 0, 0]),  # a pause is seen
        ([(0.0, 1), (10.0, 3_500)], [100]),
        ([(0.0, 1), (0.5, 1)], [1]),
        ([(7e9, 1), (7e9 + 0.5, 175)], [100]),  # the clock's zero is anywhere
    ],
)
def test_samples(looks, rates):
    assert sampled(*looks) == rates


def test_an_interval_begins_where_the_last_one_ended():
    assert sampled((0.0, 1), (0.75, 525), (1.0, 525), (1.25, 700)) == [200, 100]


@pytest.mark.parametrize("seconds", [10, 30, 60, 600, 3_600])
def test_however_long_a_run_is_the_samples_are_bounded_and_right(seconds):
    rates = sampled((0.0, 1), *steady(seconds))
    assert MOST / 2 - 1 <= len(rates) <= MOST or len(rates) == seconds / INTERVAL_S
    assert set(rates) == {100}


def test_two_become_one_when_there_are_more():
    looks, total = [(0.0, 1)], 0
    for n in range(1, MOST + 2):
        total += 35 if n % 2 else 105  # 20 and 60 tokens a second by turns
        looks.append((n * INTERVAL_S, total))
    assert sampled(*looks[:-1]) == [20, 60] * (MOST // 2)
    assert sampled(*looks)[: MOST // 2] == [40] * (MOST // 2)


def test_then_the_interval_is_twice_as_long():
    looks = [(0.0, 1), *steady(MOST * INTERVAL_S + 3)]
    before, after = sampled(*looks[: MOST + 1]), sampled(*looks)
    assert len(before) == MOST
    assert len(after) == MOST // 2 + 1 + 2  # 2.5 of the 3 seconds came after the halving


def test_the_newest_sample_outlives_the_halving():
    looks = [(0.0, 1), *steady(MOST * INTERVAL_S)]
    end_s, total = looks[-1]
    assert max(sampled(*looks, (end_s + INTERVAL_S, total + 17_500))) > 1_000  # a burst of 5,000 tokens


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 10**6)), max_size=300))
def test_any_looks_make_few_whole_numbers(steps):
    pace, now_s, total = Pace(), 0.0, 0
    for seconds, more in steps:
        now_s, total = now_s + seconds, total + more
        pace.sample(total, now_s)
        assert len(pace.rates) <= MOST
        assert all(isinstance(rate, int) and rate >= 0 for rate in pace.rates)


@given(st.lists(st.integers(0, 2_000), min_size=2, max_size=MOST))
def test_all_samples_together_are_the_text(chunks):
    looks, total = [(0.0, 1)], 0
    for n, chunk in enumerate(chunks, 1):
        total += chunk
        looks.append((n * INTERVAL_S, total))
    tokens = sum(rate * INTERVAL_S for rate in sampled(*looks))
    assert tokens == pytest.approx(total / BYTES_PER_TOKEN, abs=0.5 * INTERVAL_S * len(chunks))
