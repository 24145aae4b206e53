"""What a request may cost at most: told to whoever keeps the budgets, before it is sent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .usage import Speed, Usage

IMAGE_TOKENS = 4_784  # the most that an image can be
FRAMING_TOKENS = 100  # what the service puts around messages
PROMPT_TOKENS = 1_000  # of the service's own, where tools are offered or an answer must fit a schema
PIECE_TOKENS = 8  # around each text, name and number
COUNT_SLACK, COUNT_MORE = 1.02, 32  # the service calls its own count an estimate
FASTEST = 500  # output tokens a second: nothing is made faster, so what nobody saw is not more


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
    """The request may be sent, with so many tokens at most; `notice` says what the user should know of that.

    `input_tokens` is a bound on its input, None where nobody knows one.
    """

    max_tokens: int
    input_tokens: int | None = None
    notice: str | None = None


Admit = Callable[[Request], Awaitable[Admission]]


@dataclass(slots=True)
class Spent:
    """What the requests of a run have used at most, one after the other."""

    usages: list[Usage] = field(default_factory=list)
    _speed: Speed = "standard"
    _worst: Usage = field(default_factory=Usage)

    def sent(self, speed: Speed, max_tokens: int, input_tokens: int | None) -> None:
        """Another request is on its way."""
        self._speed, self._worst = speed, Usage(input_tokens=input_tokens or 0, output_tokens=max_tokens)

    def finished(self, usage: Usage | None) -> None:
        """It has ended, and the service has counted."""
        self.usages.append((usage or self._worst).asked_at(self._speed))

    def failed(self, usage: Usage | None, seconds: float, *, billed: bool) -> None:
        """It broke off after `seconds`, when the service had counted so far; or before, where it may be `billed`."""
        if usage or billed:
            counted = usage or self._worst
            made = min(self._worst.output_tokens, 1 + int(seconds * FASTEST))
            self.usages.append(replace(counted, output_tokens=max(made, usage.output_tokens if usage else 0)))
            self.usages[-1] = self.usages[-1].asked_at(self._speed)


@dataclass(frozen=True, slots=True)
class Size:
    """A bound on the tokens of a request's input; None where it has a document, which only the service can count.

    `marked` says whether the prompt cache is asked to keep some of it.
    """

    tokens: int | None
    marked: bool


def size_of(arguments: Mapping[str, Any]) -> Size:
    """How large a request can be: a token is at least a byte."""
    tokens, marked, bounded = FRAMING_TOKENS, False, True
    rest: list[Any] = [arguments]
    while rest:
        match rest.pop():
            case {"type": "image"}:
                tokens += IMAGE_TOKENS
            case {"type": "document"}:
                bounded = False
            case Mapping() as found:
                marked = marked or "cache_control" in found
                rest += [*found.keys(), *found.values()]
            case list() as found:
                rest += found
            case str() as text:
                tokens += PIECE_TOKENS + (len(text) if text.isascii() else len(text.encode("utf-8", "replace")))
            case number:
                tokens += PIECE_TOKENS + len(str(number))
    if arguments.keys() & {"tools", "output_config"}:
        tokens += PROMPT_TOKENS
    return Size(tokens if bounded else None, marked)
