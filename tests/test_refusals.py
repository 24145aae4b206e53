"""classify: every row of the facts' table, and what counts more: code, headers, then messages."""

import pytest

from fastmode_magic.claude.refusals import Meaning, Refusal, ServiceError, classify, fast_input_limit

LIMIT_0 = "This request would exceed your rate limit of 0 fast mode input tokens per minute (org: x)."
LIMIT_2M = "This request would exceed your rate limit of 2,000,000 fast mode input tokens per minute (org: x)."
LIMIT_999 = "This request would exceed your rate limit of 999 fast mode input tokens per minute (org: x)."
LIMIT_999_OUT = "This request would exceed your rate limit of 999 fast mode output tokens per minute (org: x)."
CREDITS = "Usage credits are required for fast mode."
DISABLED = "Fast mode is not enabled for your organization. Ask an admin."
NO_SPEED = "'claude-sonnet-5' does not support the `speed` parameter."
EXTRA = "speed: Extra inputs are not permitted"
CAP = "You have reached your specified API usage limits. You will regain access on 2026-12-01."


def fast(kind="input", limit=2_000_000, remaining=2_000_000):
    stem = f"anthropic-fast-{kind}-tokens"
    return {f"{stem}-limit": str(limit), f"{stem}-remaining": str(remaining)}


def requests(remaining):
    return {"anthropic-ratelimit-requests-limit": "50", "anthropic-ratelimit-requests-remaining": str(remaining)}


def limit(message="", code=None, headers=None, retry_after_s=3.0):
    return ServiceError(429, "rate_limit_error", code, message, retry_after_s, headers or {})


