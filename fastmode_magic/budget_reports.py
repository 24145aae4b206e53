"""What there is to say of budgets, as Markdown."""

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal

from .ledger.budget import Level
from .ledger.words import command, dollars

HOW = "What a request may cost at most is reserved before it is sent, and what was not used is free again at its end."


def budgets(levels: Iterable[Level]) -> str:
    """A row for each budget; what is reserved counts as used until its run has ended."""
    rows = [
        f"| {level.limit.scope} | {dollars(level.limit.dollars)} | {dollars(level.used)} "
        f"| {dollars(max(level.room, Decimal(0)), ROUND_FLOOR)} |"
        for level in levels
    ]
    if not rows:
        return (
            "There is no budget: cells may cost what they cost. `%fastmode budget 5.00` sets one for this session, "
            "`budget day 5.00` and `budget notebook 5.00` count every kernel, and `--max-cost 0.50` bounds a cell."
        )
    table = "\n".join(["| budget | dollars | spent or reserved | left |", "|---|---|---|---|", *rows])
    ways = f"`{command('session')}`, `{command('day')}` or `{command('notebook')}` sets one, `off` takes it away."
    return f"{table}\n\n{HOW} {ways}"
