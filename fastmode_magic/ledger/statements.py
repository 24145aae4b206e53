"""The ledger's writes, put together once: that takes SQLAlchemy 20 ms, in which no other kernel could write."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, UpdateBase, bindparam, update

from .tables import buckets, charges, gate, runs

OF_RUN = tuple(column.key for column in runs.columns)
TEXTS = ("prompt", "answer")  # a record has them no longer once they are written


class Statement:
    """A write in the words of one database."""

    def __init__(self, statement: UpdateBase, dialect: Dialect, columns: list[str] | None = None) -> None:
        made = statement.compile(dialect=dialect, column_keys=columns)
        self._sql, self._order = made.string, made.positiontup
        self._fixed = {name: value for name, value in made.params.items() if value is not None}
        self._names = tuple(made.bind_names.values())
        fits = ((name, bind.type.bind_processor(dialect)) for bind, name in made.bind_names.items())
        self._fits = tuple((name, fit) for name, fit in fits if fit)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute it; what is no part of it may be among the values."""
        given = self._fixed | dict(values)
        fitted = {name: given[name] for name in self._names}
        for name, fit in self._fits:
            if (value := fitted[name]) is not None:
                fitted[name] = fit(value)
        by_place = None if self._order is None else tuple(fitted[name] for name in self._order)
        return connection.exec_driver_sql(self._sql, fitted if by_place is None else by_place)


@dataclass(frozen=True, slots=True)
class Statements:
    """Each write of the ledger."""

    rewrite: Statement
    rewrite_with_texts: Statement
    write: Statement
    clear: Statement
    charge: Statement
    alone: Statement
    see: Statement
    see_first: Statement


_MADE: dict[tuple[str, str], Statements] = {}


def statements(dialect: Dialect) -> Statements:
    """The writes as `dialect` wants them."""
    kind = dialect.name, dialect.driver
    if kind not in _MADE:
        _MADE[kind] = _put_together(dialect)
    return _MADE[kind]


def _put_together(dialect: Dialect) -> Statements:
    rewrite = update(runs).where(runs.c.id == bindparam("of"))
    here = [getattr(buckets.c, name) == bindparam(f"of_{name}") for name in ("account", "pool", "name")]
    return Statements(
        rewrite=Statement(rewrite, dialect, [name for name in OF_RUN if name not in TEXTS]),
        rewrite_with_texts=Statement(rewrite, dialect, list(OF_RUN)),
        write=Statement(runs.insert(), dialect),
        clear=Statement(charges.delete().where(charges.c.run == bindparam("of")), dialect),
        charge=Statement(charges.insert(), dialect),
        alone=Statement(update(gate).where(gate.c.id == 1).values(turns=gate.c.turns + 1), dialect),
        see=Statement(update(buckets).where(*here), dialect, ["bucket_limit", "remaining", "at"]),
        see_first=Statement(buckets.insert(), dialect),
    )
