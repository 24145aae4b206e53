"""Structured answers: from a type or a JSON schema to what Claude is asked to fit, and from the text to a value."""

import dataclasses
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, get_origin

from .problems import CannotSend
from .schemas import DEFINITIONS, Schema, lenient_generator, sendable
from .typed_dicts import modern

if TYPE_CHECKING:
    from pydantic import ValidationError

Problems = list[tuple[tuple[Any, ...], str]]  # the path to each, and what it is

_VALUE = "value"  # what is no object is sent as the only property of one
_LONGEST = 300  # characters of another's message
_NAME_A_TYPE = (
    "Name a pydantic model, a dataclass, TypedDict, NamedTuple or Enum, a list[…] of one, or a JSON schema as a dict."
)


class Invalid(Exception):
    """An answer that does not fit its shape; `what` says where, in a sentence."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True, slots=True)
class Shape:
    """What an answer must fit: `schema` is a JSON schema that Claude can be held to; its root is an object."""

    name: str
    schema: Schema = field(hash=False)
    reader: Callable[[str, object], object] = field(repr=False, compare=False)

    def read(self, text: str) -> object:
        """The answer as an instance of the type, or as plain data for a JSON schema. Raises Invalid."""
        try:
            return self.reader(text, json.loads(text))
        except json.JSONDecodeError as error:
            raise Invalid(_broken(error)) from None
        except Invalid as error:
            raise Invalid(f"The answer does not fit {self.name}{error.what}") from None
        except Exception as error:
            # A model's validators are foreign code; the answer is paid for, and whoever asked still has its text.
            raise Invalid(f"The answer cannot be read as {self.name}: {sentence(error)}") from error


def shape(value: object, name: str) -> Shape:
    """What an answer must fit to be a `value`, which the user calls `name`. Raises CannotSend for what it cannot."""
    if isinstance(value, Mapping):
        return _of_schema(value, name)
    if _is_type(value):
        return _of_type(value, name)
    kind = f"the class {value.__name__}" if isinstance(value, type) else f"of type {type(value).__name__}"
    raise CannotSend(f"`{name}` is {kind}, and no answer can be made to fit it.", _NAME_A_TYPE)


def rows(value: object) -> list[dict[str, Any]]:
    """Records for a table, with nested ones as columns "a.b", as pandas.json_normalize names them.

    A list has a row for each of its items. So has an object with one list of records, and what else it has is repeated
    in each row; an object of lists of one length has them as columns; anything else is one row.
    """
    data = _plain(value)
    records = data if isinstance(data, list) else _records(data)
    flat = [_flat(one if isinstance(one, dict) else {_VALUE: one}) for one in records]
    parents = {key[:at] for row in flat for key in row for at, sign in enumerate(key) if sign == "."}
    # A nested record that is missing in one row is missing in all its columns there, and is no column of its own.
    return [{key: one for key, one in row.items() if one is not None or key not in parents} for row in flat]


def problems_of(error: "ValidationError") -> Problems:
    """What pydantic found."""
    found: Problems = []
    for one in error.errors(include_url=False, include_context=False):
        path = tuple(one["loc"])
        if path and one["type"].startswith("missing"):
            found.append((path[:-1], f"`{path[-1]}` is missing"))
        else:
            found.append((path, one["msg"]))
    return found


def told(problems: Problems, data: object) -> str:
    """The first of some problems with where it is in `data`: " at items[2].price: … (and 3 more)."."""
    places = list(dict.fromkeys(_place(path, data) for path, _ in problems))
    at = f" at {places[0]}" if places[0] else ""
    more = f" (and {len(places) - 1:,} more)" if len(places) > 1 else ""
    return f"{at}: {sentence(problems[0][1]).removesuffix('.')}{more}."


def sentence(error: object) -> str:
    """What an exception says, in one sentence."""
    words = str(getattr(error, "message", error)).strip() or type(error).__name__
    first = re.split(r"(?<=[^.])\.\s|\n", words, maxsplit=1)[0].strip()
    return f"{first if len(first) <= _LONGEST else first[: _LONGEST - 1] + '…'}".removesuffix(".") + "."


def _is_type(value: object) -> bool:
    """Whether it is a type that has parts; what is as bare as int or list says too little."""
    from pydantic import BaseModel
    from typing_extensions import TypeAliasType, is_typeddict

    if isinstance(value, type) and get_origin(value) is None:
        return (
            dataclasses.is_dataclass(value)
            or (issubclass(value, BaseModel) and value is not BaseModel)
            or (issubclass(value, Enum) and len(value) > 0)
            or (issubclass(value, tuple) and hasattr(value, "_fields"))
            or is_typeddict(value)
        )
    return get_origin(value) is not None or is_typeddict(value) or isinstance(value, TypeAliasType)


def _of_type(value: Any, name: str) -> Shape:
    from pydantic import TypeAdapter, ValidationError, create_model

    adapter: TypeAdapter[Any]
    try:
        value = modern(value)
        adapter = TypeAdapter(value)
        schema = sendable(adapter.json_schema(schema_generator=lenient_generator()), name)
        if wrapped := schema.get("type") != "object":
            adapter = TypeAdapter(create_model(name, value=(value, ...)))
            schema = sendable(adapter.json_schema(schema_generator=lenient_generator()), name)
    except CannotSend:
        raise
    except Exception as error:  # noqa: BLE001  # a type may bring a schema of its own, which is foreign code
        raise CannotSend(f"`{name}` has no JSON schema: {sentence(error)}", _NAME_A_TYPE) from None

    def read(text: str, data: object) -> object:
        try:
            found = adapter.validate_json(text)
        except ValidationError as error:
            raise Invalid(_told(problems_of(error), data, wrapped=wrapped)) from None
        return found.value if wrapped else found

    return Shape(name, schema, read)


def _of_schema(given: Mapping[Any, Any], name: str) -> Shape:
    from jsonschema.exceptions import SchemaError, best_match  # type: ignore[import-untyped]
    from jsonschema.validators import Draft202012Validator, validator_for  # type: ignore[import-untyped]
    from referencing import Registry

    try:
        schema: Schema = json.loads(json.dumps(dict(given), allow_nan=False))
        kind = validator_for(schema, default=Draft202012Validator)
        kind.check_schema(schema)
    except SchemaError as error:
        at = _place(error.absolute_path, schema)
        where = f" at `{at}`" if at else ""
        raise CannotSend(f"`{name}` is no valid JSON schema{where}: {sentence(error)}", "Correct it there.") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise CannotSend(f"`{name}` is no JSON schema: {sentence(error)}", _NAME_A_TYPE) from None
    whole = {key: value for key, value in schema.items() if key != "$id"}  # or its references would lead elsewhere
    if wrapped := sendable(whole, name).get("type") != "object":
        definitions = {key: whole.pop(key) for key in DEFINITIONS if key in whole}
        whole = {"type": "object", "properties": {_VALUE: whole}, "required": [_VALUE], **definitions}
    checker = kind(whole, registry=Registry(), format_checker=kind.FORMAT_CHECKER)

    def read(_: str, data: Any) -> object:
        problems = [best_match([error]) for error in checker.iter_errors(data)]
        if problems:
            found = [(tuple(one.absolute_path), one.message) for one in problems]
            raise Invalid(_told(found, data, wrapped=wrapped))
        return data[_VALUE] if wrapped else data

    return Shape(name, sendable(whole, name), read)


def _told(problems: Problems, data: Any, *, wrapped: bool) -> str:
    """The same without the object around it, which the user never wrote."""
    if not wrapped or not isinstance(data, dict) or _VALUE not in data:
        return told(problems, data)
    return told([(path[1:] if path[:1] == (_VALUE,) else path, what) for path, what in problems], data[_VALUE])


def _place(path: Iterable[Any], data: Any) -> str:
    """`items[2].price`, of the steps that lead somewhere: pydantic's paths name the branches of unions too."""
    said = ""
    for step in path:
        if isinstance(data, dict) and step in data:
            said += f".{step}" if re.fullmatch(r"[\w$-]{1,60}", step) else f"[{step[:60]!r}]"
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            said += f"[{step}]"
        else:
            continue
        data = data[step]
    return said.removeprefix(".")


