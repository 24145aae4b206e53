"""What a session knows of its runs, on its way into the database: a thread that writes, and keeps what is unwritten."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from .database import Database, Failed
from .records import Record
from .tally import Tally
from .troubles import explained
from .worker import Worker

if TYPE_CHECKING:
    from .store import Seen, Store, Transaction

CLOSE_S = 2.0  # how long the end of a kernel waits for the last writes

T = TypeVar("T")


class Keeper:
    """Keeps the newest state of each run, and has it written. What begins with `_` runs in the thread."""

    def __init__(self, url: str | None, name: str, clock: Callable[[], float]) -> None:
        self._url = url
        self._database = Database(url, name, self._write_again, clock)
        self._worker = Worker("fastmode-ledger", self, CLOSE_S)
        self._own = Tally()  # without texts once they are written
        self._unwritten: set[str] = set()
        self._written: list[Record] = []  # in the transaction under way
        self._writing: Record | None = None
        self._open: dict[str, Callable[[], Record | None]] = {}

    @property
    def alone(self) -> bool:
        """Whether it knows the runs of this session only: nothing is kept, or the database fails."""
        return self._database.alone

    @property
    def following(self) -> bool:
        """Whether a run is under way."""
        return bool(self._open)

    def take_trouble(self) -> str | None:
        """A sentence for the user, which is told once."""
        told, self._database.trouble = self._database.trouble, None
        return told

    def follow(self, run: str, so_far: Callable[[], Record | None] | None) -> None:
        """Write what `so_far` says each second, if anything, until told to follow None."""
        if so_far:
            self._open[run] = so_far
            self._worker.submit(_nothing)  # it may wait for ever
        else:
            self._open.pop(run, None)

    def close(self) -> None:
        """Write what is left, and end the thread."""
        self._worker.close()

    def busy(self) -> bool:
        """Whether something is to be written each second."""
        return bool(self._open or (self._unwritten and self._database.kept))

    def beat(self) -> None:
        """Write how far the open runs are."""
        for run, so_far in list(self._open.items()):
            try:
                record = so_far()
            except Exception as error:  # noqa: BLE001  # the thread goes on, and all other runs
                self._open.pop(run, None)
                self._database.trouble = f"The ledger lost sight of a run until it ends ({type(error).__name__})."
                continue
            before = self._own.get(run)
            if record and before is None:
                self._keep(record)
            elif record and before and before.state == "running":  # else its end overtook us
                self._keep(replace(record, reserved=before.reserved))  # the session may not know the newest yet
        self._write_rest()

    def end(self) -> None:
        """Write what is left, whatever failed before, and close the database."""
        self._write_rest(at_once=True)
        self._database.close()

    def forked(self) -> None:
        """Leave the runs and the connections of the process that was copied to it."""
        self._open, self._unwritten = {}, set()
        self._database.abandon()

    def _write_rest(self, *, at_once: bool = False) -> None:
        def work(store: "Store") -> None:
            with store.writing() as transaction:
                self._flush(transaction)

        if self._unwritten:
            self._using(work, _nothing, at_once=at_once)

    def _write_again(self) -> None:
        self._unwritten.update(record.id for record in self._own)

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

    def _flush(self, transaction: "Transaction") -> None:
        """Write what is unwritten; what fails stays so."""
        written = [self._own[run] for run in self._unwritten]
        for self._writing in written:
            transaction.put(self._writing)
        self._written, self._writing = written, None

    def _using(self, work: Callable[["Store"], T], otherwise: Callable[[], T], *, at_once: bool = False) -> T:
        """What `work` makes of the database; where that fails, what memory says."""
        self._written, self._writing = [], None
        try:
            result = self._database.use(work, at_once=at_once)
        except Failed:
            return otherwise()
        except Exception as error:
            if self._writing is None:
                raise
            self._unwritten.discard(self._writing.id)  # else it would keep all others out
            why = explained(error)
            self._database.trouble = f"The ledger {self._database.name} does not take a run ({why}); it is in memory."
            return otherwise()
        for record in self._written:
            self._unwritten.discard(record.id)
            if record.prompt is not None or record.answer is not None:
                self._own.keep(replace(record, prompt=None, answer=None))
        if not self._unwritten:
            self._database.forgive()
        return result


def _nothing() -> None:
    """Nothing to do."""
