"""Threads over real HTTP: what is sent of them, what the prompt cache has of it, what the service refuses."""

from dataclasses import replace

import pytest

from fastmode_magic.claude.errors import BadInput
from fastmode_magic.prompt.content import Message, Text, Thinking
from fastmode_magic.session import Session
from fastmode_magic.simulator import Refusal, Scenario, Simulator
from fastmode_magic.views.lab import Place


def len_of(text: str) -> int:
    """How long a text is."""
    return len(text)


LONG = "Here is what I know of the data. " * 100


def ask(session: Session, prompt: str, **how: object):
    """The answer of one turn, which must have come without an error."""
    place = how.pop("place", None)
    answer, error = session.run(session.ask(prompt, place=place, **({"thread": "main"} | how)), place=place)
    assert error is None
    return answer


def roles(simulator: Simulator) -> list[str]:
    return [message["role"] for message in simulator.requests[-1].body["messages"]]


def blocks(simulator: Simulator) -> list[str]:
    """The kinds of blocks of the last request, in order."""
    return [block["type"] for message in simulator.requests[-1].body["messages"] for block in message["content"]]


def test_a_thread_goes_on(session: Session, simulator: Simulator) -> None:
    first = ask(session, "2+2?")
    assert (first.thread, first.turn) == ("main", 1)
    second = ask(session, "And 3+3?")
    assert second.turn == 2
    sent = simulator.requests[-1].body["messages"]
    assert [block["text"] for message in sent for block in message["content"]] == ["2+2?", "4", "And 3+3?"]
    assert roles(simulator) == ["user", "assistant", "user"]
    other = ask(session, "Alone", thread=None)
    assert (other.thread, other.turn) == (None, None)
    assert simulator.requests[-1].body["messages"] == [{"role": "user", "content": "Alone"}]


class TestThePromptCache:
    def test_reads_what_came_before(self, session: Session, simulator: Simulator) -> None:
        first = ask(session, LONG)
        assert first.usage.cache_creation_input_tokens > 800
        second = ask(session, "And now?")
        assert second.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens
        third = ask(session, "And then?")
        assert third.usage.cache_read_input_tokens > second.usage.cache_read_input_tokens
        assert third.usage.input_tokens < 20
        assert third.cost < first.cost

    def test_is_not_asked_for_what_is_too_short(self, session: Session, simulator: Simulator) -> None:
        ask(session, "2+2?")
        assert "cache_control" not in str(simulator.requests[-1].body)

    def test_is_not_asked_for_what_will_not_go_on(self, session: Session, simulator: Simulator) -> None:
        ask(session, LONG, thread=None)
        assert "cache_control" not in str(simulator.requests[-1].body)

    def test_has_one_mark_however_long_the_thread_is(self, session: Session, simulator: Simulator) -> None:
        for _ in range(6):
            ask(session, LONG)
        assert str(simulator.requests[-1].body).count("cache_control") == 1

    def test_a_switch_of_speed_misses_it_and_says_so(self, session: Session, simulator: Simulator) -> None:
        first = ask(session, LONG)
        second = ask(session, "And now?", fast=True)
        assert second.speed == "fast"
        assert second.usage.cache_read_input_tokens == 0
        (notice,) = second.notices
        assert "The switch from standard to fast speed missed the prompt cache" in notice
        assert f"{first.usage.cache_creation_input_tokens:,} tokens were written to it again" in notice

    def test_is_left_alone_where_the_service_does_not_know_it(self, session: Session, simulator: Simulator) -> None:
        words = "messages.0.content.0.cache_control: Extra inputs are not permitted"
        refused = Scenario(refuse=Refusal(400, "invalid_request_error", words))
        simulator.script(refused, Scenario(text="Yes."), Scenario(text="Again."))
        assert ask(session, LONG).text == "Yes."
        assert ask(session, "And?").text == "Again."
        assert ["cache_control" in str(request.body) for request in simulator.requests] == [True, False, False]


