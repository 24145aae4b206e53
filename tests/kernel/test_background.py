"""`%%claude --background`: the prompt comes back at once, and every answer stays in the cell that asked for it."""

import ast
import asyncio
import json
import threading
import time
from collections.abc import Iterator
from functools import partial

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from support import KEY, end
from test_page import SHOWN, SLOW, Front

from fastmode_magic.answer import Answer
from fastmode_magic.background import BackgroundAnswer
from fastmode_magic.claude.errors import Ending, Interrupted, Refused
from fastmode_magic.magics.claude import present
from fastmode_magic.session import Session
from fastmode_magic.simulator import Scenario, Simulator
from fastmode_magic.views.protocol import ANSWER_MIME

NO_NOTEBOOK = "no notebook to come back to, so --background answers in the foreground"
ANSWERS = "__import__('fastmode_magic.current').current.current().totals.snapshot().answers"
UNTIL_TEXT = "import time\nwhile len(reply.text) < 30: time.sleep(0.01)"


@pytest.fixture
def front(kernel) -> Iterator[Front]:
    """A page that has not said whether it carries the extension."""
    made = Front(kernel.client)
    made.run("%load_ext fastmode_magic", "cell-0")
    yield made
    assert KEY not in json.dumps([message for _, message in made.messages], default=str)


@pytest.fixture(params=["with the extension", "without it"])
def page(request: pytest.FixtureRequest, front: Front) -> Front:
    """A page that follows frames, and one whose document grows."""
    if request.param == "with the extension":
        front.open_subshell()
        front.say(hello=True)
        front.until(lambda: front.heard("status"))
    return front


def phase(front: Front, request: str) -> str:
    """How the answer of a cell is doing, by its document."""
    return str(front.bundles(request)[-1][ANSWER_MIME]["phase"])


