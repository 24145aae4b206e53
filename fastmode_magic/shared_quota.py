"""What the kernels of one user know of rate limits, shared by way of the ledger."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .claude.standing import Account, Standing
from .ledger import seen
from .ledger.records import now

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
    _coming: set[Account] = field(default_factory=set)  # whose buckets are about to be written
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, account: Account) -> None:
        """Have what is known of an account's buckets written; returns at once."""
        book = self.book() if account.shared else None
        if book is None:
            return
        with self._lock:
            if account in self._coming:
                return
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

    async def inquire(self, account: Account) -> None:
        """The same, waited for on the engine's loop for a moment at most."""
        await asyncio.wait([asyncio.wrap_future(self.ask(account))], timeout=WAIT_S)

    def _learn(self, account: Account, found: "Future[list[Seen]]", done: "Future[None]") -> None:
        if not found.cancelled() and not found.exception():
            quotas = seen.learned(found.result(), account.shared or "", self.clock(), now())
            self.standing.learn(account, quotas)
        done.set_result(None)

    def _rows(self, account: Account) -> "list[Seen]":
        """The buckets of an account that are not written yet."""
        with self._lock:
            self._coming.discard(account)
        rows = seen.rows(account.shared or "", self.standing.quotas(account), self.clock(), now())
        new = [row for row in rows if self._told.get(row[:3]) != row[3:5]]
        self._told |= {row[:3]: row[3:5] for row in new}
        return new
