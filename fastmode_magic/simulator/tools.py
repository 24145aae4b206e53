"""What the API finds wrong with tools, and with calls of them that have no result."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastmode_magic.simulator import schemas
from fastmode_magic.simulator.conversation import Turn, turns

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_KEYS = frozenset(
    {"allowed_callers", "cache_control", "defer_loading", "description", "eager_input_streaming", "input_examples"}
    | {"input_schema", "name", "strict", "type"}
)
_CHOICES = ("any", "auto", "none", "tool")


def problems(tools: object) -> Iterator[str]:
    """What is wrong with the `tools` of a request."""
    if not isinstance(tools, list):
        yield "tools: Input should be a valid list"
        return
    for at, tool in enumerate(tools):
        if not isinstance(tool, Mapping):
            yield f"tools.{at}: Input should be a valid dictionary"
        elif tool.get("type") in (None, "custom"):
            yield from _tool(tool, f"tools.{at}.custom")
    names = [str(tool.get("name")) for tool in tools]
    if len(set(names)) < len(names):
        yield "tools: Tool names must be unique."


def choice_problems(choice: object, *, forced: bool) -> Iterator[str]:
    """What is wrong with `tool_choice`; `forced` is whether the model lets itself be forced to call."""
    kind = choice.get("type") if isinstance(choice, Mapping) else None
    if kind in ("any", "tool") and not forced:
        yield 'tool_choice: type "tool" and "any" are not supported for this model.'
    elif choice is not None and kind not in _CHOICES:
        expected = ", ".join(f"'{name}'" for name in _CHOICES)
        yield f"tool_choice: Input tag '{kind}' found using 'type' does not match any of the expected tags: {expected}"


def pairing_problems(body: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with calls and results: each call has one result, and results open the next message."""
    seen: set[str] = set()
    waiting: list[str] = []
    after = 0
    for turn in turns(body):
        yield from _results(turn, waiting, after)
        waiting, after = [], turn.at
        for (at, each), block in turn.blocks:
            if block.get("type") == "tool_use":
                if block["id"] in seen:
                    yield f"messages.{at}.content.{each}: `tool_use` ids must be unique"
                seen.add(block["id"])
                waiting.append(block["id"])
    yield from _missing(waiting, after)
    if seen and not body.get("tools"):
        yield "Requests which include `tool_use` or `tool_result` blocks must define tools."


def _results(turn: Turn, waiting: list[str], after: int) -> Iterator[str]:
    """What is wrong with the results in a turn that follows the message `after` with the calls in `waiting`."""
    found: list[str] = []
    for (at, each), block in turn.blocks:
        if block.get("type") != "tool_result":
            continue
        name, place = block["tool_use_id"], f"messages.{at}.content.{each}"
        if name not in waiting:
            yield (
                f"{place}: unexpected `tool_use_id` found in `tool_result` blocks: {name}. Each `tool_result` block "
                "must have a corresponding `tool_use` block in the previous message."
            )
        if name in found:
            yield (
                f"{place}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {name}"
            )
        found.append(name)
    kinds = [block.get("type") for _, block in turn.blocks]
    first = next((at for at, kind in enumerate(kinds) if kind != "tool_result"), len(kinds))
    yield from _missing([name for name in waiting if name not in found[:first]], after)


def _missing(names: list[str], at: int) -> Iterator[str]:
    if names:
        yield (
            f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: "
            f"{', '.join(names)}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
            "message."
        )


def _tool(tool: Mapping[str, Any], path: str) -> Iterator[str]:
    for key in tool:
        if key not in _KEYS:
            yield f"{path}.{key}: Extra inputs are not permitted"
    for key, kind, words in (("name", str, "string"), ("input_schema", Mapping, "dictionary")):
        if key not in tool:
            yield f"{path}.{key}: Field required"
        elif not isinstance(tool[key], kind):
            yield f"{path}.{key}: Input should be a valid {words}"
    if not _NAME.fullmatch(tool["name"]):
        yield f"{path}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
    schema = tool["input_schema"]
    if "type" not in schema:
        yield f"{path}.input_schema.type: Field required"
    elif schema["type"] != "object":
        yield f"{path}.input_schema.type: Input should be 'object'"
    elif any(key in schema for key in ("oneOf", "allOf", "anyOf")):
        yield f"{path}.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
    elif not schemas.is_schema(schema):
        yield f"{path}.input_schema: {schemas.NO_SCHEMA}"
    if tool.get("strict") and (found := schemas.problem(schema)):
        yield f"{path}: {found}"
