"""`python tests/benchmarks/rendering.py`: milliseconds that prompts and their objects take to become what is sent.

First, and best and median of the next ten; the first one of all pays for imports, as in a fresh kernel. Prints a
Markdown table.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec

import numpy as np
import pandas as pd
import polars as pl

from fastmode_magic.prompt.rendering import render
from fastmode_magic.prompt.template import find

ROWS = 1_000_000
TIMES = 10


def columns(rows: int) -> dict[str, object]:
    """Ten columns, three of them texts with a few missing."""
    random = np.random.default_rng(0)
    words = [f"name {at % 1_000}" if at % 97 else None for at in range(rows)]
    return {
        "id": np.arange(rows),
        "at": np.datetime64("2026-01-01", "us") + np.arange(rows).astype("timedelta64[s]"),
        "price": random.random(rows) * 100,
        "weight": random.random(rows).astype("float32"),
        "many": random.integers(0, 9, rows),
        "ok": random.random(rows) > 0.5,
        "score": np.where(random.random(rows) > 0.9, np.nan, random.random(rows)),
        "name": words,
        "city": words[::-1],
        "note": words,
    }


def objects() -> Iterator[tuple[str, str, object]]:
    """what, target, the object"""
    made = columns(ROWS)
    texts = {"name", "city", "note"}
    frame = pd.DataFrame({name: pd.Series(one, dtype=object if name in texts else None) for name, one in made.items()})
    yield "pandas, 1,000,000 × 10, three columns of objects", "< 50 ms", frame
    yield "pandas, the same as str", "< 50 ms", frame.astype(dict.fromkeys(texts, "string"))
    if find_spec("pyarrow"):
        yield "pandas, the same as str of pyarrow", "< 50 ms", frame.astype(dict.fromkeys(texts, "string[pyarrow]"))
    yield "pandas, the same with a MultiIndex", "< 50 ms", frame.set_index(["id", "name"])
    yield "polars, 1,000,000 × 10, three columns of texts", "< 50 ms", pl.DataFrame(made)
    wide = np.random.default_rng(0).random((ROWS, 200))
    yield "pandas, 1,000,000 × 200 floats in one block", "< 200 ms", pd.DataFrame(wide, columns=map(str, range(200)))
    yield "polars, 1,000,000 × 200 floats", "< 200 ms", pl.DataFrame(wide)
    objects = pd.DataFrame({f"o{at}": frame["name"] for at in range(200)}, copy=False)
    yield "pandas, 1,000,000 × 200 objects", "< 500 ms", objects
    yield "pandas, 20 × 5", "-", frame.iloc[:20, :5]
    yield "numpy, 1,000 × 1,000", "-", wide[:1_000, :].copy()
    yield "numpy, 1,000,000 × 200", "-", wide
    yield "list of 10,000,000 ints", "-", list(range(10_000_000))
    yield "dict of 100,000 records", "-", {str(at): {"a": at, "b": "x" * 50} for at in range(100_000)}


def prompts() -> Iterator[tuple[str, str, Callable[[], object]]]:
    """what, target, the work"""
    namespace = {"name": "Ann", "x": 2.5, "row": {"key": 1}}
    words = "The quick brown fox jumps over the lazy dog. " * 20
    few = (words + "{name} has {x:.2f} of {row['key']}.\n") * (100_000 // len(words))
    code = 'def f(x):\n    return {"a": {"b": [x]}, "c": f"{x}"}  # \\frac{a}{b} ${HOME} {{x}}\n'
    yield "prompt of 100 kB with some 300 variables", "< 5 ms", lambda: find(few, namespace)
    yield (
        "prompt of 100 kB of code, with no variables",
        "< 5 ms",
        lambda: find(code * (100_000 // len(code)), namespace),
    )


def work() -> Iterator[tuple[str, str, Callable[[], object]]]:
    """All of it."""
    yield from prompts()
    for what, target, value in objects():
        yield what, target, partial(render, value, "x")


def milliseconds(do: Callable[[], object]) -> tuple[float, float, float]:
    """Of the first time, and the best and the median of the next ones."""
    times = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        do()
        times.append(1e3 * (time.perf_counter() - began))
    return times[0], min(times[1:]), statistics.median(times[1:])


def table() -> Iterator[str]:
    """The lines of the table, one after the other."""
    yield "| what becomes part of a prompt | target | first | best | median |"
    yield "|---|---|---|---|---|"
    for what, target, do in work():
        yield f"| {what} | {target} | {' | '.join(f'{one:.1f} ms' for one in milliseconds(do))} |"


def main() -> None:
    for line in table():
        print(line, flush=True)


if __name__ == "__main__":
    main()
