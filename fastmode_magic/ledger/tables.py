"""The ledger's tables, and the steps that made them what they are. It imports SQLAlchemy: import it when needed."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
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


class Dollars(TypeDecorator[Decimal]):
    """Dollars to the last digit: as text, since a database's own decimals differ, and SQLite's are floats."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        return None if value is None else Decimal(value)


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
    Column("user_name", String(255), key="user", nullable=False),
    Column("notebook", Text, nullable=False),
    Column("day", String(10), nullable=False),
    Column("began", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("ended", Moment),
    Column("state", String(16), nullable=False),
    Column("practice", Flag, nullable=False),
    Column("model", Text, nullable=False),
    Column("asked_speed", String(16), nullable=False),
    Column("speed", Text),
    Column("fallback", Text),
    Column("ending", Text),
    Column("stop_reason", Text),
    Column("request_id", Text),
    Column("ttft_s", Double),
    Column("first_text_s", Double),
    Column("duration_s", Double),
    Column("tokens_per_s", Double),
    Column("cost", Dollars),
    Column("estimated", Flag, nullable=False),
    Column("reserved", Dollars),
    Column("list_price_of", Text),
    Column("price_list", Text),
    Column("thread", Text),
    Column("prompt", Text),
    Column("answer", Text),
)

charges = Table(
    "charges",
    metadata,
    Column("run", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("model", Text, nullable=False),
    Column("speed", Text),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("thinking_tokens", Integer),
    Column("cache_read_input_tokens", Integer, nullable=False),
    Column("cache_creation_input_tokens", Integer, nullable=False),
    Column("ephemeral_1h_input_tokens", Integer, nullable=False),
    Column("web_search_requests", Integer, nullable=False),
    Column("inference_geo", Text),
    Column("cost", Dollars),
    Column("estimated", Flag, nullable=False),
)

gate = Table("gate", metadata, Column("id", Integer, primary_key=True), Column("turns", Integer, nullable=False))

buckets = Table(
    "buckets",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("pool", String(64), primary_key=True),
    Column("name", String(32), primary_key=True),
    Column("bucket_limit", Integer, nullable=False),
    Column("remaining", Integer, nullable=False),
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
    first_text_s DOUBLE PRECISION, duration_s DOUBLE PRECISION, tokens_per_s DOUBLE PRECISION, cost VARCHAR(64),
    estimated INTEGER NOT NULL, reserved VARCHAR(64), list_price_of TEXT, price_list TEXT, thread TEXT, prompt TEXT,
    answer TEXT)""",
    "CREATE INDEX runs_of_day ON runs (user_name, day)",
    "CREATE INDEX runs_began ON runs (user_name, began)",
    """CREATE TABLE charges (
    run VARCHAR(32) NOT NULL, number INTEGER NOT NULL, model TEXT NOT NULL, speed TEXT, input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL, thinking_tokens INTEGER, cache_read_input_tokens INTEGER NOT NULL,
    cache_creation_input_tokens INTEGER NOT NULL, ephemeral_1h_input_tokens INTEGER NOT NULL,
    web_search_requests INTEGER NOT NULL, inference_geo TEXT, cost VARCHAR(64), estimated INTEGER NOT NULL,
    PRIMARY KEY (run, number))""",
    "CREATE TABLE gate (id INTEGER PRIMARY KEY, turns INTEGER NOT NULL)",
    "INSERT INTO gate (id, turns) VALUES (1, 0)",
    """CREATE TABLE buckets (
    account VARCHAR(64) NOT NULL, pool VARCHAR(64) NOT NULL, name VARCHAR(32) NOT NULL, bucket_limit INTEGER NOT NULL,
    remaining INTEGER NOT NULL, at VARCHAR(40) NOT NULL, PRIMARY KEY (account, pool, name))""",
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
