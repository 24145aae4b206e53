"""The ledger in a database: SQLite in WAL mode, or whatever SQLAlchemy reaches. Used by the ledger's thread alone."""

import os
import random
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import URL, ColumnElement, Connection, Engine, RowMapping, create_engine, event, func, make_url, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from ..claude.usage import Usage
from .records import Charge, Record
from .statements import OF_RUN, TEXTS, Statements, statements
from .tables import buckets, charges, migrate, migrations, runs

SAME = timedelta(milliseconds=50)  # how far a moment may be off after two clocks have told it
LOCK_S = 2.0  # how long a write waits for the writes of other kernels
RESERVE_S = 5.0  # and for a budget, which must not be guessed
RETRY_S = (0.001, 0.004)  # between two tries: SQLite's own waiting grows to 100 ms and lets the late go first
LATE_S, RETRY_LATE_S = 0.01, 0.0003  # who has waited longer tries more often, and so goes first
CONNECT_S = 5
PATIENCE = (
    f"SET lock_timeout = '{RESERVE_S:.0f}s'",
    "SET statement_timeout = '10s'",
    "SET idle_in_transaction_session_timeout = '10s'",
)
_OF_RECORD = tuple(one.name for one in fields(Record) if one.name != "charges")
_OF_USAGE = tuple(one.name for one in fields(Usage) if one.name not in {"speed", "estimated"})


Seen = tuple[str, str, str, int, int, datetime]  # account, pool, name, limit, remaining, at


@dataclass(frozen=True, slots=True)
class Transaction:
    """What can be done in one transaction."""

    connection: Connection
    do: Statements

    def put(self, record: Record) -> None:
        """Write a record, in place of an earlier state of it; texts that it no longer has stay as they are."""
        values = {name: getattr(record, name) for name in OF_RUN} | {"of": record.id}
        bare = all(values[name] is None for name in TEXTS)
        rewrite = self.do.rewrite if bare else self.do.rewrite_with_texts
        if rewrite.run(self.connection, values).rowcount == 0:
            self.do.write.run(self.connection, values)
        else:
            self.do.clear.run(self.connection, values)
        for number, charge in enumerate(record.charges):
            self.do.charge.run(self.connection, _row(record.id, number, charge))

    def alone(self) -> None:
        """Wait until no other kernel reserves, and keep them out until this transaction ends."""
        self.do.alone.run(self.connection, {})

    def counted(self, where: Mapping[str, object], but: str) -> Decimal:
        """Dollars that budgets count of the runs whose columns have these values, but for the session `but`."""
        chosen = [getattr(runs.c, name) == value for name, value in where.items()]
        found = self.connection.execute(select(func.sum(runs.c.counted)).where(*chosen, runs.c.session != but))
        return found.scalar() or Decimal(0)

    def records(self, where: Mapping[str, object], since: datetime | None = None) -> list[Record]:
        """The records whose columns have these values and that began at `since` or later, the first first."""
        return self._records(where, *([runs.c.began >= since] if since else []))

    def _records(self, where: Mapping[str, object], *more: ColumnElement[bool]) -> list[Record]:
        chosen = [*(getattr(runs.c, name) == value for name, value in where.items()), *more]
        found = self.connection.execute(select(runs).where(*chosen).order_by(runs.c.began, runs.c.id)).mappings().all()
        billed: dict[str, list[Charge]] = {}
        of_them = select(charges).join(runs, runs.c.id == charges.c.run).where(*chosen).order_by(charges.c.number)
        for row in self.connection.execute(of_them).mappings():
            billed.setdefault(row["run"], []).append(_charge(row))
        return [
            Record(**{name: row[runs.c[name]] for name in _OF_RECORD}, charges=tuple(billed.get(row[runs.c.id], ())))
            for row in found
        ]

    def reserved(self, where: Mapping[str, object]) -> list[Record]:
        """Those of them for which something is reserved."""
        return self._records(where, runs.c.reserved.is_not(None))

    def see(self, seen: Iterable[Seen]) -> None:
        """Keep what responses said of rate limits, where nothing newer is known: of one report, what is left of it."""
        for account, pool, name, limit, remaining, at in sorted(
            seen
        ):  # in one order: no two kernels wait for each other
            values = {"bucket_limit": limit, "remaining": remaining, "at": at}
            key = {"account": account, "pool": pool, "name": name}
            where = [getattr(buckets.c, column) == value for column, value in key.items()]
            before = self.connection.execute(select(buckets.c.at, buckets.c.remaining).where(*where)).first()
            if before is None and self._seen_first(key | values):
                continue
            if before is None or before.at + SAME < at or (before.at - SAME <= at and remaining < before.remaining):
                self.do.see.run(self.connection, values | {f"of_{column}": value for column, value in key.items()})

    def _seen_first(self, values: Mapping[str, object]) -> bool:
        """Write a bucket that nobody has written; False where another kernel did meanwhile."""
        try:
            with self.connection.begin_nested():
                self.do.see_first.run(self.connection, values)
        except IntegrityError:
            return False
        return True

    def seen(self, account: str) -> list[Seen]:
        """What any kernel's responses said of the rate limits of `account`."""
        found = self.connection.execute(select(buckets).where(buckets.c.account == account))
        return [(one.account, one.pool, one.name, one.bucket_limit, one.remaining, one.at) for one in found]


