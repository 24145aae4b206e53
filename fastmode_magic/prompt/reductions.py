"""Nulls and ends of a column: through narwhals, but for the numbers of pandas, which it copies before it looks."""

from typing import Any

import narwhals as nw

Series = nw.Series[Any]


def null_count(series: Series) -> int:
    """How many values are missing."""
    values = _numbers(series)
    if values is None:
        return int(series.null_count())
    if values.dtype.kind in "iub":
        return 0
    import numpy as np

    return int(np.count_nonzero(np.isnan(values)))


def ends(series: Series) -> tuple[Any, Any]:
    """The smallest and the largest value, whatever is missing."""
    values = _numbers(series)
    if values is None or values.dtype.kind != "f":
        return series.min(), series.max()
    import numpy as np

    return np.fmin.reduce(values), np.fmax.reduce(values)


def missing(value: Any) -> bool:
    """Whether a number or a date is none: pandas' NA does not even say whether it is itself."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)  # noqa: PLR0124


def _numbers(series: Series) -> Any:
    """The array in a pandas Series of plain numbers; None for any other."""
    native: Any = series.to_native()
    dtype = getattr(native, "dtype", None)
    plain = type(dtype).__module__.partition(".")[0] == "numpy" and getattr(dtype, "kind", "") in "iubf"
    return native.to_numpy() if plain and len(native) else None
