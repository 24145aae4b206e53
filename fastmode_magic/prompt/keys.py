"""API keys: no prompt carries one, and nothing shows one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .content import Piece, Text
from .problems import CannotSend

_KEY = re.compile(r"sk-ant-[\w-]{16,}")
SHORTEST = 12  # characters; a shorter one is a word


@dataclass(frozen=True, slots=True)
class Keys:
    """The credentials of a session. They are in no repr: `%xmode Verbose` shows the variables of every frame."""

    _known: tuple[str, ...] = field(default=(), repr=False)

    def stay_out(self, pieces: Iterable[Piece], what: str) -> None:
        """Raise CannotSend if a piece of `what` ("`{df}`", "the cell that failed") has an API key in it."""
        for piece in pieces:
            if isinstance(piece, Text) and self._in(piece.text):
                raise CannotSend(
                    f"{what[:1].upper()}{what[1:]} has an API key in it, which would be sent.",
                    "Send the part of it that you need, or take the key out.",
                )

    def hidden(self, text: str) -> str:
        """`text` without the keys in it, as it may be kept."""
        for key in self._known:
            text = text.replace(key, "…") if len(key) >= SHORTEST else text
        return _KEY.sub("…", text)

    def _in(self, text: str) -> bool:
        return _KEY.search(text) is not None or any(len(key) >= SHORTEST and key in text for key in self._known)
