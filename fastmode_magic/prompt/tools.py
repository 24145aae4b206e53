"""Functions of the notebook that Claude may have called: described by their signature, called with checked input."""

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from reprlib import Repr
from typing import Any, get_type_hints

from .problems import CannotSend
from .schemas import Schema, generator
from .structure import problems_of, sentence, told

Arguments = tuple[tuple[Any, ...], dict[str, Any]]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_WIDEST, _WIDEST_VALUE = 200, 90  # characters of a call that is shown, and of one argument
_GIVE_ANOTHER = "Write a small function around it, with named and annotated parameters, and give that."


_BRIEF = Repr()
_BRIEF.maxlevel, _BRIEF.maxdict, _BRIEF.maxlist, _BRIEF.maxstring, _BRIEF.maxother = 3, 4, 4, 24, 40
_BRIEF.fillvalue = "…"


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A function as Claude sees it: `schema` is the JSON schema of its input."""

    name: str
    description: str
    schema: Schema
    function: Callable[..., object] = field(repr=False)
    arguments: Callable[[str], Arguments] = field(repr=False)  # of an input, as JSON


def tool(function: object, name: str) -> Tool:
    """What the user gave to be called as `name`. Raises CannotSend for what Claude could not call."""
    if not _NAME.fullmatch(name):
        what = (
            f"A tool cannot be called `{name:.80}`: Claude's service takes Latin letters, digits, _ and -, at most 64."
        )
        raise CannotSend(what, "Give the function another name.")
    if not callable(function) or inspect.isclass(function):
        kind = "a class" if inspect.isclass(function) else f"of type {type(function).__name__}"
        raise CannotSend(f"`{name}` is {kind}, and no function.", _GIVE_ANOTHER)
    parameters = _parameters(function, name)
    description, said = _documented(function)
    adapter = _adapter(function, parameters, name)
    schema = adapter.json_schema(schema_generator=generator())
    for parameter, words in said.items():
        if parameter in schema["properties"]:
            schema["properties"][parameter].setdefault("description", words)
    return Tool(name, description, schema, function, adapter.validate_json)


def call(tool: Tool, input: object) -> object:  # noqa: A002  # the service's own word
    """What the function returns. Raises ValueError for input that it does not take, and what the function raises."""
    from pydantic import ValidationError

    if not isinstance(input, Mapping):
        raise ValueError(f"The input of {tool.name} must be a JSON object.")  # noqa: TRY004  # as for all that is wrong
    try:
        positional, named = tool.arguments(json.dumps(dict(input)))
    except ValidationError as error:
        raise ValueError(f"The input does not fit {tool.name}{told(problems_of(error), input)}") from None
    return tool.function(*positional, **named)


def described(tool_name: str, input: object) -> str:  # noqa: A002  # the service's own word
    """A call in one line, as Python would write it: "f(x=1, name='a…')"; about 200 characters at most."""
    name = tool_name if _NAME.fullmatch(tool_name) else _short(tool_name)
    given = input if isinstance(input, Mapping) else {}
    said: list[str] = []
    room = _WIDEST - len(name)
    for key, value in given.items():
        one = f"{key if key.isidentifier() and len(key) <= 40 else _short(key)}={_short(value)}"
        room -= len(one) + 2
        if room < 0 and said:
            said.append("…")
            break
        said.append(one)
    return f"{name}({', '.join(said)})"


def _short(value: object) -> str:
    if not isinstance(value, str):
        return _BRIEF.repr(value)[:_WIDEST_VALUE]
    said = repr(value[:_WIDEST_VALUE])
    return said if len(said) <= 62 and len(value) <= 60 else f"{said[:60]}…{said[0]}"


def _inner(function: object) -> Any:
    """The function that was written, where what was given is bound to something or called like one."""
    while isinstance(function, partial):
        function = function.func
    if not inspect.isroutine(function):
        function = type(function).__call__
    return getattr(function, "__func__", function)


def _parameters(function: Callable[..., object], name: str) -> list[inspect.Parameter]:
    """What Claude can give. What `partial` has set is the user's own."""
    written = _inner(function)
    if inspect.iscoroutinefunction(written) or inspect.isasyncgenfunction(written):
        raise CannotSend(f"`{name}` is async, and a tool's result is not awaited.", _GIVE_ANOTHER)
    if inspect.isgeneratorfunction(written):
        raise CannotSend(f"`{name}` is a generator, and Claude needs one result.", _GIVE_ANOTHER)
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        raise CannotSend(f"The parameters of `{name}` cannot be found out.", _GIVE_ANOTHER) from None
    for one in parameters.values():
        if one.kind in {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}:
            star = "*" if one.kind is inspect.Parameter.VAR_POSITIONAL else ""
            what = f"`{name}` takes `{star}{one.name}` by position alone, and Claude gives arguments by name."
            raise CannotSend(what, _GIVE_ANOTHER)
    bound = function.keywords if isinstance(function, partial) else {}
    return [one for key, one in parameters.items() if key not in bound]


def _adapter(function: Callable[..., object], parameters: list[inspect.Parameter], name: str) -> Any:
    """pydantic's checker of arguments: of a function that has these parameters and returns what it is called with.

    The user's own function is not called by pydantic, so that an error of its own is not taken for wrong input.
    """
    from pydantic import TypeAdapter

    def taken(*positional: Any, **named: Any) -> Arguments:
        return positional, named

    taken.__annotations__ = {one.name: one.annotation for one in parameters if one.annotation is not one.empty}
    written = inspect.unwrap(_inner(function))
    try:
        hints = get_type_hints(taken, getattr(written, "__globals__", None), include_extras=True)
    except Exception as error:  # noqa: BLE001  # an annotation in quotes is foreign code
        raise CannotSend(f"The annotations of `{name}` cannot be read: {sentence(error)}", _GIVE_ANOTHER) from None
    for parameter, hint in hints.items():
        try:
            TypeAdapter(hint).json_schema(schema_generator=generator())
        except Exception as error:  # noqa: BLE001  # a type may bring a schema of its own, which is foreign code
            what = f"The parameter `{parameter}` of `{name}` cannot be given as JSON: {sentence(error)}"
            raise CannotSend(what, f"Set it beforehand, with functools.partial({name}, {parameter}=…).") from None
    taken.__annotations__ = {one.name: hints.get(one.name, Any) for one in parameters}
    seen: Any = taken
    seen.__signature__ = inspect.Signature([one.replace(annotation=hints.get(one.name, Any)) for one in parameters])
    return TypeAdapter(seen)


def _documented(function: Callable[..., object]) -> tuple[str, dict[str, str]]:
    """What the docstring says of the function, and of each parameter."""
    written = _inner(function)
    own = isinstance(function, partial) or inspect.isroutine(function)  # or it is called by its class's __call__
    whole = (
        inspect.getdoc(written) if own else inspect.cleandoc(written.__doc__ or type(function).__doc__ or "")
    ) or ""
    try:
        from docstring_parser import ParseError, parse
    except ImportError:  # it comes with the SDK, today
        return whole, {}
    try:
        parts = parse(whole)
    except ParseError:
        return whole, {}
    said: dict[str, str] = {}
    for one in parts.params:
        for key in one.arg_name.split(","):
            said[key.strip(" *")] = one.description or ""
    returns = f"Returns: {parts.returns.description}" if parts.returns and parts.returns.description else None
    words = [words for words in (parts.short_description, parts.long_description, returns) if words]
    return "\n\n".join(words), {key: one for key, one in said.items() if one}
