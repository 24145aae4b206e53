"""Tab in a real shell: flags, their values, commands, names of threads and prompts, variables in braces."""

from dataclasses import dataclass

import pytest
from IPython.core.completer import provisionalcompleter

from fastmode_magic.magics.variables import inside_braces


def completed(shell, text: str) -> list[str]:
    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(text, len(text))]


def becomes(shell, text: str) -> set[str]:
    """What the text can become, as the front end puts it together."""
    with provisionalcompleter():
        return {text[: one.start] + one.text for one in shell.Completer.completions(text, len(text))}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("%%claude --fal", ["--fallback"]),
        ("%claude --fast --max-", ["--max-calls", "--max-cost", "--max-tokens", "--max-wait"]),
        ("%%claude --fallback w", ["wait"]),
        ("%%claude --effort x", ["xhigh"]),
        ("%%claude -m fab", ["fable", "fable-5-1"]),
        ("%fastmode do", ["doctor"]),
        ("a = %claude --fal", ["--fallback"]),
        ("%fastmode sta", ["status"]),
        ("%fastmode prompts d", ["diff"]),
        ("%fastmode practice ", ["off"]),
        ("%fastmode reconcile m", ["month"]),
        ("%fastmode cost d", ["day"]),
        ("%fastmode export o", ["otel"]),
        ("%fastmode export runs.csv mo", ["month"]),
        ("%fastmode fix --fal", ["--fallback"]),
    ],
)
def test_tab(shell, line, found):
    assert completed(shell, line) == found


def test_after_unloading_there_is_nothing(shell):
    shell.run_line_magic("unload_ext", "fastmode_magic")
    assert completed(shell, "%%claude --fal") == []


def test_other_lines_are_completed_as_ever(shell):
    shell.push({"fallow_field": 1})
    assert "fallow_field" in completed(shell, "fallo")
    assert "%%claude" in completed(shell, "%%clau")
    assert "fallow_field" in completed(shell, "x = {fallo")


@pytest.mark.parametrize(("line", "some"), [("%%claude ", "--fast"), ("%%claude --fallback ", "never")])
def test_what_can_stand_there(shell, line, some):
    assert some in completed(shell, line)


def test_what_can_be_anything_is_no_flag(shell):
    assert not any(word.startswith("-") for word in completed(shell, "%%claude -s "))


class TestNames:
    @pytest.fixture
    def asked(self, shell, tmp_path, monkeypatch):
        """A shell with a thread of two turns, a branch, a saved prompt, and things to name."""
        monkeypatch.chdir(tmp_path)

        @dataclass
        class Invoice:
            total: float

        def invoices(day: str) -> list[str]:
            return [day]

        shell.push({"Invoice": Invoice, "invoices": invoices, "in_schema": {"type": "object"}, "inert": 3})
        for line in ("--thread main --save intro", "--thread main", "--thread alt --from main@1"):
            assert shell.run_cell(f"%%claude {line} --max-tokens 30\nHello").success
        return shell

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            ("%%claude --thread ", ["alt", "main"]),
            ("%%claude --from m", ["main@1", "main@2"]),
            ("%%claude --with i", ["intro"]),
            ("%%claude --with other,i", ["other,intro"]),
            ("%%claude --save ", ["intro"]),
            ("%%claude --schema I", ["Invoice"]),
            ("%%claude --schema in", ["in_schema"]),
            ("%%claude --tools i", ["invoices"]),
            ("%fastmode thread ", ["alt", "main", "off"]),
            ("%fastmode threads save a", ["alt"]),
            ("%fastmode threads fo", ["forget"]),
            ("%fastmode prompts show ", ["intro"]),
            ("%fastmode prompts diff intro i", ["intro"]),
        ],
    )
    def test_of_what_there_is(self, asked, line, found):
        assert sorted(completed(asked, line)) == found


class TestBraces:
    @pytest.fixture
    def named(self, shell):
        class Table:
            columns = ("price", "pieces", 'with "quotes"')

            def __init__(self):
                self.priced = 1

        shell.push({"table": Table(), "table_2": 1, "row": {"x": 1, "y z": 2, 3: 4}, "größe": 1, "_hidden": 1})
        return shell

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("{tab", {"{table", "{table_2"}),
            ("{table.pri", {"{table.priced"}),
            ('{row["', {'{row["x"]', '{row["y z"]'}),
            ("{row['y", {"{row['y z']"}),
            ('{table["pr', {'{table["price"]'}),
            ("{grö", {"{größe"}),
            ("{_hid", {"{_hidden"}),
        ],
    )
    @pytest.mark.parametrize(
        "before", ["%%claude\n", "%%claude --fast\nfirst line\n  then ", "%claude ", "%%claude\n{row}"]
    )
    def test_variables(self, named, before, typed, found):
        assert becomes(named, f"{before}{typed}") == {f"{before}{one}" for one in found}

    @pytest.mark.parametrize("line", ["${tab", "{{tab", "{table} tab", r"\{tab", "tab"])
    def test_elsewhere_they_are_not(self, named, line):
        assert inside_braces(line, named.user_ns) is None

    def test_what_fails_is_no_completion(self, named):
        class Broken:
            @property
            def value(self):
                raise RuntimeError

            def __dir__(self):
                raise RuntimeError

        named.push({"broken": Broken()})
        assert becomes(named, "%%claude\n{broken.value.x") == set()
        assert becomes(named, "%%claude\n{broken.v") == set()
