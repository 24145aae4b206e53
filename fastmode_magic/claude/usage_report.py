"""What the organisation's own reports say, as values: tokens and dollars by model and speed.

Sources: the Usage and Cost Analytics API (`/v1/organizations/analytics/usage` and `cost`), and the older report
(`/v1/organizations/usage_report/messages`). Unknown is None, never 0.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .usage import Usage, count

CENTS = Decimal(100)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens by the classes that have prices of their own, and web searches; None is unknown."""

    fresh: int | None = 0
    read: int | None = 0
    written_5m: int | None = 0
    written_1h: int | None = 0
    output: int | None = 0
    searches: int | None = 0

    @classmethod
    def of(cls, usage: Usage) -> "Tokens":
        """The same, from the usage of an answer."""
        written_1h = min(usage.ephemeral_1h_input_tokens, usage.cache_creation_input_tokens)
        written_5m = usage.cache_creation_input_tokens - written_1h
        counts = (usage.input_tokens, usage.cache_read_input_tokens, written_5m, written_1h, usage.output_tokens)
        return cls(*counts, usage.web_search_requests)

    def plus(self, other: "Tokens") -> "Tokens":
        """Both together; what one of them does not know is unknown."""
        return Tokens(*(_sum(getattr(self, name), getattr(other, name)) for name in CLASSES))

    def minus(self, other: "Tokens") -> "Tokens":
        """What these have more; what one of them does not know is unknown."""
        return Tokens(*(_sum(getattr(self, name), _negative(getattr(other, name))) for name in CLASSES))

    @property
    def total(self) -> int | None:
        """Tokens of every class; web searches are none."""
        found: int | None = 0
        for name in CLASSES[:-1]:
            found = _sum(found, getattr(self, name))
        return found


CLASSES = tuple(one.name for one in fields(Tokens))


@dataclass(frozen=True, slots=True)
class Used:
    """Tokens of one model at one speed, by one API key; each None where the report names none."""

    model: str | None
    speed: str | None
    tokens: Tokens
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """Dollars for one model at one speed: what is billed, and what that is before discounts."""

    model: str | None
    speed: str | None
    billed: Decimal | None
    listed: Decimal | None


@dataclass(frozen=True, slots=True)
class Report:
    """What an organisation used in a time. `paid` is None where the report that was had names no dollars.

    `refreshed` is when the service last brought these numbers up to date, None where it does not say.
    """

    used: tuple[Used, ...] = ()
    paid: tuple[Paid, ...] | None = ()
    refreshed: datetime | None = field(default=None)


def used(row: Mapping[str, Any]) -> Used:
    """A row of the usage: its `group` and its `usage`."""
    group, usage = _mapping(row.get("group")), _mapping(row.get("usage"))
    return Used(_text(group, "model"), _text(group, "speed"), _tokens(usage), _text(group, "api_key_id"))


def used_before(bucket: Mapping[str, Any]) -> Iterator[Used]:
    """What is in a time bucket of the older report, whose results name groups and counts side by side."""
    for one in rows(bucket.get("results")):
        yield Used(_text(one, "model"), _text(one, "speed"), _tokens(one), _text(one, "api_key_id"))


def paid(row: Mapping[str, Any]) -> Paid:
    """A row of the cost: its `group` and its `cost`."""
    group, cost = _mapping(row.get("group")), _mapping(row.get("cost"))
    known = cost.get("currency", "USD") == "USD"
    billed, listed = (_dollars(cost.get(name)) if known else None for name in ("amount", "list_amount"))
    return Paid(_text(group, "model"), _text(group, "speed"), billed, listed)


def rows(value: object) -> Iterable[Mapping[str, Any]]:
    """The mappings in a list; anything else has none."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def moment(value: object) -> datetime | None:
    """A time as the service writes it, in UTC."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.astimezone(UTC) if found and found.tzinfo else None


def _tokens(usage: Mapping[str, Any]) -> Tokens:
    written, tools = _mapping(usage.get("cache_creation")), _mapping(usage.get("server_tool_use"))
    return Tokens(
        fresh=count(usage.get("uncached_input_tokens")),
        read=count(usage.get("cache_read_input_tokens")),
        written_5m=count(written.get("ephemeral_5m_input_tokens")),
        written_1h=count(written.get("ephemeral_1h_input_tokens")),
        output=count(usage.get("output_tokens")),
        searches=count(tools.get("web_search_requests")),
    )


def _dollars(value: object) -> Decimal | None:
    """Dollars from what the service writes: cents and parts of them, as a text."""
    try:
        cents = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return cents / CENTS if cents is not None and cents.is_finite() else None


def _text(group: Mapping[str, Any], name: str) -> str | None:
    value = group.get(name)
    return value if isinstance(value, str) and value else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _negative(number: int | None) -> int | None:
    return None if number is None else -number
