"""Who says what an object is: a registered renderer, its own word, our table, a notebook's hooks, its repr."""

import collections
import datetime as dt
import decimal
import enum
import io
import pathlib
import signal
import subprocess
import sys
import threading
import time
import uuid
from unittest.mock import MagicMock, Mock

import numpy as np
import pandas as pd
import PIL.Image
import pytest

from fastmode_magic.prompt import rendering
from fastmode_magic.prompt.content import Document, Image, Text
from fastmode_magic.prompt.excerpts import short_repr, shortened
from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.rendering import register, render
from fastmode_magic.prompt.tokens import estimate_tokens


def png(width: int = 1, height: int = 1) -> bytes:
    """A picture."""
    buffer = io.BytesIO()
    PIL.Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


PNG = png()


@pytest.fixture(autouse=True)
def _unregistered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test registers for itself."""
    monkeypatch.setattr(rendering, "_registered", {})


def text(value: object, name: str = "x", allowance: int = 4_000) -> str:
    """What is sent, if it is one text."""
    (piece,) = render(value, name, allowance).pieces
    assert isinstance(piece, Text)
    return piece.text


def refused(value: object, **options: float) -> CannotSend:
    with pytest.raises(CannotSend) as caught:
        render(value, "x", **options)
    return caught.value


class Color(enum.Enum):
    RED = 1


class Size(enum.StrEnum):
    LARGE = "large"


class Level(enum.IntEnum):
    HIGH = 3


class Plain:
    def __repr__(self) -> str:
        return "Plain()"


class Child(Plain):
    pass


class Own(Plain):
    def __init__(self, said: object) -> None:
        self.said = said

    def _repr_llm_(self, **_: object) -> object:
        return self.said


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    heavy = "pandas numpy polars narwhals PIL pydantic matplotlib altair plotly IPython traitlets fastmode_magic.claude"
    code = f"""
import sys
from fastmode_magic.prompt.rendering import render
for value in ("a", 1, [1, {{"a": 2}}], render, ValueError("a"), object()):
    render(value, "x")
print(*(name for name in "{heavy}".split() if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a *text*\nof two lines", "a *text*\nof two lines"),
        ("", ""),
        (7, "7"),
        (True, "True"),
        (None, "None"),
        (0.1, "0.1"),
        (float("nan"), "nan"),
        (decimal.Decimal("1.10"), "1.10"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), "2026-01-02 03:00:00+00:00"),
        (dt.time(1, 2), "01:02:00"),
        (dt.timedelta(hours=1), "1:00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Color.RED, "Color.RED"),
        (Size.LARGE, "large"),
        (Level.HIGH, "3"),
        (np.float32(0.1), "0.1"),
        (np.int64(3), "3"),
        (np.str_("a"), "a"),
        (pd.Timestamp("2026-01-02"), "2026-01-02 00:00:00"),
        (pd.Timedelta("1h"), "0 days 01:00:00"),
        (pd.NaT, "NaT"),
        (pd.NA, "<NA>"),
        (pathlib.PurePosixPath("/a"), "/a"),
    ],
)
def test_what_stands_in_a_line(value: object, sent: str) -> None:
    rendered = render(value, "x")
    assert rendered.pieces == (Text(sent),)
    assert rendered.inline
    assert rendered.cut is None


def test_a_string_is_sent_whole() -> None:
    long = "word " * 100_000
    assert text(long, allowance=200) == long
    assert render(long, "x", 200).cut is None


def test_half_a_character_is_replaced_and_told() -> None:
    assert text("a\ud800b") == "a?b"
    assert render("a\ud800b", "x").cut == (
        "Halves of characters (lone surrogates) in `x`, which cannot be sent, were replaced by `?`."
    )


def test_the_order() -> None:
    assert text(Plain()) == "Plain()"
    assert text(Own("own")) == "own"
    assert text(Own(None)) == "Plain()"  # not this time
    register(Plain, lambda value: "registered")
    assert text(Plain()) == text(Child()) == text(Own("own")) == "registered"
    register(Child, lambda value: "more specific")
    assert text(Child()) == "more specific"
    register(Plain, lambda value: "the last one")
    assert text(Plain()) == "the last one"
    assert text(Child()) == "more specific"
    register(Child, lambda value: None)
    assert text(Child()) == "the last one"


@pytest.mark.parametrize(
    ("name", "matches"),
    [
        ("pandas.DataFrame", True),
        ("pandas.core.frame.DataFrame", True),
        ("polars.DataFrame", False),
        ("pandas.core.series.DataFrame", False),
        ("pandas.Series", False),
        ("DataFrame", False),
    ],
)
def test_a_class_is_named_without_its_library(name: str, matches: bool) -> None:
    register(name, lambda frame: f"{len(frame)} rows")
    assert (text(pd.DataFrame({"a": [1, 2]})) == "2 rows") == matches


