"""What `%fastmode reconcile` shows: the ledger beside the service's own report of usage and cost, as Markdown."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..accounting import ANTHROPIC_HOST
from ..claude import organisation
from ..claude.errors import BadInput
from ..claude.usage_report import CLASSES
from ..ledger.reconciliation import LATE, Line, Period, Reconciliation, compared
from ..views import text
from ..views.document import code, sentence

if TYPE_CHECKING:
    from ..session import Session

FIRST = date(2026, 1, 1)  # the service's reports begin here,
LONGEST = timedelta(days=365)  # and go back so far
DAY = timedelta(days=1)
CLASS_WORDS = dict(
    zip(
        CLASSES,
        ("fresh input", "from cache", "to cache, 5 min", "to cache, 1 h", "output", "web searches"),
        strict=True,
    )
)
UNSETTLED = {
    "running": "Still going on: {}, of which the ledger has {} so far.",
    "killed": "Killed with the kernel: {}; the ledger has {} of that, and the service has all.",
    "estimated": "Stopped or broken off: {}; the ledger's count of {} is an estimate.",
    "unknown": "Perhaps billed, but no count came: {}; the ledger has {}.",
}


def report(session: "Session", words: str, now: datetime) -> str:
    """The ledger beside the report of the service for "day", "month" or a date. Raises FastmodeError."""
    period, access = named(words, now), session.service.admin_access()
    host = urlsplit(access.base_url or "").hostname
    if period.ends <= period.begins:
        return (
            "**Nothing can be compared yet:** this day (UTC) has just begun, and usage takes some minutes to get into "
            "the service's reports. `%fastmode reconcile DATE` compares an earlier day."
        )
    found = session.engine.call(lambda connection: organisation.asked(connection, period.begins, period.ends), access)
    records = session.books.records("all", practice=False)
    other = None if host == ANTHROPIC_HOST else host
    return shown(compared(records, found, period, other, now), host or "")


def named(words: str, now: datetime) -> Period:
    """The time that `day`, `month` or a date means, as far as the service's reports can know of it. Raises BadInput."""
    now, today = now.astimezone(UTC), now.astimezone(UTC).date()
    match words.split():
        case [] | ["day"]:
            first, after = today, today + DAY
        case ["month"]:
            first = today.replace(day=1)
            after = (first + timedelta(days=31)).replace(day=1)
        case [word]:
            first = _date(word, today)
            after = first + DAY
        case _:
            raise BadInput("`%fastmode reconcile` takes one word.", "Say day, month, or a date such as 2026-11-28.")
    begins, wanted = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, after))
    settled = (now - LATE).replace(second=0, microsecond=0)
    return Period(begins, min(wanted, settled), wanted)


def _date(word: str, today: date) -> date:
    try:
        found = date.fromisoformat(word)
    except ValueError:
        raise BadInput(
            f"`%fastmode reconcile` knows no {word!r:.40}.", "Say day, month, or a date such as 2026-11-28."
        ) from None
    if not max(FIRST, today - LONGEST) <= found <= today:
        raise BadInput(
            f"The service has no report of {found}.", f"It goes back {LONGEST.days} days, to {FIRST} at most."
        )
    return found


def shown(found: Reconciliation, host: str) -> str:
    """A comparison: its outcome, the numbers of both sides, and what may be why they differ."""
    reasons = [] if found.agrees else [f"- {sentence(reason)}" for reason in _reasons(found)]
    notes = [sentence(note) for note in _notes(found, host)]
    parts = [_outcome(found), _table(found), *(["**What may be why**", "\n".join(reasons)] if reasons else []), *notes]
    return "\n\n".join(part for part in parts if part)


def _outcome(found: Reconciliation) -> str:
    time = _time(found.period)
    runs = text.count(found.runs, "run")
    if not found.lines:
        return f"**Nothing was compared:** neither the ledger nor the service has anything billed {time}."
    if not any(line.ours for line in found.lines):
        return f"**Nothing was compared:** the ledger has no run that was billed {time}, and the service reports usage."
    if not any(line.theirs for line in found.lines):
        return f"**Nothing was compared:** the ledger has {runs} {time}, and the service reports nothing."
    if found.agrees:
        return f"**The ledger and the service agree** {time}: {runs}, the same tokens in each class."
    return f"**The ledger and the service differ** {time}, compared with {runs}: {sentence(_sides(found))}."


def _sides(found: Reconciliation) -> str:
    """Who counted more."""
    words = [
        f"{who} has more of {', '.join(dict.fromkeys(_name(line) for line in lines))}"
        for who, lines in (("the service", found.more), ("the ledger", found.less))
        if lines
    ]
    return "; ".join(words) or "not every count is known"


