"""What there is to say of budgets, as Markdown."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, Decimal

from ..ledger.budget import Level
from ..ledger.money import EXACT, total
from ..ledger.records import Record
from ..ledger.words import command, dollars
from ..views import text

HOW = "What a request may cost at most is reserved before it is sent, and what was not used is free again at its end."


def budgets(levels: Iterable[Level], uncounted: Sequence[Record]) -> str:
    """A row for each budget, and what is reserved for runs that are over, of which nobody told what they cost."""
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
    return "\n\n".join([table, *_uncounted(uncounted), f"{HOW} {ways}"])


def released(count: int) -> str:
    """What `%fastmode budget release` did."""
    if not count:
        return "Nothing was reserved for a run that is over."
    return f"Nothing is reserved any more for {text.count(count, 'run')} of which nobody told what it cost."


def _uncounted(records: Sequence[Record]) -> Iterable[str]:
    if records:
        more = total(EXACT.subtract(one.counted, one.cost or Decimal(0)) for one in records)
        yield (
            f"{dollars(more)} is reserved for {text.count(len(records), 'run')} that broke off or whose kernel was "
            "killed, since nobody told what all of it cost; `%fastmode budget release` frees that."
        )
