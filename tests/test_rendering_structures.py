"""Dicts, lists and objects with fields as JSON: within the allowance, readable as JSON, and every cut is to be seen."""

import array
import collections
import dataclasses
import enum
import json
import math
import pathlib
import time
import types
from typing import Any

import attrs
import numpy as np
import pandas as pd
import polars as pl
import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.rendering import Rendered, render
from fastmode_magic.prompt.tokens import estimate_tokens


def sent(value: object, allowance: int = 4_000) -> tuple[str, Rendered]:
    rendered = render(value, "x", allowance)
    return rendered.pieces[0].text, rendered


class Color(enum.Enum):
    RED = 1


Point = collections.namedtuple("Point", "x y")


@dataclasses.dataclass
class Order:
    name: str
    lines: list[Any]
    token: str = dataclasses.field(default="hidden", repr=False)


@attrs.define
class Part:
    a: int
    b: Any = None
    token: str = attrs.field(default="hidden", repr=False)


class User(pydantic.BaseModel):
    model_config = {"extra": "allow"}
    name: str
    password: pydantic.SecretStr
    token: str = pydantic.Field("hidden", repr=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ([], "[]"),
        ((), "[]"),
        ({"a": [1, 2.5, None, True, "b"]}, '{"a": [1, 2.5, null, true, "b"]}'),
        ({1: "a", "1": "b", None: 0, (1, "b"): 2}, '{"1": "a", "1 (str)": "b", "None": 0, "(1, \'b\')": 2}'),
        ([math.nan, math.inf], "[NaN, Infinity]"),
        ({3, 1, 2}, "[1, 2, 3]"),
        (frozenset("ba"), '["a", "b"]'),
        (range(3), "[0, 1, 2]"),
        (collections.deque([1, 2]), "[1, 2]"),
        (collections.Counter("aab"), '{"a": 2, "b": 1}'),
        (collections.OrderedDict(b=1, a=2), '{"b": 1, "a": 2}'),
        (types.MappingProxyType({"a": 1}), '{"a": 1}'),
        (types.SimpleNamespace(a=1), '{"a": 1}'),
        (array.array("i", [1, 2]), "[1, 2]"),
        ({"a": 1}.keys(), '["a"]'),
        (Point(1, [2]), '{"x": 1, "y": [2]}'),
        (Order("a", [Point(1, 2)]), '{"name": "a", "lines": [{"x": 1, "y": 2}]}'),
        (Part(1, Part(2)), '{"a": 1, "b": {"a": 2, "b": null}}'),
        (User(name="a", password="b", more=1), '{"name": "a", "password": "SecretStr(\'**********\')", "more": 1}'),
        ([Color.RED, pathlib.PurePosixPath("/a"), b"a"], '["Color.RED", "/a", "b\'a\'"]'),
        ([np.float32(0.1), np.int64(1), np.arange(3), pd.NA], '[0.1, 1, [0, 1, 2], "<NA>"]'),
        ([np.longdouble(1), np.datetime64("2026-01-01")], '["1.0", "2026-01-01"]'),
        ([10**5_000], '["<int of 16,610 bits>"]'),
        (["\ud800"], '["?"]'),
        ([pd.DataFrame({"a": [1], "b": 2})], '["<pandas DataFrame, 1 × 2: a, b>"]'),
        ([pl.DataFrame({"a": [1]}), pd.Series([1])], '["<polars DataFrame, 1 × 1: a>", "<pandas Series, 1>"]'),
        ([pl.LazyFrame({"a": [1]})], '["<polars LazyFrame>"]'),
        ([np.zeros((100, 100))], '["<numpy ndarray of shape (100, 100), float64>"]'),
    ],
)
def test_as_json(value: object, text: str) -> None:
    found, rendered = sent(value)
    assert found == text
    assert rendered.cut is None
    assert rendered.inline


def test_records_stand_on_lines_of_their_own() -> None:
    text, rendered = sent([{"name": f"name {at}", "numbers": list(range(10))} for at in range(3)])
    assert text.count("\n") == 4
    assert text.splitlines()[1] == ' {"name": "name 0", "numbers": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]},'
    assert not rendered.inline
    assert "\n" not in sent([0] * 1_000)[0]


