"""Prompts that know the notebook, in a real shell: variables, objects, threads, code, saved prompts, repairs."""

import json

import pandas as pd
import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from fastmode_magic.claude.errors import BadInput, InvalidAnswer
from fastmode_magic.simulator import Scenario, Simulator

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Prompts and threads are saved where the kernel runs."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(shell: InteractiveShell, cell: str) -> ExecutionResult:
    return shell.run_cell(cell, store_history=True)


def content(simulator: Simulator) -> object:
    return simulator.requests[-1].body["messages"][-1]["content"]


def refused(result: ExecutionResult) -> BadInput:
    assert isinstance(result.error_in_exec, BadInput), result.error_in_exec
    return result.error_in_exec


class TestVariables:
    def test_are_filled_in(self, shell, simulator):
        run(shell, "name, x = 'Ann', 2.5")
        run(shell, '%%claude\nIs {name} {x:.2f}? {"json": {x}} {{name}} \\text{name} f"{name}"')
        assert content(simulator) == 'Is Ann 2.50? {"json": 2.5} {{name}} \\text{name} f"{name}"'

    def test_on_a_line(self, shell, simulator):
        run(shell, "name = 'Ann'\na = %claude Who is {name}?")
        assert content(simulator) == "Who is Ann?"

    def test_of_the_function_that_asks(self, shell, simulator):
        run(shell, "name = 'Ann'\ndef ask(name):\n    a = %claude Who is {name}?\n    return a\nask('Bob')")
        assert content(simulator) == "Who is Bob?"

    def test_a_name_that_is_not_there_is_left_and_said(self, shell, simulator):
        run(shell, "frame = 1")
        run(shell, "%%claude\nLook at {frmae}")
        assert content(simulator) == "Look at {frmae}"
        (notice,) = shell.user_ns["_"].notices
        assert "Did you mean `{frame}`?" in notice

    def test_not_at_all(self, shell, simulator):
        run(shell, "name = 'Ann'")
        run(shell, "%%claude --no-vars\n{name} {nmae}")
        assert content(simulator) == "{name} {nmae}"
        assert shell.user_ns["_"].notices == ()

    def test_inputs_outputs_and_answers(self, shell, simulator):
        run(shell, "6 * 7")
        simulator.script(Scenario(text="forty-two"))
        run(shell, "%%claude reply\nWhat is {In[2]}?")
        assert content(simulator) == "What is 6 * 7?"
        run(shell, "%%claude\nI asked: {In[3]}")
        assert content(simulator) == "I asked: %%claude reply\nWhat is {In[2]}?"
        run(shell, "%%claude\nYou said {reply}, I said {Out[2]}.")
        assert content(simulator) == "You said forty-two, I said 42."

    def test_a_key_is_not_sent(self, shell, simulator):
        run(shell, "import os\nsecret = 'sk-ant-' + 'api03-0123456789abcdef'")
        for name in ("secret", "os.environ"):
            error = refused(run(shell, f"%%claude\nWhat is in {{{name}}}?"))
            assert error.what == f"`{{{name}}}` has an API key in it, which would be sent."
        assert simulator.requests == []

    def test_the_last_error(self, shell, simulator):
        run(shell, "values = {}\nvalues['missing']")
        run(shell, "%%claude\nWhy? {error}")
        assert "KeyError: 'missing'" in content(simulator)
        assert "values['missing']" in content(simulator)  # its source line
        run(shell, "error = 3")
        run(shell, "%%claude\n{error}")
        assert content(simulator) == "3"

    def test_a_key_that_is_typed_or_put_together_is_not_sent(self, shell, simulator, folder):
        run(shell, "a, b = 'sk-ant-', 'api03-0123456789abcdef'")
        for cell in ("{a}{b}", "sk-ant-" + "api03-0123456789abcdef"):
            error = refused(run(shell, f"%%claude --save own\n{cell}"))
            assert error.what == "The prompt has an API key in it, which would be sent."
        assert simulator.requests == []
        assert list(folder.iterdir()) == []

    def test_the_last_error_is_the_user_s(self, shell, simulator):
        run(shell, "{}['missing']")
        run(shell, "%%claude --nonsense\nx")
        run(shell, "%%claude\n{error}")
        assert "KeyError" in content(simulator)

    def test_a_text_that_is_sent_whole_is_mentioned_if_it_is_long(self, shell, simulator):
        run(shell, "text = 'word ' * 40_000")
        run(shell, "%%claude\n{text}")
        assert shell.user_ns["_"].notices[0].startswith("`{text}` was sent whole: about 57,")

    def test_values_are_not_read_again(self, shell, simulator):
        run(shell, "a, b = '{b}', '{a}'")
        run(shell, "%%claude\n{a}{b}")
        assert content(simulator) == "{b}{a}"