class TestCells:
    """In a real kernel: who shows what, and when."""

    def test_the_answer_comes_while_other_cells_run(self, front: Front, simulator: Simulator) -> None:
        simulator.script(Scenario(tokens=300, rate=200))
        asked = front.run("%%claude -b reply\nExplain groupby.")
        assert front.of(asked, "stream", "error", "execute_result") == []
        assert front.result("(reply.done, _ is reply, Out[2] is reply)") == "(False, True, True)"
        assert phase(front, asked) not in {"finished", "failed"}
        front.run("import time\nlengths = []")
        front.run("while not reply.done:\n    lengths.append(len(reply.text)); time.sleep(0.05)")
        assert front.result("sorted(lengths) == lengths and len(set(lengths)) > 3") == "True"
        front.until(lambda: phase(front, asked) == "finished")
        assert front.result("(reply.done, reply.complete, reply.usage.output_tokens)") == "(True, True, 300)"
        assert front.result("reply.text") == repr(front.bundles(asked)[-1][ANSWER_MIME]["text"])

    def test_several_at_a_time_and_each_in_its_own_cell(self, page: Front, simulator: Simulator) -> None:
        simulator.scenario = Scenario(tokens=160, rate=160)
        asked = [page.run(f"%%claude -b reply{n}\nExplain groupby {n}.", f"cell-{n}") for n in range(3)]
        assert page.result("[reply.done for reply in (reply0, reply1, reply2)]") == "[False, False, False]"
        busy = "for n in range(20):\n    print(n, end=' ')\n    time.sleep(0.05)\ndisplay(n)\nn"
        other = page.run(f"import time\n{busy}", "cell-3")
        for request in asked:
            page.until(lambda request=request: phase(page, request) == "finished")
        assert {m["msg_type"] for m in page.of(other, *SHOWN)} == {"stream", "display_data", "execute_result"}
        assert "".join(m["content"]["text"] for m in page.of(other, "stream")).split() == [str(n) for n in range(20)]
        shown = page.of(other, "display_data", "execute_result")
        assert [m["content"]["data"]["text/plain"] for m in shown] == ["19", "19"]
        owners = {_display(message): request for request in asked for message in page.of(request, "display_data")}
        assert list(owners.values()) == asked
        for request in asked:
            assert {m["msg_type"] for m in page.of(request, *SHOWN)} == {"display_data", "update_display_data"}
        updates = [message for _, message in page.messages if _display(message) in owners]
        assert all(message["parent_header"]["msg_id"] == owners[_display(message)] for message in updates)
        texts = [page.bundles(request)[-1][ANSWER_MIME]["text"] for request in asked]
        assert ast.literal_eval(page.result("[reply.text for reply in (reply0, reply1, reply2)]")) == texts
        assert page.result(ANSWERS) == "3"

    def test_waiting(self, front: Front, simulator: Simulator) -> None:
        simulator.script(Scenario(tokens=160, rate=160))
        front.run("%%claude -b reply\nExplain groupby.")
        assert front.error(front.run("reply.wait(timeout_s=0.2)")) == "TimeoutError"
        assert front.result("reply.done") == "False"
        assert front.result("(await reply) is reply.wait()") == "True"
        assert front.result("(type(reply.wait()).__name__, reply.wait().complete)") == "('Answer', True)"
        several = front.run("replies = [get_ipython().run_line_magic('claude', '-b 2+2?') for _ in range(3)]")
        assert front.result("[str(reply.wait()) for reply in replies]") == "['4', '4', '4']"
        shown = front.of(several, "display_data", "update_display_data")
        last = {_display(message): message["content"]["data"][ANSWER_MIME]["phase"] for message in shown}
        assert list(last.values()) == ["finished"] * 3

    def test_stopping(self, front: Front, simulator: Simulator) -> None:
        simulator.scenario = SLOW
        first = front.run("%%claude -b other\nExplain groupby.")
        second = front.run("%%claude -b reply\nExplain groupby.")
        front.run(UNTIL_TEXT)
        front.run("other.stop()")
        front.until(lambda: phase(front, first) == "interrupted")
        assert front.result("(other.done, reply.done)") == "(True, False)"
        assert _markdown(front, "%fastmode stop") == "Stopped: 1; what came is kept."
        front.until(lambda: phase(front, second) == "interrupted")
        assert front.all("error") == []
        for wait in ("reply.wait().ending", "(await reply).ending"):
            assert front.result(wait) == "'interrupted'"
        assert front.result("(reply.done, reply.complete, len(reply.text) > 0)") == "(True, False, True)"
        assert _markdown(front, "reply.stop()\n%fastmode stop") == "Nothing is running."
        assert front.result(ANSWERS) == "2"

    def test_one_that_fails_leaves_its_sentence_and_raises_where_it_is_waited_for(
        self, front: Front, simulator: Simulator
    ) -> None:
        simulator.script("unauthorized")
        asked = front.run("%%claude -b reply\n2+2?")
        front.until(lambda: phase(front, asked) == "failed")
        document, sentence = front.bundles(asked)[-1], "The service did not accept the credential"
        assert sentence in document["text/markdown"]
        assert [sentence in notice for notice in document[ANSWER_MIME]["notices"]] == [True]
        assert front.all("error") == []
        for wait in ("reply.wait()", "await reply"):
            assert front.error(front.run(wait)) == "Refused"
        assert front.result("(reply.done, reply.text, reply.complete)") == "(True, '', False)"
        assert front.result(ANSWERS) == "0"

    def test_an_interrupt_ends_the_cell_that_runs_and_no_other(
        self, kernel, front: Front, simulator: Simulator
    ) -> None:
        simulator.script(Scenario(tokens=800, rate=200))
        asked = front.run("%%claude -b reply\nExplain groupby.")
        waiting = front.start(f"{UNTIL_TEXT}\nprint('now')\nreply.wait()")
        front.until(lambda: front.of(waiting, "stream"))
        kernel.manager.interrupt_kernel()
        front.until(lambda: front.ended(waiting))
        assert front.error(waiting) == "KeyboardInterrupt"
        assert front.result("reply.done") == "False"
        front.until(lambda: phase(front, asked) == "finished")

    def test_unloading_ends_what_runs(self, front: Front, simulator: Simulator) -> None:
        simulator.script(SLOW)
        asked = front.run("%%claude -b reply\nExplain groupby.")
        front.run(UNTIL_TEXT)
        front.run("%unload_ext fastmode_magic")
        front.until(lambda: phase(front, asked) == "interrupted")
        assert front.result("(reply.done, len(reply.text) > 0)") == "(True, True)"

    def test_a_kernel_ends_at_once_though_an_answer_is_coming(self, kernel, front: Front, simulator: Simulator) -> None:
        simulator.script(SLOW)
        front.run("%%claude -b reply\nExplain groupby.")
        front.run(UNTIL_TEXT)
        kernel.client.shutdown()
        assert kernel.manager.provisioner.process.wait(timeout=10) == 0

    def test_a_dry_run_sends_nothing(self, front: Front, simulator: Simulator) -> None:
        request = front.run("%%claude -b reply --dry-run\nExplain groupby.")
        (shown,) = front.of(request, *SHOWN)
        assert "Dry run: nothing was sent." in shown["content"]["data"]["text/markdown"]
        assert {request.path for request in simulator.requests} == {"/v1/messages/count_tokens"}
        assert front.error(front.run("reply")) == "NameError"


