"""What stays in the saved notebook: Markdown and plain text, both safe to show, with the status line."""

import re
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
        "text/markdown": f"{safe_markdown(body)}\n\n{code(status)}",
        "text/plain": terminal_text(f"{body}\n\n[{status}]"),
    }


def code(words: str) -> str:
    """Words as one code span: no renderer takes the `$` of two prices for math, or anything for markup."""
    return "`" + " ".join(terminal_text(words).replace("`", "'").replace("|", "/").split()) + "`"


def sentence(words: str) -> str:
    """A sentence as Markdown; what it has in backticks and its prices become code."""
    parts = re.split(r"`([^`]+)`|(~?\$[\d.,]*\d)", words)
    plain_parts = parts[0::3]
    codes = [one or other for one, other in zip(parts[1::3], parts[2::3], strict=True)]
    escaped = [inline_text(part, 600) if part.strip() else part for part in plain_parts]
    spaced = [_keep_edges(raw, safe) for raw, safe in zip(plain_parts, escaped, strict=True)]
    return "".join(piece for pair in zip(spaced, [*map(code, codes), ""], strict=True) for piece in pair)


def _keep_edges(raw: str, safe: str) -> str:
    """`safe` has its edges trimmed; the spaces around a code span are wanted."""
    return f"{' ' if raw[:1].isspace() else ''}{safe.strip()}{' ' if raw[1:][-1:].isspace() else ''}"


def _markdown(answer: "Answer", status: str) -> str:
    parts = []
    if answer.thinking:
        quoted = "\n".join(f"> {line}" for line in answer.thinking.splitlines())
        parts.append(f"> *thinking, summarised*\n>\n{quoted}")
    if answer.text:
        parts.append(answer.text)
    facts = [*(sentence(notice) for notice in answer.notices), code(status)]
    return "\n\n".join([*(safe_markdown(part) for part in parts), "  \n".join(facts)])
