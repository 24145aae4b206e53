"""Rows of the ledger: buckets by the clock on the wall, and back by each kernel's own."""

from datetime import UTC, datetime, timedelta

import pytest

from fastmode_magic.claude.quota import Bucket, Quota
from fastmode_magic.claude.standing import shared_mark
from fastmode_magic.ledger.seen import FORGOTTEN, learned, rows

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
QUOTAS = {
    "opus": Quota(fast_input=Bucket(2_000_000, 1_900_000, 90.0), fast_output=Bucket(400_000, -5, 95.5)),
    "claude-opus-5-5": Quota(requests=Bucket(4_000, 3_999, 100.0)),
    "fable": Quota(),
}


def test_buckets_as_rows():
    assert rows("me", QUOTAS, 100.0, NOW) == [
        ("me", "opus", "fast_input", 2_000_000, 1_900_000, NOW - timedelta(seconds=10)),
        ("me", "opus", "fast_output", 400_000, -5, NOW - timedelta(seconds=4.5)),
        ("me", "claude-opus-5-5", "requests", 4_000, 3_999, NOW),
    ]


def test_another_kernel_reads_them_by_its_own_clock():
    found = learned(rows("me", QUOTAS, 100.0, NOW), "me", 7.0, NOW + timedelta(seconds=2))
    assert found["opus"].fast_input == Bucket(2_000_000, 1_900_000, -5.0)
    assert found["opus"].fast_output == Bucket(400_000, -5, 0.5)
    assert found["claude-opus-5-5"] == Quota(requests=Bucket(4_000, 3_999, 5.0))
    assert "fable" not in found


def test_a_clock_that_is_ahead_makes_no_report_of_the_future():
    [row] = rows("me", {"opus": Quota(fast_input=Bucket(6, 1, 100.0))}, 100.0, NOW)
    assert learned([row], "me", 50.0, NOW - timedelta(seconds=30)) == {"opus": Quota(fast_input=Bucket(6, 1, 50.0))}


@pytest.mark.parametrize(
    "row",
    [
        ("another", "opus", "fast_input", 9, 9, NOW),
        ("me", "opus", "of a newer version", 9, 9, NOW),
        ("me", "opus", "fast_input", 9, 9, NOW - FORGOTTEN),
    ],
)
def test_what_is_another_s_or_unknown_or_old_is_not_learned(row):
    assert learned([row], "me", 100.0, NOW) == {}


def test_a_row_fits_into_every_database():
    absurd = {"m" * 300: Quota(fast_input=Bucket(10**15, 1, 0.0), requests=Bucket(5, -(10**15), 0.0))}
    [(_, pool, name, limit, remaining, _)] = rows("me", absurd, 0.0, NOW)
    assert (len(pool), name, limit) == (64, "requests", 5)
    assert -(2**31) < remaining < 0


def test_the_mark_of_an_account_hides_its_key_and_differs_by_address():
    one = shared_mark("sk-ant-secret", "https://api.anthropic.com")
    assert one == shared_mark("sk-ant-secret", "https://api.anthropic.com")
    assert len(one) == 32
    assert "secret" not in one
    assert one != shared_mark("sk-ant-secret", "https://gateway.example")
    assert one != shared_mark("sk-ant-other", "https://api.anthropic.com")
    assert shared_mark(None, "https://api.anthropic.com") is None
