"""What a session's runs cost: its totals, the ledger of all sessions, and budgets."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import uuid4

from .accounting import Prefixes, answer_of, charges_of, entries_of
from .answer import Answer
from .booking import Booking, Scopes
from .claude.events import Failed, Finished
from .ledger import prices
from .ledger.book import Book, Query
from .ledger.budget import Level, Limit, Scope, crossed
from .ledger.records import Record, State, now
from .ledger.totals import Snapshot, Totals
from .ledger.words import warning
from .prompt.ask import Ask
from .prompt.keys import Keys
from .running import Running
from .settings import FastMode, Values, ledger_place, user

CLOSE_S = 0.25  # how long a cell waits for its row to be closed
READ_S = 15.0
TICK_S = 0.1  # an untimed wait cannot be interrupted everywhere

T = TypeVar("T")


class Books:
    """Keeps the books of one session. Called by the threads of its runs; the ledger has a thread of its own."""

    def __init__(self, settings: FastMode, notebook: Callable[[], str]) -> None:
        self._notebook = notebook
        self.session, self._user = uuid4().hex, user()
        self._settings = settings
        self._totals = {False: Totals(), True: Totals()}  # what practice "costs" is not mixed with money
        self._prefixes = Prefixes()
        self._book: Book | None = None
        self._place: tuple[str | None, str] | None = None
        self._geo: str | None = "us"  # the dearest, until the service has said where it answers
        self._told: set[tuple[Limit, str, Decimal]] = set()
        self.on_closed: Callable[[Record], None] | None = None  # told of each run that has ended
        self._lock = threading.Lock()

    @property
    def book(self) -> Book:
        """The ledger, where the settings say that it is."""
        with self._lock:
            place = ledger_place(self._settings.values())
            if self._book is None or place != self._place:
                before, self._place, self._book = self._book, place, Book(self.session, *place)
                if before:
                    before.close()
                    self._book.take_over(before)
            return self._book

    def totals(self, *, practice: bool) -> Totals:
        """What this session has cost so far; practice is counted apart."""
        return self._totals[practice]

    def spent(self, running: Iterable[Running], *, practice: bool, model: str = "") -> Snapshot:
        """The totals with what the running answers have cost so far; the medians are those of `model`."""
        coming = [one for one in running if one.practice == practice and not one.counted and one.meter.usage]
        entries = [entry for one in coming for entry in entries_of(self.so_far(one), one.ask.model)]
        return self._totals[practice].snapshot(model, entries)

    def open(self, ask: Ask, began: datetime, *, practice: bool) -> Booking:
        """The record of a run and its budgets; `begin` writes it."""
        values = self._settings.values()
        where = self._notebook()
        record = Record(
            id=uuid4().hex,
            session=self.session,
            user=self._user,
            notebook=where,
            day=f"{began.astimezone():%Y-%m-%d}",
            began=began,
            seen=began,
            model=ask.model,
            asked_speed="fast" if ask.fast else "standard",
            practice=practice,
            prompt=ask.prompt if values.history == "full" else None,
        )
        return Booking(self.book, record, tuple(_limits(values, where, ask)), _scopes(record), self._geo)

    def follow(self, active: Running) -> None:
        """Keep the record of a run up to date while it goes on."""
        if booking := active.booking:
            booking.book.follow(booking.record.id, lambda: self._record(active, "running") if booking.begun else None)

    def so_far(self, active: Running) -> Answer:
        """What a run has become, with what it cost."""
        account = active.run.account
        base_url = account.base_url if account else None
        answer: Answer = answer_of(active.ask, active.meter, active.began, base_url=base_url)
        return replace(answer, list_price_of="practice") if active.practice else answer

    def close(self, active: Running, answer: Answer, keys: Keys) -> Answer:
        """Count a run that has ended, and close its record; returns the answer with what the user should know."""
        missed = self._prefixes.missed(active.ask, answer, active.began)
        for entry in entries_of(answer, active.ask.model):
            self._totals[active.practice].add(entry)
        if answer.complete and answer.usage:
            self._geo = answer.usage.inference_geo
        notices = [missed] if missed else []
        if active.booking:
            notices += self._closed(active.booking, active, answer, keys)
        return replace(answer, notices=(*answer.notices, *notices))

    def records(self, period: str, *, practice: bool) -> list[Record]:
        """The runs of a period ("session", "notebook", "day", "month", "all") of this user, the first first.

        Practice is told apart from what is billed. Where the ledger fails these are the runs of this session.
        """
        where, since = {"user": self._user, "practice": practice}, None
        match period:
            case "session":
                where["session"] = self.session
            case "notebook":
                where["notebook"] = self._notebook()
            case "day":
                where["day"] = f"{now().astimezone():%Y-%m-%d}"
            case "month":
                since = now().astimezone().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return _waited(self.book.records(Query(where, since)), READ_S)

    def levels(self, *, practice: bool) -> list[Level]:
        """The budgets of later cells, and how far each is used."""
        return _waited(self.book.spent(*self._budgets(practice)), READ_S)

    def known_levels(self, *, practice: bool) -> list[Level]:
        """The same at once: of other sessions, what the ledger said last."""
        return self.book.known(*self._budgets(practice))

    def warm_up(self) -> None:
        """Load the ledger's database; touches no file."""
        self.book.warm_up()

    def shut(self) -> None:
        """Write what is left."""
        with self._lock:
            if self._book:
                self._book.close()

    def _budgets(self, practice: bool) -> tuple[list[Limit], Scopes]:
        where, moment = self._notebook(), now()
        record = Record("", self.session, self._user, where, f"{moment.astimezone():%Y-%m-%d}", moment, moment, "", "")
        return list(_limits(self._settings.values(), where)), _scopes(replace(record, practice=practice))

    def _closed(self, booking: Booking, active: Running, answer: Answer, keys: Keys) -> list[str]:
        """Close a record; what the user should know of budgets and ledger."""
        booking.book.follow(booking.record.id, None)
        if booking.begun:
            record = self._record(active, _state(active))
            if self._settings.history == "full":
                record = replace(record, prompt=keys.hidden(active.ask.prompt), answer=keys.hidden(answer.text))
            written = booking.book.write(record)
            if self.on_closed:
                self.on_closed(record)
            _settled(written, CLOSE_S)
        notices = list(self._warnings(booking)) if booking.limits and booking.begun else []
        trouble, booking.book.trouble = booking.book.trouble, None
        return [*notices, *([trouble] if trouble else [])]

    def _record(self, active: Running, state: State) -> Record:
        """The record of a run as far as it has come."""
        assert active.booking is not None  # only these have one
        meter, answer, moment = active.meter, self.so_far(active), now()
        open_, unknown = state == "running", answer.cost is None
        dearest = max((cost for cost in answer.cost_if or () if cost is not None), default=None)
        reserved = active.booking.reserved if open_ or (unknown and meter.maybe_billed) else None
        return replace(
            active.booking.record,
            seen=moment,
            state=state,
            ended=None if open_ else moment,
            speed=answer.speed,
            fallback=answer.fallback,
            ending=answer.ending,
            stop_reason=answer.stop_reason,
            request_id=answer.request_id,
            ttft_s=answer.ttft_s,
            first_text_s=answer.first_text_s,
            duration_s=answer.duration_s,
            tokens_per_s=answer.tokens_per_s,
            cost=answer.cost,
            estimated=answer.estimated or (open_ and meter.usage is not None),
            reserved=reserved if open_ or dearest is None else dearest,
            list_price_of=None if active.practice else answer.list_price_of,
            price_list=prices.source(),
            thread=active.ask.continuation.thread if active.ask.continuation else None,
            charges=charges_of(meter, active.ask.model, active.began),
        )

    def _warnings(self, booking: Booking) -> Iterable[str]:
        """A sentence for each budget that has passed 70 or 90 %, once."""
        record = booking.record
        for level in _settled(booking.book.spent(booking.limits, booking.scopes), CLOSE_S) or []:
            limit = level.limit
            key = record.day if limit.scope == "day" else record.notebook

            def told(mark: Decimal, limit: Limit = limit, key: str = key) -> bool:
                before = (limit, key, mark) in self._told
                self._told.add((limit, key, mark))
                return before

            if limit.scope != "cell" and (mark := crossed(level.others, limit, told)):
                yield warning(limit, level.others, mark)


