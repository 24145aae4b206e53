"""The magics in a real InteractiveShell: what is typed, what is bound, what is shown, and what is left behind."""

import re

import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from fastmode_magic.answer import Answer
from fastmode_magic.claude.errors import FastmodeError
from fastmode_magic.simulator import Simulator


def run(shell: InteractiveShell, cell: str) -> ExecutionResult:
    return shell.run_cell(cell, store_history=True)


def prompt(simulator: Simulator) -> str:
    """The prompt of the last request, as it arrived."""
    return simulator.requests[-1].body["messages"][0]["content"]


PROMPTS = [
    "What is this?",
    'don\'t "panic"',
    "braces {x} {{y}} {0} {x:>{width}}",
    "$HOME $x ${x} $$",
    "ends in a backslash \\",
    "!ls and %time and -- inside",
    "a ?",
    "what??",
    ">>> print(1)\n... more",
    "In [1]: x = 1\nOut[1]: 1",
    "  indented\n    more\n\n\nblank lines above",
    "%%claude inside\n%claude inside too",
    "\\begin{align} x &= y \\\\ \\end{align}",
    "tabs\tand\u2028separators\x0cand ünïcödé 🎈",
    'f"{x!r}" """triple\'\'\'',
    "ends with semicolon;",
    "# not a comment",
]


@pytest.mark.parametrize("text", PROMPTS)
def test_a_cell_is_sent_to_the_letter(text: str, shell: InteractiveShell, simulator: Simulator) -> None:
    shell.user_ns["x"] = "EXPANDED"
    result = run(shell, f"%%claude --no-vars\n{text}")
    assert result.success
    assert prompt(simulator) == text


@pytest.mark.parametrize("text", [text for text in PROMPTS if "\n" not in text and "\u2028" not in text])
@pytest.mark.parametrize(
    "form", ["%claude {}", "a = %claude {}", "if True:\n    %claude {}", "b = 1\n%claude {}\nc = 2"]
)
def test_a_line_is_sent_to_the_letter(text: str, form: str, shell: InteractiveShell, simulator: Simulator) -> None:
    result = run(shell, form.replace("{}", f"-- {text}", 1))
    assert result.success, result.error_in_exec or result.error_before_exec
    assert prompt(simulator) == text


class TestBinding:
    """NAME, `_`, `Out[n]`, and the value of the magic."""

    @pytest.mark.parametrize("line", ["%%claude reply --no-fast", "%%claude --no-fast reply"])
    def test_a_cell_binds_name_underscore_and_out(self, line: str, shell: InteractiveShell) -> None:
        number = shell.execution_count
        result = run(shell, f"{line}\n2+2?")
        assert result.result is None
        answer = shell.user_ns["reply"]
        assert isinstance(answer, Answer)
        assert str(answer).strip() == "4"
        assert shell.user_ns["_"] is answer
        assert shell.user_ns["Out"][number] is answer

    def test_a_line_returns_the_answer(self, shell: InteractiveShell) -> None:
        run(shell, "a = %claude --fast 2+2?")
        assert shell.user_ns["a"].speed == "fast"
        assert shell.user_ns["_"] is shell.user_ns["a"]

    @pytest.mark.parametrize(
        "cell",
        ["%%claude\n2+2?", "%claude 2+2?", "a = %claude 2+2?", "get_ipython().run_line_magic('claude', '2+2?')"],
    )
    def test_nothing_is_shown_twice(
        self, cell: str, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, cell)
        shown = capsys.readouterr().out
        assert shown.count("tok/s") == 1
        assert len(re.findall(r"^4$", shown, re.MULTILINE)) == 1

    def test_an_answer_shows_itself_when_it_is_asked_for(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, "%%claude reply\n2+2?")
        capsys.readouterr()
        run(shell, "reply")
        assert "4" in capsys.readouterr().out

    def test_a_failed_cell_binds_what_came_and_raises(self, shell: InteractiveShell, simulator: Simulator) -> None:
        simulator.script("cut")
        result = run(shell, "%%claude reply\nExplain groupby.")
        assert isinstance(result.error_in_exec, FastmodeError)
        assert shell.user_ns["reply"].text.startswith("> **Practice")
        assert shell.user_ns["_"] is shell.user_ns["reply"]
        assert not shell.user_ns["reply"].complete


