"""Threads as a tree of turns."""

import re
from dataclasses import replace

import pytest

from fastmode_magic.prompt.archive import names, read, recall, remove, write
from fastmode_magic.prompt.content import (
    Document,
    HiddenThinking,
    Image,
    Message,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
)
from fastmode_magic.prompt.conversation import Continuation, Threads, Wanted, turned
from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.turns import Addressee, Place, Thread, Turn

OPUS, FABLE = "claude-opus-5-5", "claude-fable-5-2"


def asked(
    threads: Threads,
    prompt: str,
    name: str | None = "main",
    *,
    cell: str | None = None,
    request: str | None = None,
    **how,
) -> Continuation | None:
    """Ask and answer: the thread gets a turn whose reply is the prompt in capitals."""
    model = how.pop("model", OPUS)
    wanted = Wanted(name, how.pop("new", False), how.pop("origin", None))
    place = Place(cell, request or (cell and f"{cell}-{prompt}"))
    plan = threads.plan(wanted, place, Addressee(model, how.pop("setting", "")), room=how.pop("room", 10_000))
    if plan:
        threads.enter(plan)
        reply = Message("assistant", (Thinking("", f"signed {prompt}"), Text(prompt.upper())))
        message = Message("user", (Text(prompt),))
        threads.leave(plan, turned(plan, prompt, (message, reply), ""))
    return plan


def prompts(threads: Threads, name: str = "main") -> list[str]:
    return [turn.typed for turn in threads.existing(name).turns]


def thoughts(plan: Continuation) -> list[str]:
    return [b.signature for message in plan.history for b in message.content if isinstance(b, Thinking)]


@pytest.fixture
def threads() -> Threads:
    threads = Threads()
    for number in "123":
        asked(threads, f"q{number}", cell=f"c{number}")
    return threads


def test_nothing_is_continued_unless_it_is_asked():
    assert asked(Threads(), "q", None) is None


def test_a_thread_is_sent_with_its_thinking(threads):
    plan = asked(threads, "q4")
    assert [message.role for message in plan.history] == ["user", "assistant"] * 3
    assert thoughts(plan) == ["signed q1", "signed q2", "signed q3"]
    assert prompts(threads) == ["q1", "q2", "q3", "q4"]


def test_the_current_thread_is_for_cells_that_name_none(threads):
    threads.current = "main"
    asked(threads, "q4", None)
    assert prompts(threads)[-1] == "q4"


class TestACellThatIsRunAgain:
    def test_replaces_its_turn(self, threads):
        plan = asked(threads, "q2 again", cell="c2")
        assert [m.content[-1].text for m in plan.history] == ["q1", "Q1"]
        assert prompts(threads) == ["q1", "q2 again", "q3"]

    def test_and_the_turns_after_it_are_stale(self, threads):
        plan = asked(threads, "q2 again", cell="c2")
        assert "turn 2 is asked again; the 1 after it" in plan.notices[0]
        assert [turn.stale for turn in threads.existing("main").turns] == [False, False, True]
        after = asked(threads, "q4", cell="c4")
        assert thoughts(after) == []  # a part of it would be refused
        assert len(after.history) == 6
        asked(threads, "q3 again", cell="c3")
        asked(threads, "q4 again", cell="c4")
        assert thoughts(asked(threads, "q5")) == ["signed q1", "signed q2 again", "signed q3 again", "signed q4 again"]

    def test_asks_several_times_in_one_run(self, threads):
        for prompt in ("a", "b"):
            asked(threads, prompt, cell="c2", request="second run")
        assert prompts(threads) == ["q1", "a", "b", "q3"]
        for prompt in ("c", "d", "e"):
            asked(threads, prompt, cell="c2", request="third run")
        assert prompts(threads) == ["q1", "c", "d", "e", "q3"]
        asked(threads, "f", cell="c2", request="fourth run")
        assert prompts(threads) == ["q1", "f", "q3"]

    def test_where_no_cell_is_known_every_run_is_a_turn(self, threads):
        asked(threads, "x")
        asked(threads, "x")
        assert prompts(threads) == ["q1", "q2", "q3", "x", "x"]

    def test_without_an_answer_the_thread_stays(self, threads):
        plan = threads.plan(Wanted("main"), Place("c2", "again"), Addressee(OPUS), room=10_000)
        threads.enter(plan)
        assert turned(plan, "q", (Message("user", (Text("q"),)),), " ") is None
        threads.leave(plan, None)
        assert prompts(threads) == ["q1", "q2", "q3"]


