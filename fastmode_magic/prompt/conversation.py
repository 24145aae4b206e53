"""Threads: the conversations of a notebook, as a tree of turns. Running a cell again replaces its turn."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .content import Message, Text, words
from .problems import CannotSend
from .turns import Addressee, Place, Thread, Turn, sent

MOST_NAME = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a cell says of threads: the name of one, whether it begins over, and NAME@N where it branches from."""

    name: str | None = None
    new: bool = False
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """How one ask continues a thread: what is sent of it, and what the turn will replace.

    `before` is the thread as it was when this was planned, without the turns that are replaced after `at`.
    """

    thread: str
    history: tuple[Message, ...]
    before: Thread
    at: int  # the new turn stands here, and takes the place of `replaced` turns
    replaced: int
    place: Place
    to: Addressee
    seen: Thread | None  # what was under that name
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class Threads:
    """The threads of a session. Used by one thread at a time (the session's lock)."""

    current: str | None = None
    _threads: dict[str, Thread] = field(default_factory=dict)
    _asking: dict[str, Continuation] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Thread]:
        return iter(list(self._threads.values()))

    def find(self, name: str) -> Thread | None:
        """The thread of that name."""
        return self._threads.get(name)

    def keep(self, thread: Thread) -> None:
        """Put a thread there, as from a file."""
        self._threads[thread.name] = thread

    def save(self, name: str, stamp: tuple[int, int] | None = None) -> None:
        """Keep a thread in its file from now on; `stamp` is the file's. A turn that came meanwhile stays."""
        self._threads[name] = replace(self.existing(name), saved=True, stamp=stamp)

    def forget(self, name: str) -> Thread:
        """Take a thread out. Raises CannotSend where there is none, or where it answers."""
        self.existing(name)
        if name in self._asking:
            raise CannotSend(f"Thread {name!r} is still answering a cell.", "Wait for it, or stop it.")
        self.current = None if self.current == name else self.current
        return self._threads.pop(name)

    def existing(self, name: str) -> Thread:
        """The thread of that name. Raises CannotSend where there is none."""
        if found := self._threads.get(name):
            return found
        known = ", ".join(self._threads) or "none yet"
        raise CannotSend(f"There is no thread {name!r}.", f"There are: {known}; `%%claude --thread NAME` begins one.")

    def plan(self, wanted: Wanted, place: Place, to: Addressee, *, room: int) -> Continuation | None:
        """How an ask goes on; None for one that continues nothing. `room` is the most tokens of history.

        Raises CannotSend for names that cannot be, and for what is not there.
        """
        new, origin = wanted.new, wanted.origin
        name = wanted.name or (None if origin else self.current)
        if name is None and not origin:
            if new:
                raise CannotSend("--new begins a thread over, and none is named.", "Write `--thread NAME --new`.")
            return None
        if name:
            checked(name)
        before = self._branched(name, origin, place, new=new) if origin else self._begun(name or "", new=new)
        at, replaced = position(before, place)
        seen = self._threads.get(before.name)
        left_out = before.left_out if before.left_out < at else 0
        history, left_out = sent(before.turns[:at], left_out, to, room)
        notices = tuple(_told(before, at, replaced, left_out, room))
        before = replace(before, left_out=left_out)
        return Continuation(before.name, history, before, at, replaced, place, to, seen, notices)

    def enter(self, plan: Continuation) -> None:
        """The ask goes out. Raises CannotSend if the thread is busy or has grown since it was planned."""
        if plan.thread in self._asking:
            raise CannotSend(f"Thread {plan.thread!r} is still answering another cell.", "Wait for it, or stop it.")
        if self._threads.get(plan.thread) is not plan.seen:
            raise CannotSend(f"Thread {plan.thread!r} has changed meanwhile.", "Run the cell again.")
        self._asking[plan.thread] = plan

    def leave(self, plan: Continuation, turn: Turn | None, *, without_thinking: bool = False) -> Thread | None:
        """The ask has ended: `turn` takes its place; None, where no answer came, leaves the thread as it was.

        `without_thinking` forgets what the model thought in earlier turns: the service does not take it back.
        """
        if self._asking.get(plan.thread) is not plan:
            return None  # it was left before
        del self._asking[plan.thread]
        if turn is None:
            return None
        turns, after = plan.before.turns[: plan.at], plan.before.turns[plan.at + plan.replaced :]
        stale = tuple(replace(later, stale=True) for later in after)
        now = self._threads.get(plan.thread)
        saved = bool(now and now.saved)
        if without_thinking:
            turns = tuple(one.without_thinking for one in turns)
        thread = replace(plan.before, turns=(*turns, turn, *stale), saved=saved, stamp=now.stamp if now else None)
        self._threads[plan.thread] = thread
        return thread

    def _begun(self, name: str, *, new: bool) -> Thread:
        return Thread(name) if new else self._threads.get(name, Thread(name))

    def _branched(self, name: str | None, origin: str, place: Place, *, new: bool) -> Thread:
        """The branch that the ask begins, or that this cell began before."""
        of, number = self._origin(origin)
        if name is None:
            own = [one for one in self if one.origin == (of.name, number) and _began(one, place)]
            name = (
                own[0].name if own else next(n for i in range(2, 10_000) if (n := f"{of.name}-{i}") not in self.names)
            )
        there = self._threads.get(name)
        if there and not new and not (there.origin == (of.name, number) and _began(there, place)):
            raise CannotSend(
                f"There is a thread {name!r} already.",
                "Choose another name for the branch, or add --new to replace that one.",
            )
        origin_of = None if name == of.name else (of.name, number)  # a thread that is cut back is no branch
        begun = Thread(name, of.turns[:number], origin_of, of.left_out)
        return begun if new or there is None else there

    @property
    def names(self) -> list[str]:
        """Their names."""
        return list(self._threads)

    def _origin(self, origin: str) -> tuple[Thread, int]:
        name, at, number = origin.rpartition("@") if "@" in origin else (origin, "", "")
        of = self.existing(name)
        turn = int(number) if number.isascii() and number.isdigit() else 0 if at else len(of.turns)
        if not 1 <= turn <= len(of.turns):
            what = f"Thread {name!r} has {len(of.turns)} turns, and no {number!r}." if at else f"{name!r} has no turns."
            raise CannotSend(what, f"Write --from {name}@N, N from 1; `%fastmode threads` shows them.")
        return of, turn


