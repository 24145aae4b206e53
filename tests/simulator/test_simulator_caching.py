"""The prompt cache: written once, read for a while, missed by another model, speed or effort."""

from __future__ import annotations

import pytest

from fastmode_magic.simulator import Scenario

LONG = "abcd" * 600  # 600 tokens; Opus 5.5 caches from 512 on


@pytest.fixture
def usage(simulate, client_of, clock, ask):
    """Asks with a cached system prompt and gives (fresh, read, written 5m, written 1h)."""
    sim = simulate(clock=clock)

    def of(system=LONG, ttl="5m", **more):
        block = {"type": "text", "text": system, "cache_control": {"type": "ephemeral", "ttl": ttl}}
        found = client_of(sim).messages.create(**{**ask, "system": [block], **more}).usage
        made = found.cache_creation
        assert found.cache_creation_input_tokens == made.ephemeral_5m_input_tokens + made.ephemeral_1h_input_tokens
        return (
            found.input_tokens,
            found.cache_read_input_tokens,
            made.ephemeral_5m_input_tokens,
            made.ephemeral_1h_input_tokens,
        )

    of.sim = sim
    return of


def test_written_then_read(usage):
    assert usage() == (8, 0, 600, 0)
    assert usage() == (8, 600, 0, 0)


def test_an_hour_is_written_apart(usage, clock):
    assert usage(ttl="1h") == (8, 0, 0, 600)
    clock.now += 3_599
    assert usage(ttl="1h") == (8, 600, 0, 0)


def test_it_lives_five_minutes_after_its_last_use(usage, clock):
    usage()
    for _ in range(2):
        clock.now += 299
        assert usage() == (8, 600, 0, 0)
    clock.now += 301
    assert usage() == (8, 0, 600, 0)


def test_a_short_prefix_is_not_cached(usage):
    for _ in range(2):
        assert usage(system="abcd" * 511) == (519, 0, 0, 0)
    assert usage(system="abcd" * 512) == (8, 0, 512, 0)


@pytest.mark.parametrize(
    "other",
    [{"speed": "fast"}, {"model": "claude-fable-5-2"}, {"output_config": {"effort": "low"}}, {"system": "x" + LONG}],
    ids=["speed", "model", "effort", "text"],
)
def test_another_speed_model_effort_or_text_misses(usage, other):
    usage()
    fresh, read, written, _ = usage(**other)
    assert (fresh, read) == (8, 0)
    assert written >= 600


def test_a_conversation_reads_its_past_and_writes_what_is_new(usage, ask):
    def turn(text):
        block = {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
        return {"role": "user", "content": [block]}

    first = {**turn("abcd" * 100)}
    assert usage(messages=[first]) == (0, 0, 700, 0)
    bare = {"role": "user", "content": "abcd" * 100}
    later = [bare, {"role": "assistant", "content": "abcd" * 20}, turn("abcd" * 50)]
    assert usage(messages=later) == (0, 700, 70, 0)


def test_cache_control_of_the_request_marks_its_end(usage, ask):
    long = [{"role": "user", "content": LONG}]
    control = {"cache_control": {"type": "ephemeral"}}
    assert usage(system="abcd", messages=long, **control) == (0, 0, 601, 0)
    assert usage(system="abcd", messages=long, **control) == (0, 601, 0, 0)


def test_what_is_read_does_not_count_against_the_limit(simulate, client_of, clock, ask):
    client = client_of(simulate(clock=clock, fast_limits=(2_000, 10_000)))
    block = {"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}
    for remaining in ("1392", "1384"):
        response = client.messages.with_raw_response.create(**ask, system=[block], speed="fast")
        assert response.headers["anthropic-fast-input-tokens-remaining"] == remaining


def test_a_scenario_can_switch_the_cache_off(usage):
    usage()
    usage.sim.script(Scenario(cache=False))
    assert usage() == (608, 0, 0, 0)
    assert usage() == (8, 600, 0, 0)


@pytest.fixture
def thread(simulate, client_of, ask):
    """Goes on with a conversation whose last block is marked, and gives (fresh, read, written) of each turn."""
    sim = simulate()
    messages = []

    def turn(text, **more):
        marked = {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
        message = client_of(sim).messages.create(
            **{**ask, "messages": [*messages, {"role": "user", "content": [marked]}], **more}
        )
        messages.append({"role": "user", "content": text})
        messages.append({"role": "assistant", "content": [block.to_dict() for block in message.content]})
        used = message.usage
        return used.input_tokens, used.cache_read_input_tokens, used.cache_creation_input_tokens

    turn.sim, turn.messages = sim, messages
    return turn


@pytest.mark.parametrize("thinking", [None, "I think. " * 20])
def test_each_turn_reads_the_one_before_and_writes_the_answer_and_itself(thread, thinking):
    thread.sim.script(*[Scenario(text="abcd" * 100, thinking=thinking)] * 3)
    more = {"thinking": {"type": "adaptive", "display": "summarized"}} if thinking else {}
    answer = 100 + (45 if thinking else 0)
    assert thread(LONG, **more) == (0, 0, 600)
    assert thread("abcd" * 10, **more) == (0, 600, answer + 10)
    assert thread("abcd" * 20, **more) == (0, 600 + answer + 10, answer + 20)
    kinds = [block["type"] for block in thread.messages[1]["content"]]
    assert kinds == (["text"] if thinking is None else ["thinking", "text"])


def test_calls_and_results_are_read_like_any_other_turn(thread, client_of, ask):
    tools = [{"name": "add", "input_schema": {"type": "object", "properties": {}}}]
    thread.sim.script(Scenario(calls=({},)))
    assert thread(LONG, tools=tools)[:2] == (0, 0)
    (call,) = thread.messages[1]["content"]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": "abcd" * 50}
    sent = [*thread.messages, {"role": "user", "content": [result | {"cache_control": {"type": "ephemeral"}}]}]
    first = client_of(thread.sim).messages.create(**ask | {"messages": sent}, tools=tools).usage
    assert first.input_tokens == 0
    assert first.cache_read_input_tokens > 600
    assert first.cache_creation_input_tokens > 50
    inside = result | {"content": [{"type": "text", "text": "abcd" * 50, "cache_control": {"type": "ephemeral"}}]}
    again = (
        client_of(thread.sim)
        .messages.create(**ask | {"messages": [*thread.messages, {"role": "user", "content": [inside]}]}, tools=tools)
        .usage
    )
    total = first.cache_read_input_tokens + first.cache_creation_input_tokens
    assert (again.cache_read_input_tokens, again.cache_creation_input_tokens) == (total, 0)


@pytest.mark.parametrize(
    "other",
    [
        {"tools": [{"name": "sub", "input_schema": {"type": "object"}}], "tool_choice": {"type": "none"}},
        {"output_config": {"format": {"type": "json_schema", "schema": {"type": "string"}}}},
    ],
    ids=["tools", "format"],
)
def test_other_tools_and_another_format_miss(thread, other):
    assert thread(LONG)[1:] == (0, 600)
    assert thread("abcd", **other)[1] == 0
    assert thread("abcd")[1] == 600
