"""A throw-away PostgreSQL server: Debian's binaries, a folder in /tmp, a Unix socket, nothing written for good."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import psycopg

MISSING = "The tests of a shared ledger need PostgreSQL: `make test` installs it as root, else install it yourself."
SETTINGS = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=60")
GUARDED = "local all guarded scram-sha-256\n"  # the one user who is asked for a password


def found() -> Path | None:
    """The folder of the newest server that is installed."""
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("postgres")
    return newest[-1].parent if newest else Path(on_path).resolve().parent if on_path else None


class Postgres:
    """One server; each test has a database of its own."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder, self._binaries = folder, binaries
        self._owner: dict[str, Any] = {}
        self._numbers = count()
        if os.getuid() == 0:  # whom the server refuses to serve
            owner = pwd.getpwnam("postgres" if "postgres" in {one.pw_name for one in pwd.getpwall()} else "nobody")
            self._owner = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "--no-sync", "--auth=trust", "--username=tests", "--encoding=UTF8", "--no-locale")
        access = folder / "data" / "pg_hba.conf"
        access.write_text(GUARDED + access.read_text("utf-8"), "utf-8")
        self.start()
        self.do("CREATE USER guarded PASSWORD 'sesame'")

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = " ".join(f"-c {one}" for one in SETTINGS)
        self._run("pg_ctl", "start", "--wait", "--log=log", f"--options=-k {self.folder} {settings}")

    def stop(self) -> None:
        """Stop at once, with all its connections."""
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It takes what comes, but answers nobody."""
        first = psutil.Process(int((self.folder / "data" / "postmaster.pid").read_text("utf-8").split()[0]))
        processes = [first, *first.children(recursive=True)]
        for one in processes:
            one.suspend()
        try:
            yield
        finally:
            for one in processes:
                one.resume()

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

    def watched(self) -> "subprocess.Popen[bytes]":
        """A process that stops the server and deletes its folder when its input ends: also where a test is killed."""
        script = 'cat; cd /; "$1/pg_ctl" stop --pgdata="$2/data" --mode=immediate; rm -rf "$2"'
        command = ["sh", "-c", script, "sh", str(self._binaries), str(self.folder)]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True, **self._owner
        )

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._binaries / program, "--pgdata=data", *arguments]
        environment = {"PATH": os.defpath, "LC_ALL": "C"}
        with (self.folder / "said").open("w") as said:  # a pipe would be held open by the server
            done = subprocess.run(
                command, cwd=self.folder, env=environment, stdout=said, stderr=said, check=False, **self._owner
            )
        assert done.returncode == 0, (self.folder / "said").read_text("utf-8")


@contextmanager
def running() -> Iterator[Postgres]:
    """A server that runs, in a folder whose path is short enough for a socket. Raises where none is installed."""
    binaries = found()
    if binaries is None:
        raise FileNotFoundError(MISSING)
    server = Postgres(Path(tempfile.mkdtemp(prefix="ledger", dir="/tmp")), binaries)
    watch = server.watched()
    try:
        yield server
    finally:
        watch.communicate()
