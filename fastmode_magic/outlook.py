"""What can be said of fast mode in a session: its quota, and whether it is on, cooling down or off."""

from typing import TYPE_CHECKING

from .claude import quota as quotas
from .claude.engine import Run
from .claude.policy import Rates
from .claude.quota import Forecast, Quota, Usual
from .claude.standing import State
from .ledger.totals import Snapshot

if TYPE_CHECKING:
    from .session import Session


def rates(measured: Snapshot) -> Rates:
    """What the policy expects of both speeds: what was measured in this session, else what is usual.

    Where only one of them was measured, the other is as many times faster or slower as usual.
    """
    usual, fast, standard = Rates(), measured.fast_rate, measured.standard_rate
    times = usual.fast / usual.standard
    return Rates(
        fast=fast or (standard * times if standard else usual.fast),
        standard=standard or (fast / times if fast else usual.standard),
        answer_tokens=measured.answer_tokens or usual.answer_tokens,
    )


def quota(session: "Session", run: Run | None = None) -> Quota:
    """The buckets of `run`, or of the newest run that asked for fast; unknown ones are None."""
    of = run or _fast_run(session)
    if of is None or of.account is None:
        return Quota()
    return session.engine.standing.quota(of.account, of.model.fast_pool, of.model.id)


def usual(session: "Session") -> Usual | None:
    """What an answer like the last ones of the model that was asked for fast takes; None before the first has ended."""
    run = _fast_run(session)
    measured = session.books.totals(practice=session.service.practising).snapshot(run.model.id) if run else Snapshot()
    if measured.prompt_tokens is None or measured.answer_tokens is None:
        return None
    return Usual(measured.prompt_tokens, measured.answer_tokens)


def forecast(session: "Session") -> Forecast | None:
    """How many more answers like the last ones fit at fast speed within a minute; None where that is unknown."""
    found, size, (now, _, left_s) = quota(session), usual(session), state(session)
    if size is None or now == "off":
        return None
    return quotas.forecast(found, size, session.engine.clock(), left_s or 0.0)


def quota_words(session: "Session", run: Run | None = None) -> str | None:
    """What is left of the fast quota; None while unknown."""
    from .views import text

    return text.quota(quota(session, run), session.engine.clock())


def budget_words(session: "Session") -> str | None:
    """How far the budget with the least left is used; None where there is none."""
    values = session.settings.values()
    if values.budget is values.budget_per_day is values.budget_per_notebook is None:
        return None
    from .ledger import words

    return words.used(session.books.known_levels(practice=session.service.practising))


def state(session: "Session") -> tuple[State, str, float | None]:
    """Fast mode in the session: on, cooldown or off; why; seconds of cooldown left."""
    if not session.settings.fast_allowed:
        from . import permissions

        return "off", permissions.fast_refused(session.settings.origins), None
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
