"""A stream as the SDK sees it: order of events, usage, thinking, stop reasons."""

from __future__ import annotations

import json

import pytest

from fastmode_magic.simulator import Scenario
from fastmode_magic.simulator.wire import pieces


def events(client, **request):
    with client.messages.create(stream=True, **request) as stream:
        return list(stream)


def order(found):
    """The kinds of the events with runs of the same kind folded."""
    kinds = [each.type for each in found]
    return [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]


def text_of(found):
    deltas = [each.delta for each in found if each.type == "content_block_delta"]
    return "".join(delta.text for delta in deltas if delta.type == "text_delta")


def test_events_come_in_the_order_of_the_api(client, ask):
    assert order(events(client, **ask, speed="fast")) == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]


def test_message_start_is_a_whole_message_and_names_the_speed(client, ask):
    message = events(client, **ask, speed="fast")[0].message
    assert message.id.startswith("msg_")
    assert (message.role, message.model, message.content, message.stop_reason) == (
        "assistant",
        "claude-opus-5-5",
        [],
        None,
    )
    usage = message.usage
    assert (usage.speed, usage.service_tier, usage.inference_geo) == ("fast", "standard", "global")
    assert usage.input_tokens == (len("Explain SQL window functions.") + 3) // 4
    assert (usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (0, 0)
    assert usage.cache_creation.ephemeral_5m_input_tokens == usage.cache_creation.ephemeral_1h_input_tokens == 0
    assert usage.output_tokens == 1


def test_output_tokens_count_exactly_the_deltas(sim, client, ask):
    sim.script(Scenario(tokens=777))
    found = events(client, **ask)
    deltas = [each for each in found if each.type == "content_block_delta"]
    assert len(deltas) == 777
    assert found[-2].usage.output_tokens == 777
    assert found[-2].delta.stop_reason == "end_turn"


def test_ping_comes_after_message_start(client, ask):
    with client.messages.with_streaming_response.create(stream=True, **ask) as response:
        kinds = [line.removeprefix("event: ") for line in response.iter_lines() if line.startswith("event: ")]
    assert kinds[:3] == ["message_start", "ping", "content_block_start"]


def test_text_arrives_as_it_was_given(sim, client, ask):
    text = 'Ünï🚀 «x» 12345 "q" \\ \n\n\n   end\tof $x_1$'
    sim.script(Scenario(text=text))
    assert text_of(events(client, **ask)) == text


def test_the_whole_message_equals_the_stream(sim, client, ask):
    whole = client.messages.create(**ask, speed="fast")
    found = events(client, **ask, speed="fast")
    assert whole.content[0].text == text_of(found)
    assert whole.usage.speed == "fast"
    assert whole.usage.output_tokens == found[-2].usage.output_tokens
    assert whole.stop_reason == "end_turn"


def test_max_tokens_cuts_the_answer(client, ask):
    found = events(client, **{**ask, "max_tokens": 12})
    assert found[-2].usage.output_tokens == 12
    assert found[-2].delta.stop_reason == "max_tokens"


def test_an_answer_of_exactly_max_tokens_ends_by_itself(sim, client, ask):
    sim.script(Scenario(text="one two three"))
    room = len(pieces("one two three"))
    assert events(client, **{**ask, "max_tokens": room})[-2].delta.stop_reason == "end_turn"


def test_a_stop_sequence_ends_the_answer_before_itself(sim, client, ask):
    sim.script(Scenario(text="one two STOP three"))
    found = events(client, **ask, stop_sequences=["STOP"])
    assert text_of(found) == "one two "
    assert (found[-2].delta.stop_reason, found[-2].delta.stop_sequence) == ("stop_sequence", "STOP")


def test_thinking_is_empty_unless_asked_for(sim, client, ask):
    sim.script("thinking")
    found = events(client, **ask)
    kinds = [each.delta.type for each in found if each.type == "content_block_delta"]
    assert kinds[0] == "signature_delta"
    assert "thinking_delta" not in kinds
    assert found[0].message.usage.output_tokens_details.thinking_tokens == 0
    usage = found[-2].usage
    assert usage.output_tokens_details.thinking_tokens == 60
    assert usage.output_tokens == 60 + kinds.count("text_delta")


def test_thinking_is_summarised_when_asked_for(client, ask):
    found = events(client, **ask, thinking={"type": "adaptive", "display": "summarized"})
    starts = [each.content_block.type for each in found if each.type == "content_block_start"]
    deltas = [each.delta for each in found if each.type == "content_block_delta"]
    assert starts == ["thinking", "text"]
    thought = [delta.thinking for delta in deltas if delta.type == "thinking_delta"]
    assert len(thought) == 32
    assert "".join(thought).strip()
    assert [delta.type for delta in deltas].index("signature_delta") == 32


@pytest.mark.parametrize(("effort", "tokens"), [("high", 64), ("xhigh", 128), ("max", 256)])
def test_effort_makes_it_think(client, ask, effort, tokens):
    message = client.messages.create(**ask, output_config={"effort": effort})
    assert message.usage.output_tokens_details.thinking_tokens == tokens
    assert [block.type for block in message.content] == ["thinking", "text"]


@pytest.mark.parametrize("effort", ["low", "medium"])
def test_low_effort_shows_no_thinking(client, ask, effort):
    message = client.messages.create(**ask, output_config={"effort": effort})
    assert [block.type for block in message.content] == ["text"]


def test_max_tokens_bounds_thinking_and_text_together(sim, client, ask):
    sim.script(Scenario(thinking=50))
    message = client.messages.create(**{**ask, "max_tokens": 20})
    assert [block.type for block in message.content] == ["thinking"]
    assert (message.usage.output_tokens, message.stop_reason) == (20, "max_tokens")


def test_usage_can_be_overridden(sim, client, ask):
    sim.script(Scenario(usage={"cache_read_input_tokens": 900, "service_tier": None, "output_tokens": 5}))
    found = events(client, **ask)
    assert found[0].message.usage.cache_read_input_tokens == 900
    assert "service_tier" not in found[0].message.usage.model_fields_set
    assert found[-2].usage.output_tokens == 5


def test_the_beta_resource_gets_the_same_answer(sim, client, ask):
    message = client.beta.messages.create(**ask, speed="fast", betas=["fast-mode-2026-02-01"])
    assert message.usage.speed == "fast"
    recorded = sim.requests[-1]
    assert recorded.path == "/v1/messages"
    assert recorded.headers["anthropic-beta"] == "fast-mode-2026-02-01"


def test_every_event_carries_its_own_type(sim, client, ask):
    sim.script("unknown_events")
    with client.messages.with_streaming_response.create(stream=True, **ask) as response:
        lines = list(response.iter_lines())
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    types = [json.loads(line.removeprefix("data: "))["type"] for line in lines if line.startswith("data: ")]
    assert names == types
    assert "future_event" in names
