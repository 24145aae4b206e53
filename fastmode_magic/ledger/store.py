"""The ledger in a database: SQLite in WAL mode, or whatever SQLAlchemy reaches. Used by the ledger's thread alone."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, bindparam, create_engine, event, make_url, select, update
from sqlalchemy.exc import DBAPIError

from ..claude.usage import Usage
from .records import Charge, Record
from .tables import buckets, charges, gate, migrate, runs

SAME = timedelta(milliseconds=50)  # how far a moment may be off after two clocks have told it
LOCK_S = 5.0  # how long a write waits for the writes of other kernels
_OF_RUN = tuple(column.key for column in runs.columns)
_OF_USAGE = tuple(one.name for one in fields(Usage) if one.name not in {"speed", "estimated"})

# Made once: SQLAlchemy takes a millisecond to put one of them together.
_REWRITE, _WRITE = update(runs).where(runs.c.id == bindparam("of")), runs.insert()
_CLEAR, _CHARGE = charges.delete().where(charges.c.run == bindparam("of")), charges.insert()
_ALONE = update(gate).where(gate.c.id == 1).values(turns=gate.c.turns + 1)


Seen = tuple[str, str, str, int, int, datetime]  # account, pool, name, limit, remaining, at


@dataclass(frozen=True, slots=True)
class Transaction:
    """What can be done in one transaction."""

    connection: Connection

    def put(self, record: Record) -> None:
        """Write a record, in place of an earlier state of it."""
        values = {name: getattr(record, name) for name in _OF_RUN}
        if self.connection.execute(_REWRITE, values | {"of": record.id}).rowcount == 0:
            self.connection.execute(_WRITE, values)
        else:
            self.connection.execute(_CLEAR, {"of": record.id})
        if record.charges:
            self.connection.execute(_CHARGE, [_row(record.id, n, one) for n, one in enumerate(record.charges)])

    def alone(self) -> None:
        """Wait until no other kernel reserves, and keep them out until this transaction ends."""
        self.connection.execute(_ALONE)

    def counted(self, where: Mapping[str, object], but: str) -> Decimal:
        """Dollars that budgets count of the runs whose columns have these values, but for the session `but`."""
        chosen = [getattr(runs.c, name) == value for name, value in where.items()]
        rows = self.connection.execute(select(runs.c.cost, runs.c.reserved).where(*chosen, runs.c.session != but))
        zero = Decimal(0)
        return sum((max(cost or zero, reserved or zero) for cost, reserved in rows), zero)

    def records(self, where: Mapping[str, object], since: datetime | None = None) -> list[Record]:
        """The records whose columns have these values and that began at `since` or later, the first first."""
        chosen = [getattr(runs.c, name) == value for name, value in where.items()]
        chosen += [runs.c.began >= since] if since else []
        found = self.connection.execute(select(runs).where(*chosen).order_by(runs.c.began)).mappings().all()
        billed: dict[str, list[Charge]] = {}
        of_them = select(charges).join(runs, runs.c.id == charges.c.run).where(*chosen).order_by(charges.c.number)
        for row in self.connection.execute(of_them).mappings():
            billed.setdefault(row["run"], []).append(_charge(row))
        return [
            Record(**{name: row[runs.c[name]] for name in _OF_RUN}, charges=tuple(billed.get(row[runs.c.id], ())))
            for row in found
        ]

    def see(self, seen: Iterable[Seen]) -> None:
        """Keep what responses said of rate limits, where nothing newer is known: of one report, what is left of it."""
        for account, pool, name, limit, remaining, at in seen:
            values = {"bucket_limit": limit, "remaining": remaining, "at": at}
            key = {"account": account, "pool": pool, "name": name}
            where = [getattr(buckets.c, column) == value for column, value in key.items()]
            before = self.connection.execute(select(buckets.c.at, buckets.c.remaining).where(*where)).first()
            if before is None:
                self.connection.execute(buckets.insert(), key | values)
            elif before.at + SAME < at or (before.at - SAME <= at and remaining < before.remaining):
                self.connection.execute(update(buckets).where(*where), values)

    def seen(self, account: str) -> list[Seen]:
        """What any kernel's responses said of the rate limits of `account`."""
        found = self.connection.execute(select(buckets).where(buckets.c.account == account))
        return [(one.account, one.pool, one.name, one.bucket_limit, one.remaining, one.at) for one in found]


class Store:
    """One database, open. Errors are SQLAlchemy's and the file system's."""

    def __init__(self, url: str) -> None:
        """Open `url`; makes a SQLite file and its folder, readable by their owner alone, and the tables."""
        self._url = make_url(url)
        lite = self._url.get_backend_name() == "sqlite"
        self._path = Path(self._url.database) if lite and self._url.database not in {None, "", ":memory:"} else None
        self._engine = _engine(url, lite=lite)
        if self._path:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            self._migrate()
        except DBAPIError:
            self._migrate()  # another kernel made the tables meanwhile
        self._file = _identity(self._path)

    @property
    def gone(self) -> bool:
        """Whether the file was deleted or replaced under us: what is written now would be lost."""
        return self._path is not None and _identity(self._path) != self._file

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """A transaction that has the right to write from its beginning."""
        with self._engine.begin() as connection:
            yield Transaction(connection)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that waits for nobody."""
        with self._engine.connect().execution_options(only_reads=True) as connection:
            yield Transaction(connection)

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        with self.writing() as transaction:
            migrate(transaction.connection)


def _engine(url: str, *, lite: bool) -> Engine:
    if not lite:
        return create_engine(url, pool_pre_ping=True, pool_size=1, max_overflow=1)
    engine = create_engine(url, connect_args={"timeout": LOCK_S, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin late, and without the right to write
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # what a killed kernel wrote is there; a power cut may lose

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        reads = connection.get_execution_options().get("only_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _identity(path: Path | None) -> tuple[int, int] | None:
    try:
        found = path.stat() if path else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _row(run: str, number: int, charge: Charge) -> dict[str, object]:
    counts = {name: getattr(charge.usage, name) for name in _OF_USAGE}
    own = {"model": charge.model, "speed": charge.speed, "cost": charge.cost, "estimated": charge.estimated}
    return {"run": run, "number": number, **own, **counts}


def _charge(row: RowMapping) -> Charge:
    usage = Usage(**{name: row[name] for name in _OF_USAGE}, speed=row["speed"], estimated=row["estimated"])
    return Charge(row["model"], row["speed"], usage, row["cost"], row["estimated"])
