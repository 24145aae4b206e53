"""Arrays of numpy and what becomes one: shape, dtype, range, and all values or the corners of them."""

import sys
from math import gcd
from typing import Any

import numpy as np

from .cells import ROUNDED, rounded
from .content import Text
from .excerpts import clean, one_line, room, short_repr, shortened, size
from .kinds import described, is_picture
from .scalars import representation, scalar
from .subjects import Rendered, Subject

EXACT_VALUES = 20_000_000  # looked at in some 50 ms; of larger arrays a sample is
FEW_VALUES = 1_000_000
LONGEST_OBJECT = 40
LINE = 120
Array = np.ndarray[Any, Any]


def array(subject: Subject) -> Rendered:
    """An array of numpy; one of plots, as `plt.subplots` returns it, is rendered as they are."""
    value: Array = subject.value
    if value.ndim == 0 and not isinstance(value, np.ma.MaskedArray):
        return scalar(subject.of(value[()]))
    if value.dtype == object and value.size and is_picture(value.flat[0]):
        from .figures import figures

        return figures(subject.of([one for one in value.flat if is_picture(one)]))
    return _written(subject, value, described(type(value)), str(value.dtype))


def tensor(subject: Subject) -> Rendered:
    """A tensor of torch, tensorflow or jax, brought to numpy if it is not too large for that."""
    value = subject.value
    shape = tuple(value.shape)
    if np.prod(shape, dtype=float) > EXACT_VALUES:
        return representation(subject)
    where = f"{value.dtype} on {value.device}" if hasattr(value, "device") else str(value.dtype)
    return _written(subject, subject.asked("The array", lambda: _numpy(value)), described(type(value)), where)


def _numpy(value: Any) -> Array:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if "bfloat16" in str(value.dtype) else value  # which numpy does not have
    return np.asarray(value)


def _written(subject: Subject, value: Array, what: str, dtype: str) -> Rendered:
    """Shape, dtype, range and values."""
    shape = " × ".join(f"{length:,}" for length in value.shape) or "one value"
    plain = value if isinstance(value, np.ma.MaskedArray) else np.asarray(value)
    facts = [f"{what} of shape {value.shape}", dtype, *subject.asked("The unit", lambda: _unit(value)), *_facts(plain)]
    intro = f"{subject.quoted}: {', '.join(facts)}"
    text, cuts = subject.asked("A value", lambda: _values(plain, room(subject.allowance) - size(intro) - 50))
    remark = f" (floats are rounded to {ROUNDED} digits)" if "floats" in " ".join(cuts) else ""
    sent = clean(f"{intro}{remark}\n\n{text}" if text else intro)
    cut = f"{' and '.join(cuts)}, {subject.within}." if cuts else None
    return Rendered((Text(shortened(sent, subject.allowance)),), f"{what}, {shape}", cut and cut[0].upper() + cut[1:])


def _unit(value: Any) -> list[str]:
    """That of an array of astropy or unyt, which is half of what its numbers mean."""
    unit = getattr(value, "unit", getattr(value, "units", None)) if type(value) is not np.ndarray else None
    return [] if unit is None else [f"unit {one_line(str(unit), 40)}"]


def _facts(value: Array) -> list[str]:
    """Range, mean and count of NaN, where there are such."""
    if value.dtype.kind not in "buifmMc" or not value.size:
        return [] if value.size else ["no values"]
    flat, step = _flat(value)
    mark = "~" if step > 1 else ""
    missing = value.size - int(value.count()) if isinstance(value, np.ma.MaskedArray) else 0
    known = flat.compressed() if isinstance(flat, np.ma.MaskedArray) else flat
    masked = [f"{missing:,} masked"] if missing else []
    if value.dtype.kind == "b":
        return [f"{mark}{int(known.sum()) * step:,} × True", *masked]
    none = int(np.count_nonzero(known != known)) if value.dtype.kind in "fmMc" else 0  # noqa: PLR0124  # NaN
    present = known[known == known] if none else known  # noqa: PLR0124
    nan = [f"{mark}{none * step:,} × {'NaT' if value.dtype.kind in 'mM' else 'NaN'}"] if none else []
    return [*_ends(present, mark), *nan, *masked]


def _flat(value: Array) -> tuple[Array, int]:
    """All values, or each nth of many, and n; without a copy where they lie in a row."""
    if value.size <= EXACT_VALUES:
        return value.ravel("K"), 1
    step = value.size // FEW_VALUES
    while gcd(step, value.size) > 1:  # or it could be the same column in each row
        step += 1
    return value.ravel("K")[::step] if value.flags.forc else value.flat[::step], step


def _ends(present: Array, mark: str) -> list[str]:
    if not present.size or present.dtype.kind == "c":
        return []
    low, high = f"min {mark}{present.min()}", f"max {mark}{present.max()}"
    if present.dtype.kind in "mM":
        return [low, high]
    with np.errstate(all="ignore"):
        return [low, f"mean {mark}{present.mean(dtype=np.float64)}", high]


def _values(value: Array, free: int) -> tuple[str, list[str]]:
    """All values, if they fit, exactly or rounded; else the first and last ones of each axis. And what is not so."""
    if not value.size:
        return "", []
    floats = [f"floats are rounded to {ROUNDED} digits"] if value.dtype.kind == "f" else []
    for cuts in ([], floats) if value.size * 2 <= free else ():
        if size(text := _text(value, sys.maxsize, 3, bool(cuts))) <= free:
            return text, cuts
    edges = max(1, int((max(free, 1) / 8) ** (1 / value.ndim) / 2))
    while size(text := _text(value, 0, edges, True)) > free and edges > 1:
        edges = edges * 3 // 4
    return text, ["values in the middle were left out", *floats]


def _text(value: Array, threshold: int, edges: int, rounds: bool) -> str:
    formatter: Any = {
        "bool": str,
        "int": str,
        "float": rounded if rounds else str,
        "object": lambda one: short_repr(one, LONGEST_OBJECT),
    }
    with np.printoptions(threshold=threshold, edgeitems=edges, linewidth=LINE, formatter=formatter, legacy=False):
        return str(value) if isinstance(value, np.ma.MaskedArray) else np.array2string(value, separator=", ")
