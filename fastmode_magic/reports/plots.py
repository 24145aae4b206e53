"""Three plots of many runs: tokens a second by speed, cost over time, what fast bought; as a picture and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from statistics import median

from ..ledger.records import Record
from ..ledger.summary import Bought, Rates, Summary, bought, parts, rates, summary
from ..views import text
from .money import bought_words, dollars

MODELS = 3  # that are drawn, those with the most runs; the words have them all
SPEEDS = ("fast", "standard")

Steps = Mapping[str, list[tuple[datetime, Decimal]]]  # speed -> what had been spent from a moment on


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plots show; times are aware, dollars exact."""

    began: datetime
    until: datetime
    rates: Rates
    steps: Steps
    sums: Summary
    bought: Bought
    practice: bool


def facts(records: Sequence[Record], now: datetime, *, practice: bool = False) -> Facts:
    """What there is to draw of `records`, of which there is one at least."""
    return Facts(
        began=min(one.began for one in records),
        until=max(one.ended or one.seen for one in records),
        rates=rates(records),
        steps=_steps(records, now),
        sums=summary(records, now),
        bought=bought(records),
        practice=practice,
    )


def words(found: Facts) -> list[str]:
    """The plots in sentences, with every number that they show."""
    said = [_title(found), *_paces(found.rates)]
    shares = f"fast {dollars(found.sums.fast)}, standard {dollars(found.sums.standard)}"
    said.append(f"Cost: {shares}; together {dollars(found.sums.cost)}{', at list price' if _listed(found) else ''}.")
    return [*said, bought_words(found.bought) or "Nothing was served fast."]


def pace_of(found: Sequence[float]) -> str:
    """ "83 tok/s, median of 12 runs"."""
    return f"{text.pace(median(found))}, {'of 1 run' if len(found) == 1 else f'median of {len(found):,} runs'}"


def by_model(found: Rates) -> list[str]:
    """The models that have rates, those with the most runs first."""
    models = {model for model, _ in found}
    return sorted(models, key=lambda model: (-sum(len(found.get((model, one), ())) for one in SPEEDS), model))


def _title(found: Facts) -> str:
    began, until = (f"{one.astimezone():%Y-%m-%d}" for one in (found.began, found.until))
    when = f"on {began}" if began == until else f"from {began} to {until}"
    return f"{text.count(found.sums.runs, 'run')} {when}{' (practice, not billed)' if found.practice else ''}."


def _paces(found: Rates) -> list[str]:
    told = [
        f"{model} {speed} {pace_of(found[model, speed])}"
        for model in by_model(found)
        for speed in SPEEDS
        if (model, speed) in found
    ]
    return [f"Pace of whole answers: {'; '.join(told)}."] if told else ["No answer was long enough to tell a pace."]


def _listed(found: Facts) -> bool:
    return bool(found.sums.hosts) or found.practice


def _steps(records: Sequence[Record], now: datetime) -> Steps:
    spent: dict[str, list[tuple[datetime, Decimal]]] = {}
    for record in sorted(records, key=lambda one: one.ended or one.seen):
        for part in parts(record, now):
            if part.cost is not None:
                steps = spent.setdefault("fast" if part.speed == "fast" else "standard", [])
                before = steps[-1][1] if steps else Decimal(0)
                steps.append(((record.ended or record.seen).astimezone(UTC), before + part.cost))
    return spent