def test_a_name_is_matched_where_it_is_imported() -> None:
    import plotly.graph_objects as go

    register("plotly.graph_objects.Figure", lambda figure: "a figure")  # defined in plotly.graph_objs._figure
    assert text(go.Figure()) == "a figure"


@pytest.mark.parametrize(("type_", "renderer"), [(3, str), (None, str), (Plain, "text")])
def test_what_cannot_be_registered(type_: object, renderer: object) -> None:
    with pytest.raises(TypeError, match="renderer"):
        register(type_, renderer)


@pytest.mark.parametrize(
    ("said", "pieces"),
    [
        ("a\nb", (Text("a\nb"),)),
        (PNG, (Image("image/png", PNG, (1, 1)),)),
        (b"%PDF-1.7", (Document("x", b"%PDF-1.7"),)),
        (Text("as it is"), (Text("as it is"),)),
        (Image("image/gif", b"any"), (Image("image/gif", b"any"),)),
        ({"a": 1}, (Text('{"a": 1}'),)),
        (Child(), (Text("Plain()"),)),
        (["a", PNG, 3], (Text("a"), Image("image/png", PNG, (1, 1)), Text("3"))),
        (["a", "b\n", "c"], (Text("a\n"), Text("b\n"), Text("c"))),
        ([], ()),
    ],
)
def test_what_an_object_may_say(said: object, pieces: tuple[object, ...]) -> None:
    assert render(Own(said), "x").pieces == pieces
    register(Plain, lambda value: said)
    assert render(Plain(), "x").pieces == pieces


def test_an_own_word_is_not_cut() -> None:
    assert text(Own("word " * 10_000), allowance=200) == "word " * 10_000


def test_a_renderer_may_return_a_part_of_the_same_type() -> None:
    register("pandas.DataFrame", lambda frame: frame.head(2))
    assert "2 rows × 1 column" in text(pd.DataFrame({"a": range(1_000)}))


def test_one_that_names_itself_gets_the_next_word() -> None:
    mirror = Own(None)
    mirror.said = mirror
    assert text(mirror) == "Plain()"
    register(Plain, lambda value: [value, Own("b")])
    assert render(Plain(), "x").pieces == (Text("Plain()\n"), Text("b"))


def test_objects_without_an_end() -> None:
    def deeper(depth: int) -> object:
        return type("Deeper", (), {"_repr_llm_": lambda self: deeper(depth + 1)})()

    assert "without an end" in refused(deeper(0)).what


@pytest.mark.parametrize("mock", [MagicMock(), Mock(), Mock(spec=dict), MagicMock(spec=pd.DataFrame)])
def test_a_mock_is_not_asked(mock: Mock) -> None:
    assert text(mock) == repr(mock)
    assert text([mock]).startswith('["<')


def test_classes_are_not_asked_for_what_their_instances_say() -> None:
    assert "def _repr_llm_" in text(Own)


def test_a_class_that_lies() -> None:
    class Liar:
        __class__ = dict  # type: ignore[assignment]

        def __repr__(self) -> str:
            return "Liar()"

    assert text(Liar()) == "Liar()"
    assert text([Liar()]) == '["Liar()"]'


def test_an_object_that_answers_everything() -> None:
    class Yes:
        def __getattr__(self, name: str) -> object:
            return lambda *_: "yes"

        def __repr__(self) -> str:
            return "Yes()"

    assert text(Yes()) == "Yes()"


def shows(**hooks: object) -> object:
    return type("Shown", (), {name: lambda self, said=said: said for name, said in hooks.items()})()


@pytest.mark.parametrize(
    ("value", "piece"),
    [
        (shows(_repr_png_=PNG, _repr_markdown_="a"), Image("image/png", PNG, (1, 1))),
        (shows(_repr_png_=(PNG, {"width": 1})), Image("image/png", PNG, (1, 1))),
        (shows(_repr_png_=None, _repr_markdown_="*a*"), Text("*a*")),
        (shows(_repr_markdown_=("*a*", {})), Text("*a*")),
        (shows(_repr_html_="<b>", _repr_latex_="$x$"), Text("$x$")),
    ],
)
def test_hooks(value: object, piece: object) -> None:
    assert render(value, "x").pieces == (piece,)


def test_a_hook_of_base64() -> None:
    import base64

    value = shows(_repr_png_=base64.b64encode(PNG).decode())
    assert render(value, "x").pieces == (Image("image/png", PNG, (1, 1)),)
    assert "is no image" in refused(shows(_repr_png_="nothing")).what


def test_ipython_shows_itself() -> None:
    from IPython.display import HTML, Latex, Markdown
    from IPython.display import Image as Shown

    assert render(Shown(PNG), "x").pieces == (Image("image/png", PNG, (1, 1)),)
    assert text(Markdown("*a*")) == "*a*"
    assert text(Latex("$a$")) == "$a$"
    assert text(Shown(url="https://a.b/c.png")) == "https://a.b/c.png"
    assert text(HTML("<b>")).startswith("<IPython")


