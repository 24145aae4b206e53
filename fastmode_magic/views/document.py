"""What stays in the saved notebook: Markdown and plain text, both safe to show, with the status line."""

from typing import TYPE_CHECKING

from . import text
from .safe import inline_text, safe_markdown, terminal_text

if TYPE_CHECKING:
    from ..answer import Answer


def bundle(answer: "Answer", status: str | None = None) -> dict[str, str]:
    """A MIME bundle of an answer: `text/markdown` and `text/plain`; `status` defaults to the answer's own facts."""
    line = status or text.status(answer)
    return {"text/markdown": _markdown(answer, line), "text/plain": plain(answer, line)}


def plain(answer: "Answer", status: str) -> str:
    """The answer, its notices and its status line as text for a terminal."""
    thinking = [f"[thinking] {answer.thinking}\n"] if answer.thinking else []
    facts = [*(f"note: {notice}" for notice in answer.notices), f"[{status}]"]
    body = [answer.text] if answer.text else []
    return terminal_text("\n".join([*thinking, *body, "", *facts] if body else [*thinking, *facts]))


def live(body: str, status: str) -> dict[str, str]:
    """A bundle for an answer that is still on its way."""
    return {
        "text/markdown": f"{safe_markdown(body)}\n\n*{inline_text(status)}*",
        "text/plain": terminal_text(f"{body}\n\n[{status}]"),
    }


def _markdown(answer: "Answer", status: str) -> str:
    parts = []
    if answer.thinking:
        quoted = "\n".join(f"> {line}" for line in answer.thinking.splitlines())
        parts.append(f"> *thinking, summarised*\n>\n{quoted}")
    if answer.text:
        parts.append(answer.text)
    facts = [*(f"*{inline_text(notice, 600)}*" for notice in answer.notices), f"*{inline_text(status, 600)}*"]
    return "\n\n".join([*(safe_markdown(part) for part in parts), "  \n".join(facts)])
