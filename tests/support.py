"""Names that tests of several folders share."""

import atexit
import time
from typing import Any

KEY = "sk-ant-test-0123456789"


class Clock:
    """A clock that `sleep` advances, so that a test waits minutes in no time."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.ahead_s += seconds


def end(shell: Any) -> None:
    """End an IPython shell; left to the end of the interpreter, each takes a second there."""
    shell.history_manager.end_session()
    atexit.unregister(shell.atexit_operations)
    type(shell).clear_instance()
