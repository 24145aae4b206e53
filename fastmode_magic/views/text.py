"""Facts as words: pure formatting, for the status line and the tables."""

import math
from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from ..claude.quota import TINY, Forecast, Quota
from ..claude.usage import Usage
from ..ledger.money import EXACT
from ..ledger.pace import telling
from ..ledger.totals import Snapshot

if TYPE_CHECKING:
    from ..answer import Answer

SEPARATOR = " · "
MANY_ANSWERS = 100  # more than these are not counted


def dollars(amount: Decimal | None, *, estimated: bool = False) -> str:
    """ "$1.25", "$0.0421", "$0.00012": to the cent from a dollar on, else to a hundredth of a cent or two digits."""
    if amount is None:
        return "cost unknown"
    if amount == 0:
        return "$0"
    step = Decimal("0.01") if amount >= 1 else min(Decimal("0.0001"), Decimal(1).scaleb(amount.adjusted() - 1))
    return f"{'~' if estimated else ''}${amount.quantize(step, ROUND_HALF_UP, EXACT):,}"


def pace(tokens_per_s: float | None, *, estimated: bool = False) -> str:
    """ "83 tok/s", "~83 tok/s", "? tok/s"."""
    return "? tok/s" if tokens_per_s is None else f"{'~' if estimated else ''}{tokens_per_s:,.0f} tok/s"


