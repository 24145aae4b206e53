"""Functions that Claude may have called: what it is told of them, and what they are called with."""

import asyncio
import enum
import functools
import json
from datetime import date
from typing import Annotated, Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, TypeAdapter

from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.tools import call, described, tool


class Size(enum.Enum):
    SMALL = "s"
    LARGE = 2


class Point(NamedTuple):
    x: int
    y: int = 0


class Order(BaseModel):
    item: str
    at: Point


def google(day: "date", order: Order, size: Size = Size.SMALL, *, note=None, **more: int) -> "Nowhere":  # noqa: F821
    """Order something.

    It comes on the day.

    Args:
        day: when it comes
        order (Order): what comes,
            and where
        note: anything

    Returns:
        What was ordered.

    Raises:
        LookupError: never
    """
    return day, order, size, note, more


def numpy(x, y):
    """Add.

    Parameters
    ----------
    x, y : int
        Two numbers

    Returns
    -------
    int
        The sum
    """
    return x + y


def sphinx(x):
    """Double.

    :param x: a number
    """
    return 2 * x


class Shop:
    """A shop."""

    def __init__(self, till: int = 0) -> None:
        self.till = till

    def sell(self, price: int) -> int:
        """Sell."""
        self.till += price
        return self.till

    def __call__(self, price: int) -> int:
        return self.till - price

    @classmethod
    def named(cls, name: str) -> str:
        return f"{cls.__name__} {name}"


@functools.wraps(sphinx)
def wrapper(*arguments, **named):
    return sphinx(*arguments, **named) + 1


@functools.lru_cache
def cached(x: int) -> int:
    return x


def with_frame(x: int, frame: pd.DataFrame | None = None) -> tuple[int, object]:
    return x, frame


async def asynchronous(x: int) -> int:
    return x


def generator(x: int):
    yield x


def positional(x: int, /) -> int:
    return x


def starred(*numbers: int) -> int:
    return sum(numbers)


def unknown(x: "Nowhere") -> None:  # noqa: F821  # that is what is tested
    ...


def failing(x: int) -> None:
    TypeAdapter(int).validate_python("no number")


def test_what_claude_is_told():
    made = tool(google, "order_it")
    assert made.name == "order_it"
    assert made.description == "Order something.\n\nIt comes on the day.\n\nReturns: What was ordered."
    assert made.schema["required"] == ["day", "order"]
    assert made.schema["additionalProperties"] == {"type": "integer"}
    said = {name: one.get("description") for name, one in made.schema["properties"].items()}
    assert said == {"day": "when it comes", "order": "what comes,\nand where", "size": None, "note": "anything"}
    assert made.schema["properties"]["day"]["format"] == "date"
    assert made.schema["$defs"]["Point"]["properties"]["x"] == {"title": "X", "type": "integer"}


@pytest.mark.parametrize(
    ("function", "description", "parameters"),
    [
        (numpy, "Add.\n\nReturns: The sum", {"x": "Two numbers", "y": "Two numbers"}),
        (sphinx, "Double.", {"x": "a number"}),
        (wrapper, "Double.", {"x": "a number"}),
        (cached, "", {"x": None}),
        (lambda a, b=2: a, "", {"a": None, "b": None}),
        (lambda: None, "", {}),
        (Shop().sell, "Sell.", {"price": None}),
        (Shop(), "A shop.", {"price": None}),
        (Shop.named, "", {"name": None}),
        (functools.partial(google, note=1), "Order something.", {"day": "when it comes", "order": ..., "size": None}),
        (functools.partial(numpy, 1), "Add.", {"y": "Two numbers"}),
        (functools.partial(Shop().sell, 1), "Sell.", {}),
        (functools.partial(with_frame, frame=pd.DataFrame()), "", {"x": None}),
        (np.linspace, "Return evenly spaced numbers", {"start": ..., "stop": ..., "num": ...}),
    ],
)
def test_every_kind_of_function(function, description, parameters):
    made = tool(function, "f")
    assert made.description.startswith(description)
    assert bool(made.description) == bool(description)
    for name, said in parameters.items():
        assert said in {..., made.schema["properties"][name].get("description")}
    assert set(parameters) == set(made.schema["properties"]) or function is np.linspace


@pytest.mark.parametrize("function", [google, numpy, wrapper, cached, Shop().sell, np.linspace, lambda: 1])
def test_a_schema_is_one_of_an_object(function):
    schema = tool(function, "f").schema
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    json.dumps(schema)


def test_what_an_annotation_says_comes_before_the_docstring():
    def f(x: Annotated[int, Field(ge=3, description="at least three")]) -> None:
        """Do.

        Args:
            x: a number
        """

    assert tool(f, "f").schema["properties"]["x"]["description"] == "at least three"


def test_annotations_are_read_where_the_function_was_written():
    written: dict[str, Any] = {"Day": date}
    exec("def inner(day: 'Day') -> 'Nowhere': return day", written)

    @functools.wraps(written["inner"])
    def outer(**named):
        return written["inner"](**named)

    assert call(tool(outer, "f"), {"day": "2026-01-31"}) == date(2026, 1, 31)


