"""Tab on a %claude, %%claude or %fastmode line, in every front end that asks the kernel."""

from typing import Any

from ..claude import catalog
from . import fastmode, options

_KEYS = ("%%claude", "%claude", "%fastmode")


def install(shell: Any) -> None:
    """Answer completion requests on our lines."""
    for key in _KEYS:
        shell.set_hook("complete_command", _complete, str_key=key)


def remove(shell: Any) -> None:
    """Take it out again."""
    for key in _KEYS:
        shell.strdispatchers["complete_command"].strs.pop(key, None)


def flags(line: str) -> list[str]:
    """What can stand where `line`, up to the cursor, ends: a flag, or a value of the flag before."""
    before = line.split()[1:] if line[-1:].isspace() else line.split()[1:-1]
    option = options.FLAGS.get(before[-1]) if before else None
    if option is None or option.read is None:
        return sorted(options.FLAGS)
    return list(option.choices) or ([model.aliases[0] for model in catalog.models()] if option.field == "model" else [])


def _complete(_shell: Any, event: Any) -> list[str]:
    """IPython's hook; `event` has the line and the word at the cursor."""
    known = list(fastmode.COMMANDS) if event.command == "%fastmode" else flags(event.text_until_cursor)
    return [word for word in known if word.startswith(event.symbol)]
