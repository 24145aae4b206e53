"""Streams that go wrong, and what the answer says of them; over real HTTP."""

import threading
import time
from decimal import Decimal

import pytest
from support import KEY

from fastmode_magic.claude.errors import Interrupted, NoCredential, Refused, StreamBroken
from fastmode_magic.session import Session
from fastmode_magic.settings import FastMode
from fastmode_magic.simulator import Scenario, Simulator

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
    assert session.quota_words("opus") is None
    session.run(session.ask("2+2?", fast=True))
    assert session.quota_words("opus").startswith("fast quota 100% in")


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


def test_an_interrupt_of_the_cell_binds_the_partial_answer(simulator: Simulator, session: Session) -> None:
    simulator.script(Scenario(rate=200, tokens=2_000))

    class Impatient:
        """A view in which the user presses Stop once there is text, as a signal would: in the cell's thread."""

        def update(self, meter: object, now_s: float) -> None:
            if meter.text_length > 20:
                raise KeyboardInterrupt

        def close(self, answer: object, status: str) -> None:
            self.status = status

    view = Impatient()
    answer, error = session.run(session.ask("Explain groupby.", fast=True), view)
    assert isinstance(error, Interrupted)
    assert answer.text
    assert answer.estimated
    assert answer.ending == "interrupted"
    assert view.status.startswith("interrupted · fast")
    assert "~$" in view.status


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
        session.login(f" {KEY}\n")
        assert session.run(session.ask("2+2?"))[1] is None
        with Simulator(first_byte_s=0, standard_rate=0) as other:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", other.url)
            session.run(session.ask("2+2?"))
            assert len(other.requests) == 1

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
        session.login(KEY)
        answer, _ = session.run(session.ask("2+2?"))
        for thing in (session, session.access(), session.engine, answer, session.engine.standing, session.last_run):
            assert KEY not in repr(thing)


def _engine_arguments(session: Session) -> tuple[object, ...]:
    from fastmode_magic.claude import catalog
    from fastmode_magic.claude.policy import Rates

    return session.ask("Explain groupby.", fast=True), catalog.find("opus"), session.access(), Rates()


def test_practice_needs_no_credential_and_is_counted_apart() -> None:
    session = Session(FastMode())
    try:
        session.practise()
        answer, error = session.run(session.ask("2+2?", fast=True))
        assert error is None
        assert answer.text.strip() == "4"
        assert "not billed" in session.last_status
        session.stop_practising()
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
