"""Structured answers: what can be asked for, what is made of the text, and where it does not fit."""

import dataclasses
import enum
import json
import re
import typing
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import pytest
from anthropic import transform_schema
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator
from typing_extensions import TypedDict

from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.structure import Invalid, rows, shape

T = TypeVar("T")


class Item(BaseModel):
    name: str = Field(max_length=8)
    price: float = Field(ge=0)


class Invoice(BaseModel):
    number: int
    day: date | None = None
    items: list[Item]


class Point(NamedTuple):
    x: int
    y: float = 2.0


class Kind(enum.Enum):
    BILL = "bill"
    NOTE = 1


class Row(TypedDict):
    id: int
    tag: Literal["a", "b"]


@dataclasses.dataclass(slots=True)
class Order:
    item: Item
    points: tuple[Point, ...] = ()


class Items(RootModel[list[Item]]):
    pass


class One(RootModel[Item]):
    pass


class Page(BaseModel, Generic[T]):
    found: list[T]


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    id: int


class Measured(BaseModel):
    value: int
    unit: str


class Tree(BaseModel):
    label: str
    children: list["Tree"]


class Loose(BaseModel):
    items: list[Any]


class Foreign:
    pass


class Holder(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    held: Foreign


class Undefined(BaseModel):
    other: "Nowhere"  # noqa: F821  # that is what is tested


class Moody(BaseModel):
    mood: str

    @field_validator("mood")
    @classmethod
    def moody(cls, mood: str) -> str:
        raise KeyError(mood)


ITEM = {"name": "tea", "price": 3}
TABLE = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"a": {"type": "integer", "minimum": 3}, "day": {"type": ["string", "null"], "format": "date"}},
        "required": ["a"],
    },
}
OLD = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://example.com/nowhere.json",
    "definitions": {"pair": {"type": "array", "items": [{"type": "integer"}, {"type": "string"}]}},
    "properties": {"pair": {"allOf": [{"$ref": "#/definitions/pair"}]}},
}
SAME = object()  # as it was sent, without the object around it
ELSEWHERE = {
    "$id": "https://example.com/nowhere.json",
    "$ref": "#/definitions/pair",
    "definitions": {"pair": {"type": "array", "items": {"type": "integer"}}},
}
READ = [
    (Item, ITEM, Item(name="tea", price=3)),
    (Invoice, {"number": 1, "items": [ITEM]}, Invoice(number=1, items=[Item(**ITEM)])),
    (Row, {"id": 1, "tag": "a"}, {"id": 1, "tag": "a"}),
    (Order, {"item": ITEM, "points": [{"x": 1}]}, Order(Item(**ITEM), (Point(1),))),
    (Point, {"x": 1, "y": 3}, Point(1, 3.0)),
    (Kind, {"value": 1}, Kind.NOTE),
    (Items, {"value": [ITEM]}, Items([Item(**ITEM)])),
    (One, ITEM, One(Item(**ITEM))),
    (Open, {"id": 1}, Open(id=1)),
    (Page[Item], {"found": [ITEM]}, Page[Item](found=[Item(**ITEM)])),
    (list[Item], {"value": [ITEM]}, [Item(**ITEM)]),
    (list[Point], {"value": [{"x": 1}]}, [Point(1)]),
    (tuple[int, str], {"value": [1, "a"]}, (1, "a")),
    (Item | None, {"value": None}, None),
    (Literal["a", "b"], {"value": "b"}, "b"),
    (Annotated[int, Field(ge=3)], {"value": 3}, 3),
    (TABLE, {"value": [{"a": 3, "day": "2026-01-31"}, {"a": 4, "day": None}]}, SAME),
    (OLD, {"pair": [1, "a"]}, SAME),
    (ELSEWHERE, {"value": [1]}, SAME),
    ({"enum": ["a", 1]}, {"value": 1}, 1),
    ({"properties": {"a": {"const": 5}}}, {"a": 5}, SAME),
]


@pytest.mark.parametrize(("value", "sent", "read"), READ)
def test_an_answer_becomes_what_was_named(value, sent, read):
    expected = sent.get("value", sent) if read is SAME else read
    assert shape(value, "thing").read(json.dumps(sent)) == expected


@pytest.mark.parametrize(("value", "sent", "_"), READ)
def test_what_is_sent_is_a_schema_that_the_sdk_can_read(value, sent, _):
    schema = shape(value, "thing").schema
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(sent)
    strict = transform_schema(schema)
    assert strict["type"] == "object"
    assert set(strict["properties"]) == set(schema["properties"])
    assert "{}" not in json.dumps(strict)  # a place that can be anything, or that would stay empty


def test_definitions_are_at_the_root_of_what_is_wrapped():
    schema = shape(list[Invoice], "thing").schema
    assert schema["required"] == ["value"]
    assert set(schema["$defs"]) == {"Invoice", "Item"}
    assert schema["properties"]["value"]["items"] == {"$ref": "#/$defs/Invoice"}
    assert "$defs" not in shape(One, "thing").schema


