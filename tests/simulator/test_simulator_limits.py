"""Token buckets, their headers, and the 429 of what does not fit; the clock is moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import anthropic
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmode_magic.simulator import Scenario
from fastmode_magic.simulator.buckets import Bucket, through_gateway

WALL = datetime(2026, 11, 22, 10, 0, tzinfo=UTC).timestamp()


@pytest.fixture
def small(simulate, clock):
    """A simulator with 600 input and 1,200 output tokens a minute for fast: 10 and 20 a second."""
    return simulate(
        clock=clock, wall=lambda: WALL, sleep=clock.sleep, fast_limits=(600, 1_200), standard_limits=(6_000, 12_000)
    )


@pytest.fixture
def reply(small, client_of):
    """Asks with a prompt of so many tokens and an answer of so many, and gives the headers."""

    def ask(prompt=1, answer=1, model="claude-opus-5-5", **more):
        small.script(Scenario(tokens=answer))
        messages = [{"role": "user", "content": "abcd" * prompt}]
        client = client_of(small)
        return client.messages.with_raw_response.create(
            model=model, max_tokens=10_000, messages=messages, **more
        ).headers

    return ask


def limits(headers):
    return {key: value for key, value in headers.items() if key.startswith("anthropic-")}


def test_fast_has_six_headers_and_those_of_requests(reply):
    assert limits(reply(100, speed="fast")) == {
        "anthropic-ratelimit-requests-limit": "4000",
        "anthropic-ratelimit-requests-remaining": "3999",
        "anthropic-ratelimit-requests-reset": "2026-11-22T10:00:01Z",
        "anthropic-fast-input-tokens-limit": "600",
        "anthropic-fast-input-tokens-remaining": "500",
        "anthropic-fast-input-tokens-reset": "2026-11-22T10:00:10Z",
        "anthropic-fast-output-tokens-limit": "1200",
        "anthropic-fast-output-tokens-remaining": "1200",
        "anthropic-fast-output-tokens-reset": "2026-11-22T10:00:00Z",
    }


def test_standard_has_twelve_headers_and_none_of_fast(reply):
    assert limits(reply(1_000)) == {
        "anthropic-ratelimit-requests-limit": "4000",
        "anthropic-ratelimit-requests-remaining": "3999",
        "anthropic-ratelimit-requests-reset": "2026-11-22T10:00:01Z",
        "anthropic-ratelimit-input-tokens-limit": "6000",
        "anthropic-ratelimit-input-tokens-remaining": "5000",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-22T10:00:10Z",
        "anthropic-ratelimit-output-tokens-limit": "12000",
        "anthropic-ratelimit-output-tokens-remaining": "12000",
        "anthropic-ratelimit-output-tokens-reset": "2026-11-22T10:00:00Z",
        "anthropic-ratelimit-tokens-limit": "18000",
        "anthropic-ratelimit-tokens-remaining": "17000",
        "anthropic-ratelimit-tokens-reset": "2026-11-22T10:00:10Z",
    }


def test_a_prompt_that_does_not_fit_waits_exactly_retry_after(reply, clock):
    reply(600, speed="fast")
    with pytest.raises(anthropic.RateLimitError) as caught:
        reply(95, speed="fast")
    headers = caught.value.response.headers
    assert headers["retry-after"] == "10"
    assert headers["anthropic-fast-input-tokens-remaining"] == "0"
    assert "rate limit of 600 fast mode input tokens per minute" in caught.value.api_message
    clock.now += 9
    with pytest.raises(anthropic.RateLimitError):
        reply(95, speed="fast")
    clock.now += 1
    assert reply(95, speed="fast")["anthropic-fast-input-tokens-remaining"] == "5"


def test_a_refused_request_costs_nothing(reply, clock):
    reply(600, speed="fast")
    for _ in range(3):
        with pytest.raises(anthropic.RateLimitError):
            reply(600, speed="fast")
    clock.now += 60
    headers = reply(1, speed="fast")
    assert headers["anthropic-fast-input-tokens-remaining"] == "599"
    assert headers["anthropic-ratelimit-requests-remaining"] == "3999"


def test_output_is_charged_as_it_was_made(reply, clock):
    reply(1, 1_200, speed="fast")
    with pytest.raises(anthropic.RateLimitError, match="1,200 fast mode output tokens"):
        reply(1, speed="fast")
    clock.now += 30
    assert reply(1, speed="fast")["anthropic-fast-output-tokens-remaining"] == "600"


def test_a_stream_is_charged_while_it_runs_and_only_for_what_was_sent(small, client_of, ask, reply, clock):
    small.script(Scenario(tokens=400, rate=40.0))
    list(client_of(small).messages.create(stream=True, speed="fast", **ask))
    assert clock.now == pytest.approx(1_000 + 10)
    # 400 were taken in 10 s at 40 a second, while 20 a second came back.
    assert int(reply(speed="fast")["anthropic-fast-output-tokens-remaining"]) in (999, 1_000)
    clock.now += 60
    small.script(Scenario(tokens=900, fault="cut", fault_after=100))
    with pytest.raises(httpx2.RemoteProtocolError):
        list(client_of(small).messages.create(stream=True, speed="fast", **ask))
    assert reply(speed="fast")["anthropic-fast-output-tokens-remaining"] == "1100"


def test_speeds_have_pools_of_their_own(reply):
    reply(600, speed="fast")
    assert reply(1_000)["anthropic-ratelimit-input-tokens-remaining"] == "5000"


def test_all_opus_share_the_fast_pool_and_fable_has_another(reply):
    reply(600, speed="fast")
    with pytest.raises(anthropic.RateLimitError):
        reply(1, speed="fast", model="claude-opus-5", extra_headers={"anthropic-beta": "fast-mode-2026-02-01"})
    assert reply(10, speed="fast", model="claude-fable-5-2")["anthropic-fast-input-tokens-remaining"] == "590"


def test_requests_are_limited_too(simulate, client_of, clock, ask):
    client = client_of(simulate(clock=clock, requests_limit=2))
    client.messages.create(**ask)
    client.messages.create(**ask, speed="fast")
    with pytest.raises(anthropic.RateLimitError, match="2 requests per minute") as caught:
        client.messages.create(**ask, speed="fast")
    headers = caught.value.response.headers
    assert headers["retry-after"] == "30"
    assert headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert int(headers["anthropic-fast-input-tokens-remaining"]) > 0


def test_a_limit_of_zero_refuses_every_request(simulate, client_of, ask):
    client = client_of(simulate(fast_limits=(0, 0)))
    with pytest.raises(anthropic.RateLimitError, match="rate limit of 0 fast mode input tokens per minute") as caught:
        client.messages.create(**ask, speed="fast")
    assert caught.value.response.headers["anthropic-fast-input-tokens-limit"] == "0"
    assert client.messages.create(**ask).usage.speed == "standard"


def test_served_standard_charges_and_shows_standard(small, client_of, ask):
    small.script("silent_standard")
    headers = client_of(small).messages.with_raw_response.create(**ask, speed="fast").headers
    assert "anthropic-ratelimit-input-tokens-remaining" in headers
    assert int(headers["anthropic-ratelimit-input-tokens-remaining"]) < 6_000


@given(st.integers(1, 10**7), st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 300)), max_size=10))
def test_a_bucket_is_never_over_full_and_keeps_its_promise(limit, takes):
    now = 0.0
    bucket = Bucket(limit, lambda: now)
    for amount, pause in takes:
        bucket.take(amount)
        now += pause
        assert bucket.level() <= limit
    wait_s = bucket.wait_s(limit)
    now += wait_s
    assert bucket.level() >= limit - 1e-3


def test_gateways_touch_only_the_rate_limits():
    headers = {"request-id": "r", "anthropic-fast-input-tokens-limit": "1", "anthropic-ratelimit-tokens-limit": "2"}
    assert through_gateway(headers, None) == headers
    assert through_gateway(headers, "dropped") == {"request-id": "r"}
    assert through_gateway(headers, "renamed") == {
        "request-id": "r",
        "llm_provider-anthropic-fast-input-tokens-limit": "1",
        "llm_provider-anthropic-ratelimit-tokens-limit": "2",
    }
