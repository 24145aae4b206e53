"""How long foreign code may take: a repr, a hook or a registered renderer is stopped where the system can do that."""

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 2.0


class OutOfTime(BaseException):
    """No Exception, so that an `except Exception` in a repr does not swallow it."""


def within(limit_s: float, do: Callable[[], T]) -> T:
    """What `do` returns; raises OutOfTime after `limit_s` where POSIX signals reach us, which is in the main thread.

    A timer that would ring first, another's or our own around this one, is left to do its work.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return do()
    left_s, interval_s = signal.getitimer(signal.ITIMER_REAL)
    return do() if 0 < left_s <= limit_s else _timed(limit_s, do, left_s, interval_s)


def _timed(limit_s: float, do: Callable[[], T], left_s: float, interval_s: float) -> T:
    """The same with the one timer that a process has; who had set it gets it back, less what has passed."""
    began_s = time.monotonic()
    running = [True]

    def ring(_signal: int, _frame: FrameType | None) -> None:
        if running:
            raise OutOfTime

    handler = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(
            signal.ITIMER_REAL, limit_s, limit_s
        )  # again and again: a bare `except:` may swallow the first
        try:
            return do()
        finally:
            running.clear()
    finally:
        running.clear()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left_s:
            signal.setitimer(signal.ITIMER_REAL, max(left_s - (time.monotonic() - began_s), 1e-3), interval_s)
