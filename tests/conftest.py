"""What every test stands on: a clean environment, the simulator, and a session whose waits take no time."""

import os
from collections.abc import Iterator

import pytest
from support import KEY, Clock

from fastmode_magic.claude.engine import Engine
from fastmode_magic.session import Session
from fastmode_magic.settings import FastMode
from fastmode_magic.simulator import Simulator


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No credential, setting or profile of whoever runs the tests; nothing outside loopback by way of a proxy."""
    for name in os.environ:
        if name.upper().startswith(("ANTHROPIC_", "FASTMODE_", "DEMO_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    for name in ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(home / name.lower()))


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulated API that answers at once, and an environment that points to it."""
    with Simulator(first_byte_s=0, fast_rate=0, standard_rate=0) as running:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(simulator: Simulator, clock: Clock) -> Iterator[Session]:
    """A session on the simulator; its waits advance `clock`."""
    made = Session(FastMode(), Engine(clock=clock, sleep=clock.sleep, random=lambda: 0.5))
    yield made
    made.close()
