"""The sums of a session's own runs are those that adding up each run again would give."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from runs import NOW, run

from fastmode_magic.ledger.money import total
from fastmode_magic.ledger.records import Record
from fastmode_magic.ledger.tally import Query, Tally

dollars = st.none() | st.decimals(0, 100, places=12)
states = st.builds(
    lambda number, cost, reserved, day, notebook, practice: replace(
        run(), id=f"{number}", cost=cost, reserved=reserved, day=day, notebook=notebook, practice=practice
    ),
    st.integers(0, 5),
    dollars,
    dollars,
    st.sampled_from(["2026-11-27", "2026-11-28"]),
    st.sampled_from(["a", "b"]),
    st.booleans(),
)
queries = st.builds(
    Query,
    st.fixed_dictionaries(
        {},
        optional={
            "session": st.sampled_from(["s1", "s2"]),
            "day": st.sampled_from(["2026-11-28", "2026-11-29"]),
            "notebook": st.sampled_from(["a", "c"]),
            "practice": st.booleans(),
            "model": st.just("claude-opus-5-5"),
        },
    ),
    st.none() | st.just(NOW),
)


@given(st.lists(states, max_size=12), queries, st.sampled_from(["", "0", "1", "9"]))
def test_sums_are_kept_right_as_runs_change(made: list[Record], query: Query, but: str) -> None:
    tally, newest = Tally(), {}
    for record in made:
        tally.keep(record)
        newest[record.id] = record
    assert list(tally) == list(newest.values())
    assert tally.counted(query, but) == total(
        one.counted for one in newest.values() if query.takes(one) and one.id != but
    )


def test_a_query_takes_by_value_and_time() -> None:
    one = run(began=NOW, thread=None)
    assert Query().takes(one)
    assert Query({"thread": None}, NOW).takes(one)
    assert not Query({"thread": "t"}).takes(one)
    assert not Query(since=NOW.replace(hour=13)).takes(one)
    assert one.counted == Decimal(0)
