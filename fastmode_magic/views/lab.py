"""The lab extension as the kernel sees it: one comm, opened on `%load_ext`, over which it announces itself."""

import threading
from typing import Any, NamedTuple, Protocol

from .protocol import ANSWER_MIME, Answer, Frame, Insert, Late, Live, Status, ToKernel, ToPage

MOST_LATE = 20  # answers kept for a page that has not said that it has them


class Place(NamedTuple):
    """Where a run was asked: the id of the notebook's cell, and that of the request that ran it."""

    cell: str
    request: str


class Listener(Protocol):
    """What a page can ask for."""

    def receive(self, message: ToKernel) -> None:
        """A page asks for something."""

    def live(self) -> list[Live]:
        """The running answers."""

    def place(self, run: str) -> Place | None:
        """Where a run was asked, while it is shown there."""

    def tell(self) -> None:
        """Send the status."""


def is_replaced(old: Place, new: Place) -> bool:
    """Whether a cell has been run again."""
    return old.cell == new.cell and old.request != new.request


class Lab:
    """Sends to every page that carries the extension. Its listener is called on the thread that reads the comm.

    A front end is known by the `session` in the headers of its messages: a page that has gone says nothing, so what
    counts is whether the one that asks now has announced itself.
    """

    late = False

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._late: dict[str, Late] = {}
        self._places: dict[str, Place] = {}
        self._lock = threading.Lock()
        self._fronts: set[str] = set()  # those that carry the extension
        self.absent = False  # a page said that it does not know us, and none that it does
        self.deaf = False  # the kernel hears its pages only between two cells
        self._comm: Any = None

    @property
    def announced(self) -> bool:
        """Whether a page with the extension is there, or was."""
        return bool(self._fronts)

    @property
    def alive(self) -> bool:
        """Whether a page listens."""
        return self.announced

    def carries(self, front: str | None) -> bool:
        """Whether a front end has announced the extension; one that does not say who it is counts as the page."""
        return self.announced and (front is None or front in self._fronts)

    def open(self, kernel: Any) -> None:
        """Open the comm of `kernel`; a page without the extension closes it again."""
        from .line import Line

        self.deaf = not getattr(kernel, "_supports_kernel_subshells", False)  # ipykernel before 7
        self._comm = Line(kernel)
        self._comm.on_msg(lambda message: self._receive(message["content"]["data"], _front(message)))
        self._comm.on_close(lambda message: self._closed(_front(message)))

    def close(self) -> None:
        """Close the comm."""
        if self._comm is not None:
            self._comm.close()
            self._comm = None

    def send(self, message: ToPage) -> None:
        """Send to the pages, if there are any."""
        if self.announced and self._comm is not None:
            self._comm.send(message)

    def ended(self, run: str, bundle: dict[str, object]) -> None:
        """Keep the document of an ended run until a page, which may come later, says that it has been saved."""
        place = self._listener.place(run)
        if self.absent or place is None:
            return
        with self._lock:
            self._late[run] = Late(run=run, cell=place.cell, bundle=bundle)
            self._places[run] = place
            while len(self._late) > MOST_LATE:
                self._forget(next(iter(self._late)))
        self.send(ToPage(ended=run))

    def insert(self, cell: str, to: str, sources: list[str]) -> None:
        """Put new cells below `cell`, in the page of the front end `to`."""
        self.send(ToPage(insert=Insert(cell=cell, to=to, sources=sources)))

    def executed(self, place: Place) -> None:
        """A cell is run: what its earlier requests left is no longer shown."""
        with self._lock:
            for run in [run for run, other in self._places.items() if is_replaced(other, place)]:
                self._forget(run)

    def begin(self, whole: Answer) -> dict[str, object]:
        """Say that a run has begun; returns what the extension renders in its cell."""
        self.send(ToPage(frame=Frame(run=whole["run"], whole=whole)))
        return {ANSWER_MIME: whole}

    def frame(self, frame: Frame) -> None:
        """Send a frame of a run; a page that came late learns from a snapshot where it belongs."""
        place = self._listener.place(frame["run"]) if "whole" in frame else None
        if place is not None:
            frame["cell"] = place.cell
        self.send(ToPage(frame=frame))

    def tell(self, status: Status) -> None:
        """Send what the session says."""
        self.send(ToPage(status=status))

    def leave(self) -> None:
        """A run has ended; the comm is the session's."""

    def _forget(self, run: str) -> None:
        self._late.pop(run, None)
        self._places.pop(run, None)

    def _closed(self, front: str) -> None:
        """A page does not know us; the others still do."""
        self._fronts.discard(front)
        self.absent = not self._fronts
        self._comm.stay()

    def _receive(self, message: ToKernel, front: str) -> None:
        match message:
            case {"hello": True}:
                self._fronts.add(front)
                self.absent = False
                with self._lock:
                    late = list(self._late.values())
                self.send(ToPage(live=self._listener.live(), late=late))
                self._listener.tell()
            case {"placed": str(run)}:
                with self._lock:
                    self._forget(run)
            case {"want": str(run)} if missed := self._late.get(run):
                self.send(ToPage(late=[missed]))
            case _:
                self._listener.receive(message)


def _front(message: Any) -> str:
    return str(message.get("header", {}).get("session", ""))
