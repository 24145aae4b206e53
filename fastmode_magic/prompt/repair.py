"""The prompt that explains and repairs an error: the cell, the traceback, the variables that the cell touched."""

import ast
import linecache
import re
from collections.abc import Mapping
from types import ModuleType, TracebackType
from typing import Any

from .content import Text, words
from .files import fenced
from .keys import Keys
from .problems import CannotSend
from .rendering import render

ERROR_TOKENS, VARIABLE_TOKENS, MOST_VARIABLES = 3_000, 500, 12
_SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython", "open"})
ASK = (
    "A cell of my Jupyter notebook failed. Say in two or three sentences why, then give the whole corrected cell as "
    "one Python code block. Change no more than the repair needs; if the fault is elsewhere, say so and give that code."
)


def repair(error: BaseException, namespace: Mapping[str, Any], wish: str, keys: Keys) -> str:
    """The prompt for `error`, with the source of the cell that raised it where that is known.

    Raises CannotSend where the traceback itself cannot be sent.
    """
    source = cell_source(error, namespace)
    parts = [ASK, wish, *(["The cell:", fenced(source.rstrip(), "python")] if source else [])]
    traceback = render(error, "error", ERROR_TOKENS).pieces
    parts.append(words(traceback))
    shown = [_variable(name, namespace[name], keys) for name in touched(source or "", namespace)[:MOST_VARIABLES]]
    if any(shown):
        parts += ["The variables that the cell names:", *(part for part in shown if part)]
    prompt = "\n\n".join(part for part in parts if part)
    keys.stay_out([Text(prompt)], "the cell that failed, its traceback or a variable of it")
    return prompt


def cell_source(error: BaseException, namespace: Mapping[str, Any]) -> str | None:
    """The source of the notebook's cell that raised `error`, by the innermost frame that is one of a cell."""
    filename = None
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals is namespace:
            filename = trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        filename = error.filename
    return "".join(linecache.getlines(filename)) or None if filename else None


def touched(source: str, namespace: Mapping[str, Any]) -> list[str]:
    """The names in `source` that are objects of the notebook, in the order in which they come."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        names = re.findall(r"[^\W\d]\w*", source)
    else:
        names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
        names.sort(key=source.find)
    known = [name for name in dict.fromkeys(names) if name in namespace and name not in _SHELL_NAMES]
    return [name for name in known if not name.startswith("_") and not isinstance(namespace[name], ModuleType)]


def _variable(name: str, value: object, keys: Keys) -> str | None:
    try:
        rendered = render(value, name, VARIABLE_TOKENS)
        keys.stay_out(rendered.pieces, f"`{name}`")
    except CannotSend:  # what cannot be sent is left out: it may well be the fault
        return f"`{name}` is a {type(value).__name__} that cannot be shown."
    said = words(rendered.pieces)
    return f"`{name}` ({rendered.kind}): {said}" if said else f"`{name}`: {rendered.kind}"
