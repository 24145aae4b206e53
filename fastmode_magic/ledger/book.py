"""The ledger of a session: a thread that writes each run before it is sent and when it ends, and keeps budgets.

Where the database fails, the session's own numbers go on in memory, and `trouble` says why.
"""

import atexit
import queue
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from .budget import Admitted, Denied, Level, Limit, Need, Scope, admit
from .records import Record
from .troubles import explained

if TYPE_CHECKING:
    from .store import Seen, Store, Transaction

BEAT_S = 1.0  # how often an open run is written
CLOSE_S = 2.0  # how long the end of a kernel waits for the last writes
PAUSE_S = 5.0  # before a database that failed is tried again
SHARED: frozenset[Scope] = frozenset({"notebook", "day"})  # what several sessions may spend from

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query:
    """Which records: columns and their values, and since when they began."""

    where: Mapping[str, object] = field(default_factory=dict)
    since: datetime | None = None

    def takes(self, record: Record) -> bool:
        """Whether `record` is one of them."""
        right = all(getattr(record, name) == value for name, value in self.where.items())
        return right and (self.since is None or record.began >= self.since)


class Book:
    """A session's way to the ledger. Every method returns at once; futures are done by the book's own thread.

    `url` is SQLAlchemy's, None keeps everything in memory; `name` is what a notice calls it.
    """

    def __init__(self, session: str, url: str | None, name: str = "") -> None:
        self.trouble: str | None = None  # a sentence for the user, who takes it away
        self._session, self._url, self._name = session, url, name
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._own: dict[str, Record] = {}  # this session's, the newest state of each; without texts once written
        self._unwritten: set[str] = set()
        self._written: list[Record] = []  # in the transaction under way
        self._open: dict[str, Callable[[], Record | None]] = {}
        self._others: dict[Scope, Decimal] = {}  # what other sessions had spent when the database was last asked
        self._store: Store | None = None
        self._failed: str | None = None
        self._again_s = float("-inf")
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def alone(self) -> bool:
        """Whether it knows the runs of this session only: nothing is kept, or the database fails."""
        return self._url is None or self._failed is not None

    def take_over(self, before: "Book") -> None:
        """Know what the session cost in another ledger: its budget goes on."""
        self._own |= before._own

    def warm_up(self) -> None:
        """Load the database's library in the book's thread; touches no file."""
        if self._url is not None:
            self._submit(_rehearse)

    def write(self, record: Record, seen: Sequence["Seen"] = ()) -> "Future[None]":
        """Keep this state of a run, and what responses said of rate limits."""
        return self._submit(lambda: self._put(record, seen))

    def follow(self, run: str, so_far: Callable[[], Record | None] | None) -> None:
        """Write what `so_far` says each second, if anything, until told to follow None."""
        if so_far:
            self._open[run] = so_far
        else:
            self._open.pop(run, None)

    def reserve(
        self, record: Record, need: Need, limits: Iterable[Limit], scopes: Mapping[Scope, Query]
    ) -> "Future[Admitted | Denied]":
        """Reserve what `need` may cost, in one transaction with looking at what is left of `limits`.

        `scopes` says which records each scope counts.
        """
        return self._submit(lambda: self._reserve(record, need, list(limits), scopes))

    def spent(self, limits: Iterable[Limit], scopes: Mapping[Scope, Query]) -> "Future[list[Level]]":
        """How far each limit is used."""
        return self._submit(lambda: self._spent(list(limits), scopes))

    def known(self, limits: Iterable[Limit], scopes: Mapping[Scope, Query]) -> list[Level]:
        """The same without asking the database: of other sessions, what it said last. Callable from any thread."""
        return self._levels(list(limits), scopes, "")

    def records(self, query: Query) -> "Future[list[Record]]":
        """The records that `query` wants; those of this session alone where the database fails."""
        return self._submit(lambda: self._records(query))

    def see(self, seen: Callable[[], Sequence["Seen"]]) -> "Future[None]":
        """Keep what responses said of rate limits, as `seen` says it when its turn comes."""
        return self._submit(lambda: self._put(None, seen()))

    def seen(self, account: str) -> "Future[list[Seen]]":
        """What all kernels know of the rate limits of an account; nothing where the database fails."""
        return self._submit(lambda: self._seen(account))

    def close(self) -> None:
        """Write what is left, and end the thread."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread:
            self._jobs.put(None)
            thread.join(CLOSE_S)
            atexit.unregister(self.close)

    def _submit(self, work: Callable[[], T]) -> "Future[T]":
        future: Future[T] = Future()

        def job() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work())
                except BaseException as error:  # noqa: BLE001  # handed to whoever waits
                    future.set_exception(error)

        with self._lock:
            self._jobs.put(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="fastmode-ledger", daemon=True)
                self._thread.start()
                atexit.register(self.close)
        return future

    def _work(self) -> None:
        due_s = time.monotonic() + BEAT_S
        while True:
            try:
                job = self._jobs.get(timeout=max(0.0, due_s - time.monotonic()) if self._open else None)
            except queue.Empty:
                job = _nothing
            if job is None:
                break
            job()
            if time.monotonic() >= due_s:
                self._beat()
                due_s = time.monotonic() + BEAT_S
        self._again_s = float("-inf")
        self._write_rest()
        if self._store:
            self._store.close()
            self._store = None

    def _beat(self) -> None:
        for so_far in list(self._open.values()):
            if record := so_far():
                self._keep(record)
        self._write_rest()

    def _write_rest(self) -> None:
        def work(store: "Store") -> None:
            with store.writing() as transaction:
                self._flush(transaction)

        if self._unwritten:
            self._using(work, _nothing)

    def _keep(self, record: Record) -> None:
        self._own[record.id] = record
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
        def work(store: "Store") -> Admitted | Denied:
            with store.writing() as transaction:
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
            own = [one for one in list(self._own.values()) if query and query.takes(one) and one.id != but]
            others = self._others.get(limit.scope, Decimal(0))
            levels.append(Level(limit, others + sum((one.counted for one in own), Decimal(0))))
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

        return self._using(work, lambda: [one for one in self._own.values() if query.takes(one)])

    def _seen(self, account: str) -> "list[Seen]":
        def work(store: "Store") -> "list[Seen]":
            with store.reading() as transaction:
                return transaction.seen(account)

        return self._using(work, list)

    def _flush(self, transaction: "Transaction") -> None:
        """Write what is unwritten; what fails stays so."""
        written = [self._own[run] for run in self._unwritten]
        for record in written:
            transaction.put(record)
        self._written = written

    def _using(self, work: Callable[["Store"], T], otherwise: Callable[[], T]) -> T:
        """What `work` makes of the database; where that fails, what memory says."""
        if self._url is None or time.monotonic() < self._again_s:
            return otherwise()
        self._written = []
        try:
            result = work(self._opened())
        except Exception as error:  # noqa: BLE001  # whatever a database raises, the cell goes on
            self._fail(error)
            return otherwise()
        for record in self._written:
            self._unwritten.discard(record.id)
            self._own[record.id] = replace(record, prompt=None, answer=None)
        self._failed = None
        return result

    def _opened(self) -> "Store":
        """The database; opened anew where its file was deleted or replaced."""
        from .store import Store

        if self._store and self._store.gone:
            self._store.close()
            self._store = None
            self._unwritten.update(self._own)
            self.trouble = f"The ledger {self._name} was deleted; a new one has the runs of this session."
        if self._store is None:
            assert self._url is not None  # `_using` has seen to it
            self._store = Store(self._url)
        return self._store

    def _fail(self, error: Exception) -> None:
        self._again_s = time.monotonic() + PAUSE_S
        if self._store:
            self._store.close()
            self._store = None
        why = explained(error)
        if why != self._failed:
            self._failed = why
            self.trouble = f"The ledger {self._name} cannot be used ({why}): what this session costs is kept in memory."


def _nothing() -> None:
    """Nothing to do."""


def _rehearse() -> None:
    """Load what the first write needs, which takes a while, in a database that is nowhere."""
    from .rehearsal import rehearse

    rehearse()
