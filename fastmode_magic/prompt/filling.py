"""A prompt with its variables filled in: the pieces that are sent, what each weighs, and what was cut."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import template
from .ask import Ingredient
from .content import Piece, Text
from .keys import Keys
from .rendering import Rendered, render

_BLANKS = re.compile(r"[ \t]*")
LONG = 5  # times the allowance, from which on a text that is sent whole is mentioned


@dataclass(frozen=True, slots=True)
class Filled:
    """What is sent, piece by piece."""

    pieces: tuple[Piece, ...]
    makeup: tuple[Ingredient, ...] = ()
    notices: tuple[str, ...] = ()


def filled(text: str, namespace: Mapping[str, Any], allowance: int, keys: Keys) -> Filled:
    """`text` with the variables that `namespace` has, each within `allowance` tokens.

    Raises CannotSend for an object that cannot be sent, and for one that carries a key.
    """
    found = template.find(text, namespace)
    known: dict[tuple[str, str | None], Rendered] = {}
    pieces: list[Piece] = []
    at = 0
    for variable in found.variables:
        key = (variable.path, variable.spec)
        if key not in known:
            known[key] = _rendered(variable, allowance)
            keys.stay_out(known[key].pieces, f"`{{{variable.path}}}`")
        before = text[at : variable.start]
        pieces += [Text(before if known[key].inline else before.rstrip(" \t")), *_apart(known[key], text, variable)]
        at = variable.end
        if not known[key].inline:
            at = _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing, too
    pieces.append(Text(text[at:]))
    own = sum(piece.tokens for piece in (Text(text[a:b]) for a, b in _between(text, found.variables)))
    makeup = [Ingredient("the cell's own words", "text", own)]
    makeup += [
        Ingredient(f"{{{path}}}", rendered.kind, sum(piece.tokens for piece in rendered.pieces))
        for (path, _), rendered in known.items()
    ]
    cuts = [rendered.cut for rendered in known.values() if rendered.cut]
    for (path, _), rendered in known.items():
        size = sum(piece.tokens for piece in rendered.pieces if isinstance(piece, Text))
        if size > LONG * allowance:
            cuts.append(f"`{{{path}}}` was sent whole: about {size:,} tokens.")
    return Filled(_joined(pieces), tuple(makeup), (*cuts, *found.notices))


def gathered(items: Sequence[object], allowance: int, keys: Keys) -> Filled:
    """Texts and objects one after the other. Raises CannotSend as `filled` does."""
    pieces: list[Piece] = []
    makeup, notices = [], []
    for number, item in enumerate(items, 1):
        rendered = render(item, f"piece {number}", allowance)
        if not isinstance(item, str):
            keys.stay_out(rendered.pieces, f"piece {number}")
        pieces += [*([Text("\n\n")] if pieces else []), *rendered.pieces]
        makeup.append(Ingredient(f"piece {number}", rendered.kind, sum(piece.tokens for piece in rendered.pieces)))
        notices += [rendered.cut] if rendered.cut else []
    return Filled(_joined(pieces), tuple(makeup), tuple(notices))


def _rendered(variable: template.Variable, allowance: int) -> Rendered:
    if variable.spec is None:
        return render(variable.value, variable.path, allowance)
    words = template.formatted(variable).encode("utf-8", "replace").decode("utf-8")
    return Rendered((Text(words),), f"{type(variable.value).__name__}, formatted", inline=True)


def _apart(rendered: Rendered, text: str, variable: template.Variable) -> tuple[Piece, ...]:
    """An object that is a block of its own gets lines of its own."""
    if rendered.inline:
        return rendered.pieces
    before = text[: variable.start].rpartition("\n")[2]
    after = text[variable.end :].partition("\n")[0]
    return (*([Text("\n\n")] if before.strip() else []), *rendered.pieces, *([Text("\n\n")] if after.strip() else []))


def _between(text: str, variables: Iterable[template.Variable]) -> Iterable[tuple[int, int]]:
    at = 0
    for variable in variables:
        yield at, variable.start
        at = variable.end
    yield at, len(text)


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """The same with neighbouring texts made into one; a text of nothing but space beside an image is none."""
    joined: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Text) and joined and isinstance(joined[-1], Text):
            joined[-1] = Text(joined[-1].text + piece.text)
        else:
            joined.append(piece)
    if len(joined) == 1:
        return tuple(joined)
    return tuple(piece for piece in joined if not isinstance(piece, Text) or piece.text.strip())
