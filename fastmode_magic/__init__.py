"""fastmode-magic: `%%claude --fast` in a notebook.

In a notebook or in IPython: `%load_ext fastmode_magic`, then `%%claude?` for help. In plain Python: `ask`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .answer import Answer

__version__ = "0.1.0"
__all__ = ["Answer", "FastmodeError", "ask", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext fastmode_magic`: adds %claude, %%claude and %fastmode."""
    from .magics.loading import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """`%unload_ext fastmode_magic`: takes them out again."""
    from .magics.loading import unload

    unload(shell)


def ask(prompt: str, **fields: Any) -> "Answer":
    """Ask Claude from plain Python, and wait for the Answer: `ask("…", fast=True).text`.

    `fields` are those of `%%claude`: fast, model (alias or id), max_tokens, system, effort, thinking, fallback,
    max_wait_s. Raises FastmodeError; its `answer` is what came before.
    """
    from .session import current

    session = current()
    answer, error = session.run(session.ask(prompt, **fields))
    if error:
        error.answer = answer
        raise error
    return answer


def __getattr__(name: str) -> Any:
    match name:
        case "Answer":
            from .answer import Answer

            return Answer
        case "FastmodeError":
            from .claude.errors import FastmodeError

            return FastmodeError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
