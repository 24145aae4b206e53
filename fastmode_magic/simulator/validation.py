"""What the API finds wrong with a request, in its own words; the first thing found is the one that is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from fastmode_magic.simulator import contents, schemas, seals, tools
from fastmode_magic.simulator.models import CONTEXT_TOKENS, Model
from fastmode_magic.simulator.wire import FAST_BETA

_COUNTED = frozenset(
    {"model", "messages", "cache_control", "output_config", "speed", "system", "thinking", "tool_choice", "tools"}
    | {"user_profile_id", "workspace_id", "temperature", "top_p", "top_k"}
)
_CREATED = (
    _COUNTED
    | {"max_tokens", "container", "diagnostics", "inference_geo", "metadata", "service_tier"}
    | {"stop_sequences", "stream"}
)
_BETA = frozenset(
    {"billing_policy", "compaction", "context_management", "fallback_credit_token", "fallbacks", "mcp_servers"}
    | {"output_format", "thread"}
)
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_TURNS = ("user", "assistant", "system")


def missing(body: Mapping[str, Any], *, counting: bool = False) -> str | None:
    """The first required field that is not there."""
    required = ("model", "messages") if counting else ("max_tokens", "messages", "model")
    return next((f"{name}: Field required" for name in required if name not in body), None)


def problem(
    body: Mapping[str, Any],
    model: Model,
    today: date,
    betas: frozenset[str],
    *,
    counting: bool = False,
) -> str | None:
    """The sentence of the 400 that this request gets on that day, or None if there is nothing wrong with it."""
    found = _unknown(body, betas, counting=counting)
    found = found or next(_speed(body, model, today, betas), None)
    found = found or (None if counting else next(_max_tokens(body, model), None))
    found = found or next(_messages(body, model), None)
    found = found or next(_thinking(body, model, betas), None) or next(_choices(body, model), None)
    return found or next(_whole(body), None)


def too_long(tokens: int) -> str | None:
    """The sentence for a prompt that is longer than any context window."""
    return f"prompt is too long: {tokens} tokens > {CONTEXT_TOKENS} maximum" if tokens > CONTEXT_TOKENS else None


def _unknown(body: Mapping[str, Any], betas: frozenset[str], *, counting: bool) -> str | None:
    known = (_COUNTED if counting else _CREATED) | (_BETA if betas else frozenset())
    return next((f"{name}: Extra inputs are not permitted" for name in body if name not in known), None)


def _speed(body: Mapping[str, Any], model: Model, today: date, betas: frozenset[str]) -> Iterator[str]:
    if "speed" not in body:
        return
    match model.speed_rule(today):
        case "never" | "removed":
            yield f"'{model.id}' does not support the `speed` parameter."
        case "preview" if FAST_BETA not in betas:
            yield "speed: Extra inputs are not permitted"
    if body["speed"] not in ("fast", "standard"):
        yield "speed: Input should be 'standard' or 'fast'"


def _max_tokens(body: Mapping[str, Any], model: Model) -> Iterator[str]:
    asked = body["max_tokens"]
    if not isinstance(asked, int) or isinstance(asked, bool):
        yield "max_tokens: Input should be a valid integer"
    elif asked < 1:
        yield "max_tokens: Input should be greater than or equal to 1"
    elif asked > model.max_output:
        yield (
            f"max_tokens: {asked} > {model.max_output}, which is the maximum allowed number of output tokens "
            f"for {model.id}"
        )


def _messages(body: Mapping[str, Any], model: Model) -> Iterator[str]:
    messages = body["messages"]
    if not isinstance(messages, list):
        yield "messages: Input should be a valid list"
        return
    if not messages:
        yield "messages: at least one message is required"
        return
    for at, message in enumerate(messages):
        yield from _message(at, message)
    if messages[-1]["role"] == "assistant" and model.manners != "old":
        yield ("This model does not support assistant message prefill. The conversation must end with a user message.")


def _message(at: int, message: object) -> Iterator[str]:
    if not isinstance(message, Mapping):
        yield f"messages.{at}: Input should be a valid dictionary"
        return
    for key in ("role", "content"):
        if key not in message:
            yield f"messages.{at}.{key}: Field required"
    if message.get("role") not in _TURNS:
        yield f"messages.{at}.role: Input should be 'user', 'assistant' or 'system'"
    content = message.get("content")
    if not isinstance(content, str | list):
        yield f"messages.{at}.content: Input should be a valid string or list"
    elif not content or (isinstance(content, str) and not content.strip()):
        yield f"messages.{at}: user messages must have non-empty content"
    yield from contents.problems(at, message)


def _whole(body: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with parts that are sound each by itself."""
    yield from contents.too_many_marks(body)
    yield from tools.pairing_problems(body)
    strict = [tool["input_schema"] for tool in body.get("tools") or [] if tool.get("strict")]
    wanted = (body.get("output_config") or {}).get("format")
    yield from schemas.optional_problems([*strict, wanted["schema"]] if wanted else strict)


def _thinking(body: Mapping[str, Any], model: Model, betas: frozenset[str]) -> Iterator[str]:
    thinking = body.get("thinking", {"type": "adaptive"})
    if not isinstance(thinking, Mapping) or "type" not in thinking:
        yield "thinking.type: Field required"
        return
    kind = thinking["type"]
    if kind not in ("adaptive", "enabled", "disabled", "between_tools"):
        yield f"thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags"
    elif kind == "enabled" and model.manners != "old":
        yield (
            f"thinking: budgets are not supported by {model.id}. Use `thinking.type: adaptive` and "
            "`output_config.effort` instead."
        )
    elif kind == "disabled" and model.manners == "strict":
        yield f"thinking: {model.id} always thinks; `thinking.type: disabled` is not supported."
    if "block_binding" in thinking and seals.BINDING_BETA not in betas:
        yield f"thinking.{kind}.block_binding: Extra inputs are not permitted"
    if thinking.get("display", "omitted") not in ("summarized", "omitted", None):
        yield "thinking.adaptive.display: Input should be 'summarized' or 'omitted'"


def _choices(body: Mapping[str, Any], model: Model) -> Iterator[str]:
    for name in ("temperature", "top_p", "top_k"):
        if name in body and model.manners != "old":
            yield f"{name}: `{name}` is not supported by {model.id}."
    output = body.get("output_config", {})
    if not isinstance(output, Mapping):
        yield "output_config: Input should be a valid dictionary"
    elif output.get("effort") not in (None, *_EFFORTS):
        yield "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"
    elif output.get("format") is not None:
        yield from schemas.format_problems(output["format"])
    yield from tools.problems(body.get("tools") or [])
    yield from tools.choice_problems(body.get("tool_choice"), forced=model.manners != "strict")
    yield from contents.system_problems(body.get("system"))