class TestObjects:
    def test_a_frame_stands_on_lines_of_its_own(self, shell, simulator):
        shell.push({"df": pd.DataFrame({"a": [1, 2], "b": ["x", None]})})
        run(shell, "%%claude\nExplain {df} please.")
        before, *frame, after = content(simulator).split("\n\n")
        assert (before, after) == ("Explain", "please.")
        assert "2 rows × 2 columns" in "".join(frame)

    def test_an_image_is_a_block_between_texts(self, shell, simulator, folder):
        (folder / "a.png").write_bytes(PNG)
        run(shell, "from pathlib import Path\npicture = Path('a.png')")
        run(shell, "%%claude\nBefore {picture} after")
        first, image, last = content(simulator)
        assert [first["text"].strip(), last["text"].strip()] == ["Before", "after"]
        assert image["source"]["media_type"] == "image/png"

    def test_a_prompt_of_nothing_but_an_image(self, shell, simulator, folder):
        (folder / "a.png").write_bytes(PNG)
        run(shell, "from pathlib import Path\npicture = Path('a.png')")
        assert run(shell, "%%claude\n{picture}").success
        assert [block["type"] for block in content(simulator)] == ["image"]

    @pytest.mark.parametrize(
        ("setup", "word"),
        [
            ("x = []; x.append(x)", "itself"),
            ("class X:\n    def __repr__(self): raise ValueError('no')\nx = X()", "ValueError: no"),
            ("from pathlib import Path\nx = Path('missing.png')", "missing.png"),
            ("from pathlib import Path\nPath('a.pdf').write_text('no'); x = Path('a.pdf')", "a.pdf"),
            ("import matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\nx = plt.figure()", "x"),
        ],
    )
    def test_what_cannot_be_sent_is_one_sentence_and_nothing_is_sent(self, shell, simulator, setup, word):
        assert run(shell, setup).success
        error = refused(run(shell, "%%claude\nWhat is {x}?"))
        assert word in error.what
        assert error.next_step
        assert simulator.requests == []

    def test_what_was_cut_is_said(self, shell, simulator):
        shell.push({"df": pd.DataFrame({f"column_{n}": [n] for n in range(300)})})
        run(shell, "%config FastMode.object_tokens = 500")
        run(shell, "%%claude\nExplain {df}")
        assert any("300 columns" in notice for notice in shell.user_ns["_"].notices)
        assert len(content(simulator)) < 2_500

    def test_users_bring_their_own(self, shell, simulator):
        run(shell, "class Book:\n    def _repr_llm_(self): return 'a book about tea'\nbook = Book()")
        run(
            shell,
            "import fastmode_magic\nclass Cup: pass\nfastmode_magic.register(Cup, lambda cup: 'a cup')\ncup = Cup()",
        )
        run(shell, "%%claude\n{book}, {cup}")
        assert "a book about tea" in content(simulator)
        assert "a cup" in content(simulator)


class TestDryRun:
    def test_shows_the_prompt_and_the_size_of_its_pieces(self, shell, simulator, capsys):
        shell.push({"df": pd.DataFrame({"a": range(5)})})
        run(shell, "%%claude --thread main\n2+2?")
        capsys.readouterr()
        run(shell, "%%claude --thread main --system 'Be brief.' --dry-run\nExplain {df}")
        shown = capsys.readouterr().out
        for words in ("{df}", "pandas DataFrame, 5 × 1", "thread 'main'", "system prompt", "the cell's own words"):
            assert words in shown
        assert "5 rows × 1 column" in shown
        assert len([request for request in simulator.requests if request.path.split("?")[0].endswith("/messages")]) == 1

    def test_shows_no_bytes(self, shell, simulator, capsys, folder):
        (folder / "a.png").write_bytes(PNG)
        run(shell, "from pathlib import Path\npicture = Path('a.png')")
        run(shell, "%%claude --dry-run\nLook: {picture}")
        shown = capsys.readouterr().out
        assert f"<{len(PNG)} bytes>" in shown
        assert "[image/png, 1 × 1]" in shown


