"""What the simulator served, as an organisation's bill sees it: tokens by class, and their price.

The price table is the simulator's own, written from Anthropic's price list of 2026-11-22 and from nothing else here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

FAST, STANDARD = "fast", "standard"
LONG_PROMPT = 100_000  # tokens from which a Haiku 5.5 request has another price
_SEARCH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Tariff:
    """Dollars per million tokens at standard speed; `read` is of the input price, `fast` the factor of fast mode."""

    input: Decimal
    output: Decimal
    read: Decimal = Decimal("0.1")
    fast: int = 2


_FABLE = Tariff(Decimal(8), Decimal(40), Decimal("0.025"))
_OPUS = Tariff(Decimal(5), Decimal(25))
TARIFFS = {
    "claude-opus-5-5": Tariff(Decimal(4), Decimal(20), Decimal("0.05")),
    "claude-fable-5-2": _FABLE,
    "claude-mythos-5-2": _FABLE,
    "claude-opus-5": _OPUS,
    "claude-opus-4-8": _OPUS,
    "claude-opus-4-7": Tariff(Decimal(5), Decimal(25), fast=6),
    "claude-opus-4-6": Tariff(Decimal(5), Decimal(25), fast=6),
    "claude-fable-5-1": Tariff(Decimal(10), Decimal(50)),
    "claude-sonnet-5-5": Tariff(Decimal(2), Decimal(10)),
    "claude-sonnet-5": Tariff(Decimal(2), Decimal(10)),
    "claude-sonnet-4-6": Tariff(Decimal(3), Decimal(15)),
    "claude-haiku-5-5": Tariff(Decimal("0.10"), Decimal("0.50")),
    "claude-haiku-4-5": Tariff(Decimal(1), Decimal(5)),
}


@dataclass(frozen=True, slots=True)
class Use:
    """One request that was billed; `at_s` is when it ended, in seconds since 1970."""

    at_s: float
    model: str
    speed: str = STANDARD
    api_key_id: str | None = None
    inference_geo: str = "global"
    uncached: int = 0
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0
    output: int = 0
    searches: int = 0

    @classmethod
    def of(cls, at_s: float, model: str, usage: Mapping[str, Any], key: str) -> Use:
        """The use that the `usage` of an answer tells of."""
        written, tools = usage.get("cache_creation") or {}, usage.get("server_tool_use") or {}
        return cls(
            at_s,
            model,
            str(usage.get("speed") or STANDARD),
            key_id(key),
            str(usage.get("inference_geo") or "global"),
            usage.get("input_tokens", 0),
            usage.get("cache_read_input_tokens", 0),
            written.get("ephemeral_5m_input_tokens", 0),
            written.get("ephemeral_1h_input_tokens", 0),
            usage.get("output_tokens", 0),
            tools.get("web_search_requests", 0),
        )

    @property
    def prompt(self) -> int:
        """Tokens of the prompt, cached or not."""
        return self.uncached + self.read + self.written_5m + self.written_1h

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.prompt + self.output

    @property
    def cents(self) -> Decimal:
        """What it costs at list price."""
        tariff = TARIFFS.get(self.model, _OPUS)
        weighted = self.uncached + self.read * tariff.read + self.written_5m * Decimal("1.25") + self.written_1h * 2
        dollars = (weighted * tariff.input + self.output * tariff.output) / 1_000_000
        dollars *= tariff.fast if self.speed == FAST else 1
        dollars *= 5 if self.model == "claude-haiku-5-5" and self.prompt > LONG_PROMPT else 1
        dollars *= Decimal("1.1") if self.inference_geo == "us" else 1
        return (dollars + self.searches * _SEARCH) * 100


@dataclass(frozen=True, slots=True)
class Bill:
    """What an organisation used, as far as its reports know; `discount` is the part of the list price not billed."""

    uses: Sequence[Use]
    refreshed_s: float
    discount: Decimal = Decimal(0)


def key_id(key: str) -> str:
    """The id of an API key, the same each time."""
    return f"apikey_sim{hashlib.sha256(key.encode()).hexdigest()[:20]}"
