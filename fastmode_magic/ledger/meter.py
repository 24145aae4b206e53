"""One run as it is counted: folds events into text, times and usage. It reads no clock: events carry their times."""

from collections.abc import Iterable
from dataclasses import replace

from ..claude.events import (
    Called,
    Event,
    Failed,
    FellBack,
    Finished,
    Interrupted,
    Metered,
    Noted,
    Progressed,
    Retrying,
    Sent,
    Started,
    TextDelta,
    ThinkingDelta,
    Waiting,
)
from ..claude.usage import Speed, Usage
from ..prompt.tokens import BYTES_PER_TOKEN
from .pace import telling

USUAL_RATES = {"fast": 200, "standard": 80}  # tokens a second
TELLING_S = 0.25  # text that came for less time says little of the thinking before it


class Meter:
    """What is known of a run so far; every property is None while unknown."""

    def __init__(self) -> None:
        self._text = _Text()
        self._thinking = _Text()
        self._bytes = 0
        self._usage: Usage | None = None
        self._speed: str | None = None
        self._metered_bytes: int | None = None  # how much had come when the service counted last
        self.thought = False  # whether the model thought, shown or not
        self.stop_reason: str | None = None
        self.maybe_billed = False  # whether a request is out, or was lost, whose cost nobody told us
        self.uncounted = False  # whether one that was lost may have cost something, and the run went on
        self._began_s: float | None = None
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._first_text_s: float | None = None
        self.sent_s: float | None = None
        self.asked_speed: Speed | None = None  # of the attempt that was sent last
        self.requests = 0  # that were sent
        self.max_tokens: int | None = None  # of that attempt, where a budget has bounded it
        self.model: str | None = None
        self.request_id: str | None = None
        self.notices: list[str] = []
        self.fallback: str | None = None
        self.lost: list[Usage] = []
        self.earlier: list[Usage] = []  # of the requests before this one, which ended in calls of tools
        self._earlier_s = 0.0  # how long they streamed
        self._earlier_bytes = 0
        self._first: tuple[float | None, float | None] | None = None  # when the first was sent, its first token's wait
        self._text_s: float | None = None  # when the very first text came
        self._between = False  # whether what comes next begins a new paragraph
        self.now: Event | None = None  # the last event that says what the run is doing
        self.end: Finished | Interrupted | Failed | None = None

    def begin(self, at_s: float) -> None:
        """The run begins before its first event: the SDK may still be loading."""
        self._began_s = at_s

    def feed(self, events: Iterable[Event]) -> None:
        """Count some more events, in order."""
        for event in events:
            self._began_s = event.at_s if self._began_s is None else self._began_s
            self._count(event)

    @property
    def text(self) -> str:
        """The answer so far; it only ever grows."""
        return self._text.value

    @property
    def thinking(self) -> str:
        """The summary of the thinking so far."""
        return self._thinking.value

    @property
    def text_length(self) -> int:
        """Bytes of text and thinking so far, in UTF-8."""
        return self._bytes

    @property
    def speed(self) -> str | None:
        """The speed that the service says it serves."""
        return (self._usage.speed if self._usage else None) or self._speed

    @property
    def usage(self) -> Usage | None:
        """The usage so far, of all requests of the run."""
        whole = self.latest
        for one in reversed(self.earlier):
            whole = one.plus(whole) if whole else one
        return whole

    @property
    def latest(self) -> Usage | None:
        """The usage of the latest request; output after the service's last count is estimated, and marked so."""
        if self._usage is None or self._metered_bytes == self._bytes:
            return self._usage
        if self._metered_bytes is None:
            came = self._bytes - self._earlier_bytes
            tokens = max(round(came / BYTES_PER_TOKEN * (self._hidden or 1)), self._thought, self._usage.output_tokens)
        else:
            tokens = self._usage.output_tokens + round((self._bytes - self._metered_bytes) / BYTES_PER_TOKEN)
        most = max(self.max_tokens or tokens, self._usage.output_tokens)
        return replace(self._usage, output_tokens=min(tokens, most), estimated=True)

    @property
    def _thought(self) -> int:
        """Tokens of thinking that nobody saw, from the time it took at a usual pace; 0 once there is text to go by."""
        if not self.thought or self._thinking.value or self._first_text_s is not None or self._usage is None:
            return 0
        until_s = self.end.at_s if self.end else self._last_s
        return round((_between(self._first_s, until_s) or 0.0) * USUAL_RATES.get(self.speed or "", 0))

    @property
    def ttft_s(self) -> float | None:
        """Seconds from sending the (first) attempt that was answered to its first content event."""
        return self._first[1] if self._first else _between(self.sent_s, self._first_s)

    @property
    def first_text_s(self) -> float | None:
        """Seconds from sending the (first) attempt that was answered to its first text."""
        return _between(self._first[0] if self._first else self.sent_s, self._text_s)

    @property
    def duration_s(self) -> float | None:
        """Seconds from the beginning to the end, waits and failed attempts included; None while it goes on."""
        return _between(self._began_s, self.end.at_s if self.end else None)

    @property
    def tokens_per_s(self) -> float | None:
        """Output tokens, thinking included, a second from the first content event to the last.

        An estimate while the answer streams, and where the final count did not come.
        """
        usage, seconds = self.usage, (_between(self._first_s, self._last_s) or 0.0) + self._earlier_s
        if usage and usage.estimated and self._hidden is None:
            return None
        return usage.output_tokens / seconds if usage and usage.output_tokens and seconds else None

    @property
    def last_s(self) -> float | None:
        """When the last content came, on the clock of the events."""
        return self._last_s

    @property
    def _hidden(self) -> float | None:
        """How many times the output is what was seen of it: unseen thinking took its time at the same pace.

        None while nobody knows how much it thought.
        """
        if not self.thought or self._thinking.value:
            return 1.0
        whole_s, seen_s = _between(self._first_s, self._last_s), _between(self._first_text_s, self._last_s)
        return whole_s / seen_s if whole_s and seen_s and seen_s >= TELLING_S else None

    @property
    def telling_rate(self) -> float | None:
        """`tokens_per_s`, once it says something of the model."""
        return telling(self.tokens_per_s, self.usage.output_tokens) if self.usage else None

    def _count(self, event: Event) -> None:
        match event:
            case TextDelta(at_s=at_s, text=text):
                self._text.add(f"\n\n{text}" if self._between and self._text.value else text)
                self._between = False
                self._bytes += len(text.encode("utf-8", "replace"))
                self._first_text_s = at_s if self._first_text_s is None else self._first_text_s
                self._text_s = at_s if self._text_s is None else self._text_s
                self._content(at_s, event.until_s)
            case ThinkingDelta(at_s=at_s, text=text):
                self._thinking.add(text)
                self.thought = True
                self._bytes += len(text.encode("utf-8", "replace"))
                self._content(at_s, event.until_s)
            case Progressed(at_s=at_s, thinking=thinking):
                self.thought = self.thought or thinking
                self._bytes += len(event.text.encode("utf-8", "replace"))  # what a call is given is output, too
                self._content(at_s, event.until_s)
            case Metered(usage=usage, stop_reason=stop_reason):
                self._usage, self.stop_reason, self._metered_bytes = usage, stop_reason, self._bytes
            case Sent(at_s=at_s, speed=speed):
                self.sent_s, self.asked_speed, self.now, self.max_tokens = at_s, speed, event, event.max_tokens
                self.requests += 1
                self._first_s = self._last_s = self._usage = self._speed = self._metered_bytes = None
                self.stop_reason, self.maybe_billed, self._earlier_bytes = None, True, self._bytes
                self.thought = self.thought and bool(self.earlier)
            case Started(model=model, request_id=request_id, usage=usage):
                self.model, self.request_id, self._usage, self.now = model, request_id, usage, event
                self._speed = event.speed
            case Called() | Noted():
                self._pause(event)
            case FellBack(reason=reason, notice=notice, lost=lost, billed=billed):
                self.fallback, self.uncounted = reason, self.uncounted or (billed and lost is None)
                self._lose(lost)
                self.notices += [notice] if notice else []
            case Waiting() | Retrying():
                self.now = event
                self.maybe_billed = isinstance(event, Retrying) and event.billed and event.lost is None
                self.uncounted = self.uncounted or self.maybe_billed
                self._lose(event.lost if isinstance(event, Retrying) else None)
            case Finished(stop_reason=stop_reason):
                self._close()
                self.end, self.stop_reason = event, stop_reason or self.stop_reason
            case Interrupted():
                self._close()
                self.end = event
            case Failed(billed=billed):
                self._close()
                self.end, self.maybe_billed = event, billed and self.sent_s is not None

    def _pause(self, event: Called | Noted) -> None:
        """Something to know; or a request has ended and another will follow: keep what it used and how long it took."""
        if isinstance(event, Noted):
            self.notices.append(event.notice)
            return
        self.now = event
        self._first = self._first or (self.sent_s, self.ttft_s)
        self.earlier += [self.latest.asked_at(self.asked_speed)] if self.latest else []
        self._earlier_s += _between(self._first_s, self._last_s) or 0.0
        self._earlier_bytes = self._bytes
        self._usage = self._first_s = self._last_s = self._first_text_s = None
        self.maybe_billed, self._between = False, True

    def _close(self) -> None:
        self._text.close()
        self._thinking.close()

    def _lose(self, usage: Usage | None) -> None:
        """Keep what a failed attempt had used; the service's last count may be from before most of it came."""
        came = self.latest
        if usage and came and came.output_tokens > usage.output_tokens:
            usage = replace(usage, output_tokens=came.output_tokens, estimated=True)
        if usage:
            self.lost.append(usage.asked_at(self.asked_speed))
            self._usage = self._metered_bytes = None

    def _content(self, at_s: float, until_s: float) -> None:
        self._first_s = at_s if self._first_s is None else self._first_s
        self._last_s = until_s


def _between(start_s: float | None, end_s: float | None) -> float | None:
    return None if start_s is None or end_s is None else end_s - start_s


class _Text:
    """Text that only grows: half a surrogate pair waits for the other half, and is replaced if that never comes.

    `value` may be read by another thread than the one that adds.
    """

    def __init__(self) -> None:
        self.value = ""
        self._half = ""

    def add(self, text: str) -> None:
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        self.value += _whole(text)

    def close(self) -> None:
        self.value += _whole(self._half)
        self._half = ""


def _whole(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
