"""What the API finds wrong with the content blocks of a request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastmode_magic.simulator import attachments
from fastmode_magic.simulator.conversation import Block, all_blocks, nested

_KINDS = ("document", "image", "redacted_thinking", "text", "thinking", "tool_result", "tool_use")
_IN_RESULTS = ("document", "image", "text")
_MAX_MARKS = 4


def problems(at: int, message: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the blocks of the message at this index."""
    content = message.get("content")
    for each, block in enumerate(content if isinstance(content, list) else []):
        path = f"messages.{at}.content.{each}"
        yield from _kind(block, path, _KINDS)
        yield from _role(block["type"], str(message.get("role")), at)
        yield from _block(block, path)


def system_problems(system: object) -> Iterator[str]:
    """What is wrong with the system prompt."""
    if system is not None and not isinstance(system, str | list):
        yield "system: Input should be a valid string or list"
    for each, block in enumerate(system if isinstance(system, list) else []):
        yield from _kind(block, f"system.{each}", ("text",))
        yield from _text(block, "system", f"system.{each}")


def too_many_marks(body: Mapping[str, Any]) -> Iterator[str]:
    """The sentence for more marks for the cache than the API keeps; one for the whole request counts too."""
    marks = sum(bool(block.get("cache_control")) for block in all_blocks(body)) + bool(body.get("cache_control"))
    if marks > _MAX_MARKS:
        yield f"A maximum of {_MAX_MARKS} blocks with cache_control may be provided. Found {marks}."


def _kind(block: object, path: str, kinds: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(block, Mapping) or "type" not in block:
        yield f"{path}.type: Field required"
    elif block["type"] not in kinds:
        expected = ", ".join(f"'{kind}'" for kind in kinds)
        yield (
            f"{path}: Input tag '{block['type']}' found using 'type' does not match any of the expected tags: "
            f"{expected}"
        )


def _role(kind: str, role: str, at: int) -> Iterator[str]:
    if kind == "tool_use" and role != "assistant":
        yield f"messages.{at}: `tool_use` blocks can only be in `assistant` messages"
    elif kind == "tool_result" and role != "user":
        yield f"messages.{at}: `tool_result` blocks can only be in `user` messages"
    elif kind in ("thinking", "redacted_thinking") and role != "assistant":
        yield f"messages.{at}.content: thinking blocks may only be in `assistant` messages"


def _block(block: Block, path: str) -> Iterator[str]:
    match block["type"]:
        case "text":
            yield from _text(block, "messages", f"{path}.text")
        case "image" | "document":
            yield from attachments.problems(block, path)
        case "tool_use":
            yield from _fields(block, f"{path}.tool_use", {"id": str, "name": str, "input": dict})
        case "tool_result":
            yield from _result(block, f"{path}.tool_result")
        case "thinking":
            yield from _fields(block, f"{path}.thinking", {"signature": str, "thinking": str})
        case "redacted_thinking":
            yield from _fields(block, f"{path}.redacted_thinking", {"data": str})
    if "thinking" in block["type"] and "cache_control" in block:
        yield f"{path}.{block['type']}.cache_control: Extra inputs are not permitted"


def _text(block: Block, part: str, path: str) -> Iterator[str]:
    if not isinstance(block.get("text"), str):
        yield f"{path}.text: Field required" if "text" not in block else f"{path}.text: Input should be a valid string"
    elif not block["text"] and block.get("cache_control"):
        yield f"{path}: cache_control cannot be set for empty text blocks"
    elif not block["text"]:
        yield f"{part}: text content blocks must be non-empty"
    elif not block["text"].strip():
        yield f"{part}: text content blocks must contain non-whitespace text"


def _result(block: Block, path: str) -> Iterator[str]:
    yield from _fields(block, path, {"tool_use_id": str})
    content = block.get("content")
    if not isinstance(content, str | list | None):
        yield f"{path}.content: Input should be a valid string or list"
    if block.get("is_error") and not content:
        yield f"{path}: content cannot be empty if `is_error` is true"
    for each, inner in enumerate(content if isinstance(content, list) else []):
        yield from _kind(inner, f"{path}.content.{each}", _IN_RESULTS)
    for each, inner in enumerate(nested(block) if isinstance(content, list) else []):
        yield from _block(inner, f"{path}.content.{each}")


def _fields(block: Block, path: str, required: Mapping[str, type]) -> Iterator[str]:
    for name, kind in required.items():
        if name not in block:
            yield f"{path}.{name}: Field required"
        elif not isinstance(block[name], kind):
            yield f"{path}.{name}: Input should be a valid {'string' if kind is str else 'dictionary'}"
