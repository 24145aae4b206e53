"""The organisation's reports: usage and cost by dimension, and the older report of usage in time buckets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from fastmode_magic.simulator.bills import Bill, Use
from fastmode_magic.simulator.wire import FAST_BETA

ANALYTICS_BETA = "analytics-usage-cost-2026-08-24"
_WIDTHS = {"1d": timedelta(days=1), "1h": timedelta(hours=1), "1m": timedelta(minutes=1)}
_HOUR, _DAY, _LONGEST = _WIDTHS["1h"], _WIDTHS["1d"], timedelta(days=31)
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_DIMENSIONS, _MOST_ROWS, _ROWS = 5, 1_000, 20
_BUCKETS = {"1d": (7, 31), "1h": (24, 168), "1m": (60, 1_440)}  # of a page of the older report: by default, at most
_DIMENSIONS = (
    "actor",
    "actor_type",
    "agent_id",
    "api_key_id",
    "context_window",
    "deployment_id",
    "environment_id",
    "inference_geo",
    "model",
    "organization_id",
    "product",
    "rbac_group_id",
    "service_tier",
    "session_id",
    "slack_channel_id",
    "speed",
    "user_profile_id",
    "workspace_id",
)
_OLDER_DIMENSIONS = (
    "account_id",
    "api_key_id",
    "context_window",
    "inference_geo",
    "model",
    "service_account_id",
    "service_tier",
    "speed",
    "workspace_id",
)


@dataclass(frozen=True, slots=True)
class Query:
    """What a report is asked for: a time, the width of its buckets, dimensions, and where the page begins."""

    begins: datetime
    ends: datetime
    width: timedelta | None
    by: tuple[str, ...]
    limit: int
    offset: int

    def bucket(self, use: Use) -> datetime:
        """The bucket that a use falls into."""
        at = datetime.fromtimestamp(use.at_s, UTC)
        return self.begins if self.width is None else _floor(at, self.width)

    def takes(self, use: Use) -> bool:
        """Whether a use is in the time that is asked."""
        return self.begins.timestamp() <= use.at_s < self.ends.timestamp()


def analytics(report: str, query: str, bill: Bill, betas: frozenset[str]) -> dict[str, Any]:
    """A page of `usage` or `cost`, the most tokens or dollars first; ValueError says what is wrong with the query."""
    if ANALYTICS_BETA not in betas:
        raise ValueError(f"this endpoint is in beta: send the header `anthropic-beta: {ANALYTICS_BETA}`")
    wanted = _analytics_query(parse_qs(query))
    groups = _grouped(filter(wanted.takes, bill.uses), wanted)
    metric = (lambda found: sum(use.tokens for use in found)) if report == "usage" else _cents
    ranked = sorted(groups.items(), key=lambda each: metric(each[1]), reverse=True)
    page = ranked[wanted.offset : wanted.offset + wanted.limit]
    end = wanted.offset + wanted.limit
    return {
        "data": [_row(report, key, found, wanted, bill.discount) for key, found in page],
        "has_more": end < len(ranked),
        "next_page": f"page_{end}" if end < len(ranked) else None,
        "data_refreshed_at": _written(datetime.fromtimestamp(bill.refreshed_s, UTC)),
    }


def older(query: str, bill: Bill, betas: frozenset[str]) -> dict[str, Any]:
    """A page of time buckets; ValueError says what is wrong with the query."""
    wanted = _older_query(parse_qs(query))
    if "speed" in wanted.by and FAST_BETA not in betas:
        raise ValueError(f"group_by: `speed` requires the header `anthropic-beta: {FAST_BETA}`")
    groups = _grouped(filter(wanted.takes, bill.uses), wanted)
    width = wanted.width or _DAY
    starts: list[datetime] = []
    while not starts or starts[-1] + width < wanted.ends:
        starts.append(starts[-1] + width if starts else wanted.begins)
    end = wanted.offset + wanted.limit
    data = [
        {
            "starting_at": _written(start),
            "ending_at": _written(start + width),
            "results": [
                _counts(found) | dict.fromkeys(_OLDER_DIMENSIONS) | dict(zip(wanted.by, key[1:], strict=True))
                for key, found in groups.items()
                if key[0] == start
            ],
        }
        for start in starts[wanted.offset : end]
    ]
    return {"data": data, "has_more": end < len(starts), "next_page": f"page_{end}" if end < len(starts) else None}


def _analytics_query(given: Mapping[str, Sequence[str]]) -> Query:
    width = given.get("time_bucket_width", [""])[0]
    if width and width not in _WIDTHS:
        raise ValueError("time_bucket_width: Input should be '1d', '1h' or '1m'")
    begins, ends = _time(given, "starting_at"), _time(given, "ending_at")
    if begins < _FIRST:
        raise ValueError("starting_at: must be no earlier than 2026-01-01T00:00:00Z")
    if not begins < ends <= begins + _LONGEST:
        raise ValueError("ending_at: the range may span at most 31 days")
    if width == "1m" and ends - begins > _DAY:
        raise ValueError("time_bucket_width: with '1m' the range may span at most 24 hours")
    by = _dimensions(given, _DIMENSIONS)
    if len(by) > _MOST_DIMENSIONS:
        raise ValueError(f"group_by: at most {_MOST_DIMENSIONS} dimensions")
    if not width:
        begins, ends = _floor(begins, _HOUR), _floor(ends, _HOUR)
    return Query(begins, ends, _WIDTHS.get(width), by, _limit(given, _ROWS, _MOST_ROWS), _offset(given))


def _older_query(given: Mapping[str, Sequence[str]]) -> Query:
    width = given.get("bucket_width", ["1d"])[0]
    if width not in _WIDTHS:
        raise ValueError("bucket_width: Input should be '1d', '1h' or '1m'")
    begins, ends = _floor(_time(given, "starting_at"), _WIDTHS[width]), _time(given, "ending_at")
    by = _dimensions(given, _OLDER_DIMENSIONS)
    return Query(begins, ends, _WIDTHS[width], by, _limit(given, *_BUCKETS[width]), _offset(given))


def _time(given: Mapping[str, Sequence[str]], name: str) -> datetime:
    text = given.get(name, [""])[0]
    if not text:
        raise ValueError(f"{name}: Field required")
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(f"{name}: Input should be an RFC 3339 time with its offset")
    return at.astimezone(UTC)


def _dimensions(given: Mapping[str, Sequence[str]], known: Sequence[str]) -> tuple[str, ...]:
    by = tuple(dict.fromkeys(given.get("group_by[]", [])))
    if unknown := [name for name in by if name not in known]:
        raise ValueError(f"group_by: {unknown[0]!r} is not one of {', '.join(known)}")
    return by


def _limit(given: Mapping[str, Sequence[str]], usual: int, most: int) -> int:
    text = given.get("limit", [str(usual)])[0]
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise ValueError(f"limit: Input should be from 1 to {most}")
    return int(text)


def _offset(given: Mapping[str, Sequence[str]]) -> int:
    text = given.get("page", ["page_0"])[0].removeprefix("page_")
    if not (text.isascii() and text.isdigit()):
        raise ValueError("page: Input should be the `next_page` of an earlier response")
    return int(text)


def _grouped(uses: Iterable[Use], wanted: Query) -> dict[tuple[Any, ...], list[Use]]:
    """The uses by bucket and by the values of the dimensions."""
    groups: dict[tuple[Any, ...], list[Use]] = {}
    for use in uses:
        key = (wanted.bucket(use), *(_value(use, name) for name in wanted.by))
        groups.setdefault(key, []).append(use)
    return groups


def _value(use: Use, dimension: str) -> str | None:
    match dimension:
        case "model" | "speed" | "api_key_id" | "inference_geo":
            value: str | None = getattr(use, dimension)
            return value
        case "service_tier":
            return "standard"
        case "context_window":
            return "200k-1M" if use.prompt > 200_000 else "0-200k"
    return None


def _row(report: str, key: tuple[Any, ...], uses: Sequence[Use], wanted: Query, discount: Decimal) -> dict[str, Any]:
    start = key[0]
    row = {
        "starting_at": _written(start),
        "ending_at": _written(wanted.ends if wanted.width is None else start + wanted.width),
        "group": dict.fromkeys(_DIMENSIONS) | dict(zip(wanted.by, key[1:], strict=True)),
    }
    if report == "usage":
        total = sum(use.tokens for use in uses)
        return row | {"usage": _counts(uses) | {"total_tokens": total, "requests": len(uses)}}
    cents = _cents(uses)
    amounts = {"amount": f"{cents * (1 - discount):f}", "list_amount": f"{cents:f}"}
    return row | {"cost": amounts | {"currency": "USD", "requests": len(uses)}}


def _counts(uses: Sequence[Use]) -> dict[str, Any]:
    return {
        "uncached_input_tokens": sum(use.uncached for use in uses),
        "cache_read_input_tokens": sum(use.read for use in uses),
        "cache_creation": {
            "ephemeral_1h_input_tokens": sum(use.written_1h for use in uses),
            "ephemeral_5m_input_tokens": sum(use.written_5m for use in uses),
        },
        "output_tokens": sum(use.output for use in uses),
        "server_tool_use": {"web_search_requests": sum(use.searches for use in uses)},
    }


def _cents(uses: Iterable[Use]) -> Decimal:
    return sum((use.cents for use in uses), Decimal(0))


def _floor(at: datetime, width: timedelta) -> datetime:
    return at - (at - _FIRST) % width


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
