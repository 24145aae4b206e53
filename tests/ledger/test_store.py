"""The store, in a file and on a server: what is written is read again, to the last digit and character."""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runs import NOW, charge, run
from sqlalchemy import create_engine, inspect, text

from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger import tables
from fastmode_magic.ledger.records import Charge, Record
from fastmode_magic.ledger.store import Seen, Store
from fastmode_magic.ledger.tables import LARGEST, MIGRATIONS, TooNew

ODD = "NUL \0, half a character \ud83d, its other half \ude00, an escape \u241b0000\u241b, 🧾, \r\n\t"
FLOATS = dict.fromkeys(("REAL", "DOUBLE", "DOUBLE_PRECISION", "DOUBLE PRECISION"), "FLOAT")
EVERYTHING = Record(
    id="a" * 32,
    session="s" * 32,
    user=f"ada {ODD}",
    notebook=f"work/{ODD}.ipynb",
    day="2026-11-28",
    began=datetime(2026, 11, 28, 2, 4, 6, 123, tzinfo=UTC),
    seen=datetime(2026, 11, 28, 2, 4, 7, 999_999, tzinfo=UTC),
    model=ODD,
    asked_speed="fast",
    state="interrupted",
    practice=True,
    ended=datetime(2026, 11, 28, 2, 4, 8, tzinfo=UTC),
    speed=ODD,
    fallback=ODD,
    ending=ODD,
    stop_reason=ODD,
    request_id=ODD,
    ttft_s=0.1 + 0.2,
    first_text_s=1e-17,
    duration_s=1e6 / 3,
    tokens_per_s=83.0,
    cost=Decimal("0.00000000000000000000000000012345678901234567890"),
    estimated=True,
    reserved=Decimal("12345678901234567.01"),
    list_price_of=ODD,
    price_list=ODD,
    thread=ODD,
    prompt=ODD,
    answer=ODD * 20_000,
    charges=(
        Charge(ODD, "fast", Usage(1, 2**40, 2**40, 2**33, 3, 4, 5, ODD, "fast"), Decimal("1.10")),
        Charge("m", None, Usage(estimated=True), None, estimated=True),
    ),
)


@pytest.fixture
def store(url: str) -> Store:
    made = Store(url)
    yield made
    made.close()


def put(store: Store, *records: Record) -> None:
    with store.writing() as transaction:
        for record in records:
            transaction.put(record)


def records(store: Store, since: datetime | None = None, **where: object) -> list[Record]:
    with store.reading() as transaction:
        return transaction.records(where, since)


def counted(store: Store, but: str = "", **where: object) -> Decimal:
    with store.reading() as transaction:
        return transaction.counted(where, but)


def test_every_field_comes_back_as_it_was(store: Store) -> None:
    bare = run(state="running", ended=None, cost=None)
    put(store, EVERYTHING, bare)
    assert records(store) == [EVERYTHING, bare]
    assert records(store)[0].cost.as_tuple() == EVERYTHING.cost.as_tuple()
    assert records(store, notebook=EVERYTHING.notebook, model=ODD, practice=True) == [EVERYTHING]
    assert records(store, cost=None) == [bare]


