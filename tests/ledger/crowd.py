"""Many kernels and one ledger: a program that loads everything once and then forks, a process for each kernel.

`python crowd.py SCENE ARGUMENTS` says in JSON what became of them; it is started by `play` of test_processes.py.
"""

import heapq
import importlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from runs import charge, run

import fastmode_magic
from fastmode_magic.ledger.book import Book, Busy, Query
from fastmode_magic.ledger.budget import Denied, Limit, Need
from fastmode_magic.ledger.records import Record
from fastmode_magic.ledger.rehearsal import rehearse
from fastmode_magic.ledger.store import Store

LONG_S = 60
LONGEST_S = 1.5  # that a kernel lives
ASKED_WITH = (
    *("fastmode_magic." + name for name in ("accounting", "booking", "composition", "conclusion", "permissions")),
    *("fastmode_magic." + name for name in ("session", "claude.transport", "views.protocol")),
    *("anyio._backends._asyncio", "genai_prices.data", "h11", "httpcore2", "opentelemetry.propagate", "truststore"),
)
CONTEXT = multiprocessing.get_context("fork")
DAY = {"day": Query({"user": "ada", "day": "2026-11-28"})}
DOLLAR = Limit("day", Decimal(1))
NEED = Need(Decimal(0), Decimal("0.01"), Decimal("0.00009"), 2_000)  # a request of 19 cents at most


@contextmanager
def crowd(number: int, work: Callable[..., None], *arguments: Any) -> Iterator[list[BaseProcess]]:
    """So many processes that do `work`; those that still live at the end are killed."""
    made = [CONTEXT.Process(target=work, args=(n, *arguments)) for n in range(number)]
    for one in made:
        one.start()
    try:
        yield made
    finally:
        for one in made:
            one.kill()
            one.join(LONG_S)
            one.close()


def opened(session: str) -> Record:
    return run(id=uuid4().hex, session=session, state="running", ended=None, cost=None)


def writing(url: str, kernels: int, runs: int) -> Any:
    """All open the ledger for the first time at the same moment, and write; the ids and troubles of each."""
    together, said = CONTEXT.Barrier(kernels), CONTEXT.Queue()
    with crowd(kernels, _write, url, runs, together, said):
        return [said.get(timeout=LONG_S) for _ in range(kernels)]


def _write(number: int, url: str, runs: int, together: Barrier, said: "Queue[Any]") -> None:
    book, ids = Book(f"s{number}", url, "L"), []
    together.wait(LONG_S)
    for n in range(runs):
        one = opened(f"s{number}")
        book.write(one).result(LONG_S)
        book.write(replace(one, cost=Decimal("0.1"))).result(LONG_S)
        book.write(replace(one, state="finished", charges=(charge("fast", "0.1", output=n),))).result(LONG_S)
        ids.append(one.id)
    book.close()
    said.put((ids, book.take_trouble()))


def killed(url: str, folder: str, kernels: int) -> Any:
    """Each writes runs until it is killed, and notes those that the ledger has: what was noted."""
    random, logs = Random(5), [Path(folder, f"{n}") for n in range(kernels)]
    for log in logs:
        log.touch()
    with crowd(kernels, _write_until_killed, url, logs) as writers:
        while any(not log.stat().st_size for log in logs):
            assert all(one.is_alive() for one in writers)
            time.sleep(0.01)
        for one in writers:
            time.sleep(random.uniform(0, 0.05))
            one.kill()
    return [line for log in logs for line in log.read_text("ascii").split("\n")[:-1]]


def _write_until_killed(number: int, url: str, logs: list[Path]) -> None:
    book = Book(f"s{number}", url, "L")
    with logs[number].open("ab", buffering=0) as file:
        while True:
            one = opened(f"s{number}")
            book.write(one).result(LONG_S)
            file.write(f"{one.id}\n".encode())
            book.write(replace(one, state="finished", charges=(charge("fast", "0.1"), charge("standard", "0.2"))))


def spending(url: str, kernels: int) -> Any:
    """All race for a dollar: its most that was ever taken, what was spent, the runs and troubles of each."""
    together, said = CONTEXT.Barrier(kernels), CONTEXT.Queue()
    most, looks = Decimal(0), 0
    with crowd(kernels, _spend, url, together, said) as racing:
        store = Store(url)
        while any(one.is_alive() for one in racing):
            with store.reading() as transaction:
                most, looks = max(most, transaction.counted({"user": "ada"}, "")), looks + 1
            time.sleep(0.002)
        store.close()
        heard = [said.get(timeout=LONG_S) for _ in range(kernels)]
    return {"most": str(most), "looks": looks, "kernels": heard}


def _spend(number: int, url: str, together: Barrier, said: "Queue[Any]") -> None:
    """Each run costs less than was reserved, so there is always something to be had again."""
    book, random, runs = Book(f"s{number}", url, "L"), Random(number), 0
    together.wait(LONG_S)
    while True:
        one = opened(f"s{number}")
        try:
            found = book.reserve(one, NEED, [DOLLAR], DAY).result(LONG_S)
        except Busy:
            continue
        if not isinstance(found, Denied):
            cost = found.reserved * random.randrange(10, 60) / 100
            book.write(replace(one, reserved=found.reserved, cost=cost / 2)).result(LONG_S)
            book.write(replace(one, state="finished", cost=cost)).result(LONG_S)
            runs += 1
        elif not book.records(Query({"state": "running"})).result(LONG_S):
            break  # nobody will give anything back
    book.close()
    said.put((runs, book.take_trouble()))


def asking(ledger: str, kernels: int, at_once: int) -> Any:
    """Each asks for a streamed answer and is killed at a random moment; how many were still at it."""
    os.environ |= {"FASTMODE_LEDGER": ledger, "FASTMODE_HISTORY": "full"}
    for name in ASKED_WITH:
        importlib.import_module(name)
    random, alive = Random(9), 0
    living: list[tuple[float, int, BaseProcess]] = []  # the moment at which each is to die
    for number in range(kernels + at_once):
        if number >= at_once:
            moment_s, _, one = heapq.heappop(living)
            time.sleep(max(0.0, moment_s - time.monotonic()))
            alive += one.is_alive()
            one.kill()
            one.join(LONG_S)
        if number < kernels:
            one = CONTEXT.Process(target=_ask, args=(number,))
            one.start()
            heapq.heappush(living, (time.monotonic() + random.uniform(0, LONGEST_S), number, one))
    return alive


def _ask(number: int) -> None:
    fastmode_magic.ask(f"run {number}", fast=True)


if __name__ == "__main__":
    scene, url, *rest = sys.argv[1:]
    rehearse(url)
    scenes: dict[str, Callable[..., Any]] = {
        "writing": writing,
        "killed": killed,
        "spending": spending,
        "asking": asking,
    }
    print(json.dumps(scenes[scene](url, *(int(one) if one.isdigit() else one for one in rest))))
