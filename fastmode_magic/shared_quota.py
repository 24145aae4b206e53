"""What the kernels of one user know of rate limits, shared by way of the ledger."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .claude.standing import Account, Standing

if TYPE_CHECKING:
    from .ledger.book import Book
    from .ledger.store import Seen

WAIT_S = 0.05  # that a request waits at most for what other kernels know


@dataclass(slots=True)
class SharedQuota:
    """Tells other kernels what responses say of quota, and learns what theirs say. Called by several threads.

    `book` is the ledger; None while nothing is to be shared, as in practice.
    """

    standing: Standing
    clock: Callable[[], float]
    book: "Callable[[], Book | None]"
    _told: "dict[tuple[str, str, str], tuple[int, int]]" = field(default_factory=dict)  # bucket: limit and remaining
    _told_to: "Book | None" = None
    _coming: set[Account] = field(default_factory=set)  # whose buckets are about to be written
    _asked: "tuple[Account, Future[None]] | None" = None  # the last question
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, account: Account) -> None:
        """Have what is known of an account's buckets written; returns at once."""
        book = self.book() if account.shared else None
        if book is None:
            return
        with self._lock:
            if book is self._told_to and account in self._coming:
                return
            if book is not self._told_to:  # the settings name another ledger
                self._told_to, self._told, self._coming = book, {}, set()
            self._coming.add(account)
        book.see(lambda: self._rows(account))

    def ask(self, account: Account) -> "Future[None]":
        """Learn what other kernels know of an account; done at the latest when the future is."""
        done: Future[None] = Future()
        book = self.book() if account.shared else None
        if book is None:
            done.set_result(None)
        else:
            book.seen(account.shared or "").add_done_callback(lambda found: self._learn(account, found, done))
        return done

    def ahead(self) -> None:
        """Ask for the account of the last request again, so that the next one waits for nothing; returns at once."""
        if self._asked:
            account = self._asked[0]
            self._asked = account, self.ask(account)

    async def inquire(self, account: Account) -> None:
        """Learn what other kernels know, on the engine's loop; waits for it a moment at most."""
        of, future = self._asked or (None, None)
        if future is None or of != account:
            future = self.ask(account)
        self._asked = account, future
        if not future.done():
            await asyncio.wait([asyncio.wrap_future(future)], timeout=WAIT_S)

    def _learn(self, account: Account, found: "Future[list[Seen]]", done: "Future[None]") -> None:
        from .ledger import seen

        try:
            if not found.cancelled() and not found.exception():
                quotas = seen.learned(found.result(), account.shared or "", self.clock(), datetime.now(UTC))
                self.standing.learn(account, quotas)
        finally:
            done.set_result(None)

    def _rows(self, account: Account) -> "list[Seen]":
        """The buckets of an account that are not written yet."""
        from .ledger import seen

        with self._lock:
            self._coming.discard(account)
        rows = seen.rows(account.shared or "", self.standing.quotas(account), self.clock(), datetime.now(UTC))
        new = [row for row in rows if self._told.get(row[:3]) != row[3:5]]
        self._told |= {row[:3]: row[3:5] for row in new}
        return new
