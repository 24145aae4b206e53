"""What the pages of a session see of it, and what they can ask."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import outlook

if TYPE_CHECKING:
    from .session import Session
    from .views.lab import Lab, Place
    from .views.protocol import Live, Status, ToKernel

TELL_S = 1.0  # between two messages about a session whose runs go on


class Pages:
    """The lab extension and the widgets' views, as the session talks to them; called from several threads."""

    def __init__(self, session: "Session") -> None:
        self.lab: Lab | None = None  # where there is a kernel
        self.widget_answered = False  # whether a widget's view has been seen in this session
        self.on_change: Callable[[], None] = lambda: None  # a run began or ended, or fast was switched
        self._session = session
        self._lock = threading.RLock()  # what was gathered first is sent first
        self._told_s = float("-inf")
        self._told_stage: object = None

    @property
    def deaf(self) -> bool:
        """Whether the kernel hears no page while a cell runs."""
        return self.lab is not None and self.lab.deaf

    def status(self) -> "Status":
        """The session as the page shows it."""
        from .views import status

        session, pulse, model = self._session, status.Pulse(), ""
        running = session.running()
        if running:
            pulse = status.of_meter(running[-1].meter, running[-1].stream.pace.rates)
            model = running[-1].ask.model
        elif session.last and session.last_run:
            pulse = status.of_answer(session.last, session.last_rates)
            model = session.last_run.model.id
        state, why, left_s = outlook.state(session)
        quota, now_s = outlook.quota(session), session.engine.clock()
        return {
            "version": 1,
            "state": state,
            "switched_on": session.fast,
            "why": why,
            "cooldown_s": left_s,
            "running": len(running),
            "badge": pulse.badge,
            "facts": status.facts(pulse, session.spent(model), outlook.budget_words(session)),
            "rates": list(pulse.rates),
            "quota": status.gauges(quota, now_s),
            "usual": status.usual(None if state == "off" else outlook.usual(session), quota, now_s),
            "at": datetime.now(UTC).isoformat(),
        }

    def live(self) -> "list[Live]":
        """The running answers, for a page that has just connected."""
        now_s = self._session.engine.clock()
        return [
            {"cell": one.place.cell, "whole": one.stream.whole(one.meter, now_s)}
            for one in self._session.running()
            if one.place
        ]

    def place(self, run: str) -> "Place | None":
        """Where a run was asked, while it runs and is shown there."""
        active = self._session.active.get(run)
        return active.place if active else None

    def receive(self, message: "ToKernel") -> None:
        """A page asks for something."""
        match message:
            case {"hello": True}:  # a widget's view: widgets can be shown here
                self.widget_answered = True
            case {"stop": str(run)}:
                self._session.stop(run)
            case {"fast": bool(fast)}:
                self._session.switch(fast=fast)
            case {"want": str(run)} if active := self._session.active.get(run):
                active.stream.wanted = True  # its next frame is a snapshot

    def tell(self) -> None:
        """Tell every page how the session goes."""
        with self._lock:
            self._told_s = self._session.engine.clock()
            views = [one.view for one in self._session.running() if one.view]
            if views or (self.lab and self.lab.announced):
                status = self.status()
                if self.lab:
                    self.lab.tell(status)
                for view in views:
                    view.tell(status)

    def tell_now_and_then(self) -> None:
        """Tell them, if that was some time ago, or a run has begun to wait, or to be served."""
        running = self._session.running()
        stage = running[-1].meter.now if running else None
        if stage is not self._told_stage or self._session.engine.clock() - self._told_s >= TELL_S:
            self._told_stage = stage
            self.tell()

    def executed(self, new: "Place") -> None:
        """A cell is run: what an earlier request left in it is gone from the page."""
        from .views.lab import is_replaced

        for one in self._session.running():
            if one.place and is_replaced(one.place, new):
                one.place = None
        if self.lab:
            self.lab.executed(new)

    def changed(self) -> None:
        """A run began or ended, or fast was switched."""
        with self._lock:
            self.tell()
            self.on_change()

    def close(self) -> None:
        """Close the line to the lab extension."""
        if self.lab:
            self.lab.close()
