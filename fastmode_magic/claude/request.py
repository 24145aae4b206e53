"""From an Ask to the arguments of the SDK's `messages.create`: the only place where they are spelled."""

import base64
from typing import Any

from ..prompt.ask import Ask
from ..prompt.content import (
    Block,
    Document,
    HiddenThinking,
    Image,
    Message,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from ..prompt.tokens import estimate_tokens
from .catalog import BETA_HEADER, Model
from .usage import Speed

CACHE: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}


def build(ask: Ask, model: Model, speed: Speed, *, header: bool, since: tuple[Message, ...] = ()) -> dict[str, Any]:
    """Keyword arguments for `messages.create(stream=True)`; `betas` is there only with `header`.

    `since` are messages that came after the user's: calls of tools and their results. `speed` is left out unless it
    is fast: models without fast mode refuse the key itself.
    """
    return counted(ask, model, speed, header=header, since=since) | {"max_tokens": ask.max_tokens, "stream": True}


def counted(
    ask: Ask, model: Model, speed: Speed = "standard", *, header: bool = False, since: tuple[Message, ...] = ()
) -> dict[str, Any]:
    """Keyword arguments for `messages.count_tokens`: what `build` sends and what counts as input."""
    arguments: dict[str, Any] = {"model": model.id, "messages": _messages(ask, model, since)}
    if ask.system:
        arguments["system"] = _system(ask.system, model)
    if ask.tools:
        arguments["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.schema} for tool in ask.tools
        ]
    output: dict[str, Any] = {"effort": ask.effort} if ask.effort else {}
    if ask.shape:
        output["format"] = {"type": "json_schema", "schema": ask.shape.schema}
    if output:
        arguments["output_config"] = output
    if ask.thinking == "summary":
        arguments["thinking"] = {"type": "adaptive", "display": "summarized"}
    if speed == "fast":
        arguments["speed"] = "fast"
        if header:
            arguments["betas"] = [BETA_HEADER]
    return arguments


def _messages(ask: Ask, model: Model, since: tuple[Message, ...]) -> list[dict[str, Any]]:
    """All messages; where another request will begin with them, the prompt cache is asked to keep them."""
    messages = (*ask.messages, *since)
    if len(messages) == 1 and not ask.content and not _continues(ask):
        return [{"role": "user", "content": ask.prompt}]
    sent = [{"role": one.role, "content": [_block(block) for block in one.content]} for one in messages]
    if _continues(ask) and ask.estimated_input_tokens >= model.min_cacheable_tokens:
        last: list[dict[str, Any]] = sent[-1]["content"]  # type: ignore[assignment]
        last[-1] |= CACHE
    return sent


def _continues(ask: Ask) -> bool:
    return bool(ask.continuation or ask.tools)


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Image(media_type=kind, data=data):
            return {"type": "image", "source": _source(kind, data)}
        case Document(title=title, data=data):
            return {"type": "document", "source": _source("application/pdf", data), "title": title}
        case Thinking(text=text, signature=signature):
            return {"type": "thinking", "thinking": text, "signature": signature}
        case HiddenThinking(data=hidden):
            return {"type": "redacted_thinking", "data": hidden}
        case ToolUse(id=name_of_call, name=name, input=given):
            return {"type": "tool_use", "id": name_of_call, "name": name, "input": dict(given)}
        case ToolResult(id=name_of_call, content=content, failed=failed):
            result = {"type": "tool_result", "tool_use_id": name_of_call, "content": [_block(one) for one in content]}
            return result | ({"is_error": True} if failed else {})


def _source(kind: str, data: bytes) -> dict[str, Any]:
    return {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}


def _system(text: str, model: Model) -> str | list[dict[str, Any]]:
    if estimate_tokens(text) < model.min_cacheable_tokens:
        return text
    return [{"type": "text", "text": text, **CACHE}]
