"""A ledger that fails: a sentence, once; the numbers go on in memory; when it is back, it gets what it missed."""

import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest
from postgres import Postgres
from runs import NOW, run
from sqlalchemy import make_url
from support import Clock

from fastmode_magic.ledger.book import Book, Query
from fastmode_magic.ledger.budget import Admitted, Denied, Limit, Need
from fastmode_magic.ledger.database import PAUSE_S
from fastmode_magic.ledger.money import total
from fastmode_magic.ledger.records import Record
from fastmode_magic.ledger.store import Store

LONG_S = 30
T = TypeVar("T")
DAY = {"day": Query({"user": "ada"})}
DOLLAR = [Limit("day", Decimal(1))]


class Ledger:
    """A book whose owner reads each trouble once, as a session does."""

    def __init__(self, url: str) -> None:
        self.clock = Clock()
        self.book = Book("s1", url, "L", self.clock)
        self.records: list[Record] = []

    def write(self, **fields: object) -> str | None:
        """Write a run; the trouble of it."""
        self.records.append(run(began=NOW + timedelta(seconds=len(self.records)), cost=Decimal("0.1"), **fields))
        done(self.book.write(self.records[-1]))
        return self.trouble()

    def trouble(self) -> str | None:
        return self.book.take_trouble()

    def later(self) -> None:
        """When the database is tried again."""
        self.clock.ahead_s += PAUSE_S + 1

    def goes_on(self) -> None:
        """In memory, silently, with this session's budget."""
        assert self.write() is None
        self.later()
        assert self.write() is None
        assert [one.id for one in done(self.book.records(Query()))] == [one.id for one in self.records]
        spent = total(one.counted for one in self.records)
        assert [level.room for level in done(self.book.spent(DOLLAR, DAY))] == [1 - spent]
        need = Need(Decimal(0), 1 - spent, Decimal(1), 1)
        one = run(id=f"{len(self.records)}", state="running", began=NOW + timedelta(seconds=len(self.records)))
        assert isinstance(done(self.book.reserve(one, need, DOLLAR, DAY)), Denied)
        need = replace(need, per_token=Decimal(0))
        assert isinstance(done(self.book.reserve(one, need, DOLLAR, DAY)), Admitted)
        self.records.append(replace(one, state="finished"))
        done(self.book.write(self.records[-1]))

    def has(self, url: str) -> list[str]:
        """The ids that the database has."""
        store = Store(url)
        with store.reading() as transaction:
            found = [record.id for record in transaction.records({})]
        store.close()
        return found

    def recovers(self, url: str) -> None:
        """Everything is written when the database is back."""
        self.later()
        self.write()
        self.book.close()
        missing = {one.id for one in self.records} - set(self.has(url))
        assert not missing


def done(future: "Future[T]") -> T:
    return future.result(LONG_S)


def cannot(why: str) -> str:
    kept = "what this session costs is kept in memory, and budgets count this session alone."
    return f"The ledger L cannot be used ({why}): {kept}"


ADDRESS = "its address is not one of SQLAlchemy's, like postgresql+psycopg://host/database"
REPLACED = "The ledger L was deleted or replaced; the new one has this session's runs."


@pytest.fixture
def path(lite: str) -> Path:
    """The file of `lite`."""
    return Path(lite.removeprefix("sqlite:///"))


@pytest.fixture
def ledger(lite: str) -> Iterator[Ledger]:
    """A book of two runs, in a file."""
    made = Ledger(lite)
    assert made.write() is None
    assert made.write() is None
    yield made
    made.book.close()


@pytest.mark.parametrize("which", ["", "-wal", "-shm", "everything", "folder"])
def test_files_are_deleted_while_they_are_used(ledger: Ledger, path: Path, lite: str, which: str) -> None:
    if which == "folder":
        shutil.rmtree(path.parent)
    elif which == "everything":
        for one in path.parent.iterdir():
            one.unlink()
    else:
        Path(f"{path}{which}").unlink()
    assert ledger.write() == (None if which == "-shm" else REPLACED)
    assert ledger.write() is None
    ledger.recovers(lite)


def test_the_file_is_replaced_by_another_with_texts_of_its_own(path: Path, lite: str, tmp_path: Path) -> None:
    ledger = Ledger(lite)
    ledger.write(prompt="2+2?", answer="4")
    other = tmp_path / "backup.db"
    with closing(sqlite3.connect(path)) as here, closing(sqlite3.connect(other)) as there:
        here.backup(there)
    other.replace(path)
    assert ledger.write() == REPLACED
    ledger.recovers(lite)
    with closing(sqlite3.connect(path)) as here:
        assert here.execute("SELECT prompt, answer FROM runs ORDER BY began").fetchall()[0] == ("2+2?", "4")


