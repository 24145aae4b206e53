"""What a shell says of the front end that is behind it."""

import sys
from typing import Any

from .. import settings
from ..views.lab import Place


def place(shell: Any) -> Place | None:
    """The cell that is running, where the front end sends its id (JupyterLab, Notebook, nbclient)."""
    request = _request(shell)
    cell, asked = request.get("metadata", {}).get("cellId"), request.get("header", {}).get("msg_id")
    return Place(cell, asked) if isinstance(cell, str) and isinstance(asked, str) else None


def name(shell: Any) -> str | None:
    """Who asks: what a front end calls itself in the headers of its messages."""
    session = _request(shell).get("header", {}).get("session")
    return session if isinstance(session, str) else None


def is_interactive_notebook(shell: Any) -> bool:
    """Whether somebody sits before the kernel: nbclient and papermill, which cannot be asked, do not allow stdin."""
    return hasattr(shell, "kernel") and bool(_request(shell).get("content", {}).get("allow_stdin"))


def carries_widgets(shell: Any) -> bool:
    """Whether the front end is known to show widgets: VS Code, Colab, marimo."""
    if "__vsc_ipynb_file__" in shell.user_ns:  # put there by VS Code's Jupyter extension
        return True
    return "google.colab" in sys.modules or "marimo" in sys.modules


def notebook(shell: Any) -> str:
    """The path of the notebook, where VS Code or Jupyter says it; else empty."""
    return str(shell.user_ns.get("__vsc_ipynb_file__") or settings.notebook())


def _request(shell: Any) -> dict[str, Any]:
    """The execute_request that is being answered."""
    return (shell.get_parent() if hasattr(shell, "get_parent") else None) or {}