class Store:
    """One database, open. Errors are SQLAlchemy's and the file system's."""

    def __init__(self, url: str) -> None:
        """Open `url`; makes a SQLite file and its folder, readable by their owner alone, and the tables."""
        address = make_url(url)
        lite = address.get_backend_name() == "sqlite"
        self._path = _path(address) if lite else None
        self._log = Path(f"{self._path}-wal")  # what was written and has yet to be moved into the file
        if self._path:
            address = address.set(database=str(self._path))
        self._engine = _sqlite(address) if lite else _server(address)
        self._do = statements(self._engine.dialect)
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            self._migrate()
        except BaseException:
            self.close()
            raise
        self._files = self._found()
        with self.reading() as transaction:
            made = transaction.connection.execute(select(migrations.c.at).order_by(migrations.c.number)).scalar()
        self.identity: object = (self._files[:1], made)  # a new file may get the number of a deleted one

    @property
    def gone(self) -> bool:
        """Whether a file was deleted or replaced under us: what is written now would be lost."""
        return self._found() != self._files

    @contextmanager
    def writing(self, patience_s: float | None = None) -> Iterator[Transaction]:
        """A transaction that has the right to write from its beginning, for which it waits so long."""
        with (
            self._engine.connect().execution_options(patience_s=patience_s or LOCK_S) as connection,
            connection.begin(),
        ):
            yield Transaction(connection, self._do)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that waits for nobody."""
        with self._engine.connect().execution_options(only_reads=True) as connection:
            yield Transaction(connection, self._do)

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()

    def abandon(self) -> None:
        """Never use its connections again, nor close them: they belong to the process that has forked this one."""
        _ABANDONED.append(self._engine)

    def _migrate(self) -> None:
        try:
            with self.writing() as transaction:
                migrate(transaction.connection)
        except DBAPIError as error:
            if error.statement is None:
                raise  # nobody is there
            with self.writing() as transaction:  # another kernel may have made the tables meanwhile
                migrate(transaction.connection)

    def _found(self) -> tuple[tuple[int, int] | None, ...]:
        """Which files these are."""
        return (_identity(self._path), _identity(self._log)) if self._path else ()


_ABANDONED: list[Engine] = []


def _server(address: URL) -> Engine:
    postgres = address.get_backend_name() == "postgresql"
    patience = {"connect_timeout": CONNECT_S} if postgres and "connect_timeout" not in address.query else {}
    engine = create_engine(address, pool_pre_ping=True, pool_size=1, max_overflow=1, connect_args=patience)
    if postgres:

        @event.listens_for(engine, "connect")
        def _(connection: Any, _record: object) -> None:
            for statement in PATIENCE:  # a kernel that sleeps in a transaction keeps nobody else out for long
                connection.cursor().execute(statement)
            connection.commit()

    return engine


def _sqlite(address: URL) -> Engine:
    engine = create_engine(address, connect_args={"timeout": LOCK_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin late, and without the right to write
        try:
            connection.execute("PRAGMA synchronous = NORMAL")  # safe from a killed kernel; a power cut may lose
            _patiently(connection, "PRAGMA journal_mode = WAL")
        except BaseException:
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        options = connection.get_execution_options()
        _patiently(
            driver, "BEGIN" if options.get("only_reads") else "BEGIN IMMEDIATE", options.get("patience_s", LOCK_S)
        )

    return engine


def _patiently(connection: sqlite3.Connection, statement: str, patience_s: float = LOCK_S) -> None:
    """Execute what has to wait for other kernels."""
    begun_s = time.monotonic()
    end_s = begun_s + patience_s
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute(statement)
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                    raise
                if time.monotonic() > end_s:
                    raise
            late = time.monotonic() - begun_s > LATE_S
            time.sleep(RETRY_LATE_S if late else random.uniform(*RETRY_S))  # noqa: S311
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(1e3 * LOCK_S)}")


def _path(address: URL) -> Path | None:
    """The file of a SQLite database, wherever the notebook may go; None for one in memory, or a URI of SQLite's."""
    name = address.database
    return None if not name or name == ":memory:" or name.startswith("file:") else Path(name).absolute()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _row(run: str, number: int, charge: Charge) -> dict[str, object]:
    counts = {name: getattr(charge.usage, name) for name in _OF_USAGE}
    own = {"model": charge.model, "speed": charge.speed, "cost": charge.cost, "estimated": charge.estimated}
    return {"run": run, "number": number, **own, **counts}


def _charge(row: RowMapping) -> Charge:
    usage = Usage(**{name: row[name] for name in _OF_USAGE}, speed=row["speed"], estimated=row["estimated"])
    return Charge(row["model"], row["speed"], usage, row["cost"], row["estimated"])
