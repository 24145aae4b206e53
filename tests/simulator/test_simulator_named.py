"""Every scenario that has a name does what its name says; one without an expectation fails here."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import anthropic
import httpx2
import pytest

from fastmode_magic.simulator import SCENARIOS, Scenario

FAST = {
    f"anthropic-fast-{kind}-tokens-{end}" for kind in ("input", "output") for end in ("limit", "remaining", "reset")
}
REQUESTS = {f"anthropic-ratelimit-requests-{end}" for end in ("limit", "remaining", "reset")}
STANDARD = {
    f"anthropic-ratelimit-{kind}-{end}"
    for kind in ("requests", "tokens", "input-tokens", "output-tokens")
    for end in ("limit", "remaining", "reset")
}


def limits(headers):
    return {key for key in headers if "anthropic-fast-" in key or "anthropic-ratelimit-" in key}


@dataclass(frozen=True)
class Refused:
    """An HTTP error: class of the SDK, status, type, a part of the sentence, code, seconds, rate limit headers."""

    error: type[anthropic.APIStatusError]
    status: int
    type: str | None
    says: str
    code: str | None = None
    retry_after: str | None = None
    limits: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Broken:
    """A stream that fails after so many deltas with this exception, or ends early when that is None."""

    error: type[Exception] | None
    deltas: int


@dataclass(frozen=True)
class Whole:
    """A stream that ends as it should."""

    stop_reason: str = "end_turn"
    speed: str | None = "fast"
    deltas: int | None = None
    limits: set[str] = field(default_factory=lambda: FAST | REQUESTS)


LIMIT = anthropic.RateLimitError
BAD = anthropic.BadRequestError
POOL = "exceed your rate limit of 2,000,000 fast mode input tokens per minute"
EMPTY = {"anthropic-fast-input-tokens-remaining": "0", "anthropic-fast-output-tokens-remaining": "0"}
ZERO = {"anthropic-fast-input-tokens-limit": "0", "anthropic-fast-output-tokens-limit": "0"}
OPEN = {"anthropic-ratelimit-requests-remaining": "0", "anthropic-fast-output-tokens-remaining": "400000"}

EXPECTED: dict[str, Any] = {
    "fast_pool_empty": Refused(LIMIT, 429, "rate_limit_error", POOL, None, "3", FAST | REQUESTS, EMPTY),
    "fast_pool_empty_bare": Refused(LIMIT, 429, "rate_limit_error", POOL, None, "3"),
    "no_fast_capacity": Refused(
        LIMIT, 429, "rate_limit_error", "rate limit of 0 fast mode input tokens", None, "60", FAST | REQUESTS, ZERO
    ),
    "no_credits": Refused(LIMIT, 429, "rate_limit_error", "Usage credits are required for fast mode."),
    "fast_disabled": Refused(BAD, 400, "invalid_request_error", "Fast mode is not enabled for your organization. "),
    "model_without_fast": Refused(
        BAD, 400, "invalid_request_error", "'claude-opus-5-5' does not support the `speed` parameter."
    ),
    "header_missing": Refused(BAD, 400, "invalid_request_error", "speed: Extra inputs are not permitted"),
    "fast_overloaded": Refused(anthropic.OverloadedError, 529, "overloaded_error", "Overloaded"),
    "requests_limit": Refused(LIMIT, 429, "rate_limit_error", "requests per minute", None, "2", FAST | REQUESTS, OPEN),
    "ramp_limit": Refused(LIMIT, 429, "rate_limit_error", "ramp limit", "ramp_limit_exceeded", "5"),
    "unexplained_429": Refused(LIMIT, 429, "rate_limit_error", "Rate limited"),
    "spend_cap_429_enforced": Refused(LIMIT, 429, "rate_limit_error", "spend limit", "enforced_spend_limit_reached"),
    "spend_cap_429_contract": Refused(LIMIT, 429, "rate_limit_error", "spend limit", "contract_spend_limit_reached"),
    "spend_cap_400": Refused(BAD, 400, "invalid_request_error", "You have reached your specified API usage limits"),
    "spend_cap_402": Refused(anthropic.PaymentRequiredError, 402, "billing_error", "credit balance"),
    "overloaded": Refused(anthropic.OverloadedError, 529, "overloaded_error", "Overloaded"),
    "server_error": Refused(anthropic.InternalServerError, 500, "api_error", "Internal server error"),
    "bad_gateway": Refused(anthropic.InternalServerError, 502, None, "<h1>502 Bad Gateway</h1>"),
    "unavailable": Refused(anthropic.ServiceUnavailableError, 503, "api_error", "Service Unavailable"),
    "gateway_timeout": Refused(anthropic.GatewayTimeoutError, 504, "timeout_error", "timed out"),
    "request_timeout": Refused(anthropic.RequestTimeoutError, 408, "timeout_error", "timed out"),
    "conflict": Refused(anthropic.ConflictError, 409, "conflict_error", "conflicts"),
    "unauthorized": Refused(anthropic.AuthenticationError, 401, "authentication_error", "invalid x-api-key"),
    "forbidden": Refused(anthropic.PermissionDeniedError, 403, "permission_error", "does not have permission"),
    "not_found": Refused(anthropic.NotFoundError, 404, "not_found_error", "model: claude-opus-5-5"),
    "thinking_signature": Refused(
        BAD, 400, "invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block"
    ),
    "too_large": Refused(anthropic.ContentTooLargeError, 413, "request_too_large", "maximum size"),
    "connection_reset": Broken(anthropic.APIConnectionError, 0),
    "error_mid_stream": Broken(anthropic.APIStatusError, 20),
    "error_before_text": Broken(anthropic.APIStatusError, 0),
    "cut": Broken(httpx2.RemoteProtocolError, 20),
    "eof": Broken(None, 20),
    "reset_mid_stream": Broken(httpx2.ReadError, 20),
    "stall": Broken(httpx2.ReadTimeout, 20),
    "bad_json": Broken(ValueError, 20),
    "bad_utf8": Broken(UnicodeDecodeError, 20),
    "ok": Whole(),
    "stall_pings": Whole(),
    "slow_first_byte": Whole(),
    "silent_standard": Whole(speed="standard", limits=STANDARD),
    "speed_absent": Whole(speed=None),
    "thinking": Whole(),
    "redacted_thinking": Whole(),
    "tool_call": Whole("tool_use", deltas=2),
    "tool_call_broken": Whole("tool_use"),
    "invalid_json": Whole(),
    "max_tokens": Whole("max_tokens", deltas=50),
    "refusal": Whole("refusal", deltas=0),
    "refusal_mid": Whole("refusal", deltas=25),
    "pause_turn": Whole("pause_turn", deltas=30),
    "context_window_exceeded": Whole("model_context_window_exceeded", deltas=30),
    "unknown_events": Whole(),
    "gateway_no_headers": Whole(limits=set()),
    "gateway_renamed_headers": Whole(limits={f"llm_provider-{key}" for key in FAST | REQUESTS}),
}


def test_every_name_has_an_expectation():
    assert set(EXPECTED) == set(SCENARIOS)


def names_of(kind):
    return [name for name, expected in EXPECTED.items() if isinstance(expected, kind)]


@pytest.mark.parametrize("name", names_of(Refused))
def test_refused(sim, client, ask, name):
    expected = EXPECTED[name]
    sim.script(name)
    with pytest.raises(expected.error) as caught:
        client.messages.create(stream=True, speed="fast", **ask)
    error = caught.value
    headers = error.response.headers
    assert (error.status_code, error.type, error.error_code) == (expected.status, expected.type, expected.code)
    assert expected.says in (error.api_message or error.message)
    assert headers.get("retry-after") == expected.retry_after
    assert limits(headers) == expected.limits
    assert {key: headers[key] for key in expected.values} == expected.values
    if expected.type is not None:
        assert error.body["request_id"] == error.request_id
        assert error.request_id.startswith("req_")


@pytest.mark.parametrize("name", names_of(Broken))
def test_broken(sim, client, ask, name):
    expected = EXPECTED[name]
    sim.script(name)
    seen = []
    # Only the stalled stream ever waits for this timeout.
    patient = client.with_options(timeout=0.3 if name == "stall" else 20)
    with nullcontext() if expected.error is None else pytest.raises(expected.error) as caught:
        for event in patient.messages.create(stream=True, speed="fast", **ask):
            seen.append(event.type)  # noqa: PERF401 - what came before the exception is the point
    if expected.error is anthropic.APIStatusError:
        assert (caught.value.status_code, caught.value.type) == (200, "overloaded_error")
        assert caught.value.body["request_id"] == caught.value.request_id
    assert seen.count("content_block_delta") == expected.deltas
    assert "message_stop" not in seen


@pytest.mark.parametrize("name", names_of(Whole))
def test_whole(simulate, client_of, clock, ask, name):
    expected = EXPECTED[name]
    sim = simulate(clock=clock, sleep=clock.sleep)
    sim.script(name)
    stream = client_of(sim).messages.create(stream=True, speed="fast", **ask)
    found = list(stream)
    kinds = [each.type for each in found]
    ends = [each for each in found if each.type == "message_delta"]
    assert kinds[0] == "message_start"
    assert kinds[-1] == "message_stop"
    assert ends[-1].delta.stop_reason == expected.stop_reason
    assert found[0].message.usage.speed == expected.speed
    assert expected.deltas is None or kinds.count("content_block_delta") == expected.deltas
    assert limits(stream.response.headers) == expected.limits


def test_waits_of_the_slow_scenarios(simulate, client_of, clock, ask):
    sim = simulate(clock=clock, sleep=clock.sleep)
    sim.script("slow_first_byte", "stall_pings")
    client_of(sim).messages.create(**ask)
    assert clock.slept[0] == 5.0
    clock.slept.clear()
    with client_of(sim).messages.with_streaming_response.create(stream=True, **ask) as response:
        kinds = [line for line in response.iter_lines() if line.startswith("event: ")]
    assert kinds.count("event: ping") == 1 + 3
    assert sum(clock.slept) == 3.0


def test_refusal_comes_with_details_and_before_any_content(sim, client, ask):
    sim.script("refusal")
    message = client.messages.create(**ask)
    assert message.content == []
    assert (message.stop_reason, message.stop_details.category) == ("refusal", "cyber")
    assert message.usage.output_tokens == 0


def test_speed_is_absent_and_not_null(sim, client, ask):
    sim.script("speed_absent")
    message = client.messages.create(**ask, speed="fast")
    assert "speed" not in message.usage.model_fields_set


def test_unknown_events_hide_nothing(sim, client, ask):
    sim.script(Scenario(text="plain words " * 20, unknown_events=True))
    found = list(client.messages.create(stream=True, **ask))
    kinds = {each.type for each in found}
    blocks = [each.content_block.type for each in found if each.type == "content_block_start"]
    deltas = [each.delta for each in found if each.type == "content_block_delta"]
    assert "future_event" in kinds
    assert blocks == ["future_block", "server_tool_use", "text"]
    assert {delta.type for delta in deltas} == {"future_delta", "input_json_delta", "text_delta"}
    assert "".join(delta.text for delta in deltas if delta.type == "text_delta") == "plain words " * 20
    usages = [each.usage.output_tokens for each in found if each.type == "message_delta"]
    assert usages == [1, sum(delta.type == "text_delta" for delta in deltas)]


@pytest.mark.parametrize("fault", ["cut", "eof", "reset"])
def test_faults_break_whole_messages_too(sim, client, ask, fault):
    sim.script(Scenario(fault=fault))
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**ask)


def test_an_error_event_becomes_a_status_without_a_stream(sim, client, ask):
    sim.script("error_mid_stream", Scenario(fault="error_event", error_type="api_error", error_message="x"))
    with pytest.raises(anthropic.OverloadedError):
        client.messages.create(**ask)
    with pytest.raises(anthropic.InternalServerError, match="'x'"):
        client.messages.create(**ask)


@pytest.mark.parametrize(
    "name", ["fast_pool_empty", "no_fast_capacity", "no_credits", "fast_disabled", "header_missing", "fast_overloaded"]
)
def test_as_the_default_a_refusal_of_fast_leaves_standard_alone(simulate, client_of, ask, name):
    client = client_of(simulate(scenario=name))
    with pytest.raises(anthropic.APIStatusError):
        client.messages.create(**ask, speed="fast")
    assert client.messages.create(**ask).usage.speed == "standard"


def test_as_the_default_any_other_refusal_meets_every_speed(simulate, client_of, ask):
    client = client_of(simulate(scenario="overloaded"))
    for speed in ({"speed": "fast"}, {}):
        with pytest.raises(anthropic.OverloadedError):
            client.messages.create(**ask, **speed)
