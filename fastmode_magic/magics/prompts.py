"""Saved prompts, threads and repairs, by their commands."""

import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from ..claude.errors import BadInput, FastmodeError, Interrupted
from ..prompt.problems import CannotSend
from ..session import Session


class Names(Mapping[str, Any]):
    """What a prompt can name: variables of the function that asks, of the notebook, and `error` for the last one.

    Its repr is short, and asks nobody: `%xmode Verbose` shows the variables of every frame.
    """

    def __init__(self, *scopes: Mapping[str, Any]) -> None:
        self._scopes = scopes

    def __getitem__(self, name: str) -> Any:
        return next(scope for scope in self._scopes if name in scope)[name]

    def __contains__(self, name: object) -> bool:
        return any(name in scope for scope in self._scopes)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(chain.from_iterable(self._scopes)))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return "<the notebook's variables>"


def names(shell: Any, session: Session) -> Names:
    """What a prompt of this moment can name."""
    frame = sys._getframe()
    while frame.f_back and frame.f_globals is not shell.user_ns:
        frame = frame.f_back
    own = frame.f_locals if frame.f_globals is shell.user_ns else shell.user_ns
    scopes = [shell.user_ns] if own is shell.user_ns else [dict(own), shell.user_ns]
    history = shell.history_manager
    if shell.user_ns.get("In") is history.input_hist_parsed:  # which has magics as IPython rewrites them
        scopes.insert(0, {"In": history.input_hist_raw})
    return Names(*scopes, *([{"error": session.last_error}] if session.last_error else []))


def remember_error(session: Session) -> None:
    """Keep the last error of the user's own: one of ours must not hide it from `%fastmode fix`."""
    error = _last_error()
    if error is not None and not isinstance(error, FastmodeError | Interrupted):
        session.last_error = error


def _last_error() -> BaseException | None:
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)  # the first from Python 3.12 on
    return error if isinstance(error, BaseException) else None


def save(session: Session, name: str, prompt: str) -> str:
    """Save a cell's prompt, braces and all; returns what was done."""
    from ..prompt.library import Library

    try:
        saved = Library(Path(session.settings.prompts_folder)).save(name, prompt)
    except CannotSend as problem:
        raise BadInput(problem.what, problem.next_step) from None
    return f"fastmode-magic: saved as {saved.name!r}, version {saved.version}, in {session.settings.prompts_folder}."


def report(session: Session, words: list[str]) -> str:
    """`%fastmode prompts [show NAME | diff NAME [NAME]]`."""
    from ..prompt.files import fenced
    from ..prompt.library import Library
    from ..reports import prompts as prompt_reports

    library = Library(Path(session.settings.prompts_folder))
    try:
        match words:
            case []:
                return prompt_reports.prompts(session)
            case ["show", name]:
                return fenced(library.load(name), "markdown")
            case ["diff", *names] if 1 <= len(names) <= 2:
                found = library.diff(*names)
                return fenced(found, "diff") if found else "The two are the same."
    except CannotSend as problem:
        raise BadInput(problem.what, problem.next_step) from None
    raise BadInput(
        f"`%fastmode prompts` does not know {' '.join(words)!r}.",
        "Type `%fastmode prompts`, `prompts show NAME`, `prompts diff NAME` or `prompts diff NAME@1 NAME@3`.",
    )


def repair_of(session: Session, namespace: Mapping[str, Any], wish: str) -> str:
    """The prompt that repairs the last error of the notebook. Raises BadInput where there is none."""
    from ..prompt.repair import repair

    if session.last_error is None:
        raise BadInput("There is no error to repair.", "Run a cell that fails, then type `%fastmode fix`.")
    try:
        return repair(session.last_error, namespace, wish, session.service.keys)
    except CannotSend as problem:
        raise BadInput(problem.what, problem.next_step) from None


def thread(session: Session, words: list[str]) -> str:
    """`%fastmode thread NAME | off`: what later cells continue."""
    from ..prompt import archive

    try:
        match words:
            case []:
                current = session.threads.current
                return f"Later cells continue thread {current!r}." if current else "Later cells continue no thread."
            case ["off"]:
                session.threads.current = None
                return "Later cells continue no thread unless they say --thread."
            case [name]:
                archive.recall(session.threads, name, session.settings.threads_folder)
                session.threads.current = name
                there = session.threads.find(name)
                turns = f" (turns so far: {len(there.turns)})" if there else ""
                return f"Later cells continue thread {name!r}{turns}; `%fastmode thread off` ends that."
    except CannotSend as problem:
        raise BadInput(problem.what, problem.next_step) from None
    raise BadInput("A thread has one name.", "Type `%fastmode thread NAME`.")


def threads(session: Session, words: list[str]) -> str:
    """`%fastmode threads [NAME | save [NAME] | forget NAME]`."""
    from ..prompt import archive
    from ..reports import prompts as prompt_reports

    try:
        match words:
            case []:
                return prompt_reports.threads(session)
            case ["save", *names]:
                return _save(session, names)
            case ["forget", name]:
                archive.recall(session.threads, name, session.settings.threads_folder)
                archive.remove(session.threads.forget(name).name, session.settings.threads_folder)
                return f"Thread {name!r} is forgotten, its file too if it had one."
            case [name]:
                archive.recall(session.threads, name, session.settings.threads_folder)
                return prompt_reports.threads(session, name)
    except CannotSend as problem:
        raise BadInput(problem.what, problem.next_step) from None
    raise BadInput(
        f"`%fastmode threads` does not know {' '.join(words)!r}.",
        "Type `%fastmode threads`, `threads NAME`, `threads save [NAME]` or `threads forget NAME`.",
    )


def _save(session: Session, names: list[str]) -> str:
    from ..prompt import archive

    chosen = [session.threads.existing(name) for name in names] or list(session.threads)
    if not chosen:
        raise CannotSend("There is no thread to save.", "`%%claude --thread NAME` begins one.")
    folder = session.settings.threads_folder
    for one in chosen:
        session.threads.save(one.name, archive.write(one, folder).stamp)
    shown = ", ".join(repr(one.name) for one in chosen)
    return f"Saved in {folder}: {shown}. Later turns are added to the file; after a restart, --thread goes on from it."
