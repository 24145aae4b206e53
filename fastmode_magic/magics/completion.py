"""Tab on a %claude, %%claude or %fastmode line, in every front end that asks the kernel."""

import re
from typing import Any

from IPython.core import completer

from ..claude import catalog
from . import fastmode, options

_KEYS = ("%%claude", "%claude", "%fastmode")
_OURS = re.compile(r"(?:[^%!?]*=)?\s*(%%?claude|%fastmode)\s")


def install(shell: Any) -> None:
    """Answer completion requests on our lines."""
    if hasattr(completer, "SimpleCompletion"):
        shell.Completer.custom_matchers.append(_match)
    else:  # IPython before 8.6, whose matchers are of another kind
        for key in _KEYS:
            shell.set_hook("complete_command", _hook, str_key=key)


def remove(shell: Any) -> None:
    """Take it out again."""
    if hasattr(completer, "SimpleCompletion"):
        shell.Completer.custom_matchers[:] = [one for one in shell.Completer.custom_matchers if one is not _match]
    else:
        for key in _KEYS:
            shell.strdispatchers["complete_command"].strs.pop(key, None)


def flags(line: str) -> list[str]:
    """What can stand where `line`, up to the cursor, ends: a flag, or a value of the flag before."""
    before = line.split()[1:] if line[-1:].isspace() else line.split()[1:-1]
    option = options.FLAGS.get(before[-1]) if before else None
    if option is None or option.read is None:
        return sorted(options.FLAGS)
    return list(option.choices) or ([model.aliases[0] for model in catalog.models()] if option.field == "model" else [])


def words(line: str) -> list[str]:
    """What can stand where `line`, up to the cursor, ends, by what is typed of it; nothing on a line not ours."""
    found = _OURS.match(line)
    if not found:
        return []
    known = list(fastmode.COMMANDS) if found[1] == "%fastmode" else flags(line[found.start(1) :])
    return [word for word in known if word.startswith(_typed(line))]


def _typed(line: str) -> str:
    return "" if line[-1:].isspace() else line.rsplit(maxsplit=1)[-1]


def _match(context: Any) -> Any:
    """IPython's matcher: ahead of the others, since jedi takes seconds to begin and knows nothing of flags."""
    line = context.line_with_cursor[: context.cursor_position]
    found = words(line)
    completions = [completer.SimpleCompletion(text=word, type="option") for word in found]
    return {"completions": completions, "matched_fragment": _typed(line) if found else context.token, "suppress": True}


_match.matcher_api_version = 2  # type: ignore[attr-defined]
_match.matcher_priority = 1_000  # type: ignore[attr-defined]
_match.matcher_identifier = "fastmode"  # type: ignore[attr-defined]


def _hook(_shell: Any, event: Any) -> list[str]:
    return words(event.text_until_cursor)