def test_the_file_is_deleted_while_nothing_could_be_written(ledger: Ledger, path: Path, lite: str) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("in the way")
    assert ledger.write() == cannot("there is a file in place of its folder")
    ledger.goes_on()
    path.parent.unlink()
    ledger.later()
    assert ledger.write() == REPLACED
    ledger.recovers(lite)


def test_a_file_that_is_no_database_is_left_alone(path: Path, lite: str) -> None:
    path.parent.mkdir()
    path.write_text("These are my notes, and they are dear to me.\n" * 100)
    before = path.read_bytes()
    ledger = Ledger(lite)
    assert ledger.write() == cannot("it is no SQLite file")
    ledger.goes_on()
    assert path.read_bytes() == before
    path.unlink()
    ledger.recovers(lite)


def test_a_folder_in_place_of_the_file(path: Path, lite: str) -> None:
    path.mkdir(parents=True)
    ledger = Ledger(lite)
    assert ledger.write() == cannot("there is a folder in its place")
    ledger.goes_on()
    path.rmdir()
    ledger.recovers(lite)


def test_a_damaged_database(ledger: Ledger, path: Path, lite: str) -> None:
    for n in range(40):
        ledger.write(answer="x" * 1_000 * n)
    ledger.book.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))
    assert ledger.write() == cannot("it is damaged")
    assert ledger.write() is None
    path.unlink()
    ledger.later()
    assert ledger.write() == REPLACED
    ledger.recovers(lite)


def test_another_program_holds_it_locked(ledger: Ledger, path: Path, lite: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ledger.write() == cannot("another program holds it locked")
        assert ledger.write() is None  # and waits no more
        assert [one.id for one in done(ledger.book.records(Query()))] == [one.id for one in ledger.records]
        other.execute("ROLLBACK")
    ledger.recovers(lite)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", ADDRESS),
        ("sqlite:///\0", ADDRESS),
        ("sqlite+nothing:///x", "its address names a kind of database that SQLAlchemy does not know"),
        ("postgresql+psycopg://host:port/x", ADDRESS),
        ("foo://ada:sesame@host/x", "its address names a kind of database that SQLAlchemy does not know"),
        ("mssql+pymssql://ada:sesame@host/x", "the package 'pymssql' is not installed"),
        ("postgresql+psycopg://ada:sesame@nobody.invalid/x", "its host is not known"),
    ],
)
def test_an_address_that_leads_nowhere(url: str, why: str) -> None:
    ledger = Ledger(url)
    assert ledger.write() == cannot(why)
    ledger.goes_on()
    ledger.book.close()


def test_nobody_listens_at_the_address() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        ledger = Ledger(f"postgresql+psycopg://ada:sesame@127.0.0.1:{bound.getsockname()[1]}/x")
        assert ledger.write() == cannot("nobody listens at its address")
        ledger.goes_on()
        ledger.book.close()


def test_what_a_server_refuses(server: Postgres, shared: str) -> None:
    name = str(make_url(shared).database)
    ledger = Ledger(server.address("nowhere"))
    assert ledger.write() == cannot("there is no such database")
    ledger = Ledger(server.address(name, "stranger"))
    assert ledger.write() == cannot("its server does not know the user")
    ledger = Ledger(server.address(name, "guarded:wrong"))
    assert ledger.write() == cannot("it refused the user or password")
    ledger = Ledger(server.address(name, "guarded"))
    assert ledger.write() == cannot("it refused the user or password")
    ledger = Ledger(server.address(name, "guarded:sesame"))
    assert ledger.write() == cannot("its user may not write there")
    ledger.goes_on()
    server.do("GRANT CREATE ON SCHEMA public TO guarded", name)
    ledger.recovers(shared)


def test_tables_are_dropped_under_it(server: Postgres, shared: str) -> None:
    ledger = Ledger(shared)
    assert ledger.write() is None
    server.do("DROP TABLE runs, charges, gate, buckets, migrations", str(make_url(shared).database))
    assert ledger.write() == cannot("its tables were deleted")
    assert ledger.write() is None
    ledger.later()
    assert ledger.write() == REPLACED
    ledger.recovers(shared)


