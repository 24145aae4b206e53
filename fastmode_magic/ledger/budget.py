"""Budgets: what a request may cost at most, how many tokens fit into what is left, and when to warn."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from .money import EXACT

Scope = Literal["cell", "session", "notebook", "day"]
FEWEST_TOKENS = 1_024  # a shorter answer than this, thinking included, is of no use
WARNINGS = (Decimal("0.9"), Decimal("0.7"))


@dataclass(frozen=True, slots=True)
class Limit:
    """Dollars that may be spent within a scope: a cell's run, a session, a notebook, a user's day."""

    scope: Scope
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class Need:
    """What the next request of a run may cost, in dollars.

    spent      what earlier requests of the run have cost at most
    prompt     all of its input, at the dearer speed that may serve it
    per_token  one output token, at that speed
    """

    spent: Decimal
    prompt: Decimal
    per_token: Decimal
    max_tokens: int

    def most(self, max_tokens: int) -> Decimal:
        """What the whole run has cost at most when this request has made so many tokens."""
        return EXACT.add(EXACT.add(self.spent, self.prompt), EXACT.multiply(self.per_token, Decimal(max_tokens)))


@dataclass(frozen=True, slots=True)
class Level:
    """How far a limit is used, in dollars: by runs that have ended, and reserved by those under way."""

    limit: Limit
    used: Decimal

    @property
    def room(self) -> Decimal:
        """What another run may cost."""
        return EXACT.subtract(self.limit.dollars, self.used)


@dataclass(frozen=True, slots=True)
class Admitted:
    """The request may be sent: with so many tokens at most, for which so many dollars are reserved."""

    max_tokens: int
    reserved: Decimal
    tightest: Level | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """The request does not fit: into which limit, and how many tokens would have."""

    level: Level
    tokens: int


def admit(need: Need, levels: Iterable[Level]) -> Admitted | Denied:
    """How many tokens of `need` fit into every level; Denied below a useful minimum."""
    tightest = min(levels, key=lambda level: level.room, default=None)
    tokens = need.max_tokens
    if tightest and need.most(tokens) > tightest.room:
        left = EXACT.subtract(tightest.room, need.most(0))
        fits = EXACT.divide_int(left, need.per_token) if need.per_token else Decimal(0)
        tokens = min(tokens, max(0, int(fits)))
        if left < 0 or tokens < min(FEWEST_TOKENS, need.max_tokens):
            return Denied(tightest, tokens)
    return Admitted(tokens, need.most(tokens), tightest)


def crossed(spent: Decimal, limit: Limit, told: Callable[[Decimal], bool]) -> Decimal | None:
    """The highest mark (0.7, 0.9) that `spent` has passed, if it has yet to be `told`."""
    for mark in WARNINGS:
        if limit.dollars and spent >= EXACT.multiply(mark, limit.dollars):
            return mark if not told(mark) else None
    return None
