"""Budgets in words: what does not fit, what was lowered, what is nearly spent."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from .budget import Admitted, Denied, Level, Limit, Need
from .money import EXACT

CENT, SMALL = Decimal("0.01"), Decimal("0.0001")


def dollars(amount: Decimal, rounding: str = ROUND_HALF_UP) -> str:
    """ "$5.00", "$0.6543", "$0.000048": to the cent from a dollar on, else as exact as is needed."""
    whole = amount >= 1 or amount == amount.quantize(CENT, context=EXACT)
    step = CENT if whole else min(SMALL, Decimal(1).scaleb(amount.adjusted() - 1))
    return f"${amount.quantize(step, rounding, context=EXACT):,f}"


def budget(limit: Limit) -> str:
    """ "the session's budget of $5.00"."""
    if limit.scope == "cell":
        return f"--max-cost {dollars(limit.dollars)}"
    return f"the {limit.scope}'s budget of {dollars(limit.dollars)}"


def left(level: Level) -> str:
    """ "$0.12 of the session's budget of $5.00 is left"."""
    if level.limit.scope == "cell":
        return f"--max-cost is {dollars(level.limit.dollars)}"
    room = max(level.room, Decimal(0))
    return f"{dollars(room, ROUND_FLOOR)} of {budget(level.limit)} is left"


def denied(found: Denied, need: Need, *, fast: bool) -> tuple[str, str]:
    """What happened, and what to do next."""
    level, scope = found.level, found.level.limit.scope
    raised = "a larger --max-cost" if scope == "cell" else f"`{command(scope)}`"
    cheaper = ", ask at standard speed (--no-fast)" if fast else ""
    most = dollars(EXACT.subtract(need.most(need.max_tokens), need.spent), ROUND_CEILING)
    asked = f"{need.max_tokens:,} output tokens could cost {most}"
    if need.spent:
        begun = f"This answer may have cost {dollars(need.spent, ROUND_CEILING)} already; another request with {asked}"
    else:
        begun = f"This prompt with {asked}"
    what = (
        f"{begun}, and {left(level)}: that is enough for {found.tokens:,} output tokens. "
        f"Nothing {'more ' if need.spent else ''}was sent."
    )
    return what, f"Raise it ({raised}){cheaper}, or ask for less (--max-tokens, a shorter prompt)."


def command(scope: str) -> str:
    """How a budget is set."""
    return "%fastmode budget DOLLARS" if scope == "session" else f"%fastmode budget {scope} DOLLARS"


def lowered(found: Admitted, asked: int) -> str:
    """That an answer may be shorter than was asked for."""
    assert found.tightest is not None  # nothing else lowers it
    return f"max_tokens was lowered from {asked:,} to {found.max_tokens:,}: {left(found.tightest)}."


def warning(limit: Limit, spent: Decimal, mark: Decimal) -> str:
    """That a budget is nearly spent."""
    over = "all" if spent >= limit.dollars else f"{mark:.0%}"
    return f"{over[:1].upper()}{over[1:]} of {budget(limit)} is spent or reserved: {dollars(spent)}."


def used(levels: Iterable[Level]) -> str | None:
    """ "$0.0434 of the session's $5.00", of the budget with the least left; None where there is none."""
    tightest = min(levels, key=lambda level: level.room, default=None)
    if tightest is None:
        return None
    return f"{dollars(tightest.used)} of the {tightest.limit.scope}'s {dollars(tightest.limit.dollars)}"
