"""Tab in a real shell."""

import pytest
from IPython.core.completer import provisionalcompleter

from fastmode_magic.magics.completion import flags


def completed(shell, line: str) -> list[str]:
    with provisionalcompleter():
        return [found.text for found in shell.Completer.completions(line, len(line))]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("%%claude --fal", ["--fallback"]),
        ("%claude --fast --max", ["--max-tokens", "--max-wait"]),
        ("%%claude --fallback w", ["wait"]),
        ("%%claude --effort x", ["xhigh"]),
        ("%%claude -m fab", ["fable", "fable-5-1"]),
        ("%fastmode do", ["doctor"]),
        ("a = %claude --fal", ["--fallback"]),
        ("%fastmode sta", ["status"]),
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


@pytest.mark.parametrize(
    ("line", "some"), [("%%claude ", "--fast"), ("%%claude --fallback ", "never"), ("%%claude -s ", None)]
)
def test_what_can_stand_there(line, some):
    assert flags(line) == [] if some is None else some in flags(line)