def _broken(error: json.JSONDecodeError) -> str:
    if not error.doc.strip():
        return "The answer is empty, and no JSON."
    at = f"line {error.lineno}, column {error.colno} (character {error.pos + 1:,} of {len(error.doc):,})"
    cut = "" if error.msg == "Extra data" else "; it may have been cut"
    return f"The answer is no JSON at {at}: {error.msg}{cut}."


def _plain(value: Any) -> Any:
    """Records as dicts, all that has several items as a list, and the members of an Enum as their values."""
    if callable(getattr(value, "model_dump", None)) and not isinstance(value, type):
        return _plain(value.model_dump(warnings=False))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return _plain(value._asdict())
    match value:
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(one) for one in value]
        case Enum():
            return value.value
    return value


def _records(data: Any) -> list[Any]:
    """The rows of what is no list."""
    if not isinstance(data, dict):
        return [data]
    lists = {key: one for key, one in data.items() if isinstance(one, list)}
    tables = [key for key, one in lists.items() if (one or len(data) == 1) and all(isinstance(x, dict) for x in one)]
    if len(tables) == 1:
        others = {key: one for key, one in data.items() if key != tables[0]}
        return [others | row for row in lists[tables[0]]]
    if lists and len(lists) == len(data) and len({len(one) for one in lists.values()}) == 1:
        return [dict(zip(data, row, strict=True)) for row in zip(*data.values(), strict=True)]
    return [data]


def _flat(record: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, one in record.items():
        flat |= _flat(one, f"{before}{key}.") if isinstance(one, dict) else {f"{before}{key}": one}
    return flat
