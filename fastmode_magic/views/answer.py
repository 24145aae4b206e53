"""The answer as an anywidget, for front ends that carry widgets and not the lab extension. Imported when first used."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import anywidget
import traitlets

from .protocol import Answer, Frame, Status, ToKernel

STATIC = Path(__file__).parent / "static"
# what the page may take for a formula; a lone dollar is a price
_MATH = re.compile(r"\$\$|\$(?!\s)[^$`\n]+(?<!\s)\$(?!\d)|\\[(\[]")
_TAIL = 1_000  # characters: a formula may come in pieces


class AnswerWidget(anywidget.AnyWidget):
    """Follows one run: frames are messages, and `answer` is a snapshot for views that come late.

    `math` is the module that renders formulas, once one was seen: a busy kernel cannot be asked for it.
    """

    _esm = (STATIC / "answer.js").read_text("utf-8")
    answer = traitlets.Dict().tag(sync=True)
    math = traitlets.Unicode().tag(sync=True)


class WidgetCarrier:
    """Shows one run by a widget of its own."""

    late = True
    alive = True

    def __init__(self, receive: Callable[[ToKernel], None]) -> None:
        self._receive = receive
        self._widget: AnswerWidget | None = None
        self._tail = ""
        self._heard = False

    def begin(self, whole: Answer) -> dict[str, object]:
        """Make the widget; returns the bundle that shows it."""
        widget = self._widget = AnswerWidget(answer=whole)
        self.frame(Frame(run=whole["run"], whole=whole))
        widget.on_msg(lambda _widget, message, _buffers: self._hear(message))
        if hasattr(widget.comm, "_reply_subshell_for"):
            # ipykernel 7.4 sends replies to the shell that published last, which is the busy one
            cast("Any", widget.comm)._reply_subshell_for = lambda _data, default: default
        bundle, _ = cast("Any", widget._repr_mimebundle_())
        return {name: value for name, value in bundle.items() if name != "text/plain"}

    def frame(self, frame: Frame) -> None:
        """Send a frame."""
        assert self._widget is not None  # begun
        if not self._widget.math and self._has_formula(frame):
            self._widget.math = (STATIC / "math.js").read_text("utf-8")
        if "whole" in frame:
            self._widget.answer = dict(frame["whole"])
        else:
            self._widget.send({"frame": frame})

    def tell(self, status: Status) -> None:
        """Send what the session says."""
        assert self._widget is not None  # begun
        self._widget.send({"status": status})

    def leave(self) -> None:
        """The document has taken the widget's place."""
        assert self._widget is not None  # begun
        self._widget.layout.close()  # a widget of its own, which would stay
        self._widget.close()

    def _hear(self, message: ToKernel) -> None:
        """A view speaks. That it is heard while the run goes on is news to it: not every busy kernel can."""
        if self._widget is not None and not self._heard:
            self._heard = True
            self._widget.send({"heard": True})
        self._receive(message)

    def _has_formula(self, frame: Frame) -> bool:
        pieces = [frame[name]["text"] for name in ("text", "thinking") if name in frame]
        if "whole" in frame:
            pieces += [frame["whole"]["text"], frame["whole"]["thinking"]]
        new = self._tail + "".join(pieces)
        self._tail = new[-_TAIL:]
        return _MATH.search(new) is not None
