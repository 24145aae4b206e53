"""Which characters of a foreign text may be shown, by a terminal or a page."""

import re

_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
UNSEEN = re.compile(f"[{_CONTROL}{_BIDI}]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def terminal_text(text: str) -> str:
    """Remove what moves a terminal's cursor or reorders its letters; each character is judged alone."""
    return _SURROGATE.sub("\ufffd", UNSEEN.sub("", text))