@pytest.mark.parametrize(
    "value", [list(range(10_000_000)), range(10**15), {at: str(at) for at in range(1_000_000)}, set(range(1_000_000))]
)
def test_only_what_is_shown_is_looked_at(value: Any) -> None:
    began = time.process_time()
    text, rendered = sent(value)
    assert time.process_time() - began < 1
    shown = json.loads(text)
    left = len(value) - len(shown) + 1
    assert (shown["…"] if isinstance(shown, dict) else shown[-1].removeprefix("… ")) == f"{left:,} more"
    assert rendered.cut == f"{left:,} of {len(value):,} items were left out to keep `x` within 4,000 tokens."
    assert estimate_tokens(text) > 3_900


def test_the_small_stay_whole_and_the_long_are_cut_alike() -> None:
    value = {"title": "A", "body": "b" * 100_000, "tags": list(range(10_000)), "last": "Z"}
    text, rendered = sent(value)
    shown = json.loads(text)
    assert shown["title"], shown["last"] == ("A", "Z")
    assert shown["body"].endswith(" more characters")
    assert shown["tags"][-1].endswith(" more")
    assert 0.5 < len(shown["body"]) / len(json.dumps(shown["tags"])) < 2
    assert rendered.cut == "Long parts were cut to keep `x` within 4,000 tokens."


def test_fewer_records_rather_than_scraps_of_all() -> None:
    text, rendered = sent([{"id": at, "words": "word " * 40} for at in range(10_000)])
    shown = json.loads(text)
    assert len(shown) > 40
    assert shown[0] == {"id": 0, "words": "word " * 40}
    assert rendered.cut == f"{10_001 - len(shown):,} of 10,000 items were left out to keep `x` within 4,000 tokens."


def test_a_key_that_looks_like_our_mark() -> None:
    shown = json.loads(sent({"…": "mine"} | {str(at): at for at in range(10_000)})[0])
    assert shown["…"] == "mine"
    assert shown["……"].endswith(" more")


def test_long_keys_that_begin_alike() -> None:
    text, rendered = sent({"k" * 500 + "a": 1, "k" * 500 + "b": 2})
    assert list(json.loads(text).values()) == [1, 2]
    assert rendered.cut == "Long parts were cut to keep `x` within 4,000 tokens."


def nested(depth: int) -> list[Any]:
    inside: list[Any] = []
    for _ in range(depth):
        inside = [inside]
    return inside


def test_what_contains_itself() -> None:
    value: dict[str, Any] = {"a": [0]}
    value["a"].append(value)
    with pytest.raises(CannotSend) as caught:
        render(value, "x")
    assert caught.value.what == '`x` contains itself (at x["a"][1]).'
    order = Order("a", [])
    order.lines.append(order)
    with pytest.raises(CannotSend, match=r"at x\[0\]\.lines\[0\]"):
        render([order], "x")


def test_the_same_twice_is_no_circle() -> None:
    part = [1]
    assert sent([part, part])[0] == "[[1], [1]]"


def test_what_is_too_deep() -> None:
    assert json.loads(sent(nested(90))[0]) == nested(90)
    for depth in (200, 100_000):
        with pytest.raises(CannotSend, match="nested more than 100 levels deep"):
            render(nested(depth), "x")


def test_a_field_that_fails() -> None:
    class Broken(pydantic.BaseModel):
        a: int = 1

        def __getattribute__(self, name: str) -> Any:
            if name == "__dict__":
                raise ValueError("no")
            return super().__getattribute__(name)

    with pytest.raises(CannotSend, match="A value of `x` failed: ValueError: no"):
        render(Broken(), "x")


def test_a_member_whose_repr_fails_is_named() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError

    assert sent([Broken()])[0] == '["<Broken, whose repr failed: ValueError>"]'


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text().map(lambda text: text * 500)
keys = st.text(max_size=30) | st.integers() | st.none()
values = st.recursive(
    leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner), max_leaves=20
)


@settings(deadline=None, max_examples=80)
@given(values, st.sampled_from([1, 1, 40]), st.sampled_from([200, 400, 4_000]))
def test_anything_is_json_within_its_allowance(value: object, times: int, allowance: int) -> None:
    text, rendered = sent([value] * times, allowance)
    assert estimate_tokens(text) <= allowance
    shown = json.loads(text)
    if rendered.cut is None:
        assert same(shown, [value] * times)


def same(shown: Any, value: Any) -> bool:
    """Whether JSON has all of a value."""
    if isinstance(value, dict):
        return len(shown) == len(value) and all(map(same, shown.values(), value.values()))
    if isinstance(value, list | tuple):
        return len(shown) == len(value) and all(map(same, shown, value))
    if isinstance(value, str):
        return shown == value.encode("utf-8", "replace").decode("utf-8")
    return shown == value or (math.isnan(shown) and math.isnan(value))
