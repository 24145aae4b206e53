"""The session of this process: the one that `%load_ext` made, else one for plain Python."""

from .session import Session
from .settings import FastMode

_current: Session | None = None


def current() -> Session:
    """The session; made when it is first wanted."""
    global _current  # noqa: PLW0603  # a kernel has one session, and plain Python as well
    if _current is None:
        _current = Session(FastMode())
    return _current


def use(session: Session | None) -> None:
    """Make `session` the current one; None forgets it."""
    global _current  # noqa: PLW0603
    _current = session
