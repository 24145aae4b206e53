"""Rate limits: token buckets that refill continuously, and the headers that tell of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

Clock = Callable[[], float]
Limits = tuple[int, int]


class Bucket:
    """A bucket of `limit` tokens that refills by `limit/60` a second of `clock`; it may owe, and pays back first."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self.limit = limit
        self._clock = clock
        self._level = float(limit)
        self._seen = clock()

    def take(self, amount: float) -> None:
        """Take so many tokens out, even more than there are."""
        self._level = self.level() - amount

    def level(self) -> float:
        """The tokens in it now; below 0 when it owes."""
        now = self._clock()
        self._level = min(float(self.limit), self._level + (now - self._seen) * self.limit / 60)
        self._seen = now
        return self._level

    def wait_s(self, amount: float) -> int | None:
        """Whole seconds until so many tokens (at most the whole bucket) fit; 0 is now, None is never."""
        missing = min(amount, max(self.limit, 1)) - self.level()
        if amount <= self.limit and missing <= 0:
            return 0
        return max(1, math.ceil(missing * 60 / self.limit)) if self.limit else None

    def headers(self, prefix: str, wall: Clock) -> dict[str, str]:
        """`limit`, `remaining` and `reset` (when it is full again) under this prefix."""
        level = self.level()
        full_in_s = (self.limit - level) * 60 / self.limit if self.limit else 60.0
        reset = datetime.fromtimestamp(math.ceil(wall() + full_in_s), UTC)
        return {
            f"{prefix}-limit": str(self.limit),
            f"{prefix}-remaining": str(max(0, math.floor(level))),
            f"{prefix}-reset": reset.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


class Pool:
    """The input and output tokens of one speed, with the headers as that speed spells them."""

    def __init__(self, limits: Limits, clock: Clock, wall: Clock, *, fast: bool) -> None:
        self.input = Bucket(limits[0], clock)
        self.output = Bucket(limits[1], clock)
        self.fast = fast
        self._wall = wall

    def refused(self, input_tokens: int) -> tuple[str, int, int | None] | None:
        """What would be exceeded: ("input" or "output", its limit, seconds to wait or None); None if nothing is."""
        for kind, bucket, amount in (("input", self.input, input_tokens), ("output", self.output, 1)):
            wait_s = bucket.wait_s(amount)
            if wait_s != 0:
                return kind, bucket.limit, wait_s
        return None

    def headers(self) -> dict[str, str]:
        """The headers of the tokens: 6 for fast, 9 for standard."""
        prefix = "anthropic-fast" if self.fast else "anthropic-ratelimit"
        found = self.input.headers(f"{prefix}-input-tokens", self._wall)
        found |= self.output.headers(f"{prefix}-output-tokens", self._wall)
        return found if self.fast else found | self._total()

    def _total(self) -> dict[str, str]:
        """Both kinds together, as the standard headers show them."""
        ends = [self.input.headers("x", self._wall), self.output.headers("x", self._wall)]
        return {
            "anthropic-ratelimit-tokens-limit": str(sum(int(end["x-limit"]) for end in ends)),
            "anthropic-ratelimit-tokens-remaining": str(sum(int(end["x-remaining"]) for end in ends)),
            "anthropic-ratelimit-tokens-reset": max(end["x-reset"] for end in ends),
        }


def through_gateway(headers: Mapping[str, str], gateway: str | None) -> dict[str, str]:
    """The rate limit headers as a proxy passes them on: as they are, "renamed" as LiteLLM does, or "dropped"."""
    if gateway is None:
        return dict(headers)
    kept = {key: value for key, value in headers.items() if not _limits(key)}
    if gateway == "renamed":
        kept |= {f"llm_provider-{key}": value for key, value in headers.items() if _limits(key)}
    return kept


def _limits(key: str) -> bool:
    return key.startswith(("anthropic-fast-", "anthropic-ratelimit-"))
