"""The ledger of a session: a thread that writes each run before it is sent and when it ends, and keeps budgets.

Where the database fails, the session's own numbers go on in memory, and `trouble` says why.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from .budget import Admitted, Denied, Level, Limit, Need, Scope, admit
from .keeping import Keeper
from .money import EXACT
from .records import Record, now
from .tally import Query
from .troubles import PASSING

if TYPE_CHECKING:
    from .store import Seen, Store, Transaction

__all__ = ["Book", "Busy", "Query"]

SHARED: frozenset[Scope] = frozenset({"notebook", "day"})  # what several sessions may spend from


class Busy(Exception):
    """What is left of a shared budget cannot be looked up now; the argument says why."""


class Book(Keeper):
    """A session's way to the ledger. Every method returns at once; futures are done by the book's own thread.

    `url` is SQLAlchemy's, None keeps everything in memory; `name` is what a notice calls it; `clock` counts seconds.
    """

    def __init__(
        self, session: str, url: str | None, name: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(url, name, clock)
        self._session = session
        self._unsent: set[str] = set()  # runs that have ended before they were sent, and have no row
        self._others: dict[object, Decimal] = {}  # what other sessions had spent when the database was last asked

    def take_over(self, before: "Book") -> None:
        """Know what the session cost in another ledger: its budget goes on, and what that has not written is ours."""
        for record in before._own:
            self._own.keep(record)
        self._unwritten |= before._unwritten

    def warm_up(self) -> "Future[None]":
        """Load the database's library in the book's thread; touches no file."""
        url = self._url
        return self._worker.submit(lambda: None if url is None else _rehearse(url))

    def write(self, record: Record) -> "Future[None]":
        """Keep this state of a run."""
        return self._worker.submit(lambda: self._put(record, ()))

    def finish(
        self, record: Record, limits: Iterable[Limit], scopes: Mapping[Scope, Query], *, sent: bool
    ) -> "Future[list[Level]]":
        """Close a run, and say how far its limits are used then; one that was never `sent` is forgotten."""
        return self._worker.submit(lambda: self._finish(record, list(limits), scopes, sent=sent))

    def reserve(
        self, record: Record, need: Need, limits: Iterable[Limit], scopes: Mapping[Scope, Query], *, partly: bool = True
    ) -> "Future[Admitted | Denied]":
        """Reserve what `need` may cost, in one transaction with looking at what is left of `limits`.

        `scopes` says which records each scope counts. Not `partly`: what does not fit whole reserves nothing. The
        future raises Busy where a limit of several sessions cannot be looked up for the moment.
        """
        return self._worker.submit(lambda: self._reserve(record, need, list(limits), scopes, partly=partly))

    def uncounted(self, query: Query) -> "Future[list[Record]]":
        """The runs of `query` that are over, and for which something is reserved: nobody told what they cost."""
        return self._worker.submit(lambda: self._uncounted(query))

    def release(self, query: Query) -> "Future[int]":
        """Reserve nothing for these any more; how many they were."""
        return self._worker.submit(lambda: self._release(query))

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

    def _finish(self, record: Record, limits: list[Limit], scopes: Mapping[Scope, Query], *, sent: bool) -> list[Level]:
        if sent or self._own.get(record.id):  # what was reserved for it is free again
            self._put(record, ())
        else:
            self._unsent.add(record.id)
        return self._spent(limits, scopes) if limits else []

    def _reserve(
        self, record: Record, need: Need, limits: list[Limit], scopes: Mapping[Scope, Query], *, partly: bool
    ) -> Admitted | Denied:
        from .store import RESERVE_S

        before = self._own.get(record.id) or record
        if before.state != "running" or record.id in self._unsent:
            raise RuntimeError("this run has ended, and nobody waits for it")
        shared = any(limit.scope in SHARED for limit in limits)

        def work(store: "Store") -> Admitted | Denied:
            with store.writing(RESERVE_S if limits else None) as transaction:
                if limits:
                    transaction.alone()
                self._look(transaction, limits, scopes)
                found = decided()
                self._flush(transaction)
            return found

        def decided() -> Admitted | Denied:
            found = admit(need, self._levels(limits, scopes, record.id))
            if isinstance(found, Admitted) and (partly or found.max_tokens == need.max_tokens):
                self._keep(replace(before, reserved=found.reserved))
            return found

        def guessed() -> Admitted | Denied:
            if shared and self._database.failed in PASSING:
                raise Busy(self._database.failed)
            return decided()

        return self._using(work, guessed, at_once=shared)

    def _look(self, transaction: "Transaction", limits: list[Limit], scopes: Mapping[Scope, Query]) -> None:
        """Learn what other sessions have spent."""
        for limit in limits:
            if limit.scope in SHARED:
                query = scopes[limit.scope]
                self._others[_key(query)] = transaction.counted(query.where, self._session)

    def _levels(self, limits: list[Limit], scopes: Mapping[Scope, Query], but: str) -> list[Level]:
        """How far each limit is used by runs other than `but`."""
        levels = []
        for limit in limits:
            query = scopes.get(limit.scope)
            own = self._own.counted(query, but) if query else Decimal(0)
            others = self._others.get(_key(query), Decimal(0)) if query and limit.scope in SHARED else Decimal(0)
            levels.append(Level(limit, EXACT.add(others, own)))
        return levels

    def _spent(self, limits: list[Limit], scopes: Mapping[Scope, Query]) -> list[Level]:
        def work(store: "Store") -> None:
            with store.reading() as transaction:
                self._look(transaction, limits, scopes)

        if any(limit.scope in SHARED for limit in limits):
            self._using(work, lambda: None)
        return self._levels(limits, scopes, "")

    def _uncounted(self, query: Query) -> list[Record]:
        def work(store: "Store") -> list[Record]:
            with store.reading() as transaction:
                return transaction.reserved(query.where)

        found = self._using(work, lambda: [one for one in self._own if one.reserved is not None and query.takes(one)])
        return [one for one in found if one.state_at(now()) != "running"]

    def _release(self, query: Query) -> int:
        found = [replace(one, reserved=None) for one in self._uncounted(query)]

        def work(store: "Store") -> None:
            with store.writing() as transaction:
                for one in found:
                    transaction.put(one)

        for one in found:
            if self._own.get(one.id):
                self._own.keep(one)
        self._using(work, lambda: None)
        return len(found)

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


def _key(query: Query) -> object:
    return tuple(query.where.items())


def _rehearse(url: str) -> None:
    """Load what the first write needs, which takes a while, in a database that is nowhere."""
    from .rehearsal import rehearse

    rehearse(url)