@given(
    said=st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\0\u241b0af")),
    cost=st.decimals(0, 10**6, places=20),
    tokens=st.integers(0, LARGEST),
    when=st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_number_and_time_comes_back(
    store: Store, said: str, cost: Decimal, tokens: int, when: datetime
) -> None:
    billed = Charge("m", None, Usage(output_tokens=tokens), cost)
    one = replace(
        EVERYTHING, answer=None, thread=said, notebook=said, prompt=said, cost=cost, began=when, charges=(billed,)
    )
    put(store, one)
    assert records(store, notebook=said) == [one]


def test_a_time_of_another_zone_is_the_same_moment(store: Store) -> None:
    put(store, run(id="b", began=NOW.astimezone(timezone(timedelta(hours=-8)))))
    assert records(store, since=NOW)[0].began == NOW


def test_nonsense_numbers_of_a_server_are_kept_as_large_ones(store: Store) -> None:
    put(store, run(charge("fast", "99999999999999", output=10**30)))
    assert records(store)[0].charges[0].usage.output_tokens == LARGEST
    assert counted(store) == Decimal(LARGEST).scaleb(-9)


def test_a_later_state_takes_the_place_of_an_earlier_with_its_charges(store: Store) -> None:
    first = run(charge("fast", "1"), charge("standard", "2"), state="running", prompt="2+2?")
    put(store, first)
    last = replace(first, state="finished", cost=Decimal("1.5"), charges=first.charges[:1], answer="4")
    put(store, last)
    assert records(store) == [last]
    put(store, replace(last, charges=(), prompt=None, answer=None))  # the texts are in the ledger alone by now
    assert records(store) == [replace(last, charges=())]


def test_records_come_in_order_and_can_be_chosen(store: Store) -> None:
    made = [run(began=NOW + timedelta(microseconds=n), day=f"2026-11-{n + 1:02}", user="ab"[n % 2]) for n in range(6)]
    put(store, *reversed(made))
    assert records(store) == made
    assert records(store, user="a") == made[::2]
    assert records(store, since=made[3].began) == made[3:]
    assert records(store, made[2].began, user="b", day="2026-11-04") == [made[3]]


def test_budgets_count_what_others_may_cost_at_most(store: Store) -> None:
    put(
        store,
        run(cost=Decimal("0.100000001"), reserved=Decimal("0.3"), session="s2"),
        run(cost=Decimal("0.2"), reserved=Decimal("0.1"), session="s3"),
        run(cost=None, reserved=Decimal("0.000000001"), session="s3"),
        run(cost=Decimal(5), session="s1"),
        run(cost=Decimal(7), session="s2", user="grace"),
    )
    assert counted(store, "s1", user="ada") == Decimal("0.500000001")
    assert counted(store, "s1", user="nobody") == 0


def test_a_sum_is_never_less_than_its_parts(store: Store) -> None:
    put(store, *(run(cost=Decimal("0.0000000001")) for _ in range(3)))
    assert counted(store) == Decimal("0.000000003")


def test_two_users_of_one_ledger_see_their_own(store: Store) -> None:
    put(store, run(user="ada"), run(charge("fast", "1"), user="grace"))
    assert [one.user for one in records(store, user="ada")] == ["ada"]
    assert [len(one.charges) for one in records(store, user="grace")] == [1]
    assert counted(store, user="ada") == 0


def bucket(remaining: int, at: datetime, name: str = "output_tokens", pool: str = "fast") -> Seen:
    return ("acc", pool, name, 2**40, remaining, at)


def seen(store: Store, *buckets: Seen) -> list[Seen]:
    with store.writing() as transaction:
        transaction.see(buckets)
    with store.reading() as transaction:
        return transaction.seen("acc")


def test_the_newest_report_of_a_bucket_is_kept_and_of_one_the_least(store: Store) -> None:
    later = NOW + timedelta(seconds=1)
    assert seen(store, bucket(5, NOW)) == [bucket(5, NOW)]
    assert seen(store, bucket(9, later), bucket(7, NOW, "requests")) == [bucket(9, later), bucket(7, NOW, "requests")]
    assert bucket(9, later) in seen(store, bucket(1, NOW))
    assert bucket(8, later) in seen(store, bucket(8, later))
    assert bucket(8, later) in seen(store, bucket(9, later))


def test_kernels_that_see_the_same_buckets_at_once_do_not_fail(url: str) -> None:
    stores = [Store(url) for _ in range(4)]
    pools = [f"pool{n}" for n in range(8)]

    def see(number: int) -> None:
        order = pools if number % 2 else pools[::-1]
        for n in range(10):
            seen(stores[number], *(bucket(n, NOW + timedelta(seconds=n), pool=pool) for pool in order))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(see, range(4)))
    assert {row[4] for row in seen(stores[0])} == {9}
    for store in stores:
        store.close()


def test_the_tables_are_what_the_code_thinks(url: str) -> None:
    Store(url).close()
    engine = create_engine(url)
    there = inspect(engine)
    for table in tables.metadata.sorted_tables:
        columns = {one["name"]: one for one in there.get_columns(table.name)}
        assert list(columns) == [one.name for one in table.columns], table.name
        assert there.get_pk_constraint(table.name)["constrained_columns"] == [one.name for one in table.primary_key]
        for column in table.columns:
            kinds = [one.compile(engine.dialect) for one in (column.type, columns[column.name]["type"])]
            assert len({FLOATS.get(kind, kind.split("(")[0]) for kind in kinds}) == 1, column
            assert column.primary_key or columns[column.name]["nullable"] == column.nullable, column
    assert {index["name"] for index in there.get_indexes("runs")} == {"runs_of_day", "runs_began"}
    engine.dispose()


@pytest.mark.parametrize("done", range(len(MIGRATIONS) + 1))
def test_a_ledger_of_each_earlier_version_is_brought_up_to_date(url: str, done: int, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE migrations (number INTEGER PRIMARY KEY, at VARCHAR(40))"))
        for number, step in enumerate(MIGRATIONS[:done], 1):
            connection.execute(text(step))
            connection.execute(tables.migrations.insert().values(number=number, at=NOW))
    store = Store(url)
    put(store, EVERYTHING)
    assert records(store) == [EVERYTHING]
    with store.reading() as transaction:
        rows = transaction.connection.execute(text("SELECT number FROM migrations ORDER BY number")).scalars().all()
    assert rows == list(range(1, len(MIGRATIONS) + 1))
    store.close()
    engine.dispose()


def test_a_ledger_of_a_newer_version_is_left_alone(url: str) -> None:
    Store(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(tables.migrations.insert().values(number=len(MIGRATIONS) + 1, at=NOW))
    engine.dispose()
    with pytest.raises(TooNew):
        Store(url)


def test_what_fails_in_a_transaction_leaves_nothing(store: Store) -> None:
    half = replace(EVERYTHING, charges=(EVERYTHING.charges[0], replace(EVERYTHING.charges[1], cost="much")))
    with pytest.raises(ValueError, match="format"):
        put(store, half)
    assert records(store) == []


def test_the_file_and_its_folder_are_the_owners_alone(lite: str, tmp_path: Path) -> None:
    store = Store(lite)
    put(store, EVERYTHING)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "books", *(tmp_path / "books").iterdir())
    }
    assert modes == {"books": 0o700, "ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    store.close()
    assert [path.name for path in (tmp_path / "books").iterdir()] == ["ledger.db"]
