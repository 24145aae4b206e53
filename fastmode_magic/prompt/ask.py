"""What one cell asks of Claude, as a value."""

from dataclasses import dataclass
from typing import Literal, get_args

Fallback = Literal["auto", "standard", "wait", "never"]
Thinking = Literal["off", "summary"]
EFFORTS = ("low", "medium", "high", "xhigh", "max")

# Claude's tokenizers make some 3.5 bytes of English or code into a token; an estimate, always marked as one.
BYTES_PER_TOKEN = 3.5


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: the prompt as it was written, and how it is to be answered.

    `max_tokens` bounds thinking and text together. `max_wait_s` is in seconds; None means the default of `fallback`.
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
        """Tokens of system prompt and prompt, estimated from their length without asking the service."""
        return estimate_tokens(self.prompt) + estimate_tokens(self.system or "")


def estimate_tokens(text: str) -> int:
    """Tokens in `text`, estimated from its length in UTF-8 (other scripts take more tokens a character)."""
    return round(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)
