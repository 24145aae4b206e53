"""Buckets: what headers say of them, and how they refill at limit / 60 tokens a second."""

import pytest

from fastmode_magic.claude.quota import Bucket, Quota, from_headers

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