def _table(found: Reconciliation) -> str:
    if not found.lines:
        return ""
    rows = ["| model | speed | | ledger | service | difference |", "|---|---|---|---:|---:|---:|"]
    for line in found.lines:
        before = f"| {code(line.model) if line.model else 'no model'} | {sentence(line.speed or 'not reported')} |"
        for cells in _cells(line, priced=found.priced):
            rows.append(f"{before} {' | '.join(cells)} |")
            before = "| | |"
    return "\n".join(rows)


def _cells(line: Line, *, priced: bool) -> Iterator[tuple[str, str, str, str]]:
    """A row for each class that has anything, and one for dollars."""
    about = "~" if line.estimated else ""
    for name in CLASSES:
        ours, theirs = (getattr(side, name) if side else 0 for side in (line.ours, line.theirs))
        if ours != 0 or theirs != 0:
            more = getattr(line.difference, name)
            yield CLASS_WORDS[name], _number(ours, about), _number(theirs), "?" if more is None else _signed(more)
    if priced:
        ours, theirs = (line.our_cost if line.ours else Decimal(0)), (line.listed if line.theirs else Decimal(0))
        dollars = ("unknown" if ours is None else code(text.dollars(ours, estimated=line.estimated)), _dollars(theirs))
        yield "list price", *dollars, "?" if ours is None or theirs is None else _signed_dollars(theirs - ours)
        if line.billed is not None and line.billed != line.listed:
            yield "billed", "", _dollars(line.billed), ""


def _reasons(found: Reconciliation) -> Iterator[str]:
    """What may be why both sides differ: facts first, then what nobody here can know."""
    for why, unsettled in found.unsettled.items():
        runs, tokens = text.count(unsettled.runs, "run"), text.count(unsettled.tokens, "token")
        yield UNSETTLED[why].format(runs, tokens)
    for model in found.other_speed:
        yield f"`{model}` has the same tokens in all: they are billed at another speed than its answers named."
    if any(line.speed is None for line in found.lines if line.ours):
        yield "Some answers did not name the speed that served them, so their tokens stand apart from the service's."
    if any(line.speed is None for line in found.lines if line.theirs):
        yield "The service's report does not name every speed."
    if found.crossing:
        many = text.count(found.crossing, "run")
        yield f"{many} went on over an edge of this time, so that one side may count what the other does not."
    if found.more:
        yield _others(found)
    if found.less:
        yield _missing(found)


def _others(found: Reconciliation) -> str:
    keys = "" if found.keys is None else f", {text.count(found.keys, 'API key')} in this time,"
    return (
        f"The service counts the whole organisation{keys} and the ledger the runs of this user that it has: the rest "
        "may be of other people, programs or machines."
    )


def _missing(found: Reconciliation) -> str:
    if not any(line.theirs for line in found.lines):
        return "The service reports nothing at all: the admin key may be of another organisation than the API key."
    late = "Usage is in the service's reports about 5 minutes after a request, and sometimes later"
    if found.refreshed and found.unrefreshed:
        ended = text.count(found.unrefreshed, "run")
        late += f": its numbers are of {found.refreshed:%H:%M} UTC, and {ended} ended after that"
    return f"{late}; or a run went to another organisation, with another API key."


def _notes(found: Reconciliation, host: str) -> Iterator[str]:
    """What was left out, and what else is to be known of the dollars."""
    for line in found.other_price:
        ours, theirs = text.dollars(line.our_cost), text.dollars(line.listed)
        yield f"{_name(line)} has the same tokens and another price: {ours} in the ledger, {theirs} by the service."
    if found.discounted:
        yield "Your organisation is billed less than the list price, by which the ledger counts."
    if not found.priced:
        yield "This organisation has the older report alone, which names no dollars by speed."
    if found.later:
        yield (
            f"{text.count(found.later, 'run')} of the last minutes cannot be compared yet: "
            "usage takes about 5 minutes to get into the service's reports."
        )
    for other, runs in found.elsewhere.items():
        yield f"{text.count(runs, 'run')} went to `{other}`, which the report of `{host}` does not cover."


def _time(period: Period) -> str:
    begins, ends = period.begins, period.ends
    if ends - begins == DAY:
        return f"on {begins:%Y-%m-%d} (UTC)"
    until = f"{ends:%H:%M}" if ends.date() == begins.date() else f"{ends:%Y-%m-%d %H:%M}"
    return f"from {begins:%Y-%m-%d %H:%M} to {until} UTC"


def _name(line: Line) -> str:
    speed = f"at {line.speed} speed" if line.speed else "at a speed that was not reported"
    return f"`{line.model}` {speed}" if line.model else f"what has no model, {speed}"


def _number(count: int | None, about: str = "") -> str:
    return "unknown" if count is None else f"{about if count else ''}{count:,}"


def _signed(count: int) -> str:
    return f"{count:+,}" if count else "0"


def _dollars(amount: Decimal | None) -> str:
    return "unknown" if amount is None else code(text.dollars(amount))


def _signed_dollars(amount: Decimal) -> str:
    return code(f"{'-' if amount < 0 else '+' if amount else ''}{text.dollars(abs(amount))}")
