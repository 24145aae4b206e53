"""The ledger beside the service's own report: which tokens and dollars differ, by model and speed, and what may be why.

Nothing here guesses: runs that cannot be compared are counted apart, and nothing compared is never called equal.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from ..claude.usage_report import Report, Tokens
from . import prices
from .money import total
from .records import Record

LATE = timedelta(minutes=5)  # how long usage takes to be in the service's reports, as a rule
ROUNDING = Decimal("0.0001")  # dollars: the service may round what it reports

Group = tuple[str | None, str | None]  # model, speed; None is not said


@dataclass(frozen=True, slots=True)
class Period:
    """The time that is compared, in UTC: from `begins` to `ends`, and `wanted` is where it would end by its name."""

    begins: datetime
    ends: datetime
    wanted: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One model at one speed. Dollars are None where unknown; `estimated` marks counts of ours that are no final ones.

    `ours` is None where the ledger has no run of it, `theirs` where the service reports nothing.
    """

    model: str | None
    speed: str | None
    ours: Tokens | None = None
    theirs: Tokens | None = None
    our_cost: Decimal | None = None
    listed: Decimal | None = None
    billed: Decimal | None = None
    estimated: bool = False

    @property
    def difference(self) -> Tokens:
        """What the service counted more."""
        return (self.theirs or Tokens()).minus(self.ours or Tokens())

    @property
    def same(self) -> bool:
        """Whether both have it, and count the same in every class."""
        return self.ours is not None and self.ours == self.theirs and self.difference == Tokens()


@dataclass(frozen=True, slots=True)
class Unsettled:
    """Runs of ours whose last count the ledger does not have, and the tokens that it has of them."""

    runs: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was compared, and what was not.

    runs       of ours that were compared
    unsettled  by why: "running", "killed", "estimated", "unknown" (whether and at what cost they were billed)
    later      runs of ours that began after what is compared, so that the service need not have them yet
    unrefreshed  runs that were compared and ended after the service last brought its numbers up to date
    crossing   runs of ours that began before an edge of the time and ended after it
    elsewhere  runs that went to other hosts, which this report does not cover
    keys       how many API keys the service names, None where it names none
    priced     whether the report has dollars at all
    """

    period: Period
    lines: tuple[Line, ...] = ()
    runs: int = 0
    unsettled: Mapping[str, Unsettled] = field(default_factory=dict)
    later: int = 0
    unrefreshed: int = 0
    crossing: int = 0
    elsewhere: Mapping[str, int] = field(default_factory=dict)
    keys: int | None = None
    priced: bool = True
    refreshed: datetime | None = None

    @property
    def compared(self) -> bool:
        """Whether both sides have anything."""
        return any(line.ours for line in self.lines) and any(line.theirs for line in self.lines)

    @property
    def agrees(self) -> bool:
        """Whether something was compared and every count is the same."""
        return self.compared and all(line.same for line in self.lines)

    @property
    def more(self) -> tuple[Line, ...]:
        """Lines of which the service counted more of something."""
        return tuple(line for line in self.lines if _any(line.difference, 1))

    @property
    def less(self) -> tuple[Line, ...]:
        """Lines of which the ledger counted more of something."""
        return tuple(line for line in self.lines if _any(line.difference, -1))

    @property
    def other_speed(self) -> tuple[str, ...]:
        """Models whose tokens agree if their speeds are put together, and differ by speed."""
        found = []
        for model in dict.fromkeys(line.model for line in self.lines if line.model):
            lines = [line for line in self.lines if line.model == model]
            if not all(line.same for line in lines) and _all(line.difference for line in lines) == Tokens():
                found.append(model)
        return tuple(found)

    @property
    def other_price(self) -> tuple[Line, ...]:
        """Lines with the same tokens and another list price."""
        pairs = ((line, line.our_cost, line.listed) for line in self.lines if line.same)
        return tuple(
            line
            for line, ours, theirs in pairs
            if ours is not None and theirs is not None and abs(ours - theirs) > ROUNDING
        )

    @property
    def discounted(self) -> bool:
        """Whether less than the list price is billed."""
        return any(line.billed != line.listed for line in self.lines if None not in {line.billed, line.listed})


def compared(
    records: Iterable[Record], report: Report, period: Period, host: str | None, now: datetime
) -> Reconciliation:
    """The ledger's runs beside the report; `host` is whose report it is, None for Anthropic's own."""
    billed = [one for one in records if not one.practice and one.began < period.wanted]
    reached = [one for one in billed if one.began >= period.begins or (one.ended or now) >= period.begins]
    here = [one for one in reached if one.list_price_of == host]
    inside = [one for one in here if period.begins <= one.began < period.ends]
    keys = {one.key for one in report.used if one.key}
    return Reconciliation(
        period,
        tuple(_lines(inside, report)),
        len(inside),
        _unsettled(inside, now),
        sum(one.began >= period.ends for one in here),
        sum(report.refreshed is not None and (one.ended or now) > report.refreshed for one in inside),
        sum(_crosses(one, period, now) for one in here),
        Counter(one.list_price_of or "api.anthropic.com" for one in reached if one.list_price_of != host),
        len(keys) or None,
        report.paid is not None,
        report.refreshed,
    )


def plain(model: str | None) -> str | None:
    """A model's id without the date of its snapshot: the ledger and the service may spell it with or without."""
    return prices.plain(model) if model else None


