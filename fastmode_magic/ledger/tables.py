"""The ledger's tables, and the steps that made them what they are. It imports SQLAlchemy: import it when needed."""

import re
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Double,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    inspect,
    select,
    text,
)

from .money import EXACT

LARGEST = 2**63 - 1  # that a database's integers hold
_ESCAPE = "\u241b"  # the sign for an escape character
_UNFIT = re.compile(f"[\0\ud800-\udfff{_ESCAPE}]")  # PostgreSQL takes no NUL, and no database half a character
_ESCAPED = re.compile(f"{_ESCAPE}([0-9a-f]{{4}})")


class Words(TypeDecorator[str]):
    """Any text of Python's, to the last character: what databases refuse is written as \u241b0000."""

    impl: Any = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value and _UNFIT.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return value and _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)


class Name(Words):
    """A short text, which may be part of a key; what is too long is cut."""

    impl: Any = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        found = super().process_bind_param(value, dialect)
        return found and found[: self.length]


class Count(TypeDecorator[int]):
    """A number of tokens; nonsense that no integer of a database holds becomes the largest."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else min(value, LARGEST)


class Dollars(TypeDecorator[Decimal]):
    """Dollars to the last digit: as text, since a database's own decimals differ, and SQLite's are floats."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


class Billionths(TypeDecorator[Decimal]):
    """Dollars that a database adds up: as a whole number of billionths, rounded up."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is None:
            return None
        return min(int(value.scaleb(9, EXACT).to_integral_value(ROUND_CEILING, EXACT)), LARGEST)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value).scaleb(-9, EXACT)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, as text that sorts: 2026-11-28T02:04:06.000123+00:00."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class Flag(TypeDecorator[bool]):
    """Yes or no, as 1 or 0."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else int(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:  # noqa: ARG002
        return None if value is None else bool(value)


metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("session", String(32), nullable=False),
    Column("user_name", Name(255), key="user", nullable=False),
    Column("notebook", Words, nullable=False),
    Column("day", String(10), nullable=False),
    Column("began", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("ended", Moment),
    Column("state", String(16), nullable=False),
    Column("practice", Flag, nullable=False),
    Column("model", Words, nullable=False),
    Column("asked_speed", Name(16), nullable=False),
    Column("speed", Words),
    Column("fallback", Words),
    Column("ending", Words),
    Column("stop_reason", Words),
    Column("request_id", Words),
    Column("ttft_s", Double),
    Column("first_text_s", Double),
    Column("duration_s", Double),
    Column("tokens_per_s", Double),
    Column("cost", Dollars),
    Column("estimated", Flag, nullable=False),
    Column("reserved", Dollars),
    Column("counted", Billionths, nullable=False),
    Column("list_price_of", Words),
    Column("price_list", Words),
    Column("thread", Words),
    Column("prompt", Words),
    Column("answer", Words),
)

charges = Table(
    "charges",
    metadata,
    Column("run", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("model", Words, nullable=False),
    Column("speed", Words),
    Column("input_tokens", Count, nullable=False),
    Column("output_tokens", Count, nullable=False),
    Column("thinking_tokens", Count),
    Column("cache_read_input_tokens", Count, nullable=False),
    Column("cache_creation_input_tokens", Count, nullable=False),
    Column("ephemeral_1h_input_tokens", Count, nullable=False),
    Column("web_search_requests", Count, nullable=False),
    Column("inference_geo", Words),
    Column("cost", Dollars),
    Column("estimated", Flag, nullable=False),
)

gate = Table("gate", metadata, Column("id", Integer, primary_key=True), Column("turns", Integer, nullable=False))

buckets = Table(
    "buckets",
    metadata,
    Column("account", Name(64), primary_key=True),
    Column("pool", Name(64), primary_key=True),
    Column("name", Name(32), primary_key=True),
    Column("bucket_limit", Count, nullable=False),
    Column("remaining", Count, nullable=False),
    Column("at", Moment, nullable=False),
)

migrations = Table("migrations", metadata, Column("number", Integer, primary_key=True), Column("at", Moment))

# Each step once, in order; a step that was released is never changed. SQL that every database reads.
MIGRATIONS: tuple[str, ...] = (
    """CREATE TABLE runs (
    id VARCHAR(32) PRIMARY KEY, session VARCHAR(32) NOT NULL, user_name VARCHAR(255) NOT NULL, notebook TEXT NOT NULL,
    day VARCHAR(10) NOT NULL, began VARCHAR(40) NOT NULL, seen VARCHAR(40) NOT NULL, ended VARCHAR(40),
    state VARCHAR(16) NOT NULL, practice INTEGER NOT NULL, model TEXT NOT NULL, asked_speed VARCHAR(16) NOT NULL,
    speed TEXT, fallback TEXT, ending TEXT, stop_reason TEXT, request_id TEXT, ttft_s DOUBLE PRECISION,
    first_text_s DOUBLE PRECISION, duration_s DOUBLE PRECISION, tokens_per_s DOUBLE PRECISION, cost TEXT,
    estimated INTEGER NOT NULL, reserved TEXT, counted BIGINT NOT NULL, list_price_of TEXT, price_list TEXT,
    thread TEXT, prompt TEXT, answer TEXT)""",
    "CREATE INDEX runs_of_day ON runs (user_name, day)",
    "CREATE INDEX runs_began ON runs (user_name, began)",
    """CREATE TABLE charges (
    run VARCHAR(32) NOT NULL, number INTEGER NOT NULL, model TEXT NOT NULL, speed TEXT, input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL, thinking_tokens BIGINT, cache_read_input_tokens BIGINT NOT NULL,
    cache_creation_input_tokens BIGINT NOT NULL, ephemeral_1h_input_tokens BIGINT NOT NULL,
    web_search_requests BIGINT NOT NULL, inference_geo TEXT, cost TEXT, estimated INTEGER NOT NULL,
    PRIMARY KEY (run, number))""",
    "CREATE TABLE gate (id INTEGER PRIMARY KEY, turns INTEGER NOT NULL)",
    "INSERT INTO gate (id, turns) VALUES (1, 0)",
    """CREATE TABLE buckets (
    account VARCHAR(64) NOT NULL, pool VARCHAR(64) NOT NULL, name VARCHAR(32) NOT NULL, bucket_limit BIGINT NOT NULL,
    remaining BIGINT NOT NULL, at VARCHAR(40) NOT NULL, PRIMARY KEY (account, pool, name))""",
)


class TooNew(Exception):
    """The ledger was made by a newer fastmode-magic."""


def migrate(connection: Connection) -> None:
    """Bring the tables up to date, inside the transaction of `connection`. Raises TooNew."""
    done = 0
    if inspect(connection).has_table("migrations"):
        done = len(connection.execute(select(migrations.c.number)).all())
    else:
        connection.execute(text("CREATE TABLE migrations (number INTEGER PRIMARY KEY, at VARCHAR(40))"))
    if done > len(MIGRATIONS):
        raise TooNew
    for number, step in enumerate(MIGRATIONS[done:], done + 1):
        connection.execute(text(step))
        connection.execute(migrations.insert().values(number=number, at=datetime.now(UTC)))