def test_a_server_is_stopped_and_started_again(server: Postgres, shared: str) -> None:
    ledger = Ledger(shared)
    assert ledger.write() is None
    server.stop()
    try:
        assert ledger.write() == cannot("nobody listens at its address")
        ledger.goes_on()
    finally:
        server.start()
    ledger.recovers(shared)


def test_a_server_is_restarted_between_two_runs(server: Postgres, shared: str) -> None:
    ledger = Ledger(shared)
    assert ledger.write() is None
    server.stop()
    server.start()
    assert ledger.write() is None
    ledger.recovers(shared)


def test_what_is_said_to_a_server_that_hangs_is_written_when_it_goes_on(server: Postgres, shared: str) -> None:
    ledger = Ledger(shared)
    assert ledger.write() is None
    with server.hanging():
        ledger.records += [run(began=NOW + timedelta(hours=n + 1)) for n in range(20)]
        futures = [ledger.book.write(record) for record in ledger.records[1:]]
        assert not any(future.done() for future in futures)
    for future in futures:
        done(future)
    assert ledger.trouble() is None
    ledger.recovers(shared)


def test_a_run_that_no_database_takes_keeps_no_other_out(ledger: Ledger, lite: str) -> None:
    done(ledger.book.write(run(id="bad", day=None)))
    assert ledger.trouble() == "The ledger L does not take a run (IntegrityError); it is in memory."
    assert ledger.write() is None
    ledger.recovers(lite)


PRELUDE = f"""
import os, resource, subprocess, sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parent.parent)]!r}
from test_failures import *
from fastmode_magic.ledger.rehearsal import rehearse
folder, path = sys.argv[1], sys.argv[1] + "/books/ledger.db"
url = "sqlite:///" + path
rehearse(url)
ledger = Ledger(url)
def expect(found, *wanted): assert found in wanted, found
"""


def program(code: str, folder: Path, *before: str) -> None:
    """Run `code` in an interpreter of its own, with a ledger in `folder`."""
    command = [*before, sys.executable, "-c", PRELUDE + code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


READ_ONLY = """
if os.getuid() == 0:  # who may write anything
    os.chown(folder, 65534, 65534)
    os.setgid(65534)
    os.setuid(65534)
os.chmod(folder, 0o500)
expect(ledger.write(), cannot("it may not be written here"))
ledger.goes_on()
os.chmod(folder, 0o700)
ledger.later()
expect(ledger.write(), None)
os.chmod(path, 0o400)
expect(ledger.write(), None)  # it is open
ledger.book.close()
ledger.later()
expect(ledger.write(), cannot("it may not be written here"))
ledger.goes_on()
os.chmod(path, 0o600)
ledger.recovers(url)
"""


def test_a_folder_and_a_file_that_may_not_be_written(short: Path) -> None:
    program(READ_ONLY, short)


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that others may enter, unlike pytest's own."""
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


TOO_LARGE = """
expect(ledger.write(), None)
resource.setrlimit(resource.RLIMIT_FSIZE, (os.stat(path + "-wal").st_size + 8_192, -1))
expect(ledger.write(answer="x" * 100_000), cannot("its file cannot be read or written"))
ledger.goes_on()
resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
ledger.recovers(url)
"""


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    program(TOO_LARGE, tmp_path)


DISK = """
def mount(*words): subprocess.run(["mount", *words, folder], check=True)
mount("-t", "tmpfs", "-o", "size=2m", "none")
expect(ledger.write(), None)
filler = os.open(folder + "/filler", os.O_WRONLY | os.O_CREAT)
try:
    while os.write(filler, b"x" * 4096): pass
except OSError: os.close(filler)
for n in range(3):
    found = ledger.write(answer="x" * 100_000)
    expect(found, cannot("the disk is full"), None)
expect(ledger.book.alone, True)
ledger.goes_on()
os.unlink(folder + "/filler")
ledger.later()
expect(ledger.write(), None)
expect(ledger.book.alone, False)
ledger.book.close()
mount("-o", "remount,ro")
ledger.later()
expect(ledger.write(), cannot("it is read-only"))
ledger.goes_on()
mount("-o", "remount,rw")
ledger.recovers(url)
"""


def test_a_full_and_a_read_only_disk(tmp_path: Path) -> None:
    private = ["unshare", "--map-root-user", "--mount"]
    if subprocess.run([*private, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a disk")
    program(DISK, tmp_path, *private)