def _markdown(front: Front, code: str) -> str:
    """The report that a cell shows."""
    (message,) = front.of(front.run(code), "display_data")
    return str(message["content"]["data"]["text/markdown"])


def _display(message: dict) -> str | None:
    return message["content"].get("transient", {}).get("display_id")


class TestNobodyThere:
    """Where nobody could see an answer that comes later, it comes in the foreground."""

    def test_nbclient(self, simulator: Simulator) -> None:
        sources = (
            "%load_ext fastmode_magic",
            "%%claude -b a\n2+2?",
            "%%claude -b b\n2+2?",
            "(a.text, type(b).__name__)",
        )
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        NotebookClient(book).execute()
        said, first = book.cells[1].outputs
        assert NO_NOTEBOOK in said.text
        assert len(said.text.splitlines()) == 1
        (second,) = book.cells[2].outputs
        for output in (first, second):
            assert output.data[ANSWER_MIME]["phase"] == "finished"
            assert output.data[ANSWER_MIME]["background"] is False
        assert book.cells[3].outputs[0].data["text/plain"] == "('4', 'Answer')"
        assert KEY not in nbformat.writes(book)

    def test_a_terminal(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        for name in ("a", "b"):
            assert shell.run_cell(f"%%claude -b {name}\n2+2?").success
            assert isinstance(shell.user_ns[name], Answer)
            assert shell.user_ns[name].complete
        assert capsys.readouterr().out.count(NO_NOTEBOOK) == 1

    def test_a_dry_run_in_a_terminal_says_nothing_of_it(
        self, shell: InteractiveShell, simulator: Simulator, capsys: pytest.CaptureFixture[str]
    ) -> None:
        shell.run_cell("%%claude --background --dry-run\n2+2?")
        shown = capsys.readouterr().out
        assert "Dry run: nothing was sent." in shown
        assert NO_NOTEBOOK not in shown


@pytest.fixture
def shell(simulator: Simulator) -> Iterator[InteractiveShell]:
    """IPython as in a terminal."""
    made = InteractiveShell()
    made.history_manager.enabled = False
    made.run_cell("%load_ext fastmode_magic")
    yield made
    made.run_cell("%unload_ext fastmode_magic")
    end(made)


class Coming:
    """A BackgroundAnswer that ends when it is told to, or is stopped."""

    def __init__(self) -> None:
        self.answer, self.error = Answer("so far", complete=False), None
        self.released = threading.Event()
        self.reply = BackgroundAnswer(self._follow, lambda: self.answer, lambda: self.end(error=STOPPED()))

    def end(self, text: str = "all of it", error: Ending | None = None) -> None:
        self.answer, self.error = Answer(text, complete=error is None), error
        self.released.set()

    def close(self) -> None:
        """Wait until its thread has ended, so that what it raises is seen in this test."""
        self.released.set()
        for thread in threading.enumerate():
            if thread.name == "fastmode-run":
                thread.join(5)

    def _follow(self) -> tuple[Answer, Ending | None]:
        assert self.released.wait(10)
        return self.answer, self.error


def STOPPED() -> Interrupted:  # noqa: N802  # reads as the value that it makes
    return Interrupted("You stopped it.", "What came is kept.")


@pytest.fixture
def coming() -> Iterator[Coming]:
    made = Coming()
    yield made
    made.close()


class TestObject:
    """The object alone: an Answer so far, then the Answer."""

    def test_it_has_what_came_so_far_and_then_the_answer(self, coming: Coming) -> None:
        reply = coming.reply
        assert (reply.done, reply.text, str(reply), reply.complete) == (False, "so far", "so far", False)
        assert repr(reply) == "<Answer on its way: 6 characters so far>"
        coming.end()
        assert reply.wait() is coming.answer
        assert (reply.done, reply.text, repr(reply)) == (True, "all of it", repr(coming.answer))
        with pytest.raises(AttributeError):
            _ = reply.no_such_name

    def test_waiting_has_an_end(self, coming: Coming) -> None:
        began_s = time.monotonic()
        with pytest.raises(TimeoutError, match=r"0\.15 s"):
            coming.reply.wait(timeout_s=0.15)
        assert 0.15 <= time.monotonic() - began_s < 1
        assert not coming.reply.done

    def test_what_went_wrong_is_raised_with_the_answer(self, coming: Coming) -> None:
        coming.end("a part", Refused("What.", "Next."))
        with pytest.raises(Refused) as raised:
            coming.reply.wait()
        assert raised.value.answer is coming.answer
        assert coming.reply.text == "a part"

    def test_a_stopped_one_is_kept(self, coming: Coming) -> None:
        coming.reply.stop()
        assert coming.reply.wait() is coming.answer
        coming.reply.stop()
        assert coming.reply.done

    def test_what_should_not_happen_is_raised_as_well(self) -> None:
        def follow() -> tuple[Answer, Ending | None]:
            raise ZeroDivisionError

        reply = BackgroundAnswer(follow, lambda: Answer("so far"), lambda: None)
        with pytest.raises(ZeroDivisionError):
            reply.wait(timeout_s=5)
        assert (reply.done, reply.text) == (True, "so far")

    def test_it_can_be_awaited_by_several(self, coming: Coming) -> None:
        async def both() -> list[Answer]:
            asyncio.get_running_loop().call_later(0.05, coming.end)
            return await asyncio.gather(coming.reply, coming.reply)

        first, second = asyncio.run(both())
        assert first is second is coming.answer

    def test_an_answer_that_is_there_takes_no_time(self, coming: Coming) -> None:
        coming.end()
        coming.reply.wait()
        assert coming.reply.wait(timeout_s=0) is coming.answer

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_giving_up_a_wait_gives_up_nothing_else(self, coming: Coming) -> None:
        async def impatient() -> None:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(coming.reply, 0.05)

        asyncio.run(impatient())
        done = coming.reply.done
        coming.end()
        coming.close()
        assert not done
        assert coming.reply.wait(timeout_s=5) is coming.answer

    def test_a_stopped_one_in_a_task_does_not_end_the_loop(self, coming: Coming) -> None:
        async def gathered() -> list[object]:
            return await asyncio.gather(coming.reply, return_exceptions=True)

        coming.reply.stop()
        assert asyncio.run(gathered()) == [coming.answer]

    def test_what_is_raised_is_two_lines_each_time(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ended = Answer(""), Refused("What happened.", "What to do next.")
        reply = BackgroundAnswer(lambda: ended, lambda: ended[0], lambda: None, partial(present, shell))
        shell.push({"reply": reply})
        for _ in range(2):
            shell.run_cell("reply.wait()")
            shown = capsys.readouterr().out.strip().splitlines()
            assert shown == ["Refused: What happened.", "What to do next."]

    def test_one_that_is_on_its_way_does_not_say_that_it_was_interrupted(
        self, session: Session, simulator: Simulator
    ) -> None:
        simulator.script(SLOW)
        reply = session.start(session.ask("Explain groupby."))
        while not reply.text:
            time.sleep(0.01)
        ending, shown = reply.ending, reply._repr_mimebundle_()
        reply.stop()
        reply.wait()
        assert ending == "on its way"
        assert "interrupted" not in shown["text/plain"]
        assert shown["text/markdown"].endswith("`on its way`")

    def test_it_is_done_by_the_time_that_its_end_is_shown(self, session: Session, simulator: Simulator) -> None:
        class Closing:
            """A view that looks at the answer while it shows its end."""

            def update(self, meter: object, now_s: float) -> None:
                """Nothing to show."""

            def tell(self, status: object) -> None:
                """Nothing to tell."""

            def close(self, answer: Answer, facts: object) -> None:
                assert begun.wait(10)
                seen.append((reply.done, reply.complete, reply.text == answer.text))

        begun, seen = threading.Event(), []
        reply = session.start(session.ask("2+2?"), lambda stream: Closing())
        begun.set()
        assert reply.wait(timeout_s=10).text == "4"
        assert seen == [(True, True, True)]
