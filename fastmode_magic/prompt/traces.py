"""Where an error came by: the places of a traceback with their lines, and short names for files."""

import linecache
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from types import TracebackType

from .excerpts import one_line

LONGEST_LINE = 200
MOST_PLACES = 10_000  # of a traceback: recursion may go deep
LONGEST_PERIOD = 4  # of functions that call each other without an end
_CELL = re.compile(r"ipython-input-(\d+)-|ipykernel_\d+[\\/]\d+\.py$")
_PACKAGES = re.compile(r".*[\\/](?:site|dist)-packages[\\/](([^\\/.]+).*)", re.DOTALL)
_STANDARD = os.path.dirname(os.__file__)


@dataclass(frozen=True, slots=True)
class Place:
    """One step of a traceback; `package` is the library that it is in, None in the user's own code."""

    file: str
    line: int
    function: str
    package: str | None

    def lines(self, around: int) -> Iterator[str]:
        """Where it is, and its source with some lines around."""
        yield f"{short_path(self.file)}, line {self.line}, in {self.function}:"
        linecache.checkcache(self.file)
        first = max(1, self.line - around)
        known = [(number, linecache.getline(self.file, number)) for number in range(first, self.line + around + 1)]
        shown = [(number, one_line(text.rstrip("\n"), LONGEST_LINE)) for number, text in known if text]
        blank = min((len(text) - len(text.lstrip()) for _, text in shown if text.strip()), default=0)
        for number, text in shown:
            yield f"{'→' if number == self.line else ' '} {number:>4}  {text[blank:]}".rstrip()


def places(trace: TracebackType | None) -> list[Place]:
    """The steps of a traceback, the last one where it was raised."""
    found: list[Place] = []
    while trace is not None and len(found) < MOST_PLACES:
        code = trace.tb_frame.f_code
        found.append(Place(code.co_filename, trace.tb_lineno or 0, code.co_qualname, _package(code.co_filename)))
        trace = trace.tb_next
    return found


def written(found: list[Place], around: int, most: int) -> Iterator[str]:
    """The steps with lines `around` those of the user's code; no more than `most` at either end."""
    entries = list(_shortened(found))
    if len(entries) > 2 * most:
        entries = [*entries[:most], f"… {len(entries) - 2 * most:,} more steps …", *entries[-most:]]
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            yield from entry.lines(around if entry.package is None else 0)


def short_path(file: str) -> str:
    """A file's name without what is the same for everyone, or for nobody else."""
    if cell := _CELL.search(file):
        return f"cell {cell[1]}" if cell[1] else "a notebook cell"
    if package := _PACKAGES.match(file):
        return f"site-packages/{package[1]}"
    if file.startswith(f"{_STANDARD}{os.sep}"):
        return os.path.join(os.path.basename(_STANDARD), file[len(_STANDARD) + 1 :])
    try:
        here, home = f"{os.getcwd()}{os.sep}", f"{os.path.expanduser('~')}{os.sep}"
    except OSError:  # the folder is gone
        return os.path.basename(file)
    if file.startswith(here):
        return file[len(here) :]
    if file.startswith(home) and len(home) > 2:
        return f"~{os.sep}{file[len(home) :]}"
    parts = file.split(os.sep)
    return file if len(parts) <= 4 else os.sep.join(["…", *parts[-3:]])


def is_cell(file: str) -> bool:
    """Whether a file is a cell of a notebook."""
    return _CELL.search(file) is not None


def _shortened(found: list[Place]) -> Iterator[Place | str]:
    """The middle of a stretch through libraries, and of a step repeated, as a line that says what it was."""
    for inside, stretch in groupby(found, lambda place: place.package is not None):
        steps = list(stretch)
        if inside and len(steps) > 3:
            packages = ", ".join(dict.fromkeys(place.package or "" for place in steps[1:-1]))
            yield from (steps[0], f"… {len(steps) - 2:,} steps in {one_line(packages, 100)} …", steps[-1])
            continue
        at = 0
        while at < len(steps):
            period, times = _repeated(steps, at)
            yield from steps[at : at + period]
            if times > 1:
                yield f"… the same {'step' if period == 1 else f'{period} steps'} {times - 1:,} times more …"
            at += period * times


def _repeated(steps: list[Place], at: int) -> tuple[int, int]:
    """How many steps from here on are done over and over, and how often: (1, 1) where none are."""
    for period in range(1, LONGEST_PERIOD + 1):
        first, times = steps[at : at + period], 1
        while steps[at + times * period : at + (times + 1) * period] == first:
            times += 1
        if times > 2:
            return period, times
    return 1, 1


def _package(file: str) -> str | None:
    """The library that a file is of."""
    if is_cell(file):
        return None
    if package := _PACKAGES.match(file):
        return package[2]
    if file.endswith((".pyx", ".pxi")):  # compiled, its source is not here
        return re.split(r"[\\/]", file)[0]
    return "Python" if file.startswith((f"{_STANDARD}{os.sep}", "<frozen ")) else None
