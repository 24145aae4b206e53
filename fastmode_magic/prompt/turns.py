"""The turns of a conversation, and what of them is sent when it goes on."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from .content import Message, Text, ToolResult, ToolUse, words

MOST_BYTES = 12_000_000  # of pictures in a history: the service takes requests of up to 32 MB


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer.

    messages   the user's, what tools brought, and the model's
    typed      what the user wrote, before variables were filled in
    model      id of the model that answered, and `setting` a mark of system prompt and tools: thinking is bound to both
    cell       id of the notebook's cell that asked, and `request` the one of that run; None where nobody said
    complete   whether the answer came to its end
    stale      whether a turn before it was run again since: it answers words that are gone
    """

    messages: tuple[Message, ...]
    typed: str
    model: str
    setting: str = ""
    at: datetime | None = None
    cell: str | None = None
    request: str | None = None
    complete: bool = True
    stale: bool = False

    @property
    def reply(self) -> str:
        """The model's words."""
        said = [words(message.content) for message in self.messages[1:] if message.role == "assistant"]
        return "\n\n".join(part for part in said if part)

    @property
    def tokens(self) -> int:
        """Estimated tokens."""
        return sum(message.tokens for message in self.messages)

    @property
    def without_thinking(self) -> "Turn":
        """The same without what the model thought."""
        return replace(self, messages=tuple(message.without_thinking for message in self.messages))

    @property
    def calls(self) -> bool:
        """Whether functions were called, which the service takes only beside their definitions."""
        return any(isinstance(block, ToolUse) for message in self.messages for block in message.content)

    @property
    def told(self) -> "tuple[Message, ...]":
        """Question and answer with calls and their results as words."""
        from .tools import described

        parts: list[str] = []
        uses: dict[str, str] = {}
        for message in self.messages[1:]:
            for block in message.content:
                match block:
                    case Text(text=text):
                        parts.append(text)
                    case ToolUse():
                        uses[block.id] = described(block.name, block.input)
                    case ToolResult():
                        parts.append(f"[called {uses.get(block.id)}: {words(block.content)}]")
        return (self.messages[0], Message("assistant", (Text("\n\n".join(parts)),)))


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation. `origin` is the thread and turn from which it branched; `left_out` counts turns not sent."""

    name: str
    turns: tuple[Turn, ...] = ()
    origin: tuple[str, int] | None = None
    left_out: int = 0
    saved: bool = False  # whether it is kept in a file
    stamp: tuple[int, int] | None = field(default=None, compare=False)  # of that file: when written, how long


@dataclass(frozen=True, slots=True)
class Addressee:
    """Who is asked: the model, a mark of the system prompt and tools that it gets, whether these are any."""

    model: str
    setting: str = ""
    tools: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a turn is asked: the cell, and this run of it."""

    cell: str | None = None
    request: str | None = None


def sent(turns: tuple[Turn, ...], left_out: int, to: Addressee, room: int) -> tuple[tuple[Message, ...], int]:
    """The messages of `turns` that are sent, and how many turns are left out to fit into `room` tokens.

    What is left out is kept for as long as it can be, so that what is sent begins the same and is read from the
    prompt cache: past the bound, half of it is left free. Thinking goes back only where all is as it was when the
    model thought it: elsewhere the service may refuse it, and it does not take a part of it.
    """
    left_out = min(left_out, len(turns))
    sizes = [turn.tokens for turn in turns]
    weights = [sum(message.size for message in turn.messages) for turn in turns]
    if sum(sizes[left_out:]) > room or sum(weights[left_out:]) > MOST_BYTES:
        while left_out < len(turns) and (
            sum(sizes[left_out:]) > room // 2 or sum(weights[left_out:]) > MOST_BYTES // 2
        ):
            left_out += 1
    same = not left_out and all(
        (turn.model, turn.setting) == (to.model, to.setting) and not turn.stale for turn in turns
    )
    messages: list[Message] = []
    for turn in turns[left_out:]:
        whole = turn.told if turn.calls and not to.tools else turn.messages
        said = whole if same else [message.without_thinking for message in whole]
        messages += [message for message in said if message.content]
    return tuple(messages), left_out