class TestThreads:
    def test_the_tree(self, shell, capsys):
        for line in ("--thread main", "--thread main", "--from main@1", "--thread other"):
            run(shell, f"%%claude {line}\n2+2?")
        capsys.readouterr()
        run(shell, "%fastmode threads")
        assert capsys.readouterr().out.splitlines()[:7] == [
            "- main · 2 turns · ~2 tokens",
            "    - 1 2+2? → 4",
            "        - main-2 · 2 turns · ~2 tokens · from main@1",
            "            - 2 2+2? → 4",
            "    - 2 2+2? → 4",
            "- other · 1 turn · ~1 token",
            "    - 1 2+2? → 4",
        ]

    def test_for_what_follows(self, shell, simulator, capsys):
        run(shell, "%fastmode thread main")
        run(shell, "%%claude\n2+2?")
        run(shell, "%%claude\n3+3?")
        assert len(simulator.requests[-1].body["messages"]) == 3
        run(shell, "%fastmode thread off")
        run(shell, "%%claude\n4+4?")
        assert len(simulator.requests[-1].body["messages"]) == 1

    def test_over_again(self, shell, simulator):
        run(shell, "%%claude --thread main\n2+2?")
        run(shell, "%%claude --thread main --new\n3+3?")
        assert len(simulator.requests[-1].body["messages"]) == 1

    def test_saved_shown_and_forgotten(self, shell, capsys, folder):
        run(shell, "%%claude --thread main\n2+2?")
        run(shell, "%fastmode threads save")
        assert json.loads((folder / "threads" / "main.json").read_text())["thread"] == "main"
        run(shell, "%fastmode threads main")
        assert "1. You" in capsys.readouterr().out
        run(shell, "%fastmode threads forget main")
        assert list((folder / "threads").iterdir()) == []

    @pytest.mark.parametrize(
        "line",
        ["threads nobody", "threads save nobody", "threads forget nobody", "thread a b", "thread a/b", "threads a b c"],
    )
    def test_commands_that_go_wrong(self, shell, line):
        assert refused(run(shell, f"%fastmode {line}")).next_step


class TestCode:
    TWO = "First:\n\n```python\nx = 1\n```\n\nthen\n\n```py\ny = x + 1\n```\n\n```sql\nselect 1\n```\n"

    def test_goes_into_the_next_cell_and_is_not_run(self, shell, simulator, capsys):
        inserted = []
        shell.set_next_input = lambda text, replace=False: inserted.append(text)
        simulator.script(Scenario(text=self.TWO))
        run(shell, "%%claude --code\nTwo cells")
        assert inserted == ["x = 1\n\ny = x + 1"]
        assert "x" not in shell.user_ns
        assert "the answer also has sql" in capsys.readouterr().out
        assert shell.user_ns["_"].code == "x = 1\n\ny = x + 1"

    def test_output_beside_code_is_no_code(self, shell, simulator):
        inserted = []
        shell.set_next_input = lambda text, replace=False: inserted.append(text)
        simulator.script(Scenario(text="```py3\n%time print(1)\n```\n\nshows\n\n```\n1 row\n```\n"))
        run(shell, "%%claude --code\nA cell")
        assert inserted == ["%time print(1)"]
        assert shell.user_ns["_"].code == "%time print(1)"

    def test_none(self, shell, simulator, capsys):
        inserted = []
        shell.set_next_input = lambda text, replace=False: inserted.append(text)
        run(shell, "%%claude --code\n2+2?")
        assert inserted == []
        assert "no finished block" in capsys.readouterr().out

    def test_letters_that_reorder_others_are_not_in_it(self, shell, simulator):
        inserted = []
        shell.set_next_input = lambda text, replace=False: inserted.append(text)
        simulator.script(Scenario(text="```python\nx = 'a\u202eb'\n```\n"))
        run(shell, "%%claude --code\nA cell")
        assert inserted == ["x = 'ab'"]

    def test_tables(self, shell, simulator):
        simulator.script(Scenario(text="| a | b |\n|---|---|\n| 1 | x |\n| 2 | y |\n"))
        run(shell, "%%claude t\nA table")
        (table,) = shell.user_ns["t"].tables
        assert table.to_dict("list") == {"a": [1, 2], "b": ["x", "y"]}

    def test_not_in_the_background(self, shell):
        assert "--background" in refused(run(shell, "%%claude --code -b\nA cell")).what


