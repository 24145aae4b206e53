"""Every row of the refusals table over real HTTP: what is sent, at which speed, how often, and how it ends."""

from dataclasses import replace

import pytest
from support import Clock

from fastmode_magic.claude.errors import FastUnavailable, Refused
from fastmode_magic.session import Session
from fastmode_magic.simulator import SCENARIOS, Scenario, Simulator

FAST, STANDARD = "fast", None


def asked(simulator: Simulator) -> list[str | None]:
    """The `speed` of each request for a message; None where the key was left out."""
    return [request.body.get("speed") for request in simulator.requests if request.path.startswith("/v1/messages")]


def refused(name: str, **changes: object) -> object:
    scenario = SCENARIOS[name]
    return replace(scenario, refuse=replace(scenario.refuse, **changes))


# scenario of the first requests -> speeds asked, speed served, slept seconds
ANSWERED = {
    "fast_pool_empty": (1, [FAST, FAST], "fast", [3.0]),
    "fast_pool_empty_bare": (1, [FAST, FAST], "fast", [3.0]),
    "no_fast_capacity": (1, [FAST, STANDARD], "standard", []),
    "no_credits": (1, [FAST, STANDARD], "standard", []),
    "fast_disabled": (1, [FAST, STANDARD], "standard", []),
    "model_without_fast": (1, [FAST, STANDARD], "standard", []),
    "requests_limit": (1, [FAST, FAST], "fast", [2.25]),
    "ramp_limit": (1, [FAST, FAST], "fast", [5.25]),
    "unexplained_429": (1, [FAST, STANDARD], "standard", []),
    "overloaded": (2, [FAST, FAST, STANDARD], "standard", [0.75]),
    "server_error": (2, [FAST, FAST, FAST], "fast", [0.375, 0.75]),
    "bad_gateway": (1, [FAST, FAST], "fast", [0.375]),
    "unavailable": (1, [FAST, FAST], "fast", [0.375]),
    "gateway_timeout": (1, [FAST, FAST], "fast", [0.375]),
    "request_timeout": (1, [FAST, FAST], "fast", [0.375]),
    "conflict": (1, [FAST, FAST], "fast", [0.375]),
    "connection_reset": (1, [FAST, FAST], "fast", [0.375]),
    "error_before_text": (1, [FAST, FAST], "fast", [0.75]),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_auto_goes_on_as_the_table_says(name: str, session: Session, simulator: Simulator, clock: Clock) -> None:
    times, speeds, served, slept = ANSWERED[name]
    simulator.script(*[name] * times)
    answer, error = session.run(session.ask("2+2?", fast=True))
    assert error is None
    assert answer.complete
    assert answer.text.strip() == "4"
    assert asked(simulator) == speeds
    assert answer.speed == served
    assert clock.slept == pytest.approx(slept)
    assert (answer.fallback is None) == (served == "fast")


ENDED = {
    "spend_cap_429_enforced": ([FAST], "spend limit"),
    "spend_cap_429_contract": ([FAST], "spend limit"),
    "spend_cap_400": ([FAST], "spend limit"),
    "spend_cap_402": ([FAST], "spend limit"),
    "unauthorized": ([FAST], "(401)"),
    "forbidden": ([FAST], "(403)"),
    "not_found": ([FAST], "(404)"),
    "too_large": ([FAST], "(413)"),
    "server_error": ([FAST] * 3, "(500)"),
    "connection_reset": ([FAST] * 3, "no connection"),
    "ramp_limit": ([FAST] * 3, "(429)"),
    "unexplained_429": ([FAST] + [STANDARD] * 3, "(429)"),
    "overloaded": ([FAST] * 2 + [STANDARD] * 3, "(529)"),
}


@pytest.mark.parametrize("name", ENDED)
def test_what_does_not_pass_ends_with_two_sentences(name: str, session: Session, simulator: Simulator) -> None:
    speeds, words = ENDED[name]
    simulator.scenario = name
    answer, error = session.run(session.ask("2+2?", fast=True))
    assert isinstance(error, Refused)
    assert words in error.what
    assert error.next_step.endswith(".")
    assert asked(simulator) == speeds
    assert answer.text == ""
    assert not answer.complete
    billed_nothing = name != "connection_reset"
    assert (answer.cost == 0) is billed_nothing


def test_every_scenario_that_refuses_has_a_row() -> None:
    refusing = {name for name, scenario in SCENARIOS.items() if scenario.refuse}
    elsewhere = {"header_missing", "fast_overloaded"}  # below; and `overloaded` for fast requests alone
    elsewhere |= {"thinking_signature"}  # test_threads.py: asked again without
    assert refusing <= set(ANSWERED) | set(ENDED) | elsewhere


def test_a_model_that_turns_out_to_need_the_header_gets_it_and_keeps_it(session: Session, simulator: Simulator) -> None:
    simulator.script("header_missing")
    answer, _ = session.run(session.ask("2+2?", fast=True))
    session.run(session.ask("2+2?", fast=True))
    headers = [request.headers.get("anthropic-beta") for request in simulator.requests]
    assert headers == [None, "fast-mode-2026-02-01", "fast-mode-2026-02-01"]
    assert answer.speed == "fast"


@pytest.mark.parametrize("name", ["no_fast_capacity", "no_credits", "fast_disabled", "model_without_fast"])
def test_a_permanent_refusal_is_remembered_told_once_and_forgotten_by_on(
    name: str, session: Session, simulator: Simulator
) -> None:
    simulator.scenario = name
    answers = [session.run(session.ask("2+2?", fast=True))[0] for _ in range(3)]
    assert asked(simulator) == [FAST, STANDARD, STANDARD, STANDARD]
    assert [len(answer.notices) for answer in answers] == [1, 0, 0]
    assert all(answer.fallback for answer in answers)
    session.engine.standing.forget_refusals()
    session.run(session.ask("2+2?", fast=True))
    assert asked(simulator)[-2:] == [FAST, STANDARD]


def test_after_a_refusal_the_pool_cools_down_and_then_fast_is_asked_again(
    session: Session, simulator: Simulator, clock: Clock
) -> None:
    simulator.script(refused("fast_pool_empty_bare", retry_after=90))
    first, _ = session.run(session.ask("2+2?", fast=True))
    second, _ = session.run(session.ask("2+2?", fast=True))
    assert (first.speed, second.speed) == ("standard", "standard")
    assert asked(simulator) == [FAST, STANDARD, STANDARD]
    account = session.last_run.account
    state, reason, _ = session.engine.standing.state(account, "claude-opus-5-5", "opus", clock())
    assert state == "cooldown"
    assert "quota is used up" in reason
    clock.ahead_s += 91
    third, _ = session.run(session.ask("2+2?", fast=True))
    assert third.speed == "fast"


def test_without_retry_after_fast_is_asked_again_soon(session: Session, simulator: Simulator, clock: Clock) -> None:
    simulator.script("unexplained_429")
    session.run(session.ask("2+2?", fast=True))
    clock.ahead_s += 3
    assert session.run(session.ask("2+2?", fast=True))[0].speed == "standard"
    clock.ahead_s += 2
    assert session.run(session.ask("2+2?", fast=True))[0].speed == "fast"


class TestFallback:
    """The four values of --fallback, after the same refusal."""

    def test_standard_goes_at_once(self, session: Session, simulator: Simulator, clock: Clock) -> None:
        simulator.script(refused("fast_pool_empty", retry_after=1))
        answer, _ = session.run(session.ask("2+2?", fast=True, fallback="standard"))
        assert (answer.speed, clock.slept) == ("standard", [])

    def test_wait_waits_as_long_as_it_takes(self, session: Session, simulator: Simulator, clock: Clock) -> None:
        simulator.script(*[refused("fast_pool_empty", retry_after=120)] * 2)
        answer, _ = session.run(session.ask("2+2?", fast=True, fallback="wait"))
        assert (answer.speed, clock.slept) == ("fast", [120, 120])

    def test_wait_with_a_bound_ends_with_an_error(self, session: Session, simulator: Simulator, clock: Clock) -> None:
        simulator.script(refused("fast_pool_empty", retry_after=120))
        _, error = session.run(session.ask("2+2?", fast=True, fallback="wait", max_wait_s=30))
        assert isinstance(error, FastUnavailable)
        assert "30 s" in error.what
        assert clock.slept == []

    def test_never_makes_a_refusal_an_error(self, session: Session, simulator: Simulator) -> None:
        simulator.script("no_fast_capacity")
        answer, error = session.run(session.ask("2+2?", fast=True, fallback="never"))
        assert isinstance(error, FastUnavailable)
        assert asked(simulator) == [FAST]
        assert answer.cost == 0

    def test_auto_does_not_wait_longer_than_that_saves(
        self, session: Session, simulator: Simulator, clock: Clock
    ) -> None:
        # 1,000 tokens: 12.5 s at 80 tok/s against 5 s at 200 tok/s; 3 s of waiting save as much again, 4 s do not.
        simulator.script(refused("fast_pool_empty", retry_after=4))
        assert session.run(session.ask("2+2?", fast=True))[0].speed == "standard"
        assert clock.slept == []


def test_a_doomed_request_is_not_sent(session: Session, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    with Simulator(first_byte_s=0, fast_rate=0, standard_rate=0, fast_limits=(1_000, 10_000)) as small:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", small.url)
        session.run(session.ask("abc " * 600, fast=True))  # now the bucket is known: 400 of 1,000 are left
        answer, _ = session.run(session.ask("abc " * 800, fast=True))
    assert asked(small) == [FAST, STANDARD]
    assert answer.speed == "standard"
    assert answer.fallback == "the fast quota is used up"
    assert clock.slept == []  # half a minute until it fits: standard is sooner


def test_what_an_answer_made_is_out_of_the_known_bucket(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(first_byte_s=0, fast_rate=0, standard_rate=0, fast_limits=(100_000, 100)) as small:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", small.url)
        small.script(Scenario(tokens=500))  # its headers came before it: 100 of 100 are left
        session.run(session.ask("2+2?", fast=True))
        answer, _ = session.run(session.ask("2+2?", fast=True))
    assert asked(small) == [FAST, STANDARD]
    assert answer.fallback == "the fast quota is used up"


def test_near_the_edge_of_the_bucket_the_service_counts(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(first_byte_s=0, fast_rate=0, fast_limits=(1_000, 10_000)) as small:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", small.url)
        session.run(session.ask("2+2?", fast=True))
        session.run(session.ask("abc " * 870, fast=True))  # about 994 tokens by our estimate, 870 by the service's
        paths = [request.path for request in small.requests]
    assert paths[1:] == ["/v1/messages/count_tokens", "/v1/messages"]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("https://bedrock-runtime.us-east-1.amazonaws.com", "Bedrock"),
        ("https://aws-external-anthropic.us-east-1.api.aws", "AWS"),
        ("https://somewhere.services.ai.azure.com/anthropic/", "Foundry"),
    ],
)
def test_hosts_without_fast_mode_are_refused_before_anything_is_sent(
    host: str, words: str, session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", host)
    _, error = session.run(session.ask("2+2?", fast=True))
    assert isinstance(error, FastUnavailable)
    assert words in error.what
    assert simulator.requests == []


def test_waiting_is_bounded_whatever_the_refusal(session: Session, simulator: Simulator, clock: Clock) -> None:
    simulator.scenario = "fast_overloaded"
    _, error = session.run(session.ask("2+2?", fast=True, fallback="wait", max_wait_s=60))
    assert isinstance(error, FastUnavailable)
    assert sum(clock.slept) <= 60


def test_waits_for_capacity_use_up_no_retry_of_another_kind(session: Session, simulator: Simulator) -> None:
    simulator.script(*["fast_pool_empty"] * 4, "bad_gateway")
    answer, error = session.run(session.ask("2+2?", fast=True, fallback="wait"))
    assert error is None
    assert answer.speed == "fast"


def test_a_prompt_larger_than_the_pool_is_told_each_time_and_not_remembered(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = "word " * 2_000
    with Simulator(first_byte_s=0, fast_rate=0, standard_rate=0, fast_limits=(1_000, 10_000)) as small:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", small.url)
        session.run(session.ask("2+2?", fast=True))
        answers = [session.run(session.ask(prompt, fast=True))[0] for prompt in (large, large, "2+2?")]
    assert [answer.speed for answer in answers] == ["standard", "standard", "fast"]
    assert [len(answer.notices) for answer in answers] == [1, 1, 0]


@pytest.mark.parametrize(("words", "counts"), [(2_000, 0), (1_010, 1)])
@pytest.mark.parametrize("fallback", ["auto", "wait"])
def test_a_prompt_larger_than_the_limit_in_the_sentence_is_not_waited_for(
    fallback: str, words: int, counts: int, session: Session, simulator: Simulator, clock: Clock
) -> None:
    sentence = "This request would exceed your rate limit of 1,000 fast mode input tokens per minute."
    simulator.script(refused("fast_pool_empty_bare", message=sentence))
    answer, error = session.run(session.ask("abc " * words, fast=True, fallback=fallback))
    assert error is None
    assert answer.speed == "standard"
    assert answer.fallback == "the prompt is larger than the whole fast quota of a minute"
    paths = [request.path for request in simulator.requests]
    assert paths.count("/v1/messages/count_tokens") == counts
    assert clock.slept == []


def test_a_prompt_that_fits_into_the_limit_in_the_sentence_is_waited_for(
    session: Session, simulator: Simulator, clock: Clock
) -> None:
    sentence = "This request would exceed your rate limit of 1,000 fast mode input tokens per minute."
    simulator.script(refused("fast_pool_empty_bare", message=sentence))
    answer, _ = session.run(session.ask("2+2?", fast=True, fallback="wait"))
    assert (answer.speed, clock.slept) == ("fast", [3.0])


def test_an_attempt_that_began_and_fell_back_is_in_the_cost(session: Session, simulator: Simulator) -> None:
    broken = replace(SCENARIOS["error_before_text"], usage={"input_tokens": 1_000_000, "output_tokens": 0})
    simulator.script(broken, broken)
    answer, error = session.run(session.ask("2+2?", fast=True))
    assert error is None
    assert answer.speed == "standard"
    assert answer.estimated
    assert 16 < answer.cost < 17  # twice a million input tokens at $8, and the answer