def _limits(values: Values, where: str, ask: Ask | None = None) -> Iterable[Limit]:
    """The budgets of a run. Where nobody says which notebook it is, its budget is that of the session."""
    found: list[tuple[Scope, Decimal | None]] = [
        ("cell", ask.max_cost if ask else None),
        ("session", values.budget),
        ("notebook" if where else "session", values.budget_per_notebook),
        ("day", values.budget_per_day),
    ]
    return [Limit(scope, dollars) for scope, dollars in found if dollars is not None]


def _scopes(record: Record) -> Scopes:
    """Which runs count towards the budgets of one."""
    mine = {"user": record.user, "practice": record.practice}
    return {
        "session": Query(mine | {"session": record.session}),
        "notebook": Query(mine | {"notebook": record.notebook}),
        "day": Query(mine | {"day": record.day}),
    }


def _state(active: Running) -> State:
    match active.meter.end:
        case Finished():
            return "finished"
        case Failed():
            return "failed"
    return "interrupted"


def _waited(future: "Future[T]", most_s: float) -> T:
    """What a future becomes; raises TimeoutError after `most_s`, and KeyboardInterrupt meanwhile."""
    waited_s = 0.0
    while True:
        try:
            return future.result(timeout=TICK_S)
        except TimeoutError:
            waited_s += TICK_S
            if future.done() or waited_s >= most_s:
                raise


def _settled(future: "Future[T]", most_s: float) -> T | None:
    """What a future becomes, if it does within `most_s`."""
    try:
        return future.result(timeout=most_s)
    except TimeoutError:
        return None
