"""What the API finds wrong with a request, and with which words."""

from __future__ import annotations

import json

import anthropic
import httpx2
import pytest

HEADERS = {"authorization": "Bearer sk-test", "anthropic-version": "2026-10-21"}
BODY = {"model": "claude-opus-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
GONE = object()
USER = {"role": "user", "content": "Hi"}

# change of the body, the sentence
WRONG = [
    ({"max_tokens": GONE}, "max_tokens: Field required"),
    ({"messages": GONE}, "messages: Field required"),
    ({"model": GONE}, "model: Field required"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"messages": "Hi"}, "messages: Input should be a valid list"),
    ({"messages": ["Hi"]}, "messages.0: Input should be a valid dictionary"),
    ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
    ({"messages": [{"content": "Hi"}]}, "messages.0.role: Field required"),
    ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role: Input should be 'user', 'assistant' or"),
    ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content: Input should be a valid string or list"),
    ({"messages": [{"role": "user", "content": " "}]}, "messages.0: user messages must have non-empty content"),
    ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages.0.content.0.type: Field required"),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        "messages: text content blocks must be non-empty",
    ),
    ({"messages": [USER, {"role": "assistant", "content": "{"}]}, "This model does not support assistant message"),
    ({"max_tokens": 0}, "max_tokens: Input should be greater than or equal to 1"),
    ({"max_tokens": "many"}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": 128_001}, "max_tokens: 128001 > 128000, which is the maximum allowed number of output tokens"),
    ({"temperature": 0.5}, "temperature: "),
    ({"top_p": 0.5}, "top_p: "),
    ({"top_k": 5}, "top_k: "),
    ({"thinking": {"type": "disabled"}}, "thinking: "),
    ({"thinking": {"type": "enabled", "budget_tokens": 2_000}}, "thinking: "),
    ({"thinking": {"type": "deep"}}, "thinking: Input tag 'deep'"),
    ({"thinking": {}}, "thinking.type: Field required"),
    ({"thinking": {"type": "adaptive", "display": "all"}}, "thinking.adaptive.display: Input should be"),
    ({"output_config": {"effort": "extreme"}}, "output_config.effort: Input should be 'low', 'medium', 'high'"),
    ({"output_config": "high"}, "output_config: Input should be a valid dictionary"),
    ({"tool_choice": {"type": "any"}}, "tool_choice: "),
    ({"tools": 5}, "tools: Input should be a valid list"),
    ({"system": 5}, "system: Input should be a valid string or list"),
    ({"speed": "ludicrous"}, "speed: Input should be 'standard' or 'fast'"),
    ({"speed": None}, "speed: Input should be 'standard' or 'fast'"),
    ({"sped": "fast"}, "sped: Extra inputs are not permitted"),
    ({"fallbacks": ["claude-opus-5"]}, "fallbacks: Extra inputs are not permitted"),
    ({"messages": [{"role": "user", "content": "abcd" * 1_000_001}]}, "prompt is too long: 1000001 tokens > 1000000"),
]


def changed(change):
    return {key: value for key, value in {**BODY, **change}.items() if value is not GONE}


@pytest.fixture
def post(sim):
    with httpx2.Client(base_url=sim.url) as client:

        def send(body, path="/v1/messages", headers=HEADERS):
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return client.post(path, content=content, headers=headers)

        yield send


