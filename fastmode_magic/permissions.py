"""What a cell may ask for: the models, the speed and the size that the settings allow."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from .claude import catalog
from .claude.errors import BadInput
from .prompt.ask import Ask
from .settings import Values


def permitted(ask: Ask, said: Collection[str], values: Values, origins: Mapping[str, str]) -> Ask:
    """`ask` as it may be sent, with a notice where that is less than it wanted; raises BadInput where it may not.

    `said` names the fields that the cell gave itself; `origins` tells who gave a setting.
    """
    if not values.allows(ask.model):
        raise BadInput(
            f"{catalog.find(ask.model).name} is not allowed here ({_who('allowed_models', origins)}).",
            f"Name one of {', '.join(values.allowed_models)} with -m or `%config FastMode.model`.",
        )
    most = values.most_tokens
    if ask.max_tokens > most and "max_tokens" in said:
        raise BadInput(
            f"{ask.max_tokens:,} output tokens are more than the {most:,} that a cell may ask for "
            f"({_who('most_tokens', origins)}).",
            f"Ask for {most} or less.",
        )
    ask = replace(ask, max_tokens=min(ask.max_tokens, most))
    if ask.fast and not values.fast_allowed:
        notice = f"Asked at standard speed: {fast_refused(origins)}."
        return replace(ask, fast=False, notices=(*ask.notices, notice))
    return ask


def fast_refused(origins: Mapping[str, str]) -> str:
    """That fast may not be asked for, and who says so."""
    return f"fast is not allowed here ({_who('fast_allowed', origins)})"


def limits(values: Values, origins: Mapping[str, str]) -> Iterable[str]:
    """What the settings do not allow, in sentences."""
    if values.allowed_models:
        yield f"Only {', '.join(values.allowed_models)} may be asked here ({_who('allowed_models', origins)})."
    if not values.fast_allowed:
        yield f"Fast is not allowed here ({_who('fast_allowed', origins)})."


def _who(name: str, origins: Mapping[str, str]) -> str:
    return f"`{name}`, {origins.get(name, 'default')}"