def test_a_long_repr_is_cut() -> None:
    long = type("Long", (), {"__repr__": lambda self: "start" + "x" * 100_000 + "end"})()
    rendered = render(long, "x", 200)
    assert rendered.cut == "The middle of 100,008 characters was left out to keep `x` within 200 tokens."
    assert rendered.pieces[0].tokens <= 200
    assert rendered.pieces[0].text.startswith("start")
    assert rendered.pieces[0].text.endswith("end")
    assert "\n… 99,3" in rendered.pieces[0].text


@pytest.mark.parametrize("allowance", [0, 1, 5, 12, 13, 100])
def test_any_text_is_shortened_to_any_allowance(allowance: int) -> None:
    assert estimate_tokens(shortened("日本語のテキスト" * 1_000, allowance)) <= allowance


def test_a_surrogate_in_a_repr() -> None:
    assert text(type("Odd", (), {"__repr__": lambda self: "\udc80"})()) == "?"


class Failing:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        raise self.error


class Slow:
    """Says nothing for a minute, and swallows what it can."""

    def __repr__(self) -> str:
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001
            time.sleep(60)
        return "never"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise self


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (ValueError("no\nway"), "The repr of `x` failed: ValueError: no\\nway."),
        (KeyError("a"), "The repr of `x` failed: KeyError: 'a'."),
        (SystemExit(3), "The repr of `x` failed: SystemExit: 3."),
        (Unspeakable(), "The repr of `x` failed: Unspeakable."),
    ],
)
def test_a_repr_that_fails(error: BaseException, what: str) -> None:
    refusal = refused(Failing(error))
    assert refusal.what == what
    assert "_repr_llm_" in refusal.next_step


def test_hooks_and_renderers_that_fail() -> None:
    failing = {"_repr_llm_": lambda self: 1 / 0}
    assert (
        refused(type("A", (), failing)()).what == "The `_repr_llm_` of `x` failed: ZeroDivisionError: division by zero."
    )
    assert "The `_repr_png_` of `x` failed" in refused(type("A", (), {"_repr_png_": lambda self: 1 / 0})()).what
    register(Plain, lambda value: 1 / 0)
    assert "The renderer that is registered for the type of `x` failed" in refused(Plain()).what


def test_not_implemented_is_no_word() -> None:
    def later(self: object) -> str:
        raise NotImplementedError

    assert text(type("A", (Plain,), {"_repr_llm_": later, "_repr_png_": later})()) == "Plain()"


def test_an_interrupt_passes() -> None:
    with pytest.raises(KeyboardInterrupt):
        render(Failing(KeyboardInterrupt()), "x")


@pytest.mark.parametrize("value", [Slow(), [Slow()], {"a": Slow()}, pd.DataFrame({"a": [Slow()]}), np.array([Slow()])])
def test_what_takes_too_long_is_stopped(value: object) -> None:
    handler, timer = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    began = time.monotonic()
    assert refused(value, patience_s=0.05).what == "`x` took longer than 0.05 s to say what it is."
    assert time.monotonic() - began < 5
    assert signal.getsignal(signal.SIGALRM) is handler
    after = signal.getitimer(signal.ITIMER_REAL)
    assert after[1] == timer[1]
    assert (timer[0] == 0) == (after[0] == 0)
    assert after[0] <= timer[0]


def test_a_timer_that_rings_first_is_left_alone() -> None:
    class Rang(Exception):
        pass

    def ring(*_: object) -> None:
        raise Rang

    handler = signal.signal(signal.SIGALRM, ring)
    left_s, every_s = signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        assert "Rang" in refused(type("Waiting", (), {"__repr__": lambda self: time.sleep(60)})()).what
    finally:
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, left_s, every_s)


def test_in_another_thread_nothing_is_stopped() -> None:
    said: list[str] = []
    slow = type("Slow", (), {"__repr__": lambda self: time.sleep(0.05) or "at last"})()
    thread = threading.Thread(target=lambda: said.append(render(slow, "x", patience_s=0.01).pieces[0].text))
    thread.start()
    thread.join()
    assert said == ["at last"]


def test_generators_are_not_consumed() -> None:
    numbers = (number for number in range(3))
    assert text(numbers).startswith("<generator")
    assert text({"a": numbers}).startswith('{"a": "<generator')
    assert list(numbers) == [0, 1, 2]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1] * 10**6, f"[{'1, ' * 20}… 999,980 more]"),
        ([[[[1]]]], "[[[<list of 1>]]]"),
        ((1,), "(1,)"),
        ({"a": {1}}, "{'a': {1}}"),
        pytest.param(10**5_000, "<int of 16,610 bits>", id="an int that Python does not write"),
        (b"a" * 10**8, "b'" + "a" * 77 + "…"),
        (Failing(ValueError()), "<Failing, whose repr failed: ValueError>"),
        (collections.deque([1]), "[1]"),
        ("a\nb", "'a\\nb'"),
    ],
)
def test_short_reprs(value: object, said: str) -> None:
    assert short_repr(value) == said
