"""An answer as the message that the API sends: its beginning, its content, its usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastmode_magic.simulator.answers import Answer
from fastmode_magic.simulator.scenario import Scenario

_DELTA_USAGE = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens")


def begun(id_: str, model: str, answer: Answer, scenario: Scenario, usage: Mapping[str, Any]) -> dict[str, Any]:
    """The message of `message_start`: everything but its content and its end."""
    early = {**usage, "output_tokens": min(1, answer.output_tokens), "service_tier": "standard"}
    if answer.thinking_tokens is not None:
        early["output_tokens_details"] = {"thinking_tokens": 0}
    return {
        "id": id_,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": _overridden(early, scenario),
    }


def content(answer: Answer) -> list[dict[str, Any]]:
    """The content blocks of an answer."""
    found: list[dict[str, Any]] = []
    if answer.thinking_tokens is not None and answer.redacted:
        found.append({"type": "redacted_thinking", "data": answer.signature})
    elif answer.thinking_tokens is not None:
        found.append({"type": "thinking", "thinking": "".join(answer.thinking), "signature": answer.signature})
    if answer.text:
        found.append({"type": "text", "text": "".join(answer.text)})
    return found + [call.block for call in answer.calls]


def whole(begun_: Mapping[str, Any], answer: Answer, usage: Mapping[str, Any]) -> dict[str, Any]:
    """The message of a request that does not stream, from its beginning and its last usage."""
    end = {key: getattr(answer, key) for key in ("stop_reason", "stop_sequence", "stop_details")}
    return {**begun_, "content": content(answer), **end, "usage": {**begun_["usage"], **usage}}


def final_usage(usage: Mapping[str, Any], answer: Answer, scenario: Scenario) -> dict[str, Any]:
    """The cumulative usage of `message_delta`, which has fewer keys than that of `message_start`."""
    final = {key: usage[key] for key in _DELTA_USAGE if key in usage} | {"output_tokens": answer.output_tokens}
    if answer.thinking_tokens is not None:
        final["output_tokens_details"] = {"thinking_tokens": answer.thinking_tokens}
    known = {key: value for key, value in scenario.usage.items() if key in final or key == "server_tool_use"}
    return _overridden(final, replace(scenario, usage=known))


def _overridden(usage: dict[str, Any], scenario: Scenario) -> dict[str, Any]:
    return {key: value for key, value in {**usage, **scenario.usage}.items() if value is not None}
