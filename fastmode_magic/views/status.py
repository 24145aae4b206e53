"""The session as the page shows it: speed, pace, quota that refills, cost. And the document that stays of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..answer import Answer
from ..claude import quota
from ..claude.quota import Bucket, Quota
from ..ledger.meter import Meter
from ..ledger.totals import Snapshot
from . import progress, text
from .protocol import STATUS_MIME, Gauge, Status, Usual


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


def facts(pulse: Pulse, totals: Snapshot, budget: str | None = None) -> text.Facts:
    """Pace, first token, cost and budget, in words."""
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
    if budget:
        found.append(("budget", budget))
    return found


def bundle(found: Status, markdown: str, plain: str) -> dict[str, object]:
    """A MIME bundle of the status; a saved notebook keeps these numbers."""
    return {STATUS_MIME: found, "text/markdown": markdown, "text/plain": plain}


def gauges(found: Quota, now_s: float) -> list[Gauge] | None:
    """The fast buckets as the last response reported them; None while unknown."""
    named = (_gauge("input", found.fast_input, now_s), _gauge("output", found.fast_output, now_s))
    return [gauge for gauge in named if gauge] or None


def usual(size: quota.Usual | None, found: Quota, now_s: float) -> Usual | None:
    """What the page needs, besides the gauges, to say how many more answers fit as the buckets refill."""
    if size is None:
        return None
    requests = _gauge("requests", found.requests, now_s)
    return Usual(input_tokens=size.input_tokens, output_tokens=size.output_tokens, requests=requests)


def _gauge(name: Literal["input", "output", "requests"], bucket: Bucket | None, now_s: float) -> Gauge | None:
    if bucket is None:
        return None
    return Gauge(name=name, limit=bucket.limit, remaining=bucket.remaining, age_s=round(now_s - bucket.at_s, 2))