def test_a_shape_says_what_it_is():
    made = shape(Item, "Item")
    assert made == shape(Item, "Item")
    assert hash(made) == hash(shape(Item, "Item"))
    assert "reader" not in repr(made)


def test_a_schema_is_not_changed_with_its_dict():
    given_ = {"type": "object", "properties": {"a": {"type": "integer"}}}
    made = shape(given_, "thing")
    given_["properties"]["a"]["type"] = "string"
    assert made.schema["properties"] == {"a": {"type": "integer"}}
    assert made.read('{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (Item(**ITEM), "`thing` is of type Item, and"),
        ("Item", "of type str"),
        (json, "of type module"),
        (5, "of type int"),
        (None, "of type NoneType"),
        (int, "the class int"),
        (dict, "the class dict"),
        (BaseModel, "the class BaseModel"),
        (Foreign, "the class Foreign"),
        (list["Nowhere"], "Nowhere"),  # noqa: F821  # that is what is tested
        (Undefined, "not fully defined"),
        (list[Foreign], "Foreign"),
        (dict[str, int], "`thing` has keys that are not known beforehand"),
        (RootModel[dict[str, int]], "keys that are not known"),
        (Page[dict[str, Any]], "`thing` at `found[]` has keys"),
        (Loose, "`thing` at `items[]` can be anything"),
        (Holder, "`thing` at `held` can be anything"),
        (Callable[[int], int], "can be anything"),
        (list[object], "`thing` at `[]` can be anything"),
        (Tree, "`thing` at `children[]` has a Tree in a Tree"),
        (list[Tree], "has a Tree in a Tree"),
        ({}, "can be anything"),
        ({"name": "tea"}, "can be anything"),
        ({"type": "object"}, "has keys that are not known"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "has keys that are not known"),
        ({"type": "object", "patternProperties": {"^a": {"type": "integer"}}}, "has keys that are not known"),
        ({"properties": {"a": {"type": "integer"}}, "patternProperties": {"^b": {}}}, "has keys that are not known"),
        ({"type": "array"}, "`thing` at `[]` can be anything"),
        ({"properties": {"a": True}}, "`thing` at `a` can be anything"),
        ({"properties": {"a": {"items": {"description": "any"}}}}, "`thing` at `a[]` can be anything"),
        ({"enum": [{"a": 1}]}, "can be anything"),
        ({"allOf": [{"type": "object"}, {"properties": {}}]}, "`allOf`"),
        ({"$ref": "https://example.com/schema"}, "refers to `https://example.com/schema`"),
        ({"properties": {"a": {"$ref": "#"}}}, "`thing` at `a` refers to `#`"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, "has a a in a a"),
        ({"properties": {"a": {"type": "strin"}}}, "no valid JSON schema at `properties.a.type`: 'strin' is not"),
        ({"type": "object", "required": "a"}, "at `required`: 'a' is not of type 'array'"),
        ({"type": {1}}, "is no JSON schema: Object of type set"),
        ({"properties": {"a": Item}}, "is no JSON schema"),
        ({"const": float("nan")}, "is no JSON schema"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_its_place(value, what):
    with pytest.raises(CannotSend) as refused:
        shape(value, "thing")
    assert what in refused.value.what
    for said in (refused.value.what, refused.value.next_step):
        assert said.endswith(".")
        assert "\n" not in said
        assert len(said) < 400


def test_typing_s_own_typed_dict():
    class Item(typing.TypedDict):
        name: str
        tags: typing.NotRequired[list[str]]

    class Order(typing.TypedDict, total=False):
        items: typing.Required[list[Item]]
        first: Item | None
        state: typing.Literal["open", "paid"]

    made = shape(Order, "Order")
    assert made.schema["required"] == ["items"]
    order = {"items": [{"name": "tea", "tags": ["green"]}, {"name": "cup"}], "first": None}
    assert made.read(json.dumps(order)) == order
    for wrong, place in (({}, "items"), ({"items": [{}]}, "items[0]: `name`"), ({"items": [], "state": "x"}, "state")):
        with pytest.raises(Invalid, match=re.escape(place)):
            made.read(json.dumps(wrong))
    assert shape(list[Item], "Items").read('{"value": [{"name": "tea"}]}') == [{"name": "tea"}]


@pytest.mark.parametrize(
    ("value", "text", "what"),
    [
        (
            Invoice,
            {"number": 1, "items": [ITEM, ITEM, {"name": "x", "price": "y"}]},
            "thing at items[2].price: Input should be a valid number, unable to parse string as a number.",
        ),
        (Item, {"name": "tea", "price": -1}, "at price: Input should be greater than or equal to 0."),
        (Item, {"name": "a long name", "price": -1}, "at name: String should have at most 8 characters (and 1 more)."),
        (Invoice, {"number": 1, "items": [{"name": "x"}]}, "at items[0]: `price` is missing."),
        (Item, [1], "The answer does not fit thing: Input should be an object."),
        (list[Item], {"value": [ITEM, {"name": "x", "price": -1}]}, "fit thing at [1].price: Input"),
        (list[Item], {"items": []}, "The answer does not fit thing: `value` is missing."),
        (Measured | None, {"value": {"value": 1, "unit": 2}}, "fit thing at unit: Input should be a valid string."),
        (ELSEWHERE, {"value": [1, "a"]}, "at [1]: 'a' is not of type 'integer'."),
        (list[int | str], {"value": [[1]]}, "at [0]: Input should be a valid integer."),
        (Kind, {"value": "x"}, "The answer does not fit thing: Input should be 'bill' or 1."),
        (TABLE, {"value": [{"a": 2}, {"day": "x"}]}, "at [0].a: 2 is less than the minimum of 3 (and 2 more)."),
        (TABLE, {"value": [{"a": 3, "day": "x"}]}, "at [0].day: 'x' is not a 'date'."),
        (TABLE, {"items": 3}, "The answer does not fit thing: 'value' is a required property."),
        (TABLE, {"value": "x" * 10_000}, "x…."),
        (OLD, {"pair": ["a", "a"]}, "at pair[0]: 'a' is not of type 'integer'."),
        (Invoice, '{"number": 1,\n "items": [{"na', "at line 2, column 13 (character 27 of 29): Unterminated string"),
        (Invoice, '{"number": 1, "items": ', "it may have been cut."),
        (Invoice, '{"number": 1, "items": tr', "it may have been cut."),
        (Invoice, "Sorry, no.", "no JSON at line 1, column 1"),
        (Invoice, '{"number": 1, "items": []} Here.', "Extra data."),
        (Invoice, " \n", "The answer is empty, and no JSON."),
        (Item, '{"name": "\\ud800", "price": 1}', "Invalid JSON"),
        (list[Item], "[" * 100_000, "maximum recursion depth"),
        (TABLE, "[" * 100_000, "maximum recursion depth"),
        (Item, '{"name": "a", "price": ' + "1" * 5_000 + "}", "cannot be read as thing: Exceeds the limit"),
        (Moody, {"mood": "blue"}, "cannot be read as thing: 'blue'."),
    ],
)
def test_an_answer_that_does_not_fit_says_where(value, text, what):
    with pytest.raises(Invalid) as invalid:
        shape(value, "thing").read(text if isinstance(text, str) else json.dumps(text))
    assert what in invalid.value.what
    assert len(invalid.value.what) < 500


@given(st.text(max_size=20) | st.text('{}[]":,1e.-tnu \n\\', max_size=40))
def test_any_text_is_read_or_refused(text):
    for value in (list[Item], TABLE, Kind):
        with pytest.raises(Invalid):
            shape(value, "thing").read(text)


@given(st.data())
def test_an_answer_that_is_cut_anywhere_is_refused(data):
    text = json.dumps({"number": 1, "items": [ITEM] * 3})
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(Invalid, match=r"^The answer is (empty|no JSON at line 1, column \d+)"):
        shape(Invoice, "thing").read(text[:cut])


@pytest.mark.parametrize(
    ("value", "table"),
    [
        ([Item(**ITEM)], [{"name": "tea", "price": 3.0}]),
        (Items([Item(**ITEM)]), [{"name": "tea", "price": 3.0}]),
        ([{"a": 1}, {"b": 2}], [{"a": 1}, {"b": 2}]),
        ([Point(1), Point(2, 3)], [{"x": 1, "y": 2.0}, {"x": 2, "y": 3}]),
        ([Order(Item(**ITEM))], [{"item.name": "tea", "item.price": 3.0, "points": []}]),
        ([1, "a"], [{"value": 1}, {"value": "a"}]),
        ({"items": [ITEM, ITEM]}, [ITEM, ITEM]),
        ({"items": []}, []),
        ({"who": "Ada", "items": []}, [{"who": "Ada", "items": []}]),
        (Invoice(number=7, items=[Item(**ITEM)]), [{"number": 7, "day": None, "name": "tea", "price": 3.0}]),
        ({"who": {"name": "Ada"}, "items": [{"a": 1}, {"a": 2}]}, [{"who.name": "Ada", "a": a} for a in (1, 2)]),
        ({"a": [1, 2], "b": ["x", "y"]}, [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ({"a": [1, 2], "b": ["x"]}, [{"a": [1, 2], "b": ["x"]}]),
        ({"a": [{"x": 1}], "b": [{"x": 2}]}, [{"a.x": 1, "b.x": 2}]),
        ({"a": 1, "tags": ["x"]}, [{"a": 1, "tags": ["x"]}]),
        ({"a": {"b": {"c": 1}}, "d": Kind.BILL}, [{"a.b.c": 1, "d": "bill"}]),
        ([{"at": None, "a": 1}, {"at": {"city": "Ur"}, "a": None}], [{"a": 1}, {"at.city": "Ur", "a": None}]),
        (Decimal("1.5"), [{"value": Decimal("1.5")}]),
        (Kind.NOTE, [{"value": 1}]),
        (None, [{"value": None}]),
        ([], []),
        ({}, [{}]),
    ],
)
def test_rows_of_a_table(value, table):
    assert rows(value) == table
