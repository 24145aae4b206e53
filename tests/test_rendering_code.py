"""Errors and what is code: where an error came by, and the source of what has one."""

import enum
import functools
import json
import linecache
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fastmode_magic.prompt.rendering import Rendered, render
from fastmode_magic.prompt.tokens import estimate_tokens
from fastmode_magic.prompt.traces import short_path

CELL = "/tmp/ipykernel_123/4567.py"


def sent(value: object, allowance: int = 4_000) -> tuple[str, Rendered]:
    rendered = render(value, "x", allowance)
    text = rendered.pieces[0].text
    assert estimate_tokens(text) <= allowance
    return text, rendered


def raised(do: Callable[..., object], *arguments: object) -> BaseException:
    """What is raised."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        do(*arguments)
    return caught.value


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dict[str, Any]]:
    """Runs code as a cell of a notebook does, whose source is in memory alone."""

    def run(source: str) -> dict[str, Any]:
        monkeypatch.setitem(linecache.cache, CELL, (len(source), None, source.splitlines(keepends=True), CELL))
        namespace: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(source, CELL, "exec"), namespace)
        return namespace

    return run


def test_an_error_of_a_cell(cell: Callable[[str], dict[str, Any]]) -> None:
    secret = "secret"
    namespace = cell("def f(y):\n    secret = 5\n    return 1 / y\n\nf_of = f\n")
    text, rendered = sent(raised(namespace["f"], 0))
    assert text.startswith("`x`: ZeroDivisionError\n\nTraceback (most recent call last):\n")
    assert text.endswith(
        "a notebook cell, line 3, in f:\n"
        "     1  def f(y):\n     2      secret = 5\n→    3      return 1 / y\n     4\n     5  f_of = f\n"
        "ZeroDivisionError: division by zero"
    )
    assert rendered.kind == "ZeroDivisionError"
    assert rendered.cut is None
    assert secret


@pytest.mark.parametrize(
    ("file", "short"),
    [
        (CELL, "a notebook cell"),
        ("C:\\Temp\\ipykernel_1\\23.py", "a notebook cell"),
        ("<ipython-input-3-abcdef>", "cell 3"),
        ("/a/lib/python3.11/site-packages/pandas/core/frame.py", "site-packages/pandas/core/frame.py"),
        (json.__file__, f"python{sys.version_info.major}.{sys.version_info.minor}/json/__init__.py"),
        ("<string>", "<string>"),
        ("/one/two/three/four.py", "…/two/three/four.py"),
        ("/four.py", "/four.py"),
    ],
)
def test_short_paths(file: str, short: str) -> None:
    assert short_path(file) == short


def test_the_middle_of_a_library_is_left_out() -> None:
    text, _ = sent(raised(lambda: pd.DataFrame({"a": [1]})["b"]))
    assert "… " in text
    assert " steps in pandas …\n" in text
    assert "The error above was the direct cause of the next one:" in text
    assert text.endswith("\nKeyError: 'b'")


def test_causes_contexts_and_notes() -> None:
    def fail() -> None:
        try:
            int("a")
        except ValueError as error:
            error.add_note("a note\nof two lines")
            raise KeyError("b") from error

    text, _ = sent(raised(fail))
    first, second = text.split("\n\nThe error above was the direct cause of the next one:\n\n")
    assert first.endswith("ValueError: invalid literal for int() with base 10: 'a'\na note\nof two lines")
    assert second.endswith("KeyError: 'b'")
    error = ValueError("b")
    error.__context__ = TypeError("a")
    assert sent(error)[0] == (
        "`x`: ValueError\n\nTypeError: a\n\nWhile the error above was handled, the next one occurred:\n\nValueError: b"
    )
    error.__suppress_context__ = True
    assert sent(error)[0] == "`x`: ValueError: b"
    error.__cause__ = TypeError("c")
    error.__cause__.__cause__ = error  # a circle
    assert sent(error)[0].endswith(
        "TypeError: c\n\nThe error above was the direct cause of the next one:\n\nValueError: b"
    )


def test_groups() -> None:
    text, _ = sent(ExceptionGroup("many", [ValueError("a"), ExceptionGroup("inner", [TypeError("b")])]))
    assert text == (
        "`x`: ExceptionGroup\n\n"
        "ExceptionGroup: many (2 sub-exceptions)\n"
        "  1 of 2:\n  ValueError: a\n"
        "  2 of 2:\n  ExceptionGroup: inner (1 sub-exception)\n    1 of 1:\n    TypeError: b"
    )
    assert "  … 40 more errors" in sent(ExceptionGroup("", [ValueError(at) for at in range(50)]))[0]


def test_a_syntax_error_shows_its_place() -> None:
    assert sent(raised(compile, "x = 1 +* 2\n", CELL, "exec"))[0].endswith(
        "\na notebook cell, line 1:\n    x = 1 +* 2\n           ^\nSyntaxError: invalid syntax"
    )
    odd = SyntaxError("odd", ("a.py", 3, None, None))
    assert sent(odd)[0] == "`x`: SyntaxError\n\na.py, line 3:\nSyntaxError: odd"
    assert sent(SyntaxError("bare"))[0] == "`x`: SyntaxError: bare"


def test_recursion_is_told_once() -> None:
    def even(number: int) -> None:
        odd(number + 1)

    def odd(number: int) -> None:
        even(number + 1)

    text, rendered = sent(raised(even, 0))
    assert "… the same 2 steps " in text
    assert estimate_tokens(text) < 700
    assert rendered.cut is None


@pytest.mark.parametrize("allowance", [20, 60, 200])
def test_an_error_within_any_allowance(allowance: int) -> None:
    text, rendered = sent(raised(lambda: pd.DataFrame({"a": [1]})["b"]), allowance)
    assert rendered.cut == f"Some of the traceback was left out to keep `x` within {allowance} tokens."
    if allowance == 200:
        assert text.endswith("KeyError: 'b'")


def test_errors_that_say_little() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert sent(ValueError())[0] == "`x`: ValueError"
    assert sent(KeyboardInterrupt())[0] == "`x`: KeyboardInterrupt"
    assert "Mute: <its message failed: RuntimeError: no.>" in sent(Mute())[0]
    assert sent(json.JSONDecodeError("bad", "", 0))[0].startswith("`x`: json.decoder.JSONDecodeError: bad: ")


def test_a_traceback_alone() -> None:
    error = raised(int, "a")
    assert sent(error.__traceback__)[0].startswith("`x`: a traceback (most recent call last)\n\n")


def documented(number: int) -> int:
    """Adds one."""
    return number + 1


class Documented:
    """A class."""

    def method(self) -> str:
        return "a `fence`"


SOURCE = '```python\ndef documented(number: int) -> int:\n    """Adds one."""\n    return number + 1\n```'


def test_functions() -> None:
    assert sent(documented)[0] == f"`x`: function `test_rendering_code.documented`\n{SOURCE}"
    assert sent(functools.cache(documented))[0] == f"`x`: function `test_rendering_code.documented`\n{SOURCE}"
    assert sent(Documented().method)[0] == (
        "`x`: method `test_rendering_code.Documented.method`\n"
        '```python\ndef method(self) -> str:\n    return "a `fence`"\n```'
    )
    text, _ = sent(lambda: 1)
    assert text.startswith("`x`: function `test_rendering_code.test_functions.<locals>.<lambda>`\n")
    assert "sent(lambda: 1)" in text
    assert "def sum(" in sent(np.sum)[0]


def test_classes(cell: Callable[[str], dict[str, Any]]) -> None:
    text, rendered = sent(Documented)
    assert text.startswith("`x`: class `test_rendering_code.Documented`\n```python\nclass Documented:\n")
    assert rendered.kind == "class test_rendering_code.Documented"
    namespace = cell(
        "import enum\n\n@enum.unique\nclass Color(enum.Enum):\n    RED = 1\n\n"
        "class B:\n    def f(self):\n        return 1\n"
    )
    assert sent(namespace["Color"])[0] == (
        "`x`: class `Color`\n```python\n@enum.unique\nclass Color(enum.Enum):\n    RED = 1\n```"
    )
    assert sent(namespace["B"])[0] == "`x`: class `B`\n```python\nclass B:\n    def f(self):\n        return 1\n```"


def test_what_has_no_source() -> None:
    assert sent(len)[0] == "`x`: function `len(obj, /)`\n\nReturn the number of items in a container."
    assert sent(str.upper)[0].startswith("`x`: method `str.upper(self, /)`\n\n")
    assert sent(np.add)[0].startswith("`x`: function `numpy.add(")
    assert sent(int)[0].startswith("`x`: class `int(")
    made = eval("lambda: 1")
    assert sent(made)[0].startswith("`x`: function `")


def test_a_long_source_is_cut() -> None:
    text, rendered = sent(enum.Enum, 300)
    assert text.startswith("`x`: class `enum.Enum`\n```python\nclass Enum(metaclass=EnumType):\n")
    assert text.endswith("\n```")
    assert rendered.cut == "The middle of its source was left out to keep `x` within 300 tokens."


def test_modules() -> None:
    assert sent(json)[0].startswith("`x`: module `json`: JSON (JavaScript Object Notation)")
    assert sent(ModuleType("bare"))[0] == "`x`: module `bare`"
