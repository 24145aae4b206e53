"""The engine: a thread of its own with one asyncio loop for every run, and frames of events for the caller."""

import asyncio
import contextlib
import gc
import queue
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from ..prompt.ask import Ask
from .access import Access
from .catalog import Model
from .errors import BadInput, FastmodeError
from .events import Ended, Event, Failed, Interrupted, joined
from .policy import Rates
from .standing import Account, Standing

if TYPE_CHECKING:
    from ..prompt.content import ToolResult
    from .admission import Admit
    from .transport import Connection, Transport

FRAME_S = 0.035  # at most 29 frames a second: what a page can take
TICK_S = 0.1  # an untimed wait cannot be interrupted everywhere
MANY_BLOCKS = 2_000_000  # of memory; 750,000 are in use in a kernel that has nothing but our imports
CLOSE_S = 0.2  # how long a stop waits for the connection to be closed

T = TypeVar("T")


def forgotten(error: FastmodeError) -> FastmodeError:
    """The error without where it came from: `%xmode Verbose` shows the variables of every frame."""
    error.__context__ = None
    return error.with_traceback(None)


class Run:
    """One ask on its way: its frames, and a way to stop it. Used by one thread."""

    def __init__(self, model: Model, clock: Callable[[], float], admit: "Admit | None" = None) -> None:
        self.model = model
        self._admit = admit
        self._clock = clock
        self._frames: queue.SimpleQueue[list[Event] | None] = queue.SimpleQueue()  # None: whoever reads shall stop
        self._future: Future[None] | None = None
        self.account: Account | None = None  # known once the connection is there
        self.interrupted = False  # whether the user wants it stopped
        self._results: asyncio.Queue[tuple[ToolResult, ...]] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None

    def frames(self) -> Iterator[list[Event]]:
        """Frames of events until the run has ended; an empty one each 0.1 s in which nothing happened.

        Raises KeyboardInterrupt after `interrupt`.
        """
        while True:
            try:
                frame = self._frames.get(timeout=TICK_S)
            except queue.Empty:
                if self._future and self._future.done() and self._frames.empty():
                    self._future.result()  # raises what should not have happened
                yield []
                continue
            if frame is None:
                raise KeyboardInterrupt
            yield frame
            if frame and isinstance(frame[-1], Ended):
                return

    def reply(self, results: "tuple[ToolResult, ...]") -> None:
        """Say what became of the calls that the last `Called` wanted."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._results.put_nowait, results)

    def interrupt(self) -> None:
        """Make `frames` raise KeyboardInterrupt where it is read; callable from any thread."""
        self.interrupted = True
        self._frames.put(None)

    def stop(self) -> list[Event]:
        """Close the connection; returns the events that were still to come, the end included."""
        if self._future:
            self._future.cancel()
        rest: list[Event] = []
        until_s = self._clock() + CLOSE_S
        while not (rest and isinstance(rest[-1], Ended)):
            try:
                rest += self._frames.get(timeout=max(0.0, until_s - self._clock())) or []
            except queue.Empty:
                rest.append(Interrupted(self._clock()))
        return joined(rest)


class _Frames:
    """On the loop: gathers events and hands a frame over every 35 ms, the first at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, out: Callable[[list[Event]], None]) -> None:
        self._loop = loop
        self._out = out
        self._pending: list[Event] = []
        self._due = False
        self._last_s = -FRAME_S

    def put(self, event: Event) -> None:
        self._pending.append(event)
        if not self._due:
            self._due = True
            self._loop.call_at(self._last_s + FRAME_S, self._flush)

    def end(self, event: Ended) -> None:
        self._pending.append(event)
        self._flush()

    def _flush(self) -> None:
        self._due = False
        self._last_s = self._loop.time()
        if self._pending:
            frame, self._pending = self._pending, []
            self._out(joined(frame))


