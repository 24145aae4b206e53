"""Variables in a prompt: `{name}`, `{obj.attr}`, `{row["x"]}`, `{x:.2f}`, and nothing else that has braces.

Only names, attributes, constant subscripts and format specs: nothing is called or evaluated. What other languages mean
by braces is left as it is written, known by what stands around it: `{{x}}`, `${x}`, `\\frac{a}{b}`, `x_{i}`, `f"{x}"`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from .braces import CODE, NAME, placeholders
from .patience import PATIENCE_S, OutOfTime, within
from .problems import CannotSend

_STEPS = re.compile(rf"\.(?P<attribute>{NAME})|\[(?:(?P<index>-?\d+)|(?P<key>\"[^\n]*?(?<!\\)\"|'[^\n]*?(?<!\\)'))\]")
_TOLD = frozenset("$#%@^_")
_LATEX = re.compile(r"\\[A-Za-z]|\$[^$\n]+\$")
_INSTEAD = "Put what you mean into a variable of its own, or send braces as they are written with --no-vars."
MOST_NAMED = 5  # in one notice


@dataclass(frozen=True, slots=True)
class Variable:
    """One placeholder of a prompt: where it stands, its path as written, its format spec, and its value."""

    start: int
    end: int
    path: str
    spec: str | None
    value: object


@dataclass(frozen=True, slots=True)
class Found:
    """The variables of a prompt in their order, and what the user should know of those that are none."""

    variables: tuple[Variable, ...] = ()
    notices: tuple[str, ...] = ()


class Absent(Exception):
    """A name, attribute or key is not there; `near` is the path with the nearest one that is."""

    def __init__(self, near: str | None) -> None:
        super().__init__(near)
        self.near = near


def find(text: str, namespace: Mapping[str, Any]) -> Found:
    """The variables in `text` that `namespace` has. Raises CannotSend where looking one up fails."""
    variables: list[Variable] = []
    absent: dict[str, str | None] = {}
    foreign: list[str] = []
    unformatted: list[str] = []
    in_code: list[str] = []
    for match, others in placeholders(text):
        path = match["path"]
        if others:
            known = path.partition(".")[0].partition("[")[0] in namespace
            if known and others == CODE:
                in_code.append(match[0])
            elif known and others in _TOLD:
                foreign.append(text[match.start() - 1 : match.end()])
            continue
        if path in absent:
            continue
        try:
            value = look_up(path, namespace, suggest=len(absent) < MOST_NAMED)
        except Absent as missing:
            absent[path] = missing.near
        else:
            variable = Variable(match.start(), match.end(), path, match["spec"], value)
            if _is_formatted(variable):
                variables.append(variable)
            else:
                unformatted.append(match[0])
    if foreign and _LATEX.search(text):
        foreign = [one for one in foreign if one[0] not in "_^"]
    return Found(tuple(variables), (*_missing(absent), *_foreign(foreign), *_odd(unformatted), *_code(in_code)))


def look_up(path: str, namespace: Mapping[str, Any], *, suggest: bool = True) -> object:
    """The object that a path such as `row["x"].name` names. Raises Absent, which may `suggest` the nearest."""
    name = path.partition(".")[0].partition("[")[0]
    if name not in namespace:
        known = [one for one in namespace if not one.startswith("_")] if suggest else []
        raise Absent(_near(name, known, ""))
    value, done = namespace[name], str(name)
    for step in _STEPS.finditer(path, len(name)):
        value = _taken(value, step, done)
        done = path[: step.end()]
    return value


def formatted(variable: Variable) -> str:
    """The variable's value by its format spec. Raises CannotSend where it does not go."""
    try:
        return within(PATIENCE_S, lambda: format(variable.value, variable.spec or ""))
    except (Exception, OutOfTime) as error:  # noqa: BLE001  # `__format__` is foreign code
        raise CannotSend(
            f"`{{{variable.path}:{variable.spec}}}` cannot be formatted: {error}.",
            "Change what follows the colon, or leave it out; --no-vars sends braces as they are written.",
        ) from None


def _taken(value: Any, step: re.Match[str], done: str) -> object:
    """One attribute or subscript further."""
    attribute, index, key = step["attribute"], step["index"], step["key"]
    if attribute and attribute.startswith("__"):
        raise Absent(None)  # the inside of an object is no variable
    try:
        if attribute:
            return within(PATIENCE_S, lambda: getattr(value, attribute))
        return within(PATIENCE_S, lambda: value[int(index) if index is not None else _unquoted(key)])
    except OutOfTime:
        raise CannotSend(f"`{{{done}{step[0]}}}` took longer than {PATIENCE_S:g} s.", _INSTEAD) from None
    except (AttributeError, KeyError, IndexError, TypeError):
        raise Absent(_near_step(value, attribute, key, done)) from None
    except Exception as error:  # noqa: BLE001  # a property is foreign code
        raise CannotSend(f"`{{{done}{step[0]}}}` cannot be read: {type(error).__name__}: {error}.", _INSTEAD) from None


def _near_step(value: Any, attribute: str | None, key: str | None, done: str) -> str | None:
    if attribute:
        names = [name for name in dir(type(value)) + list(getattr(value, "__dict__", ())) if not name.startswith("_")]
        return _near(attribute, names, f"{done}.")
    keys = getattr(value, "keys", None)
    if key is None or not callable(keys):
        return None
    try:
        near = get_close_matches(_unquoted(key), [one for one in keys() if isinstance(one, str)][:1_000], n=1)
    except Exception:  # noqa: BLE001  # only a suggestion is lost
        return None
    return f"{done}[{near[0]!r}]" if near else None


def _unquoted(key: str) -> str:
    return re.sub(r"\\(.)", r"\1", key[1:-1])


def _near(name: str, names: list[str], before: str) -> str | None:
    near = [one for one in get_close_matches(name, names, n=2) if one != name]
    near = near or [one for one in names if one.lower() == name.lower() and one != name]
    return f"{before}{near[0]}" if near else None


def _missing(absent: Mapping[str, str | None]) -> Iterator[str]:
    if not absent:
        return
    names = ", ".join(f"`{{{path}}}`" for path in list(absent)[:MOST_NAMED])
    more = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
    near = [f"`{{{one}}}`" for one in dict.fromkeys(absent.values()) if one][:MOST_NAMED]
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    yield f"Sent as written, for there is no such variable: {names}{more}.{meant}"


def _is_formatted(variable: Variable) -> bool:
    """Whether what follows a colon is a format: `{x:d}` may as well be an object of JavaScript."""
    if variable.spec is None or not (len(variable.spec) <= 2 and variable.spec.isalnum()):
        return True
    try:
        formatted(variable)
    except CannotSend:
        return False
    return True


def _odd(unformatted: list[str]) -> Iterator[str]:
    if unformatted:
        shown = ", ".join(f"`{one}`" for one in dict.fromkeys(unformatted[:MOST_NAMED]))
        yield f"Sent as written, for what follows the colon is no format of that variable: {shown}."


def _code(in_code: list[str]) -> Iterator[str]:
    if in_code:
        shown = ", ".join(f"`{one}`" for one in dict.fromkeys(in_code[:MOST_NAMED]))
        yield f"Sent as written, for it stands in code: {shown}. In code, a variable alone on its line is filled in."


def _foreign(foreign: list[str]) -> Iterator[str]:
    if foreign:
        shown = ", ".join(f"`{one}`" for one in dict.fromkeys(foreign[:MOST_NAMED]))
        yield f"Sent as written, as another language's braces: {shown}. A space before the brace makes it a variable."