class TestThinking:
    def test_goes_back_as_it_came(self, session: Session, simulator: Simulator) -> None:
        simulator.script("thinking", "thinking")
        ask(session, "2+2?", thinking="summary")
        ask(session, "3+3?")
        ask(session, "4+4?")
        assert blocks(simulator) == ["text", "thinking", "text", "text", "thinking", "text", "text"]
        shown, hidden = (
            block["thinking"]
            for message in simulator.requests[-1].body["messages"]
            for block in message["content"]
            if block["type"] == "thinking"
        )
        assert shown.startswith("The question names its data")
        assert hidden == ""

    def test_does_not_go_to_another_model(self, session: Session, simulator: Simulator) -> None:
        simulator.script("thinking")
        ask(session, "2+2?")
        ask(session, "3+3?", model="fable")  # the simulator refuses what another model thought
        assert blocks(simulator) == ["text", "text", "text"]

    def test_does_not_go_where_the_conversation_is_another(self, session: Session, simulator: Simulator) -> None:
        simulator.script("thinking", "thinking", "thinking")
        places = [Place("a", "1"), Place("b", "2"), Place("a", "3"), Place("c", "4")]
        for place in places:
            ask(session, f"In {place.cell}", place=place)
        kinds = [[block["type"] for block in message["content"]] for message in simulator.requests[-1].body["messages"]]
        assert kinds == [["text"]] * 5

    @pytest.mark.parametrize("change", [{"system": "Be brief."}, {"tools": [len_of], "yes": True}])
    def test_or_where_the_service_was_told_other_things(
        self, session: Session, change: dict[str, object], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Simulator(first_byte_s=0, fast_rate=0, standard_rate=0, preserved_thinking=True) as strict:
            monkeypatch.setenv("ANTHROPIC_BASE_URL", strict.url)
            strict.script("thinking", "thinking", "thinking")
            ask(session, "2+2?")
            ask(session, "3+3?")
            assert "thinking" in blocks(strict)
            ask(session, "4+4?", **change)
            again = strict.requests[2].body["messages"]
            assert [block["type"] for message in again for block in message["content"]] == ["text"] * 5

    def test_that_the_service_refuses_is_left_out_once_and_that_is_said(
        self, session: Session, simulator: Simulator
    ) -> None:
        simulator.script("thinking")
        ask(session, "2+2?")
        thread = session.threads.existing("main")
        (turn,) = thread.turns
        forged = Message("assistant", (Thinking("", "forged"), Text("4")))
        session.threads.keep(replace(thread, turns=(replace(turn, messages=(turn.messages[0], forged)),)))
        answer = ask(session, "3+3?")
        assert answer.text == "6"
        assert answer.notices == ("The service refused what the model had thought; it was asked again without.",)
        assert blocks(simulator) == ["text", "text", "text"]
        assert len(simulator.requests) == 3
        assert ask(session, "4+4?").notices == ()  # the thread has forgotten it
        assert len(simulator.requests) == 4

    def test_a_refusal_that_has_nothing_to_do_with_what_was_sent_ends_the_cell(
        self, session: Session, simulator: Simulator
    ) -> None:
        simulator.script("thinking_signature")
        _, error = session.run(session.ask("2+2?", thread="main"))
        assert "signature" in error.what
        assert len(simulator.requests) == 1


class TestWhatIsNoTurn:
    def test_a_refused_request(self, session: Session, simulator: Simulator) -> None:
        ask(session, "2+2?")
        simulator.script("forbidden")
        answer, error = session.run(session.ask("3+3?", thread="main"))
        assert error
        assert answer.notices == ("Thread 'main' stays as it was, for no answer came that it could go on from.",)
        assert len(session.threads.existing("main").turns) == 1
        assert ask(session, "4+4?").turn == 2

    def test_an_answer_that_the_model_refused(self, session: Session, simulator: Simulator) -> None:
        simulator.script("refusal_mid")
        answer, _ = session.run(session.ask("Something", thread="main"))
        assert answer.text
        assert session.threads.names == []

    def test_what_was_broken_off_is_one(self, session: Session, simulator: Simulator) -> None:
        simulator.script("cut")
        answer, error = session.run(session.ask("Explain groupby.", thread="main"))
        assert error
        (turn,) = session.threads.existing("main").turns
        assert (turn.reply, turn.complete) == (answer.text, False)
        ask(session, "Go on")
        assert simulator.requests[-1].body["messages"][1]["content"][0]["text"] == answer.text


def test_a_call_that_nobody_can_make_ends_the_answer(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(text="I call.", calls=({"name": "add", "input": {}},)))
    body_has_tools = session.ask("q", thread="main", tools=[len_of], yes=True)
    answer, error = session.run(replace(body_has_tools, tools=()))
    assert error is None or "tools" in error.what
    assert answer.done


def test_a_thread_that_is_busy(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(first_byte_s=0.5))
    slow = session.start(session.ask("Explain groupby.", thread="main"))
    with pytest.raises(BadInput, match="'main' is still answering another cell"):
        session.run(session.ask("And?", thread="main"))
    assert slow.wait().turn == 1
    assert ask(session, "And?").turn == 2
    assert len(simulator.requests) == 2


def test_history_that_is_too_long_is_cut_and_said(session: Session, simulator: Simulator) -> None:
    session.settings.history_tokens = 2_000
    for _ in range(3):
        ask(session, LONG)
    answer = ask(session, "And?")
    assert any("left out, to stay within 2,000 tokens of history" in notice for notice in answer.notices)
    assert len(roles(simulator)) < 7


def test_a_thread_outlives_its_session(session: Session, simulator: Simulator, tmp_path) -> None:
    session.settings.threads_folder = str(tmp_path)
    ask(session, "2+2?")
    session.threads.save("main")
    ask(session, "3+3?")  # writes the file
    later = Session(session.settings, session.engine)
    answer = ask(later, "4+4?")
    assert answer.turn == 3
    assert answer.notices == (f"Thread 'main' goes on from {tmp_path}/main.json (turns so far: 2).",)
    assert "sk-ant" not in (tmp_path / "main.json").read_text()
    assert ask(Session(session.settings, session.engine), "5+5?").turn == 4
