"""Structured output: which schemas are taken, and answers that conform to them."""

from __future__ import annotations

import json
import re

import anthropic
import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmode_magic.simulator import Scenario
from fastmode_magic.simulator.answers import compose
from fastmode_magic.simulator.findings import Findings
from fastmode_magic.simulator.instances import instance
from fastmode_magic.simulator.patterns import matching
from fastmode_magic.simulator.schemas import FORMATS, problem

NODE = {"$ref": "#/$defs/Node"}


def closed(required=None, **properties):
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return found if required is None else found | {"required": required}


def wanted(schema):
    return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}


def conforms(value, schema):
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(value)


PLANETS = closed(
    ["planets"],
    planets={"type": "array", "items": {"$ref": "#/$defs/Planet"}},
    summary={"type": "string"},
    seen_on={"type": "string", "format": "date"},
) | {
    "$defs": {
        "Planet": closed(
            ["name", "mass", "kind"],
            name={"type": "string"},
            mass={"type": "number"},
            kind={"enum": ["rock", "gas"]},
            moons={"anyOf": [{"type": "null"}, {"type": "integer"}]},
            ringed={"type": "boolean"},
        )
    }
}

# a schema that is not taken, the sentence
WRONG = [
    ({"type": "object"}, "For 'object' type, 'additionalProperties' must be explicitly set to false"),
    (closed(a={"properties": {}}), "For 'object' type, 'additionalProperties' must be explicitly set to false"),
    (closed() | {"additionalProperties": True}, "For 'object' type, 'additionalProperties: true' is not supported."),
    (closed() | {"additionalProperties": {}}, "For 'object' type, 'additionalProperties: object' is not supported."),
    (closed(a={"type": "integer", "minimum": 1}), "For 'integer' type, property 'minimum' is not supported"),
    (
        closed(a={"type": "number", "minimum": 1, "maximum": 2}),
        "For 'number' type, properties maximum, minimum are not supported",
    ),
    (closed(a={"type": "integer", "multipleOf": 2}), "For 'integer' type, property 'multipleOf' is not supported"),
    (closed(a={"type": "string", "maxLength": 2}), "For 'string' type, property 'maxLength' is not supported"),
    (closed(a={"type": "string", "format": "color"}), "For 'string' type, format 'color' is not supported"),
    ({"type": "array", "items": {}, "maxItems": 2}, "For 'array' type, property 'maxItems' is not supported"),
    ({"type": "array", "minItems": 2}, "For 'array' type, 'minItems' values other than 0 or 1 are not supported"),
    ({"anyOf": [{"type": ["integer", "null"], "minimum": 1}]}, "For 'integer' type, property 'minimum' is not"),
    ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "object"}}}, "For 'object' type, 'additionalProperties' must be"),
    ({"type": "objekt"}, "JSON schema is invalid. It must match JSON Schema draft 2020-12"),
    ({"type": "array", "minItems": "x"}, "JSON schema is invalid. It must match JSON Schema draft 2020-12"),
    ({"oneOf": [{"type": "string"}]}, "Schema type 'oneOf' is not supported"),
    (
        {"type": ["string", "null"], "enum": ["a", None]},
        "Invalid schema: Enum value 'a' does not match declared type '[\"string\",\"null\"]'",
    ),
    ({"type": "integer", "enum": [1, "a"]}, "Invalid schema: Enum value 'a' does not match declared type 'integer'"),
    ({"enum": [{"a": 1}]}, "Invalid schema: Enum value "),
    ({"$ref": "https://example.com/a"}, "Invalid schema: Reference 'https://example.com/a' cannot be resolved"),
    ({"allOf": [NODE], "$defs": {"Node": {"type": "string"}}}, "Invalid schema: 'allOf' with '$ref' is not supported"),
    (
        NODE | {"$defs": {"Node": closed(next=NODE)}},
        "Invalid schema: Circular reference detected in schema definitions: Node -> Node. Self-referencing or mutual",
    ),
    (
        {"$ref": "#/$defs/A", "$defs": {"A": closed(b={"$ref": "#/$defs/B"}), "B": closed(a={"$ref": "#/$defs/A"})}},
        "Invalid schema: Circular reference detected in schema definitions: A -> B -> A.",
    ),
]


@pytest.mark.parametrize(("schema", "sentence"), WRONG, ids=[sentence[:70] for _, sentence in WRONG])
def test_what_is_wrong_with_a_schema_is_said(client, ask, schema, sentence):
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**ask, **wanted(schema))
    assert caught.value.api_message.startswith(f"output_config.format.schema: {sentence}")


