"""What stays in the saved notebook: Markdown and plain text, both safe to show, with the status line."""

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import protocol as page
from . import text
from .characters import terminal_text
from .safe import inline_text, safe_markdown

if TYPE_CHECKING:
    from ..answer import Answer


LARGEST = 200_000  # characters: half again as long as what a model writes in 32,000 tokens
MOST_FENCES = 2_000
_HEADING = re.compile(r"[ \t>*+\-.)\d]*(?:#{1,6}(?:[ \t]|$)|(?:=+|-{2,})[ \t]*$)")
_ITEM = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_FENCE = re.compile(r"[ \t>*+\-.)\d]*(`{3,}|~{3,})")
# JupyterLab's table of contents takes the square of the one, its lexer that of the other
MOST_LINES = ((_HEADING, 500), (_ITEM, 2_000))
_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
DEEPEST = 20  # levels of data that are set out: each costs two spaces a line
_LONG_LINE = re.compile(r"[^\n]{50000}")


def bundle(
    answer: "Answer", facts: text.Facts | None = None, rates: Sequence[int] = (), run: str = ""
) -> dict[str, object]:
    """A MIME bundle of an answer: our own type, `text/markdown` and `text/plain`.

    `facts` default to the answer's own; `rates` are samples of tokens a second.
    """
    found = [*(text.facts(answer) if facts is None else facts), *text.asked(answer)]
    line = text.status(answer, found)
    return {
        page.ANSWER_MIME: _answer(answer, found, rates, run),
        "text/markdown": _markdown(answer, line),
        "text/plain": plain(answer, line),
    }


def _answer(answer: "Answer", facts: text.Facts, rates: Sequence[int], run: str) -> page.Answer:
    return page.Answer(
        version=1,
        run=run,
        phase=_phase(answer),
        words=terminal_text(answer.ending or ""),
        text=_sound(_shown(answer)),
        thinking=_sound(answer.thinking),
        model=terminal_text(answer.model),
        asked=answer.asked_speed,
        speed=terminal_text(answer.speed) if answer.speed else None,
        badge=terminal_text(text.speed(answer)),
        facts=[(label, terminal_text(words)) for label, words in facts],
        rates=list(rates),
        notices=[terminal_text(notice) for notice in answer.notices],
        background=False,
        at=answer.at.isoformat() if answer.at else None,
    )


def _phase(answer: "Answer") -> page.Phase:
    match answer.ending:
        case None:
            return "finished"
        case "interrupted":
            return "interrupted"
        case "failed":
            return "failed"
    return "refused" if answer.stop_reason == "refusal" else "cut off"


def _shown(answer: "Answer") -> str:
    """The answer as Markdown: data are a block of code, set out in lines if they are sound."""
    if not answer.schema or not answer.text:
        return answer.text
    lines = _set_out(answer.text)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", lines)), default=0))
    return f"{fence}json\n{lines}\n{fence}"


def _set_out(data: str) -> str:
    """JSON with a line for each value, every value as it came; what is no JSON, or nested deeply, stays as it is."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return data
    out: list[str] = []
    depth = 0
    parts = _JSON.findall(data)
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        if part in "}]":
            depth -= 1
        if part in "}]" and out[-1] not in "{[":
            out.append("\n" + "  " * depth)
        out.append(part + (" " if part == ":" else ""))
        depth += part in "{["
        if depth > DEEPEST:
            return data
        if part == "," or (part in "{[" and after not in "}]"):
            out.append("\n" + "  " * depth)
    return "".join(out)


def _sound(words: str) -> str:
    """A text of the user's own making may have half a surrogate pair, which no message can carry."""
    return words.encode("utf-8", "replace").decode("utf-8")


def plain(answer: "Answer", status: str) -> str:
    """The answer, its notices and its status line as text for a terminal."""
    thinking = [f"[thinking] {answer.thinking}\n"] if answer.thinking else []
    facts = [*(f"note: {notice}" for notice in answer.notices), f"[{status}]"]
    body = [answer.text] if answer.text else []
    return terminal_text("\n".join([*thinking, *body, "", *facts] if body else [*thinking, *facts]))


def live(body: str, status: str) -> dict[str, str]:
    """A bundle for an answer that is still on its way."""
    return {
        "text/markdown": f"{_body(body)}\n\n{code(status)}",
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
        parts.append(_folded(answer.thinking))
    if answer.text:
        parts.append(_body(_shown(answer)))
    facts = [*(sentence(notice) for notice in answer.notices), code(status)]
    return "\n\n".join([*parts, "  \n".join(facts)])


def _folded(thinking: str) -> str:
    """Thinking, folded. These two tags are ours; between them stands safe Markdown."""
    return f"<details>\n<summary>Thinking, summarised</summary>\n\n{_body(thinking)}\n\n</details>"


def _body(text: str) -> str:
    """Safe Markdown, or what would freeze a front end's own renderer for a minute as one block of plain text."""
    if len(text) <= LARGEST and text.count("```") <= MOST_FENCES and not _LONG_LINE.search(text):
        safe = safe_markdown(text)
        if all(_count(line, safe) <= most for line, most in MOST_LINES):
            return safe
    fence = "`" * (3 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return safe_markdown(f"{fence}\n{text}\n{fence}")


def _count(kind: re.Pattern[str], safe: str) -> int:
    """Lines of a kind in a safe document, outside of code; in it, every fence is closed by the same one."""
    found, fence = 0, ""
    for line in safe.split("\n"):
        if opened := _FENCE.match(line):
            fence = "" if fence == opened[1] else fence or opened[1]
        elif not fence and kind.match(line):
            found += 1
    return found
