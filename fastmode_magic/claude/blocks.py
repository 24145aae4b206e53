"""The content of one answer, block by block, as it must be sent back in a conversation."""

import json
from collections.abc import Mapping
from typing import Any

from ..prompt.content import Block, HiddenThinking, Text, Thinking, ToolUse


class Blocks:
    """Gathers the blocks of a stream; kinds that are not ours to send back are left out."""

    def __init__(self) -> None:
        self._started: dict[int, dict[str, Any]] = {}
        self._parts: dict[int, dict[str, list[str]]] = {}

    def read(self, wire: Mapping[str, Any]) -> None:
        """Take one event of the stream."""
        index = wire.get("index")
        if not isinstance(index, int):
            return
        match wire.get("type"), wire.get("content_block"), wire.get("delta"):
            case "content_block_start", dict() as block, _:
                self._started[index] = block
                self._parts[index] = {}
            case "content_block_delta", _, dict() as delta if (parts := self._parts.get(index)) is not None:
                for name in ("text", "thinking", "signature", "partial_json"):
                    if isinstance(piece := delta.get(name), str):
                        parts.setdefault(name, []).append(piece)

    def content(self) -> tuple[Block, ...]:
        """The blocks so far; those without anything in them are none."""
        found = (self._block(block, self._parts[at]) for at, block in self._started.items())
        return tuple(block for block in found if block is not None)

    @staticmethod
    def _block(block: dict[str, Any], parts: dict[str, list[str]]) -> Block | None:
        def whole(name: str) -> str:
            begun = block.get(name)
            return _sound((begun if isinstance(begun, str) else "") + "".join(parts.get(name, ())))

        match block.get("type"):
            case "text":
                return Text(whole("text")) if whole("text").strip() else None
            case "thinking":
                return Thinking(whole("thinking"), whole("signature")) if whole("signature") else None
            case "redacted_thinking":
                return HiddenThinking(whole("data")) if whole("data") else None
            case "tool_use":
                given, broken = _input(block.get("input"), whole("partial_json"))
                return ToolUse(str(block.get("id")), str(block.get("name")), given, broken)
        return None


def _input(begun: object, said: str) -> tuple[dict[str, Any], bool]:
    """What a call is given, and whether that could not be read."""
    try:
        given = json.loads(said) if said.strip() else begun
        json.dumps(given, allow_nan=False, ensure_ascii=False).encode()  # it must go back as it came
    except (ValueError, RecursionError):  # half a character is a ValueError, too
        return {}, True
    return (given, False) if isinstance(given, dict) else ({}, True)


def _sound(text: str) -> str:
    """Halves of one character that came in two pieces are made whole."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
