"""What a renderer is given, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from .content import Piece
from .excerpts import one_line
from .patience import PATIENCE_S, OutOfTime, within
from .problems import CannotSend

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rendered:
    """An object as it is sent.

    kind    what it is, in a few words: "pandas DataFrame, 1,000,000 × 5"
    cut     a sentence that says what was left out to keep within the allowance; None if nothing was
    inline  whether the text may stand in the middle of a line
    """

    pieces: tuple[Piece, ...]
    kind: str
    cut: str | None = None
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """An object to render: its name in the prompt, the tokens it may take, and the seconds its own code may."""

    value: Any
    name: str
    allowance: int
    patience_s: float = PATIENCE_S

    @property
    def quoted(self) -> str:
        """The name as it stands in a sentence."""
        return f"`{one_line(self.name, 80)}`"

    @property
    def within(self) -> str:
        """What was left out was left out for this."""
        return f"to keep {self.quoted} within {self.allowance:,} tokens"

    def of(self, value: object) -> "Subject":
        """Another object in this one's place."""
        return replace(self, value=value)

    def asked(self, what: str, do: Callable[[], T]) -> T:
        """What foreign code says; `what` names it ("The repr"). Raises CannotSend where it fails or takes too long."""
        try:
            return within(self.patience_s, do)
        except CannotSend:
            raise
        except OutOfTime as error:
            raise CannotSend(
                f"{self.quoted} took longer than {self.patience_s:g} s to say what it is.",
                "Send a part of it, or say how to send it: with a `_repr_llm_` or a registered renderer.",
            ) from error
        except (Exception, SystemExit) as error:
            raise CannotSend(
                f"{what} of {self.quoted} failed: {said(error)}",
                "Send a part of it, or say how to send it: with a `_repr_llm_` or a registered renderer.",
            ) from error


def said(error: BaseException) -> str:
    """An error's type and message on one line, ending as a sentence does."""
    try:
        message = one_line(str(error), 200)
    except Exception:  # noqa: BLE001  # its `__str__` is foreign code as well
        message = ""
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
