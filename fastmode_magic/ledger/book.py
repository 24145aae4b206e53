"""The ledger of a session: a thread that writes each run before it is sent and when it ends, and keeps budgets.

Where the database fails, the session's own numbers go on in memory, and `trouble` says why.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from .budget import Admitted, Denied, Level, Limit, Need, Scope, admit
from .money import EXACT
from .records import Record
from .tally import Query, Tally
from .troubles import explained, refused
from .worker import Worker

if TYPE_CHECKING:
    from .store import Seen, Store, Transaction

__all__ = ["Book", "Query"]

CLOSE_S = 2.0  # how long the end of a kernel waits for the last writes
PAUSE_S = 5.0  # before a database that failed is tried again
SHARED: frozenset[Scope] = frozenset({"notebook", "day"})  # what several sessions may spend from

T = TypeVar("T")


class Book:
    """A session's way to the ledger. Every method returns at once; futures are done by the book's own thread.

    `url` is SQLAlchemy's, None keeps everything in memory; `name` is what a notice calls it.
    """

    def __init__(self, session: str, url: str | None, name: str = "") -> None:
        self.trouble: str | None = None  # a sentence for the user, who takes it away
        self._session, self._url, self._name = session, url, name
        self._worker = Worker("fastmode-ledger", self, CLOSE_S)
        self._own = Tally()  # without texts once they are written
        self._unwritten: set[str] = set()
        self._written: list[Record] = []  # in the transaction under way
        self._writing: Record | None = None
        self._open: dict[str, Callable[[], Record | None]] = {}
        self._others: dict[Scope, Decimal] = {}  # what other sessions had spent when the database was last asked
        self._store: Store | None = None
        self._file: object = None  # the one that has what is no longer unwritten
        self._failed: str | None = None
        self._again_s = float("-inf")

    @property
    def alone(self) -> bool:
        """Whether it knows the runs of this session only: nothing is kept, or the database fails."""
        return self._url is None or self._failed is not None

    def take_over(self, before: "Book") -> None:
        """Know what the session cost in another ledger: its budget goes on, and what that has not written is ours."""
        for record in before._own:
            self._own.keep(record)
        self._unwritten |= before._unwritten

    def warm_up(self) -> None:
        """Load the database's library in the book's thread; touches no file."""
        if self._url is not None:
            url = self._url
            self._worker.submit(lambda: _rehearse(url))

    def write(self, record: Record, seen: Sequence["Seen"] = ()) -> "Future[None]":
        """Keep this state of a run, and what responses said of rate limits."""
        return self._worker.submit(lambda: self._put(record, seen))

    def follow(self, run: str, so_far: Callable[[], Record | None] | None) -> None:
        """Write what `so_far` says each second, if anything, until told to follow None."""
        if so_far:
            self._open[run] = so_far
            self._worker.submit(_nothing)  # it may wait for ever
        else:
            self._open.pop(run, None)

    def reserve(
        self, record: Record, need: Need, limits: Iterable[Limit], scopes: Mapping[Scope, Query]
    ) -> "Future[Admitted | Denied]":
        """Reserve what `need` may cost, in one transaction with looking at what is left of `limits`.

        `scopes` says which records each scope counts.
        """
        return self._worker.submit(lambda: self._reserve(record, need, list(limits), scopes))

    def spent(self, limits: Iterable[Limit], scopes: Mapping[Scope, Query]) -> "Future[list[Level]]":
        """How far each limit is used."""
        return self._worker.submit(lambda: self._spent(list(limits), scopes))

    def known(self, limits: Iterable[Limit], scopes: Mapping[Scope, Query]) -> list[Level]:
        """The same without asking the database: of other sessions, what it said last. Callable from any thread."""
        return self._levels(list(limits), scopes, "")

    def records(self, query: Query) -> "Future[list[Record]]":
        """The records that `query` wants; those of this session alone where the database fails."""
        return self._worker.submit(lambda: self._records(query))

    def see(self, seen: Callable[[], Sequence["Seen"]]) -> "Future[None]":
        """Keep what responses said of rate limits, as `seen` says it when its turn comes."""
        return self._worker.submit(lambda: self._put(None, seen()))

    def seen(self, account: str) -> "Future[list[Seen]]":
        """What all kernels know of the rate limits of an account; nothing where the database fails."""
        return self._worker.submit(lambda: self._seen(account))

    def close(self) -> None:
        """Write what is left, and end the thread."""
        self._worker.close()

    def busy(self) -> bool:
        """Whether something is to be written each second."""
        return bool(self._open or (self._unwritten and self._url))

    def beat(self) -> None:
        """Write how far the open runs are."""
        for run, so_far in list(self._open.items()):
            try:
                record = so_far()
            except Exception as error:  # noqa: BLE001  # the thread goes on, and all other runs
                self._open.pop(run, None)
                self.trouble = f"The ledger lost sight of a run until it ends ({type(error).__name__}: {error})."
                continue
            before = self._own.get(run)
            if record and before is None:
                self._keep(record)
            elif record and before and before.state == "running":  # else its end overtook us
                self._keep(replace(record, reserved=before.reserved))  # the session may not know the newest yet
        self._write_rest()

    def end(self) -> None:
        """Write what is left, whatever failed before, and close the database."""
        self._again_s = float("-inf")
        self._write_rest()
        self._shut()

    def forked(self) -> None:
        """Leave the runs and the connections of the process that was copied to it."""
        self._open, self._unwritten = {}, set()
        if self._store:
            self._store.abandon()
            self._store = None

    def _write_rest(self) -> None:
        def work(store: "Store") -> None:
            with store.writing() as transaction:
                self._flush(transaction)

        if self._unwritten:
            self._using(work, _nothing)

    def _keep(self, record: Record) -> None:
        self._own.keep(record)
        self._unwritten.add(record.id)

    def _put(self, record: Record | None, seen: Sequence["Seen"]) -> None:
        if record:
            self._keep(record)

        def work(store: "Store") -> None:
            with store.writing() as transaction:
                self._flush(transaction)
                transaction.see(seen)

        self._using(work, _nothing)

    def _reserve(
        self, record: Record, need: Need, limits: list[Limit], scopes: Mapping[Scope, Query]
    ) -> Admitted | Denied:
        from .store import RESERVE_S

        def work(store: "Store") -> Admitted | Denied:
            with store.writing(RESERVE_S) as transaction:
                transaction.alone()
                self._look(transaction, limits, scopes)
                found = decided()
                self._flush(transaction)
            return found

        def decided() -> Admitted | Denied:
            found = admit(need, self._levels(limits, scopes, record.id))
            if isinstance(found, Admitted):
                self._keep(replace(record, reserved=found.reserved))
            return found

        return self._using(work, decided)

    def _look(self, transaction: "Transaction", limits: list[Limit], scopes: Mapping[Scope, Query]) -> None:
        """Learn what other sessions have spent."""
        for scope in {limit.scope for limit in limits} & SHARED:
            self._others[scope] = transaction.counted(scopes[scope].where, self._session)

    def _levels(self, limits: list[Limit], scopes: Mapping[Scope, Query], but: str) -> list[Level]:
        """How far each limit is used by runs other than `but`."""
        levels = []
        for limit in limits:
            query = scopes.get(limit.scope)
            own = self._own.counted(query, but) if query else Decimal(0)
            levels.append(Level(limit, EXACT.add(self._others.get(limit.scope, Decimal(0)), own)))
        return levels

    def _spent(self, limits: list[Limit], scopes: Mapping[Scope, Query]) -> list[Level]:
        def work(store: "Store") -> list[Level]:
            with store.reading() as transaction:
                self._look(transaction, limits, scopes)
            return self._levels(limits, scopes, "")

        return self._using(work, lambda: self._levels(limits, scopes, ""))

    def _records(self, query: Query) -> list[Record]:
        def work(store: "Store") -> list[Record]:
            with store.reading() as transaction:
                return transaction.records(query.where, query.since)

        self._write_rest()
        return self._using(work, lambda: [one for one in self._own if query.takes(one)])

    def _seen(self, account: str) -> "list[Seen]":
        def work(store: "Store") -> "list[Seen]":
            with store.reading() as transaction:
                return transaction.seen(account)

        return self._using(work, list)

    def _flush(self, transaction: "Transaction") -> None:
        """Write what is unwritten; what fails stays so."""
        written = [self._own[run] for run in self._unwritten]
        for self._writing in written:
            transaction.put(self._writing)
        self._written, self._writing = written, None

    def _using(self, work: Callable[["Store"], T], otherwise: Callable[[], T]) -> T:
        """What `work` makes of the database; where that fails, what memory says."""
        if self._url is None or time.monotonic() < self._again_s:
            return otherwise()
        self._written, self._writing = [], None
        try:
            result = work(self._opened(self._url))
        except Exception as error:  # noqa: BLE001  # whatever a database raises, the cell goes on
            self._fail(error)
            return otherwise()
        for record in self._written:
            self._unwritten.discard(record.id)
            self._own.keep(replace(record, prompt=None, answer=None))
        if not self._unwritten:
            self._failed = None
        return result

    def _opened(self, url: str) -> "Store":
        """The database; opened anew where its file was deleted or replaced."""
        from .store import Store

        if gone := self._store is not None and self._store.gone:
            self._shut()
        if self._store is None:
            self._store = Store(url)
            if gone or self._file not in {None, self._store.file}:
                self._unwritten.update(record.id for record in self._own)
                self.trouble = f"The ledger {self._name} was deleted or replaced; the new one has this session's runs."
            self._file = self._store.file
        return self._store

    def _shut(self) -> None:
        if self._store:
            self._store.close()
            self._store = None

    def _fail(self, error: Exception) -> None:
        if self._writing and refused(error):
            self._unwritten.discard(self._writing.id)  # else it would keep all others out
            self.trouble = f"The ledger {self._name} does not take a run ({explained(error)}): it is kept in memory."
            return
        self._again_s = time.monotonic() + PAUSE_S
        self._shut()
        why = explained(error)
        if why != self._failed:
            self._failed = why
            self.trouble = f"The ledger {self._name} cannot be used ({why}): what this session costs is kept in memory."


def _nothing() -> None:
    """Nothing to do."""


def _rehearse(url: str) -> None:
    """Load what the first write needs, which takes a while, in a database that is nowhere."""
    from .rehearsal import rehearse

    rehearse(url)
