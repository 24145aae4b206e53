"""Frames that are not computed yet: their columns are named, and nothing is collected."""

from typing import Any

import narwhals as nw

from .cells import LONGEST_NAME, cell, head, label, row
from .content import Text
from .excerpts import clean, counted, listed, room, shortened, shorter, size
from .kinds import described
from .subjects import Rendered, Subject


def lazy_frame(subject: Subject) -> Rendered:
    """A polars LazyFrame, a dask DataFrame, a relation of DuckDB …"""
    schema = subject.asked("The schema", lambda: _schema(subject.value))
    what, extent = described(type(subject.value)), counted(len(schema), "column")
    intro = f"{subject.quoted}: {what}, {extent}, not collected\n\n" + "\n".join(head(("column", "dtype")))
    lines = [row((label(name), shorter(cell(str(dtype)), LONGEST_NAME))) for name, dtype in schema.items()]
    free = room(subject.allowance) - size(intro)
    shown = 0
    if sum(map(size, lines)) + len(lines) > free:
        free -= free // 5  # for the names of the others
        while shown < len(lines) and (free := free - size(lines[shown]) - 1) >= 0:
            shown += 1
    else:
        shown = len(lines)
    text, cut = "\n".join([intro, *lines[:shown]]), None
    if more := len(lines) - shown:
        names = listed(map(label, list(schema)[shown:]), room(subject.allowance) - size(text) - 30, more)
        text += f"\n\n{counted(more, 'more column')}{f': {names}' if names else ''}"
        cut = f"{more:,} of {extent} were left out {subject.within}."
    return Rendered((Text(shortened(clean(text), subject.allowance)),), f"{what}, {extent}", cut)


def _schema(value: Any) -> dict[str, Any]:
    """The dtype of each column."""
    if type(value).__name__ == "DuckDBPyRelation":  # says so itself, whatever version narwhals knows
        return dict(zip(value.columns, value.types, strict=True))
    return dict(nw.from_native(value).collect_schema())