class TestData:
    def test_a_schema_of_the_notebook(self, shell):
        run(shell, "from pydantic import BaseModel\nclass Item(BaseModel):\n    name: str\n    price: float")
        run(shell, "Items = list[Item]")
        run(shell, "%%claude items --schema Items\nSome items")
        items = shell.user_ns["items"]
        assert all(type(item).__name__ == "Item" for item in items.data)
        assert list(items.df.columns) == ["name", "price"]

    def test_one_that_is_not_there(self, shell, simulator):
        run(shell, "class Itemm: pass")
        error = refused(run(shell, "%%claude --schema Item\nSome items"))
        assert error.what == "--schema names 'Item', and there is none in the notebook. Did you mean Itemm?"
        assert simulator.requests == []

    def test_what_does_not_fit_fails_the_cell_and_is_kept(self, shell, simulator):
        run(shell, "schema = {'type': 'object', 'properties': {'n': {'type': 'integer'}}, 'required': ['n']}")
        simulator.script(Scenario(text='{"n": "many"}'))
        result = run(shell, "%%claude found --schema schema\nHow many?")
        assert isinstance(result.error_in_exec, InvalidAnswer)
        assert "at n" in result.error_in_exec.what
        assert shell.user_ns["found"].text == '{"n": "many"}'


class TestTools:
    def test_a_function_of_the_notebook(self, shell, capsys):
        run(shell, 'def add(a: int, b: int) -> int:\n    """Add."""\n    return a + b')
        run(shell, "%%claude --tools add --yes\nadd 2 and 40")
        assert shell.user_ns["_"].calls[0].result == "42"
        assert "note: Called add(a=2, b=40) → 42" in capsys.readouterr().out

    @pytest.mark.parametrize("tools", ["nothing", "len,nothing", "x", "add,add"])
    def test_what_cannot_be_called(self, shell, simulator, tools):
        run(shell, "x = 3\ndef add(a: int, b: int) -> int:\n    return a + b")
        assert refused(run(shell, f"%%claude --tools {tools} --yes\nadd 2 and 40")).next_step
        assert simulator.requests == []

    def test_nobody_can_be_asked_in_the_background(self, shell):
        run(shell, "def f(): return 1")
        run(shell, "g = 5")
        assert "comma" in refused(run(shell, "%%claude --tools f, g\nCall it")).what
        assert shell.user_ns["g"] == 5
        assert "in the background" in refused(run(shell, "%%claude --tools f -b\nCall it")).what


class TestSavedPrompts:
    def test_are_files_that_go_before_another_prompt(self, shell, simulator, folder):
        run(shell, "who = 'Ann'")
        run(shell, "%%claude --save rules\nSpeak like {who}.\n\nBriefly.")
        assert (folder / "prompts" / "rules.md").read_text() == "Speak like {who}.\n\nBriefly.\n"
        run(shell, "%%claude --with rules\nWhat is tea?")
        assert content(simulator) == "Speak like Ann.\n\nBriefly.\n\nWhat is tea?"
        assert run(shell, "%%claude --with rules,rules").success
        assert content(simulator) == "Speak like Ann.\n\nBriefly.\n\nSpeak like Ann.\n\nBriefly."

    def test_versions_and_what_differs(self, shell, simulator, capsys):
        for text in ("one", "two"):
            run(shell, f"%%claude --save rules\n{text}")
        capsys.readouterr()
        run(shell, "%fastmode prompts")
        assert "rules   2" in capsys.readouterr().out
        run(shell, "%fastmode prompts diff rules")
        shown = capsys.readouterr().out
        assert "-one" in shown
        assert "+two" in shown
        run(shell, "%%claude --with rules@1\nthree")
        assert content(simulator) == "one\n\nthree"
        run(shell, "%fastmode prompts show rules")
        assert "two" in capsys.readouterr().out

    def test_a_dry_run_saves_nothing(self, shell, folder):
        run(shell, "%%claude --save rules --dry-run\none")
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("line", ["--save a/b", "--save ../x", "--with nothing", "--with a@9"])
    def test_names_that_cannot_be(self, shell, simulator, line):
        run(shell, "%%claude --save a\none")
        before = len(simulator.requests)
        assert refused(run(shell, f"%%claude {line}\nx")).next_step
        assert len(simulator.requests) == before

    def test_nothing_is_written_unless_it_is_asked(self, shell, folder):
        run(shell, "%%claude --thread main\n2+2?")
        run(shell, "%fastmode prompts")
        run(shell, "%fastmode threads")
        assert list(folder.iterdir()) == []


