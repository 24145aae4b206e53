"""What the session can say of itself, as Markdown: status, models, doctor, dry run."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from . import outlook
from .claude import catalog
from .claude.errors import FastmodeError
from .claude.refusals import AttemptFailed
from .claude.request import build, counted
from .claude.usage import Speed, Usage
from .ledger import prices
from .prompt.ask import Ask
from .views import text
from .views.document import code, sentence

if TYPE_CHECKING:
    from .claude.transport import Connection
    from .session import Session

STAGES = {
    "ga": "yes",
    "verified": "verified organisations only",
    "preview": "research preview",
    "deprecated": "yes, ends {until}",
    "refused": "ended {until}",
    "standard": "ended {until}, served at standard speed",
    "never": "no",
    "unknown": "unknown, is tried",
}


def status(session: "Session") -> str:
    """The state of fast mode, the last answer, quota and cost."""
    run = session.last_run
    totals = session.spent(run.model.id if run else "")
    lines = [f"**Fast mode is** {sentence(_state(session))}"]
    if session.last:
        lines.append(f"last answer: {code(session.last_status)}")
    lines.append(f"fast quota: {outlook.quota_words(session) or 'unknown'}")
    fast = text.dollars(totals.fast_cost, estimated=totals.fast_estimated)
    parts = f"{fast} fast, {text.dollars(totals.standard_cost, estimated=totals.standard_estimated)} standard"
    spent = f"session {text.session(totals)}: {parts}"
    lines.append(sentence(f"{spent}; answers: {totals.answers}{', practice' if session.practising else ''}"))
    if totals.fast_rate and totals.standard_rate:
        lines.append(f"measured: {text.pace(totals.fast_rate)} fast, {text.pace(totals.standard_rate)} standard")
    return "\n\n".join(lines)


def switched(session: "Session") -> str:
    """What `%fastmode on` or `off` changed, with the price."""
    model = catalog.find(session.settings.model)
    if not session.fast:
        return (
            f"Fast mode is off: later cells go at standard speed, {_per_mtok(model.id, 'standard')} per MTok in / out."
        )
    fast, standard = (_per_mtok(model.id, speed) for speed in ("fast", "standard"))
    return f"Fast mode is on: later cells ask {model.name} for fast, {fast} per MTok in / out (standard: {standard})."


def models(today: date) -> str:
    """The catalogue, with the life of each fast mode and the prices of both speeds."""
    rows = [
        "| model | alias | fast mode | fast, in / out per MTok | standard, in / out per MTok |",
        "|---|---|---|---|---|",
    ]
    for model in catalog.models():
        fast = _per_mtok(model.id, "fast") if model in catalog.with_fast_mode(today) else "none"
        standard = _per_mtok(model.id, "standard")
        rows.append(f"| `{model.id}` | {model.aliases[0]} | {_stage(model, today)} | {fast} | {standard} |")
    return "\n".join([*rows, "", f"Prices: {prices.source()}."])


def doctor(session: "Session", front_end: str) -> str:
    """Checks what a cell needs, and makes one free request (it counts the tokens of a word)."""
    values = session.settings.values()
    rows = [("front end", front_end), ("model", values.model)]
    try:
        model = catalog.find(values.model)
        rows += session.engine.call(lambda connection: _examined(connection, model), session.access(values))
    except FastmodeError as error:
        rows.append(("problem", f"{error.what} {error.next_step}"))
    table = [f"| {name} | {code(words)} |" for name, words in rows]
    return "\n".join(["| check | result |", "|---|---|", *table])


def dry_run(session: "Session", ask: Ask) -> str:
    """What would be sent for `ask` and what it costs at both speeds; sends nothing billable."""
    model = catalog.find(ask.model)

    async def count(connection: "Connection") -> int:
        return await connection.count_tokens(counted(ask, model))

    try:
        tokens, how = session.engine.call(count, session.access()), "counted by the service"
    except (FastmodeError, AttemptFailed) as error:
        why = error.what if isinstance(error, FastmodeError) else "the service did not count"
        tokens, how = ask.estimated_input_tokens, f"estimated: {sentence(why)}"
    rows = ["| speed | input | with all of max_tokens |", "|---|---|---|"]
    for speed in ("standard", "fast"):
        least, most = (worst_case(model.id, tokens, output, speed) for output in (0, ask.max_tokens))
        rows.append(f"| {speed} | {code(text.dollars(least))} | {code(text.dollars(most))} |")
    asked: Speed = "fast" if ask.fast else "standard"
    body = build(ask, model, asked, header=model.needs_header(date.today()))  # noqa: DTZ011  # the user's day
    sent = json.dumps(body, ensure_ascii=False, indent=2)  # no line of it can begin with a fence
    said = f"**Dry run: nothing was sent.** {text.count(tokens, 'input token')}, {how}."
    return "\n".join([said, "", *rows, "", "```json", sent, "```"])


def worst_case(model: str, tokens: int, max_tokens: int, speed: str) -> Decimal | None:
    """Dollars for `tokens` of input and all of `max_tokens` at `speed`; None where unknown."""
    return prices.cost(model, Usage(input_tokens=tokens, output_tokens=max_tokens), speed, datetime.now(UTC))


async def _examined(connection: "Connection", model: catalog.Model) -> list[tuple[str, str]]:
    from .claude.transport import sdk_version  # loaded by now

    rows = [
        ("SDK", f"anthropic {sdk_version()}"),
        ("credential", connection.credential),
        ("base URL", connection.base_url),
        ("fast mode", connection.without_fast or _stage(model, date.today())),  # noqa: DTZ011  # the user's day
    ]
    try:
        tokens = await connection.count_tokens(counted(Ask("ping", model.id), model))
    except AttemptFailed as failed:
        error = failed.error
        why = " ".join(str(part) for part in (error.status, error.broken, error.message) if part)
        return [*rows, ("free request", f"failed: {why}")]
    return [*rows, ("free request", f"works: the service counted {text.count(tokens, 'token')}")]


def _stage(model: catalog.Model, day: date) -> str:
    """What a model's fast mode is on `day`, in words."""
    return STAGES[model.stage(day)].format(until=model.fast.until if model.fast else "")


def _state(session: "Session") -> str:
    state, why, left_s = outlook.state(session)
    return f"{state}: {why}" + ("" if left_s is None else f"; fast again in {left_s:.0f} s")


def _per_mtok(model: str, speed: str) -> str:
    found = prices.rates(model, speed, datetime.now(UTC))
    return "price unknown" if found is None else code(f"${found[0].normalize():f} / ${found[1].normalize():f}")
