"""Loading and unloading: everything that is put into the shell, and taken out of it again."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..answer import Answer
from ..background import BackgroundAnswer
from ..current import use
from ..session import Session
from ..settings import FastMode
from ..views.lab import Lab
from . import completion, front_end, transform
from .claude import ClaudeMagics
from .fastmode import FastmodeMagics


def load(shell: Any, folders: Sequence[Path] | None = None) -> Session:
    """Put the magics into `shell`; loading again changes nothing. Nothing is fetched or written.

    `folders` has the system's `fastmode.toml`; None is where Jupyter looks.
    """
    if loaded := session_of(shell):
        return loaded
    settings = FastMode(folders, parent=shell)
    settings.on_problem = _tell
    for problem in settings.problems:
        _tell(problem)
    session = Session(settings)
    session.notebook = partial(front_end.notebook, shell)
    use(session)
    shell.configurables.append(settings)
    magics = ClaudeMagics(shell, session)
    shell.register_magics(magics)
    for shown in (Answer, BackgroundAnswer):
        shell.display_formatter.ipython_display_formatter.for_type(shown, magics.skip_display)
    shell.register_magics(FastmodeMagics(shell, magics))
    transform.install(shell)
    completion.install(shell, session)
    if hasattr(shell, "kernel"):
        session.pages.lab = Lab(session.pages)
        session.pages.lab.open(shell.kernel)
    _Watch(shell, session).begin()
    return session


def _tell(problem: str) -> None:
    print(f"fastmode-magic: {problem}", file=sys.stderr)  # noqa: T201  # a log line would not be seen


def session_of(shell: Any) -> Session | None:
    """The session that `load` made for `shell`, while it is loaded."""
    magic = shell.magics_manager.magics["cell"].get("claude")
    return magic.__self__.session if isinstance(getattr(magic, "__self__", None), ClaudeMagics) else None


def unload(shell: Any) -> None:
    """Take everything out of `shell`; unloading what is not loaded changes nothing."""
    session = session_of(shell)
    if session is None:
        return
    transform.remove(shell)
    completion.remove(shell)
    for kind, name in (("cell", "claude"), ("line", "claude"), ("line", "fastmode")):
        shell.magics_manager.magics[kind].pop(name, None)
    for name in ("ClaudeMagics", "FastmodeMagics"):
        shell.magics_manager.registry.pop(name, None)
    ours = (FastMode, ClaudeMagics, FastmodeMagics)  # IPython lists magics among the configurables, too
    shell.configurables[:] = [one for one in shell.configurables if not isinstance(one, ours)]
    for shown in (Answer, BackgroundAnswer):
        shell.display_formatter.ipython_display_formatter.pop(shown, None)
    use(None)
    session.close()


class _Watch:
    """Watches the shell's cells: loads the SDK once the one that loaded us has ended, and tells which are run again."""

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session

    def begin(self) -> None:
        self._shell.events.register("post_run_cell", self._loaded)
        self._shell.events.register("pre_run_cell", self._runs)

    def _loaded(self, *_: object) -> None:
        self._shell.events.unregister("post_run_cell", self._loaded)
        self._session.warm_up()

    def _runs(self, *_: object) -> None:
        if session_of(self._shell) is not self._session:
            self._shell.events.unregister("pre_run_cell", self._runs)
        elif place := front_end.place(self._shell):
            self._session.pages.executed(place)
