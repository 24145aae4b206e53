"""A throw-away PostgreSQL server: Debian's binaries, a folder in /tmp, a Unix socket, nothing written for good."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

MISSING = "The tests of a shared ledger need PostgreSQL: `make test` installs it as root, else install it yourself."
SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=", "max_connections=60")
GUARDED = "local all guarded scram-sha-256\n"  # the one user who is asked for a password


def found() -> Path | None:
    """The folder of the newest server that is installed."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("postgres")
    return newest[-1].parent if newest else Path(on_path).parent if on_path else None


class Postgres:
    """One server; each test has a database of its own."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self._binaries = folder, binaries
        self._owner = {"user": _owner(), "extra_groups": []} if os.getuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count()
        if self._owner:
            shutil.chown(folder, _owner())
        self._run("initdb", "--no-sync", "--auth=trust", "--username=tests", "--encoding=UTF8", "--pgdata=data")
        access = folder / "data" / "pg_hba.conf"
        access.write_text(GUARDED + access.read_text("utf-8"), "utf-8")

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = [word for one in SETTINGS for word in ("-c", one)]
        command = [self._binaries / "postgres", "-D", "data", "-k", self.folder, *settings]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True, **self._owner
            )
        self._run("pg_ctl", "--pgdata=data", "--wait", "--timeout=30", "status")
        while self._process.poll() is None:
            try:
                psycopg.connect(self.address("postgres", scheme="postgresql")).close()
                return
            except psycopg.OperationalError:
                self._process_waits()
        raise AssertionError((self.folder / "log").read_text("utf-8"))

    def stop(self) -> None:
        """Stop at once, with all its connections."""
        if self._process:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes what comes, but answers nobody."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._process.pid, signal.SIGCONT)

    def database(self) -> str:
        """SQLAlchemy's URL of a new database."""
        name = f"ledger{next(self._numbers)}"
        self.do(f"CREATE DATABASE {name}")
        return self.address(name)

    def address(self, database: str, user: str = "tests", scheme: str = "postgresql+psycopg") -> str:
        return f"{scheme}://{user}@/{database}?host={self.folder}"

    def do(self, statement: str, database: str = "postgres") -> None:
        """Execute it as the owner of all."""
        with psycopg.connect(self.address(database, scheme="postgresql"), autocommit=True) as connection:
            connection.execute(statement)
