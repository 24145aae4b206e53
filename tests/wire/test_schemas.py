"""Answers that are data, over real HTTP."""

from dataclasses import dataclass
from typing import Literal

import pytest
from pydantic import BaseModel, Field, field_validator

from fastmode_magic.claude.errors import BadInput, Interrupted, InvalidAnswer
from fastmode_magic.session import Session
from fastmode_magic.simulator import Scenario, Simulator


class Line(BaseModel):
    name: str
    price: float = Field(gt=0)


class Invoice(BaseModel):
    number: str
    state: Literal["open", "paid"]
    lines: list[Line]


@dataclass
class Point:
    x: int
    y: int


def test_a_model(session: Session, simulator: Simulator) -> None:
    answer, error = session.run(session.ask("An invoice for tea.", schema=Invoice))
    assert error is None
    assert isinstance(answer.data, Invoice)
    assert answer.schema == "Invoice"
    assert list(answer.df.columns) == ["number", "state", "name", "price"]
    assert len(answer.df) == len(answer.data.lines)
    sent = simulator.requests[-1].body["output_config"]["format"]
    assert sent["type"] == "json_schema"
    assert sent["schema"]["additionalProperties"] is False
    assert "exclusiveMinimum" not in str(sent["schema"]).replace("{exclusiveMinimum: 0", "")  # said in words


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        (list[Point], list),
        (Point, Point),
        ({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}, dict),
        ({"type": "array", "items": {"type": "string"}}, list),
        (Literal["yes", "no"], str),
    ],
)
def test_other_shapes(session: Session, simulator: Simulator, schema: object, kind: type) -> None:
    answer, error = session.run(session.ask("Make some.", schema=schema))
    assert error is None
    assert isinstance(answer.data, kind)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"number": "1", "state": "open", "lines": [{"name": "tea", "price": -1}]}', "lines[0].price"),
        ('{"number": "1", "state": "lost", "lines": []}', "state"),
        ('{"number": "1", "lines": [', "line 1"),
        ("Sorry, no.", "line 1"),
    ],
)
def test_what_does_not_fit_says_where(session: Session, simulator: Simulator, text: str, where: str) -> None:
    simulator.script(Scenario(text=text))
    answer, error = session.run(session.ask("An invoice.", schema=Invoice))
    assert isinstance(error, InvalidAnswer)
    assert where in error.what
    assert answer.text == text
    assert answer.data is None
    assert answer.cost > 0
    with pytest.raises(BadInput, match="has no data"):
        _ = answer.df


def test_one_that_was_cut_says_so(session: Session, simulator: Simulator) -> None:
    _, error = session.run(session.ask("An invoice.", schema=Invoice, max_tokens=5))
    assert isinstance(error, InvalidAnswer)
    assert "raise --max-tokens" in error.next_step


def test_data_are_shown_as_code_and_kept_as_they_came(session: Session, simulator: Simulator) -> None:
    answer, _ = session.run(session.ask("A point.", schema=Point))
    shown = answer._repr_mimebundle_()["text/markdown"]
    assert shown.startswith('```json\n{\n  "x":')
    assert answer.text.startswith('{"x":')


@pytest.mark.parametrize("schema", [3, "Nothing", object(), {"type": "nonsense"}, dict[str, int]])
def test_what_is_no_schema(session: Session, simulator: Simulator, schema: object) -> None:
    with pytest.raises(BadInput):
        session.ask("A point.", schema=schema)
    assert simulator.requests == []


def test_data_in_a_fence_are_data(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(text='```json\n{"x": 1, "y": 2}\n```\n'))
    answer, error = session.run(session.ask("A point.", schema=Point))
    assert error is None
    assert answer.data == Point(1, 2)


def test_after_calls_the_last_message_is_the_data(session: Session, simulator: Simulator) -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    call = {"name": "add", "input": {"a": 1, "b": 1}}
    simulator.script(Scenario(text="Let me see.", calls=(call,)), Scenario(text='{"x": 1, "y": 2}'))
    answer, error = session.run(session.ask("A point.", schema=Point, tools=[add], yes=True))
    assert error is None
    assert answer.data == Point(1, 2)


def test_a_refusal_has_no_data(session: Session, simulator: Simulator) -> None:
    simulator.script("refusal")
    _, error = session.run(session.ask("A point.", schema=Point))
    assert error.what == "The model refused to answer, so there are no data."


def test_reading_the_data_can_be_stopped(session: Session, simulator: Simulator) -> None:
    class Slow(BaseModel):
        x: int

        @field_validator("x")
        @classmethod
        def stopped(cls, value: int) -> int:
            raise KeyboardInterrupt

    answer, error = session.run(session.ask("A number.", schema=Slow, thread="main"))
    assert isinstance(error, Interrupted)
    assert answer.complete
    assert answer.text
    assert answer.turn == 1


def test_data_are_set_out_as_they_came(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(text='{"x":1.10,"y":[],"z":{"a":[1,{"b":"}, {\\"["}]},"x":2}'))
    answer, _ = session.run(session.ask("A point.", schema=Point))
    assert answer._repr_mimebundle_()["text/markdown"].startswith(
        '```json\n{\n  "x": 1.10,\n  "y": [],\n  "z": {\n    "a": [\n      1,\n      {\n        "b": "}, {\\"["\n'
    )
    simulator.script(Scenario(text="[" * 5_000 + "]" * 5_000))
    deep, _ = session.run(session.ask("A point.", schema=Point))
    assert len(deep._repr_mimebundle_()["text/markdown"]) < 12_000


def test_with_a_thread_and_with_effort(session: Session, simulator: Simulator) -> None:
    session.run(session.ask("2+2?", thread="main"))
    answer, error = session.run(session.ask("As a point.", thread="main", schema=Point, effort="low"))
    assert error is None
    assert isinstance(answer.data, Point)
    assert simulator.requests[-1].body["output_config"]["effort"] == "low"
