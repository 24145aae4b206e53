"""Values as they stand in a Markdown table."""

import math
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from .excerpts import short_repr, shorter, visible

LONGEST_CELL = 80
LONGEST_NAME = 60
ROUNDED = 6  # significant digits
SMALL_ARRAY = 20  # values
_LOOKALIKES = frozenset(("", "None", "NaN", "nan", "NaT", "<NA>", "null", "True", "False", "…"))
# packages whose objects say briefly what they are
_PLAIN = frozenset(("datetime", "decimal", "uuid", "fractions", "pandas", "zoneinfo", "ipaddress", "pathlib"))


def cell(value: Any, null: str = "None") -> str:
    """One value on one line, at most LONGEST_CELL characters, not yet escaped; `null` is how this library writes it."""
    kind = type(value)
    if value is None:
        return null
    if kind is str:
        return quoted_if_odd(shorter(visible(value[: LONGEST_CELL + 1]), LONGEST_CELL))
    if isinstance(value, float):
        return "NaN" if math.isnan(value) else float.__repr__(value)
    root = kind.__module__.partition(".")[0]
    try:
        if root == "numpy" and not hasattr(value, "__len__"):
            return str(value)
        if root in _PLAIN:
            return shorter(visible(str(value)), LONGEST_CELL)
    except Exception:  # noqa: BLE001  # a date out of range, say: its repr may do
        return short_repr(value, LONGEST_CELL)
    if root == "numpy" and hasattr(value, "tolist"):
        small = value.size <= SMALL_ARRAY
        return short_repr(value.tolist(), LONGEST_CELL) if small else f"<array {value.shape} of {value.dtype}>"
    return short_repr(value, LONGEST_CELL)


def single(value: float) -> str:
    """A 32-bit float with no more digits than it has."""
    if not math.isfinite(value):
        return cell(float(value))
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == struct.pack("f", value):
            return repr(short)
    return repr(float(f"{value:.9g}"))


def rounded(value: float) -> str:
    """A float with ROUNDED significant digits, where it has more."""
    text = cell(value)
    if len(text) <= ROUNDED + 3:
        return text
    return f"{value:.1f}" if 10**ROUNDED <= abs(value) < 10**15 else f"{value:.{ROUNDED}g}"


def label(name: object) -> str:
    """A column's name on one line; what is no text is marked with its type."""
    if type(name) is str:
        short = shorter(visible(name[: LONGEST_NAME + 1]), LONGEST_NAME)
        return f'"{short}"' if short != short.strip() or not short else short
    if isinstance(name, tuple):
        return short_repr(name, LONGEST_NAME)
    return f"{shorter(cell(name), LONGEST_NAME)} ({type(name).__name__})"


def row(cells: Iterable[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(escaped(one) for one in cells)} |"


def head(cells: Sequence[str]) -> list[str]:
    """The first two lines of a table."""
    return [row(cells), f"|{'---|' * len(cells)}"]


def escaped(text: str) -> str:
    r"""A bar would end the cell; a backslash before it would take its escape away."""
    return text.replace("\\|", "\\\\|").replace("|", "\\|") if "|" in text else text


def quoted_if_odd(text: str) -> str:
    """In quotes where it could be taken for something else than a text."""
    return f'"{text}"' if text in _LOOKALIKES or text != text.strip() else text
