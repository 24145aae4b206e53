"""What of the notebook's namespace can be named in braces, by --schema and by --tools: for completion."""

import re
from collections.abc import Iterable, Mapping
from types import FunctionType, MethodType
from typing import Any

from ..prompt.template import look_up

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
        value = look_up(last["base"], namespace)
    except Exception:  # noqa: BLE001  # a property is foreign code, and nobody asked to see it fail
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
