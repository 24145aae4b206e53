"""A simulator that never waits, and the real SDK in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import anthropic
import pytest

from fastmode_magic.simulator import Simulator

TODAY = date(2026, 11, 22)


class HandClock:
    """A clock that is moved by hand; `sleep` moves it too, and remembers by how much."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def simulate() -> Iterator[Callable[..., Simulator]]:
    """Starts simulators without rates and waits, and stops them after the test."""
    with ExitStack() as running:

        def start(**changes: Any) -> Simulator:
            unhurried = {"fast_rate": 0.0, "standard_rate": 0.0, "first_byte_s": 0.0, "today": TODAY}
            return running.enter_context(Simulator(**(unhurried | changes)))

        yield start


@pytest.fixture
def sim(simulate: Callable[..., Simulator]) -> Simulator:
    return simulate()


@pytest.fixture(scope="session")
def sdk() -> Iterator[anthropic.Anthropic]:
    # One client for all tests: making one costs more than most tests.
    with anthropic.Anthropic(base_url="http://127.0.0.1:9", api_key="sk-test", max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def client_of(sdk: anthropic.Anthropic) -> Callable[[Simulator], anthropic.Anthropic]:
    return lambda sim: sdk.with_options(base_url=sim.url)


@pytest.fixture
def client(sim: Simulator, client_of: Callable[[Simulator], anthropic.Anthropic]) -> anthropic.Anthropic:
    return client_of(sim)


@pytest.fixture
def ask() -> dict[str, Any]:
    """The smallest request that Opus 5.5 accepts."""
    return {
        "model": "claude-opus-5-5",
        "max_tokens": 4_000,
        "messages": [{"role": "user", "content": "Explain SQL window functions."}],
    }
