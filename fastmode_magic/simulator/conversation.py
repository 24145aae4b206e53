"""A conversation as the API reads it: turns of content blocks, however the request wrote them down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Block = Mapping[str, Any]


@dataclass(slots=True)
class Turn:
    """Messages in a row of one role, which the API takes as one.

    `at` is the index of its last message; `blocks` are ((index of the message, index in its content), block).
    """

    at: int
    role: str
    blocks: list[tuple[tuple[int, int], Block]] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Block]:
        """Its blocks of these types."""
        return [block for _, block in self.blocks if block.get("type") in kinds]

    @property
    def words(self) -> str:
        """What of it is text."""
        return "\n".join(str(block.get("text", "")) for block in self.of("text"))


def blocks_of(content: object) -> list[Block]:
    """A `content` or `system` as blocks: a string is one block of text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []


def turns(body: Mapping[str, Any]) -> list[Turn]:
    """The turns of a request, oldest first."""
    found: list[Turn] = []
    for at, message in enumerate(body.get("messages") or []):
        if not found or found[-1].role != message.get("role"):
            found.append(Turn(at, str(message.get("role"))))
        found[-1].at = at
        found[-1].blocks += [((at, each), block) for each, block in enumerate(blocks_of(message.get("content")))]
    return found


def asked(body: Mapping[str, Any]) -> Turn:
    """The last turn of the user."""
    return next((turn for turn in reversed(turns(body)) if turn.role == "user"), Turn(0, "user"))


def turn_number(body: Mapping[str, Any]) -> int:
    """How often the user has spoken; results of tools are no speaking."""
    return sum(turn.role == "user" and len(turn.of("tool_result")) < len(turn.blocks) for turn in turns(body))


def nested(block: Block) -> list[Block]:
    """The blocks inside a `tool_result`."""
    return blocks_of(block.get("content")) if block.get("type") == "tool_result" else []


def all_blocks(body: Mapping[str, Any]) -> Iterator[Block]:
    """Every block of the prompt that may be marked for the cache: tools, system, messages, results."""
    yield from blocks_of(body.get("tools"))
    yield from blocks_of(body.get("system"))
    for message in body.get("messages") or []:
        for block in blocks_of(message.get("content")):
            yield block
            yield from nested(block)


def bare(value: Any) -> Any:
    """The same without marks for the cache and keys that say nothing, and with the content of results as blocks."""
    if isinstance(value, Mapping):
        kept = {key: bare(each) for key, each in value.items() if key != "cache_control" and each is not None}
        return kept | {"content": bare(blocks_of(kept["content"]))} if isinstance(kept.get("content"), str) else kept
    return [bare(each) for each in value] if isinstance(value, list) else value
