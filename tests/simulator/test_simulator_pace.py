"""The rate of a stream is true: tokens are due by an absolute schedule, seen on a clock that is moved by hand."""

from __future__ import annotations

import asyncio

import pytest

from fastmode_magic.simulator import Scenario
from fastmode_magic.simulator.stream import Beat, play


def played(score, rate, clock, slow_s=0.0):
    """When which bytes were sent; every wait takes `slow_s` longer than asked for."""
    sent = []

    async def wait(seconds):
        await clock.sleep(seconds + slow_s)

    async def send(payload, made):
        sent.append((clock.now - 1_000.0, payload, made))

    asyncio.run(play(iter(score), rate, clock, wait, send))
    return sent


def tokens(count):
    return [Beat(at, b"%d," % at) for at in range(1, count + 1)]


def test_each_token_is_sent_when_it_is_due(clock):
    sent = played(tokens(5), 100.0, clock)
    assert [round(at_s, 6) for at_s, _, _ in sent] == [0.01, 0.02, 0.03, 0.04, 0.05]
    assert [made for _, _, made in sent] == [1, 2, 3, 4, 5]


def test_late_wakes_do_not_add_up(clock):
    sent = played(tokens(1_000), 250.0, clock, slow_s=0.007)
    end_s, _, made = sent[-1]
    assert made == 1_000
    assert 4.0 <= end_s <= 4.0 + 0.007 + 1e-6
    assert b"".join(payload for _, payload, _ in sent) == b"".join(beat.payload for beat in tokens(1_000))


def test_a_pause_moves_everything_after_it(clock):
    score = [Beat(1, b"a"), Beat(1, b"ping", 2.0), Beat(2, b"b")]
    sent = played(score, 10.0, clock)
    assert [(round(at_s, 6), payload) for at_s, payload, _ in sent] == [(0.1, b"a"), (2.1, b"ping"), (2.2, b"b")]


def test_without_a_rate_events_go_in_large_batches(clock):
    sent = played([Beat(at, b"x" * 100) for at in range(10_000)], 0.0, clock)
    assert clock.slept == []
    assert len(sent) < 20
    assert sum(len(payload) for _, payload, _ in sent) == 1_000_000
    assert max(len(payload) for _, payload, _ in sent) <= 65_536 + 100


@pytest.mark.parametrize(("speed", "seconds"), [("fast", 10.0), ("standard", 25.0)])
@pytest.mark.parametrize("stream", [True, False])
def test_each_speed_has_its_rate_over_http(simulate, client_of, clock, ask, speed, seconds, stream):
    sim = simulate(fast_rate=50.0, standard_rate=20.0, first_byte_s=0.5, clock=clock, sleep=clock.sleep)
    sim.script(Scenario(tokens=500))
    answer = client_of(sim).messages.create(stream=stream, speed=speed, **ask)
    if stream:
        assert len(list(answer)) > 500
    assert clock.now - 1_000.0 == pytest.approx(0.5 + seconds)


def test_thinking_takes_its_time_before_the_text(simulate, client_of, clock, ask):
    sim = simulate(fast_rate=10.0, clock=clock, sleep=clock.sleep)
    sim.script(Scenario(thinking=30, tokens=10, fault="error_event", fault_after=30))
    with pytest.raises(Exception, match="Overloaded"):
        list(client_of(sim).messages.create(stream=True, speed="fast", **ask))
    assert clock.now - 1_000.0 == pytest.approx(3.1)