class Engine:
    """Runs asks. Nothing heavy is loaded before `warm_up` or the first run, and never on the caller's thread."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], date] = date.today,
        random: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.standing = Standing()
        self.clock = clock
        self.today = today
        self.inquire: Callable[[Account], Awaitable[None]] | None = None  # learn of its quota, before fast is asked
        self._random = random
        self._sleep = sleep
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._loaded: Future[Transport] | None = None
        self._lock = threading.Lock()

    def warm_up(self, environment: object) -> None:
        """Load the SDK and build its HTTP client in a thread of its own; returns at once."""
        with self._lock:
            if self._loaded is None or (self._loaded.done() and (self._loaded.cancelled() or self._loaded.exception())):
                self._loaded = Future()
                work = threading.Thread(target=self._load, args=(self._loaded, environment), name="fastmode-load")
                work.daemon = True
                work.start()

    def tidy_when_loaded(self) -> None:
        """Collect garbage once the SDK is there, on the thread that loads it; at once on this one if it is.

        After so many imports Python soon does, for a tenth of a second and more: else in the middle of the first cell.
        """
        if self._loaded:
            self._loaded.add_done_callback(lambda _: self._tidy())

    def _tidy(self) -> None:
        # A cell that waits already shall not wait for this as well; and in a kernel that has far more than our imports,
        # they bring no collection about, and one would take long.
        if self._loop is None and sys.getallocatedblocks() < MANY_BLOCKS:
            gc.collect()

    def start(self, ask: Ask, model: Model, access: Access, rates: Rates, admit: "Admit | None" = None) -> Run:
        """Begin to answer `ask`; returns at once. `admit` is asked before each request, on the engine's loop."""
        run = Run(model, self.clock, admit)
        run._future = self._submit(self._answer(ask, model, access, rates, run), access)
        return run

    def call(self, use: Callable[["Connection"], Awaitable[T]], access: Access) -> T:
        """What `use` makes of a connection, waited for; raises what it raises."""

        async def work() -> T:
            try:
                return await use(await self._connect(access))
            except FastmodeError as error:
                raise forgotten(error) from None

        future = self._submit(work(), access)
        while True:
            try:
                return future.result(timeout=TICK_S)
            except TimeoutError:
                if future.done():
                    raise
            except BaseException:
                future.cancel()
                raise

    def close(self) -> None:
        """Close the connections and end the thread; runs under way are dropped."""
        with self._lock:
            loop, thread, self._loop = self._loop, self._thread, None
        if loop and thread:
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._close_connections(), loop).result(timeout=1.0)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=1.0)
            if not thread.is_alive():
                loop.close()

    async def _close_connections(self) -> None:
        runs = asyncio.all_tasks() - {asyncio.current_task()}
        for task in runs:
            task.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_asyncgens()
        await asyncio.sleep(0)
        loaded, self._loaded = self._loaded, None
        if loaded and loaded.done() and not (loaded.cancelled() or loaded.exception()):
            await loaded.result().close()

    async def _answer(self, ask: Ask, model: Model, access: Access, rates: Rates, run: Run) -> None:
        run._loop = asyncio.get_running_loop()
        frames = _Frames(run._loop, run._frames.put)
        try:
            connection = await self._connect(access)
            from .attempts import Attempts

            run.account = connection.account
            if ask.fast and self.inquire:
                await self.inquire(connection.account)
            attempts = Attempts(
                ask,
                model,
                connection,
                self.standing,
                rates,
                self.today(),
                frames.put,
                self.clock,
                self._random,
                self._sleep,
                run._results.get,
                run._admit,
            )
            frames.end(await attempts.run())
        except asyncio.CancelledError:
            frames.end(Interrupted(self.clock()))
        except FastmodeError as error:
            frames.end(Failed(forgotten(error), billed=False, at_s=self.clock()))

    async def _connect(self, access: Access) -> "Connection":
        assert self._loaded is not None  # `_submit` has seen to it
        # Shielded: a run that is stopped while the SDK loads must not stop the loading, which is everybody's.
        transport = await asyncio.shield(asyncio.wrap_future(self._loaded))
        return transport.connect(access)

    def _submit(self, work: Coroutine[Any, Any, T], access: Access) -> "Future[T]":
        self.warm_up(access.environment)
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="fastmode-engine", daemon=True)
                self._thread.start()
            return self._loop

    @staticmethod
    def _load(loaded: "Future[Transport]", environment: object) -> None:
        try:
            from . import attempts  # noqa: F401  # so that it is there when the loop asks for it
            from .transport import Transport  # seconds on a small machine

            transport = Transport()
            with contextlib.suppress(BadInput):  # the cell that meets it says so
                transport.prepare(environment)
            transport.rehearse()
        except BaseException as error:  # noqa: BLE001  # handed to whoever waits
            loaded.set_exception(error)
        else:
            loaded.set_result(transport)
