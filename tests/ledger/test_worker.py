"""The ledger's thread: in order, in the background, to the end, and again after a fork."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastmode_magic.ledger.worker import Worker

LONG_S = 20


class Work:
    """Says what it was asked to do, and wants beats while it is `open`."""

    def __init__(self) -> None:
        self.open = False
        self.said: list[str] = []
        self.beaten = threading.Event()

    def busy(self) -> bool:
        return self.open

    def beat(self) -> None:
        self.said.append("beat")
        self.beaten.set()

    def end(self) -> None:
        self.said.append("end")

    def forked(self) -> None:
        self.said.append("forked")


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def worker(work: Work) -> Iterator[Worker]:
    made = Worker("under-test", work, LONG_S)
    yield made
    made.close()


def names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_there_is_no_thread_before_the_first_job_and_none_after_the_end(worker: Worker, work: Work) -> None:
    worker.close()
    assert "under-test" not in names()
    assert worker.submit(lambda: threading.current_thread().name).result(LONG_S) == "under-test"
    assert names().count("under-test") == 1
    worker.close()
    assert "under-test" not in names()
    assert work.said == ["end"]


def test_jobs_of_many_threads_are_all_done_and_those_of_one_in_order(worker: Worker) -> None:
    done: list[tuple[int, int]] = []

    def submit(number: int) -> None:
        for n in range(200):
            worker.submit(lambda n=n: done.append((number, n)))

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worker.close()
    for number in range(8):
        assert [n for of, n in done if of == number] == list(range(200))


def test_what_fails_is_told_to_whoever_waits_and_the_thread_goes_on(worker: Worker) -> None:
    failed = worker.submit(lambda: 1 / 0)
    assert isinstance(failed.exception(LONG_S), ZeroDivisionError)
    gate = threading.Event()
    worker.submit(lambda: gate.wait(LONG_S))
    given_up = worker.submit(lambda: "never")
    given_up.cancel()
    gate.set()
    assert worker.submit(lambda: 4).result(LONG_S) == 4


def test_closing_does_what_waits_and_the_next_job_begins_again(worker: Worker, work: Work) -> None:
    gate, done = threading.Event(), []
    worker.submit(lambda: gate.wait(LONG_S))
    for n in range(5):
        worker.submit(lambda n=n: done.append(n))
    threading.Timer(0, gate.set).start()
    worker.close()
    assert done == [0, 1, 2, 3, 4]
    worker.submit(lambda: done.append(5)).result(LONG_S)
    assert done[-1] == 5
    worker.close()
    assert work.said == ["end", "end"]


def test_a_new_thread_waits_for_the_one_before_it(work: Work) -> None:
    impatient = Worker("under-test", work, close_s=0)
    gate, said = threading.Event(), []
    impatient.submit(lambda: (gate.wait(LONG_S), said.append("first")))
    impatient.close()
    later = impatient.submit(lambda: said.append("second"))
    assert said == []
    gate.set()
    later.result(LONG_S)
    assert said == ["first", "second"]
    assert work.said == ["end"]
    impatient.close()


def test_it_beats_only_while_there_is_something_to_look_after(worker: Worker, work: Work) -> None:
    worker.submit(lambda: None).result(LONG_S)
    assert not work.beaten.is_set()
    work.open = True
    worker.submit(lambda: None)  # which wakes it
    assert work.beaten.wait(LONG_S)
    work.open = False
    worker.close()


def script(code: str, folder: Path) -> str:
    """What a program prints that ends as soon as it can; the ledger is the file `ledger.db` in `folder`."""
    before = f"""
import os, sys, threading, atexit
last = []
atexit.register(lambda: [job() for job in last])
sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
import runs, uuid
from fastmode_magic.ledger.book import Book, Query
run = lambda: runs.run(id=uuid.uuid4().hex)
url = "sqlite:///{folder}/ledger.db"
book = Book("s1", url, "L")
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", before + code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


COUNT = """
print(len(Book("s2", url).records(Query()).result(20)))
"""


def test_what_was_said_last_is_written_although_the_program_ends_at_once(tmp_path: Path) -> None:
    script("for n in range(50): book.write(run())", tmp_path)
    assert script(COUNT, tmp_path) == "50\n"


def test_what_is_said_while_the_interpreter_ends_is_written_too(tmp_path: Path) -> None:
    script("atexit.register(lambda: book.write(run()))\nbook.write(run()).result(20)\nbook.close()", tmp_path)
    script("book.write(run())\nlast.append(lambda: book.write(run()))", tmp_path)
    assert script(COUNT, tmp_path) == "4\n"


def test_loading_the_library_makes_no_file(tmp_path: Path) -> None:
    code = "import pathlib\nbook.warm_up()\nbook.close()\nprint('sqlalchemy' in sys.modules)"
    assert script(code, tmp_path) == "True\n"
    assert list(tmp_path.iterdir()) == []


def test_making_a_book_starts_no_thread_and_loads_nothing(tmp_path: Path) -> None:
    assert script("print(threading.active_count(), 'sqlalchemy' in sys.modules)", tmp_path) == "1 False\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")
def test_a_fork_writes_its_own_and_leaves_its_parents_runs_alone(tmp_path: Path) -> None:
    code = """
import warnings; warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside a thread
asked = []
book.write(run()).result(20)
book.follow("x", lambda: asked.append(os.getpid()))
child = os.fork()
if not child:
    book.write(run()).result(20)
    print(book.take_trouble(), book.busy(), len(book.records(Query()).result(20)) >= 2)
    sys.exit(0)
print(os.waitpid(child, 0)[1])
book.write(run()).result(20)
print(book.take_trouble(), set(asked) <= {os.getpid()})
"""
    assert script(code, tmp_path).split() == ["None", "False", "True", "0", "None", "True"]
    assert script(COUNT, tmp_path) == "3\n"
