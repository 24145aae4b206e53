"""Streams that go wrong, and what the answer says of them; over real HTTP."""

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import pytest
from support import KEY

from fastmode_magic import outlook
from fastmode_magic.claude.errors import BadInput, Interrupted, NoCredential, Refused, StreamBroken
from fastmode_magic.session import Session
from fastmode_magic.settings import FastMode
from fastmode_magic.simulator import SCENARIOS, Scenario, Simulator

BROKEN = {
    "error_mid_stream": "Overloaded",
    "cut": "the connection broke",
    "eof": "it stopped before its end",
    "reset_mid_stream": "the connection broke",
    "bad_json": "could not be read",
    "bad_utf8": "could not be read",
    "stall": "nothing came for too long",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_stream_keeps_what_came_and_is_not_sent_again(
    name: str, session: Session, simulator: Simulator
) -> None:
    session.settings.stall_timeout_s = 0.3
    simulator.script(name)
    answer, error = session.run(session.ask("Explain groupby.", fast=True))
    assert isinstance(error, StreamBroken)
    assert BROKEN[name] in error.what
    assert answer.text.startswith("> **Practice answer**")
    assert not answer.complete
    assert answer.estimated
    assert answer.usage.output_tokens >= 10
    assert answer.cost > 0
    assert answer.ending == "cut off"
    assert len(simulator.requests) == 1


def test_pings_count_as_signs_of_life(session: Session, simulator: Simulator) -> None:
    session.settings.stall_timeout_s = 1.0
    simulator.script(Scenario(fault="stall_pings", fault_after=5, fault_s=1.5))
    answer, error = session.run(session.ask("2+2?"))
    assert error is None
    assert answer.complete


def test_unknown_events_deltas_and_blocks_are_skipped(session: Session, simulator: Simulator) -> None:
    plain, _ = session.run(session.ask("Explain groupby."))
    simulator.script("unknown_events")
    answer, error = session.run(session.ask("Explain groupby."))
    assert error is None
    assert answer.text == plain.text
    assert answer.complete


STOPS = {
    "max_tokens": ("cut at max_tokens", "raise --max-tokens"),
    "refusal": ("refused by the model", "cyber"),
    "refusal_mid": ("refused by the model", "refused to answer"),
    "pause_turn": ("paused", "pause_turn"),
    "context_window_exceeded": ("context window full", "shorten"),
}


@pytest.mark.parametrize("name", STOPS)
def test_how_a_model_stops_is_said_and_is_no_error(name: str, session: Session, simulator: Simulator) -> None:
    ending, words = STOPS[name]
    simulator.script(name)
    answer, error = session.run(session.ask("Explain groupby."))
    assert error is None
    assert answer.ending == ending
    assert any(words in notice for notice in answer.notices)
    assert answer.complete


class TestSpeedServed:
    """Speed and cost come from what was served: 1,000 tokens in, 100 out."""

    @pytest.mark.parametrize(
        ("fast", "served", "speed", "cost"),
        [
            (True, "fast", "fast", Decimal("0.012")),
            (True, "standard", "standard", Decimal("0.006")),
            (False, "standard", "standard", Decimal("0.006")),
            (False, None, None, Decimal("0.006")),
            (True, None, None, None),
        ],
    )
    def test_cost(
        self,
        fast: bool,
        served: str | None,
        speed: str | None,
        cost: Decimal | None,
        session: Session,
        simulator: Simulator,
    ) -> None:
        simulator.script(Scenario(tokens=100, speed_served=served, usage={"input_tokens": 1_000}))
        answer, _ = session.run(session.ask("2+2?", fast=fast))
        assert answer.speed == speed
        assert answer.cost == cost
        assert answer.usage.output_tokens == 100
        if cost is None:
            assert answer.cost_if == (Decimal("0.006"), Decimal("0.012"))

    def test_served_standard_without_a_word_is_reported(self, session: Session, simulator: Simulator) -> None:
        simulator.script("silent_standard")
        answer, _ = session.run(session.ask("2+2?", fast=True))
        assert answer.speed == "standard"
        assert "standard" in answer.fallback
        assert len(answer.notices) == 1


def test_thinking_is_shown_when_asked_and_billed_in_any_case(session: Session, simulator: Simulator) -> None:
    simulator.script("thinking", "thinking")
    hidden, _ = session.run(session.ask("2+2?"))
    shown, _ = session.run(session.ask("2+2?", thinking="summary"))
    assert hidden.thinking == ""
    assert "thinking, billed but not shown" in session.last_status or hidden.usage.thinking_tokens == 60
    assert shown.thinking
    assert shown.usage.output_tokens >= 60


def test_a_switch_of_speed_that_lost_a_warm_cache_says_what_it_cost(session: Session, simulator: Simulator) -> None:
    system = "You are a careful statistician. " * 100
    runs = [session.run(session.ask("2+2?", system=system, fast=fast))[0] for fast in (False, False, True)]
    assert [run.usage.cache_read_input_tokens > 0 for run in runs] == [False, True, False]
    assert [len(run.notices) for run in runs] == [0, 0, 1]
    written = runs[2].usage.cache_creation_input_tokens
    extra = written * (Decimal(10) - Decimal("0.4")) / 1_000_000
    assert f"${extra:.6f}" in runs[2].notices[0]


def test_headers_that_a_gateway_renamed_are_read_and_dropped_ones_are_unknown(
    session: Session, simulator: Simulator
) -> None:
    simulator.script("gateway_no_headers", "gateway_renamed_headers")
    session.run(session.ask("2+2?", fast=True))
    assert outlook.quota_words(session) is None
    session.run(session.ask("2+2?", fast=True))
    assert outlook.quota_words(session).startswith("100% in")


def test_what_is_told_of_the_quota_is_of_the_model_that_was_asked(session: Session, simulator: Simulator) -> None:
    session.run(session.ask("Explain groupby.", fast=True, model="fable"))
    assert outlook.quota_words(session) is not None
    pools = {session.last_run.model.fast_pool}
    assert pools == {"fable"}
    session.settings.model = "opsu"  # later cells will be told so; what is told of this one stays
    assert session.pages.status()["quota"] is not None
    assert outlook.state(session)[0] == "on"
    answer, error = session.run(session.ask("2+2?", fast=True, model="opus"))
    assert (error, answer.complete, session.running()) == (None, True, [])
    assert session.totals.snapshot().answers == 2


def test_the_session_has_what_a_running_answer_has_cost_so_far(session: Session, simulator: Simulator) -> None:
    session.run(session.ask("2+2?"))
    before = session.spent().cost
    simulator.script(Scenario(tokens=400, rate=200))
    reply = session.start(session.ask("Explain groupby.", fast=True))
    while len(reply.text) < 400:
        time.sleep(0.02)
    meanwhile = session.spent()
    assert (meanwhile.fast_estimated, meanwhile.standard_estimated) == (True, False)
    assert (meanwhile.standard_cost, meanwhile.answers) == (before, 2)
    assert 0 < meanwhile.fast_cost < reply.wait(10).cost
    after = session.spent()
    assert (after.cost, after.estimated) == (before + reply.cost, False)


def test_paces_are_compared_within_a_model(session: Session, simulator: Simulator) -> None:
    simulator.script(*[Scenario(tokens=200, rate=800)] * 4)
    for model, told in (("haiku", False), ("opus", True)):
        session.run(session.ask("Explain groupby.", model=model))
        session.run(session.ask("Explain groupby.", fast=True))
        assert ("speed-up" in dict(session.last_facts)) is told


def test_practice_that_begins_or_ends_meanwhile_changes_no_running_answer(
    session: Session, simulator: Simulator
) -> None:
    simulator.script(Scenario(tokens=200, rate=200))
    real = session.start(session.ask("Explain groupby."))
    session.service.practise()
    practised = session.start(session.ask("2+2?"))
    practised.wait(10)
    session.service.stop_practising()
    assert (practised.list_price_of, real.wait(10).list_price_of) == ("practice", "127.0.0.1")
    assert session.totals.snapshot().cost == real.cost > 0
    assert session.totals.snapshot().answers == 1


def test_what_fails_while_a_run_begins_leaves_none_behind(session: Session, simulator: Simulator) -> None:
    def fail() -> None:
        session.pages.on_change = lambda: None
        raise KeyboardInterrupt

    simulator.script(Scenario(tokens=2_000, rate=100))
    session.pages.on_change = fail
    with pytest.raises(KeyboardInterrupt):
        session.run(session.ask("Explain groupby."))
    assert session.running() == []
    assert session.last.ending == "interrupted"


def test_a_view_that_cannot_close_leaves_no_run_behind(session: Session, simulator: Simulator) -> None:
    class Broken:
        def update(self, *_: object) -> None:
            """Nothing to show."""

        tell = update

        def close(self, *_: object) -> None:
            raise OSError("the terminal is gone")

    with pytest.raises(OSError, match="the terminal is gone"):
        session.run(session.ask("2+2?"), lambda _stream: Broken())
    assert (session.running(), session.last.complete) == ([], True)


def test_a_stop_closes_the_connection_at_once_and_keeps_the_text(simulator: Simulator, session: Session) -> None:
    simulator.script(Scenario(rate=200, tokens=2_000))
    run = session.engine.start(*_engine_arguments(session))
    frames = run.frames()
    text = ""
    while "Practice" not in text:
        text += "".join(getattr(event, "text", "") for event in next(frames))
    began = time.monotonic()
    rest = run.stop()
    assert time.monotonic() - began < 0.3
    assert type(rest[-1]).__name__ == "Interrupted"
    deadline = time.monotonic() + 2
    while not simulator.disconnects and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(simulator.disconnects) == 1


class Quiet:
    """A view that shows nothing."""

    def update(self, meter: object, now_s: float) -> None:
        pass

    def tell(self, status: object) -> None:
        pass

    def close(self, answer: object, facts: object) -> None:
        self.facts = facts


def test_an_interrupt_of_the_cell_binds_the_partial_answer(simulator: Simulator, session: Session) -> None:
    simulator.script(Scenario(rate=200, tokens=2_000))

    class Impatient(Quiet):
        """A view in which the user presses Stop once there is text, as a signal would: in the cell's thread."""

        def update(self, meter: object, now_s: float) -> None:
            if meter.text_length > 20:
                raise KeyboardInterrupt

    view = Impatient()
    answer, error = session.run(session.ask("Explain groupby.", fast=True), lambda _: view)
    assert isinstance(error, Interrupted)
    assert answer.text
    assert answer.estimated
    assert answer.ending == "interrupted"
    assert session.last_status.startswith("interrupted · fast")
    assert dict(view.facts)["cost"].startswith("~$")


def test_a_pace_that_says_nothing_is_nowhere_told(simulator: Simulator, session: Session) -> None:
    simulator.script(Scenario(rate=0, tokens=400))
    answer, _ = session.run(session.ask("Explain groupby.", fast=True))
    assert answer.tokens_per_s > 10_000  # a network's
    assert "? tok/s" in session.last_status
    assert "rate" not in dict(session.pages.status()["facts"])
    assert session.totals.snapshot().fast_rate is None


def test_three_runs_at_once_share_the_loop(simulator: Simulator, session: Session) -> None:
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(session.run(session.ask("Explain groupby."))[0]))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer.text for answer in answers}) == 1
    assert all(answer.complete for answer in answers)