@pytest.mark.parametrize(
    ("format_", "sentence"),
    [
        ("json", "output_config.format: Input should be a valid dictionary"),
        ({"schema": {}}, "output_config.format.type: Field required"),
        ({"type": "json_object"}, "output_config.format.type: Input should be 'json_schema'"),
        ({"type": "json_schema"}, "output_config.format.schema: Field required"),
        ({"type": "json_schema", "schema": []}, "output_config.format.schema: Input should be a valid dictionary"),
    ],
)
def test_what_is_wrong_with_a_format_is_said(client, ask, format_, sentence):
    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.create(**ask, output_config={"format": format_})
    assert caught.value.api_message == sentence


def test_too_many_optional_parameters_are_refused(client, ask):
    def schema(number):
        return closed(**{f"a{at}": {"type": "string"} for at in range(number)})

    assert client.messages.create(**ask, **wanted(schema(24))).content
    with pytest.raises(anthropic.BadRequestError, match=r"too many optional parameters \(25\).*limit: 24"):
        client.messages.create(**ask, **wanted(schema(25)))


@pytest.mark.parametrize(
    "schema",
    [
        PLANETS,
        closed(a={"type": "string", "pattern": "^[A-Z]{2}$"}, b={"const": 1}, c={"type": "array", "minItems": 1}),
        closed(a={"type": ["string", "null"]}, b={"enum": ["x", None, 1]}, c={"type": "string", "enum": ["x"]}),
        {"type": "array", "items": {"type": "string", "format": "uri"}},
        {"allOf": [closed(a={"type": "string"})]},
        {"$ref": "#/definitions/A", "definitions": {"A": {"type": "string", "description": "x", "title": "A"}}},
    ],
    ids=["planets", "pattern", "types", "array", "allOf", "definitions"],
)
def test_what_is_right_is_answered_with_json_that_conforms(client, ask, schema):
    message = client.messages.create(**ask, **wanted(schema))
    (block,) = message.content
    conforms(json.loads(block.text), schema)
    assert (message.stop_reason, block.text) == ("end_turn", _compact(json.loads(block.text)))


def _compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def test_it_streams_like_any_text(client, ask):
    whole = client.messages.create(**ask, **wanted(PLANETS))
    found = list(client.messages.create(stream=True, **ask, **wanted(PLANETS)))
    deltas = [each.delta for each in found if each.type == "content_block_delta"]
    assert {delta.type for delta in deltas} == {"text_delta"}
    assert "".join(delta.text for delta in deltas) == whole.content[0].text
    assert len(deltas) == whole.usage.output_tokens > 20


def test_it_reads_as_if_somebody_had_meant_it():
    prompt = 'Which planets of the solar system are like "Jupiter" or "Saturn"? Each has mass 318 or 95.5.'
    body = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 4_000, **wanted(PLANETS)}
    found = json.loads("".join(compose(body, Scenario(), 0).text))
    first, second, *_ = found["planets"]
    assert (first["name"], first["mass"]) == ("Jupiter", 318)
    assert (second["name"], second["mass"]) == ("Saturn", 95.5)
    assert found["summary"] == "Practice summary 1, about planets."
    assert 2 <= len(found["planets"]) <= 3
    assert len({_compact(planet) for planet in found["planets"]}) == len(found["planets"])


def test_a_scenario_may_say_something_else(sim, client, ask):
    sim.script("invalid_json", Scenario(text='{"planets": 5}'), "max_tokens")
    texts = [client.messages.create(**ask, **wanted(PLANETS)).content[0].text for _ in range(3)]
    assert texts[1] == '{"planets": 5}'
    for text in (texts[0], texts[2]):
        with pytest.raises(ValueError, match=r"delimiter|Expecting|Unterminated"):
            json.loads(text)


def test_short_questions_get_json_too(client, ask):
    ask["messages"] = [{"role": "user", "content": "2+2 in one word?"}]
    assert json.loads(client.messages.create(**ask, **wanted(closed(sum={"type": "integer"}))).content[0].text)


