"""Rate limits: what the response headers say, as token buckets that know how they refill."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

REFILL_S = 60.0  # limits are per minute, and buckets refill continuously


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket as a response reported it: `limit` per minute, `remaining` at `at_s` on the monotonic clock."""

    limit: int
    remaining: int
    at_s: float

    def level(self, now_s: float) -> float:
        """How much it holds at `now_s`, refilled at `limit / 60` a second and spent by nobody else meanwhile."""
        return min(float(self.limit), self.remaining + self.limit / REFILL_S * max(0.0, now_s - self.at_s))

    def seconds_until(self, amount: float, now_s: float) -> float | None:
        """Seconds from `now_s` until it holds `amount`; None if it never can."""
        if amount > self.limit or self.limit <= 0:
            return None
        return max(0.0, (amount - self.level(now_s)) * REFILL_S / self.limit)


@dataclass(frozen=True, slots=True)
class Quota:
    """The buckets that one response reported; None is unknown (a gateway may drop the headers)."""

    fast_input: Bucket | None = None
    fast_output: Bucket | None = None
    standard_input: Bucket | None = None
    standard_output: Bucket | None = None
    requests: Bucket | None = None

    def updated(self, newer: "Quota") -> "Quota":
        """These buckets with those that `newer` knows."""
        return Quota(*(getattr(newer, f.name) or getattr(self, f.name) for f in fields(self)))


_HEADERS = {
    "fast_input": "anthropic-fast-input-tokens",
    "fast_output": "anthropic-fast-output-tokens",
    "standard_input": "anthropic-ratelimit-input-tokens",
    "standard_output": "anthropic-ratelimit-output-tokens",
    "requests": "anthropic-ratelimit-requests",
}
_NUMBER = re.compile(r"\d{1,15}")


def from_headers(headers: Mapping[str, str], at_s: float) -> Quota:
    """The buckets in `headers` (lower-case names), seen at `at_s`; what is missing or malformed is None."""
    return Quota(**{name: _bucket(headers, stem, at_s) for name, stem in _HEADERS.items()})


def _bucket(headers: Mapping[str, str], stem: str, at_s: float) -> Bucket | None:
    limit, remaining = headers.get(f"{stem}-limit", ""), headers.get(f"{stem}-remaining", "")
    if limit == "0":
        return Bucket(0, 0, at_s)
    if not (_NUMBER.fullmatch(limit) and _NUMBER.fullmatch(remaining)):
        return None
    return Bucket(int(limit), int(remaining), at_s)
