"""A pool of fast tokens in virtual time: exact, without steps, and the same for the service and for the oracle.

Input tokens are taken when a request is admitted, output tokens as they are made, at the pace of the answer: so the
output may come to owe. Between two changes of pace all levels are straight lines.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Literal

MINUTE_S = 60.0
NEVER_S = float("inf")
NEARLY = 1e-6  # tokens: what arithmetic loses


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens a minute, and which part of them is there at the beginning."""

    input: float
    output: float
    filled: float = 1.0


@dataclass(frozen=True, slots=True)
class Take:
    """Another client of the same organisation takes tokens at `at_s`, if there are any."""

    at_s: float
    input: float
    output: float


@dataclass(frozen=True, slots=True)
class Window:
    """From `begins_s` to `ends_s` the service refuses fast whatever the pool holds: with a 429 or a 529."""

    begins_s: float
    ends_s: float
    kind: Literal["closed", "overloaded"]


@dataclass(frozen=True, slots=True)
class Drain:
    """An answer that takes output tokens at `rate` a second for a time."""

    begins_s: float
    ends_s: float
    rate: float


class Pool:
    """The fast pool at the moment `at_s`; it only goes forward."""

    def __init__(self, limits: Limits, others: Sequence[Take] = (), windows: Sequence[Window] = ()) -> None:
        self.limits = limits
        self.at_s = 0.0
        self.input = limits.input * limits.filled
        self.output = limits.output * limits.filled
        self._others = others
        self._windows = windows
        self._drains: list[Drain] = []
        self._taken = 0  # how many of the others have come
        self._passed = 0  # how many windows have

    @property
    def window(self) -> Window | None:
        """The window that is open now."""
        while self._passed < len(self._windows) and self._windows[self._passed].ends_s <= self.at_s:
            self._passed += 1
        coming = self._windows[self._passed] if self._passed < len(self._windows) else None
        return coming if coming and coming.begins_s <= self.at_s else None

    def copy(self) -> "Pool":
        """The same at this moment, to go on by itself."""
        other = copy(self)
        other._drains = list(self._drains)
        return other

    def can_ever_hold(self, tokens: float) -> bool:
        """Whether a prompt of so many tokens fits into it at all."""
        return self.limits.output > 0 and tokens <= self.limits.input

    def holds(self, tokens: float) -> bool:
        """Whether a prompt of so many tokens is admitted now."""
        return not self.window and self.output >= 1 - NEARLY and self.input >= tokens - NEARLY

    def admit(self, tokens: float, drain: Drain) -> None:
        """Take the prompt now, and the answer as it comes."""
        self.input -= tokens
        self._drains.append(drain)

    def told_wait_s(self, tokens: float) -> float:
        """How long the service says it takes until the prompt fits: from the refill alone."""
        if window := self.window:
            return window.ends_s - self.at_s
        waits = [
            (1 - self.output) * MINUTE_S / self.limits.output,
            (tokens - self.input) * MINUTE_S / self.limits.input,
        ]
        return max(0.0, *waits)

    def advance(self, until_s: float, waiting: Sequence[float] = ()) -> int | None:
        """Go on to `until_s`, or to the moment when one of `waiting` (tokens of prompts) fits; which one that is."""
        while True:
            stop_s = self._next_change(until_s)
            if waiting and not self.window:
                net = self._net_output()
                fits = [self._fits_s(tokens, net, stop_s) for tokens in waiting]
                first_s = min(fits)
                if first_s <= stop_s and first_s < NEVER_S:
                    self._move(first_s)
                    return fits.index(first_s)
            if self.at_s >= until_s:
                return None
            self._move(stop_s)
            self._let_others_take()

    def _fits_s(self, tokens: float, net: float, stop_s: float) -> float:
        """When a prompt fits, if it does while the levels stay the straight lines that they are."""
        wait_s = 0.0
        if self.output < 1 - NEARLY:
            wait_s = (1 - self.output) / net if net > 0 else NEVER_S
        if self.input < tokens - NEARLY:
            wait_s = max(wait_s, (tokens - self.input) * MINUTE_S / self.limits.input)
        if self.at_s + wait_s > stop_s or self.output + net * wait_s < 1 - NEARLY:
            return NEVER_S
        return self.at_s + wait_s

    def _net_output(self) -> float:
        made = sum(drain.rate for drain in self._drains if drain.begins_s <= self.at_s < drain.ends_s)
        return self.limits.output / MINUTE_S - made

    def _next_change(self, until_s: float) -> float:
        changes = [until_s]
        if self._taken < len(self._others):
            changes.append(self._others[self._taken].at_s)
        for drain in self._drains:
            changes += [drain.begins_s, drain.ends_s]
        window = self.window  # moves on to those that are not over
        if self._passed < len(self._windows):
            coming = self._windows[self._passed]
            changes.append(coming.ends_s if window else coming.begins_s)
        return min(max(self.at_s, until_s), *(at_s for at_s in changes if at_s > self.at_s), NEVER_S)

    def _move(self, to_s: float) -> None:
        for_s = to_s - self.at_s
        self.output = min(self.limits.output, self.output + self._net_output() * for_s)
        self.input = min(self.limits.input, self.input + self.limits.input / MINUTE_S * for_s)
        self.at_s = to_s
        if self._drains:
            self._drains = [drain for drain in self._drains if drain.ends_s > to_s]

    def _let_others_take(self) -> None:
        while self._taken < len(self._others) and self._others[self._taken].at_s <= self.at_s:
            take = self._others[self._taken]
            self._taken += 1
            if self.output >= 1 and self.input >= take.input:
                self.input -= take.input
                self.output -= take.output