def test_a_tool_is_itself_alone():
    assert tool(sphinx, "f") != tool(sphinx, "f")
    assert "sphinx" not in repr(tool(sphinx, "f"))


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (5, "`f` is of type int, and no function."),
        ("print", "of type str"),
        (Shop, "`f` is a class, and no function."),
        (dict, "a class"),
        (asynchronous, "`f` is async"),
        (functools.partial(asynchronous, 1), "`f` is async"),
        (asyncio.sleep, "`f` is async"),
        (generator, "`f` is a generator"),
        (positional, "`f` takes `x` by position alone"),
        (len, "by position alone"),
        (starred, "`f` takes `*numbers` by position alone"),
        (print, "`*args`"),
        (max, "The parameters of `f` cannot be found out."),
        (with_frame, "The parameter `frame` of `f` cannot be given as JSON: Unable to generate"),
        (unknown, "The annotations of `f` cannot be read: name 'Nowhere' is not defined."),
    ],
)
def test_what_cannot_be_called_is_refused(function, what):
    with pytest.raises(CannotSend) as refused:
        tool(function, "f")
    assert what in refused.value.what
    assert "\n" not in refused.value.what
    assert refused.value.next_step.endswith(".")


@pytest.mark.parametrize("name", ["", "é", "a b", "a.b", "a\n", "<lambda>", "x" * 65])
def test_a_name_that_the_service_does_not_take(name):
    with pytest.raises(CannotSend, match="A tool cannot be called"):
        tool(sphinx, name)


@pytest.mark.parametrize(
    ("function", "given_", "result"),
    [
        (
            google,
            {"day": "2026-01-31", "order": {"item": "tea", "at": {"x": "1"}}, "size": 2, "more": 5},
            (date(2026, 1, 31), Order(item="tea", at=Point(1)), Size.LARGE, None, {"more": 5}),
        ),
        (numpy, {"x": 1, "y": 2}, 3),
        (numpy, {"x": "a", "y": "b"}, "ab"),
        (wrapper, {"x": 2}, 5),
        (cached, {"x": 2.0}, 2),
        (Shop(2).sell, {"price": 3}, 5),
        (Shop(2), {"price": 3}, -1),
        (Shop.named, {"name": "a"}, "Shop a"),
        (functools.partial(numpy, 1), {"y": 2}, 3),
        (functools.partial(with_frame, frame=5), {"x": 1}, (1, 5)),
        (lambda *, a, b=2: (a, b), {"a": None}, (None, 2)),
        (lambda self, tool: (self, tool), {"self": 1, "tool": 2}, (1, 2)),
        (lambda **named: named, {"positional": 1, "tool": [{}]}, {"positional": 1, "tool": [{}]}),
    ],
)
def test_a_call(function, given_, result):
    assert call(tool(function, "f"), given_) == result


@pytest.mark.parametrize(
    ("function", "given_", "what"),
    [
        (google, {"day": "soon", "order": {"item": "x", "at": {"x": 1}}}, "The input does not fit f at day: Input"),
        (google, {"day": "2026-01-31", "order": {"item": "x", "at": {"x": "y"}}}, "at order.at.x: Input should be"),
        (google, {"order": {}}, "The input does not fit f: `day` is missing (and 1 more)."),
        (google, {"day": "2026-01-31", "order": {"item": "x", "at": {"x": 1}}, "extra": "x"}, "at extra: Input"),
        (sphinx, {"x": 1, "y": 2}, "at y: Unexpected keyword argument."),
        (functools.partial(with_frame, frame=5), {"x": 1, "frame": 6}, "at frame: Unexpected keyword argument."),
        (sphinx, {"x": "\ud800"}, "Invalid JSON"),
        (sphinx, [1], "The input of f must be a JSON object."),
        (sphinx, None, "The input of f must be a JSON object."),
    ],
)
def test_input_that_does_not_fit_is_said_in_a_line(function, given_, what):
    with pytest.raises(ValueError, match=r"^The input [^\n]*\.$") as wrong:
        call(tool(function, "f"), given_)
    assert what in str(wrong.value)


def test_what_the_function_raises_is_its_own():
    with pytest.raises(ValueError, match="validation error for int"):
        call(tool(failing, "f"), {"x": 1})
    with pytest.raises(ZeroDivisionError):
        call(tool(lambda x: 1 / x, "f"), {"x": 0})


@pytest.mark.parametrize(
    ("name", "given_", "said"),
    [
        ("f", {}, "f()"),
        ("f", {"x": 1, "name": "a" * 100}, f"f(x=1, name='{'a' * 59}…')"),
        ("f", {"x": [1, 2.5, None, True], "y": {"a": "b"}}, "f(x=[1, 2.5, None, True], y={'a': 'b'})"),
        ("f", {"x": list(range(100))}, "f(x=[0, 1, 2, 3, …])"),
        ("f", {"a b": 1, "class\n": 2}, "f('a b'=1, 'class\\n'=2)"),
        ("f", {"x": "it's\n\x1b[31m\u202e"}, 'f(x="it\'s\\n\\x1b[31m\\u202e")'),
        ("f\n(", {}, "'f\\n('()"),
        ("f", ["no", "object"], "f()"),
    ],
)
def test_a_call_as_it_is_shown(name, given_, said):
    assert described(name, given_) == said


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(SCALARS, lambda one: st.lists(one) | st.dictionaries(st.text(), one), max_leaves=10)


@settings(max_examples=50)
@given(st.text(max_size=200), st.dictionaries(st.text(max_size=100), JSON, max_size=10))
def test_any_call_is_shown_in_one_line(name, given_):
    said = described(name, given_)
    assert said.isprintable()
    assert len(said) <= 240


@pytest.mark.parametrize("letter", ["\U0010ffff", "\u202e", "'", '"', "\\", "a", "界"])
def test_the_longest_call_is_short(letter):
    long = letter * 1_000
    assert len(described(long, {long: long, "b": [long] * 9, "c": {long: {long: long}}})) <= 240


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["x", "y", "z"]), JSON))
def test_any_input_is_taken_or_refused(given_):
    taking = tool(lambda x, y=1: (x, y), "f")
    if "x" in given_ and "z" not in given_:
        call(taking, given_)
    else:
        with pytest.raises(ValueError, match=r"^The input "):
            call(taking, given_)