class TestNew:
    def test_begins_over(self, threads):
        assert asked(threads, "fresh", new=True).history == ()
        assert prompts(threads) == ["fresh"]

    def test_needs_a_name(self):
        with pytest.raises(CannotSend, match="none is named"):
            asked(Threads(), "q", None, new=True)


class TestBranches:
    def test_go_on_after_a_turn(self, threads):
        plan = asked(threads, "other", "alt", origin="main@2")
        assert [m.content[-1].text for m in plan.history] == ["q1", "Q1", "q2", "Q2"]
        assert prompts(threads, "alt") == ["q1", "q2", "other"]
        assert prompts(threads) == ["q1", "q2", "q3"]
        assert threads.existing("alt").origin == ("main", 2)

    def test_go_on_after_the_last_turn_if_none_is_named(self, threads):
        asked(threads, "other", "alt", origin="main")
        assert threads.existing("alt").origin == ("main", 3)

    def test_get_a_name(self, threads):
        assert asked(threads, "other", None, cell="c9", origin="main@1").thread == "main-2"
        assert asked(threads, "more", None, cell="c10", origin="main@1").thread == "main-3"

    def test_of_a_cell_that_is_run_again_are_one(self, threads):
        asked(threads, "other", None, cell="c9", origin="main@1")
        asked(threads, "other again", None, cell="c9", origin="main@1")
        assert prompts(threads, "main-2") == ["q1", "other again"]
        assert threads.names == ["main", "main-2"]

    def test_of_a_thread_onto_itself_cut_it_back(self, threads):
        asked(threads, "other", "main", origin="main@1", new=True)
        assert prompts(threads) == ["q1", "other"]
        assert threads.existing("main").origin is None

    def test_do_not_overwrite_a_thread(self, threads):
        asked(threads, "x", "alt")
        with pytest.raises(CannotSend, match="There is a thread 'alt' already"):
            asked(threads, "other", "alt", origin="main@1")
        asked(threads, "other", "alt", origin="main@1", new=True)
        assert prompts(threads, "alt") == ["q1", "other"]

    @pytest.mark.parametrize("origin", ["main@0", "main@4", "main@x", "main@", "nobody@1", "main@-1", "main@٣"])
    def test_from_nowhere(self, threads, origin):
        with pytest.raises(CannotSend) as caught:
            asked(threads, "x", "alt", origin=origin)
        assert "main" in caught.value.what + caught.value.next_step


class TestTwoAtOnce:
    def test_the_second_is_refused(self, threads):
        first = threads.plan(Wanted("main"), Place(), Addressee(OPUS), room=10_000)
        second = threads.plan(Wanted("main"), Place(), Addressee(OPUS), room=10_000)
        threads.enter(first)
        with pytest.raises(CannotSend, match="still answering another cell"):
            threads.enter(second)
        threads.leave(first, None)
        threads.enter(second)

    def test_leaving_twice_takes_nobody_else_s_place(self, threads):
        first = threads.plan(Wanted("main"), Place(), Addressee(OPUS), room=10_000)
        threads.enter(first)
        threads.leave(first, None)
        second = threads.plan(Wanted("main"), Place(), Addressee(OPUS), room=10_000)
        threads.enter(second)
        threads.leave(first, None)
        with pytest.raises(CannotSend, match="still answering another cell"):
            threads.enter(second)

    def test_a_thread_that_answers_is_not_forgotten_and_can_be_saved(self, threads):
        plan = threads.plan(Wanted("main"), Place(), Addressee(OPUS), room=10_000)
        threads.enter(plan)
        with pytest.raises(CannotSend, match="still answering"):
            threads.forget("main")
        threads.save("main")
        messages = (Message("user", (Text("q"),)), Message("assistant", (Text("a"),)))
        assert threads.leave(plan, turned(plan, "q", messages, "")).saved

    def test_a_plan_that_is_older_than_a_turn_is_refused(self, threads):
        plan = threads.plan(Wanted("main"), Place(), Addressee(OPUS), room=10_000)
        asked(threads, "q4")
        with pytest.raises(CannotSend, match="has changed meanwhile"):
            threads.enter(plan)


