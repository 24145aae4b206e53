"""Errors and tracebacks: what happened and where, without what the variables held."""

from collections.abc import Callable, Iterator

from .content import Text
from .excerpts import clean, room, shortened, shorter, size
from .subjects import Rendered, Subject, said
from .traces import LONGEST_LINE, places, short_path, written

LONGEST_MESSAGE = 4_000  # characters
MOST_IN_GROUP = 10
DEEPEST = 10  # causes of causes, groups in groups
_CAUSE = "The error above was the direct cause of the next one:"
_CONTEXT = "While the error above was handled, the next one occurred:"
# what is shown until it fits: lines around each line of a trace, and steps at either end of it
_DETAIL = ((2, 15), (0, 15), (0, 5), (0, 2), (0, 1))


def exception(subject: Subject) -> Rendered:
    """An exception with its causes, and where each was raised."""
    error: BaseException = subject.value

    def told(around: int, most: int) -> str:
        lines = "\n".join(_told(error, around, most, frozenset(), 0))
        return f"{subject.quoted}: {_type(error)}\n\n{lines}" if "\n" in lines else f"{subject.quoted}: {lines}"

    return _fitted(subject, told, _type(error))


def trace(subject: Subject) -> Rendered:
    """A traceback without its error."""
    found = places(subject.value)

    def told(around: int, most: int) -> str:
        return "\n".join([f"{subject.quoted}: a traceback (most recent call last)\n", *written(found, around, most)])

    return _fitted(subject, told, "traceback")


def _fitted(subject: Subject, told: Callable[[int, int], str], kind: str) -> Rendered:
    """With as much detail as the allowance has room for."""
    free, text, detail = room(subject.allowance), "", _DETAIL[0]
    for detail in _DETAIL:
        text = subject.asked("The message", lambda detail=detail: clean(told(*detail)))  # type: ignore[misc]
        if size(text) <= free:
            break
    sent = shortened(text, subject.allowance)
    cut = f"Some of the traceback was left out {subject.within}." if detail != _DETAIL[0] or sent != text else None
    return Rendered((Text(sent),), kind, cut, inline="\n" not in sent)


def _told(error: BaseException, around: int, most: int, known: frozenset[int], depth: int) -> Iterator[str]:
    """An error after what led to it, as Python tells it."""
    known |= {id(error)}
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in known and depth < DEEPEST:
        yield from _told(before, around, most, known, depth + 1)
        yield from ("", _CAUSE if error.__cause__ is not None else _CONTEXT, "")
    found = places(error.__traceback__)
    if found:
        yield "Traceback (most recent call last):"
        yield from written(found, around, most)
    yield from _message(error)
    if isinstance(error, BaseExceptionGroup):
        yield from _parts(error, around, most, known, depth)


def _parts(group: BaseException, around: int, most: int, known: frozenset[int], depth: int) -> Iterator[str]:
    """The errors of a group, each a little to the right."""
    errors: tuple[BaseException, ...] = getattr(group, "exceptions", ())
    for at, error in enumerate(errors[:MOST_IN_GROUP] if depth < DEEPEST else (), 1):
        yield f"  {at} of {len(errors):,}:"
        yield from (f"  {line}" for line in _told(error, around, most, known, depth + 1))
    if len(errors) > MOST_IN_GROUP:
        yield f"  … {len(errors) - MOST_IN_GROUP:,} more errors"


def _message(error: BaseException) -> Iterator[str]:
    """Type, message and notes; of a syntax error also the line and the place in it."""
    if isinstance(error, SyntaxError) and isinstance(error.lineno, int):
        yield from _syntax(error)
        message = str(error.msg)
    else:
        try:
            message = str(error)
        except Exception as failure:  # noqa: BLE001  # as Python does
            message = f"<its message failed: {said(failure)}>"
    yield from shorter(f"{_type(error)}: {message}" if message else _type(error), LONGEST_MESSAGE).split("\n")
    notes = getattr(error, "__notes__", None)
    for note in notes[:MOST_IN_GROUP] if isinstance(notes, list) else ():
        yield from shorter(str(note), LONGEST_MESSAGE).split("\n")


def _syntax(error: SyntaxError) -> Iterator[str]:
    """Where it is in the source."""
    yield f"{short_path(str(error.filename or '<unknown>'))}, line {error.lineno}:"
    if not isinstance(error.text, str):
        return
    text = error.text.rstrip("\n")[: 2 * LONGEST_LINE]
    blank = len(text) - len(text.lstrip())
    yield f"    {text[blank:]}"
    if isinstance(error.offset, int) and error.offset > 0:
        start = max(0, min(error.offset - 1, len(text)) - blank)
        same = error.end_lineno == error.lineno and isinstance(error.end_offset, int)
        length = max(1, (error.end_offset or 0) - error.offset) if same else 1
        yield f"    {' ' * start}{'^' * min(length, max(1, len(text) - blank - start))}"


def _type(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__
    return name if kind.__module__ in {"builtins", "__main__"} else f"{kind.__module__}.{name}"
