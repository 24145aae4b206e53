"""Frames that are not computed yet: their columns are named, and nothing is collected."""

import narwhals as nw

from .cells import LONGEST_NAME, cell, head, label, row
from .content import Text
from .excerpts import clean, counted, listed, room, shortened, shorter, size
from .kinds import described
from .subjects import Rendered, Subject


def lazy_frame(subject: Subject) -> Rendered:
    """A polars LazyFrame, a dask DataFrame, a relation of DuckDB …"""
    schema = subject.asked("The schema", lambda: dict(nw.from_native(subject.value).collect_schema()))
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
