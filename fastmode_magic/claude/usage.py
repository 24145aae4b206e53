"""What the service says it used: the `usage` object of the Messages API, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

Speed = Literal["fast", "standard"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer, by class, and the speed that served it.

    `output_tokens` includes thinking. `speed` is None where the service did not report it. `estimated` marks an
    output count that was estimated from the text because the stream ended before the final count came.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int | None = None
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    ephemeral_1h_input_tokens: int = 0
    web_search_requests: int = 0
    inference_geo: str | None = None
    speed: str | None = None
    estimated: bool = False

    @property
    def total_input_tokens(self) -> int:
        """Input tokens of every class: fresh, read from the cache, and written to it."""
        return self.input_tokens + self.cache_read_input_tokens + self.cache_creation_input_tokens

    @property
    def charged_input_tokens(self) -> int:
        """Those that rate limits count: what is read from the cache is free of them."""
        return self.input_tokens + self.cache_creation_input_tokens

    def asked_at(self, speed: Speed | None) -> "Usage":
        """This usage of a request at `speed`: what was asked at standard speed is not served fast."""
        return replace(self, speed="standard") if self.speed is None and speed == "standard" else self

    def plus(self, other: "Usage") -> "Usage":
        """Both together; the speed is that of the other."""
        counts = {name: getattr(self, name) + getattr(other, name) for name in _ADDED}
        thought = [one.thinking_tokens for one in (self, other) if one.thinking_tokens is not None]
        estimated = self.estimated or other.estimated
        return replace(other, **counts, thinking_tokens=sum(thought) if thought else None, estimated=estimated)

    def overwritten(self, wire: object) -> "Usage":
        """This usage with what `wire` (a `usage` object as the service sent it) says; its counts are cumulative."""
        if not isinstance(wire, Mapping):
            return self
        found: dict[str, Any] = {name: n for name in _COUNTS if (n := count(wire.get(name))) is not None}
        for name, path in _NESTED.items():
            if (n := count(_at(wire, *path))) is not None:
                found[name] = n
        found |= {name: wire[name] for name in ("speed", "inference_geo") if isinstance(wire.get(name), str)}
        return replace(self, **found)


_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_ADDED = (*_COUNTS, "ephemeral_1h_input_tokens", "web_search_requests")
_NESTED = {
    "thinking_tokens": ("output_tokens_details", "thinking_tokens"),
    "ephemeral_1h_input_tokens": ("cache_creation", "ephemeral_1h_input_tokens"),
    "web_search_requests": ("server_tool_use", "web_search_requests"),
}


def count(value: object) -> int | None:
    """A number of tokens as the service sends it; None for anything else."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _at(wire: Mapping[str, Any], outer: str, inner: str) -> object:
    nested = wire.get(outer)
    return nested.get(inner) if isinstance(nested, Mapping) else None
