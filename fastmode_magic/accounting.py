"""From a meter to an Answer: what it cost, how it ended, and what the user should be told."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from urllib.parse import urlsplit

from .answer import Answer
from .claude import catalog
from .claude.events import Failed, Finished
from .claude.usage import Usage
from .ledger import prices
from .ledger.meter import Meter
from .ledger.money import EXACT, total
from .ledger.pace import telling
from .ledger.records import Charge
from .ledger.totals import Entry
from .prompt.ask import Ask

ANTHROPIC_HOST = "api.anthropic.com"
CACHE_LIFE = timedelta(minutes=5)

# stop_reason -> (how it ended, what to know); the others are no surprise
_STOPS = {
    "max_tokens": (
        "cut at max_tokens",
        "The answer was cut at its bound of {max_tokens:,} tokens; raise --max-tokens.",
    ),
    "refusal": ("refused by the model", "The model refused to answer{explained}."),
    "pause_turn": ("paused", "The service paused a long turn (pause_turn); run the cell again for the rest."),
    "model_context_window_exceeded": (
        "context window full",
        "Prompt and answer filled the model's context window; shorten the prompt for a whole answer.",
    ),
    "tool_use": ("stopped for a tool", "The model wanted more calls of tools than it may have made ({most_calls})."),
}


def answer_of(ask: Ask, meter: Meter, began: datetime, *, base_url: str | None) -> Answer:
    """The Answer that `meter` has become; `began` is when the cell was sent, and decides the price list."""
    usage, speed = meter.usage, meter.speed
    model = meter.model or ask.model
    fallback, notices = _fallback(meter, model, began)
    ending, told = _ending(ask, meter)
    with localcontext(EXACT):
        (cost, cost_if), by_speed = _cost(model, meter, began), _by_speed(charges_of(meter, ask.model, began))
    host = urlsplit(base_url or "").hostname
    return Answer(
        text=meter.text,
        thinking=meter.thinking,
        model=model,
        speed=speed,
        asked_speed="fast" if ask.fast else "standard",
        fallback=fallback,
        usage=usage,
        cost=cost,
        cost_if=cost_if,
        cost_by_speed=by_speed,
        estimated=_estimated(meter),
        ttft_s=meter.ttft_s,
        first_text_s=meter.first_text_s,
        duration_s=meter.duration_s,
        tokens_per_s=meter.tokens_per_s,
        stop_reason=meter.stop_reason,
        complete=isinstance(meter.end, Finished),
        request_id=meter.request_id,
        notices=(*meter.notices, *notices, *told),
        ending=ending,
        thought=meter.thought,
        thinking_shown=ask.thinking == "summary",
        list_price_of=host if host and host != ANTHROPIC_HOST else None,
        schema=ask.shape.name if ask.shape else None,
        at=began,
    )


def _estimated(meter: Meter) -> bool:
    """Whether usage and cost are not what the service counted, or not all of it."""
    unknown = bool(meter.earlier) and meter.maybe_billed and meter.latest is None
    return bool(meter.lost) or meter.uncounted or unknown or (meter.usage is not None and meter.usage.estimated)


def entries_of(answer: Answer, model: str) -> list[Entry]:
    """What the session's totals take over of an answer of `model`: one entry, and one more for each other speed."""
    if answer.usage is None and answer.cost == 0:
        return []
    whole = answer.complete and not answer.estimated and answer.usage is not None and not answer.cost_by_speed
    others = [(speed, cost) for speed, cost in answer.cost_by_speed if speed != answer.speed]
    own = None if answer.cost is None else EXACT.subtract(answer.cost, total(cost for _, cost in others))
    listed = answer.list_price_of not in {None, "practice"}
    entry = Entry(
        speed=answer.speed or ("standard" if answer.cost is not None else None),
        cost=own,
        estimated=answer.estimated,
        tokens_per_s=telling(answer.tokens_per_s, answer.usage.output_tokens) if whole and answer.usage else None,
        output_tokens=answer.usage.output_tokens if whole and answer.usage else None,
        model=model,
        list_price=listed,
        input_tokens=answer.usage.charged_input_tokens if whole and answer.usage else None,
    )
    parts = (
        replace(entry, speed=speed, cost=cost, tokens_per_s=None, output_tokens=None, input_tokens=None, part=True)
        for speed, cost in others
    )
    return [entry, *parts]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the last answer left in the prompt cache, and what another must share to read it."""

    speed: str
    effort: str | None
    tokens: int
    at: datetime


@dataclass(slots=True)
class Prefixes:
    """What of system prompts and threads the prompt cache has."""

    _kept: dict[tuple[str, str | None, str | None], _Kept] = field(default_factory=dict)

    def missed(self, ask: Ask, answer: Answer, at: datetime) -> str | None:
        """The sentence for a switch of speed or effort that lost a warm cache; remembers `answer` for the next."""
        usage, thread = answer.usage, ask.continuation.thread if ask.continuation else None
        if not (ask.system or thread) or usage is None or answer.speed is None:
            return None
        if ask.tools:  # the numbers are those of several requests
            return None
        key = (answer.model, ask.system, thread)
        before, written = self._kept.get(key), usage.cache_creation_input_tokens
        now = self._kept[key] = _Kept(answer.speed, ask.effort, usage.cache_read_input_tokens + written, at)
        if before is None or not before.tokens or at - before.at > CACHE_LIFE:
            return None
        if not written or usage.cache_read_input_tokens or (before.speed, before.effort) == (now.speed, now.effort):
            return None
        again = min(written, before.tokens)
        if before.speed != now.speed:
            switch = f"from {before.speed} to {now.speed} speed"
        else:
            switch = f"from {before.effort or 'default'} to {now.effort or 'default'} effort"
        return (
            f"The switch {switch} missed the prompt cache: {again:,} tokens were written to it again"
            f"{_dearer(answer, usage, again, at)}."
        )


def _dearer(answer: Answer, usage: Usage, tokens: int, at: datetime) -> str:
    """How much more writing `tokens` to the cache costs than reading them."""
    nothing = replace(usage, input_tokens=0, output_tokens=0, web_search_requests=0, ephemeral_1h_input_tokens=0)
    written = replace(nothing, cache_read_input_tokens=0, cache_creation_input_tokens=tokens)
    read = replace(nothing, cache_read_input_tokens=tokens, cache_creation_input_tokens=0)
    price, instead = (prices.cost(answer.model, one, answer.speed, at) for one in (written, read))
    return f", ${price - instead:.6f} more than reading them" if price is not None and instead is not None else ""


def _fallback(meter: Meter, model: str, began: datetime) -> tuple[str | None, list[str]]:
    """Why fast was asked and not served, and a notice where the service said nothing of it."""
    if meter.fallback or meter.asked_speed != "fast" or meter.speed != "standard":
        return meter.fallback, []
    known = catalog.find(model) if model.startswith("claude-") else None
    if known and known.fast and known.fast.until and known.fast.until <= began.date():
        reason = f"fast mode of {known.name} ended on {known.fast.until}"
    else:
        reason = "the service served standard speed"
    return reason, [f"Fast was asked for, but the answer was served at standard speed and price: {reason}."]


def _cost(
    model: str, meter: Meter, at: datetime
) -> tuple[Decimal | None, tuple[Decimal | None, Decimal | None] | None]:
    """The cost at the speed served; where that is unknown, the two that it may be."""
    usage = meter.latest
    lost = [prices.cost(model, one, one.speed, at) for one in (*meter.lost, *meter.earlier)]
    extra = None if None in lost else sum((c for c in lost if c is not None), Decimal(0))
    if usage is None:  # of what a run has paid for already, something is known even if its latest request is not
        return (None if meter.maybe_billed and not meter.earlier else extra), None
    if extra is None:
        return None, None
    speed = meter.speed or ("standard" if meter.asked_speed == "standard" else None)
    if speed is None:
        both = [prices.cost(model, usage, either, at) for either in ("standard", "fast")]
        both = [None if price is None else price + extra for price in both]
        return None, (both[0], both[1])
    cost = prices.cost(model, usage, speed, at)
    return (None if cost is None else cost + extra), None


def charges_of(meter: Meter, model: str, at: datetime) -> tuple[Charge, ...]:
    """What a run of `model` was billed so far, one charge for each speed."""
    model, found = meter.model or model, dict[str | None, Charge]()
    for usage in (*meter.lost, *meter.earlier, *([meter.latest] if meter.latest else [])):
        speed = usage.speed or ("standard" if meter.asked_speed == "standard" else None)
        cost = prices.cost(model, usage, speed, at)
        one = Charge(model, speed, replace(usage, speed=speed), cost, usage.estimated or usage in meter.lost)
        found[speed] = found[speed].plus(one) if speed in found else one
    return tuple(found.values())


def _by_speed(charges: tuple[Charge, ...]) -> tuple[tuple[str, Decimal], ...]:
    """What was billed at which speed; nothing where that was one speed, or is not known."""
    known = tuple((one.speed, one.cost) for one in charges if one.speed is not None and one.cost is not None)
    return known if len(known) == len(charges) > 1 else ()


def _ending(ask: Ask, meter: Meter) -> tuple[str | None, list[str]]:
    match meter.end:
        case Finished(stop_reason=reason, explanation=explanation):
            if reason in _STOPS:
                words, sentence = _STOPS[reason]
                explained = f" ({explanation.rstrip('.')})" if explanation else ""
                return words, [
                    sentence.format(
                        max_tokens=meter.max_tokens or ask.max_tokens,
                        explained=explained,
                        most_calls=ask.max_calls if ask.tools else 0,
                    )
                ]
            return (None if reason in {"end_turn", "stop_sequence", None} else f"stopped: {reason}"), []
        case None:
            return "on its way", []
        case Failed():
            return ("cut off" if meter.text_length else "failed"), []
        case _:
            return "interrupted", []
