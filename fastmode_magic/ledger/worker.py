"""A thread that does jobs in order, and looks after something each second while there is something to look after."""

import atexit
import os
import queue
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol, TypeVar

BEAT_S = 1.0

T = TypeVar("T")
Jobs = queue.SimpleQueue[Callable[[], object] | None]


class Work(Protocol):
    """Whose jobs they are. Its methods are called in the thread, `forked` in a process that is a copy of this one."""

    def busy(self) -> bool:
        """Whether `beat` is wanted."""
        ...

    def beat(self) -> None:
        """Do what is due each second."""
        ...

    def end(self) -> None:
        """Do what is left."""
        ...

    def forked(self) -> None:
        """Forget what belongs to the other process."""
        ...


class Worker:
    """Begins with its first job, and again with the first after `close`."""

    def __init__(self, name: str, work: Work, close_s: float) -> None:
        self._name, self._work, self._close_s = name, work, close_s
        self._jobs: Jobs = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._before: threading.Thread | None = None  # that may still be at its end
        self._lock = threading.Lock()
        _workers.add(self)

    def submit(self, job: Callable[[], T]) -> "Future[T]":
        """Have `job` done; returns at once."""
        future: Future[T] = Future()
        with self._lock:
            self._jobs.put(lambda: _do(job, future))
            if self._thread is None:
                self._start()
        return future

    def close(self) -> None:
        """Do the jobs that are waiting and what is left, but return after `close_s`."""
        with self._lock:
            thread, self._thread = self._thread, None
            if thread:
                self._jobs.put(None)
                self._jobs, self._before = queue.SimpleQueue(), thread
        if thread:
            thread.join(self._close_s)

    def forked(self) -> None:
        """Begin anew in a process that is a copy: it has no thread."""
        self._jobs, self._lock = queue.SimpleQueue(), threading.Lock()
        self._thread = self._before = None
        self._work.forked()

    def _start(self) -> None:
        jobs, before = self._jobs, self._before
        if _ending.is_set():  # a thread would not be waited for any more, or not even start
            jobs.put(None)
            self._run(jobs, before)
        else:
            self._thread = threading.Thread(target=self._run, args=(jobs, before), name=self._name, daemon=True)
            self._thread.start()

    def _run(self, jobs: Jobs, before: threading.Thread | None) -> None:
        if before:
            before.join()
        due_s = 0.0
        while True:
            if not self._work.busy():
                due_s = 0.0
            elif not due_s:
                due_s = time.monotonic() + BEAT_S
            try:
                job = jobs.get(timeout=max(0.0, due_s - time.monotonic()) if due_s else None)
            except queue.Empty:
                job = _nothing
            if job is None:
                break
            job()
            if due_s and time.monotonic() >= due_s:
                self._work.beat()
                due_s = time.monotonic() + BEAT_S
        self._work.end()


def _do(job: Callable[[], T], future: "Future[T]") -> None:
    if future.set_running_or_notify_cancel():
        try:
            result = job()
        except BaseException as error:  # noqa: BLE001  # handed to whoever waits
            future.set_exception(error)
        else:
            future.set_result(result)


def _nothing() -> None:
    """Nothing to do."""


_workers: "weakref.WeakSet[Worker]" = weakref.WeakSet()
_ending = threading.Event()


def _end() -> None:
    """Close all when the interpreter ends; what is still said later is done at once."""
    _ending.set()
    for worker in list(_workers):
        worker.close()


def _fork() -> None:
    for worker in list(_workers):
        worker.forked()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fork)