@pytest.mark.parametrize(("change", "sentence"), WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_what_is_wrong_is_a_400_that_says_so(post, change, sentence):
    response = post(changed(change))
    body = response.json()
    assert response.status_code == 400
    assert body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error"
    assert body["error"]["message"].startswith(sentence)
    assert body["request_id"] == response.headers["request-id"]


def test_the_request_they_start_from_is_accepted(post):
    assert post(BODY).status_code == 200


@pytest.mark.parametrize(("content", "sentence"), [(b"{", "not valid JSON"), (b"[1]", "valid dictionary")])
def test_a_body_that_is_no_json_object(post, content, sentence):
    response = post(content)
    assert response.status_code == 400
    assert sentence in response.json()["error"]["message"]


def test_beta_fields_need_a_beta(post):
    response = post(changed({"fallbacks": []}), headers={**HEADERS, "anthropic-beta": "something"})
    assert response.status_code == 200
    assert post(changed({"fallbacks": []}), path="/v1/messages?beta=true").status_code == 200


def test_older_models_still_take_what_new_ones_refuse(post):
    body = changed({"model": "claude-haiku-4-5", "temperature": 0.5, "thinking": {"type": "disabled"}})
    body["messages"] = [USER, {"role": "assistant", "content": "{"}]
    assert post(body).status_code == 200


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({}, "x-api-key header is required"),
        ({"authorization": "Bearer"}, "x-api-key header is required"),
        ({"x-api-key": "sk-invalid"}, "invalid x-api-key"),
        ({"authorization": "Bearer invalid"}, "invalid x-api-key"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_credentials_are_needed(post, headers, sentence, path):
    response = post(BODY, path, {"anthropic-version": "2026-10-21", **headers})
    assert response.status_code == 401
    assert response.json()["error"] == {"type": "authentication_error", "message": sentence}


def test_either_credential_is_enough(post):
    assert post(BODY, headers={"x-api-key": "any", "anthropic-version": "x"}).status_code == 200


def test_the_version_is_needed(post):
    response = post(BODY, headers={"x-api-key": "any"})
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "anthropic-version: header is required"


@pytest.mark.parametrize("model", ["claude-opus-9", "gpt-x"])
def test_unknown_models_are_not_found(client, ask, model):
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.messages.create(**{**ask, "model": model})
    assert (caught.value.type, caught.value.api_message) == ("not_found_error", f"model: {model}")
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve(model)


def test_a_body_over_32_mb_is_too_large(post):
    response = post(b" " * (32 * 1024 * 1024) + b"{}")
    assert response.status_code == 413
    assert response.json()["error"]["type"] == "request_too_large"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/v1/messages", 405, "invalid_request_error"),
        ("POST", "/v1/models", 405, "invalid_request_error"),
        ("POST", "/v1/complete", 404, "not_found_error"),
        ("GET", "/favicon.ico", 404, "not_found_error"),
    ],
)
def test_other_addresses(sim, method, path, status, kind):
    response = httpx2.request(method, sim.url + path, headers=HEADERS)
    assert response.status_code == status
    assert response.json()["error"]["type"] == kind


def test_counting_costs_nothing_and_judges_speed(sim, client, ask):
    question = {key: value for key, value in ask.items() if key != "max_tokens"}
    counted = client.messages.count_tokens(**question, system="abcd" * 10, speed="fast").input_tokens
    assert counted == 10 + client.messages.count_tokens(**question).input_tokens
    assert counted == client.messages.create(**ask, system="abcd" * 10).usage.input_tokens
    with pytest.raises(anthropic.BadRequestError, match="speed"):
        client.messages.count_tokens(**{**question, "model": "claude-sonnet-5"}, speed="fast")
    sim.script("overloaded")
    assert client.messages.count_tokens(**question).input_tokens > 0
    with pytest.raises(anthropic.OverloadedError):
        client.messages.create(**ask)


def test_models_are_listed_in_the_shape_of_the_sdk(client):
    cards = list(client.models.list())
    ids = [card.id for card in cards]
    assert ids[0] == "claude-opus-5-5"
    assert len(set(ids)) == len(ids) == 13
    one = client.models.retrieve("claude-opus-5-5")
    assert one == cards[0]
    assert (one.display_name, one.max_tokens, one.max_input_tokens) == ("Claude Opus 5.5", 128_000, 1_000_000)
    assert one.created_at.year == 2026


def test_models_need_a_credential(sim):
    assert httpx2.get(f"{sim.url}/v1/models").status_code == 401
