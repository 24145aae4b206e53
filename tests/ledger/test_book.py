"""A session's book, on both databases: what is written, followed, counted and reserved."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

import pytest
from runs import NOW, charge, run

from fastmode_magic.ledger.book import Book, Query
from fastmode_magic.ledger.budget import Admitted, Denied, Limit, Need
from fastmode_magic.ledger.records import Record

LONG_S = 30
T = TypeVar("T")
DAY = {"day": Query({"user": "ada", "day": "2026-11-28"})}
DOLLAR = [Limit("day", Decimal(1))]
Open = Callable[..., Book]


def done(future: "Future[T]") -> T:
    return future.result(LONG_S)


@pytest.fixture
def open_book() -> Iterator[Open]:
    """Makes books, and closes them."""
    made: list[Book] = []

    def make(session: str, url: str | None) -> Book:
        made.append(Book(session, url, "L"))
        return made[-1]

    yield make
    for book in made:
        book.close()
    assert [book.take_trouble() for book in made] == [None] * len(made)


def of(session: str, **fields: object) -> Record:
    return run(**{"session": session, "state": "running", "ended": None, "cost": None} | fields)


def need(dollars: str, spent: str = "0") -> Need:
    """2,000 tokens for so many dollars."""
    return Need(Decimal(spent), Decimal(0), Decimal(dollars) / 2_000, 2_000)


def test_a_run_is_there_for_all_books_as_soon_as_it_is_written(open_book: Open, url: str) -> None:
    first, second = open_book("s1", url), open_book("s2", url)
    one = of("s1", prompt="2+2?")
    done(first.write(one))
    assert done(second.records(Query())) == [one]
    last = replace(one, state="finished", cost=Decimal("0.1"), answer="4", charges=(charge("fast", "0.1"),))
    done(first.write(last))
    assert done(second.records(Query({"session": "s1"}))) == done(first.records(Query())) == [last]
    assert done(first.records(Query(since=NOW + timedelta(days=1)))) == []


def test_many_at_once_are_all_written(open_book: Open, url: str) -> None:
    book = open_book("s1", url)
    records = [of("s1", began=NOW + timedelta(seconds=n)) for n in range(200)]
    futures = [book.write(record) for record in records]
    for future in futures:
        done(future)
    assert done(open_book("s2", url).records(Query())) == records


def test_an_open_run_is_written_each_second_but_never_after_its_end(open_book: Open, url: str) -> None:
    book = open_book("s1", url)
    one, calls, third = of("s1"), [], threading.Event()
    done(book.write(one))

    def so_far() -> Record | None:
        calls.append(None)
        if len(calls) == 3:
            third.set()
        return replace(one, cost=Decimal(len(calls)), reserved=Decimal(9)) if len(calls) > 1 else None

    book.follow(one.id, so_far)
    assert third.wait(LONG_S)
    [found] = done(open_book("s2", url).records(Query()))
    assert found.cost >= 2
    assert found.reserved is None  # what is reserved, `reserve` has said
    done(book.write(replace(one, state="finished", cost=Decimal(7))))
    book._worker.submit(book.beat).result(LONG_S)
    book.follow(one.id, None)
    assert [record.cost for record in done(book.records(Query()))] == [7]


def test_a_run_that_cannot_say_how_far_it_is_stops_nobody(url: str) -> None:
    book = Book("s1", url, "L")
    one, seen = of("s1"), threading.Event()
    book.follow("broken", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    book.follow(one.id, lambda: (seen.set(), one)[1])
    assert seen.wait(LONG_S)
    done(book.write(replace(one, state="finished")))
    assert book.take_trouble() == "The ledger lost sight of a run until it ends (ZeroDivisionError)."
    book.close()


def test_what_is_reserved_is_gone_for_others_until_it_is_known_what_it_cost(open_book: Open, url: str) -> None:
    first, second = open_book("s1", url), open_book("s2", url)
    one, other = of("s1"), of("s2")
    assert done(first.reserve(one, need("0.7"), DOLLAR, DAY)) == Admitted(2_000, Decimal("0.7"), _level("0"))
    assert done(second.reserve(other, need("0.7"), DOLLAR, DAY)) == Denied(_level("0.7"), 857)
    assert done(second.records(Query({"session": "s2"}))) == []
    done(first.write(replace(one, state="finished", cost=Decimal("0.2"))))
    assert done(second.reserve(other, need("1"), DOLLAR, DAY)) == Admitted(1_600, Decimal("0.8"), _level("0.2"))
    assert done(second.spent(DOLLAR, DAY)) == [_level("1.0")]
    assert second.known(DOLLAR, DAY) == [_level("1.0")]


def _level(others: str) -> object:
    from fastmode_magic.ledger.budget import Level

    return Level(DOLLAR[0], Decimal(others))


def test_a_later_request_of_a_run_takes_the_place_of_its_earlier_reservation(open_book: Open, url: str) -> None:
    book, other = open_book("s1", url), open_book("s2", url)
    one = of("s1")
    done(book.reserve(one, need("0.9"), DOLLAR, DAY))
    again = done(book.reserve(one, need("0.5", spent="0.4"), DOLLAR, DAY))
    assert again == Admitted(2_000, Decimal("0.9"), _level("0"))
    assert done(other.spent(DOLLAR, DAY)) == [_level("0.9")]
    book.follow(one.id, lambda: replace(one, cost=Decimal("0.4")))
    book._worker.submit(book.beat).result(LONG_S)
    assert done(other.spent(DOLLAR, DAY)) == [_level("0.9")]
    book.follow(one.id, None)


def test_a_budget_that_counts_nobody_else_and_none_at_all(open_book: Open, url: str) -> None:
    book = open_book("s1", url)
    cell = [Limit("cell", Decimal("0.75"))]
    done(book.write(of("s1", cost=Decimal(3))))
    assert done(book.reserve(of("s1"), need("1"), cell, {})).max_tokens == 1_500
    assert done(book.reserve(of("s1"), need("1"), [], {})) == Admitted(2_000, Decimal(1), None)


def test_practice_and_other_users_spend_nothing_of_mine(open_book: Open, url: str) -> None:
    book, other = open_book("s1", url), open_book("s2", url)
    scopes = {"day": Query({"user": "ada", "practice": False, "day": "2026-11-28"})}
    done(other.write(of("s2", cost=Decimal(5), practice=True)))
    done(other.write(of("s2", cost=Decimal(5), user="grace")))
    done(book.write(of("s1", cost=Decimal(5), practice=True)))
    assert done(book.spent(DOLLAR, scopes)) == [_level("0")]


def test_another_ledger_goes_on_with_what_was_spent_and_what_was_not_written(open_book: Open, url: str) -> None:
    before = open_book("s1", None)
    one = of("s1", cost=Decimal("0.25"), state="finished")
    done(before.write(one))
    before.close()
    after = open_book("s1", url)
    after.take_over(before)
    assert after.known(DOLLAR, DAY) == [_level("0.25")]
    after.close()
    done(after.write(two := of("s1", began=one.began + timedelta(seconds=1))))
    assert done(after.records(Query())) == [one, two]


def test_without_a_database_everything_is_in_memory(open_book: Open) -> None:
    book = open_book("s1", None)
    one = of("s1", cost=Decimal("0.25"))
    done(book.write(one))
    assert done(book.records(Query())) == [one]
    assert done(book.spent(DOLLAR, DAY)) == [_level("0.25")]
    assert isinstance(done(book.reserve(of("s1"), need("0.9"), DOLLAR, DAY)), Admitted)
    assert done(book.seen("acc")) == []
    assert book.alone
    assert not book.busy()
