"""JSON schemas: which of them structured output takes, in the API's words where they are known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

NO_SCHEMA = "JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12)."
FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
_UNSUPPORTED = {
    "number": ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"),
    "string": ("maxLength", "minLength"),
    "array": ("contains", "maxContains", "maxItems", "minContains", "prefixItems", "unevaluatedItems", "uniqueItems"),
    "object": ("maxProperties", "minProperties", "patternProperties", "propertyNames", "unevaluatedProperties"),
}
_UNSUPPORTED["integer"] = _UNSUPPORTED["number"]
_COMBINED = ("oneOf", "not", "if", "then", "else", "dependentSchemas")
_MAX_OPTIONAL = 24
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def format_problems(wanted: object) -> Iterator[str]:
    """What is wrong with `output_config.format`."""
    place = "output_config.format"
    if not isinstance(wanted, Mapping):
        yield f"{place}: Input should be a valid dictionary"
    elif wanted.get("type") != "json_schema":
        yield f"{place}.type: Input should be 'json_schema'" if "type" in wanted else f"{place}.type: Field required"
    elif "schema" not in wanted:
        yield f"{place}.schema: Field required"
    elif not isinstance(wanted["schema"], Mapping):
        yield f"{place}.schema: Input should be a valid dictionary"
    elif not is_schema(wanted["schema"]):
        yield f"{place}.schema: {NO_SCHEMA}"
    elif found := problem(wanted["schema"]):
        yield f"{place}.schema: {found}"


def optional_problems(schemas: list[Schema]) -> Iterator[str]:
    """The sentence for more optional parameters in all these schemas together than the API compiles."""
    optional = sum(len(set(part.get("properties") or ()) - set(part.get("required") or ())) for part in _parts(schemas))
    if optional > _MAX_OPTIONAL:
        yield (
            f"Schemas contains too many optional parameters ({optional}), which would make grammar compilation "
            f"inefficient. Reduce the number of optional parameters in your tool schemas (limit: {_MAX_OPTIONAL})."
        )


def is_schema(value: Schema) -> bool:
    """Whether this is a JSON schema of draft 2020-12 at all."""
    # Here and not above: only requests with tools or a format pay for it.
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
    from jsonschema.exceptions import SchemaError  # type: ignore[import-untyped]

    try:
        Draft202012Validator.check_schema(value)
    except SchemaError:
        return False
    return True


def problem(schema: Schema) -> str | None:
    """The first thing in a schema that structured output does not take."""
    if circle := _circle(schema):
        return (
            f"Invalid schema: Circular reference detected in schema definitions: {' -> '.join(circle)}. "
            "Self-referencing or mutually-referencing definitions are not supported."
        )
    return next((found for part in _parts([schema]) for found in _part_problems(part, schema)), None)


def target(reference: str, root: Schema) -> Any:
    """What a reference such as `#/$defs/Person` points to; None where there is nothing."""
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/") if reference.strip("#/") else ():
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def inner(schema: Schema) -> list[Schema]:
    """The schemas directly inside a schema, without its definitions."""
    found = [*_mappings(schema.get("properties")), schema.get("items"), schema.get("additionalProperties")]
    for key in ("anyOf", "allOf", "oneOf", "prefixItems"):
        found += schema[key] if isinstance(schema.get(key), list) else []
    return [each for each in found if isinstance(each, Mapping)]


def _parts(schemas: list[Schema]) -> Iterator[Schema]:
    """These schemas and all that is inside them, definitions included."""
    for schema in schemas:
        yield schema
        definitions = [*_mappings(schema.get("$defs")), *_mappings(schema.get("definitions"))]
        yield from _parts([*inner(schema), *(each for each in definitions if isinstance(each, Mapping))])


def _mappings(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else []


def _circle(root: Schema) -> list[str] | None:
    """The names on the first way from a definition back to itself."""
    straight: set[str] = set()

    def walk(part: Schema, path: tuple[str, ...]) -> list[str] | None:
        reference = part.get("$ref")
        if isinstance(reference, str) and reference not in straight:
            if reference in path:
                return [_name(each) for each in (*path[path.index(reference) :], reference)]
            found = target(reference, root)
            if isinstance(found, Mapping) and (circle := walk(found, (*path, reference))):
                return circle
            straight.add(reference)
        return next((circle for each in inner(part) if (circle := walk(each, path))), None)

    return walk(root, ())


def _name(reference: str) -> str:
    return reference.rpartition("/")[2] or "#"


def _part_problems(part: Schema, root: Schema) -> Iterator[str]:
    yield from (f"Schema type '{key}' is not supported" for key in _COMBINED if key in part)
    if isinstance(reference := part.get("$ref"), str) and target(reference, root) is None:
        yield f"Invalid schema: Reference '{reference}' cannot be resolved; external references are not supported"
    if any("$ref" in each for each in part.get("allOf") or () if isinstance(each, Mapping)):
        yield "Invalid schema: 'allOf' with '$ref' is not supported"
    yield from _enum_problems(part)
    declared = part.get("type")
    for kind in declared if isinstance(declared, list) else [declared or ("object" if "properties" in part else "")]:
        yield from _type_problems(part, str(kind))


def _enum_problems(part: Schema) -> Iterator[str]:
    """What is wrong with an enum: its values are simple, and of the one type that is declared."""
    declared = part.get("type")
    known = _TYPES.get(declared) if isinstance(declared, str) else None
    for value in part.get("enum") or ():
        if isinstance(value, list | Mapping):
            yield f"Invalid schema: Enum value {json.dumps(value)} is not a string, number, boolean or null"
        elif declared is not None and (known is None or not _is_a(value, known)):
            says = declared if isinstance(declared, str) else json.dumps(declared, separators=(",", ":"))
            yield f"Invalid schema: Enum value '{value}' does not match declared type '{says}'"


def _is_a(value: object, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _type_problems(part: Schema, kind: str) -> Iterator[str]:
    if kind == "object" and "additionalProperties" not in part:
        yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
    elif kind == "object" and part["additionalProperties"] is not False:
        says = "true" if part["additionalProperties"] is True else "object"
        yield (
            f"For 'object' type, 'additionalProperties: {says}' is not supported. "
            "Please set 'additionalProperties' to false"
        )
    found = sorted(key for key in _UNSUPPORTED.get(kind, ()) if key in part)
    if len(found) == 1:
        yield f"For '{kind}' type, property '{found[0]}' is not supported"
    elif found:
        yield f"For '{kind}' type, properties {', '.join(found)} are not supported"
    if kind == "array" and part.get("minItems", 0) not in (0, 1):
        yield "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
    if kind == "string" and part.get("format") not in (None, *FORMATS):
        yield f"For 'string' type, format '{part['format']}' is not supported"
