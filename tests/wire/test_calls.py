"""Functions of the notebook that an answer has called, over real HTTP."""

import time
from collections.abc import Callable

import pytest

from fastmode_magic.claude.errors import BadInput, Interrupted
from fastmode_magic.ledger import prices
from fastmode_magic.session import Session
from fastmode_magic.simulator import Scenario, Simulator
from fastmode_magic.views.text import status


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def fails(why: str) -> None:
    """Always fails."""
    raise LookupError(why)


def wants(*calls: tuple[str, dict[str, object]], **more: object) -> Scenario:
    return Scenario(calls=tuple({"name": name, "input": given} for name, given in calls), **more)


def run(session: Session, prompt: str = "Do it.", **how: object):
    return session.run(session.ask(prompt, **({"tools": [add, fails], "yes": True} | how)))


def results(simulator: Simulator) -> list[dict[str, object]]:
    """What the last request says of calls."""
    return [block for block in simulator.requests[-1].body["messages"][-1]["content"] if block["type"] == "tool_result"]


def test_a_call_and_what_it_returned(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 2, "b": 40}), text="I add."), Scenario(text="It is 42."))
    answer, error = run(session)
    assert error is None
    assert answer.text == "I add.\n\nIt is 42."
    assert answer.complete
    assert answer.stop_reason == "end_turn"
    (call,) = answer.calls
    assert (call.name, call.input, call.result, call.failed) == ("add", {"a": 2, "b": 40}, "42", False)
    assert answer.notices == ("Called add(a=2, b=40) → 42",)
    (result,) = results(simulator)
    assert result["content"] == [{"type": "text", "text": "42"}]


def test_usage_and_cost_are_those_of_all_requests(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 2, "b": 40})), Scenario(text="42"))
    answer, _ = run(session, fast=True)
    single = []
    for text in ("one", "two"):
        simulator.script(Scenario(text=text))
        single.append(session.run(session.ask(text, fast=True))[0])
    assert answer.usage.input_tokens > 100
    first = answer.usage.input_tokens * 8 + answer.usage.output_tokens * 40
    assert answer.cost * 1_000_000 == first
    assert answer.speed == "fast"
    assert session.totals.snapshot().cost == answer.cost + sum(one.cost for one in single)
    assert prices.cost(answer.model, answer.usage, "fast", answer.at) == answer.cost


def test_several_calls_at_once(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 1, "b": 1}), ("add", {"a": 2, "b": 2})), Scenario(text="Done."))
    answer, _ = run(session)
    assert [call.result for call in answer.calls] == ["2", "4"]
    assert len(results(simulator)) == 2


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("fails", {"why": "no such row"}), "LookupError: no such row"),
        (("add", {"a": "x", "b": 1}), "a"),
        (("add", {"a": 1}), "b"),
        (("other", {}), "There is no tool 'other'."),
        (("add", '{"a": 1, "b"'), "Its input was no JSON object."),
    ],
)
def test_what_goes_wrong_with_a_call_is_told_to_the_model(
    session: Session, simulator: Simulator, call: tuple[str, dict[str, object]], told: str
) -> None:
    simulator.script(wants(call), Scenario(text="I see."))
    answer, error = run(session)
    assert error is None
    assert answer.text == "I see."
    assert answer.calls[0].failed
    (result,) = results(simulator)
    assert result["is_error"] is True
    assert told in result["content"][0]["text"]


def test_calls_are_bounded(session: Session, simulator: Simulator) -> None:
    simulator.script(*[wants(("add", {"a": n, "b": 1})) for n in range(5)], Scenario(text="Enough."))
    answer, error = run(session, max_calls=2)
    assert error is None
    assert len(answer.calls) == 2
    assert answer.ending == "stopped for a tool"
    assert "more calls of tools than it may have made (2)" in answer.notices[-1]
    assert "answer with what you have" in results(simulator)[0]["content"][0]["text"]
    assert len(simulator.requests) == 4  # the last one wanted another still


def test_a_model_that_heeds_the_bound_may_answer(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 1, "b": 1})), wants(("add", {"a": 1, "b": 1})), Scenario(text="So: 2."))
    answer, _ = run(session, max_calls=1)
    assert (answer.text, answer.ending, len(answer.calls)) == ("So: 2.", None, 1)


