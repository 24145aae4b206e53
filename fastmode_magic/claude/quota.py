"""Rate limits: what the response headers say, as token buckets that know how they refill."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

REFILL_S = 60.0  # limits are per minute, and buckets refill continuously
SAME_S = 0.05  # how far a time may be off after it was told by another clock
TINY = 1e-6  # what arithmetic loses


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket as a response reported it: `limit` per minute, `remaining` at `at_s` on the monotonic clock.

    `remaining` is below 0 where an answer has made more tokens than there were: the bucket owes, and pays back first.
    """

    limit: int
    remaining: int
    at_s: float

    def level(self, now_s: float) -> float:
        """How much it holds at `now_s`, refilled at `limit / 60` a second and spent by nobody else meanwhile."""
        return max(0.0, self._balance(now_s))

    def seconds_until(self, amount: float, now_s: float) -> float | None:
        """Seconds from `now_s` until it holds `amount`; None if it never can."""
        if amount > self.limit or self.limit <= 0:
            return None
        return max(0.0, (amount - self._balance(now_s)) * REFILL_S / self.limit)

    def _balance(self, now_s: float) -> float:
        """What it holds, or owes."""
        return min(float(self.limit), self.remaining + self.limit / REFILL_S * max(0.0, now_s - self.at_s))

    def spent(self, tokens: int, began_s: float, ended_s: float) -> "Bucket":
        """It after `tokens` were made evenly between two moments: those made before it was seen are in it already."""
        unseen = (ended_s - max(began_s, self.at_s)) / (ended_s - began_s) if ended_s > began_s else 1.0
        return replace(self, remaining=self.remaining - round(tokens * min(1.0, max(0.0, unseen))))

    def follows(self, other: "Bucket") -> bool:
        """Whether it says more than `other`: it is a later report, or the same one with more of it spent."""
        later_s = self.at_s - other.at_s
        return later_s > SAME_S or (later_s >= -SAME_S and self.remaining < other.remaining)


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

    @property
    def fast(self) -> "Quota":
        """The buckets of the fast pool, which several models share."""
        return Quota(fast_input=self.fast_input, fast_output=self.fast_output)

    @property
    def standard(self) -> "Quota":
        """The others: each model, or family of models, has its own."""
        return replace(self, fast_input=None, fast_output=None)

    def newest(self, other: "Quota") -> "Quota":
        """Of each bucket the later report."""
        pairs = ((getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
        return Quota(*(one if two is None or (one and not two.follows(one)) else two for one, two in pairs))

    def since(self, at_s: float) -> "Quota":
        """The buckets that were reported after `at_s`."""
        found = (getattr(self, f.name) for f in fields(self))
        return Quota(*(bucket if bucket and bucket.at_s > at_s else None for bucket in found))


@dataclass(frozen=True, slots=True)
class Usual:
    """What an answer like the last ones takes of the buckets, in tokens."""

    input_tokens: float
    output_tokens: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """How many more answers of one size fit within a minute, and the next one in how many seconds; None is never."""

    answers: int
    next_s: float | None


def forecast(quota: Quota, usual: Usual, now_s: float, after_s: float = 0.0) -> Forecast | None:
    """What fits at fast speed within the next minute if nothing is asked before `after_s`; None is unknown.

    A prompt must fit as a whole; an answer begins where one token is left for it, and what it takes more is owed.
    """
    if quota.fast_input is None or quota.fast_output is None:
        return None
    needs = [
        (quota.fast_input, usual.input_tokens, usual.input_tokens),
        (quota.fast_output, usual.output_tokens, 1.0),
        *([(quota.requests, 1.0, 1.0)] if quota.requests else []),
    ]
    waits_s = [bucket.seconds_until(begins, now_s) for bucket, _, begins in needs]
    known_s = [wait_s for wait_s in waits_s if wait_s is not None]
    if len(known_s) < len(waits_s):
        return Forecast(0, None)
    next_s = max(after_s, *known_s)
    if next_s >= REFILL_S:
        return Forecast(0, next_s)
    left = 1 - next_s / REFILL_S
    held = [(bucket.level(now_s + next_s) + bucket.limit * left, takes) for bucket, takes, _ in needs]
    return Forecast(max(1, min(int(tokens / max(takes, 1.0) + TINY) for tokens, takes in held)), next_s)


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
