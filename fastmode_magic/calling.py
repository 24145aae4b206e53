"""The functions of the notebook that an answer may have called: asked about, called, told."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .prompt import tools
from .prompt.content import Piece, Text, ToolResult, ToolUse, words
from .prompt.keys import Keys
from .prompt.problems import CannotSend
from .prompt.rendering import render
from .prompt.tokens import BYTES_PER_TOKEN
from .prompt.tools import Tool

READABLE = 4_000  # characters of a call that is asked about
SLACK = 1.2  # what renderers have cut already may be a little over
SHOWN = 120  # characters of a result in its notice
NO = "The user did not allow this call."
LONGEST_ERROR = 2_000  # characters
ENOUGH = "The bound on calls is reached: answer with what you have."


@dataclass(frozen=True, slots=True)
class Call:
    """One call that an answer made: the function's name, what it was given, what it said, and how long it took."""

    name: str
    input: dict[str, Any]
    result: str
    failed: bool = False
    seconds: float = 0.0

    def __str__(self) -> str:
        result = " ".join(self.result.split())
        shown = result if len(result) <= SHOWN else f"{result[: SHOWN - 1]}…"
        return f"{tools.described(self.name, self.input)} {'failed: ' if self.failed else '→ '}{shown}"


def _said(error: BaseException) -> str:
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  # its `__str__` is the user's too
        message = ""
    return f"{type(error).__name__}: {message[:LONGEST_ERROR]}" if message else type(error).__name__


def in_full(use: ToolUse) -> str:
    """A call as it would be made, to be allowed or not: nothing of it is hidden but what nobody would read."""
    given = [f"{name if name.isidentifier() else repr(name)}={value!r}" for name, value in use.input.items()]
    said = f"{use.name}({', '.join(given)})"
    return said if len(said) <= READABLE else f"{said[:READABLE]}… (and {len(said) - READABLE:,} more characters)"


@dataclass(slots=True)
class Calls:
    """Calls tools for one run, at most `most` times. `ask_user` None calls without asking."""

    tools: tuple[Tool, ...]
    most: int
    allowance: int
    ask_user: Callable[[str], str] | None
    keys: Keys
    clock: Callable[[], float] = time.monotonic
    made: list[Call] = field(default_factory=list)
    _told: bool = False

    def results(self, uses: tuple[ToolUse, ...], stopped: Callable[[], bool]) -> Iterator[ToolResult]:
        """What became of each; nothing once the model asks on though it was told that the bound is reached.

        Raises KeyboardInterrupt before a call that comes after the user has `stopped` the run.
        """
        if self._told:
            return
        for use in uses:
            if stopped():
                raise KeyboardInterrupt
            yield self._result(use, stopped)

    def _result(self, use: ToolUse, stopped: Callable[[], bool]) -> ToolResult:
        if len(self.made) >= self.most:
            self._told = True
            return ToolResult(use.id, (Text(ENOUGH),), failed=True)
        begun_s = self.clock()
        content, failed = self._content(use, stopped)
        said = words(content) or ", ".join(type(piece).__name__.lower() for piece in content)
        self.made.append(Call(use.name, dict(use.input), said, failed, self.clock() - begun_s))
        return ToolResult(use.id, content, failed)

    def _content(self, use: ToolUse, stopped: Callable[[], bool]) -> tuple[tuple[Piece, ...], bool]:
        found = next((one for one in self.tools if one.name == use.name), None)
        if found is None or use.broken:
            why = "Its input was no JSON object." if found else f"There is no tool {use.name!r}."
            return (Text(why),), True
        if not self._allowed(use):
            return (Text(NO),), True
        if stopped():  # while it was asked
            raise KeyboardInterrupt
        failed = False
        try:
            value = tools.call(found, use.input)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a function raises, the model is told
            value, failed = _said(error), True
        try:
            pieces = tuple(self._cut(one) for one in render(value, f"{use.name}()", self.allowance).pieces)
            self.keys.stay_out(pieces, f"the result of {use.name}()")
        except CannotSend as problem:
            return (Text(f"{problem.what} {problem.next_step}"),), True
        empty = not any(not isinstance(piece, Text) or piece.text.strip() for piece in pieces)
        return ((Text("(an empty text)"),) if empty else pieces), failed

    def _cut(self, piece: Piece) -> Piece:
        """A text within the allowance: what a function returns is sent again with each request that follows."""
        if not isinstance(piece, Text) or piece.tokens <= self.allowance * SLACK:
            return piece
        most = int(self.allowance * BYTES_PER_TOKEN)
        kept = piece.text.encode()[:most].decode("utf-8", "ignore")
        return Text(f"{kept}\n… (cut: {len(piece.text) - len(kept):,} more characters)")

    def _allowed(self, use: ToolUse) -> bool:
        if self.ask_user is None:
            return True
        try:
            said = self.ask_user(f"Claude wants to call {in_full(use)}. [y]es, [n]o, [a]ll? ")
        except (EOFError, RuntimeError):  # nobody there, as in a script without a terminal
            return False
        if said.strip().lower() in {"a", "all"}:
            self.ask_user = None
        return said.strip().lower() in {"y", "yes", "a", "all"}
