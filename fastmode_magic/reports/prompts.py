"""What there is to say of prompts, as Markdown: what one is made of and would cost, threads, saved prompts."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..claude import catalog
from ..claude.errors import FastmodeError
from ..claude.refusals import AttemptFailed
from ..claude.request import build, counted
from ..claude.usage import Speed, Usage
from ..ledger import prices
from ..prompt import archive
from ..prompt.ask import Ask
from ..prompt.content import Document, Image
from ..prompt.conversation import Threads
from ..prompt.files import fenced
from ..prompt.library import Library
from ..prompt.turns import Thread, Turn
from ..views import text
from ..views.document import code, sentence

if TYPE_CHECKING:
    from ..claude.transport import Connection
    from ..session import Session

SHOWN = 60  # characters of a prompt or an answer in a tree


def dry_run(session: "Session", ask: Ask) -> str:
    """What would be sent for `ask`, what each piece weighs and what it costs at both speeds; sends nothing billable."""
    model = catalog.find(ask.model)
    asked: Speed = "fast" if ask.fast else "standard"
    body: Mapping[str, Any] = build(ask, model, asked, header=model.needs_header(date.today()))  # noqa: DTZ011  # theirs

    async def count(connection: "Connection") -> tuple[int, Mapping[str, Any]]:
        from ..claude.transport import sent  # loaded by now

        return await connection.count_tokens(counted(ask, model)), sent(body)

    try:
        (tokens, body), how = session.engine.call(count, session.service.access()), "counted by the service"
    except (FastmodeError, AttemptFailed) as error:
        why = error.what if isinstance(error, FastmodeError) else "the service did not count"
        tokens, how = ask.estimated_input_tokens, f"estimated: {sentence(why)}"
    rows = ["| speed | input | with all of max_tokens |", "|---|---|---|"]
    for speed in ("standard", "fast"):
        least, most = (worst_case(model.id, tokens, output, speed) for output in (0, ask.max_tokens))
        rows.append(f"| {speed} | {code(text.dollars(least))} | {code(text.dollars(most))} |")
    request = json.dumps(_elided(body), ensure_ascii=False, indent=2)  # no line of it can begin with a fence
    said = f"**Dry run: nothing was sent.** {text.count(tokens, 'input token')}, {how}."
    notices = [f"- {sentence(notice)}" for notice in ask.notices]
    notices.append(f"- List prices: {prices.source()}.")
    if ask.tools:
        notices.append("- These are the numbers of the first request; each round of calls makes another, longer one.")
    return "\n".join([said, "", *_makeup(ask), *rows, "", *notices, "", "```json", request, "```"])


def worst_case(model: str, tokens: int, max_tokens: int, speed: str) -> Decimal | None:
    """Dollars for `tokens` of input and all of `max_tokens` at `speed`; None where unknown."""
    return prices.cost(model, Usage(input_tokens=tokens, output_tokens=max_tokens), speed, datetime.now(UTC))


def threads(session: "Session", name: str = "") -> str:
    """The threads as a tree, a branch under the turn that it begins after; or one in full. Raises CannotSend."""
    known = session.threads
    if name:
        return _whole(known.existing(name))
    saved = [one for one in archive.names(session.settings.threads_folder) if one not in known.names]
    seen: set[str] = set()
    roots = [*(one for one in known if not _parent(known, one)), *known]  # branches of each other have no root
    lines = [line for one in roots if one.name not in seen for line in _tree(known, one, 0, seen)]
    if saved:
        lines += ["", f"In {code(session.settings.threads_folder)}, to be gone on with: {', '.join(map(code, saved))}"]
    return "\n".join(lines) if lines else "There is no thread yet: `%%claude --thread NAME` begins one."


def prompts(session: "Session") -> str:
    """The saved prompts, with their versions. Raises CannotSend."""
    folder = session.settings.prompts_folder
    entries = Library(Path(folder)).entries()
    if not entries:
        return f"There is no saved prompt in {code(folder)}: `%%claude --save NAME` saves a cell's."
    rows = []
    for one in entries:
        changed = f"{one.modified.astimezone():%Y-%m-%d %H:%M}"
        rows.append(f"| {code(one.name)} | {one.version} | {changed} | {code(_short(one.first_line))} |")
    head = ["| prompt | version | changed | begins |", "|---|---|---|---|"]
    return "\n".join(
        [*head, *rows, "", f"Files in {code(folder)}; `%%claude --with NAME` puts one before a cell's words."]
    )


def _makeup(ask: Ask) -> list[str]:
    """The pieces of a prompt with their sizes, where there is more than one."""
    if len(ask.makeup) < 2:
        return []
    rows = [f"| {code(one.name)} | {sentence(one.kind)} | ~{one.tokens:,} |" for one in ask.makeup]
    table = ["| piece | what it is | tokens |", "|---|---|---|", *rows, ""]
    return [*table, "The prompt as it would be sent:", "", fenced(_readable(ask)), ""]


def _readable(ask: Ask) -> str:
    """The user's message as text, pictures named."""
    parts = []
    for piece in ask.message.content:
        match piece:
            case Image(media_type=kind, size=size):
                parts.append(f"[{kind}{f', {size[0]} × {size[1]}' if size else ''}]")
            case Document(title=title):
                parts.append(f"[PDF: {title}]")
            case _:
                parts.append(getattr(piece, "text", ""))
    return "\n".join(part.strip("\n") for part in parts)


def _elided(value: Any) -> Any:
    """A request's body without the bytes of its pictures."""
    if isinstance(value, Mapping):
        if value.get("type") == "base64":
            return {**value, "data": f"<{len(value['data']) * 3 // 4:,} bytes>"}
        return {key: _elided(one) for key, one in value.items()}
    return [_elided(one) for one in value] if isinstance(value, list) else value


def _parent(known: Threads, thread: Thread) -> Thread | None:
    return known.find(thread.origin[0]) if thread.origin else None


def _tree(known: Threads, thread: Thread, depth: int, seen: set[str]) -> Iterator[str]:
    """A thread's line, then its own turns, each followed by the branches that begin there."""
    seen.add(thread.name)
    indent = "    " * depth
    size = sum(turn.tokens for turn in thread.turns)
    marks = [f"{text.count(len(thread.turns), 'turn')}", f"~{text.count(size, 'token')}"]
    marks += [f"from {thread.origin[0]}@{thread.origin[1]}"] if thread.origin else []
    marks += ["current"] if known.current == thread.name else []
    marks += ["kept in a file"] if thread.saved else []
    yield f"{indent}- **{sentence(thread.name)}** · {sentence(' · '.join(marks))}"
    for number, turn in enumerate(thread.turns, 1):
        if thread.origin and number <= thread.origin[1]:
            continue
        yield f"{indent}    - **{number}** {_line(turn)}"
        for branch in known:
            if branch.origin == (thread.name, number) and branch.name not in seen:
                yield from _tree(known, branch, depth + 2, seen)


def _line(turn: Turn) -> str:
    marks = [*([] if turn.complete else ["broken off"]), *(["answers earlier words"] if turn.stale else [])]
    after = f" ({', '.join(marks)})" if marks else ""
    return f"{sentence(_short(turn.typed))} → {sentence(_short(turn.reply))}{after}"


def _whole(thread: Thread) -> str:
    parts = []
    for number, turn in enumerate(thread.turns, 1):
        parts += [
            f"**{number}. You**",
            fenced(turn.typed),
            f"**Claude** ({sentence(turn.model)})",
            fenced(turn.reply),
        ]
    return "\n\n".join(parts)


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