def checked(name: str) -> str:
    """The name of a thread. Raises CannotSend for one that could be no file's and no flag's."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise CannotSend(f"{name!r} cannot be the name of a thread.", "Use letters, digits, - and _.")
    if len(name) > MOST_NAME:
        raise CannotSend("That is a long name for a thread.", f"Use at most {MOST_NAME} letters.")
    return name


def position(thread: Thread, place: Place) -> tuple[int, int]:
    """Where the turn of `place` goes, and how many turns it replaces: those of an earlier run of its cell.

    A run that asks several times adds its turns one after the other.
    """
    fixed = thread.origin[1] if thread.origin else 0
    own = [at for at, turn in enumerate(thread.turns) if at >= fixed and place.cell and turn.cell == place.cell]
    if not own:
        return len(thread.turns), 0
    now = [at for at in own if thread.turns[at].request == place.request]
    if now:
        return now[-1] + 1, 0
    together = 1
    while own[0] + together in own:
        together += 1
    return own[0], together


def turned(plan: Continuation, typed: str, messages: tuple[Message, ...], text: str) -> Turn | None:
    """The turn that an ask has become, of the user's message and those that came where the stream came to its end.

    Where it did not, the reply is what there is of `text`. None where no words came: nothing can go on from that.
    """
    message, *came = messages
    replies = came or [Message("assistant", (Text(text),))]
    if not any(words(reply.content).strip() for reply in replies if reply.role == "assistant"):
        return None
    return Turn((message, *replies), typed, plan.to.model, plan.to.setting, None, plan.place.cell, plan.place.request)


def _began(thread: Thread, place: Place) -> bool:
    """Whether the cell of `place` asked the first turn after the branch."""
    own = thread.turns[thread.origin[1] :] if thread.origin else ()
    return bool(own and place.cell and own[0].cell == place.cell)


def _told(thread: Thread, at: int, replaced: int, left_out: int, room: int) -> Iterator[str]:
    if left_out:
        yield (
            f"Thread {thread.name!r}: its first {left_out} turn{'s' if left_out > 1 else ''} "
            f"{'were' if left_out > 1 else 'was'} left out, to stay within {room:,} tokens of history "
            "(`FastMode.history_tokens`)."
        )
    later = len(thread.turns) - at - replaced
    if replaced and later > 0:
        yield (
            f"Thread {thread.name!r}: turn {at + 1} is asked again; the {later} after it answered its earlier words "
            "until their cells are run again."
        )