class TestErrors:
    """Two lines, never a wall of traceback."""

    @pytest.mark.parametrize(
        ("cell", "words"),
        [
            ("%%claude --fsat\nhi", "--fast"),
            ("%%claude one two\nhi", "two names"),
            ("%%claude 1x\nhi", "neither a flag nor a Python name"),
            ("%%claude no-fast\nhi", "--no-fast"),
            ("%%claude\n", "prompt is empty"),
            ("%%claude", "prompt is empty"),
            ("%claude", "prompt is empty"),
            ("%claude --temperature 0.5 hi", "--effort"),
            ("%claude -m sonett hi", "'sonnet'"),
            ("%claude --effort hihg hi", "'high'"),
            ("%claude --max-tokens lots hi", "--max-tokens"),
            ("x = 1\n%%claude\nhi", "first line of its cell"),
            ("# comment\n%%claude\nhi", "first line of its cell"),
            ("%fastmode onn", "%fastmode on"),
            ("%fastmode last", "no answer yet"),
        ],
    )
    def test_bad_input_gets_a_sentence_and_nothing_is_sent(
        self, cell: str, words: str, shell: InteractiveShell, simulator: Simulator, capsys: pytest.CaptureFixture[str]
    ) -> None:
        result = run(shell, cell)
        assert isinstance(result.error_in_exec, FastmodeError)
        shown = capsys.readouterr().out.strip().splitlines()
        assert len(shown) == 2
        assert words in " ".join(shown)
        assert simulator.requests == []

    def test_verbose_shows_the_traceback(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        shell.InteractiveTB.set_mode("Verbose")
        run(shell, "%claude --fsat hi")
        assert "Traceback" in capsys.readouterr().out
        shell.InteractiveTB.set_mode("Context")


class TestFastmode:
    """%fastmode and its subcommands."""

    def test_on_and_off_set_the_speed_of_later_cells_and_say_the_price(
        self, shell: InteractiveShell, simulator: Simulator, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, "%fastmode on")
        assert "$8 / $40" in capsys.readouterr().out
        for cell in ("%claude 2+2?", "%claude --no-fast 2+2?"):
            run(shell, cell)
        run(shell, "%fastmode off")
        for cell in ("%claude 2+2?", "%claude --fast 2+2?"):
            run(shell, cell)
        assert [request.body.get("speed") for request in simulator.requests] == ["fast", None, None, "fast"]

    @pytest.mark.parametrize(
        ("command", "words"),
        [
            ("", ["off", "session $0"]),
            ("models", ["claude-opus-5-5", "research preview", "$16 / $80", "ended 2026-07-24"]),
            ("doctor", ["anthropic 2.", "an API key", "works: the service counted"]),
        ],
    )
    def test_reports(
        self, command: str, words: list[str], shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, f"%fastmode {command}")
        shown = capsys.readouterr().out
        assert all(word in shown for word in words)

    def test_status_after_an_answer(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        run(shell, "%fastmode on")
        run(shell, "%claude 2+2?")
        capsys.readouterr()
        run(shell, "%fastmode")
        shown = capsys.readouterr().out
        for words in ("Fast mode is on", "fast quota 100% in", "last answer: fast", "answers: 1"):
            assert words in shown

    def test_last_shows_the_answer_again(self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        run(shell, "%claude 2+2?")
        capsys.readouterr()
        run(shell, "%fastmode last")
        shown = capsys.readouterr().out
        assert shown.startswith("4")
        assert "tok/s" in shown

    def test_dry_run_counts_and_sends_nothing_billable(
        self, shell: InteractiveShell, simulator: Simulator, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, '%%claude --fast --dry-run -s "Be brief."\nwhat is {x}?')
        shown = capsys.readouterr().out
        assert {request.path for request in simulator.requests} == {"/v1/messages/count_tokens"}
        for words in ("nothing was sent", '"speed": "fast"', "what is {x}?", "$0.6400", "$0.3200"):
            assert words in shown

    def test_dry_run_shows_the_prompt_to_the_letter(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, "%claude --dry-run a `b` **c** ``` &lt; $d")
        assert "a `b` **c** ``` &lt; $d" in capsys.readouterr().out

    def test_doctor_says_when_a_fast_mode_ends(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, "%config FastMode.model = 'opus-4-7'")
        run(shell, "%fastmode doctor")
        assert "ended 2026-07-24" in capsys.readouterr().out

    def test_settings_are_in_config(self, shell: InteractiveShell, simulator: Simulator) -> None:
        run(shell, "%config FastMode.model = 'fable'")
        run(shell, "%claude 2+2?")
        assert simulator.requests[-1].body["model"] == "claude-fable-5-2"


class TestLoading:
    """Loading twice, unloading, loading again."""

    def test_twice_changes_nothing(self, shell: InteractiveShell) -> None:
        before = len(shell.input_transformers_cleanup), len(shell.configurables)
        run(shell, "%reload_ext fastmode_magic")
        run(shell, "%load_ext fastmode_magic")
        assert (len(shell.input_transformers_cleanup), len(shell.configurables)) == before

    def test_unload_leaves_nothing_behind_and_loading_again_works(
        self, shell: InteractiveShell, simulator: Simulator
    ) -> None:
        run(shell, "%unload_ext fastmode_magic")
        for kind in ("line", "cell"):
            assert not {"claude", "fastmode"} & set(shell.magics_manager.magics[kind])
        assert not [t for t in shell.input_transformers_cleanup if "fastmode" in type(t).__module__]
        assert not [c for c in shell.configurables if type(c).__name__ == "FastMode"]
        run(shell, "%load_ext fastmode_magic")
        assert run(shell, "%%claude again\n2+2?").success
        assert shell.user_ns["again"].complete


def test_help_is_complete(shell: InteractiveShell) -> None:
    from fastmode_magic.magics.options import FLAGS

    text = shell.find_cell_magic("claude").__doc__
    assert all(flag in text for flag in FLAGS)
    assert "Examples" in text