def meaning(error, *, asked_fast=True):
    return classify(error, fast=asked_fast, input_tokens=1_000).meaning


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (limit(headers=fast(remaining=0)), Meaning.FAST_POOL_EMPTY),
        (limit(headers=fast("output", remaining=0)), Meaning.FAST_POOL_EMPTY),
        (limit(headers=fast(remaining=999)), Meaning.FAST_POOL_EMPTY),  # the prompt has about 1,000 tokens
        (limit(LIMIT_2M), Meaning.FAST_POOL_EMPTY),
        (limit(LIMIT_0), Meaning.NO_FAST_CAPACITY),
        (limit(LIMIT_999), Meaning.LARGER_THAN_POOL),
        (limit(LIMIT_999_OUT), Meaning.FAST_POOL_EMPTY),
        (limit(headers=fast(limit=999, remaining=999)), Meaning.LARGER_THAN_POOL),
        (limit(headers=fast(limit=999, remaining=0)), Meaning.LARGER_THAN_POOL),
        (limit(headers=fast(limit=0, remaining=0)), Meaning.NO_FAST_CAPACITY),
        (limit(CREDITS, retry_after_s=None), Meaning.NO_CREDITS),
        (ServiceError(400, "invalid_request_error", message=DISABLED), Meaning.FAST_DISABLED),
        (ServiceError(400, "invalid_request_error", message=NO_SPEED), Meaning.MODEL_WITHOUT_FAST),
        (ServiceError(400, "invalid_request_error", message=EXTRA), Meaning.HEADER_MISSING),
        (limit(code="ramp_limit_exceeded"), Meaning.OTHER_LIMIT),
        (limit(headers=fast(remaining=1_000)), Meaning.OTHER_LIMIT),
        (limit(headers=requests(0)), Meaning.OTHER_LIMIT),
        (limit(), Meaning.UNEXPLAINED_LIMIT),
        (
            limit("Number of requests has exceeded your rate limit of 50 requests per minute."),
            Meaning.OTHER_LIMIT,
        ),
        (limit("This request would exceed your rate limit of 30,000 input tokens per minute."), Meaning.OTHER_LIMIT),
        (limit("Slow down.", headers=requests(7)), Meaning.UNEXPLAINED_LIMIT),
        (limit(code="enforced_spend_limit_reached", retry_after_s=None), Meaning.SPEND_CAP),
        (limit(code="contract_spend_limit_reached", retry_after_s=None), Meaning.SPEND_CAP),
        (ServiceError(400, "invalid_request_error", message=CAP), Meaning.SPEND_CAP),
        (ServiceError(402, "billing_error"), Meaning.SPEND_CAP),
        (ServiceError(529, "overloaded_error"), Meaning.OVERLOADED),
        (ServiceError(500, "api_error"), Meaning.TRANSIENT),
        (ServiceError(502), Meaning.TRANSIENT),
        (ServiceError(503), Meaning.TRANSIENT),
        (ServiceError(504, "timeout_error"), Meaning.TRANSIENT),
        (ServiceError(408), Meaning.TRANSIENT),
        (ServiceError(409), Meaning.TRANSIENT),
        (ServiceError(None, broken="no connection"), Meaning.TRANSIENT),
        (ServiceError(200, "overloaded_error"), Meaning.OVERLOADED),
        (ServiceError(200, "api_error"), Meaning.TRANSIENT),
        (ServiceError(200), Meaning.TRANSIENT),
        (ServiceError(200, "invalid_request_error"), Meaning.DENIED),
        (ServiceError(400, "invalid_request_error", message="messages: too few"), Meaning.DENIED),
        (ServiceError(401, "authentication_error"), Meaning.DENIED),
        (ServiceError(403, "permission_error"), Meaning.DENIED),
        (ServiceError(404, "not_found_error"), Meaning.DENIED),
        (ServiceError(413, "request_too_large"), Meaning.DENIED),
    ],
)
def test_a_fast_request(error, expected):
    assert classify(error, fast=True, input_tokens=1_000) == Refusal(expected, error)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (limit(), Meaning.OTHER_LIMIT),
        (limit(LIMIT_0, headers=fast(limit=0, remaining=0)), Meaning.OTHER_LIMIT),
        (limit(code="enforced_spend_limit_reached"), Meaning.SPEND_CAP),
        (ServiceError(400, message=NO_SPEED), Meaning.DENIED),
        (ServiceError(529, "overloaded_error"), Meaning.OVERLOADED),
    ],
)
def test_a_standard_request_is_not_refused_for_its_speed(error, expected):
    assert meaning(error, asked_fast=False) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        # the code before the headers
        (limit(code="ramp_limit_exceeded", headers=fast(remaining=0)), Meaning.OTHER_LIMIT),
        (limit(code="enforced_spend_limit_reached", headers=fast(limit=0, remaining=0)), Meaning.SPEND_CAP),
        # the code before the message
        (limit(LIMIT_0, code="ramp_limit_exceeded"), Meaning.OTHER_LIMIT),
        (limit(CREDITS, code="contract_spend_limit_reached"), Meaning.SPEND_CAP),
        # the headers before the message
        (limit(LIMIT_2M, headers=fast(limit=0, remaining=0)), Meaning.NO_FAST_CAPACITY),
        (limit(LIMIT_0, headers=fast(remaining=0)), Meaning.FAST_POOL_EMPTY),
        (limit(LIMIT_2M, headers=requests(0)), Meaning.OTHER_LIMIT),
    ],
)
def test_code_then_headers_then_messages(error, expected):
    assert meaning(error) is expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (limit(LIMIT_2M), 2_000_000),
        (limit(LIMIT_0), 0),
        (limit(LIMIT_999_OUT), None),
        (limit(LIMIT_999, headers=fast(limit=2_000)), 2_000),  # headers are exact
        (limit("rate limit of , fast mode input tokens"), None),
        (limit(f"rate limit of {'9' * 5_000} fast mode input tokens"), None),
        (limit("rate limit of 30,000 input tokens per minute."), None),
        (ServiceError(400, message=LIMIT_2M), None),
    ],
)
def test_the_limit_of_the_fast_pool(error, expected):
    assert fast_input_limit(error) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("You said: " + DISABLED, Meaning.DENIED),
        ("You said: " + CAP, Meaning.DENIED),
        ("temperature: Extra inputs are not permitted", Meaning.DENIED),
    ],
)
def test_only_the_quoted_messages_count(message, expected):
    assert meaning(ServiceError(400, message=message)) is expected


@pytest.mark.parametrize("found", Meaning)
def test_each_meaning_has_a_reason_of_its_own(found):
    reasons = {other: Refusal(other, ServiceError(429)).reason for other in Meaning}
    assert reasons[found]
    assert list(reasons.values()).count(reasons[found]) == 1
