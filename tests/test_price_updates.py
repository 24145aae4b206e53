"""Newer prices over HTTP: from a server on loopback, whose list has another price, or is no list."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from genai_prices import data_snapshot

from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger import prices
from fastmode_magic.ledger.price_updates import UPDATES
from fastmode_magic.session import Session
from fastmode_magic.settings import FastMode

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPUS = "claude-opus-5-5"
USAGE = Usage(1_000_000, 1_000_000)
BUILT_IN = (Decimal(24), Decimal(48))  # standard, fast
CHECKED = prices.source()


def listed(standard=(3, 15), fast=(6, 30), **changed):
    """A list of prices as genai-prices fetches it, with one model."""
    rates = [dict(zip(("input_mtok", "output_mtok"), pair, strict=True)) for pair in (standard, fast)]
    variants = [{"when": {"speed": "fast"}, "prices": rates[1]}]
    model = {"id": OPUS, "match": {"equals": OPUS}, "prices": rates[0], "price_variants": variants} | changed
    extractor = {"root": "usage", "mappings": [{"path": "moons", "dest": "input_moons"}]}
    provider = {"id": "anthropic", "name": "Anthropic", "api_pattern": "x", "extractors": [extractor]}
    return json.dumps([provider | {"models": [model]}]).encode()


class PriceList:
    """Serves `body` with `status`, and counts who asked."""

    def __init__(self) -> None:
        self.body, self.status, self.asked = listed(), 200, 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                self.send_response(outer.status)
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/data.json"


@pytest.fixture
def price_list() -> Iterator[PriceList]:
    """A list of prices that is fetched from here; afterwards the built-in one is in use again."""
    serving, url = PriceList(), UPDATES.url
    thread = threading.Thread(target=serving.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    UPDATES.url = serving.url
    yield serving
    UPDATES.keep(serving, on=False)
    until(lambda: not fetching())
    serving.server.shutdown()
    serving.server.server_close()
    thread.join()
    UPDATES.url = url
    data_snapshot.set_custom_snapshot(None)


def until(done, within_s=10):
    end = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def fetching():
    return any(one.name == "genai_prices:update" for one in threading.enumerate())


def costs():
    return tuple(prices.cost(OPUS, USAGE, speed, NOW) for speed in ("standard", "fast"))


def test_newer_prices_change_what_is_told(price_list):
    assert costs() == BUILT_IN
    prices.keep_updated(price_list, on=True)
    until(lambda: "fetched on" in prices.source())
    assert costs() == (18, 36)
    assert f"fetched on {datetime.now(UTC):%Y-%m-%d at }" in prices.source()
    assert prices.cost(OPUS, Usage(cache_read_input_tokens=1), "fast", NOW) is None  # the list has no such price
    # and the price that was withdrawn is our own
    assert prices.rates("claude-opus-4-6", "fast", datetime(2026, 5, 1, tzinfo=UTC)) == (30, 150)
    prices.keep_updated(price_list, on=False)
    until(lambda: not fetching())
    assert costs() == (18, 36)


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, b"", "HTTPStatusError"),
        (404, listed(), "HTTPStatusError"),
        (200, b"<html>", "JSONDecodeError"),
        (200, b"{}", "ValueError"),
        (200, b"[]", "LookupError"),
        (200, b'[{"id": "anthropic"}]', "ValidationError"),
        (200, listed(match={"moon": "full"}), "ValidationError"),
        (200, listed(match={"equals": "claude-moon"}), "LookupError"),
    ],
)
def test_what_is_no_list_of_prices_leaves_the_one_there_is(price_list, status, body, why, caplog, capfd):
    price_list.status, price_list.body = status, body
    prices.keep_updated(price_list, on=True)
    until(lambda: "could not" in prices.source())
    assert prices.source() == f"{CHECKED}; newer prices could not be fetched ({why})"
    assert costs() == BUILT_IN
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert capfd.readouterr() == ("", "")
    prices.keep_updated(price_list, on=False)
    assert prices.source() == CHECKED


def test_nobody_there_leaves_the_list_there_is(price_list):
    price_list.server.shutdown()
    price_list.server.server_close()
    prices.keep_updated(price_list, on=True)
    until(lambda: "could not" in prices.source())
    assert prices.source() == f"{CHECKED}; newer prices could not be fetched (ConnectError)"
    assert costs() == BUILT_IN


def test_a_later_failure_leaves_what_was_fetched(price_list):
    prices.keep_updated(price_list, on=True)
    until(lambda: "fetched on" in prices.source())
    prices.keep_updated(price_list, on=False)
    until(lambda: not fetching())
    price_list.status = 500
    prices.keep_updated(price_list, on=True)
    until(lambda: "could not" in prices.source())
    assert "fetched on" in prices.source()
    assert costs() == (18, 36)


@pytest.mark.parametrize(
    "changed",
    [
        {"prices": []},
        {"prices": {"input_mtok": 3, "output_mtok": 15, "output_reasoning_mtok": 1}},  # we do not tell those apart
        {"prices": {"input_mtok": -3, "output_mtok": 15}},
        {"prices": {"input_mtok": 3}},
        {"prices": {}},
    ],
)
def test_prices_that_are_not_understood_are_unknown(price_list, changed):
    price_list.body = listed(price_variants=None, **changed)
    prices.keep_updated(price_list, on=True)
    until(lambda: "fetched on" in prices.source())
    assert costs() == (None, None)


def test_a_fast_price_counts_from_its_day_on(price_list):
    dated = {"when": {"speed": "fast"}, "prices": {"input_mtok": 7, "output_mtok": 35}}
    dated |= {"constraint": {"start_date": "2026-11-22"}}
    price_list.body = listed(price_variants=[dated])
    prices.keep_updated(price_list, on=True)
    until(lambda: "fetched on" in prices.source())
    assert prices.rates(OPUS, "fast", NOW) == (7, 35)
    assert prices.rates(OPUS, "fast", datetime(2026, 11, 21, tzinfo=UTC)) is None  # and not the standard price


class TestSession:
    @pytest.fixture
    def made(self) -> Iterator[Session]:
        session = Session(FastMode())
        yield session
        session.close()

    def warm(self, session: Session) -> None:
        session.warm_up()
        session._loading.join()

    def test_nothing_is_fetched_unasked(self, price_list, made):
        self.warm(made)
        assert not fetching()
        assert (price_list.asked, prices.source()) == (0, CHECKED)

    def test_nothing_is_fetched_by_a_session_that_was_only_made(self, price_list, made):
        made.settings.price_updates = True
        assert not fetching()

    def test_prices_are_fetched_while_the_session_lives(self, price_list, made):
        made.settings.price_updates = True
        self.warm(made)
        until(lambda: "fetched on" in prices.source())
        self.warm(made)
        assert price_list.asked == 1
        made.close()
        until(lambda: not fetching())

    def test_a_session_that_is_closed_while_it_loads_fetches_nothing_later(self, price_list, made):
        made.settings.price_updates = True
        made.warm_up()
        made.close()
        until(lambda: not fetching())
        time.sleep(0.1)
        assert not fetching()

    def test_the_setting_counts_from_the_next_cell_on(self, price_list, made):
        self.warm(made)
        made.settings.price_updates = True
        self.warm(made)
        until(lambda: "fetched on" in prices.source())
        made.settings.price_updates = False
        self.warm(made)
        until(lambda: not fetching())
        assert "could not" not in prices.source()

    def test_another_session_s_end_does_not_end_it(self, price_list, made):
        made.settings.price_updates = True
        self.warm(made)
        other = Session(FastMode(price_updates=True))
        self.warm(other)
        other.close()
        assert fetching()
