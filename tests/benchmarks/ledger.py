"""`python tests/benchmarks/ledger.py`: what the ledger costs a cell, and how long kernels wait for one another.

Kernels are real processes with a book each, on a file of this machine. Prints a Markdown table.
"""

import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any
from uuid import uuid4

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))
CONTEXT = multiprocessing.get_context("fork")
KERNELS, NOTHING, LONG_S = 20, "-", 120
RATES = (
    ("each with an answer that comes (a write a second)", 1.0, 30),
    ("each ten times as busy", 0.1, 100),
    ("each as fast as it can", 0.0, 100),
)


def record(session: str) -> Any:
    from runs import charge, run

    return run(charge("fast", "0.1"), id=uuid4().hex, session=session)


def said(times_s: Iterable[float]) -> str:
    """Milliseconds: the median, and the 95th and 99th percentile."""
    cuts = quantiles(times_s, n=100)
    return " · ".join(f"{1e3 * cuts[at]:.2f}" for at in (49, 94, 98)) + " ms"


def kernel(number: int, url: str, pause_s: float, writes: int, together: Barrier, heard: "Queue[Any]") -> None:
    """Write runs; how long each took, and how long it waited for the right to write."""
    from fastmode_magic.ledger import store
    from fastmode_magic.ledger.book import Book

    waits, took, random, wait = [], [], Random(number), store._patiently

    def measured(*arguments: Any) -> None:
        began_s = time.perf_counter()
        wait(*arguments)
        waits.append(time.perf_counter() - began_s)

    book = Book(f"s{number}", url)
    book.write(record("s")).result(LONG_S)
    store._patiently = measured
    together.wait(LONG_S)
    for _ in range(writes):
        time.sleep(random.uniform(0, 2 * pause_s))
        one, began_s = record(f"s{number}"), time.perf_counter()
        book.write(one).result(LONG_S)
        took.append(time.perf_counter() - began_s)
    book.close()
    assert book.take_trouble() is None
    heard.put((waits, took))


def crowd(url: str, pause_s: float, writes: int) -> tuple[list[float], list[float]]:
    """The waits and writes of all kernels; none of their runs is lost."""
    from fastmode_magic.ledger.store import Store

    together, heard = CONTEXT.Barrier(KERNELS), CONTEXT.Queue()
    arguments = (url, pause_s, writes, together, heard)
    made = [CONTEXT.Process(target=kernel, args=(number, *arguments)) for number in range(KERNELS)]
    for one in made:
        one.start()
    found = [heard.get(timeout=LONG_S) for _ in made]
    for one in made:
        one.join()
    store = Store(url)
    with store.reading() as transaction:
        assert len(transaction.records({})) == KERNELS * (writes + 1)
    store.close()
    return [one for waits, _ in found for one in waits], [one for _, took in found for one in took]


def alone(url: str) -> Iterator[tuple[str, str, str]]:
    """What one kernel's writes take, when nobody else writes."""
    from fastmode_magic.ledger.book import Book, Query
    from fastmode_magic.ledger.budget import Limit, Need
    from fastmode_magic.ledger.store import Store

    name = "PostgreSQL" if url.startswith("postgresql") else "a file"
    book = Book("s", url)
    book.warm_up()
    book._worker.submit(lambda: None).result(LONG_S)
    began_s = time.perf_counter()
    book.write(record("s")).result(LONG_S)
    first_s = time.perf_counter() - began_s
    handed, written, reserved = [], [], []
    for _ in range(1_000):
        one, began_s = record("s"), time.perf_counter()
        future = book.write(one)
        handed.append(time.perf_counter() - began_s)
        future.result(LONG_S)
        written.append(time.perf_counter() - began_s)
        time.sleep(0.001)
    store = Store(url)
    with store.writing() as transaction:
        for _ in range(10_000):
            transaction.put(record("other"))
    store.close()
    need = Need(Decimal(0), Decimal("0.0001"), Decimal("0.00000001"), 2_000)
    limits, scopes = [Limit("day", Decimal(10_000))], {"day": Query({"user": "ada", "day": record("s").day})}
    for _ in range(200):
        one, began_s = replace(record("s"), state="running"), time.perf_counter()
        book.reserve(one, need, limits, scopes).result(LONG_S)
        reserved.append(time.perf_counter() - began_s)
    book.close()
    target = "50 %: < 1 ms" if name == "a file" else NOTHING
    yield f"{name}: a run written before it is sent, or at its end", target, said(written)
    yield f"{name}: of that, in the cell's own thread", NOTHING, said(handed)
    yield f"{name}: the first in a kernel, which opens the ledger", NOTHING, f"{1e3 * first_s:.0f} ms"
    yield f"{name}: a budget looked up among 11,000 runs of the day, and reserved", NOTHING, said(reserved)


def rows() -> Iterator[tuple[str, str, str]]:
    """what, target, measured"""
    import postgres

    from fastmode_magic.ledger.rehearsal import rehearse

    rehearse("sqlite://")
    for name, pause_s, writes in RATES:
        with tempfile.TemporaryDirectory() as folder:
            waits, took = crowd(f"sqlite:///{folder}/ledger.db", pause_s, writes)
        target = "99 %: < 50 ms" if pause_s else NOTHING
        yield f"{KERNELS} kernels, {name}: waiting for the others", target, said(waits)
        yield f"{KERNELS} kernels, {name}: a run written", NOTHING, said(took)
    with tempfile.TemporaryDirectory() as folder:
        yield from alone(f"sqlite:///{folder}/ledger.db")
    if postgres.found():
        with postgres.running() as server:
            yield from alone(server.database())


def table() -> list[str]:
    """The table, measured in a process that forks: this one may have threads."""
    done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


if __name__ == "__main__":
    print("| the ledger | target | median · 95 % · 99 % |\n|---|---|---|", flush=True)
    for row in rows():
        print(f"| {' | '.join(row)} |", flush=True)
