"""The plain view of a notebook: one Markdown display, updated seldom enough that its traffic stays linear."""

from typing import Any

from ..answer import Answer
from ..ledger.meter import Meter
from . import document, progress

SHORTEST_S = 0.25  # between two updates
GROWTH = 8  # an update with more text needs an eighth more: all updates together cost a few times the answer


class MarkdownView:
    """Shows a run in a notebook's output area, and leaves the document there."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._shown_length = 0
        self._shown_words = ""
        self._shown_s = float("-inf")

    def update(self, meter: Meter, now_s: float) -> None:
        """Show more, if enough has changed."""
        if now_s - self._shown_s < SHORTEST_S:
            return
        length = meter.text_length
        grown = length - self._shown_length > self._shown_length / GROWTH
        words = progress.words(meter, now_s)
        if grown or (not length and words != self._shown_words):
            self._shown_length, self._shown_words, self._shown_s = length, words, now_s
            self._show(document.live(meter.text, words))

    def close(self, answer: Answer, status: str) -> None:
        """Leave the answer and its status line."""
        self._show(document.bundle(answer, status))

    def _show(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
