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
        ("%%claude -m o", ["opus"]),
        ("%fastmode do", ["doctor"]),
        ("%fastmode sta", ["status"]),
    ],
)
def test_tab(shell, line, found):
    assert [word for word in completed(shell, line) if word in found] == found  # Python's own names come too


def test_after_unloading_there_is_nothing(shell):
    shell.run_line_magic("unload_ext", "fastmode_magic")
    assert completed(shell, "%%claude --fal") == []


@pytest.mark.parametrize(
    ("line", "some"), [("%%claude ", "--fast"), ("%%claude --fallback ", "never"), ("%%claude -s ", None)]
)
def test_what_can_stand_there(line, some):
    assert flags(line) == [] if some is None else some in flags(line)
