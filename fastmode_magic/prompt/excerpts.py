"""Pure formatting of what is sent: lengths, cuts, one-line texts, and reprs that look only at what they show."""

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Any

from .tokens import BYTES_PER_TOKEN

LEVELS = 3  # of nesting in a short repr
ITEMS = 20
_SIGNS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def size(text: str) -> int:
    """Bytes in UTF-8, which tokens are estimated from."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def room(allowance: int) -> int:
    """Bytes that `allowance` tokens may take."""
    return max(0, int(allowance * BYTES_PER_TOKEN))


def clean(text: str) -> str:
    """The same without halves of characters (lone surrogates), which cannot be sent."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def counted(number: int, noun: str) -> str:
    """ "1 row", "1,000 rows"."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def visible(text: str) -> str:
    """The same with its control characters and line ends written as escapes."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else _SIGNS.get(sign, _escaped(sign)) for sign in clean(text))


def one_line(text: str, limit: int) -> str:
    """The beginning of a text on one line."""
    return shorter(visible(text[: limit + 1]), limit)


def shorter(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them "…" where some were left out."""
    return text if len(text) <= limit else f"{text[: max(0, limit - 1)]}…"


def shortened(text: str, allowance: int) -> str:
    """The same within `allowance` tokens: its middle is left out, and how much that was stands there."""
    free = room(allowance)
    if size(text) <= free:
        return text
    free -= 40
    if free <= 0:
        return "…" if allowance > 1 else ""
    data = text.encode("utf-8", "replace")
    head = data[: free * 2 // 3].decode("utf-8", "ignore")
    tail = data[len(data) - (free - free * 2 // 3) :].decode("utf-8", "ignore")
    return f"{head}\n… {len(text) - len(head) - len(tail):,} characters more …\n{tail}"


def short_repr(value: object, limit: int = 80) -> str:
    """A repr on one line of at most `limit` characters that never raises an Exception; long containers are not read."""
    try:
        return one_line(_bounded(value, limit, LEVELS), limit)
    except Exception as error:  # noqa: BLE001  # a repr is foreign code
        return shorter(f"<{type(value).__name__}, whose repr failed: {type(error).__name__}>", limit)


def _bounded(value: Any, limit: int, levels: int) -> str:
    """The repr of what may be shown; subclasses have a repr of their own."""
    kind = type(value)
    if kind in {str, bytes, bytearray}:
        return repr(value[: limit + 1])
    if kind is int and value.bit_length() > 4_000:  # Python refuses to write larger ones
        return f"<int of {value.bit_length():,} bits>"
    if kind in {list, tuple, set, frozenset, deque, dict} and value:
        return _container(value, limit, levels)
    return repr(value)


def _container(value: Any, limit: int, levels: int) -> str:
    if levels == 0:
        return f"<{type(value).__name__} of {len(value):,}>"
    if isinstance(value, dict):
        pairs = islice(value.items(), ITEMS)
        items = [f"{_bounded(key, limit, levels - 1)}: {_bounded(one, limit, levels - 1)}" for key, one in pairs]
    else:
        items = [_bounded(one, limit, levels - 1) for one in islice(value, ITEMS)]
    more = [f"… {len(value) - ITEMS:,} more"] if len(value) > ITEMS else []
    opening, closing = ("[", "]") if isinstance(value, list | deque) else ("(", ")")
    opening, closing = ("{", "}") if isinstance(value, dict | set | frozenset) else (opening, closing)
    comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
    return f"{opening}{', '.join([*items, *more])}{comma}{closing}"


def listed(names: Iterable[str], free: int, total: int) -> str:
    """As many of `total` names as fit in `free` bytes, and how many are not named."""
    shown: list[str] = []
    used = 20  # for ", … and 1,000 more"
    for name in names:
        used += size(name) + 2
        if used > free:
            break
        shown.append(name)
    more = total - len(shown)
    if not more:
        return ", ".join(shown)
    return f"{', '.join(shown)}, and {more:,} more" if shown else ""


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii") if sign not in {"\u200d", "\ufe0f", "\xa0", "\xad"} else sign
