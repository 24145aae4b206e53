"""What can be said of fast mode in a session: its quota, and whether it is on, cooling down or off."""

from typing import TYPE_CHECKING

from .claude.engine import Run
from .claude.policy import Rates
from .claude.quota import Quota
from .claude.standing import State
from .ledger.totals import Snapshot

if TYPE_CHECKING:
    from .session import Session


def rates(measured: Snapshot) -> Rates:
    """What the policy expects of both speeds: what was measured in this session, else what is usual."""
    usual = Rates()
    return Rates(
        fast=measured.fast_rate or usual.fast,
        standard=measured.standard_rate or usual.standard,
        answer_tokens=measured.answer_tokens or usual.answer_tokens,
    )


def quota(session: "Session", run: Run | None = None) -> Quota:
    """The buckets of `run`, or of the newest run that asked for fast; unknown ones are None."""
    of = run or _fast_run(session)
    return session.engine.standing.quota(of.account, of.model.fast_pool) if of and of.account else Quota()


def quota_words(session: "Session", run: Run | None = None) -> str | None:
    """What is left of the fast quota; None while unknown."""
    from .views import text

    return text.quota(quota(session, run), session.engine.clock())


def state(session: "Session") -> tuple[State, str, float | None]:
    """Fast mode in the session: on, cooldown or off; why; seconds of cooldown left."""
    run, asked = _fast_run(session), session.fast or session.fast_seen
    if asked and run and run.account:
        standing, now_s = session.engine.standing, session.engine.clock()
        found, why, left_s = standing.state(run.account, run.model.id, run.model.fast_pool, now_s)
        if found != "on":
            return found, why, left_s
    if session.fast:
        return "on", "later cells ask for fast", None
    if asked:
        return "on", "cells with --fast ask for it", None
    return "off", "cells go at standard speed unless they say --fast; `%fastmode on` changes that", None


def _fast_run(session: "Session") -> Run | None:
    """The newest run that asked for fast, once it knows its account: its standing is what is told."""
    runs = [*(one.run for one in reversed(session.running()) if one.ask.fast), session.last_fast]
    return next((run for run in runs if run and run.account), None)