class TestHistory:
    def test_is_cut_from_its_beginning_and_says_so(self):
        threads = Threads()
        for number in range(10):
            asked(threads, f"{number}" * 700, room=100_000)  # some 600 tokens a turn, with its thinking
        plan = asked(threads, "next", room=3_000)
        assert sum(message.tokens for message in plan.history) <= 1_500
        assert "its first 8 turns were left out, to stay within 3,000 tokens" in plan.notices[0]
        assert thoughts(plan) == []  # what is left is another conversation

    def test_of_an_early_turn_is_what_came_before_it(self):
        threads = Threads()
        for number in range(10):
            asked(threads, f"{number}" * 700, cell=f"c{number}", room=100_000)
        assert asked(threads, "next", room=3_000).before.left_out == 8
        again = asked(threads, "again", cell="c2", room=3_000)
        assert [message.content[0].text[0] for message in again.history if message.role == "user"] == ["0", "1"]
        assert not any("left out" in notice for notice in again.notices)
        branch = asked(threads, "branch", "alt", origin="main@1", room=3_000)
        assert len(branch.history) == 2

    def test_has_room_for_pictures_and_no_more(self, threads):
        picture = Image("image/png", b"x" * 3_500_000, (100, 100))
        for _ in range(4):
            plan = threads.plan(Wanted("main"), Place(), Addressee(OPUS), room=100_000)
            threads.enter(plan)
            messages = (Message("user", (picture,)), Message("assistant", (Text("a"),)))
            threads.leave(plan, turned(plan, "q", messages, ""))
        plan = asked(threads, "next", room=100_000)
        assert sum(message.size for message in plan.history) < 12_000_000
        assert "left out" in plan.notices[0]

    def test_begins_at_the_same_turn_for_as_long_as_it_can(self):
        threads = Threads()
        for number in range(10):
            asked(threads, f"{number}" * 700, room=100_000)
        firsts = [asked(threads, "x" * 350, room=3_000).history[0].content[0].text[0] for _ in range(4)]
        assert firsts == ["8"] * 4  # so that the prompt cache has it

    @pytest.mark.parametrize("other", [{"model": FABLE}, {"setting": "another system prompt"}])
    def test_thinking_goes_back_only_where_all_is_as_it_was(self, threads, other):
        assert thoughts(asked(threads, "q4")) == ["signed q1", "signed q2", "signed q3"]
        assert thoughts(asked(threads, "q5", **other)) == []
        assert thoughts(asked(threads, "q6")) == []

    def test_an_answer_that_was_broken_off_is_a_turn(self, threads):
        plan = threads.plan(Wanted("main"), Place(), Addressee(OPUS), room=10_000)
        assert turned(plan, "q", (Message("user", (Text("q"),)),), "half an").reply == "half an"


@pytest.mark.parametrize("name", ["main", "été", "a-b_2", "2nd", "課題"])
def test_names(name):
    assert asked(Threads(), "q", name).thread == name


@pytest.mark.parametrize("name", ["a/b", "..", "a b", "@1", "x@1", "a.json", "-", "x" * 61, "C:", "a\nb"])
def test_names_that_cannot_be(name):
    with pytest.raises(CannotSend):
        asked(Threads(), "q", name)


