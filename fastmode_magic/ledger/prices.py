"""What a usage costs at the speed that served it, in dollars: genai-prices, and our catalogue's withdrawn prices.

Unknown is None, never 0. Importing genai-prices takes some 0.2 s, so it is imported when first needed. Its own
`calc_price` is not asked: it takes a name that begins like a known one for that model, and the standard price for a
speed that it does not know.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from ..claude import catalog
from ..claude.usage import Usage
from .money import EXACT

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, TieredPrices

MTOK = Decimal(1_000_000)
# Data residency, on every token class. "not_available" is what models older than the choice report. Any other
# place has a price that nobody has told us.
GEO = {None: Decimal(1), "global": Decimal(1), "not_available": Decimal(1), "us": Decimal("1.1")}
WEB_SEARCHES = Decimal(10)  # dollars per 1,000 at either speed, where the list says nothing of them
CACHE_READ, CACHE_WRITE_5M, CACHE_WRITE_1H = Decimal("0.1"), Decimal("1.25"), Decimal(2)  # of the input rate
TOKENS = ("input_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok", "output_mtok")
_SEARCHES = "web_searches_kcount"
_SNAPSHOT = re.compile(r"(-0)?([-@]20\d{6}|-20\d\d-\d\d-\d\d|-latest)?$")

_found: dict[str, "tuple[DataSnapshot, ModelInfo | None]"] = {}  # a model's entry in the list in use, for frames
Rates = Mapping[str, Decimal]  # genai-prices' name of a class -> dollars per MTok, or per 1,000 searches


def cost(model: str, usage: Usage, speed: str | None, at: datetime) -> Decimal | None:
    """Dollars for `usage` of `model` at `speed`, at list price of the moment `at`; None where the price is unknown.

    Cache classes, the 1.1x of US-only inference and web searches (at one price for both speeds) are counted.
    """
    with localcontext(EXACT):
        counts, geo = _of(usage), GEO.get(usage.inference_geo)
        found = _rates(model, speed, at, usage.total_input_tokens)
        if found is None or geo is None or min(*counts.values(), usage.web_search_requests) < 0:
            return None
        if any(number and name not in found for name, number in counts.items()):
            return None
        tokens = sum((found[name] * number for name, number in counts.items() if number), Decimal(0))
        return tokens / MTOK * geo + found.get(_SEARCHES, WEB_SEARCHES) * usage.web_search_requests / 1_000


def rates(model: str, speed: str, at: datetime) -> tuple[Decimal, Decimal] | None:
    """Dollars per MTok of input and of output, for a short prompt; None where unknown."""
    found = _rates(model, speed, at, 0) or {}
    return (found["input_mtok"], found["output_mtok"]) if {"input_mtok", "output_mtok"} <= found.keys() else None


def source() -> str:
    """The price list in use, and its date."""
    from .price_updates import UPDATES, fetched_at

    return named(_release(), fetched_at(), UPDATES.state)


def named(release: str, fetched: datetime | None, said: str | None = None) -> str:
    """ "genai-prices 0.2.3, Claude prices checked on 2026-11-22".

    A list that was fetched has the time of that. The one that genai-prices brings along has no date, so the day of
    the documents stands for it with which this release was compared; a release that was not is said to have none.
    """
    if fetched:
        dated = f"fetched on {fetched:%Y-%m-%d at %H:%M} UTC"
    elif release == catalog.checked().price_list:
        dated = f"Claude prices checked on {catalog.checked().day}"
    else:
        dated = "a list without a date"
    return f"genai-prices {release}, {dated}" + (f"; {said}" if said else "")


def load() -> None:
    """Import the price list now, on a thread where nobody waits for it."""
    from genai_prices.data_snapshot import get_snapshot

    get_snapshot()


def keep_updated(owner: object, *, on: bool) -> None:
    """Fetch newer lists for `owner`, now and once an hour, in genai-prices' own thread; or no longer."""
    from .price_updates import UPDATES

    UPDATES.keep(owner, on=on)


@cache
def _release() -> str:
    return version("genai-prices")


def _of(usage: Usage) -> dict[str, int]:
    """The tokens by the names of their prices."""
    written_1h = min(usage.ephemeral_1h_input_tokens, usage.cache_creation_input_tokens)
    written_5m = usage.cache_creation_input_tokens - written_1h
    numbers = (usage.input_tokens, usage.cache_read_input_tokens, written_5m, written_1h, usage.output_tokens)
    return dict(zip(TOKENS, numbers, strict=True))


def _rates(model: str, speed: str | None, at: datetime, prompt_tokens: int) -> Rates | None:
    """The prices of a request with `prompt_tokens`; one that is not in them is unknown."""
    withdrawn = _withdrawn(model, at, prompt_tokens) if speed == "fast" else None
    if withdrawn or speed not in {"fast", "standard"} or (info := _info(model)) is None:
        return withdrawn
    found = dict(vars(info.get_prices(at)))
    if speed == "fast":
        found = {_SEARCHES: found.get(_SEARCHES), **_fast(info, at)}
    if any(name.endswith("_mtok") and name not in TOKENS for name in found):
        return None  # tokens of some kind have a price of their own, and we do not know how many those are
    tiers = {name: _tier(price, prompt_tokens) for name, price in found.items() if price is not None}
    return {name: dollars for name, dollars in tiers.items() if dollars >= 0}


def _info(model: str) -> "ModelInfo | None":
    from genai_prices.data_snapshot import get_snapshot

    snapshot, known = get_snapshot(), _found.get(model)
    if known is None or known[0] is not snapshot:
        known = _found[model] = (snapshot, _look_up(snapshot, model))
    return known[1]


def _look_up(snapshot: "DataSnapshot", model: str) -> "ModelInfo | None":
    try:
        _, info = snapshot.find_provider_model(model, None, "anthropic", None)
    except LookupError:
        return None
    # It matches beginnings: "claude-opus-4-8-fast" and "claude-opus-4-80" would be Opus 4.8.
    return info if info.prices and plain(info.id) == plain(model) else None


def _fast(info: "ModelInfo", at: datetime) -> dict[str, "Decimal | TieredPrices"]:
    """What is listed for fast, the first word of each class: the standard price is none of it."""
    found: dict[str, Decimal | TieredPrices] = {}
    for variant in reversed(info.price_variants or ()):
        if variant.when == {"speed": "fast"} and (variant.constraint is None or variant.constraint.active(at)):
            found |= vars(variant.prices)
    return found


def _tier(price: "Decimal | TieredPrices", prompt_tokens: int) -> Decimal:
    """The price of every token of a request whose prompt is that long."""
    if isinstance(price, Decimal):
        return price
    above = [tier for tier in price.tiers if prompt_tokens > tier.start]
    return max(above, key=lambda tier: tier.start).price if above else price.base


def _withdrawn(model: str, at: datetime, prompt_tokens: int) -> Rates | None:
    """What fast cost in the time of a price that is no longer listed."""
    id_ = plain(model)
    known = next((one.fast for one in catalog.models() if one.id == id_), None)
    found = known.withdrawn(at.astimezone(UTC).date(), prompt_tokens) if known else None
    if found is None:
        return None
    fresh, made = found
    prices = (fresh, fresh * CACHE_READ, fresh * CACHE_WRITE_5M, fresh * CACHE_WRITE_1H, made)
    return dict(zip(TOKENS, prices, strict=True))


def plain(model: str) -> str:
    """A model's id without the date of its snapshot."""
    return _SNAPSHOT.sub("", model.lower().replace(".", "-"))
