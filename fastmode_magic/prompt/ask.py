"""What one cell asks of Claude, as a value."""

from dataclasses import dataclass
from typing import Literal

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

    @property
    def estimated_input_tokens(self) -> int:
        """Tokens of system prompt and prompt, estimated from their length without asking the service."""
        return estimate_tokens(self.prompt) + estimate_tokens(self.system or "")


def estimate_tokens(text: str) -> int:
    """Tokens in `text`, estimated from its length in UTF-8 (other scripts take more tokens a character)."""
    return round(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)