def count(number: int, noun: str) -> str:
    """ "1 token", "1,234 tokens"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def seconds(value: float) -> str:
    """ "0.42 s", "12 s"."""
    return f"{value:.2f} s" if value < 9.995 else f"{value:.0f} s"


def tokens(usage: Usage) -> str:
    """ "24 in (1,024 from cache) + 512 out"."""
    cached = [
        f"{count:,} {words}"
        for count, words in (
            (usage.cache_read_input_tokens, "from cache"),
            (usage.cache_creation_input_tokens, "to cache"),
        )
        if count
    ]
    of_them = f" ({', '.join(cached)})" if cached else ""
    return f"{usage.total_input_tokens:,} in{of_them} + {'~' if usage.estimated else ''}{usage.output_tokens:,} out"


def speed(answer: "Answer") -> str:
    """The speed served, in words, and why it is not the one that was asked."""
    if answer.usage is None:
        return (
            f"asked at standard speed, not fast: {answer.fallback}"
            if answer.fallback
            else (f"asked at {answer.asked_speed} speed")
        )
    if answer.speed is None:
        unpriced = "speed not reported" if answer.cost_if else "speed not reported, standard price"
        return f"{unpriced} ({answer.fallback})" if answer.fallback else unpriced
    if answer.cost_by_speed and answer.speed == "standard":
        return f"fast, then standard: {answer.fallback}" if answer.fallback else "fast, then standard"
    if answer.fallback:
        return f"{answer.speed}, not fast: {answer.fallback}"
    return answer.speed


def cost(answer: "Answer") -> str:
    """What it cost, or what is known of that."""
    if answer.cost_if and None not in answer.cost_if:
        standard, fast = (dollars(amount, estimated=answer.estimated) for amount in answer.cost_if)
        listed = ", at list price" if answer.list_price_of else ""
        return f"cost unknown: {standard} if standard, {fast} if fast{listed}"
    words = dollars(answer.cost, estimated=answer.estimated)
    if not answer.cost or answer.list_price_of is None:
        return words
    return f"{words} (practice, not billed)" if answer.list_price_of == "practice" else f"{words} list price"


def quota(levels: Quota, now_s: float) -> str | None:
    """ "98% in, 99% out", refilled to now; None while unknown."""
    parts = [
        f"{int(100 * bucket.level(now_s) / bucket.limit)}% {name}" if bucket.limit else f"none {name}"
        for bucket, name in ((levels.fast_input, "in"), (levels.fast_output, "out"))
        if bucket
    ]
    return ", ".join(parts) if parts else None


def forecast(found: Forecast) -> str:
    """ "about 4 more answers like this at fast speed this minute", as labextension/src/format.ts says it too."""
    if found.next_s is None:
        return "an answer like this never fits into the fast pool"
    wait_s = math.ceil(found.next_s - TINY)
    if wait_s and found.answers <= 1:
        return f"the next one like this fits at fast speed in {wait_s} s"
    many = found.answers > MANY_ANSWERS
    number = f"more than {MANY_ANSWERS}" if many else f"about {found.answers} more"
    words = f"{number} answer{'' if found.answers == 1 else 's'} like this at fast speed this minute"
    return words + (f"; the next one fits in {wait_s} s" if wait_s else "")


Facts = list[tuple[str, str]]  # (label, words), in the order in which they are shown
# the words of the others speak for themselves
_LABELLED = {"first token", "first text", "took", "session", "fast quota", "asked", "thread"}


def facts(answer: "Answer", totals: Snapshot | None = None, quota_words: str | None = None) -> Facts:
    """What is known of an answer that has ended, and of the session after it."""
    found: Facts = []
    rate = telling_rate(answer)
    if answer.usage:
        found.append(("rate", pace(rate, estimated=answer.estimated)))
    if totals and (ratio := against_standard(answer.speed, rate, totals.standard_rate, estimated=answer.estimated)):
        found.append(("speed-up", ratio))
    found += _times(answer)
    if answer.usage:
        found.append(("tokens", tokens(answer.usage)))
        if (answer.thought or answer.usage.thinking_tokens) and not answer.thinking_shown:
            found.append(("thinking", _hidden(answer.usage)))
    found.append(("cost", cost(answer)))
    if answer.thread and answer.turn:
        found.append(("thread", f"{answer.thread}, turn {answer.turn}"))
    if totals:
        found.append(("session", session(totals)))
    if quota_words and answer.asked_speed == "fast":
        found.append(("fast quota", quota_words))
    return found


def asked(answer: "Answer") -> Facts:
    """When it was asked, to the minute: for what is read later."""
    return [("asked", f"{answer.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")] if answer.at else []


def telling_rate(answer: "Answer") -> float | None:
    """Its tokens a second, if they say something of the model."""
    return telling(answer.tokens_per_s, answer.usage.output_tokens) if answer.usage else None


def status(answer: "Answer", found: Facts | None = None) -> str:
    """The status line of an answer that has ended."""
    found = facts(answer) if found is None else found
    words = [f"{label} {value}" if label in _LABELLED else value for label, value in found]
    return SEPARATOR.join(part for part in (answer.ending, speed(answer), *words, answer.model) if part)


def against_standard(
    served: str | None, tokens_per_s: float | None, standard_rate: float | None, *, estimated: bool = False
) -> str | None:
    """ "2.4x your standard", for a fast answer where this session has measured standard ones."""
    if served != "fast" or not tokens_per_s or not standard_rate:
        return None
    return f"{'~' if estimated else ''}{tokens_per_s / standard_rate:.1f}x your standard"


def session(totals: Snapshot) -> str:
    """ "$0.0300", with what it leaves out; "list price" where another host than Anthropic's billed a part of it."""
    listed = " list price" if totals.list_price else ""
    unknown = f" + {totals.unknown} of unknown cost" if totals.unknown else ""
    return f"{dollars(totals.cost, estimated=totals.estimated)}{listed}{unknown}"


def _hidden(usage: Usage) -> str:
    """What the user did not see of the thinking; an estimate from what came cannot know how much that was."""
    if usage.thinking_tokens:
        return f"{usage.thinking_tokens:,} of them thinking, billed but not shown"
    return "and more for thinking, billed but not shown" if usage.estimated else "with thinking, billed but not shown"


def _times(answer: "Answer") -> Facts:
    times = [] if answer.ttft_s is None else [("first token", seconds(answer.ttft_s))]
    if answer.ttft_s is not None and answer.first_text_s is not None and answer.first_text_s - answer.ttft_s >= 0.1:
        times.append(("first text", seconds(answer.first_text_s)))
    if answer.duration_s is not None:
        times.append(("took", seconds(answer.duration_s)))
    return times
