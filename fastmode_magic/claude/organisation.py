"""Asks what the organisation used and paid: Anthropic's Usage and Cost Analytics API, else the report before it.

The older report is asked where the newer one is not there: it names no dollars by speed.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from . import usage_report
from .errors import FastmodeError, Refused
from .refusals import AttemptFailed, ServiceError
from .usage_report import Paid, Report, Used

if TYPE_CHECKING:
    from .transport import Connection

OLDER = "/v1/organizations/usage_report/messages"
OLDER_BETA = "fast-mode-2026-02-01"  # without it, the older report does not tell the speeds apart
ROWS = 1_000  # of a page, the most that the service gives
BUCKETS = {"1h": 168, "1m": 60}  # of a page of the older report
MOST_PAGES = 1_000
BY = ("model", "speed", "api_key_id")
_NOT_THERE = frozenset({400, 403, 404})  # a beta that this organisation, or this host, does not have
KEYS = "an admin of your organisation makes such a key in the Claude Console, under Settings, Admin keys"

_WHAT = {
    401: "The Admin API did not accept the admin key (401)",
    403: "This key may not read what the organisation used (403)",
    404: "This address has no reports of usage (404)",
    429: "The Admin API wants fewer requests (429)",
}
_NEXT = {
    401: f"Check ANTHROPIC_ADMIN_KEY: {KEYS}; an ordinary API key does not do.",
    403: f"Set ANTHROPIC_ADMIN_KEY to a key that may: {KEYS}.",
    404: "Only Anthropic's own API has them: check ANTHROPIC_ADMIN_BASE_URL.",
}


async def asked(connection: "Connection", begins: datetime, ends: datetime) -> Report:
    """What the reports say of the time from `begins` to `ends` (whole minutes, in UTC). Raises Refused."""
    async with aclosing(connection):
        try:
            return await _newer(connection, begins, ends)
        except AttemptFailed as failed:
            error = failed.error
        if error.status in _NOT_THERE:
            try:
                return await _older(connection, begins, ends)
            except AttemptFailed as failed:
                error = failed.error if error.status == 404 else error
    raise _explained(error)


async def _newer(connection: "Connection", begins: datetime, ends: datetime) -> Report:
    """Without a time bucket the service counts whole hours; the rest is asked by the minute."""
    used: list[Used] = []
    paid: list[Paid] = []
    refreshed: list[datetime] = []
    for start, stop, width in _parts(begins, ends):
        query: dict[str, Any] = {"starting_at": _written(start), "ending_at": _written(stop), "limit": ROWS}
        query |= {"time_bucket_width": width} if width == "1m" else {}
        async for page in _pages(partial(connection.report_page, "usage"), query | {"group_by": list(BY)}):
            used += map(usage_report.used, usage_report.rows(page.get("data")))
            refreshed += [at] if (at := usage_report.moment(page.get("data_refreshed_at"))) else []
        async for page in _pages(partial(connection.report_page, "cost"), query | {"group_by": list(BY[:2])}):
            paid += map(usage_report.paid, usage_report.rows(page.get("data")))
    return Report(tuple(used), tuple(paid), min(refreshed, default=None))


async def _older(connection: "Connection", begins: datetime, ends: datetime) -> Report:
    found: list[Used] = []
    for start, stop, width in _parts(begins, ends):
        query: dict[str, Any] = {"starting_at": _written(start), "ending_at": _written(stop), "bucket_width": width}
        query |= {"limit": BUCKETS[width], "group_by": list(BY)}
        async for page in _pages(partial(connection.get, OLDER, betas=OLDER_BETA), query):
            for bucket in usage_report.rows(page.get("data")):
                found += usage_report.used_before(bucket)
    return Report(tuple(found), paid=None)


async def _pages(
    ask: Callable[[Mapping[str, Any]], Awaitable[object]], query: Mapping[str, Any]
) -> AsyncIterator[Mapping[str, Any]]:
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        found = await ask({**query, "page": cursor} if cursor else query)
        if not isinstance(found, Mapping) or not isinstance(found.get("data"), list):
            raise _unreadable("what came is no report")
        yield found
        if (cursor := _following(found)) is None:
            return
    raise _unreadable("its pages do not end")


def _following(page: Mapping[str, Any]) -> str | None:
    """The cursor of the next page."""
    cursor = page.get("next_page")
    return cursor if page.get("has_more") is not False and isinstance(cursor, str) and cursor else None


def _unreadable(why: str) -> AttemptFailed:
    return AttemptFailed(ServiceError(200, broken=why))


def _parts(begins: datetime, ends: datetime) -> list[tuple[datetime, datetime, str]]:
    """The whole hours, and the minutes after them."""
    hour = max(ends.replace(minute=0, second=0, microsecond=0), begins)
    parts = [(begins, hour, "1h"), (hour, ends, "1m")]
    return [part for part in parts if part[1] - part[0] >= timedelta(minutes=1)]


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _explained(error: ServiceError) -> FastmodeError:
    """What happened, and what to do next."""
    status, said = error.status or 0, f": {error.message}" if error.message else ""
    if error.broken:
        return Refused(f"The Admin API did not answer as it should: {error.broken}{said}.", _again(error))
    if status >= 500:
        return Refused(f"The Admin API could not answer ({status}){said}.", _again(error))
    what = _WHAT.get(status, f"The Admin API refused the request ({status})")
    return Refused(f"{what}{said}.", _NEXT.get(status, _again(error)))


def _again(error: ServiceError) -> str:
    seconds = error.retry_after_s
    return f"Try again in {seconds:.0f} s." if seconds else "Try again in a minute; `%fastmode doctor` tests the way."
