"""An answer that is on its way while other cells run."""

import asyncio
import threading
from collections.abc import Callable, Generator
from concurrent import futures
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any

from .answer import Answer
from .claude.errors import Ending, FastmodeError

TICK_S = 0.1  # an untimed wait cannot be interrupted everywhere


class BackgroundAnswer:
    """Has every attribute of an Answer, of what came so far until it has ended; await it, or `wait()` for it."""

    def __init__(
        self,
        follow: Callable[[], tuple[Answer, Ending | None]],
        so_far: Callable[[], Answer],
        interrupt: Callable[[], None],
        present: Callable[[Ending], Ending] = lambda error: error,
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self._future: Future[tuple[Answer, Ending | None]] = Future()  # done when its end is shown as well
        self._so_far = so_far
        self._ended = ended
        self._interrupt = interrupt
        self._present = present
        context = copy_context()  # output of a bare thread lands in whichever cell is running
        thread = threading.Thread(target=context.run, args=(self._work, follow), name="fastmode-run", daemon=True)
        thread.start()

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way; true by the time that its cell says so."""
        return self._ended() or self._future.done()

    def wait(self, timeout_s: float | None = None) -> Answer:
        """The Answer, waited for; one that was stopped as far as it came.

        Raises what a cell in the foreground would for one that failed, and TimeoutError after `timeout_s`.
        """
        waited_s = 0.0
        while not self._future.done():
            if timeout_s is not None and waited_s >= timeout_s:
                raise TimeoutError(f"The answer has not ended within {timeout_s} s.")
            step_s = TICK_S if timeout_s is None else min(TICK_S, timeout_s - waited_s)
            futures.wait([self._future], timeout=step_s)
            waited_s += step_s
        return self._result()

    def stop(self) -> None:
        """Stop it; what came is kept."""
        if not self.done:
            self._interrupt()

    def __await__(self) -> Generator[Any, None, Answer]:
        return self._waited().__await__()

    async def _waited(self) -> Answer:
        while not self._future.done():  # not awaited: who gives up waiting gives up nothing else, and Stop is seen
            await asyncio.sleep(TICK_S)
        return self._result()

    def _result(self) -> Answer:
        answer, error = self._future.result()
        if isinstance(error, FastmodeError):
            error.answer = answer
            raise self._present(error.with_traceback(None))
        return answer

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._now(), name)

    def __str__(self) -> str:
        return self._now().text

    def __repr__(self) -> str:
        return repr(self._now()) if self.done else f"<Answer on its way: {len(self._now().text):,} characters so far>"

    def _repr_llm_(self) -> str:
        if not self.done:
            raise RuntimeError("the answer is still on its way: wait for it with .wait()")
        return self._now().text

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        if self.done:
            return self._now()._repr_mimebundle_()
        from .views import document

        return {**document.live(self._now().text, "on its way")}

    def _now(self) -> Answer:
        return self._future.result()[0] if self._future.done() and not self._future.exception() else self._so_far()

    def _work(self, follow: Callable[[], tuple[Answer, Ending | None]]) -> None:
        try:
            self._future.set_result(follow())
        except BaseException as error:  # noqa: BLE001  # handed to whoever waits
            self._future.set_exception(error)
