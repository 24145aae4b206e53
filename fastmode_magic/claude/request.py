"""From an Ask to the arguments of the SDK's `messages.create`: the only place where they are spelled."""

from typing import Any

from ..prompt.ask import Ask, estimate_tokens
from .catalog import BETA_HEADER, Model
from .usage import Speed


def build(ask: Ask, model: Model, speed: Speed, *, header: bool) -> dict[str, Any]:
    """Keyword arguments for `messages.create(stream=True)`; `betas` is there only with `header`.

    `speed` is left out unless it is fast: models without fast mode refuse the key itself.
    """
    return counted(ask, model, speed, header=header) | {"max_tokens": ask.max_tokens, "stream": True}


def counted(ask: Ask, model: Model, speed: Speed = "standard", *, header: bool = False) -> dict[str, Any]:
    """Keyword arguments for `messages.count_tokens`: what `build` sends and what counts as input."""
    arguments: dict[str, Any] = {"model": model.id, "messages": [{"role": "user", "content": ask.prompt}]}
    if ask.system:
        arguments["system"] = _system(ask.system, model)
    if ask.effort:
        arguments["output_config"] = {"effort": ask.effort}
    if ask.thinking == "summary":
        arguments["thinking"] = {"type": "adaptive", "display": "summarized"}
    if speed == "fast":
        arguments["speed"] = "fast"
        if header:
            arguments["betas"] = [BETA_HEADER]
    return arguments


def _system(text: str, model: Model) -> str | list[dict[str, Any]]:
    if estimate_tokens(text) < model.min_cacheable_tokens:
        return text
    return [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]
