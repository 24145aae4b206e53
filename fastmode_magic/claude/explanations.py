"""The sentences of a refusal: what happened, and what to do next."""

from .catalog import Model
from .errors import FastmodeError, FastUnavailable, Refused, StreamBroken
from .policy import MAX_ATTEMPTS, Rules
from .refusals import PERMANENT, Meaning, Refusal

_DENIED = {
    401: (
        "The service did not accept the credential (401)",
        "Check ANTHROPIC_API_KEY or type `%fastmode login`; `%fastmode doctor` tests it.",
    ),
    403: (
        "This credential may not do that (403)",
        "Ask an admin of your organisation for access to the model, or choose another with --model.",
    ),
    404: (
        "The service does not know this model or address (404)",
        "`%fastmode models` lists the models; `%fastmode doctor` shows the address.",
    ),
    413: ("The prompt is too large for the service (413)", "Shorten it, or send it in parts."),
}
_FAST_MEANINGS = PERMANENT | {
    Meaning.FAST_POOL_EMPTY,
    Meaning.UNEXPLAINED_LIMIT,
    Meaning.HEADER_MISSING,
    Meaning.LARGER_THAN_POOL,
}


def error(refusal: Refusal, *, fast: bool, shown: bool, rules: Rules) -> FastmodeError:
    """The error that a cell ends with after `refusal`, when nothing more is sent."""
    if shown:
        return StreamBroken(
            f"The answer broke off: {refusal.reason}{_said(refusal)}.",
            "What came is kept and bound to `_`; run the cell again for a whole answer.",
        )
    match refusal.meaning:
        case Meaning.SPEND_CAP:
            return Refused(
                f"A spend limit of this account was reached{_said(refusal)}.",
                "Nothing more is sent: raise the limit in the Claude Console, or wait until it resets.",
            )
        case Meaning.DENIED:
            return _denied(refusal)
        case meaning if fast and (meaning in _FAST_MEANINGS or rules.fallback in {"never", "wait"}):
            return _fast_unavailable(refusal, rules)
        case Meaning.OTHER_LIMIT | Meaning.UNEXPLAINED_LIMIT | Meaning.FAST_POOL_EMPTY:
            return Refused(f"A rate limit was reached (429){_said(refusal)}.", _later(refusal))
        case Meaning.OVERLOADED:
            return Refused(f"The service is overloaded (529){_said(refusal)}.", _later(refusal))
        case _:
            status = f" ({refusal.error.status})" if refusal.error.status else ""
            return Refused(
                f"The service gave no answer in {MAX_ATTEMPTS} attempts: {refusal.reason}{status}{_said(refusal)}.",
                "Run the cell again; `%fastmode doctor` tests the connection.",
            )


def notice(refusal: Refusal, model: Model, fast_models: tuple[Model, ...]) -> str:
    """The sentence that tells of a fallback; `fast_models` are those that have fast mode today."""
    match refusal.meaning:
        case Meaning.MODEL_WITHOUT_FAST:
            names = ", ".join(other.name for other in fast_models if other != model)
            return f"{model.name} has no fast mode, so it answers at standard speed; these have it: {names}."
        case meaning if meaning in PERMANENT:
            return (
                f"Fast mode was refused ({refusal.reason}), so answers come at standard speed from now on; "
                "`%fastmode on` asks again."
            )
    return f"Fast was not available ({refusal.reason}), so this answer comes at standard speed."


def unavailable_here(why: str) -> FastUnavailable:
    """The error for a host that is known to have no fast mode."""
    return FastUnavailable(
        f"{why} Nothing was sent.", "Run the cell with --no-fast, or `%fastmode off`, or use Anthropic's own API."
    )


def _denied(refusal: Refusal) -> FastmodeError:
    if refusal.error.broken:
        return Refused(
            f"The address does not answer like the Claude API: {refusal.error.broken}.",
            "Check ANTHROPIC_BASE_URL; `%fastmode doctor` shows it.",
        )
    what, next_step = _DENIED.get(
        refusal.error.status or 0,
        (f"The service refused the request ({refusal.error.status})", "Change the prompt or the flags it names."),
    )
    return Refused(f"{what}{_said(refusal)}.", next_step)


def _fast_unavailable(refusal: Refusal, rules: Rules) -> FastmodeError:
    waited = f" within --max-wait {rules.max_wait_s:g} s" if rules.fallback == "wait" and rules.max_wait_s else ""
    return FastUnavailable(
        f"Fast mode was not available{waited}: {refusal.reason}{_said(refusal)}.",
        "Run the cell with --fallback auto to be answered at standard speed, or again later.",
    )


def _later(refusal: Refusal) -> str:
    after_s = refusal.error.retry_after_s
    return f"Run the cell again in {after_s:.0f} s." if after_s else "Run the cell again in a minute."


def _said(refusal: Refusal) -> str:
    message = refusal.error.message.rstrip(".")
    if not message:
        return ""
    return f", the service says: {message}" if refusal.error.status else f": {message}"