class TestFix:
    def fix(self, shell, simulator, cell, line="%fastmode fix") -> str:
        shell.set_next_input = lambda text, replace=False: self.inserted.append(text)
        self.inserted = []
        assert not run(shell, cell).success
        simulator.script(Scenario(text="b was 0.\n\n```python\nprint(1)\n```\n"))
        assert run(shell, line).success
        return simulator.requests[-1].body["messages"][0]["content"]

    def test_sends_the_error_the_cell_and_its_variables(self, shell, simulator):
        run(shell, "import math\nrates = {'a': 0}\nunused = 'SECRET'")
        prompt = self.fix(shell, simulator, "def f(key):\n    return math.pi / rates[key]\n\nf('a')")
        for words in ("ZeroDivisionError", "return math.pi / rates[key]", '"a": 0', "f('a')"):
            assert words in prompt
        assert "SECRET" not in prompt
        assert self.inserted == ["print(1)"]

    def test_a_cell_that_is_no_python(self, shell, simulator):
        prompt = self.fix(shell, simulator, "total = (1,\nprint(2 3)")
        assert "SyntaxError" in prompt
        assert "print(2 3)" in prompt

    def test_with_flags_and_a_wish(self, shell, simulator):
        prompt = self.fix(shell, simulator, "1/0 # {x}", "%fastmode fix --fast -m fable Use a dict, {please}.")
        body = simulator.requests[-1].body
        assert (body["speed"], body["model"]) == ("fast", "claude-fable-5-2")
        assert "Use a dict, {please}." in prompt
        assert "1/0 # {x}" in prompt

    def test_a_variable_that_cannot_be_shown(self, shell, simulator):
        run(shell, "class X:\n    def __repr__(self): raise ValueError('no')\nx = X()")
        assert "`x` is a X that cannot be shown" in self.fix(shell, simulator, "x + 1")

    def test_flags_after_words_are_no_words(self, shell, simulator):
        run(shell, "1/0")
        assert "--dry-run stands after words" in refused(run(shell, "%fastmode fix please --dry-run")).what
        assert simulator.requests == []

    def test_no_error(self, shell, monkeypatch):
        monkeypatch.delattr("sys.last_value", raising=False)
        monkeypatch.delattr("sys.last_exc", raising=False)
        assert "There is no error to repair" in refused(run(shell, "%fastmode fix")).what

    def test_an_error_of_ours_hides_no_other(self, shell, simulator):
        run(shell, "1/0")
        run(shell, "%%claude --nonsense\nx")
        run(shell, "%fastmode fix --nonsense")
        assert run(shell, "%fastmode fix").success
        assert "ZeroDivisionError" in content(simulator)

    def test_in_the_background_there_is_no_next_cell(self, shell, simulator):
        assert run(shell, "1/0\n").error_in_exec
        assert run(shell, "%fastmode fix -b").success

    def test_a_key_in_the_cell_is_not_sent(self, shell, simulator):
        run(
            shell,
            "token = 'sk-ant-' + 'x'\n'sk-ant-' 'api03-0123456789abcdef'\n1/0 # sk-ant-" + "api03-0123456789abcdef",
        )
        assert "has an API key in it" in refused(run(shell, "%fastmode fix")).what
        assert simulator.requests == []
