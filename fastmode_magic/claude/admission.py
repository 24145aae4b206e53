"""What a request may cost at most: told to whoever keeps the budgets, before it is sent."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .usage import Speed, Usage

IMAGE_TOKENS = 4_784  # the most that an image can be
FRAMING_TOKENS = 100  # what the service puts around messages; with tools it adds a prompt of its own
TOOLS_TOKENS = 1_000
COUNT_SLACK = 1.02  # the service calls its own count an estimate


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is about to be sent.

    arguments  what is sent
    spent      what earlier requests of its run have used, at most
    count      asks the service for the tokens of its input, which is free; None if it does not say
    """

    speed: Speed
    arguments: Mapping[str, Any]
    spent: tuple[Usage, ...]
    count: Callable[[], Awaitable[int | None]]

    @property
    def max_tokens(self) -> int:
        """The most output tokens that are asked for."""
        return int(self.arguments["max_tokens"])


@dataclass(frozen=True, slots=True)
class Admission:
    """The request may be sent, with so many tokens at most; `notice` says what the user should know of that."""

    max_tokens: int
    notice: str | None = None


Admit = Callable[[Request], Awaitable[Admission]]


def most_input_tokens(arguments: Mapping[str, Any]) -> int | None:
    """A bound on the tokens of a request's input: a token is at least a byte. None where it has a document."""
    images = 0

    def plain(value: Any) -> Any:
        nonlocal images
        if isinstance(value, Mapping):
            if value.get("type") == "image":
                images += 1
                return ""
            if value.get("type") == "document":
                raise _Unbounded
            return {key: plain(one) for key, one in value.items()}
        return [plain(one) for one in value] if isinstance(value, list) else value

    try:
        text = json.dumps(plain(arguments), ensure_ascii=False)
    except _Unbounded:
        return None
    framing = FRAMING_TOKENS + (TOOLS_TOKENS if "tools" in arguments else 0)
    return len(text.encode("utf-8", "replace")) + images * IMAGE_TOKENS + framing


def is_marked(arguments: Mapping[str, Any]) -> bool:
    """Whether a request asks for the prompt cache."""
    return '"cache_control": {' in json.dumps([arguments.get("system"), arguments.get("messages")])


class _Unbounded(Exception):
    """What it has cannot be bounded here."""
