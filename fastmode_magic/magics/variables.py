"""What of the notebook's namespace can be named in braces, by --schema and by --tools: for completion."""

import ast
import inspect
import re
from collections.abc import Iterable, Mapping
from types import FunctionType, MethodType
from typing import Any

MOST = 500
_INSIDE = re.compile(r"(?:^|[^{$\\])\{([^\W\d][\w.]*(?:\[[^\]{}]*\]?[\w.]*)*)?$")
_LAST = re.compile(r"(?P<base>.*?)(?:(?P<dot>\.)(?P<name>\w*)|\[(?P<quote>[\"'])(?P<key>[^\"']*))$")
_SHELL_NAMES = frozenset({"exit", "quit", "get_ipython", "open"})


def inside_braces(line: str, namespace: Mapping[str, Any]) -> tuple[str, list[str]] | None:
    """What is typed of a variable where `line` ends, and what it can become; None outside of braces."""
    found = _INSIDE.search(line[-300:])
    if not found:
        return None
    typed = found[1] or ""
    last = _LAST.match(typed)
    if not last:
        return typed, _begun(typed, (name for name in namespace if name not in _SHELL_NAMES), "")
    try:
        value = _at_rest(last["base"], namespace)
    except (LookupError, AttributeError, TypeError):
        return typed, []
    if last["dot"]:
        return typed, _begun(last["name"], _attributes(value), f"{last['base']}.")
    quote = last["quote"]
    keys = [f"{key}{quote}]" for key in _keys(value) if quote not in key and "\\" not in key]
    return typed, _begun(last["key"], keys, f"{last['base']}[{quote}")


def schemas(namespace: Mapping[str, Any]) -> list[str]:
    """The names of types, and of JSON schemas."""
    return sorted(name for name, value in namespace.items() if not name.startswith("_") and _is_schema(value))


def functions(namespace: Mapping[str, Any]) -> list[str]:
    """The names of functions."""
    return sorted(
        name
        for name, value in namespace.items()
        if not name.startswith("_") and name not in _SHELL_NAMES and isinstance(value, FunctionType | MethodType)
    )


def _at_rest(path: str, namespace: Mapping[str, Any]) -> Any:
    """What a path names, as far as it can be known without running a property: nobody has asked for that yet."""
    name, *steps = re.split(r"\.|(?=\[)", path)
    value: Any = namespace[name]
    for step in steps:
        if step.startswith("["):
            if type(value) not in {dict, list, tuple}:
                raise LookupError(step)
            value = value[ast.literal_eval(step[1:-1])]
        else:
            value = inspect.getattr_static(value, step)
            if hasattr(type(value), "__get__") and not isinstance(value, FunctionType | MethodType):
                raise LookupError(step)
    return value


def _begun(typed: str, names: Iterable[str], before: str) -> list[str]:
    hidden = typed.startswith("_")
    found = sorted(name for name in names if name.startswith(typed) and (hidden or not name.startswith("_")))
    return [f"{before}{name}" for name in found[:MOST]]


def _attributes(value: object) -> list[str]:
    try:
        return dir(value)
    except Exception:  # noqa: BLE001  # `__dir__` is foreign code
        return []


def _keys(value: Any) -> list[str]:
    """The text keys of a mapping, or the columns of a frame."""
    names = getattr(value, "columns", None)
    try:
        return [key for key in (value if names is None else names) if isinstance(key, str)][:MOST]
    except Exception:  # noqa: BLE001  # iteration is foreign code
        return []


def _is_schema(value: object) -> bool:
    if isinstance(value, type):
        marks = ("model_json_schema", "__dataclass_fields__", "__total__", "_fields")
        return any(hasattr(value, mark) for mark in marks)
    return isinstance(value, dict) and ("properties" in value or "type" in value or "$ref" in value)
