"""The answer as an anywidget, for front ends that carry widgets and not the lab extension. Imported when first used."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import anywidget
import traitlets

from .protocol import Answer, Frame, Status, ToKernel

STATIC = Path(__file__).parent / "static"
_MATH = re.compile(r"\$|\\[(\[]")


class AnswerWidget(anywidget.AnyWidget):
    """Follows one run: frames are messages, and `answer` is a snapshot for views that come late."""

    _esm = (STATIC / "answer.js").read_text("utf-8")
    answer = traitlets.Dict().tag(sync=True)


class WidgetCarrier:
    """Shows one run by a widget of its own."""

    late = True
    alive = True

    def __init__(self, receive: Callable[[ToKernel], None]) -> None:
        self._receive = receive
        self._widget: AnswerWidget | None = None
        self._math_sent = False

    def begin(self, whole: Answer) -> dict[str, object]:
        """Make the widget; returns the bundle that shows it."""
        widget = self._widget = AnswerWidget(answer=whole)
        widget.on_msg(lambda _widget, message, _buffers: self._receive(message))
        if hasattr(widget.comm, "_reply_subshell_for"):
            # ipykernel 7.4 sends replies to the shell that published last, which is the busy one
            cast("Any", widget.comm)._reply_subshell_for = lambda _data, default: default
        bundle, _ = cast("Any", widget._repr_mimebundle_())
        return {name: value for name, value in bundle.items() if name != "text/plain"}

    def frame(self, frame: Frame) -> None:
        """Send a frame."""
        assert self._widget is not None  # begun
        text = frame.get("text", {}).get("text", "")
        if not self._math_sent and _MATH.search(text):
            self._math_sent = True  # now: once it is busy, a kernel cannot be asked
            self._widget.send({"math": (STATIC / "math.js").read_text("utf-8")})
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
