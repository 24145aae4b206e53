"""One kernel's session: the composition root. It alone wires prompt, engine, ledger and views together."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import outlook
from .answer import Answer
from .claude import catalog
from .claude.engine import Engine, Run
from .claude.errors import BadInput, Ending, FastmodeError
from .ledger.totals import Snapshot, Totals
from .pages import Pages
from .prompt.ask import Ask
from .prompt.problems import CannotSend
from .running import Running, View, calls_of, stream_of, uninterrupted
from .service import Service
from .settings import FastMode, environment_fingerprint, notebook
from .shared_quota import SharedQuota

if TYPE_CHECKING:
    from .background import BackgroundAnswer
    from .books import Books
    from .prompt.conversation import Threads
    from .views.lab import Place
    from .views.stream import Stream
    from .views.text import Facts

    Show = Callable[[Stream], View]


class Session:
    """What lives as long as the kernel. Several threads may follow runs; the lab extension calls from one more."""

    def __init__(self, settings: FastMode, engine: Engine | None = None) -> None:
        self.settings = settings
        self.engine = engine or Engine()
        self.fast = self.fast_seen = False  # the switch; whether a cell asked for fast since it was off
        self.last: Answer | None = None
        self.last_error: BaseException | None = None  # of the user's own code, for `%fastmode fix`
        self.last_facts: Facts = []
        self.last_rates: list[int] = []
        self.last_run: Run | None = None
        self.last_fast: Run | None = None
        self._threads: Threads | None = None
        self.pages = Pages(self)
        self.active: dict[str, Running] = {}
        self.service = Service(settings)
        self.notebook: Callable[[], str] = notebook  # its path, where somebody says it
        self._books: Books | None = None
        self._loading: threading.Thread | None = None
        self.price_updates = False  # whether newer price lists are being fetched
        self._lock = threading.RLock()
        self.shared_quota = SharedQuota(self.engine.standing, self.engine.clock, self._ledger)
        self.engine.inquire, self.engine.standing.heard = self.shared_quota.inquire, self.shared_quota.tell

    @property
    def books(self) -> "Books":
        """What the runs cost: totals, the ledger, budgets."""
        with self._lock:
            if self._books is None:
                from .books import Books

                self._books = Books(self.settings, lambda: self.notebook())  # noqa: PLW0108  # it may be told later
            return self._books

    def _ledger(self) -> Any:
        return self._books.book if self._books and not self.service.practising else None

    @property
    def totals(self) -> Totals:
        """What this session has cost so far; practice is counted apart."""
        return self.books.totals(practice=self.service.practising)

    def spent(self, model: str = "") -> Snapshot:
        """The totals with what the running answers have cost so far; the medians are those of `model`."""
        if self._loading is None or self._loading.is_alive():  # without prices: nobody waits for their import
            return Snapshot()
        with self._lock:
            return self.books.spent(self.running(), practice=self.service.practising, model=model)

    @property
    def threads(self) -> "Threads":
        """The conversations of this session."""
        if self._threads is None:
            from .prompt.conversation import Threads

            self._threads = Threads()
        return self._threads

    @property
    def last_status(self) -> str:
        """The status line of the last answer; empty before the first."""
        from .views import text

        return text.status(self.last, self.last_facts) if self.last else ""

    def warm_up(self) -> None:
        """Load what the first cell needs in threads of their own; returns at once."""
        self.engine.warm_up(environment_fingerprint())
        if self._loading is None or self.price_updates != self.settings.price_updates:
            self.price_updates = self.settings.price_updates
            self._loading = threading.Thread(target=_load, args=(self,), name="fastmode-prices", daemon=True)
            self._loading.start()

    def ask(
        self,
        prompt: str | Sequence[object],
        namespace: Mapping[str, Any] | None = None,
        place: "Place | None" = None,
        **fields: Any,
    ) -> Ask:
        """An Ask from a prompt, the settings of this moment and what the cell says. Raises BadInput.

        `namespace` has the variables that the prompt may name; None leaves its braces alone.
        """
        from .composition import Context, compose
        from .prompt.turns import Place as TurnPlace

        where = TurnPlace(place.cell, place.request) if place else TurnPlace()
        settings, keys = self.settings, self.service.keys
        context = Context(settings.values(), self.threads, self.fast, namespace, where, keys, settings.origins)
        return compose(prompt, fields, context)

    def run(self, ask: Ask, show: "Show | None" = None, place: "Place | None" = None) -> tuple[Answer, Ending | None]:
        """Answer `ask`, showing it; what went wrong is returned beside what came, so that nothing is lost.

        `show` makes a view of the run's stream; `place` is the notebook's cell, where that is known. Functions that
        the answer wants called are called on this thread. Raises BadInput where the thread of `ask` is busy.
        """
        try:
            return self._follow(self._begin(ask, show, place, background=False))
        except KeyboardInterrupt:  # pressed between the two: nobody follows it
            for orphan in [one for one in self.running() if one.owner == threading.get_ident()]:
                self._closed(orphan, interrupted=True)
            raise

    def start(
        self,
        ask: Ask,
        show: "Show | None" = None,
        place: "Place | None" = None,
        present: Callable[[Ending], Ending] = lambda error: error,
    ) -> "BackgroundAnswer":
        """Answer `ask` in a thread of its own; returns at once. `present` prepares an error for who waits."""
        from .background import BackgroundAnswer

        active = self._begin(ask, show, place, background=True)
        return BackgroundAnswer(
            lambda: self._follow(active), lambda: self.books.so_far(active), active.run.interrupt, present, active.ended
        )

    def _begin(self, ask: Ask, show: "Show | None", place: "Place | None", *, background: bool) -> Running:
        self.warm_up()
        self.shared_quota.ahead()
        with self._lock:
            self._enter(ask)
        began, practice = datetime.now(UTC), self.service.practising
        measured = self.totals.snapshot(ask.model)
        stream = stream_of(ask, began, measured.standard_rate, background=background, deaf=self.pages.deaf)
        try:
            booking = self.books.open(ask, began, self.service.keys, practice=practice)
            calls = calls_of(ask, self.settings.object_tokens, self.service.keys)
            view = show(stream) if show else None
            begun_s, model = self.engine.clock(), catalog.find(ask.model)
            access, rates = self.service.access(), outlook.rates(measured)
        except BaseException:
            self._leave(ask)
            raise
        with uninterrupted():  # a request that is out has somebody who follows it
            run = self.engine.start(ask, model, access, rates, booking.admit)
            active = Running(ask, run, stream, began, view, place, practice, calls=calls, booking=booking)
            active.owner = None if background else threading.get_ident()
            self.active[stream.run] = active
            active.meter.begin(begun_s)
            active.meter.notices += ask.notices
            self.books.follow(active)
        try:
            self.fast_seen = self.fast_seen or ask.fast
            self.pages.changed()
            if view and background:
                view.update(active.meter, self.engine.clock())  # here, so that its output is this cell's
        except BaseException:  # the request is out: what it costs is counted, though nobody will follow it
            with uninterrupted():
                active.meter.feed(run.stop())
                self._ended(active)
            raise
        return active

    def _follow(self, active: Running) -> tuple[Answer, Ending | None]:
        try:
            interrupted = active.follow(self.engine.clock, self.pages.tell_now_and_then)
            if active.ask.shape:
                from . import conclusion

                conclusion.read(active)
        except KeyboardInterrupt:  # pressed between two lines of ours
            interrupted = True
        except BaseException:  # a view that fails loses neither what came nor what it cost: `%fastmode last` has it
            with uninterrupted():
                self._ended(active)
            raise
        return self._closed(active, interrupted=interrupted)

    def _closed(self, active: Running, *, interrupted: bool) -> tuple[Answer, Ending | None]:
        try:
            with uninterrupted():
                return self._ended(active, active.end(interrupted=interrupted))
        except KeyboardInterrupt:  # pressed just before that took hold
            with uninterrupted():
                return self._ended(active, active.end(interrupted=True))

    def _ended(self, active: Running, error: Ending | None = None) -> tuple[Answer, Ending | None]:
        try:
            with self._lock:
                answer, active.counted = self.books.count(active, self.books.so_far(active)), True
            told = self.books.close(active, self.service.keys)  # waits a little, so without the lock
            with self._lock:
                answer, error = self._concluded(active, replace(answer, notices=(*answer.notices, *told)), error)
                active.answer, facts = answer, self.last_facts
            if active.view:
                active.view.close(answer, facts)
        finally:
            self.books.close(active, self.service.keys)
            self._leave(active.ask)
            self.active.pop(active.stream.run, None)
            self.pages.changed()
        return answer, error

    def _concluded(self, active: Running, answer: Answer, error: Ending | None) -> tuple[Answer, Ending | None]:
        """The answer with what follows from it: its data, its turn in a thread, and that it is the last one."""
        from . import conclusion
        from .views import text

        answer, error = conclusion.concluded(active, answer, error)
        answer = conclusion.continued(self.threads, active, answer, self.settings.threads_folder)
        if active.stream.background and isinstance(error, FastmodeError):  # no cell raises it
            answer = replace(answer, notices=(*answer.notices, f"{error.what} {error.next_step}"))
        totals = self.books.totals(practice=active.practice)
        self.last, self.last_run, self.last_rates = answer, active.run, active.stream.pace.rates
        self.last_fast = active.run if active.ask.fast else self.last_fast
        self.last_facts = text.facts(answer, totals.snapshot(active.ask.model), outlook.quota_words(self, active.run))
        return answer, error

    def _enter(self, ask: Ask) -> None:
        try:
            if ask.continuation:
                self.threads.enter(ask.continuation)
        except CannotSend as busy:
            raise BadInput(busy.what, busy.next_step) from None

    def _leave(self, ask: Ask) -> None:
        if ask.continuation:
            self.threads.leave(ask.continuation, None)

    def running(self) -> list[Running]:
        """The runs under way, the oldest first: a copy, since other threads begin and end runs."""
        return list(self.active.values())

    def switch(self, *, fast: bool) -> None:
        """Ask for fast in later cells, or for standard; switching on forgets refusals."""
        self.fast = self.fast_seen = fast and self.settings.fast_allowed
        if fast:
            self.engine.standing.forget_refusals()
        self.pages.changed()

    def stop(self, run: str | None = None) -> int:
        """Stop one run, or all; returns how many were stopped."""
        stopped = [one for name, one in list(self.active.items()) if run in (None, name)]
        for one in stopped:
            one.run.interrupt()
        return len(stopped)

    def close(self) -> None:
        """Stop the simulator, the engine, and the fetching of prices."""
        if self.price_updates and self._loading:
            self.price_updates = False
            self._loading.join()
            _load(self)
        self.pages.close()
        self.service.stop_practising()
        self.engine.close()
        if self._books:
            self._books.shut()


def _load(session: Session) -> None:
    """What a prompt needs, an answer to be shown, and its end: prices."""
    from . import composition, conclusion  # noqa: F401
    from .ledger import prices
    from .views import notebook  # noqa: F401

    ledger = session.books.warm_up()
    prices.load()
    prices.keep_updated(session, on=session.price_updates)
    ledger.exception()  # waits
    session.engine.tidy_when_loaded()