def test_forgetting(threads):
    threads.current = "main"
    threads.forget("main")
    assert (threads.names, threads.current) == ([], None)
    with pytest.raises(CannotSend, match="There is no thread 'main'"):
        threads.forget("main")


class TestFiles:
    def thread(self) -> Thread:
        turn = Turn(
            (
                Message("user", (Text("Look: é"), Image("image/png", b"\x89PNG", (2, 3)), Document("a.pdf", b"%PDF-"))),
                Message("assistant", (Thinking("hm", "s"), HiddenThinking("h"), ToolUse("t", "f", {"x": [1, None]}))),
                Message("user", (ToolResult("t", (Text("3"), Image("image/png", b"x")), failed=True),)),
                Message("assistant", (Text("three"),)),
            ),
            "Look",
            OPUS,
            cell="c1",
            stale=True,
        )
        return Thread("main", (turn, replace(turn, complete=False)), ("other", 2), 1)

    def test_a_thread_comes_back(self, tmp_path):
        write(self.thread(), str(tmp_path))
        assert read("main", str(tmp_path)) == replace(self.thread(), saved=True)
        assert names(str(tmp_path)) == ["main"]
        assert [path.name for path in tmp_path.iterdir()] == ["main.json"]

    def test_it_is_found_when_it_is_named(self, tmp_path):
        write(self.thread(), str(tmp_path))
        threads = Threads()
        assert recall(threads, "main", str(tmp_path)).endswith("(turns so far: 2).")
        assert threads.existing("main").saved
        assert recall(threads, "main", str(tmp_path)) is None
        assert recall(threads, "other", str(tmp_path)) is None
        remove("main", str(tmp_path))
        assert read("main", str(tmp_path)) is None

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            "{}",
            "[" * 50_000,
            '{"version": 9}',
            '{"version": 1, "origin": null, "left_out": 0, "turns": [{}]}',
        ],
    )
    def test_a_file_that_is_none_of_ours(self, tmp_path, text):
        (tmp_path / "main.json").write_text(text)
        with pytest.raises(CannotSend, match=r"main\.json cannot be read as a thread"):
            read("main", str(tmp_path))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('"text": "three"', '"text": 5'),
            ('"name": "f"', '"name": 2'),
            ('"left_out": 1', '"left_out": -1'),
            ('"left_out": 1', '"left_out": Infinity'),
            ('"left_out": 1', '"left_out": 9'),
            ('"role": "assistant"', '"role": "system"'),
            ('"size": [', '"size": ["x",'),
            ('"input": {', '"input": 3, "inputs": {'),
            ('"other",', '7, "x",'),
        ],
    )
    def test_a_file_that_was_changed_by_hand(self, tmp_path, old, new):
        write(self.thread(), str(tmp_path))
        path = tmp_path / "main.json"
        text = re.sub(r"\[\s+", "[", path.read_text())
        assert old in text
        path.write_text(text.replace(old, new))
        with pytest.raises(CannotSend, match=r"main\.json cannot be read as a thread"):
            read("main", str(tmp_path))

    def test_what_another_kernel_has_written_is_not_overwritten(self, tmp_path):
        mine = write(self.thread(), str(tmp_path))
        theirs = read("main", str(tmp_path))
        mine = write(replace(mine, left_out=0), str(tmp_path))
        with pytest.raises(CannotSend, match="was written by another kernel since"):
            write(theirs, str(tmp_path))
        write(mine, str(tmp_path))
        assert read("main", str(tmp_path)).left_out == 0

    def test_a_place_that_cannot_be_written(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(CannotSend, match="cannot be saved"):
            write(self.thread(), str(tmp_path / "file"))

    def test_a_cell_that_is_run_again_after_a_restart_replaces_its_turn(self, tmp_path, threads):
        write(threads.existing("main"), str(tmp_path))
        later = Threads()
        recall(later, "main", str(tmp_path))
        asked(later, "q2 again", cell="c2")
        assert prompts(later) == ["q1", "q2 again", "q3"]