class TestConfirmation:
    @pytest.fixture
    def typed(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
        """Answers the questions that `input` asks, which are returned."""

        def answers(*said: str) -> list[str]:
            asked: list[str] = []
            left = iter(said)

            def answer(question: str) -> str:
                asked.append(question)
                return next(left)

            monkeypatch.setattr("builtins.input", answer)
            return asked

        return answers

    def test_no(self, session: Session, simulator: Simulator, typed) -> None:
        questions = typed("n")
        simulator.script(wants(("add", {"a": 1, "b": 1})), Scenario(text="Then not."))
        answer, _ = run(session, yes=False)
        assert questions == ["Claude wants to call add(a=1, b=1). [y]es, [n]o, [a]ll? "]
        assert answer.calls[0].failed
        assert "did not allow" in results(simulator)[0]["content"][0]["text"]

    def test_nothing_of_the_call_is_hidden(self, session: Session, simulator: Simulator, typed) -> None:
        def query(sql: str) -> str:
            """Run it."""
            return sql

        questions = typed("n")
        sql = "select 1;" + " " * 300 + "drop table prices; \u202e\x1b[2K"
        simulator.script(wants(("query", {"sql": sql})), Scenario(text="Then not."))
        run(session, yes=False, tools=[query])
        assert repr(sql) in questions[0]
        assert "\x1b" not in questions[0]
        assert "\u202e" not in questions[0]

    def test_yes_and_all(self, session: Session, simulator: Simulator, typed) -> None:
        questions = typed("y", "all")
        simulator.script(*[wants(("add", {"a": n, "b": 1})) for n in range(3)], Scenario(text="Done."))
        answer, _ = run(session, yes=False)
        assert len(questions) == 2
        assert [call.result for call in answer.calls] == ["1", "2", "3"]

    def test_stop_while_it_is_asked(self, session: Session, simulator: Simulator, monkeypatch) -> None:
        def stop(question: str) -> str:
            raise KeyboardInterrupt

        monkeypatch.setattr("builtins.input", stop)
        simulator.script(wants(("add", {"a": 1, "b": 1}), text="I add."))
        answer, error = run(session, yes=False)
        assert isinstance(error, Interrupted)
        assert answer.text == "I add."
        assert answer.cost > 0
        assert not answer.estimated
        assert len(simulator.requests) == 1


def test_a_function_that_is_stopped(session: Session, simulator: Simulator) -> None:
    def stops() -> None:
        """Is stopped."""
        raise KeyboardInterrupt

    simulator.script(wants(("stops", {})))
    answer, error = run(session, tools=[stops])
    assert isinstance(error, Interrupted)
    assert answer.usage.output_tokens > 0


def test_a_result_with_a_key_is_not_sent(session: Session, simulator: Simulator) -> None:
    def key() -> str:
        """The key."""
        return "it is sk-ant-" + "api03-0123456789abcdef"

    simulator.script(wants(("key", {})), Scenario(text="Hm."))
    run(session, tools=[key])
    assert "sk-ant-api03" not in str(simulator.requests[-1].body)
    assert "has an API key in it" in results(simulator)[0]["content"][0]["text"]


def test_a_failure_with_a_key_is_not_sent(session: Session, simulator: Simulator) -> None:
    def leaks() -> None:
        """Leaks."""
        raise ValueError("sk-ant-" + "api03-0123456789abcdef" + "x" * 5_000_000)

    simulator.script(wants(("leaks", {})), Scenario(text="Hm."))
    answer, _ = run(session, tools=[leaks])
    assert "api03" not in str(simulator.requests[-1].body)
    assert "api03" not in str(answer.notices)
    assert results(simulator)[0]["is_error"] is True


def test_a_tool_with_a_key_is_not_sent(session: Session, simulator: Simulator) -> None:
    def query(sql: str, key: str = "sk-ant-" + "api03-0123456789abcdef") -> str:
        """Run it."""
        return sql

    with pytest.raises(BadInput, match="The tool `query` has an API key in it"):
        session.ask("x", tools=[query])


@pytest.mark.parametrize(
    "given", ['{"a": NaN, "b": 1}', '{"a": 1e400, "b": 1}', '{"a": "\\ud800", "b": 1}', "[" * 20_000]
)
def test_an_input_that_cannot_be_sent_back(session: Session, simulator: Simulator, given: str) -> None:
    simulator.script(wants(("add", given)), Scenario(text="I see."))
    answer, error = run(session)
    assert error is None
    assert answer.text == "I see."
    assert answer.calls[0].result == "Its input was no JSON object."


@pytest.mark.parametrize("how", [SystemExit("bye"), RuntimeError()])
def test_a_function_that_ends_otherwise(session: Session, simulator: Simulator, how: BaseException) -> None:
    def ends() -> None:
        """Ends."""
        raise how

    simulator.script(wants(("ends", {})), Scenario(text="I see."))
    answer, error = run(session, tools=[ends])
    assert error is None
    assert answer.calls[0].failed
    assert answer.calls[0].result.startswith(type(how).__name__)


def test_nothing_is_called_after_stop(session: Session, simulator: Simulator) -> None:
    called = []

    def stops(n: int) -> int:
        """Stops the run, as its button does."""
        called.append(n)
        session.stop()
        return n

    simulator.script(wants(("stops", {"n": 1}), ("stops", {"n": 2})))
    answer, error = run(session, tools=[stops])
    assert isinstance(error, Interrupted)
    assert called == [1]
    assert answer.notices[0] == "Called stops(n=1) → 1"
    assert len(answer.calls) == 1


def test_what_was_said_before_the_bound_is_part_of_the_thread(session: Session, simulator: Simulator) -> None:
    call = ("add", {"a": 1, "b": 1})
    simulator.script(wants(call), wants(call), wants(call, text="I would need one more."))
    answer, _ = run(session, thread="main", max_calls=1)
    assert answer.turn == 1
    (turn,) = session.threads.existing("main").turns
    assert turn.reply == "I would need one more."


def test_each_speed_is_booked_with_what_it_cost(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 1, "b": 1})), "fast_disabled", Scenario(text="2"))
    answer, _ = run(session, fast=True)
    totals = session.totals.snapshot(answer.model)
    assert totals.answers == 1
    assert totals.fast_cost > 0
    assert totals.standard_cost > 0
    assert totals.cost == answer.cost
    assert dict(answer.cost_by_speed) == {"fast": totals.fast_cost, "standard": totals.standard_cost}
    assert totals.standard_rate is None
    assert status(answer).startswith("fast, then standard")


