"""What is said of one column: its dtype, how many nulls, its range or an example; exact where that is cheap."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from .cells import cell, rounded, single
from .excerpts import shorter
from .subjects import Subject

Series = nw.Series[Any]
HEADS = ("column", "dtype", "nulls", "range or example")
SAMPLED = 5_000  # values that are looked at where all would be too many
EXAMPLES = 50  # values among which an example is looked for
LONGEST_DTYPE = 60
LONGEST_EXAMPLE = 40
MOST_CATEGORIES = 6


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `take` gives its values at some positions, and `null` is how its library writes one.

    whole       all of it, None where it would have to be made first, or where all columns together are too much
    countable   whether the nulls in `whole` are counted in no time
    rounds      whether floats are written with a few digits only
    """

    label: str
    rows: int
    take: Callable[[Sequence[int]], Series]
    null: str
    whole: Series | None = None
    countable: bool = True
    rounds: bool = False

    def cells(self, positions: Sequence[int], subject: Subject) -> list[str]:
        """The values at some positions, as they stand in a table."""
        series = self.take(positions)
        values = series.to_list()
        text = self._text(series)
        return subject.asked("A value", lambda: [text(value) for value in values])

    def facts(self, subject: Subject) -> list[str]:
        """Its name, dtype, nulls, and range or example; a number that is not of all rows is marked with `~`."""
        sample = self.take(evenly(self.rows, SAMPLED))
        whole = sample if self.rows <= SAMPLED else self.whole
        counted = whole if self.countable or self.rows <= SAMPLED else None
        return [self.label, self._dtype(sample), self._nulls(sample, counted), self._range(sample, whole, subject)]

    def _dtype(self, sample: Series) -> str:
        native: Any = sample.to_native()
        text = shorter(str(native.dtype if hasattr(native, "dtype") else native.type), LONGEST_DTYPE)
        if text != "object" or not self.rows:
            return text
        present = zip(sample.to_list(), sample.is_null().to_list(), strict=True)
        types = [name for name, _ in Counter(type(value).__name__ for value, null in present if not null).most_common()]
        return f"object ({shorter(', '.join(types), LONGEST_DTYPE) or 'only nulls'})"

    def _nulls(self, sample: Series, counted: Series | None) -> str:
        if counted is not None:
            return f"{counted.null_count():,}"
        return f"~{round(sample.null_count() / len(sample) * self.rows):,}"

    def _range(self, sample: Series, whole: Series | None, subject: Subject) -> str:
        dtype, of = sample.dtype, sample if whole is None else whole
        mark = "~" if whole is None else ""
        if not self.rows:
            return ""
        if dtype == nw.Boolean:
            true = of.sum() if whole is not None else round(sample.sum() / len(sample) * self.rows)
            return f"{mark}{int(true or 0):,} × True"
        if dtype.is_numeric() or dtype.is_temporal():
            text = self._text(sample)
            ends = [text(one) for one in (of.min(), of.max()) if one is not None and one == one]  # noqa: PLR0124  # NaN
            return " … ".join(mark + end for end in dict.fromkeys(ends))
        return self._categories(sample) or self._example(sample, subject)

    def _categories(self, sample: Series) -> str:
        """Those of a pandas categorical: other libraries share theirs between columns."""
        native: Any = sample.to_native()
        known = getattr(native.cat, "categories", None) if sample.dtype == nw.Categorical else None
        if known is None:
            return ""
        shown = [shorter(cell(one), LONGEST_EXAMPLE) for one in known[:MOST_CATEGORIES].tolist()]
        return f"{len(known):,} categories: {', '.join(shown)}{', …' if len(known) > len(shown) else ''}"

    def _example(self, sample: Series, subject: Subject) -> str:
        few = sample.gather_every(max(1, len(sample) // EXAMPLES))
        present = zip(few.to_list(), few.is_null().to_list(), strict=True)
        found = next((value for value, null in present if not null), None)
        text = self._text(sample)
        return (
            "" if found is None else "e.g. " + shorter(subject.asked("A value", lambda: text(found)), LONGEST_EXAMPLE)
        )

    def _text(self, series: Series) -> Callable[[Any], str]:
        if self.rounds and series.dtype.is_float():
            return lambda value: self.null if value is None else rounded(float(value))
        if series.dtype == nw.Float32:
            return lambda value: self.null if value is None else single(value)
        return lambda value: cell(value, self.null)


def evenly(total: int, most: int) -> list[int]:
    """At most `most` positions among `total`, evenly spaced, the first and the last among them."""
    if total <= most:
        return list(range(total))
    return [at * (total - 1) // (most - 1) for at in range(most)] if most > 1 else [0][:most]
