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
from .claude.admission import FASTEST
from .claude.errors import BadInput
from .claude.events import Failed, Finished
from .ledger import prices
from .ledger.book import Book, Query
from .ledger.budget import Level, Limit, Scope, crossed
from .ledger.money import EXACT
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
        self._told: set[tuple[Limit, str, Decimal]] = set()
        self.on_closed: Callable[[Record], None] | None = None  # told of each run that has ended
        self._lock = threading.Lock()

    @property
    def book(self) -> Book:
        """The ledger, where the settings say that it is; another one only when no run is under way."""
        before, place = self._book, ledger_place(self._settings.values())
        if before and (place == self._place or before.following):
            return before
        with self._lock:
            if self._book is before:
                made = Book(self.session, *place)
                if before:
                    made.take_over(before)
                self._place, self._book = place, made
        if before:
            before.close()
        return self._book or self.book

    def totals(self, *, practice: bool) -> Totals:
        """What this session has cost so far; practice is counted apart."""
        return self._totals[practice]

    def spent(self, running: Iterable[Running], *, practice: bool, model: str = "") -> Snapshot:
        """The totals with what the running answers have cost so far; the medians are those of `model`."""
        coming = [one for one in running if one.practice == practice and not one.counted and one.meter.usage]
        entries = [entry for one in coming for entry in entries_of(self.so_far(one), one.ask.model)]
        return self._totals[practice].snapshot(model, entries)

    def open(self, ask: Ask, began: datetime, keys: Keys, *, practice: bool) -> Booking:
        """The record of a run, and its budgets; it is written when the run is sent."""
        values = self._settings.values()
        record = Record(
            id=uuid4().hex,
            session=self.session,
            user=self._user,
            notebook=self._notebook(),
            day=_day(began),
            began=began,
            seen=began,
            model=ask.model,
            asked_speed="fast" if ask.fast else "standard",
            practice=practice,
            prompt=keys.hidden(ask.prompt) if values.history == "full" else None,
        )
        scopes = self._scopes(record.notebook, record.day, practice=practice)
        return Booking(self.book, record, _limits(values, ask), scopes)

    def follow(self, active: Running) -> None:
        """Keep the record of a run up to date while it goes on."""
        if booking := active.booking:
            booking.book.follow(booking.record.id, lambda: self._record(active, "running") if booking.sent else None)

    def so_far(self, active: Running) -> Answer:
        """What a run has become, with what it cost."""
        url = active.run.account.base_url if active.run.account else None
        answer = active.answer or answer_of(active.ask, active.meter, active.began, base_url=url)
        return replace(answer, list_price_of="practice") if active.practice else answer

    def count(self, active: Running, answer: Answer) -> Answer:
        """Take a run that has ended into the totals; returns the answer with what the user should know of its cost."""
        missed = self._prefixes.missed(active.ask, answer, active.began)
        for entry in entries_of(answer, active.ask.model):
            self._totals[active.practice].add(entry)
        return replace(answer, notices=(*answer.notices, missed)) if missed else answer

    def close(self, active: Running, keys: Keys) -> list[str]:
        """Close the record of a run that has ended; what the user should know of budgets and ledger.

        Waits for a moment at most. Closing again changes nothing.
        """
        booking = active.booking
        if booking is None or booking.closed:
            return []
        booking.closed = True
        booking.book.follow(booking.record.id, None)
        record = self._record(active, _state(active))
        if self._settings.history == "full":
            record = replace(record, answer=keys.hidden(active.meter.text), prompt=booking.record.prompt)
        finished = booking.book.finish(record, booking.limits, booking.scopes, sent=booking.sent)
        if booking.sent and self.on_closed:
            self.on_closed(record)
        levels = _settled(finished, CLOSE_S) or []
        notices = list(self._warnings(record, levels)) if booking.sent else []
        return [*notices, *([trouble] if (trouble := booking.book.take_trouble()) else [])]

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
                where["day"] = _day(now())
            case "month":
                since = now().astimezone().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return _waited(self.book.records(Query(where, since)), READ_S)

    def levels(self, *, practice: bool) -> list[Level]:
        """The budgets of later cells, and how far each is used."""
        return _waited(self.book.spent(*self._budgets(practice)), READ_S)

    def uncounted(self, *, practice: bool) -> list[Record]:
        """The runs that are over, and for which something is reserved: nobody told what they cost."""
        return _waited(self.book.uncounted(Query({"user": self._user, "practice": practice})), READ_S)

    def release(self, *, practice: bool) -> int:
        """Reserve nothing for those any more; how many they were."""
        return _waited(self.book.release(Query({"user": self._user, "practice": practice})), READ_S)

    def known_levels(self, *, practice: bool) -> list[Level]:
        """The same at once: of other sessions, what the ledger said last."""
        return self.book.known(*self._budgets(practice))

    def warm_up(self) -> Future[None]:
        """Load the ledger's database; touches no file."""
        return self.book.warm_up()

    def shut(self) -> None:
        """Write what is left."""
        with self._lock:
            if self._book:
                self._book.close()

    def _budgets(self, practice: bool) -> tuple[tuple[Limit, ...], Scopes]:
        return _limits(self._settings.values()), self._scopes(self._notebook(), _day(now()), practice=practice)

    def _scopes(self, notebook: str, day: str, *, practice: bool) -> Scopes:
        """Which runs count towards the budgets of one. A notebook that nobody names is that of its session."""
        mine = {"user": self._user, "practice": practice}
        session = Query(mine | {"session": self.session})
        return {
            "session": session,
            "notebook": Query(mine | {"notebook": notebook}) if notebook else session,
            "day": Query(mine | {"day": day}),
        }

    def _record(self, active: Running, state: State) -> Record:
        """The record of a run as far as it has come."""
        assert active.booking is not None  # only these have one
        meter, answer, moment, running = active.meter, self.so_far(active), now(), state == "running"
        return replace(
            active.booking.record,
            seen=moment,
            state=state,
            ended=None if running else moment,
            speed=answer.speed,
            fallback=answer.fallback,
            ending=answer.ending,
            stop_reason=answer.stop_reason,
            request_id=answer.request_id,
            ttft_s=answer.ttft_s,
            first_text_s=answer.first_text_s,
            duration_s=answer.duration_s,
            tokens_per_s=answer.tokens_per_s,
            cost=None if running and meter.usage is None else answer.cost,
            estimated=answer.estimated or (running and meter.usage is not None),
            reserved=active.booking.reserved if running else _uncounted(active, answer, moment),
            prompt=None,
            list_price_of=None if active.practice else answer.list_price_of,
            price_list=prices.source(),
            thread=active.ask.continuation.thread if active.ask.continuation else None,
            charges=charges_of(meter, active.ask.model, active.began),
        )

    def _warnings(self, record: Record, levels: Iterable[Level]) -> Iterable[str]:
        """A sentence for each budget that has passed 70 or 90 %, once."""
        of = {"session": "", "notebook": record.notebook, "day": record.day}
        for level in levels:
            limit = level.limit

            def told(mark: Decimal, limit: Limit = limit) -> bool:
                key = (limit, of[limit.scope], mark)
                before = key in self._told
                self._told.add(key)
                return before

            if limit.scope != "cell" and (mark := crossed(level.used, limit, told)):
                yield warning(limit, level.used, mark)


