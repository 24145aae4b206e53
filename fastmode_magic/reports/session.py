"""What the session can say of itself, as Markdown: status, models, doctor."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from .. import outlook, permissions
from ..claude import catalog
from ..claude.errors import FastmodeError
from ..claude.refusals import AttemptFailed
from ..claude.request import counted
from ..ledger import prices
from ..prompt.ask import Ask
from ..views import text
from ..views.document import code, sentence

if TYPE_CHECKING:
    from ..claude.transport import Connection
    from ..session import Session
    from ..settings import FastMode

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
    lines = [f"**Fast mode is** {sentence(state(session))}"]
    if session.last:
        lines.append(f"last answer: {code(session.last_status)}")
    forecast = outlook.forecast(session)
    fit = f"; {text.forecast(forecast)}" if forecast else ""
    lines.append(f"fast quota: {outlook.quota_words(session) or 'unknown'}{fit}")
    fast = text.dollars(totals.fast_cost, estimated=totals.fast_estimated)
    parts = f"{fast} fast, {text.dollars(totals.standard_cost, estimated=totals.standard_estimated)} standard"
    spent = f"session {text.session(totals)}: {parts}"
    lines.append(sentence(f"{spent}; answers: {totals.answers}{', practice' if session.service.practising else ''}"))
    if used := outlook.budget_words(session):
        lines.append(f"budget: {used}")
    if totals.fast_rate and totals.standard_rate:
        lines.append(f"measured: {text.pace(totals.fast_rate)} fast, {text.pace(totals.standard_rate)} standard")
    return "\n\n".join(lines)


def state(session: "Session") -> str:
    """on, cooldown or off, and why."""
    found, why, left_s = outlook.state(session)
    return f"{found}: {why}" + ("" if left_s is None else f"; fast again in {left_s:.0f} s")


def switched(session: "Session") -> str:
    """What `%fastmode on` or `off` changed, with the price."""
    model = catalog.find(session.settings.values().model)
    if not session.settings.fast_allowed:
        refused = permissions.fast_refused(session.settings.origins)
        return sentence(f"Fast mode stays off: {refused}.")
    if not session.fast:
        return (
            f"Fast mode is off: later cells go at standard speed, {_per_mtok(model.id, 'standard')} per MTok in / out."
        )
    fast, standard = (_per_mtok(model.id, speed) for speed in ("fast", "standard"))
    return f"Fast mode is on: later cells ask {model.name} for fast, {fast} per MTok in / out (standard: {standard})."


def models(today: date, settings: "FastMode") -> str:
    """The catalogue, with the life of each fast mode, the prices of both speeds, and what `settings` do not allow."""
    values, origins = settings.values(), settings.origins
    rows = [
        "| model | alias | fast mode | fast, in / out per MTok | standard, in / out per MTok |",
        "|---|---|---|---|---|",
    ]
    for model in catalog.models():
        fast = _per_mtok(model.id, "fast") if model in catalog.with_fast_mode(today) else "none"
        standard = _per_mtok(model.id, "standard")
        allowed = "" if values.allows(model.id) else " (not allowed)"
        rows.append(f"| `{model.id}`{allowed} | {model.aliases[0]} | {_stage(model, today)} | {fast} | {standard} |")
    limits = [sentence(limit) for limit in permissions.limits(values, origins)]
    return "\n\n".join(["\n".join(rows), *limits, f"Prices: {prices.source()}."])


def doctor(session: "Session", front_end: str) -> str:
    """Checks what a cell needs, and makes one free request (it counts the tokens of a word)."""
    values = session.settings.values()
    rows = [("front end", front_end), ("model", values.model)]
    try:
        model = catalog.find(values.model)
        rows += session.engine.call(lambda connection: _examined(connection, model), session.service.access(values))
    except FastmodeError as error:
        rows.append(("problem", f"{error.what} {error.next_step}"))
    table = [f"| {name} | {code(words)} |" for name, words in rows]
    return "\n".join(["| check | result |", "|---|---|", *table])


async def _examined(connection: "Connection", model: catalog.Model) -> list[tuple[str, str]]:
    from ..claude.transport import sdk_version  # loaded by now

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


def _per_mtok(model: str, speed: str) -> str:
    found = prices.rates(model, speed, datetime.now(UTC))
    return "price unknown" if found is None else code(f"${found[0].normalize():f} / ${found[1].normalize():f}")
