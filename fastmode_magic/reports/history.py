"""The runs as a data frame of pandas, or else of polars."""

from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from ..claude.errors import BadInput
from ..grids import LIBRARIES
from ..ledger.records import Record
from ..ledger.rows import Column, Kind, columns, values

_PANDAS: dict[Kind, str] = {
    "text": "object",
    "moment": "datetime64[us, UTC]",
    "dollars": "float64",
    "count": "Int64",  # which can be missing
    "number": "float64",
    "flag": "bool",
}


def frame(records: Sequence[Record], now: datetime, libraries: Sequence[str] = LIBRARIES) -> Any:
    """A row for each run, the first first; also of no run.

    `cost` is in dollars, as a float to compute with: a file of `%fastmode export` has every digit. Times are in UTC.
    Raises BadInput where none of `libraries` is installed.
    """
    wanted = [(column, _plain(column, values(column, records, now))) for column in columns(records)]
    for name in libraries:
        try:
            library = import_module(name)
        except ImportError:
            continue
        return _polars(library, wanted) if name == "polars" else _pandas(library, wanted)
    raise BadInput("A data frame needs pandas or polars, and none is installed.", "Type `%pip install pandas`.")


def _plain(column: Column, found: list[Any]) -> list[Any]:
    if column.kind == "dollars":
        return [None if one is None else float(one) for one in found]
    return found


def _pandas(library: Any, wanted: list[tuple[Column, list[Any]]]) -> Any:
    made = {column.name: library.Series(found, dtype=_PANDAS[column.kind]) for column, found in wanted}
    return library.DataFrame(made)


def _polars(library: Any, wanted: list[tuple[Column, list[Any]]]) -> Any:
    kinds = {
        "text": library.String,
        "moment": library.Datetime("us", "UTC"),
        "dollars": library.Float64,
        "count": library.Int64,
        "number": library.Float64,
        "flag": library.Boolean,
    }
    made = [library.Series(column.name, found, dtype=kinds[column.kind]) for column, found in wanted]
    return library.DataFrame(made)
