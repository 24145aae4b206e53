"""The scenarios that have a name: every refusal and every broken stream that a client must survive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastmode_magic.simulator.scenario import Refusal, Scenario

_EXCEEDED = (
    "This request would exceed your rate limit of {limit} fast mode input tokens per minute. For details, refer to: "
    "https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage."
)
_SPEND = "You have reached your specified API usage limits. You will regain access on the first of next month."


def _refused(status: int, type_: str, message: str, **more: Any) -> Scenario:
    return Scenario(refuse=Refusal(status, type_, message, **more))


def _fast_refused(status: int, type_: str, message: str, **more: Any) -> Scenario:
    return replace(_refused(status, type_, message, **more), fast_only=True)


REFUSED: dict[str, Scenario] = {
    "fast_pool_empty": _fast_refused(429, "rate_limit_error", _EXCEEDED, retry_after=3, fast_headers="empty"),
    "fast_pool_empty_bare": _fast_refused(429, "rate_limit_error", _EXCEEDED, retry_after=3),
    "no_fast_capacity": _fast_refused(
        429, "rate_limit_error", _EXCEEDED.replace("{limit}", "0"), retry_after=60, fast_headers="zero"
    ),
    "no_credits": _fast_refused(429, "rate_limit_error", "Usage credits are required for fast mode."),
    "fast_disabled": _fast_refused(
        400,
        "invalid_request_error",
        "Fast mode is not enabled for your organization. Contact your administrator to enable it.",
    ),
    "model_without_fast": _fast_refused(
        400, "invalid_request_error", "'{model}' does not support the `speed` parameter."
    ),
    "header_missing": _fast_refused(400, "invalid_request_error", "speed: Extra inputs are not permitted"),
    "fast_overloaded": _fast_refused(529, "overloaded_error", "Overloaded"),
    "requests_limit": _refused(
        429,
        "rate_limit_error",
        "This request would exceed your organization's rate limit of requests per minute.",
        retry_after=2,
        fast_headers="open",
        headers={"anthropic-ratelimit-requests-remaining": "0"},
    ),
    "ramp_limit": _refused(
        429,
        "rate_limit_error",
        "This request would exceed your organization's ramp limit, which caps how fast usage can grow.",
        error_code="ramp_limit_exceeded",
        retry_after=5,
    ),
    "unexplained_429": _refused(429, "rate_limit_error", "Rate limited"),
    "spend_cap_429_enforced": _refused(
        429,
        "rate_limit_error",
        "This request would exceed your organization's monthly spend limit.",
        error_code="enforced_spend_limit_reached",
    ),
    "spend_cap_429_contract": _refused(
        429,
        "rate_limit_error",
        "This request would exceed the spend limit of your organization's contract.",
        error_code="contract_spend_limit_reached",
    ),
    "spend_cap_400": _refused(400, "invalid_request_error", _SPEND),
    "spend_cap_402": _refused(402, "billing_error", "Your credit balance is too low to access the Claude API."),
    "overloaded": _refused(529, "overloaded_error", "Overloaded"),
    "server_error": _refused(500, "api_error", "Internal server error"),
    "bad_gateway": _refused(502, "api_error", "Bad Gateway", html=True),
    "unavailable": _refused(503, "api_error", "Service Unavailable"),
    "gateway_timeout": _refused(504, "timeout_error", "The request timed out. Try streaming it."),
    "request_timeout": _refused(408, "timeout_error", "Request timed out"),
    "conflict": _refused(409, "conflict_error", "The request conflicts with another one."),
    "unauthorized": _refused(401, "authentication_error", "invalid x-api-key"),
    "forbidden": _refused(
        403, "permission_error", "Your API key does not have permission to use the specified resource."
    ),
    "not_found": _refused(404, "not_found_error", "model: {model}"),
    "thinking_signature": _refused(
        400, "invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block"
    ),
    "too_large": _refused(413, "request_too_large", "Request exceeds the maximum size"),
}

ANSWERED: dict[str, Scenario] = {
    "ok": Scenario(),
    "connection_reset": Scenario(fault="no_response"),
    "error_mid_stream": Scenario(fault="error_event", fault_after=20),
    "error_before_text": Scenario(fault="error_event"),
    "cut": Scenario(fault="cut", fault_after=20),
    "eof": Scenario(fault="eof", fault_after=20),
    "reset_mid_stream": Scenario(fault="reset", fault_after=20),
    "stall": Scenario(fault="stall", fault_after=20),
    "stall_pings": Scenario(fault="stall_pings", fault_after=20),
    "bad_json": Scenario(fault="bad_json", fault_after=20),
    "bad_utf8": Scenario(fault="bad_utf8", fault_after=20),
    "silent_standard": Scenario(speed_served="standard", fast_only=True),
    "speed_absent": Scenario(speed_served=None),
    "slow_first_byte": Scenario(first_byte_s=5.0),
    "thinking": Scenario(thinking=60),
    "redacted_thinking": Scenario(thinking=60, redacted=True),
    # Whatever the prompt says, and again after every result: a model that never stops calling.
    "tool_call": Scenario(calls=({},)),
    "tool_call_broken": Scenario(calls=({"input": '{"city": "Par'},)),
    "invalid_json": Scenario(text='{"items": [{"name": "one"}, {"name": '),
    "max_tokens": Scenario(tokens=50, stop_reason="max_tokens"),
    "refusal": Scenario(
        tokens=0,
        stop_reason="refusal",
        stop_details={"type": "refusal", "category": "cyber", "explanation": "A safety classifier stopped the answer."},
    ),
    "refusal_mid": Scenario(
        tokens=25,
        stop_reason="refusal",
        stop_details={"type": "refusal", "category": None, "explanation": None},
    ),
    "pause_turn": Scenario(tokens=30, stop_reason="pause_turn"),
    "context_window_exceeded": Scenario(tokens=30, stop_reason="model_context_window_exceeded"),
    "unknown_events": Scenario(unknown_events=True),
    "gateway_no_headers": Scenario(gateway="dropped"),
    "gateway_renamed_headers": Scenario(gateway="renamed"),
}

SCENARIOS: dict[str, Scenario] = ANSWERED | REFUSED


def scenario_of(step: str | Scenario) -> Scenario:
    """The scenario itself, or the one of this name; ValueError lists the names there are."""
    if isinstance(step, Scenario):
        return step
    if step not in SCENARIOS:
        raise ValueError(f"There is no scenario {step!r}. There are: {', '.join(sorted(SCENARIOS))}.")
    return SCENARIOS[step]
