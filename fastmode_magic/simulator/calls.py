"""Calls of tools: which tool the simulator calls, with what, and what it says of the results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastmode_magic.simulator.attachments import described
from fastmode_magic.simulator.conversation import Turn, asked, nested, turns
from fastmode_magic.simulator.findings import Findings
from fastmode_magic.simulator.instances import instance
from fastmode_magic.simulator.wire import pieces

_SHOWN_CHARS = 300
# Words that many names share: a prompt that says "get" does not mean every tool that gets something.
_COMMON = (
    "add and by call compute do fetch find for from get list load make of put read run save search set show the to "
    "tool update with write"
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a tool: `pieces` of one token each are the JSON of its input, perhaps cut off or broken."""

    name: str
    pieces: tuple[str, ...]
    id: str = ""

    @property
    def block(self) -> dict[str, Any]:
        """The `tool_use` block; what is no JSON object is an empty input."""
        try:
            given = json.loads("".join(self.pieces))
        except (ValueError, RecursionError):
            given = {}
        return {"type": "tool_use", "id": self.id, "name": self.name, "input": given if isinstance(given, dict) else {}}


def scripted(wanted: Iterable[Mapping[str, Any]], body: Mapping[str, Any]) -> tuple[Call, ...]:
    """The calls of a scenario: a call without `name` takes the first tool, one without `input` what the schema says."""
    tools = _callable(body)
    findings = Findings(asked(body).words)
    found = []
    for each in wanted:
        name = str(each.get("name") or (tools[0]["name"] if tools else "practice"))
        tool = next((tool for tool in tools if tool["name"] == name), None)
        given = each.get("input", _arguments(tool, findings) if tool else {})
        found.append(_call(name, given))
    return tuple(found)


def practised(body: Mapping[str, Any]) -> tuple[Call, ...]:
    """The calls that the prompt asks for: of the tools it names, or of the only one; none after a result."""
    turn, choice = asked(body), body.get("tool_choice") or {}
    tools = [] if choice.get("type") == "none" or turn.of("tool_result") else _callable(body)
    findings = Findings(turn.words)
    chosen = (
        [tool for tool in tools if tool["name"] == choice["name"]] if "name" in choice else _named(tools, turn.words)
    )
    if not chosen and (len(tools) == 1 or choice.get("type") == "any"):
        chosen = tools[:1]
    if choice.get("disable_parallel_tool_use"):
        chosen = chosen[:1]
    return tuple(_call(tool["name"], _arguments(tool, findings)) for tool in chosen)


def announced(calls: Iterable[Call]) -> str:
    """The sentence before some calls."""
    return f"I call {' and '.join(f'`{call.name}`' for call in calls)}."


def reported(turn: Turn, body: Mapping[str, Any]) -> str:
    """What each call returned whose result is in this turn."""
    names = {block["id"]: block["name"] for each in turns(body) for block in each.of("tool_use")}
    lines = []
    for result in turn.of("tool_result"):
        text = "\n".join(str(block.get("text", "")) for block in nested(result) if block.get("type") == "text")
        said = " ".join(part for part in (_shortened(text), described(nested(result))) if part)
        name = names.get(result["tool_use_id"], result["tool_use_id"])
        lines.append(
            f"`{name}` failed: {said}" if result.get("is_error") else f"`{name}` returned: {said or 'nothing'}"
        )
    return "\n\n".join(lines)


def within(calls: Iterable[Call], room: int) -> tuple[tuple[Call, ...], bool]:
    """The calls that fit into so many tokens, the last one perhaps cut off, and whether all of them did."""
    kept: list[Call] = []
    for call in calls:
        if room <= 0:
            return tuple(kept), False
        kept.append(replace(call, pieces=call.pieces[:room]))
        if len(call.pieces) > room:
            return tuple(kept), False
        room -= len(call.pieces)
    return tuple(kept), True


def _callable(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The tools that the client runs; the API's own are not simulated."""
    return [tool for tool in body.get("tools") or [] if isinstance(tool.get("input_schema"), Mapping)]


def _named(tools: list[Mapping[str, Any]], prompt: str) -> list[Mapping[str, Any]]:
    """The tools whose name, or the words of whose name, the prompt contains, as it comes to speak of them."""
    said = prompt.lower()
    words = re.findall(r"[a-z0-9]+", said)
    found = []
    for tool in tools:
        telling = _telling(tool["name"])
        exact = re.search(rf"(?<![\w-]){re.escape(tool['name'].lower())}(?![\w-])", said)
        if exact or telling <= set(words):
            found.append((exact.start() if exact else min(said.index(word) for word in telling), tool))
    return [tool for _, tool in sorted(found, key=lambda each: each[0])]


def _telling(name: str) -> set[str]:
    """The words of a name without the common ones, unless there are no others."""
    words = set(re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()))
    return words - set(_COMMON.split()) or words or {name}


def _arguments(tool: Mapping[str, Any], findings: Findings) -> Any:
    """An input that conforms to the tool's schema; what may be left out is, unless the prompt names it."""
    schema = tool["input_schema"]
    if isinstance(required := schema.get("required"), list):
        named = (name for name in schema.get("properties") or {} if name in required or name.lower() in findings.words)
        schema = {**schema, "properties": {name: schema["properties"][name] for name in named}}
    made = instance(schema, findings)
    return {} if made is None else made


def _call(name: str, given: object) -> Call:
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return Call(name, tuple(pieces(text)))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"
