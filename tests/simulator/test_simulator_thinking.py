"""Thinking that is sent back: its signature binds it to its model, its words and the messages before it."""

from __future__ import annotations

import anthropic
import pytest

from fastmode_magic.simulator import Scenario

INVALID = "Invalid `signature` in `thinking` block"
ELSEWHERE = "The block is bound to a different conversation."
MARK = {"cache_control": {"type": "ephemeral"}}


@pytest.fixture
def talk(simulate, client_of, ask):
    """Asks with a history; `talk.first` is the history after one answer with thinking."""

    def started(**settings):
        sim = simulate(**settings)

        def of(messages, **more):
            request = {**ask, "output_config": {"effort": "high"}, "messages": messages, **more}
            return client_of(sim).messages.create(**request)

        question = {"role": "user", "content": "What is one row?"}
        of.sim = sim
        of.first = [question, {"role": "assistant", "content": _sent(of([question]))}, question]
        return of

    return started


def _sent(message):
    return [block.to_dict() for block in message.content]


def changed(messages, at, **fields):
    """The same messages with fields of the first block of one of them changed."""
    first, *others = messages[at]["content"]
    return [*messages[:at], {**messages[at], "content": [{**first, **fields}, *others]}, *messages[at + 1 :]]


def refusal(talk, messages, **more):
    with pytest.raises(anthropic.BadRequestError) as caught:
        talk(messages, **more)
    return caught.value.api_message


def test_a_conversation_of_many_turns_goes_on(talk):
    of = talk()
    messages = of.first
    for _ in range(3):
        message = of(messages)
        assert [block.type for block in message.content] == ["thinking", "text"]
        messages = [*messages, {"role": "assistant", "content": _sent(message)}, {"role": "user", "content": "On."}]
    signatures = {messages[at]["content"][0]["signature"] for at in range(1, len(messages), 2)}
    assert len(signatures) == 4


@pytest.mark.parametrize(
    "before",
    [
        {"role": "user", "content": [{"type": "text", "text": "What is one row?"}]},
        {"role": "user", "content": [{"type": "text", "text": "What is one row?", **MARK}]},
    ],
    ids=["as a block", "marked for the cache"],
)
def test_how_the_messages_before_are_written_makes_no_difference(talk, before):
    of = talk()
    assert of([before, *of.first[1:]]).stop_reason == "end_turn"


def test_another_question_before_it_is_another_conversation(talk):
    of = talk()
    says = refusal(of, [{"role": "user", "content": "Something else"}, *of.first[1:]])
    assert says.startswith(f"messages.1.content.0: {INVALID}. {ELSEWHERE} Remove the block, or set")
    assert says.endswith("requires the `thinking-binding-controls-2026-08-01` value in the `anthropic-beta` header.")


def test_another_place_is_another_conversation(talk):
    of = talk()
    question, answer, _ = of.first
    again = [question, {"role": "assistant", "content": "Yes."}, question, answer, question]
    assert refusal(of, again).startswith(f"messages.3.content.0: {INVALID}. {ELSEWHERE}")


@pytest.mark.parametrize(
    "fields",
    [{"signature": "c2ltdWxhdGVk"}, {"signature": ""}, {"signature": "bnVsbA=="}, {"thinking": "Something of mine."}],
    ids=["unknown", "empty", "null", "other words"],
)
def test_a_changed_block_is_refused(talk, fields):
    of = talk()
    assert refusal(of, changed(of.first, 1, **fields)) == f"messages.1.content.0: {INVALID}"


def test_another_model_does_not_take_it(talk):
    of = talk()
    assert refusal(of, of.first, model="claude-fable-5-2") == f"messages.1.content.0: {INVALID}"
    bare = [of.first[0], {"role": "assistant", "content": of.first[1]["content"][1:]}, of.first[2]]
    assert of(bare, model="claude-fable-5-2").stop_reason == "end_turn"


def test_a_changed_system_prompt_matters_only_where_thinking_is_preserved(talk):
    assert talk()(talk().first, system="Be brief.").stop_reason == "end_turn"
    of = talk(preserved_thinking=True)
    assert of(of.first).stop_reason == "end_turn"
    assert ELSEWHERE in refusal(of, of.first, system="Be brief.")
    tool = {"name": "add", "input_schema": {"type": "object"}}
    assert ELSEWHERE in refusal(of, of.first, tools=[tool])
    assert of(of.first, model="claude-fable-5-2").stop_reason == "end_turn"
    assert refusal(of, changed(of.first, 1, signature="x")) == f"messages.1.content.0: {INVALID}"


def test_it_can_be_dropped_with_the_beta(talk):
    of = talk()
    elsewhere = [{"role": "user", "content": "Something else"}, *of.first[1:]]
    drop = {"thinking": {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}}
    assert refusal(of, elsewhere, **drop) == "thinking.adaptive.block_binding: Extra inputs are not permitted"
    header = {"anthropic-beta": "thinking-binding-controls-2026-08-01"}
    assert of(elsewhere, extra_headers=header, **drop).stop_reason == "end_turn"
    assert refusal(of, elsewhere, extra_headers=header).endswith('to "drop_block".')


def test_counting_judges_it_too(talk, client_of):
    of = talk()
    with pytest.raises(anthropic.BadRequestError, match=ELSEWHERE):
        client_of(of.sim).messages.count_tokens(model="claude-opus-5-5", messages=[*of.first[:1], *of.first])


def test_redacted_thinking_is_bound_the_same_way(talk):
    of = talk()
    of.sim.script("redacted_thinking")
    question = of.first[0]
    message = of([question])
    assert [block.type for block in message.content] == ["redacted_thinking", "text"]
    assert message.usage.output_tokens_details.thinking_tokens == 60
    messages = [question, {"role": "assistant", "content": _sent(message)}, question]
    assert of(messages).stop_reason == "end_turn"
    assert refusal(of, changed(messages, 1, data="c2ltdWxhdGVk")) == (
        "messages.1.content.0: Invalid `data` in `redacted_thinking` block"
    )


def test_redacted_thinking_streams_in_one_piece(sim, client, ask):
    sim.script("redacted_thinking")
    found = list(client.messages.create(stream=True, **ask, thinking={"type": "adaptive", "display": "summarized"}))
    blocks = [each.content_block for each in found if each.type == "content_block_start"]
    assert [block.type for block in blocks] == ["redacted_thinking", "text"]
    assert blocks[0].data
    assert {each.delta.type for each in found if each.type == "content_block_delta"} == {"text_delta"}


def test_thinking_before_a_call_may_come_back_or_not(talk):
    of = talk()
    tool = {"name": "add", "input_schema": {"type": "object"}}
    question = {"role": "user", "content": "Call add."}
    message = of([question], tools=[tool])
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
    result = {"type": "tool_result", "tool_use_id": message.content[2].id, "content": "1"}
    for sent in (_sent(message), _sent(message)[1:], _sent(message)[2:]):
        turns = [question, {"role": "assistant", "content": sent}, {"role": "user", "content": [result]}]
        assert of(turns, tools=[tool]).stop_reason == "end_turn"


def test_the_stream_carries_the_same_signature(sim, client, ask):
    request = {**ask, "thinking": {"type": "adaptive", "display": "summarized"}}
    sim.script(*[Scenario(text="Yes.", thinking="I think.")] * 2)
    whole = client.messages.create(**request).content[0]
    with client.messages.stream(**request) as stream:
        streamed = stream.get_final_message().content[0]
    assert whole.thinking == "I think."
    assert whole.signature == streamed.signature
