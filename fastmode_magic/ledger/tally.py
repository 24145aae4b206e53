"""What budgets count of a session's own runs: sums that are kept, so that the last of many is admitted as fast."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .money import EXACT, total
from .records import Record

_SUMMED = ("session", "user", "notebook", "day", "practice")  # what budgets ask by


@dataclass(frozen=True, slots=True)
class Query:
    """Which records: columns and their values, and since when they began."""

    where: Mapping[str, object] = field(default_factory=dict)
    since: datetime | None = None

    def takes(self, record: Record) -> bool:
        """Whether `record` is one of them."""
        right = all(getattr(record, name) == value for name, value in self.where.items())
        return right and (self.since is None or record.began >= self.since)


class Tally:
    """The newest state of each run of a session. Written by one thread, read by any."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._sums: dict[tuple[object, ...], Decimal] = {}

    def __getitem__(self, run: str) -> Record:
        return self._records[run]

    def __iter__(self) -> Iterator[Record]:
        return iter(list(self._records.values()))

    def get(self, run: str) -> Record | None:
        """The newest state of a run."""
        return self._records.get(run)

    def keep(self, record: Record) -> None:
        """Take the newest state of a run."""
        before, self._records[record.id] = self._records.get(record.id), record
        if before:
            self._add(before, -before.counted)
        self._add(record, record.counted)

    def counted(self, query: Query, but: str) -> Decimal:
        """Dollars that budgets count of the runs that `query` takes, other than `but`."""
        if query.since or not query.where.keys() <= set(_SUMMED):
            return total(one.counted for one in self if query.takes(one) and one.id != but)
        wanted = [(_SUMMED.index(name), value) for name, value in query.where.items()]
        sums = [dollars for of, dollars in list(self._sums.items()) if all(of[n] == value for n, value in wanted)]
        left_out = self._records.get(but)
        return total([*sums, -left_out.counted] if left_out and query.takes(left_out) else sums)

    def _add(self, record: Record, dollars: Decimal) -> None:
        of = tuple(getattr(record, name) for name in _SUMMED)
        self._sums[of] = EXACT.add(self._sums.get(of, Decimal(0)), dollars)
