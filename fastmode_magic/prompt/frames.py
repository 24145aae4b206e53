"""Frames and series of polars, pyarrow and whatever else narwhals reads without collecting it."""

from importlib import import_module
from typing import Any

import narwhals as nw

from .cells import label
from .columns import Column
from .kinds import by_class, described
from .problems import CannotSend
from .reductions import Series
from .sheets import Sheet, rendered
from .subjects import Rendered, Subject


def frame(subject: Subject) -> Rendered:
    """A polars DataFrame, a pyarrow Table …"""
    value = subject.value
    if type(value).__name__ == "RecordBatch":
        value = import_module("pyarrow").Table.from_batches([value])
    arrow = type(value).__module__.startswith("pyarrow")
    whole: Any = value if arrow else nw.from_native(value, eager_only=True)
    names: list[str] = value.column_names if arrow else whole.columns

    def series(at: int) -> Series:
        """By place: pyarrow lets names occur twice."""
        one: Series = nw.from_native(value.column(at), series_only=True) if arrow else whole.get_column(names[at])
        return one

    sheet = Sheet(
        described(type(subject.value)),
        rows=len(value),
        width=len(names),
        column=lambda at: column(label(names[at]), series(at)),
        label=lambda at: label(names[at]),
    )
    return rendered(subject, sheet)


def series(subject: Subject) -> Rendered:
    """A polars Series, a pyarrow ChunkedArray …"""
    alone = column(
        label(getattr(subject.value, "name", None) or "value"), nw.from_native(subject.value, series_only=True)
    )
    what = described(type(subject.value))
    sheet = Sheet(what, alone.rows, 1, lambda _: alone, lambda _: alone.label, series=True)
    return rendered(subject, sheet)


def wrapped(subject: Subject) -> Rendered:
    """A frame of narwhals: what is in it."""
    inner = subject.of(nw.to_native(subject.value))
    renderer = by_class(type(inner.value))
    if renderer is None:
        raise CannotSend(
            f"{subject.quoted} is a narwhals frame of {described(type(inner.value))}, which cannot be shown.",
            "Send a part of it as a pandas or polars frame.",
        )
    return renderer(inner)


def column(name: str, whole: Series, null: str = "null", *, countable: bool = True) -> Column:
    """A column that is there as a whole."""

    def take(positions: Any) -> Series:
        return whole[list(positions)] if len(positions) < len(whole) else whole

    return Column(name, len(whole), take, null, whole, countable)
