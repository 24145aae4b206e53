"""JSON schemas: how pydantic makes them, and which of them an answer can be held to.

The service refuses some schemas, and the SDK's `transform_schema` cannot read others, or leaves a part of them empty:
all those are refused here, with their place, before anything is sent. Of the service: Anthropic, "Structured outputs".
"""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from .problems import CannotSend

if TYPE_CHECKING:
    from pydantic.json_schema import GenerateJsonSchema

Schema = dict[str, Any]

DEFINITIONS = ("$defs", "definitions")
_TYPES = ("object", "array", "string", "integer", "number", "boolean", "null")
_REFERENCE = re.compile(r"#/(?:\$defs|definitions)/([^/]+)")
_ANNOTATIONS = ("title", "description", "default", "examples")


@cache
def generator() -> "type[GenerateJsonSchema]":
    """pydantic's own, but a NamedTuple is an object with its fields: an array of unnamed values says less."""
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  # pydantic's own

        def named_tuple_schema(self, schema: Any) -> Schema:
            return self.kw_arguments_schema(schema["fields"], None)

        def arguments_schema(self, schema: Any) -> Schema:  # functions, and NamedTuples of older pydantics
            return self.kw_arguments_schema(schema["arguments_schema"], schema.get("var_kwargs_schema"))

    return Generator


@cache
def lenient_generator() -> "type[GenerateJsonSchema]":
    """The same, but what has no JSON schema says nothing, and is then refused with the place where it stands."""

    class Lenient(generator()):  # type: ignore[misc]  # a class that exists once pydantic is loaded
        def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> Schema:  # noqa: ARG002
            return {}

    return Lenient


def sendable(schema: Schema, name: str) -> Schema:
    """The same as an answer can be held to it. Raises CannotSend where it cannot; the user calls it `name`."""
    definitions: Schema = {}
    for key in DEFINITIONS:
        definitions |= schema.get(key, {})
    walk = _Walk(name, definitions)
    found = walk.node({key: one for key, one in schema.items() if key not in DEFINITIONS}, "", ())
    while at_root := _REFERENCE.fullmatch(found.get("$ref", "")):
        found = walk.done.pop(at_root[1])  # nothing else refers to it: it would be in itself
    return found | ({"$defs": walk.done} if walk.done else {})


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk through a schema. `inside` are the definitions around a place, for none may come round to itself."""

    name: str
    definitions: Schema
    done: Schema = field(default_factory=dict)

    def refusal(self, place: str, what: str, next_step: str) -> CannotSend:
        at = f"`{self.name}` at `{place}`" if place else f"`{self.name}`"
        return CannotSend(f"{at} {what}.", next_step)

    def node(self, given: object, place: str, inside: tuple[str, ...]) -> Schema:
        node = given if isinstance(given, dict) else {}
        if "$ref" in node:
            return self.reference(node, place, inside)
        if every := node.get("allOf"):
            if len(every) > 1:
                what = "combines schemas with `allOf`, and Claude cannot be held to that"
                raise self.refusal(place, what, "Write them as one.")
            return self.node({key: one for key, one in node.items() if key != "allOf"} | every[0], place, inside)
        for union in ("anyOf", "oneOf"):
            if union in node:
                return node | {union: [self.node(one, place, inside) for one in node[union]]}
        return self.typed(node, place, inside)

    def reference(self, node: Schema, place: str, inside: tuple[str, ...]) -> Schema:
        found = _REFERENCE.fullmatch(node["$ref"])
        name = found[1] if found else ""
        if name not in self.definitions:
            raise self.refusal(place, f"refers to `{node['$ref']}`, which is not among its `$defs`", "Write it there.")
        if name in inside:
            what = f"has a {name} in a {name}, and Claude cannot be held to what contains itself"
            raise self.refusal(place, what, "Make it a list of records that name each other by an id.")
        if name not in self.done:
            self.done[name] = self.node(self.definitions[name], place, (*inside, name))
        return node | {"$ref": f"#/$defs/{name}"}

    def typed(self, node: Schema, place: str, inside: tuple[str, ...]) -> Schema:
        literals = node.get("enum") or ([node["const"]] if "const" in node else [])
        if literals and not any(isinstance(one, dict | list) for one in literals):
            return node
        by_content = "object" if "properties" in node else "array" if "items" in node else None
        match node.get("type", by_content):
            case [*kinds]:
                notes = {key: node[key] for key in _ANNOTATIONS if key in node}
                rest = {key: one for key, one in node.items() if key not in notes}
                each = [{"type": kind} if kind == "null" else rest | {"type": kind} for kind in kinds]
                return notes | {"anyOf": [self.typed(one, place, inside) for one in each]}
            case "object":
                return node | {"type": "object"} | self.object(node, place, inside)
            case "array":
                return node | {"type": "array"} | self.array(node, place, inside)
            case kind if kind in _TYPES:
                return node
        raise self.refusal(place, "can be anything, and Claude cannot be held to that", "Give it a type, such as str.")

    def object(self, node: Schema, place: str, inside: tuple[str, ...]) -> Schema:
        named, others = node.get("properties"), node.get("additionalProperties")
        free = isinstance(others, dict) or (not named and others) or (named is None and others is None)
        if free or "patternProperties" in node:
            what = "has keys that are not known beforehand, and Claude cannot be held to those"
            raise self.refusal(place, what, "Make it a list of a model that has the key and the value as its fields.")
        if not named:
            return {}
        return {
            "properties": {
                key: self.node(one, f"{place}.{key}".removeprefix("."), inside) for key, one in named.items()
            }
        }

    def array(self, node: Schema, place: str, inside: tuple[str, ...]) -> Schema:
        items, prefix = node.get("items"), node.get("prefixItems", [])
        if isinstance(items, list):  # what `prefixItems` was called before 2020
            items, prefix = None, items
        if prefix and not isinstance(items, dict):
            kinds = [one for at, one in enumerate(prefix) if one not in prefix[:at]]
            items = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        found = {"items": self.node(items, f"{place}[]", inside)}
        return found | ({"prefixItems": prefix} if prefix else {})
