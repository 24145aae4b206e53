"""A run as one row of plain values: what a data frame and an exported file have of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ..claude.usage import Usage
from .records import Record

Kind = Literal["text", "moment", "dollars", "count", "number", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column and where its values are from; None is unknown, and what never came."""

    name: str
    kind: Kind
    of: Callable[[Record], Any]


def _own(name: str, kind: Kind = "text", of: str = "") -> Column:
    """A column that a record has as it is, or under another name."""
    attribute = of or name
    return Column(name, kind, lambda record: getattr(record, attribute))


def _tokens(name: str, of: Callable[[Usage], int | None]) -> Column:
    """The tokens of a class at every speed; None where the service never began to answer."""

    def count(record: Record) -> int | None:
        known = [number for one in record.charges if (number := of(one.usage)) is not None]
        return sum(known) if known else None

    return Column(name, "count", count)


def _served_by(record: Record) -> str | None:
    return record.charges[-1].model if record.charges else None


_STATE = "state"
COLUMNS = (
    _own("began", "moment"),
    _own(_STATE),
    _own("model"),
    Column("answered_by", "text", _served_by),
    _own("asked_speed"),
    _own("speed"),
    _own("fallback"),
    _own("cost", "dollars"),
    _own("estimated", "flag"),
    _tokens("input_tokens", lambda usage: usage.input_tokens),
    _tokens("from_cache_tokens", lambda usage: usage.cache_read_input_tokens),
    _tokens("to_cache_tokens", lambda usage: usage.cache_creation_input_tokens),
    _tokens("output_tokens", lambda usage: usage.output_tokens),
    _tokens("thinking_tokens", lambda usage: usage.thinking_tokens),
    _tokens("web_searches", lambda usage: usage.web_search_requests),
    _own("first_token_s", "number", "ttft_s"),
    _own("first_text_s", "number"),
    _own("took_s", "number", "duration_s"),
    _own("tokens_per_s", "number"),
    _own("ending"),
    _own("stop_reason"),
    _own("notebook"),
    _own("thread"),
    _own("session"),
    _own("user"),
    _own("practice", "flag"),
    _own("list_price_of"),
    _own("price_list"),
    _own("request_id"),
    _own("run", of="id"),
)
TEXTS = (_own("prompt"), _own("answer"))  # only where they were kept


def columns(records: Sequence[Record]) -> tuple[Column, ...]:
    """The columns of `records`: with the texts if any of them has one."""
    kept = any(one.prompt is not None or one.answer is not None for one in records)
    return COLUMNS + TEXTS if kept else COLUMNS


def values(column: Column, records: Sequence[Record], now: datetime) -> list[Any]:
    """A column's values as of `now`, one for each record: str, aware datetime, Decimal, int, float, bool or None."""
    if column.name == _STATE:
        return [record.state_at(now) for record in records]
    return [column.of(record) for record in records]
