"""From the service's stream events to ours: the wire's words of a stream stand here."""

from collections.abc import Mapping
from typing import Any

from ..prompt.content import Block
from .blocks import Blocks
from .events import Event, Finished, Metered, Progressed, Started, TextDelta, ThinkingDelta
from .quota import Quota
from .usage import Usage, count


class Reading:
    """Reads one stream event after another; what it does not know it skips."""

    def __init__(self, request_id: str | None, quota: Quota, *, thinking: bool, gather: bool = False) -> None:
        self._request_id = request_id
        self._quota = quota
        self._thinking = thinking
        self._stop_reason: str | None = None
        self._explanation: str | None = None
        self._seen = Usage()
        self._counted = False
        self._blocks = Blocks() if gather else None  # only for who sends them back

    @property
    def content(self) -> tuple[Block, ...]:
        """The blocks of the answer, where they are gathered."""
        return self._blocks.content() if self._blocks else ()

    @property
    def usage(self) -> Usage | None:
        """What is known of the usage; None until the input was counted, for unknown is not zero."""
        return self._seen if self._counted else None

    def read(self, wire: Mapping[str, Any], at_s: float) -> Event | None:
        """The event that `wire` means, or None; `at_s` is when it came."""
        if self._blocks:
            self._blocks.read(wire)
        match wire.get("type"):
            case "content_block_delta":
                return self._content(wire.get("delta"), at_s)
            case "content_block_start":
                return self._content(wire.get("content_block"), at_s)
            case "content_block_stop":
                return Progressed(at_s, at_s)
            case "message_start":
                return self._started(wire.get("message"), at_s)
            case "message_delta":
                return self._metered(wire, at_s)
            case "message_stop":
                return Finished(self._stop_reason, self._explanation, at_s)
        return None

    def _content(self, part: object, at_s: float) -> Event:
        """A delta, or a block that starts: both say their kind in `type`."""
        if isinstance(part, dict):
            match part.get("type"):
                case "text_delta" | "text" if isinstance(text := part.get("text"), str) and text:
                    return TextDelta(at_s, at_s, text)
                case "thinking_delta" | "thinking" if isinstance(text := part.get("thinking"), str) and text:
                    return ThinkingDelta(at_s, at_s, text) if self._thinking else Progressed(at_s, at_s, thinking=True)
                case "input_json_delta" if isinstance(text := part.get("partial_json"), str):
                    return Progressed(at_s, at_s, text)
                case "thinking" | "thinking_delta" | "signature_delta" | "redacted_thinking":
                    return Progressed(at_s, at_s, thinking=True)
        return Progressed(at_s, at_s)

    def _started(self, message: object, at_s: float) -> Event:
        message = message if isinstance(message, dict) else {}
        self._use(message.get("usage"))
        model = message.get("model")
        name = model if isinstance(model, str) else None
        return Started(name, self._request_id, self.usage, self._quota, at_s, self._seen.speed)

    def _metered(self, wire: Mapping[str, Any], at_s: float) -> Event | None:
        self._use(wire.get("usage"))
        delta = wire.get("delta")
        if isinstance(delta, dict):
            reason, details = delta.get("stop_reason"), delta.get("stop_details")
            self._stop_reason = reason if isinstance(reason, str) else self._stop_reason
            if isinstance(details, dict):
                said = [details.get("category"), details.get("explanation")]
                self._explanation = ": ".join(part for part in said if isinstance(part, str)) or None
        counted = count(_at(wire.get("usage"), "output_tokens")) is not None
        return Metered(self.usage, at_s, self._stop_reason) if self.usage and counted else None

    def _use(self, wire: object) -> None:
        self._seen = self._seen.overwritten(wire)
        self._counted = self._counted or count(_at(wire, "input_tokens")) is not None


def _at(wire: object, name: str) -> object:
    return wire.get(name) if isinstance(wire, dict) else None
