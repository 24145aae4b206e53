"""The same for IPython in a terminal: text as it comes, then the status line."""

import re
import sys
from itertools import zip_longest
from typing import TextIO

from ..answer import Answer
from ..claude.events import Retrying, Waiting
from ..ledger.meter import Meter
from . import progress, text
from .characters import terminal_text


class TerminalView:
    """Writes a run to a terminal; control characters of the answer do not reach it."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._written = 0
        self._thinking_written = 0
        self._said = ""

    def update(self, meter: Meter, now_s: float) -> None:
        """Write what is new."""
        if isinstance(meter.now, Waiting | Retrying):
            said = progress.words(meter, now_s)
            if said != self._said:
                self._replace(f"[{said}]")
                self._said = said
        self._stream(meter.thinking, meter.text)

    def tell(self, status: object) -> None:
        """A terminal shows the session when it is asked for."""

    def close(self, answer: Answer, facts: text.Facts) -> None:
        """Write the rest, the notices and the status line."""
        self._stream(answer.thinking, answer.text)
        if self._written or self._thinking_written:
            self._out.write("\n\n")
        lines = [*(f"note: {notice}" for notice in answer.notices), f"[{text.status(answer, facts)}]"]
        self._out.write(terminal_text("\n".join(lines)) + "\n")
        self._out.flush()

    def _stream(self, thinking: str, body: str) -> None:
        if new := thinking[self._thinking_written :]:
            self._clear()
            self._out.write(("[thinking] " if not self._thinking_written else "") + terminal_text(new))
            self._thinking_written = len(thinking)
        if new := body[self._written :]:
            self._clear()
            if self._thinking_written and not self._written:
                self._out.write("\n\n")
            self._out.write(terminal_text(new))
            self._written = len(body)
        self._out.flush()

    def _replace(self, line: str) -> None:
        if self._out.isatty():
            self._out.write(f"\r\x1b[K{terminal_text(line)}")
        elif not self._said:  # a log needs no countdown
            self._out.write(f"{terminal_text(line)}\n")
        self._out.flush()

    def _clear(self) -> None:
        if self._said and self._out.isatty():
            self._out.write("\r\x1b[K")
        self._said = ""


def aligned(report: str) -> str:
    """A report with its tables as a terminal shows them: columns of one width, and no bars."""
    return re.sub(r"(?:^\|.*\|$\n?)+", lambda table: _columns(table[0]), report, flags=re.MULTILINE)


def _columns(table: str) -> str:
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()]
    rows = [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
    return "".join("  ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in rows)
