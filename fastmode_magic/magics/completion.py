"""Tab on a %claude, %%claude or %fastmode line, and in a prompt's braces, in every front end that asks the kernel."""

import re
from pathlib import Path
from typing import Any

from IPython.core import completer

from ..claude import catalog
from ..session import Session
from . import fastmode, options

_KEYS = ("%%claude", "%claude", "%fastmode")
_OURS = re.compile(r"(?:[^%!?]*=)?\s*(%%?claude|%fastmode)\s")
_LISTS = frozenset({"saved", "tools"})  # flags that take names with commas between


class Matcher:
    """What can be typed on our lines of one shell."""

    # IPython's words: ahead of the other matchers, since jedi takes seconds to begin and knows nothing of flags
    matcher_api_version = 2
    matcher_priority = 1_000
    matcher_identifier = "fastmode"

    def __init__(self, shell: Any, session: Session) -> None:
        self.__qualname__ = "fastmode"  # IPython asks for it even where it is not needed
        self._namespace = shell.user_ns
        self._session = session

    def __call__(self, context: Any) -> Any:
        """Answer IPython's completer."""
        from . import variables

        line = context.line_with_cursor[: context.cursor_position]
        found, typed = self.words(line), _typed(line)
        in_prompt = _OURS.match(line) or context.full_text.lstrip().startswith("%%claude")
        kind = "option"
        if in_prompt and (inside := variables.inside_braces(line, self._namespace)):
            (typed, found), kind = inside, "instance"
        completions = [completer.SimpleCompletion(text=word, type=kind) for word in found]
        return {"completions": completions, "matched_fragment": typed if found else context.token, "suppress": True}

    def hook(self, _shell: Any, event: Any) -> list[str]:
        """Answer the completer of IPython before 8.6."""
        return self.words(event.text_until_cursor)

    def words(self, line: str) -> list[str]:
        """What can stand where `line`, up to the cursor, ends, by what is typed of it; nothing on a line not ours."""
        found = _OURS.match(line)
        if not found:
            return []
        rest = line[found.start(1) :]
        typed = _typed(line)
        known = self._commands(rest) if found[1] == "%fastmode" else self._flags(rest, typed)
        return [word for word in known if word.startswith(typed)]

    def _commands(self, line: str) -> list[str]:
        before = line.split()[1:] if line[-1:].isspace() else line.split()[1:-1]
        match before:
            case []:
                return list(fastmode.COMMANDS)
            case ["thread"]:
                return ["off", *self._threads()]
            case ["threads"]:
                return ["save", "forget", *self._threads()]
            case ["threads", "save" | "forget", *_]:
                return self._threads()
            case ["prompts"]:
                return ["show", "diff"]
            case ["prompts", "show" | "diff", *_]:
                return self._prompts()
            case ["reconcile"]:
                return ["day", "month"]
            case ["cost" | "history" | "plots"] | ["export", _]:
                return list(options.PERIODS)
            case ["export"]:
                return ["otel"]
            case ["practice"]:
                return ["off"]
            case ["fix", *_]:
                return self._flags(line.replace("fix ", "", 1), _typed(line))
        return []

    def _flags(self, line: str, typed: str) -> list[str]:
        """A flag, or a value of the flag before."""
        before = line.split()[1:] if line[-1:].isspace() else line.split()[1:-1]
        option = options.FLAGS.get(before[-1]) if before else None
        if option is None or option.read is None:
            return sorted(options.FLAGS)
        values = list(option.choices) or self._values(option.field)
        done = typed.rpartition(",")[0] if option.field in _LISTS else ""
        return [f"{done},{value}" for value in values if value not in done.split(",")] if done else values

    def _values(self, field: str) -> list[str]:
        match field:
            case "model":
                return [model.aliases[0] for model in catalog.models()]
            case "thread":
                return self._threads()
            case "origin":
                return [f"{one.name}@{n}" for one in self._session.threads for n in range(1, len(one.turns) + 1)]
            case "saved" | "save":
                return self._prompts()
            case "schema" | "tools":
                from . import variables

                named = variables.schemas if field == "schema" else variables.functions
                return named(self._namespace)
        return []

    def _threads(self) -> list[str]:
        from ..prompt import archive

        return sorted({*self._session.threads.names, *archive.names(self._session.settings.threads_folder)})

    def _prompts(self) -> list[str]:
        from ..prompt.library import Library

        return Library(Path(self._session.settings.prompts_folder)).names()


def install(shell: Any, session: Session) -> None:
    """Answer completion requests on our lines."""
    matcher = Matcher(shell, session)
    if hasattr(completer, "SimpleCompletion"):
        shell.Completer.custom_matchers.append(matcher)
    else:  # IPython before 8.6, whose matchers are of another kind
        for key in _KEYS:
            shell.set_hook("complete_command", matcher.hook, str_key=key)


def remove(shell: Any) -> None:
    """Take it out again."""
    if hasattr(completer, "SimpleCompletion"):
        others = [one for one in shell.Completer.custom_matchers if not isinstance(one, Matcher)]
        shell.Completer.custom_matchers[:] = others
    else:
        for key in _KEYS:
            shell.strdispatchers["complete_command"].strs.pop(key, None)


def _typed(line: str) -> str:
    return "" if line[-1:].isspace() else line.rsplit(maxsplit=1)[-1]
