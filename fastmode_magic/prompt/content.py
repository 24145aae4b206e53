"""What a message is made of: the content blocks of the Messages API, as values that share nothing with its wire."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .tokens import estimate_tokens

PATCH = 28  # the service's own rule for images: a token for each patch of so many pixels; larger ones are scaled down
IMAGE_TOKENS = 4_784
PDF_BYTES_PER_TOKEN = 40  # nobody can tell without reading the pages: an estimate from common papers


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str

    @property
    def tokens(self) -> int:
        """Estimated tokens."""
        return estimate_tokens(self.text)


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG, JPEG, GIF or WebP; `size` is (width, height) in pixels, None where nobody looked."""

    media_type: str
    data: bytes = field(repr=False)
    size: tuple[int, int] | None = None

    @property
    def tokens(self) -> int:
        """Estimated tokens."""
        if self.size is None:
            return IMAGE_TOKENS
        width, height = (-(-pixels // PATCH) for pixels in self.size)
        return min(IMAGE_TOKENS, width * height)


@dataclass(frozen=True, slots=True)
class Document:
    """A PDF."""

    title: str
    data: bytes = field(repr=False)

    @property
    def tokens(self) -> int:
        """Estimated tokens, roughly."""
        return len(self.data) // PDF_BYTES_PER_TOKEN


Piece = Text | Image | Document


@dataclass(frozen=True, slots=True)
class Thinking:
    """What the model thought before it answered, as far as it was shown; the signature binds it to model and thread."""

    text: str
    signature: str

    @property
    def tokens(self) -> int:
        """Estimated tokens: what is not shown is in the signature."""
        return estimate_tokens(self.text or self.signature)


@dataclass(frozen=True, slots=True)
class HiddenThinking:
    """Thinking that the service encrypted (`redacted_thinking`)."""

    data: str

    @property
    def tokens(self) -> int:
        """Estimated tokens."""
        return estimate_tokens(self.data)


@dataclass(frozen=True, slots=True)
class ToolUse:
    """The model wants the tool `name` called with `input`; `broken` where that was no JSON object."""

    id: str
    name: str
    input: Mapping[str, Any]
    broken: bool = False

    @property
    def tokens(self) -> int:
        """Estimated tokens."""
        return estimate_tokens(self.name + str(self.input))


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What became of the call `id`."""

    id: str
    content: tuple[Piece, ...]
    failed: bool = False

    @property
    def tokens(self) -> int:
        """Estimated tokens."""
        return sum(piece.tokens for piece in self.content)


Block = Piece | Thinking | HiddenThinking | ToolUse | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One side's part of a conversation."""

    role: Literal["user", "assistant"]
    content: tuple[Block, ...]

    @property
    def tokens(self) -> int:
        """Estimated tokens."""
        return sum(block.tokens for block in self.content)

    @property
    def size(self) -> int:
        """Bytes of pictures and documents, as they travel."""
        results = [piece for block in self.content if isinstance(block, ToolResult) for piece in block.content]
        return sum(len(one.data) * 4 // 3 for one in (*self.content, *results) if isinstance(one, Image | Document))

    @property
    def without_thinking(self) -> "Message":
        """The same without what is bound to model and conversation."""
        kept = tuple(block for block in self.content if not isinstance(block, Thinking | HiddenThinking))
        return Message(self.role, kept)


def words(pieces: Iterable[Block]) -> str:
    """What of some content is text."""
    return "".join(piece.text for piece in pieces if isinstance(piece, Text))
