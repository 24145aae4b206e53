"""What responses said of rate limits, as the kernels of all sessions share it: rows, by the clock on the wall.

A bucket knows its time by the kernel's own clock, which begins anew in each process.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..claude.quota import Bucket, Quota

if TYPE_CHECKING:
    from .store import Seen

FORGOTTEN = timedelta(hours=1)  # a bucket that is full again says only its limit, which may have been raised since
LONGEST = 64  # characters of a pool's name, and the largest number, that every database takes
LARGEST = 2**31 - 1


def rows(account: str, quotas: Mapping[str, Quota], now_s: float, now: datetime) -> "list[Seen]":
    """The known buckets of pools as rows of the ledger; `now_s` and `now` are the same moment by both clocks."""
    found: list[Seen] = []
    for pool, quota in quotas.items():
        for name, bucket in _known(quota).items():
            at = now - timedelta(seconds=now_s - bucket.at_s)
            if bucket.limit <= LARGEST:
                found.append((account, pool[:LONGEST], name, bucket.limit, max(-LARGEST, bucket.remaining), at))
    return found


def learned(rows: "Iterable[Seen]", account: str, now_s: float, now: datetime) -> dict[str, Quota]:
    """The buckets of an account by pool; without those that are old, or that this version does not know."""
    found: dict[str, dict[str, Any]] = {}
    for of, pool, name, limit, remaining, at in rows:
        age = max(now - at, timedelta(0))  # another machine's clock may be ahead
        if of == account and name in _NAMES and age < FORGOTTEN:
            found.setdefault(pool, {})[name] = Bucket(limit, remaining, now_s - age.total_seconds())
    return {pool: Quota(**buckets) for pool, buckets in found.items()}


_NAMES = frozenset(one.name for one in fields(Quota))


def _known(quota: Quota) -> dict[str, Bucket]:
    return {name: bucket for name in sorted(_NAMES) if (bucket := getattr(quota, name))}