def schemas(leaves):
    """Schemas of structured output on top of these, with names that are worth a value."""
    names = st.sampled_from(["name", "summary", "tags", "mass_kg", "Straße", ""])
    objects = st.dictionaries(names, leaves, max_size=3).flatmap(
        lambda found: st.sets(st.sampled_from(sorted(found) or ["name"])).map(
            lambda required: closed([each for each in required if each in found], **found)
        )
    )
    arrays = st.fixed_dictionaries(
        {"type": st.just("array"), "items": leaves}, optional={"minItems": st.sampled_from([0, 1])}
    )
    unions = st.lists(leaves, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
    return objects | arrays | unions


LEAVES = (
    st.sampled_from(["string", "integer", "number", "boolean", "null"]).map(lambda kind: {"type": kind})
    | st.sampled_from(FORMATS).map(lambda kind: {"type": "string", "format": kind})
    | st.lists(st.text(max_size=5) | st.integers() | st.none() | st.booleans(), min_size=1, max_size=4).map(
        lambda values: {"enum": values}
    )
    | st.integers().map(lambda value: {"const": value})
    | st.sampled_from(["^[A-Z]{2}-\\d+$", "(a|b)c?", "[^x]{3,5}", "\\w+@\\w+\\.com", "^$"]).map(
        lambda pattern: {"type": "string", "pattern": pattern}
    )
)


@settings(deadline=None)
@given(st.recursive(LEAVES, schemas, max_leaves=8), st.text(max_size=80))
def test_every_schema_that_is_taken_has_an_instance(schema, prompt):
    assert problem(schema) is None
    conforms(instance(schema, Findings(prompt)), schema)


BOUNDED = st.one_of(
    st.tuples(st.integers(-50, 50), st.integers(0, 30)).map(
        lambda ends: {"type": "integer", "minimum": ends[0], "exclusiveMaximum": ends[0] + ends[1] + 1}
    ),
    st.tuples(st.floats(-50, 50), st.floats(0, 30)).map(
        lambda ends: {"type": "number", "minimum": ends[0], "maximum": ends[0] + ends[1]}
    ),
    st.floats(-1e12, 1e12).map(lambda end: {"type": "number", "exclusiveMinimum": end}),
    st.integers(-50, 50).map(lambda end: {"type": "integer", "maximum": end, "multipleOf": 5}),
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
        lambda ends: {"type": "string", "minLength": ends[0], "maxLength": ends[0] + ends[1]}
    ),
    st.tuples(st.integers(0, 5), st.integers(0, 5)).map(
        lambda ends: {"type": "array", "items": {"type": "integer"}, "minItems": ends[0], "maxItems": sum(ends)}
    ),
    st.just({"type": "array", "items": {"enum": ["a", "b"]}, "uniqueItems": True}),
    st.just({"type": "object", "required": ["a"], "additionalProperties": {"type": "integer"}}),
    st.just({"allOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["b"]}], "type": "object"}),
    st.just({"allOf": [True, {"type": "integer"}]}),
    st.just({"type": "integer", "multipleOf": 2.0, "minimum": 3.5}),
    st.just({"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False}),
)


@settings(deadline=None)
@given(st.lists(BOUNDED, min_size=1, max_size=4), st.text("0123456789.- \"ab'", max_size=40))
def test_the_bounds_of_a_tool_are_kept(parts, prompt):
    schema = {"type": "object", "properties": {f"p{at}": part for at, part in enumerate(parts)}}
    conforms(instance(schema, Findings(prompt)), schema)


def test_a_circle_ends():
    node = closed(["value", "next", "children"], value={"type": "integer"}, next={"anyOf": [NODE, {"type": "null"}]},
                  children={"type": "array", "items": NODE}, parent=NODE)  # fmt: skip
    schema = NODE | {"$defs": {"Node": node}}
    found = instance(schema, Findings(""))
    conforms(found, schema)
    assert found["next"]["next"] is None
    assert found["children"][0]["children"] == []


@pytest.mark.parametrize("node", [closed(["next"], next=NODE), {"allOf": [NODE]}, {"anyOf": [NODE]}, NODE])
def test_what_has_no_end_is_none(node):
    assert instance(NODE | {"$defs": {"Node": node}}, Findings("")) is None


@pytest.mark.parametrize(
    "pattern",
    ["^\\d{3}-\\d{4}$", "[a-f0-9]{8}", "^(red|green)$", "^[^@]+@[^@]+$", "a{0,2}b*?", "(?:x|y)+", "[\\w.-]+", "\\$\\.",
     "[]a]", "^(?P<year>\\d{4})$", "\\S\\D\\W"],
)  # fmt: skip
def test_a_pattern_is_met(pattern):
    for number in (1, 2, 3):
        assert re.search(pattern, matching(pattern, number))


@pytest.mark.parametrize("pattern", ["(?=a)b", "\\bword", "(a)\\1", "a{1000}", "[", "(", "\\", "[^\\w\\W]a", "a\\p{L}"])
def test_a_pattern_that_is_not_understood_is_none(pattern):
    assert matching(pattern) is None
