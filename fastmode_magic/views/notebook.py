"""The view of a run in a notebook: live by frames where a page can follow them, and the document that stays."""

from collections.abc import Callable
from typing import Any, Protocol

from ..answer import Answer
from ..ledger.meter import Meter
from . import document, progress, text
from . import protocol as page
from .stream import Stream

SHORTEST_S = 0.25  # between two updates of a document
GROWTH = 8  # an update with more text needs an eighth more: all updates together cost a few times the answer
EARLY_S = 0.5  # a page that is still making its view misses frames: a snapshot then, and at twice the time
EARLY_UNTIL_S = 8.0
UNFINISHED = "*The answer was still on its way when this was saved.*"


class Carrier(Protocol):
    """Brings a run to a page; a `late` one's view is still being made when the first frames come."""

    late: bool

    @property
    def alive(self) -> bool:
        """Whether there is still a page to bring it to."""

    def begin(self, whole: page.Answer) -> dict[str, object]:
        """Begin; returns what shows the run in its cell."""

    def frame(self, frame: page.Frame) -> None:
        """Send what is new."""

    def tell(self, status: page.Status) -> None:
        """Send what the session says."""

    def leave(self) -> None:
        """The document has taken the place of what was live."""


class NotebookView:
    """Shows a run in a notebook's output area, and leaves the document there.

    `carrier` finds what can bring frames to the page, None while nothing can: then the document itself is updated,
    seldom enough that its traffic stays linear. `bundled` says whether these documents carry our own MIME type.
    `ended` is told the run and its document.
    """

    def __init__(
        self,
        stream: Stream,
        carrier: Callable[[], Carrier | None] = lambda: None,
        *,
        bundled: Callable[[], bool] = lambda: False,
        ended: Callable[[str, dict[str, object]], None] = lambda _run, _bundle: None,
    ) -> None:
        self.stream = stream
        self._find = carrier
        self._bundled = bundled
        self._ended = ended
        self._carrier: Carrier | None = None
        self._handle: Any = None
        self._shown_length = 0
        self._shown_words = ""
        self._shown_s = float("-inf")
        self._began_s = 0.0
        self._early_s = EARLY_S

    def update(self, meter: Meter, now_s: float) -> None:
        """Show more, if enough has changed."""
        if self._carrier and not self._carrier.alive:
            self._carrier = None
        if self._carrier is None and (carrier := self._find()):
            self._carrier, self._began_s = carrier, now_s
            shown = carrier.begin(self.stream.whole(meter, now_s))
            self._show(shown | {"text/markdown": UNFINISHED, "text/plain": UNFINISHED.strip("*")})
        if self._carrier and self._carrier.late and self._is_early(now_s):
            self.stream.wanted = True
        frame = self.stream.frame(meter, now_s)
        if self._carrier is None:
            self._update_document(meter, now_s)
        elif frame:
            self._carrier.frame(frame)

    def close(self, answer: Answer, facts: text.Facts) -> None:
        """Leave the answer and its status line."""
        bundle = document.bundle(answer, facts, self.stream.pace.rates, self.stream.run)
        self._ended(self.stream.run, bundle)
        self._show(bundle)
        if self._carrier:
            self._carrier.leave()

    def tell(self, status: page.Status) -> None:
        """What the session says, for a widget; the lab extension hears it from the session."""
        if self._carrier and self._carrier.late:
            self._carrier.tell(status)

    def _is_early(self, now_s: float) -> bool:
        if now_s - self._began_s < self._early_s or self._early_s > EARLY_UNTIL_S:
            return False
        self._early_s *= 2
        return True

    def _update_document(self, meter: Meter, now_s: float) -> None:
        if now_s - self._shown_s < SHORTEST_S:
            return
        length = meter.text_length
        grown = length - self._shown_length > self._shown_length / GROWTH
        words = progress.words(meter, now_s)
        if grown or (not length and words != self._shown_words):
            self._shown_length, self._shown_words, self._shown_s = length, words, now_s
            live: dict[str, object] = {page.ANSWER_MIME: self.stream.whole(meter, now_s)} if self._bundled() else {}
            self._show(live | document.live(self.stream.shown(meter), words))

    def _show(self, bundle: dict[str, Any]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
