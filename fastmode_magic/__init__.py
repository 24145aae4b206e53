"""fastmode-magic: `%%claude --fast` in a notebook.

In a notebook or in IPython: `%load_ext fastmode_magic`, then `%%claude?` for help. In plain Python: `ask`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .answer import Answer

__version__ = "0.1.0"
__all__ = ["Answer", "FastmodeError", "ask", "load_ipython_extension", "register", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext fastmode_magic`: adds %claude, %%claude and %fastmode."""
    from .magics.loading import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext fastmode_magic`: takes them out again."""
    from .magics.loading import unload

    unload(shell)


def ask(prompt: "str | Sequence[object]", **fields: Any) -> "Answer":
    """Ask Claude from plain Python, and wait for the Answer: `ask("…", fast=True).text`.

    A list of texts and objects is sent piece by piece: `ask(["What is odd here?", df, Path("plot.png")])`. `fields` are
    those of `%%claude`: fast, model (alias or id), max_tokens, system, effort, thinking, fallback, max_wait_s, thread,
    new, origin ("NAME@N", --from), schema (a type or JSON schema), tools (functions), yes, max_calls, saved (--with).
    Raises FastmodeError; its `answer` is what came before.
    """
    from .current import current

    session = current()
    answer, error = session.run(session.ask(prompt, **fields))
    if error:
        error.answer = answer
        raise error
    return answer


def register(type_: "type | str", renderer: "Callable[[Any], object]") -> None:
    """Render objects of `type_` (a class, or its full name such as "pandas.DataFrame") in prompts with `renderer`.

    `renderer` takes the object and returns a text, the bytes of an image or PDF, another object that is rendered in
    its place, or a list of these. It wins over the object's own `_repr_llm_`, which works without registering.
    """
    from .prompt.rendering import register

    register(type_, renderer)


def __getattr__(name: str) -> Any:
    match name:
        case "Answer":
            from .answer import Answer

            return Answer
        case "FastmodeError":
            from .claude.errors import FastmodeError

            return FastmodeError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