class TestCredentials:
    """The SDK's business; ours is that there is a sentence, and that nothing leaks."""

    def test_none_at_all(self, session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ANTHROPIC_API_KEY")
        _, error = session.run(session.ask("2+2?"))
        assert isinstance(error, NoCredential)
        for words in ("ANTHROPIC_API_KEY", "%fastmode login", "%fastmode practice"):
            assert words in str(error)
        assert simulator.requests == []

    def test_a_typed_key_wins_and_the_environment_is_read_at_each_cell(
        self, session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ANTHROPIC_API_KEY")
        session.service.login(f" {KEY}\n")
        assert session.run(session.ask("2+2?"))[1] is None
        with Simulator(first_byte_s=0, standard_rate=0) as other:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", other.url)
            session.run(session.ask("2+2?"))
            assert len(other.requests) == 1

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("ANTHROPIC_AUTH_TOKEN", KEY), ("ANTHROPIC_CUSTOM_HEADERS", f"Authorization: Bearer {KEY}")],
    )
    def test_whatever_else_the_sdk_understands(
        self, variable: str, value: str, session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ANTHROPIC_API_KEY")
        monkeypatch.setenv(variable, value)
        assert session.run(session.ask("2+2?"))[1] is None
        assert simulator.requests[0].headers["authorization"] == "<set>"

    def test_a_message_that_repeats_the_key_is_redacted(self, session: Session, simulator: Simulator) -> None:
        from fastmode_magic.simulator import Refusal

        simulator.scenario = Scenario(refuse=Refusal(401, "authentication_error", f"invalid key {KEY} (Bearer {KEY})"))
        _, error = session.run(session.ask("2+2?"))
        assert isinstance(error, Refused)
        assert KEY not in str(error)
        assert "***" in error.what

    @pytest.mark.parametrize("key", ["sk-ant-\nbroken", "sk-ant-“quoted”"])
    def test_a_key_that_cannot_be_sent(self, key: str, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANTHROPIC_API_KEY", key)
        _, error = session.run(session.ask("2+2?"))
        assert "character that cannot be sent" in error.what
        assert key not in str(error)

    def test_no_object_of_ours_shows_the_key(self, session: Session) -> None:
        session.service.login(KEY)
        answer, _ = session.run(session.ask("2+2?"))
        for thing in (
            session,
            session.service.access(),
            session.engine,
            answer,
            session.engine.standing,
            session.last_run,
        ):
            assert KEY not in repr(thing)


def _engine_arguments(session: Session) -> tuple[object, ...]:
    from fastmode_magic.claude import catalog
    from fastmode_magic.claude.policy import Rates

    return session.ask("Explain groupby.", fast=True), catalog.find("opus"), session.service.access(), Rates()


def test_practice_needs_no_credential_and_is_counted_apart() -> None:
    session = Session(FastMode())
    try:
        session.service.practise()
        answer, error = session.run(session.ask("2+2?", fast=True))
        assert error is None
        assert answer.text.strip() == "4"
        assert "not billed" in session.last_status
        session.service.stop_practising()
        assert session.totals.snapshot().answers == 0
    finally:
        session.close()


class TestModelThatIsNotInTheCatalogue:
    """A new model needs no new release: its id is sent as typed."""

    @pytest.mark.parametrize(
        ("rule", "speeds", "served"), [("ga", ["fast"] * 2, "fast"), ("preview", ["fast"] * 3, "fast")]
    )
    def test_fast_is_tried(
        self, rule: str, speeds: list[str], served: str, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Simulator(first_byte_s=0, fast_rate=0, extra_models={"claude-next-1": rule}) as simulator:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.url)
            answers = [session.run(session.ask("2+2?", fast=True, model="claude-next-1"))[0] for _ in range(2)]
        assert [request.body.get("speed") for request in simulator.requests] == speeds
        assert [answer.speed for answer in answers] == [served] * 2
        assert [answer.cost for answer in answers] == [None, None]
        assert "cost unknown" in session.last_status

    def test_a_refusal_is_remembered(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        with Simulator(first_byte_s=0, standard_rate=0, extra_models={"claude-next-1": "never"}) as simulator:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.url)
            for _ in range(2):
                session.run(session.ask("2+2?", fast=True, model="claude-next-1"))
        assert [request.body.get("speed") for request in simulator.requests] == ["fast", None, None]


class TestSettingsOfTheTransport:
    """Proxies and certificates that cannot be used: two sentences, no secret, and nothing that lasts."""

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("ALL_PROXY", "socks5://127.0.0.1:9"),
            ("HTTP_PROXY", "garbage://user:pw-secret@x"),
            ("SSL_CERT_FILE", "/nonexistent.pem"),
            ("SSL_CERT_FILE", __file__),
        ],
    )
    def test_a_bad_one(
        self, variable: str, value: str, session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(variable, value)
        _, error = session.run(session.ask("2+2?"))
        assert isinstance(error, BadInput)
        assert "proxy or certificate" in error.what
        assert "pw-secret" not in str(error)
        assert error.__traceback__ is None
        assert error.__context__ is None
        monkeypatch.delenv(variable)
        assert session.run(session.ask("2+2?"))[1] is None

    def test_a_refused_connection_has_cost_nothing(
        self, session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://user:pw-secret@127.0.0.1:9")
        answer, error = session.run(session.ask("2+2?"))
        assert answer.cost == 0
        assert "pw-secret" not in str(error) + repr(session.last_run.account)

    def test_an_answer_that_is_no_stream_is_not_asked_for_again(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\n<html"
        with listening(page) as (url, hits):
            monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
            monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
            answer, error = session.run(session.ask("2+2?"))
        assert len(hits) == 1
        assert "does not answer like the Claude API" in error.what
        assert answer.cost is None


@contextmanager
def listening(response: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that sends `response` to every request."""
    hits: list[bytes] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            hits.append(self.request.recv(65_536))
            self.request.sendall(response)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", hits
        server.shutdown()
        thread.join()


def stream(*events: dict[str, object]) -> bytes:
    lines = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    return f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{lines}".encode()


START = {
    "type": "message_start",
    "message": {"model": "claude-opus-5-5", "usage": {"input_tokens": 1_000, "speed": "fast"}},
}
TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "漢字" * 200}}
COUNT = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 100}}
STOP = {"type": "message_stop"}


class TestCounts:
    """A count that came is exact, whatever happens after it; one that did not come is an estimate."""

    @pytest.mark.parametrize(
        ("events", "cost", "estimated", "complete"),
        [
            ([START, TEXT, COUNT, STOP], Decimal("0.012"), False, True),
            ([START, TEXT, COUNT], Decimal("0.012"), False, False),
            ([START, TEXT, STOP], Decimal("0.02172"), True, True),  # 1,200 bytes are about 343 tokens
            ([START, TEXT], Decimal("0.02172"), True, False),
        ],
    )
    def test_cost(
        self,
        events: list[dict[str, object]],
        cost: Decimal,
        estimated: bool,
        complete: bool,
        session: Session,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        with listening(stream(*events)) as (url, _):
            monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
            answer, _ = session.run(session.ask("2+2?", fast=True))
        assert (answer.cost, answer.estimated, answer.complete) == (cost, estimated, complete)
        assert answer.text == "漢字" * 200

    def test_a_speed_that_came_before_the_input_count(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        start = {"type": "message_start", "message": {"usage": {"speed": "fast", "output_tokens": 1}}}
        count = {"type": "message_delta", "delta": {}, "usage": {"input_tokens": 1_000, "output_tokens": 500}}
        with listening(stream(start, TEXT, count, STOP)) as (url, _):
            monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
            answer, _ = session.run(session.ask("2+2?", fast=True))
        assert (answer.speed, answer.cost) == ("fast", Decimal("0.028"))

    def test_thinking_that_is_not_shown_is_said_to_be_billed(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}}
        with listening(stream(START, block, TEXT, COUNT, STOP)) as (url, _):
            monkeypatch.setenv("ANTHROPIC_BASE_URL", url)
            session.run(session.ask("2+2?"))
        assert "with thinking, billed but not shown" in session.last_status


def test_an_interrupt_in_a_wait_after_a_refusal_has_cost_nothing(simulator: Simulator) -> None:
    class Impatient(Quiet):
        def update(self, meter: object, now_s: float) -> None:
            if type(meter.now).__name__ == "Waiting":
                raise KeyboardInterrupt

    empty = SCENARIOS["fast_pool_empty"]
    simulator.script(replace(empty, refuse=replace(empty.refuse, retry_after=100)))
    session = Session(FastMode())  # its waits are real
    try:
        answer, error = session.run(session.ask("2+2?", fast=True, fallback="wait"), lambda _: Impatient())
    finally:
        session.close()
    assert isinstance(error, Interrupted)
    assert answer.cost == 0
    assert session.totals.snapshot().unknown == 0


BAD_ASKS = [
    {"fast": "yes"},
    {"fallback": "no"},
    {"effort": "x"},
    {"thinking": "loud"},
    {"max_tokens": 0},
    {"max_tokens": 1.5},
    {"max_tokens": "max"},
    {"max_wait_s": -1},
    {"model": None},
    {"system": b"x"},
    {"temperature": 1},
    {"prompt": 5},
    {"prompt": "half \ud83d"},
    {"prompt": "  \n"},
]


@pytest.mark.parametrize("fields", BAD_ASKS)
def test_an_ask_that_cannot_be_is_told_so(fields: dict[str, object], session: Session) -> None:
    with pytest.raises(BadInput):
        session.ask(**({"prompt": "2+2?"} | fields))


def test_a_view_that_fails_loses_neither_the_text_nor_the_cost(simulator: Simulator, session: Session) -> None:
    class Broken(Quiet):
        def update(self, meter: object, now_s: float) -> None:
            if meter.text_length:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        session.run(session.ask("Explain groupby.", fast=True), lambda _: Broken())
    assert session.last.text.startswith("> **Practice")
    assert session.totals.snapshot().fast_cost > 0
