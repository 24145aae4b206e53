"""What a usage costs at the speed that served it, in dollars: genai-prices, and our catalogue's withdrawn prices.

Unknown is None, never 0. Importing genai-prices takes some 0.2 s, so it is imported when first needed.
"""

from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import TYPE_CHECKING

from ..claude.catalog import FastMode, find
from ..claude.usage import Usage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

MTOK = Decimal(1_000_000)
US_ONLY = Decimal("1.1")  # inference_geo "us", on every token class
WEB_SEARCH = Decimal(10) / 1_000  # dollars a search, at either speed
CACHE_READ, CACHE_WRITE_5M, CACHE_WRITE_1H = Decimal("0.1"), Decimal("1.25"), Decimal(2)  # of the input rate


def cost(model: str, usage: Usage, speed: str | None, at: datetime) -> Decimal | None:
    """Dollars for `usage` of `model` at `speed`, at list price of the moment `at`; None where the price is unknown.

    Cache classes, the 1.1x of US-only inference and web searches ($10 per 1,000, at either speed) are counted.
    """
    tokens = _withdrawn(model, usage, at) if speed == "fast" else None
    if tokens is None:
        tokens = _listed(model, usage, speed, at)
    if tokens is None:
        return None
    if usage.inference_geo == "us":
        tokens *= US_ONLY
    return tokens + usage.web_search_requests * WEB_SEARCH


def rates(model: str, speed: str, at: datetime) -> tuple[Decimal, Decimal] | None:
    """Dollars per MTok of input and of output; None where unknown."""
    fresh = cost(model, Usage(input_tokens=1_000), speed, at)
    made = cost(model, Usage(output_tokens=1_000), speed, at)
    return (fresh * 1_000, made * 1_000) if fresh is not None and made is not None else None


def source() -> str:
    """The price list in use: it has no date of its own, so its version stands for it."""
    return f"genai-prices {version('genai-prices')}"


def load() -> None:
    """Import the price list now, on a thread where nobody waits for it."""
    from genai_prices import data_snapshot

    data_snapshot.get_snapshot()


def _listed(model: str, usage: Usage, speed: str | None, at: datetime) -> Decimal | None:
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    if speed not in {"fast", "standard"}:
        return None
    counted = Counted(
        input_tokens=usage.total_input_tokens,
        cache_read_tokens=usage.cache_read_input_tokens,
        cache_write_tokens=usage.cache_creation_input_tokens,
        cache_write_1h_tokens=min(usage.ephemeral_1h_input_tokens, usage.cache_creation_input_tokens),
        output_tokens=usage.output_tokens,
    )
    context = {"speed": "fast"} if speed == "fast" else None
    try:
        price = calc_price(counted, model, provider_id="anthropic", genai_request_timestamp=at, price_context=context)
    except LookupError:
        return None
    # Asked for a variant it does not have, genai-prices answers with the standard price.
    return price.total_price if speed == "standard" or _has_fast(price.model) else None


def _has_fast(model: "ModelInfo") -> bool:
    return any(variant.when.get("speed") == "fast" for variant in model.price_variants or ())


def _withdrawn(model: str, usage: Usage, at: datetime) -> Decimal | None:
    """What fast cost in the time of a price that is no longer listed."""
    fast: FastMode | None = find(model).fast if model.startswith("claude-") else None
    if fast is None or fast.withdrawn_price is None or fast.on(at.date()) != fast.stage:
        return None
    fresh, made = (dollars / MTOK for dollars in fast.withdrawn_price)
    written_1h = min(usage.ephemeral_1h_input_tokens, usage.cache_creation_input_tokens)
    written_5m = usage.cache_creation_input_tokens - written_1h
    weighed = (
        usage.input_tokens
        + usage.cache_read_input_tokens * CACHE_READ
        + written_5m * CACHE_WRITE_5M
        + written_1h * CACHE_WRITE_1H
    )
    return weighed * fresh + usage.output_tokens * made
