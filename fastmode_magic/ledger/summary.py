"""What many runs came to: dollars and tokens, by model and speed, and what fast bought."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import reduce
from statistics import median

from ..claude.usage import Usage
from . import prices
from .money import total
from .pace import telling
from .records import Charge, Record
from .totals import FEWEST_TOKENS

GOING_ON = frozenset({"running", "killed"})  # what it costs is not, or will never be, said to the end


@dataclass(frozen=True, slots=True)
class Money:
    """Dollars as far as they are known; `unknown` counts the runs that are not, or not wholly, in them."""

    dollars: Decimal = Decimal(0)
    estimated: bool = False
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """What one model was billed at one speed (None: the service did not say); `usage` has the tokens that are known."""

    model: str
    speed: str | None
    runs: int
    usage: Usage | None
    money: Money


@dataclass(frozen=True, slots=True)
class Summary:
    """Some runs together.

    states    how many are finished, interrupted, failed, running, or killed with their kernel
    cost      at every speed; what a standard price was taken for, without a speed, is in `standard` too
    reserved  dollars that the killed ones may have cost at most, None where that is not known of all of them
    hosts     whose own prices may differ from the list
    """

    runs: int
    states: Mapping[str, int]
    cost: Money
    fast: Money
    standard: Money
    reserved: Decimal | None
    hosts: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Bought:
    """What was served fast, and what the same would have been at standard speed.

    runs                    were served fast, at least in part
    timed                   of them came whole, and their model has measured standard runs beside them
    fast_s, standard_s      seconds that the output of the timed ones took, and would have at the median standard rate
    priced                  of the runs have a price at both speeds
    fast_cost, standard_cost  dollars of what was served fast in the priced ones, and of the same usage at standard
    """

    runs: int = 0
    timed: int = 0
    fast_s: float = 0.0
    standard_s: float = 0.0
    priced: int = 0
    fast_cost: Decimal = Decimal(0)
    standard_cost: Decimal = Decimal(0)
    estimated: bool = False

    @property
    def saved_s(self) -> float | None:
        """Seconds saved, less than 0 where fast was slower; None where nothing was measured."""
        return self.standard_s - self.fast_s if self.timed else None

    @property
    def extra(self) -> Decimal | None:
        """Dollars that fast cost more; None where no price is known."""
        return total([self.fast_cost, -self.standard_cost]) if self.priced else None


Rates = Mapping[tuple[str, str], Sequence[float]]  # of a model at a speed, tokens a second of each run that tells it


def summary(records: Sequence[Record], now: datetime) -> Summary:
    """The sum of `records` as of `now`, the dearest model and speed first."""
    billed = [(record, charge) for record in records for charge in parts(record, now)]
    killed = [record for record in records if record.state_at(now) == "killed"]
    reserved = [max(one.reserved, one.cost or Decimal(0)) for one in killed if one.reserved is not None]
    return Summary(
        runs=len(records),
        states=Counter(record.state_at(now) for record in records),
        cost=_money(billed),
        fast=_money(part for part in billed if part[1].speed == "fast"),
        standard=_money(part for part in billed if _at_standard_price(part[1])),
        reserved=total(reserved) if len(reserved) == len(killed) else None,
        hosts=tuple(sorted({one.list_price_of for one in records if one.list_price_of})),
        lines=_lines(billed),
    )


def parts(record: Record, now: datetime) -> tuple[Charge, ...]:
    """What a run was billed at each speed; one that has not ended is an estimate.

    A run without charges has one of unknown usage where it cost something, or may have.
    """
    state = record.state_at(now)
    if record.charges:
        going_on = state in GOING_ON
        return tuple(replace(one, estimated=True) for one in record.charges) if going_on else record.charges
    if record.cost == 0 or (record.cost is None and state == "running"):
        return ()
    return (Charge(record.model, record.speed, Usage(), record.cost, record.estimated or state in GOING_ON),)


def rates(records: Iterable[Record]) -> Rates:
    """What the runs that came whole, at one speed and long enough, say of each model's pace."""
    found: dict[tuple[str, str], list[float]] = {}
    for record in records:
        rate = _telling(record)
        if rate is not None and (speed := record.charges[0].speed):
            found.setdefault((record.charges[0].model, speed), []).append(rate)
    return found


def bought(records: Sequence[Record]) -> Bought:
    """What fast bought in `records`; the seconds are against the standard runs among them."""
    measured = rates(records)
    runs = [_bought(record, measured) for record in records if any(one.speed == "fast" for one in record.charges)]
    return Bought(
        runs=len(runs),
        timed=sum(one.timed for one in runs),
        fast_s=sum(one.fast_s for one in runs),
        standard_s=sum(one.standard_s for one in runs),
        priced=sum(one.priced for one in runs),
        fast_cost=total(one.fast_cost for one in runs),
        standard_cost=total(one.standard_cost for one in runs),
        estimated=any(one.estimated for one in runs if one.priced),
    )


def _bought(record: Record, measured: Rates) -> Bought:
    fast = [one for one in record.charges if one.speed == "fast"]
    standard = [prices.cost(one.model, one.usage, "standard", record.began) for one in fast]
    known = None not in standard and all(one.cost is not None for one in fast)
    found = Bought(
        runs=1,
        priced=int(known),
        fast_cost=total(one.cost for one in fast if known and one.cost is not None),
        standard_cost=total(cost for cost in standard if known and cost is not None),
        estimated=any(one.estimated or one.usage.estimated for one in fast),
    )
    rate, usual = _telling(record), measured.get((fast[0].model, "standard"))
    if rate is None or not usual:
        return found
    output = fast[0].usage.output_tokens
    return replace(found, timed=1, fast_s=output / rate, standard_s=output / median(usual))


def _telling(record: Record) -> float | None:
    """Its tokens a second, if it is of one piece and they say something of the model."""
    if record.state != "finished" or record.estimated or len(record.charges) != 1:
        return None
    output = record.charges[0].usage.output_tokens
    return telling(record.tokens_per_s, output) if output >= FEWEST_TOKENS else None


def _at_standard_price(charge: Charge) -> bool:
    return charge.speed == "standard" or (charge.speed is None and charge.cost is not None)


def _money(billed: Iterable[tuple[Record, Charge]]) -> Money:
    found = list(billed)
    return Money(
        total(charge.cost for _, charge in found if charge.cost is not None),
        any(charge.estimated for _, charge in found if charge.cost is not None),
        len({record.id for record, charge in found if charge.cost is None}),
    )


def _lines(billed: Iterable[tuple[Record, Charge]]) -> tuple[Line, ...]:
    sorts: dict[tuple[str, str | None], list[tuple[Record, Charge]]] = {}
    for record, charge in billed:
        sorts.setdefault((charge.model, charge.speed), []).append((record, charge))
    lines = [_line(model, speed, found) for (model, speed), found in sorts.items()]
    return tuple(sorted(lines, key=lambda line: (-line.money.dollars, line.model, line.speed or "")))


def _line(model: str, speed: str | None, billed: Sequence[tuple[Record, Charge]]) -> Line:
    usages = [charge.usage for record, charge in billed if record.charges]
    usage = reduce(Usage.plus, usages) if usages else None
    runs = len({record.id for record, _ in billed})
    return Line(model, speed, runs, usage, _money(billed))
