"""A run under way, and what shows it."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from .answer import Answer
from .claude.engine import Run
from .claude.errors import Ending, Interrupted
from .claude.events import Called, Event, Failed, Finished, Noted
from .claude.events import Interrupted as Stopped
from .ledger.meter import Meter
from .prompt.ask import Ask

if TYPE_CHECKING:
    from .booking import Booking
    from .calling import Calls
    from .prompt.content import Message
    from .prompt.keys import Keys
    from .views.lab import Place
    from .views.protocol import Status
    from .views.stream import Stream
    from .views.text import Facts


class View(Protocol):
    """What shows a run while it goes on."""

    def update(self, meter: Meter, now_s: float) -> None:
        """Something came, or a tenth of a second passed."""

    def tell(self, status: "Status") -> None:
        """How the session goes, now and then."""

    def close(self, answer: Answer, facts: "Facts") -> None:
        """The run has ended; `facts` are those of its status line."""


@dataclass(slots=True)
class Running:
    """What was asked, what has come, and where it is shown."""

    ask: Ask
    run: Run
    stream: "Stream"
    began: datetime
    view: View | None = None
    place: "Place | None" = None  # None where that is not known, or the cell was run again
    practice: bool = False  # whether the simulator in this kernel answers
    counted: bool = False  # whether the totals have it
    booking: "Booking | None" = None  # its place in the ledger
    calls: "Calls | None" = None  # the functions that the answer may have called
    data: object = None  # what the answer is as --schema wants it, and what is wrong with it
    invalid: Ending | None = None
    owner: int | None = None  # the thread that follows it, where that is the one that asked
    meter: Meter = field(default_factory=Meter)
    answer: Answer | None = None  # the whole of it, once it has ended
    _over: Ending | None = None

    def follow(self, clock: Callable[[], float], each: Callable[[], None]) -> bool:
        """Show the run until it ends; `each` is called at each frame. Returns whether the user pressed Stop.

        A view that fails raises what it will, and the run is stopped: what came is in the meter.
        """
        try:
            for frame in self.run.frames():
                self.meter.feed(frame)
                if self.view:
                    self.view.update(self.meter, clock())
                each()
                if self.booking and (over := self.booking.exceeded(self.meter, self.began)):
                    self.meter.feed(self.run.stop())
                    self._over = over
                    return False
                self._call(frame, clock)
        except KeyboardInterrupt:
            return True
        except BaseException:
            self.view = None
            self.meter.feed(self.run.stop())
            raise
        return False

    def ended(self) -> bool:
        """Whether it has ended, though that may not be shown yet."""
        return self.answer is not None

    @property
    def came(self) -> "tuple[Message, ...]":
        """The messages that followed the user's, where the stream came to its end and they were gathered."""
        return self.meter.end.messages if isinstance(self.meter.end, Finished) else ()

    def _call(self, frame: list[Event], clock: Callable[[], float]) -> None:
        """Call what the frame wants called, and say so."""
        for event in frame:
            if isinstance(event, Called) and self.calls:
                results, told = [], len(self.calls.made)
                for result in self.calls.results(event.uses, lambda: self.run.interrupted):
                    results.append(result)
                    self.meter.feed(Noted(f"Called {call}", clock()) for call in self.calls.made[told:])
                    told = len(self.calls.made)
                self.run.reply(tuple(results))

    def end(self, *, interrupted: bool) -> Ending | None:
        """Stop the run, if the user did; returns what kept the answer from its end."""
        if self._over:
            return self._over
        if interrupted:
            self.meter.feed(self.run.stop())
        if interrupted or isinstance(self.meter.end, Stopped):
            kept = "What came is kept and bound to `_`." if self.meter.text else "Nothing had come; run it again."
            return Interrupted("You stopped the answer.", kept)
        return self.meter.end.error if isinstance(self.meter.end, Failed) else None


def stream_of(ask: Ask, began: datetime, standard_rate: float | None, *, background: bool, deaf: bool) -> "Stream":
    """What a page is sent of a run; `deaf` where its kernel hears no page while a cell runs."""
    from .views.stream import DATA_FENCE, Stream

    return Stream(
        uuid4().hex[:12],
        ask.model,
        "fast" if ask.fast else "standard",
        standard_rate=standard_rate,
        background=background,
        at=began,
        deaf=deaf,
        before=DATA_FENCE if ask.shape else "",
    )


def calls_of(ask: Ask, allowance: int, keys: "Keys") -> "Calls | None":
    """What calls the functions that an ask offers, with results of `allowance` tokens at most; None without any."""
    if not ask.tools:
        return None
    from .calling import Calls

    return Calls(ask.tools, ask.max_calls, allowance, input if ask.confirm else None, keys)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A second press of Stop does not come between an answer and its record."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
