"""From an object of the notebook to what Claude reads best of it: a table with one renderer a type, open to users.

An object's own word comes first: a renderer that was registered for its type, then its `_repr_llm_` (the name of the
field: repr-llm, IPython's documentation and nteract use it). Then the table in kinds.py, the hooks that notebooks
know, and at last the repr.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

from . import kinds
from .content import Document, Image, Piece, Text
from .excerpts import clean
from .patience import PATIENCE_S
from .problems import CannotSend
from .subjects import Rendered, Subject, said

__all__ = ["DEFAULT_ALLOWANCE", "Rendered", "register", "render"]

DEFAULT_ALLOWANCE = 4_000  # tokens an object may take before it is cut
MOST_TURNS = 10  # objects that name another one in their place
_HOOKS = {"_repr_png_": True, "_repr_jpeg_": True, "_repr_markdown_": False, "_repr_latex_": False}  # -> is an image
_registered: dict[type | str, Callable[[Any], object]] = {}
_Word = tuple[object, str, Callable[[], object]]  # who says it, what it is called, and how it is asked


def render(value: object, name: str, allowance: int = DEFAULT_ALLOWANCE, *, patience_s: float = PATIENCE_S) -> Rendered:
    """What is sent for `value`, which the prompt calls `name` ("df", 'row["x"]'), within `allowance` tokens.

    What is a text already (a string, a text file, what a registered renderer or `_repr_llm_` says) is sent whole.
    Raises CannotSend for what is too large, broken or unreadable, and where the object's own code fails or takes
    longer than `patience_s`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a glyph that is missing, say: the user saw them when it was shown
        return _rendered(Subject(value, name, allowance, patience_s), frozenset())


def register(type_: type | str, renderer: Callable[[Any], object]) -> None:
    """Render objects of `type_` (a class, or its full name such as "pandas.DataFrame") with `renderer`.

    `renderer` takes the object and returns a text, the bytes of an image or PDF, another object that is rendered in
    its place, or a list of these; None means that it does not take this one. It wins over the table and over
    `_repr_llm_`; the last one registered wins.
    """
    if not isinstance(type_, type | str):
        raise TypeError(f"A renderer is registered for a class or its full name, not for {type_!r:.60}.")
    if not callable(renderer):
        raise TypeError(f"A renderer takes the object and says what to send; {renderer!r:.60} cannot be called.")
    _registered.pop(type_, None)
    _registered[type_] = renderer


def _rendered(subject: Subject, spoken: frozenset[object]) -> Rendered:
    """The first word that there is of an object; those in `spoken` led here, and are not asked again."""
    value = subject.value
    if isinstance(value, Text | Image | Document):
        return Rendered((value,), type(value).__name__.lower())
    if len(spoken) > MOST_TURNS:
        raise CannotSend(
            f"{subject.quoted} is rendered as another object, and that as another, without an end.",
            "Let its `_repr_llm_` or registered renderer return a text.",
        )
    for who, what, ask in _words(subject):
        if who not in spoken:
            told = subject.asked(what, ask)
            if told is not None and told is not NotImplemented:
                return _as_said(subject, told, spoken | {who})
    if renderer := kinds.by_class(type(value)):
        return _by_table(subject, renderer)
    return _by_hook(subject)


def _by_table(subject: Subject, renderer: kinds.Renderer) -> Rendered:
    """What our renderer makes of an object, which may be odder than its library allows for."""
    try:
        return renderer(subject)
    except CannotSend:
        raise
    except Exception as error:
        raise CannotSend(
            f"{subject.quoted}, a {kinds.described(type(subject.value))}, could not be rendered: {said(error)}",
            f"Send its text with `str({subject.name})`, or register a renderer for it.",
        ) from error


def _words(subject: Subject) -> Iterator[_Word]:
    """The registered renderers of an object, from the most specific class on, then its `_repr_llm_`."""
    value, kind = subject.value, type(subject.value)
    for one in kinds.ancestry(kind) if _registered else ():
        for type_, renderer in reversed(_registered.items()):
            if type_ is one or (isinstance(type_, str) and kinds.matches(one, type_)):
                yield (type_, "The renderer that is registered for the type", partial(renderer, value))
    if (found := kinds.member(kind, "_repr_llm_")) is not None:
        yield ((kind, "_repr_llm_"), "The `_repr_llm_`", partial(_called, found, value))


def _called(found: Any, value: object) -> object:
    """What a method of the class says of the object."""
    bound = found.__get__(value, type(value)) if hasattr(type(found), "__get__") else found
    try:
        return bound() if callable(bound) else None
    except NotImplementedError:  # IPython takes this for None as well
        return None


def _as_said(subject: Subject, told: object, spoken: frozenset[object]) -> Rendered:
    """What an object said of itself: texts as they are, bytes by their content, other objects in turn."""
    kind = kinds.described(type(subject.value))
    if isinstance(told, str):
        text = clean(str.__str__(told))
        return Rendered((Text(text),), kind, inline="\n" not in text)
    if type(told) in {list, tuple}:
        each = replace(subject, allowance=subject.allowance // max(1, len(told)))  # type: ignore[arg-type]
        return _joined([_as_said(each, one, spoken) for one in told], kind)  # type: ignore[attr-defined]
    rendered = _rendered(subject.of(told), spoken)
    return Rendered(rendered.pieces, kind, rendered.cut, rendered.inline)


def _joined(parts: list[Rendered], kind: str) -> Rendered:
    """Several as one; texts that follow each other stand on lines of their own."""
    pieces: list[Piece] = [piece for part in parts for piece in part.pieces]
    for at, (one, following) in enumerate(pairwise(tuple(pieces))):
        if isinstance(one, Text) and isinstance(following, Text) and not one.text.endswith("\n"):
            pieces[at] = Text(f"{one.text}\n")
    cut = " ".join(dict.fromkeys(part.cut for part in parts if part.cut)) or None
    return Rendered(tuple(pieces), kind, cut, inline=len(parts) == 1 and parts[0].inline)


def _by_hook(subject: Subject) -> Rendered:
    """What notebooks show of an object, its fields, or its repr."""
    kind = type(subject.value)
    for hook, is_image in _HOOKS.items():
        if (found := kinds.member(kind, hook)) is None:
            continue
        shown = subject.asked(f"The `{hook}`", partial(_called, found, subject.value))
        data = shown[0] if isinstance(shown, tuple) and shown else shown  # the rest is metadata
        if is_image and isinstance(data, str | bytes):
            from .pictures import shown_image

            return shown_image(subject, data)
        if isinstance(data, str) and not is_image:
            from .scalars import words

            return words(subject, data)
    from .scalars import representation

    return (kinds.by_mark(kind) or representation)(subject)
