"""`Simulator`: the API on this machine, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

from fastmode_magic.simulator.named import scenario_of
from fastmode_magic.simulator.settings import Choice, Recorded, Settings, Step

_JOIN_S = 2.0


class Simulator:
    """A Claude Messages API over HTTP on this machine; it answers without a model, and the same way for the same seed.

    Takes `Settings`, or its fields as keywords: `Simulator(fast_rate=0, scenario="overloaded")`; TypeError for an
    unknown one, ValueError for an unknown scenario. A context manager; OSError from `start` if the port is taken.
    """

    def __init__(self, settings: Settings | None = None, /, **changes: Any) -> None:
        self.settings = replace(settings or Settings(), **changes)
        # Here and below, not above: importing the simulator costs neither the service nor asyncio and tornado.
        from fastmode_magic.simulator.service import Service

        self._service = Service(self.settings)
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], None] = lambda: None
        self._port = 0
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """The address for `base_url`, such as `http://127.0.0.1:8123`; RuntimeError before `start`."""
        if not self._port:
            raise RuntimeError("The simulator was never started. Start it with start() or as a context manager.")
        host = self.settings.host
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def requests(self) -> list[Recorded]:
        """Every request so far, oldest first."""
        return list(self._service.recorded)

    @property
    def disconnects(self) -> list[float]:
        """When (by the clock) clients closed the connection before their answer was complete."""
        return list(self._service.disconnects)

    @property
    def scenario(self) -> Choice:
        """What answers when the script is empty; it may be set while the simulator runs."""
        return self._service.default

    @scenario.setter
    def scenario(self, choice: Choice) -> None:
        if not callable(choice):
            scenario_of(choice)
        self._service.default = choice

    def script(self, *steps: Step) -> None:
        """Queue steps: each of the next `POST /v1/messages` takes one, whatever its speed."""
        self._service.steps.extend([scenario_of(step) for step in steps])

    def start(self) -> Self:
        """Serve in a daemon thread; returns when connections are accepted."""
        if self._thread is not None:
            raise RuntimeError("The simulator is running already.")
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="fastmode-simulator", daemon=True)
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            failure, self._failure, self._thread = self._failure, None, None
            raise failure
        return self

    def stop(self) -> None:
        """Close all connections at once and end the thread; does nothing if it is not running."""
        if self._thread is None:
            return
        self._stop()
        self._thread.join(_JOIN_S)
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _run(self, ready: threading.Event) -> None:
        def started(port: int, stop: Callable[[], None]) -> None:
            self._port, self._stop = port, stop
            ready.set()

        try:
            from fastmode_magic.simulator.endpoints import serve

            serve(self._service, started)
        except BaseException as failure:
            if ready.is_set():
                raise
            self._failure = failure
        finally:
            ready.set()