def _limits(values: Values, ask: Ask | None = None) -> tuple[Limit, ...]:
    """The budgets of a run."""
    found: list[tuple[Scope, Decimal | None]] = [
        ("cell", ask.max_cost if ask else None),
        ("session", values.budget),
        ("notebook", values.budget_per_notebook),
        ("day", values.budget_per_day),
    ]
    return tuple(Limit(scope, dollars) for scope, dollars in found if dollars is not None)


def _day(moment: datetime) -> str:
    """The user's own day."""
    return f"{moment.astimezone():%Y-%m-%d}"


def _uncounted(active: Running, answer: Answer, ended: datetime) -> Decimal | None:
    """What a run that has ended may have cost at most, where the service did not count it all; None where it did."""
    meter, booking = active.meter, active.booking
    held = booking.held if booking else None
    if held is None or not (answer.estimated or answer.cost is None):
        return None
    need, admitted = held
    known = [cost for cost in answer.cost_if or () if cost is not None]
    if known and not answer.estimated:
        return max(known)
    if answer.cost is None:
        return admitted.reserved if meter.maybe_billed or meter.uncounted else None
    if meter.lost or meter.uncounted or answer.usage is None:
        return admitted.reserved
    seconds = (ended - active.began).total_seconds() if answer.thought and not answer.thinking_shown else 0.0
    most = min(admitted.max_tokens, meter.text_length + int(seconds * FASTEST))  # a token is at least a byte
    more = EXACT.multiply(need.per_token, Decimal(max(0, most - answer.usage.output_tokens)))
    return min(admitted.reserved, EXACT.add(answer.cost, more))


def _state(active: Running) -> State:
    match active.meter.end:
        case Finished():
            return "finished"
        case Failed():
            return "failed"
    return "interrupted"


def _waited(future: "Future[T]", most_s: float) -> T:
    """What a future becomes; raises BadInput after `most_s`, and KeyboardInterrupt meanwhile."""
    waited_s = 0.0
    while True:
        try:
            return future.result(timeout=TICK_S)
        except TimeoutError:
            waited_s += TICK_S
            if future.done():
                raise
            if waited_s >= most_s:
                raise BadInput("The ledger does not answer.", "Try again in a moment.") from None


def _settled(future: "Future[T]", most_s: float) -> T | None:
    """What a future becomes, if it does within `most_s`."""
    try:
        return future.result(timeout=most_s)
    except TimeoutError:
        return None
