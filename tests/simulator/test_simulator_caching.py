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
