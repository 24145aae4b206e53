"""What `speed` means to each model on each day."""

from __future__ import annotations

from datetime import date

import anthropic
import pytest

HEADER = {"anthropic-beta": "something-else, fast-mode-2026-02-01"}
UNSUPPORTED = "does not support the `speed` parameter."
EXTRA = "speed: Extra inputs are not permitted"

# model, day, with the beta header, what a fast request gets: the speed served or a part of the refusal
FAST = [
    ("claude-opus-5-5", date(2026, 10, 14), False, UNSUPPORTED),
    ("claude-opus-5-5", date(2026, 10, 15), False, "fast"),
    ("claude-opus-5-5", date(2026, 11, 22), True, "fast"),
    ("claude-fable-5-2", date(2026, 11, 8), False, UNSUPPORTED),
    ("claude-fable-5-2", date(2026, 11, 9), False, "fast"),
    ("claude-mythos-5-2", date(2026, 11, 22), False, "fast"),
    ("claude-opus-5", date(2026, 11, 22), False, EXTRA),
    ("claude-opus-5", date(2026, 11, 22), True, "fast"),
    ("claude-opus-4-8", date(2026, 11, 29), True, "fast"),
    ("claude-opus-4-8", date(2026, 11, 29), False, EXTRA),
    ("claude-opus-4-8", date(2026, 11, 30), True, UNSUPPORTED),
    ("claude-opus-4-8", date(2026, 11, 30), False, UNSUPPORTED),
    ("claude-opus-4-7", date(2026, 5, 11), True, UNSUPPORTED),
    ("claude-opus-4-7", date(2026, 5, 12), True, "fast"),
    ("claude-opus-4-7", date(2026, 7, 24), True, "fast"),
    ("claude-opus-4-7", date(2026, 7, 25), True, UNSUPPORTED),
    ("claude-opus-4-6", date(2026, 2, 6), True, UNSUPPORTED),
    ("claude-opus-4-6", date(2026, 2, 7), True, "fast"),
    ("claude-opus-4-6", date(2026, 6, 29), False, EXTRA),
    ("claude-opus-4-6", date(2026, 6, 30), True, "standard"),
    ("claude-opus-4-6", date(2026, 11, 22), False, "standard"),
    ("claude-sonnet-5-5", date(2026, 11, 22), True, UNSUPPORTED),
    ("claude-haiku-4-5", date(2026, 11, 22), False, UNSUPPORTED),
]


@pytest.mark.parametrize(("model", "today", "beta", "outcome"), FAST)
def test_fast_by_model_and_day(simulate, client_of, ask, model, today, beta, outcome):
    client = client_of(simulate(today=today))
    request = {**ask, "model": model, "speed": "fast", "extra_headers": HEADER if beta else {}}
    if outcome in ("fast", "standard"):
        assert client.messages.create(**request).usage.speed == outcome
        return
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**request)
    assert outcome in caught.value.api_message
    assert caught.value.type == "invalid_request_error"


def test_preview_models_need_the_header_for_standard_too(client, ask):
    preview = {**ask, "model": "claude-opus-5", "speed": "standard"}
    with pytest.raises(anthropic.BadRequestError, match=EXTRA):
        client.messages.create(**preview)
    assert client.messages.create(**preview, extra_headers=HEADER).usage.speed == "standard"


def test_models_without_fast_refuse_standard_too(client, ask):
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**{**ask, "model": "claude-sonnet-5"}, speed="standard")
    assert caught.value.api_message == "'claude-sonnet-5' does not support the `speed` parameter."


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-5"])
def test_null_is_refused(client, ask, model):
    with pytest.raises(anthropic.BadRequestError, match="speed"):
        client.messages.create(**{**ask, "model": model}, speed=None)


@pytest.mark.parametrize(
    ("model", "speed"),
    [("claude-opus-5-5", "standard"), ("claude-opus-4-7", "standard"), ("claude-haiku-5-5", None)],
)
def test_speed_is_reported_by_models_that_ever_had_fast(client, ask, model, speed):
    assert client.messages.create(**{**ask, "model": model}).usage.speed == speed


def test_the_silent_model_shows_the_headers_of_standard(client, ask):
    response = client.messages.with_raw_response.create(**{**ask, "model": "claude-opus-4-6"}, speed="fast")
    assert "anthropic-ratelimit-input-tokens-limit" in response.headers
    assert not [key for key in response.headers if key.startswith("anthropic-fast-")]


def test_extra_models_keep_the_rule_they_were_given(simulate, client_of, ask):
    extra = {"claude-next-1": "ga", "claude-next-2": "preview", "claude-next-3": "never"}
    client = client_of(simulate(extra_models=extra, today=date(2030, 1, 1)))
    request = {**ask, "speed": "fast"}
    assert client.messages.create(**{**request, "model": "claude-next-1"}).usage.speed == "fast"
    with pytest.raises(anthropic.BadRequestError, match=EXTRA):
        client.messages.create(**{**request, "model": "claude-next-2"})
    with pytest.raises(anthropic.BadRequestError, match="claude-next-3"):
        client.messages.create(**{**request, "model": "claude-next-3"})
    assert "claude-next-1" in {model.id for model in client.models.list()}


def test_an_extra_model_with_an_unknown_rule_is_an_error(simulate):
    with pytest.raises(ValueError, match="not 'sometimes'"):
        simulate(extra_models={"claude-next-1": "sometimes"})


def test_the_real_day_is_used_when_none_is_given(simulate, client_of, ask):
    # Opus 5.5 has been GA since before this test was written.
    assert client_of(simulate(today=None)).messages.create(**ask, speed="fast").usage.speed == "fast"
