"""From the cells of a table, as text, to a data frame of pandas or else polars."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

LIBRARIES = ("pandas", "polars")  # the first that can be imported makes the frames
_SIGN = "[-+\u2212]?"
_INTEGER = rf"{_SIGN}(?:0|[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+|[1-9][0-9]*)"
_NUMBER = re.compile(rf"(?:{_INTEGER}|{_SIGN}(?=\.))(?P<fraction>(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{{1,2}})?)")
_MISSING = frozenset({"", "-", "\u2013", "\u2014", "n/a", "na", "nan", "null", "none"})
_EXACT = 2**53  # an integer from here on is an identifier, and loses digits where a column has missing ones


def frame(rows: list[dict[str, Any]], libraries: Sequence[str] = LIBRARIES) -> Any:
    """A data frame of records, which need not all have the same keys. Raises ModuleNotFoundError as `tables` does."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return frame_of({key: [row.get(key) for row in rows] for key in keys}, libraries)


def column(cells: list[str]) -> list[Any]:
    """Numbers and None, if the cells are numbers or say that there is none; else the cells."""
    numbers = [_NUMBER.fullmatch(cell) for cell in cells if cell.casefold() not in _MISSING]
    if not numbers or not all(numbers):
        return cells
    kind = float if any(number and number["fraction"] for number in numbers) else int
    clean = ["" if cell.casefold() in _MISSING else cell.replace(",", "").replace("\u2212", "-") for cell in cells]
    if kind is int and any(len(one) > 17 or abs(int(one or 0)) >= _EXACT for one in clean):
        return cells
    return [kind(one) if one else None for one in clean]


def unique(names: Iterable[str]) -> Iterator[str]:
    """Names of columns that are all there and all different."""
    taken: dict[str, int] = {}
    for at, given in enumerate(names, 1):
        base = name = " ".join(given.split()) or f"column {at}"
        while name in taken:
            taken[base] += 1
            name = f"{base}_{taken[base]}"
        taken[name] = 1
        yield name


def frame_of(columns: Mapping[str, list[Any]], libraries: Sequence[str]) -> Any:
    """A data frame of named columns, by the first of `libraries` that is installed."""
    for name in libraries:
        try:
            library = import_module(name)
        except ImportError:
            continue
        return library.DataFrame(columns, strict=False) if name == "polars" else library.DataFrame(columns)
    wanted = " or ".join(libraries)
    raise ModuleNotFoundError(f"A table needs {wanted}, and none is installed: %pip install {libraries[0]}.")
