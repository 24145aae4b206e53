"""What is said of one column: its dtype, how many nulls, its range or an example; exact where that is cheap."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import narwhals as nw

from .cells import cell, rounded, single
from .excerpts import shorter
from .reductions import Series, ends, missing, null_count
from .subjects import Subject

HEADS = ("column", "dtype", "nulls", "range or example")
SAMPLED = 5_000  # values that are looked at where all would be too many
TYPED = 1_000  # objects whose types are looked at
FEW = 50  # values among which an example is looked for
SCATTER = 2_654_435_761  # Knuth's multiplier: what it leaves over looks like chance
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
        few = self.take(spread(self.rows, FEW))
        exact = self.whole is not None and self.countable
        sample = self.whole if exact else self.take(spread(self.rows, SAMPLED))
        every = sample if self.whole is None else self.whole
        return [self.label, self._dtype(few), self._nulls(sample), self._range(few, every, subject)]

    def _dtype(self, few: Series) -> str:
        native: Any = few.to_native()
        text = shorter(str(native.dtype if hasattr(native, "dtype") else native.type), LONGEST_DTYPE)
        if text != "object" or not self.rows:
            return text
        some = self.take(spread(self.rows, TYPED))
        present = zip(some.to_list(), some.is_null().to_list(), strict=True)
        types = [name for name, _ in Counter(type(value).__name__ for value, null in present if not null).most_common()]
        none = "only nulls" if len(some) == self.rows else "only nulls seen"
        return f"object ({shorter(', '.join(types), LONGEST_DTYPE) or none})"

    def _nulls(self, seen: Any) -> str:
        return self._scaled(null_count(seen), seen)

    def _range(self, few: Series, every: Any, subject: Subject) -> str:
        dtype = few.dtype
        if not self.rows:
            return ""
        if dtype == nw.Boolean:
            return f"{self._scaled(int(every.sum() or 0), every)} × True"
        if not (dtype.is_numeric() or dtype.is_temporal()):
            return subject.asked("A value", lambda: self._categories(few)) or self._example(few, subject)
        mark = "~" if len(every) < self.rows else ""
        text = self._text(few)
        known = [text(one) for one in ends(every) if not missing(one)]
        return " … ".join(mark + end for end in dict.fromkeys(known))

    def _scaled(self, count: int, seen: Any) -> str:
        """A count among those that were seen, as one among all."""
        return f"{count:,}" if len(seen) == self.rows else f"~{round(count / len(seen) * self.rows):,}"

    def _categories(self, few: Series) -> str:
        """Those of a pandas categorical: other libraries share theirs between columns."""
        native: Any = few.to_native()
        listed = isinstance(few.dtype, nw.Categorical | nw.Enum)
        known = getattr(getattr(native, "cat", None), "categories", None) if listed else None
        if known is None:
            return ""
        shown = [shorter(cell(one), LONGEST_EXAMPLE) for one in known[:MOST_CATEGORIES].tolist()]
        return f"{len(known):,} categories: {', '.join(shown)}{', …' if len(known) > len(shown) else ''}"

    def _example(self, few: Series, subject: Subject) -> str:
        present = zip(few.to_list(), few.is_null().to_list(), strict=True)
        found = next((value for value, null in present if not null), None)
        text = self._text(few)
        if found is None:
            return ""
        return f"e.g. {shorter(subject.asked('A value', lambda: text(found)), LONGEST_EXAMPLE)}"

    def _text(self, series: Series) -> Callable[[Any], str]:
        if series.dtype.is_float() and (self.rounds or series.dtype == nw.Float32):
            write = rounded if self.rounds else single
            return lambda value: cell(value, self.null) if missing(value) else write(float(value))
        return lambda value: cell(value, self.null)


@lru_cache(maxsize=4)
def evenly(total: int, most: int) -> list[int]:
    """At most `most` positions among `total`, evenly spaced, the first and the last among them; not to be changed."""
    if total <= most:
        return list(range(total))
    return [at * (total - 1) // (most - 1) for at in range(most)] if most > 1 else [0][:most]


@lru_cache(maxsize=4)
def spread(total: int, most: int) -> list[int]:
    """At most `most` positions, one anywhere in each of as many equal parts; not to be changed.

    With equal steps, what repeats itself each seventh row would be seen always or never.
    """
    if total <= most:
        return list(range(total))
    starts = [at * total // most for at in range(most + 1)]
    return [start + at * SCATTER % (end - start) for at, (start, end) in enumerate(pairwise(starts))]