def test_what_is_paid_for_is_known_while_the_next_request_is_not(session: Session, simulator: Simulator) -> None:
    seen = []
    simulator.script(wants(("add", {"a": 1, "b": 1})), Scenario(first_byte_s=0.6))
    background = session.start(session.ask("Do it.", tools=[add], yes=True))
    while not background.done:
        seen.append((session.spent().cost, session.spent().unknown))
        time.sleep(0.02)
    costs = [cost for cost, unknown in seen if not unknown]
    assert costs == sorted(costs)
    assert all(not unknown for _, unknown in seen)
    assert max(costs) > 0


def test_a_long_result_is_cut(session: Session, simulator: Simulator) -> None:
    def much() -> str:
        """A lot."""
        return "word " * 200_000

    simulator.script(wants(("much", {})), Scenario(text="Much."))
    run(session, tools=[much])
    said = results(simulator)[0]["content"][0]["text"]
    assert len(said) < 15_000
    assert "more characters)" in said


def test_a_call_that_is_cut_off_is_counted(session: Session, simulator: Simulator) -> None:
    given = {"a": 1, "b": 2, "words": "x" * 20_000}
    simulator.script(wants(("add", given), fault="cut", fault_after=3_000), Scenario(text="Done."))
    answer, error = run(session)  # nothing was shown, so it is asked again by itself
    assert error is None
    assert answer.estimated
    assert answer.usage.output_tokens < 10
    assert 0.05 < answer.cost < 0.12


def test_thinking_goes_back_with_the_results_of_its_calls(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 1, "b": 1}), thinking=20), Scenario(text="2"))
    _, error = run(session)
    assert error is None
    assert [block["type"] for block in simulator.requests[-1].body["messages"][1]["content"]] == [
        "thinking",
        "tool_use",
    ]


def test_a_refusal_between_two_requests_is_decided_as_ever(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 1, "b": 1})), "overloaded", Scenario(text="2"))
    answer, error = run(session)
    assert error is None
    assert answer.text == "2"
    assert len(simulator.requests) == 3


def test_fast_that_is_refused_between_two_requests(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 1, "b": 1})), "fast_disabled", Scenario(text="2"))
    answer, error = run(session, fast=True)
    assert error is None
    assert answer.speed == "standard"
    first, second = (request.body for request in (simulator.requests[0], simulator.requests[2]))
    assert (first["speed"], "speed" in second) == ("fast", False)
    fast = prices.cost(answer.model, answer.usage, "fast", answer.at)
    assert prices.cost(answer.model, answer.usage, "standard", answer.at) < answer.cost < fast


def test_calls_in_a_thread_are_part_of_it(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 1, "b": 1})), Scenario(text="2"), Scenario(text="As I said."))
    run(session, thread="main")
    answer, error = run(session, "Again?", thread="main")
    assert error is None
    assert answer.text == "As I said."
    kinds = [[block["type"] for block in message["content"]] for message in simulator.requests[-1].body["messages"]]
    assert kinds == [["text"], ["tool_use"], ["tool_result"], ["text"], ["text"]]


def test_a_thread_with_calls_goes_on_without_tools(session: Session, simulator: Simulator) -> None:
    simulator.script(wants(("add", {"a": 1, "b": 1})), Scenario(text="2"))
    run(session, thread="main")
    answer, error = session.run(session.ask("3+3?", thread="main"))
    assert error is None, error
    assert answer.text == "6"
    first, reply, _ = simulator.requests[-1].body["messages"]
    assert first["content"][0]["text"] == "Do it."
    assert reply["content"] == [{"type": "text", "text": "[called add(a=1, b=1): 2]\n\n2"}]
