"""The way to the ledger's database, which may fail: opened when it is used, opened anew, left alone for a while."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from .troubles import explained, refused

if TYPE_CHECKING:
    from .store import Store

PAUSE_S = 5.0  # before a database that failed is tried again

T = TypeVar("T")


class Failed(Exception):
    """The database cannot be used now; `Database.failed` says why."""


class Database:
    """Used by the ledger's thread alone. `url` is SQLAlchemy's, None is none; `name` is what a sentence calls it."""

    def __init__(self, url: str | None, name: str, on_new: Callable[[], None], clock: Callable[[], float]) -> None:
        self.trouble: str | None = None  # a sentence for the user, who takes it away
        self.failed: str | None = None  # why it cannot be used
        self.name = name
        self._url, self._on_new, self._clock = url, on_new, clock
        self._store: Store | None = None
        self._identity: object = None  # of the one that has what was written
        self._again_s = float("-inf")

    @property
    def alone(self) -> bool:
        """Whether nothing is known of other sessions: nothing is kept, or it fails."""
        return self._url is None or self.failed is not None

    @property
    def kept(self) -> bool:
        """Whether there is to be one."""
        return self._url is not None

    def use(self, work: Callable[["Store"], T], *, at_once: bool = False) -> T:
        """What `work` makes of it. Raises Failed, `at_once` only after a try; errors about what is written come out."""
        if self._url is None or (not at_once and self._clock() < self._again_s):
            raise Failed
        opened = False
        try:
            store = self._opened(self._url)
            opened = True
            return work(store)
        except Exception as error:
            if opened and refused(error):
                raise
            self._fail(explained(error))
            raise Failed from None

    def forgive(self) -> None:
        """Nothing is left unwritten."""
        self.failed = None

    def close(self) -> None:
        """Close its connections."""
        if self._store:
            self._store.close()
            self._store = None

    def abandon(self) -> None:
        """Leave its connections to the process that has forked this one."""
        if self._store:
            self._store.abandon()
            self._store = None

    def _opened(self, url: str) -> "Store":
        """The database; opened anew where its file was deleted or replaced."""
        from .store import Store

        if gone := self._store is not None and self._store.gone:
            self.close()
        if self._store is None:
            self._store = Store(url)
            if gone or self._identity not in {None, self._store.identity}:
                self._on_new()
                self.trouble = f"The ledger {self.name} was deleted or replaced; the new one has this session's runs."
            self._identity = self._store.identity
        return self._store

    def _fail(self, why: str) -> None:
        self._again_s = self._clock() + PAUSE_S
        self.close()
        if why != self.failed:
            self.failed = why
            self.trouble = (
                f"The ledger {self.name} cannot be used ({why}): what this session costs is kept in memory, and "
                "budgets count this session alone."
            )
