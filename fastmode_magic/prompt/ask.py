"""What one cell asks of Claude, as a value."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, get_args

from .tokens import estimate_tokens

if TYPE_CHECKING:
    from .content import Message, Piece
    from .conversation import Continuation
    from .structure import Shape
    from .tools import Tool

Fallback = Literal["auto", "standard", "wait", "never"]
Thinking = Literal["off", "summary"]
EFFORTS = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One piece of what is sent: what it is called, what it is, and its estimated tokens."""

    name: str
    kind: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: the words of the prompt, and how it is to be answered.

    `max_tokens` bounds thinking and text together. `max_wait_s` is in seconds; None means the default of
    `fallback`. `max_cost` is in dollars; None is no bound but the budgets'.

    typed         what the user wrote, before variables were filled in
    content       what is sent for the prompt, where that is more than its words
    continuation  the thread that it continues, and what of it is sent
    shape         what the answer must fit
    tools         functions that the model may have called, at most `max_calls` times; `confirm` asks before each
    makeup        what the prompt is made of, by size
    notices       what the user should know of the prompt
    """

    prompt: str
    model: str
    fast: bool = False
    max_tokens: int = 16_000
    system: str | None = None
    effort: str | None = None
    thinking: Thinking = "off"
    fallback: Fallback = "auto"
    max_wait_s: float | None = None
    max_cost: Decimal | None = None
    typed: str = ""
    content: "tuple[Piece, ...]" = ()
    continuation: "Continuation | None" = None
    shape: "Shape | None" = None
    tools: "tuple[Tool, ...]" = ()
    max_calls: int = 10
    confirm: bool = True
    makeup: tuple[Ingredient, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def message(self) -> "Message":
        """The user's message."""
        from .content import Message, Text

        return Message("user", self.content or (Text(self.prompt),))

    @property
    def messages(self) -> "tuple[Message, ...]":
        """What is sent: the thread so far, and the user's message."""
        return (*(self.continuation.history if self.continuation else ()), self.message)

    def problem(self) -> str | None:
        """What cannot be sent as it is, in a sentence; None if all can."""
        for name in ("prompt", "model", "system"):
            text = getattr(self, name)
            if not isinstance(text, str) and not (name == "system" and text is None):
                return f"{name} must be a text, not {text!r:.60}."
            if text and not text.isascii() and text != text.encode("utf-8", "replace").decode("utf-8"):
                return f"The {name} has half of a character (a lone surrogate), which cannot be sent."
        if isinstance(self.max_tokens, bool) or not isinstance(self.max_tokens, int) or self.max_tokens < 1:
            return f"max_tokens must be a number of tokens from 1 on, not {self.max_tokens!r:.60}."
        if self.max_wait_s is not None and not (
            isinstance(self.max_wait_s, int | float) and 0 <= self.max_wait_s < float("inf")
        ):
            return f"max_wait_s must be a number of seconds, not {self.max_wait_s!r:.60}."
        choices = {
            "fast": (True, False),
            "effort": (None, *EFFORTS),
            "thinking": get_args(Thinking),
            "fallback": get_args(Fallback),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                return f"{name} must be one of {', '.join(map(str, allowed))}, not {getattr(self, name)!r:.60}."
        return None

    @property
    def estimated_input_tokens(self) -> int:
        """Tokens of all that is sent, estimated from its length without asking the service."""
        described = sum(estimate_tokens(f"{tool.description}{tool.schema}") for tool in self.tools)
        shape = estimate_tokens(str(self.shape.schema)) if self.shape else 0
        return sum(message.tokens for message in self.messages) + estimate_tokens(self.system or "") + described + shape
