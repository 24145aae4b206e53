"""Functions, classes and modules: their source, or what they say of themselves."""

import ast
import inspect
import linecache
import textwrap
from types import CodeType
from typing import Any

from .content import Text
from .excerpts import clean, one_line, room, shortened, size
from .files import fenced
from .subjects import Rendered, Subject
from .traces import is_cell

LONGEST_LINE = 200
_METHODS = {"method", "method_descriptor", "wrapper_descriptor", "classmethod_descriptor", "method-wrapper"}


def source(subject: Subject) -> Rendered:
    """The source of a function, a method or a class."""
    value = subject.value
    return subject.asked("The source", lambda: _source(subject, value))


def builtin(subject: Subject) -> Rendered:
    """The signature and docstring of what has no source in Python."""
    return subject.asked("The docstring", lambda: _documented(subject, subject.value))


def module(subject: Subject) -> Rendered:
    """A module's name and the first line of its docstring."""
    value = subject.value

    def said() -> str:
        doc = inspect.getdoc(value) or ""
        return one_line(doc.strip().partition("\n")[0], LONGEST_LINE)

    first = subject.asked("The docstring", said)
    name = one_line(str(vars(value).get("__name__", "?")), LONGEST_LINE)
    text = f"{subject.quoted}: module `{name}`" + (f": {first}" if first else "")
    return Rendered((Text(shortened(clean(text), subject.allowance)),), "module", inline=True)


def _source(subject: Subject, value: Any) -> Rendered:
    found: str | None
    try:
        found = inspect.getsource(value)
    except (OSError, TypeError, ValueError, IndentationError):  # not in a file, or wrapped in itself
        found = _class_source(value) if isinstance(value, type) else None
    if not found:
        return _documented(subject, value)
    name = _name(value)
    intro = f"{subject.quoted}: {_what(value)} `{name}`\n"
    block = fenced(textwrap.dedent(clean(found)), "python")
    text, cut = f"{intro}{block}", None
    if size(text) > room(subject.allowance):
        kept = shortened(textwrap.dedent(clean(found)), max(1, subject.allowance - len(intro.encode()) // 3 - 12))
        text, cut = f"{intro}{fenced(kept, 'python')}", f"The middle of its source was left out {subject.within}."
    return Rendered((Text(shortened(text, subject.allowance)),), f"{_what(value)} {name}", cut)


def _class_source(value: type) -> str | None:
    """The source of a class of a notebook, which `inspect` finds only since Python 3.13: by the file of a method.

    A class without any, such as an Enum, is looked for in the cells, the last one first.
    """
    methods = (getattr(one, "__func__", getattr(one, "fget", one)) for one in vars(value).values())
    codes = (getattr(method, "__code__", None) for method in methods)
    for code in codes:
        if not isinstance(code, CodeType) or not code.co_qualname.startswith(f"{value.__qualname__}."):
            continue
        if found := _definition(linecache.getlines(code.co_filename), value.__name__, code.co_firstlineno):
            return found
    if value.__module__ != "__main__":
        return None
    cells = (linecache.getlines(file) for file in reversed(list(linecache.cache)) if is_cell(file))
    return next(filter(None, (_definition(lines, value.__name__) for lines in cells)), None)


def _definition(lines: list[str], name: str, inner: int | None = None) -> str | None:
    """The last class statement of that name, around line `inner` if that is known."""
    text = "".join(lines)
    if f"class {name}" not in text:
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    for node in reversed([node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name]):
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        last = node.end_lineno or first
        if inner is None or first <= inner <= last:
            return "".join(lines[first - 1 : last])
    return None


def _documented(subject: Subject, value: Any) -> Rendered:
    """Signature and docstring; of a class also its attributes and methods by name."""
    try:
        signature = str(inspect.signature(value))
    except (TypeError, ValueError):
        signature = "(…)"
    name = _name(value)
    parts = [f"{subject.quoted}: {_what(value)} `{name}{signature}`", clean(inspect.getdoc(value) or "")]
    text = "\n\n".join(part for part in parts if part)
    sent = shortened(text, subject.allowance)
    cut = f"The middle of its docstring was left out {subject.within}." if sent != text else None
    return Rendered((Text(sent),), f"{_what(value)} {name}", cut, inline="\n" not in sent)


def _what(value: Any) -> str:
    if isinstance(value, type):
        return "class"
    return "method" if type(value).__name__ in _METHODS else "function"


def _name(value: Any) -> str:
    """Its full name, without `__main__` or `builtins`."""
    qualified = getattr(value, "__qualname__", None) or getattr(value, "__name__", None) or "?"
    home = getattr(value, "__module__", None)
    return one_line(str(qualified) if home in {None, "builtins", "__main__"} else f"{home}.{qualified}", LONGEST_LINE)