def _lines(records: Sequence[Record], report: Report) -> Iterable[Line]:
    charges = [(_group(one.model, one.speed), one) for record in records for one in record.charges]
    used = [(_group(one.model, one.speed), one) for one in report.used]
    paid = [(_group(one.model, one.speed), one) for one in report.paid or ()]
    groups = dict.fromkeys(group for group, _ in (*charges, *used))
    for group in sorted(groups, key=lambda each: (each[0] or "~", each[1] or "~")):
        own = [one for which, one in charges if which == group]
        theirs = [one.tokens for which, one in used if which == group]
        dollars = [one for which, one in paid if which == group]
        yield Line(
            *group,
            _all(Tokens.of(one.usage) for one in own) if own else None,
            _all(theirs) if theirs else None,
            _dollars([one.cost for one in own]),
            _dollars([one.listed for one in dollars]),
            _dollars([one.billed for one in dollars]),
            any(one.estimated or one.usage.estimated for one in own),
        )


def _group(model: str | None, speed: str | None) -> Group:
    return plain(model), speed


def _all(found: Iterable[Tokens]) -> Tokens:
    whole = Tokens()
    for one in found:
        whole = whole.plus(one)
    return whole


def _dollars(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The sum; unknown if one of them is, or if there is none."""
    known = [amount for amount in amounts if amount is not None]
    return total(known) if amounts and len(known) == len(amounts) else None


def _unsettled(records: Iterable[Record], now: datetime) -> dict[str, Unsettled]:
    found: dict[str, Unsettled] = {}
    for record in records:
        if why := _why(record, now):
            before = found.get(why, Unsettled(0, 0))
            tokens = sum(Tokens.of(one.usage).total or 0 for one in record.charges)
            found[why] = Unsettled(before.runs + 1, before.tokens + tokens)
    return found


def _why(record: Record, now: datetime) -> str | None:
    """Why the ledger has no last count of a run; None where it has."""
    state = record.state_at(now)
    if state in {"running", "killed"}:
        return state
    if record.estimated or any(one.estimated or one.usage.estimated for one in record.charges):
        return "estimated"
    return "unknown" if record.cost is None and record.reserved is not None and not record.charges else None


def _crosses(record: Record, period: Period, now: datetime) -> bool:
    ended = record.ended or now
    return any(record.began < edge <= ended for edge in (period.begins, period.ends))


def _any(tokens: Tokens, sign: int) -> bool:
    counts = (getattr(tokens, name) for name in Tokens.__dataclass_fields__)
    return any(count is not None and count * sign > 0 for count in counts)
