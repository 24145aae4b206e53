"""What only pandas has: an index, names of any type and more than once, missing values of four kinds."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import narwhals as nw
import pandas as pd  # type: ignore[import-untyped]

from .cells import cell, label
from .columns import Column
from .excerpts import listed
from .frames import column
from .kinds import described
from .reductions import Series
from .sheets import Sheet, rendered
from .subjects import Rendered, Subject

EXACT_OBJECTS = 500_000  # values of object columns whose nulls are counted in some 10 ms
LONGEST_REMARK = 200
NO_NAME = "(no name)"


def frame(subject: Subject) -> Rendered:
    """A DataFrame, its index as its first columns."""
    value = subject.value
    names = value.columns.tolist()
    write, remarks = subject.asked("A column's name", lambda: _naming(value.columns, names))
    index = _index(subject, value.index)

    def named(name: Any) -> str:
        return subject.asked("A column's name", lambda: write(name))

    def made(at: int) -> Column:
        one = at - len(index)
        return index[at] if one < 0 else _column(named(names[one]), value.iloc[:, one], value.size)

    def labelled(at: int) -> str:
        return index[at].label if at < len(index) else named(names[at - len(index)])

    width = len(index) + len(names)
    what = described(type(value))
    return rendered(subject, Sheet(what, len(value), width, made, labelled, len(index), remarks=remarks))


def series(subject: Subject) -> Rendered:
    """A Series with its index; an Index or an array alone."""
    value = subject.value
    what = described(type(value))
    if isinstance(value, pd.MultiIndex):
        columns = _index(subject, value, "")
        return rendered(
            subject, Sheet(what, len(value), len(columns), columns.__getitem__, lambda at: columns[at].label)
        )
    alone = value if isinstance(value, pd.Series) else pd.Series(value, copy=False)
    index = _index(subject, alone.index)
    name = subject.asked("The name", lambda: NO_NAME if alone.name is None else label(alone.name))
    columns = [*index, _column(name, alone, len(alone))]
    return rendered(
        subject,
        Sheet(
            what, len(alone), len(columns), columns.__getitem__, lambda at: columns[at].label, len(index), series=True
        ),
    )


def styled(subject: Subject) -> Rendered:
    """A Styler: the frame that it is of."""
    return frame(subject.of(subject.value.data))


def _column(name: str, values: Any, cells: int) -> Column:
    """A column of a frame of so many cells: objects are looked at one by one, which takes its time."""
    slow = values.dtype == object or getattr(values.dtype, "storage", None) == "python"
    whole: Series = nw.from_native(values, series_only=True)
    return column(name, whole, "None", countable=not slow or cells <= EXACT_OBJECTS)


def _index(subject: Subject, index: Any, mark: str = "(index)") -> list[Column]:
    """The columns of an index that is more than the numbers of the rows."""
    if isinstance(index, pd.RangeIndex) and (index.start, index.step, index.name) == (0, 1, None):
        return []
    labels = subject.asked("A name", lambda: ["" if name is None else label(name) for name in index.names])
    names = [f"{one} {mark}".strip() or NO_NAME for one in labels]
    if not isinstance(index, pd.MultiIndex):
        return [_column(names[0], pd.Series(index, index=range(len(index)), copy=False), len(index))]
    return [Column(name, len(index), _level(index, at), "None") for at, name in enumerate(names)]


def _level(index: Any, at: int) -> Callable[[Sequence[int]], Series]:
    """One level of a MultiIndex: its values are made as they are taken."""

    def take(positions: Sequence[int]) -> Series:
        values = index.take(list(positions)).get_level_values(at)
        return nw.from_native(pd.Series(values, index=range(len(values))), series_only=True)

    return take


def _naming(columns: Any, names: list[Any]) -> tuple[Callable[[Any], str], tuple[str, ...]]:
    """How the columns' names are written, and what is to be said of them."""
    remarks: list[str] = []
    types = {type(name) for name in names}
    alike = len(types) == 1 and not types & {str, tuple}
    if alike:
        remarks.append(f"The columns' names are of type {types.pop().__name__}.")
    if isinstance(columns, pd.MultiIndex):
        remarks.append(f"The columns are a MultiIndex of {columns.nlevels} levels{_levels(columns)}.")
    elif columns.name is not None:
        remarks.append(f"The columns' names are values of {label(columns.name)}.")
    if not columns.is_unique:
        twice = [f"{label(name)} ({count} times)" for name, count in Counter(names).items() if count > 1]
        remarks.append(f"Names that more than one column has: {listed(twice, LONGEST_REMARK, len(twice))}.")
    return (cell if alike else label), tuple(remarks)


def _levels(columns: Any) -> str:
    named = [label(name) for name in columns.names if name is not None]
    return f": {listed(named, LONGEST_REMARK, len(named))}" if named else ""
