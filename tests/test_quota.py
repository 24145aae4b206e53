"""Buckets: what headers say of them, and how they refill at limit / 60 tokens a second."""

import json
from pathlib import Path

import pytest

from fastmode_magic.claude.quota import Bucket, Forecast, Quota, Usual, forecast, from_headers
from fastmode_magic.views import text

BUCKET = Bucket(limit=6_000, remaining=1_000, at_s=50.0)  # refills at 100 tokens a second


@pytest.mark.parametrize(
    ("now_s", "level"),
    [(50.0, 1_000), (51.0, 1_100), (100.0, 6_000), (99.0, 5_900), (5_000.0, 6_000), (40.0, 1_000)],
)
def test_refills_up_to_its_limit(now_s, level):
    assert BUCKET.level(now_s) == level


@pytest.mark.parametrize(
    ("amount", "now_s", "seconds"),
    [(1_000, 50.0, 0), (1_500, 50.0, 5), (1_500, 53.0, 2), (6_000, 50.0, 50), (6_001, 50.0, None), (6_000, 200.0, 0)],
)
def test_seconds_until(amount, now_s, seconds):
    assert BUCKET.seconds_until(amount, now_s) == seconds


@pytest.mark.parametrize(
    ("began_s", "ended_s", "remaining"),
    [
        (50.0, 60.0, 400),  # all of it came after the bucket was seen
        (45.0, 55.0, 700),  # half of it did
        (40.0, 50.0, 1_000),  # the bucket was seen at its end
        (20.0, 30.0, 1_000),
        (60.0, 60.0, 400),
    ],
)
def test_an_answer_takes_what_it_made_since_the_bucket_was_seen(began_s, ended_s, remaining):
    assert BUCKET.spent(600, began_s, ended_s) == Bucket(6_000, remaining, 50.0)


def test_a_bucket_that_owes_holds_nothing_and_pays_back_first():
    owing = BUCKET.spent(3_000, 50.0, 60.0)
    assert owing.level(60.0) == 0
    assert owing.seconds_until(1, 60.0) == pytest.approx(10.01)  # 1,000 - 3,000 + 10 s of refill = -1,000
    assert owing.level(75.0) == 500


def test_a_bucket_without_a_limit_never_holds_anything():
    empty = Bucket(0, 0, 0.0)
    assert empty.level(1_000.0) == 0
    assert empty.seconds_until(1, 1_000.0) is None


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("anthropic-fast-input-tokens", "fast_input"),
        ("anthropic-fast-output-tokens", "fast_output"),
        ("anthropic-ratelimit-input-tokens", "standard_input"),
        ("anthropic-ratelimit-output-tokens", "standard_output"),
        ("anthropic-ratelimit-requests", "requests"),
    ],
)
def test_headers(stem, name):
    headers = {f"{stem}-limit": "2000000", f"{stem}-remaining": "1999000", f"{stem}-reset": "2026-11-22T12:00:00Z"}
    assert from_headers(headers, 7.0) == Quota(**{name: Bucket(2_000_000, 1_999_000, 7.0)})


@pytest.mark.parametrize(
    ("limit", "remaining"),
    [("x", "1"), ("1", ""), ("-1", "1"), ("1.5", "1"), ("9" * 400, "1"), ("1", None), (None, "1"), ("1 0", "1")],
)
def test_malformed_is_unknown(limit, remaining):
    stem = "anthropic-fast-input-tokens"
    pairs = {f"{stem}-limit": limit, f"{stem}-remaining": remaining}
    assert from_headers({name: value for name, value in pairs.items() if value is not None}, 0.0) == Quota()


def test_newer_buckets_replace_those_they_know():
    one, two, three = Bucket(1, 1, 0.0), Bucket(2, 2, 1.0), Bucket(3, 0, 1.0)
    older = Quota(fast_input=one, requests=one)
    assert older.updated(Quota(fast_input=two, fast_output=three)) == Quota(two, three, requests=one)
    assert older.updated(Quota()) == older


# The page says the same of the same numbers: its test reads this table too.
FORECASTS = json.loads((Path(__file__).parents[1] / "labextension" / "tests" / "forecasts.json").read_text("utf-8"))


@pytest.mark.parametrize("row", FORECASTS, ids=[row["why"] for row in FORECASTS])
def test_how_many_more_fit(row):
    buckets = [
        known and Bucket(known[0], known[1], -known[2]) for known in (row["input"], row["output"], row["requests"])
    ]
    quota = Quota(fast_input=buckets[0], fast_output=buckets[1], requests=buckets[2])
    after_s = max(0.0, (row["cooldown_s"] or 0.0) - row["elapsed_s"])
    found = row["usual"] and forecast(quota, Usual(*row["usual"]), row["elapsed_s"], after_s)
    assert (text.forecast(found) if found else "") == row["words"]


def test_a_forecast_counts_what_it_says():
    quota = Quota(fast_input=Bucket(60_000, 0, 0.0), fast_output=Bucket(6_000, 6_000, 0.0))
    assert forecast(quota, Usual(1_000, 100), 0.0) == Forecast(60, 1.0)
    assert forecast(quota, Usual(1_000, 100), 30.0) == Forecast(90, 0.0)
    assert forecast(quota, Usual(1_000, 100), 0.0, after_s=60.0) == Forecast(0, 60.0)


@pytest.mark.parametrize(
    ("at_s", "remaining", "follows"),
    [(51.0, 1_000, True), (49.0, 10, False), (50.02, 1_000, False), (49.98, 1_000, False), (49.98, 900, True)],
)
def test_the_later_report_counts_and_of_the_same_one_what_is_left(at_s, remaining, follows):
    other = Bucket(6_000, remaining, at_s)
    assert other.follows(BUCKET) == follows
    assert Quota(fast_input=BUCKET).newest(Quota(fast_input=other)).fast_input == (other if follows else BUCKET)


def test_of_two_quotas_each_bucket_is_the_newest():
    one, two = Quota(BUCKET, requests=BUCKET), Quota(None, BUCKET, requests=Bucket(9, 9, 60.0))
    assert one.newest(two) == Quota(BUCKET, BUCKET, requests=Bucket(9, 9, 60.0))
    assert two.newest(one) == Quota(BUCKET, BUCKET, requests=Bucket(9, 9, 60.0))
    assert two.since(55.0) == Quota(requests=Bucket(9, 9, 60.0))


def test_the_fast_pool_is_apart_from_the_rest():
    whole = Quota(*(Bucket(n, n, 0.0) for n in range(1, 6)))
    assert whole.fast.updated(whole.standard) == whole
    assert whole.standard.fast == whole.fast.standard == Quota()
