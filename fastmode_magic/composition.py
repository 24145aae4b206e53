"""From what a cell says to an Ask: settings, saved prompts, variables, thread, schema and tools put together."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from traitlets import TraitError

from .claude import catalog
from .claude.errors import BadInput
from .permissions import permitted
from .prompt import archive, template
from .prompt.ask import Ask, Ingredient
from .prompt.content import Piece, Text, words
from .prompt.conversation import Continuation, Threads, Wanted
from .prompt.filling import Filled, filled, gathered
from .prompt.keys import Keys
from .prompt.library import Library
from .prompt.problems import CannotSend
from .prompt.structure import Shape, shape
from .prompt.tools import Tool, tool
from .prompt.turns import Addressee, Place
from .settings import Values
from .settings.kinds import Dollars

LARGEST_BYTES = 19_000_000  # of a prompt as it travels: with the history it must stay below the service's 32 MB
MOST_TOKENS = 1_400_000  # by our estimate, which may be wrong by a third: the service has the last word
# What a cell can say beyond the fields of an Ask.
EXTRAS = frozenset({"variables", "thread", "new", "origin", "schema", "tools", "yes", "saved"})
_INNER = frozenset({"prompt", "typed", "content", "continuation", "shape", "confirm", "makeup", "notices"})
FIELDS = {one.name for one in dataclass_fields(Ask)} - _INNER | EXTRAS


@dataclass(frozen=True, slots=True)
class Context:
    """What a prompt can refer to. `namespace` None: plain Python, whose own f-strings fill in variables."""

    values: Values
    threads: Threads
    fast: bool = False
    namespace: Mapping[str, Any] | None = field(default=None, repr=False)
    place: Place = field(default_factory=Place)
    keys: Keys = field(default_factory=Keys)
    origins: Mapping[str, str] = field(default_factory=dict)  # who gave a setting its value


def compose(prompt: str | Sequence[object], fields: Mapping[str, Any], context: Context) -> Ask:
    """The Ask that `prompt` becomes with what the cell says in `fields`. Raises BadInput."""
    if unknown := fields.keys() - FIELDS:
        raise BadInput(f"An ask has no {min(unknown)!r}.", "`help(fastmode_magic.ask)` names what it has.")
    try:
        return _composed(prompt, fields, context)
    except CannotSend as error:
        raise BadInput(error.what, error.next_step) from None


def _composed(prompt: str | Sequence[object], fields: Mapping[str, Any], context: Context) -> Ask:
    said = {name: value for name, value in fields.items() if name not in EXTRAS}
    if "max_cost" in said:
        said["max_cost"] = _dollars(said["max_cost"])
    ask = Ask("", **(_defaults(context) | said))
    if problem := ask.problem():
        raise BadInput(problem, "`%claude?` and `help(fastmode_magic.ask)` say what goes.")
    ask = permitted(replace(ask, model=catalog.find(ask.model).id), said, context.values, context.origins)
    content = _content(prompt, fields, context)
    _bounded(content.pieces)
    context.keys.stay_out([*content.pieces, Text(ask.system or "")], "the prompt")
    plain = len(content.pieces) == 1 and isinstance(content.pieces[0], Text)
    tools = _tools(fields.get("tools"), context)
    to = Addressee(ask.model, _setting(ask.system, tools), bool(tools))
    continuation, recalled = _continuation(to, fields, context)
    ask = replace(
        ask,
        prompt=words(content.pieces),
        typed=prompt if isinstance(prompt, str) else words(content.pieces),
        content=() if plain else content.pieces,
        continuation=continuation,
        shape=_shape(fields.get("schema"), context),
        tools=tools,
        confirm=not fields.get("yes"),
        notices=(*ask.notices, *content.notices, *recalled, *(continuation.notices if continuation else ())),
    )
    if problem := ask.problem():
        raise BadInput(problem, "Take it out of the prompt.")
    if ask.estimated_input_tokens > MOST_TOKENS:
        raise CannotSend(
            f"This prompt has about {ask.estimated_input_tokens / 1e6:.1f} million tokens; a model reads one million.",
            "Send a part of it; `--dry-run` shows the size of each piece.",
        )
    return replace(ask, makeup=(*_surroundings(ask), *content.makeup))


def _dollars(value: object) -> Decimal | None:
    try:
        return Dollars().validate(None, value)
    except TraitError:
        raise BadInput(
            f"max_cost cannot be {value!r:.60}: it is an amount of dollars.", "Write it as 0.50 or 2."
        ) from None


def _defaults(context: Context) -> dict[str, Any]:
    values = context.values
    return {
        "fast": context.fast,
        "model": values.model,
        "max_tokens": values.max_tokens,
        "effort": values.effort or None,
        "thinking": values.thinking,
        "fallback": values.fallback,
    }


def _with_saved(prompt: str, saved: str | None, context: Context) -> str:
    """The prompt after the saved prompts that it names."""
    if not saved:
        return prompt
    library = Library(Path(context.values.prompts_folder))
    texts = [library.load(name) for name in _names(saved)]
    return "\n\n".join(text for text in (*texts, prompt) if text.strip())


def _continuation(
    to: Addressee, fields: Mapping[str, Any], context: Context
) -> tuple[Continuation | None, Iterable[str]]:
    """How the ask goes on in its thread, and which threads were found in files."""
    threads, name, origin = context.threads, fields.get("thread"), fields.get("origin")
    named = [one for one in (name or threads.current, (origin or "").partition("@")[0]) if one]
    recalled = [archive.recall(threads, one, context.values.threads_folder) for one in named]
    wanted = Wanted(name, bool(fields.get("new")), origin)
    plan = threads.plan(wanted, context.place, to, room=context.values.history_tokens)
    return plan, [notice for notice in recalled if notice]


def _content(prompt: str | Sequence[object], fields: Mapping[str, Any], context: Context) -> Filled:
    """What is sent for the prompt, after the saved prompts that the cell names."""
    if not isinstance(prompt, str | list | tuple):
        raise BadInput(
            f"The prompt must be a text, or a list of texts and objects, not {prompt!r:.60}.", "Put it in a list."
        )
    if isinstance(prompt, str):
        whole = _with_saved(prompt, fields.get("saved"), context)
        content = _filled(whole, fields, context)
    else:
        before = [text] if (text := _with_saved("", fields.get("saved"), context)) else []
        content = gathered([*before, *prompt], context.values.object_tokens, context.keys)
    if not any(not isinstance(piece, Text) or piece.text.strip() for piece in content.pieces):
        raise BadInput("The prompt is empty.", "Write it in the lines below %%claude, or after %claude.")
    return content


def _filled(prompt: str, fields: Mapping[str, Any], context: Context) -> Filled:
    if context.namespace is None or not fields.get("variables", True) or "{" not in prompt:
        text = Text(prompt)
        return Filled((text,), (Ingredient("the cell's own words", "text", text.tokens),))
    return filled(prompt, context.namespace, context.values.object_tokens, context.keys)


def _bounded(pieces: Iterable[Piece]) -> None:
    size = sum(len(piece.text) if isinstance(piece, Text) else len(piece.data) * 4 // 3 for piece in pieces)
    if size > LARGEST_BYTES:
        raise CannotSend(f"This prompt comes to {size / 1e6:.0f} MB, and the service takes 32.", "Send less at a time.")


def _shape(schema: object, context: Context) -> Shape | None:
    if schema is None:
        return None
    if isinstance(schema, str):
        made = shape(_named(schema, "--schema", context), schema)
    else:
        made = shape(schema, getattr(schema, "__name__", "schema"))
    context.keys.stay_out([Text(str(made.schema))], f"the schema `{made.name}`")
    return made


def _tools(tools: object, context: Context) -> tuple[Tool, ...]:
    if not tools:
        return ()
    if isinstance(tools, str):
        found = [tool(_named(name, "--tools", context), name.rpartition(".")[2]) for name in _names(tools)]
    else:
        functions = tools if isinstance(tools, Sequence) else [tools]
        found = [tool(one, getattr(one, "__name__", "tool")) for one in functions]
    if twice := {one.name for one in found if [other.name for other in found].count(one.name) > 1}:
        raise CannotSend(f"Two tools are called {min(twice)!r}.", "Give each a name of its own.")
    for one in found:
        context.keys.stay_out([Text(f"{one.description}{one.schema}")], f"the tool `{one.name}`")
    return tuple(found)


def _setting(system: str | None, tools: Iterable[Tool]) -> str:
    """A mark that is the same for the same system prompt and tools."""
    said = [system, *((one.name, one.description, one.schema) for one in tools)]
    return hashlib.sha256(repr(said).encode("utf-8", "replace")).hexdigest()[:16]


def _named(path: str, flag: str, context: Context) -> object:
    try:
        return template.look_up(path, {} if context.namespace is None else context.namespace)
    except template.Absent as absent:
        meant = f" Did you mean {absent.near}?" if absent.near else ""
        raise CannotSend(
            f"{flag} names {path!r}, and there is none in the notebook.{meant}", "Define it first."
        ) from None


def _names(words_: str) -> list[str]:
    return [name.strip() for name in words_.split(",") if name.strip()]


def _surroundings(ask: Ask) -> Iterable[Ingredient]:
    """What is sent beside the prompt."""
    if ask.system:
        yield Ingredient("system prompt", "text", Text(ask.system).tokens)
    for one in ask.tools:
        yield Ingredient(f"tool `{one.name}`", "function", Text(f"{one.description}{one.schema}").tokens)
    if ask.shape:
        yield Ingredient(f"schema `{ask.shape.name}`", "JSON schema", Text(str(ask.shape.schema)).tokens)
    if ask.continuation and ask.continuation.history:
        history = ask.continuation.history
        turns = sum(message.role == "user" and bool(words(message.content)) for message in history)
        size = sum(message.tokens for message in history)
        yield Ingredient(f"thread `{ask.continuation.thread}`", f"earlier turns: {turns}", size)
