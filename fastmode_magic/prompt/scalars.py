"""Texts, numbers, dates, and whatever has no more to say than its repr."""

from .content import Text
from .excerpts import clean, counted, shortened
from .kinds import described
from .subjects import Rendered, Subject


def text(subject: Subject) -> Rendered:
    """A string, as it is and whole."""
    value = subject.value
    written = value if type(value) is str else subject.asked("The text", lambda: str(value))
    sent = clean(written)
    cut = None
    if sent != written:
        cut = f"Halves of characters (lone surrogates) in {subject.quoted}, which cannot be sent, were replaced by `?`."
    return Rendered((Text(sent),), f"text, {counted(len(sent), 'character')}", cut, inline=True)


def scalar(subject: Subject) -> Rendered:
    """What `str()` says of a number, a date, an enum's member …"""
    written = subject.asked("The text", lambda: str(subject.value))
    return words(subject, written)


def representation(subject: Subject) -> Rendered:
    """What its repr says."""
    return words(subject, subject.asked("The repr", lambda: repr(subject.value)))


def words(subject: Subject, written: str, kind: str | None = None) -> Rendered:
    """A text that was made of an object, cut to the allowance."""
    sent = shortened(clean(written), subject.allowance)
    cut = None
    if sent != clean(written):
        cut = f"The middle of {len(written):,} characters was left out {subject.within}."
    return Rendered((Text(sent),), kind or described(type(subject.value)), cut, inline="\n" not in sent)
