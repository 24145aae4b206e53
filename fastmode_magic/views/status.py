"""The session as the page shows it: speed, pace, quota that refills, cost. And the document that stays of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..answer import Answer
from ..claude.quota import Bucket, Quota
from ..ledger.meter import Meter
from ..ledger.totals import Snapshot
from . import progress, text
from .protocol import STATUS_MIME, Gauge, Status


@dataclass(frozen=True, slots=True)
class Pulse:
    """How one run goes, or went."""

    badge: str = ""
    speed: str | None = None
    tokens_per_s: float | None = None
    estimated: bool = False
    ttft_s: float | None = None
    rates: Sequence[int] = ()


def of_meter(meter: Meter, rates: Sequence[int]) -> Pulse:
    """The pulse of a run under way."""
    badge = progress.badge(meter)
    return Pulse(badge, meter.speed, meter.telling_rate, estimated=True, ttft_s=meter.ttft_s, rates=list(rates))


def of_answer(answer: Answer, rates: Sequence[int]) -> Pulse:
    """The pulse of an answer that has ended."""
    return Pulse(
        text.speed(answer), answer.speed, text.telling_rate(answer), answer.estimated, answer.ttft_s, list(rates)
    )


def facts(pulse: Pulse, totals: Snapshot) -> text.Facts:
    """Pace, first token and cost, in words."""
    found: text.Facts = []
    if pulse.tokens_per_s:
        found.append(("rate", text.pace(pulse.tokens_per_s, estimated=pulse.estimated)))
    if ratio := text.against_standard(pulse.speed, pulse.tokens_per_s, totals.standard_rate, estimated=pulse.estimated):
        found.append(("speed-up", ratio))
    if pulse.ttft_s is not None:
        found.append(("first token", text.seconds(pulse.ttft_s)))
    if totals.answers:
        found += [
            ("session", text.session(totals)),
            ("fast", text.dollars(totals.fast_cost, estimated=totals.fast_estimated)),
            ("standard", text.dollars(totals.standard_cost, estimated=totals.standard_estimated)),
        ]
    return found


def bundle(found: Status, markdown: str, plain: str) -> dict[str, object]:
    """A MIME bundle of the status; a saved notebook keeps these numbers."""
    return {STATUS_MIME: found, "text/markdown": markdown, "text/plain": plain}


def gauges(quota: Quota, now_s: float) -> list[Gauge] | None:
    """The fast buckets as the last response reported them; None while unknown."""
    named: tuple[tuple[Literal["input", "output"], Bucket | None], ...]
    named = (("input", quota.fast_input), ("output", quota.fast_output))
    found = [
        Gauge(name=name, limit=bucket.limit, remaining=bucket.remaining, age_s=round(now_s - bucket.at_s, 2))
        for name, bucket in named
        if bucket
    ]
    return found or None
