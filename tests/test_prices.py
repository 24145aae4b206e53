"""What a usage costs, against a calculation of its own from the documented tables."""

import random
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger import prices

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

# dollars per MTok, in / out: model -> standard, fast
PRICES = {
    "claude-opus-5-5": ((Decimal(4), Decimal(20)), (Decimal(8), Decimal(40))),
    "claude-fable-5-2": ((Decimal(8), Decimal(40)), (Decimal(16), Decimal(80))),
    "claude-mythos-5-2": ((Decimal(8), Decimal(40)), (Decimal(16), Decimal(80))),
    "claude-opus-5": ((Decimal(5), Decimal(25)), (Decimal(10), Decimal(50))),
    "claude-opus-4-8": ((Decimal(5), Decimal(25)), (Decimal(10), Decimal(50))),
    "claude-opus-4-7": ((Decimal(5), Decimal(25)), None),
    "claude-opus-4-6": ((Decimal(5), Decimal(25)), None),
    "claude-sonnet-5-5": ((Decimal(2), Decimal(10)), None),
    "claude-sonnet-5": ((Decimal(2), Decimal(10)), None),
    "claude-sonnet-4-6": ((Decimal(3), Decimal(15)), None),
    "claude-haiku-5-5": ((Decimal("0.10"), Decimal("0.50")), None),
    "claude-haiku-4-5": ((Decimal(1), Decimal(5)), None),
    "claude-fable-5-1": ((Decimal(10), Decimal(50)), None),
}
# a token read from the cache, of the input rate; the documents give no ratio for the other models
CACHE_READ = {
    "claude-opus-5-5": Decimal("0.05"),
    "claude-fable-5-2": Decimal("0.025"),
    "claude-opus-5": Decimal("0.1"),
    "claude-opus-4-8": Decimal("0.1"),
    "claude-opus-4-7": Decimal("0.1"),
    "claude-opus-4-6": Decimal("0.1"),
}
SERVED = [(m, s) for m, (_, fast) in PRICES.items() for s in ("standard", "fast") if s == "standard" or fast]


def at(year, month, day):
    return datetime(year, month, day, 12, tzinfo=UTC)


def expected(model, usage, speed):
    """Dollars, by the tables above alone."""
    fresh, made = PRICES[model][speed == "fast"]
    written_5m = usage.cache_creation_input_tokens - usage.ephemeral_1h_input_tokens
    prompt = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    if model == "claude-haiku-5-5" and prompt > 100_000:
        fresh, made = Decimal("0.50"), Decimal("2.50")
    tokens = (
        usage.input_tokens * fresh
        + (usage.cache_read_input_tokens and usage.cache_read_input_tokens * CACHE_READ[model] * fresh)
        + written_5m * Decimal("1.25") * fresh
        + usage.ephemeral_1h_input_tokens * 2 * fresh
        + usage.output_tokens * made
    ) / 1_000_000
    return tokens * (Decimal("1.1") if usage.inference_geo == "us" else 1) + usage.web_search_requests * Decimal("0.01")


@pytest.mark.parametrize(("model", "speed"), SERVED)
def test_rates(model, speed):
    assert prices.rates(model, speed, NOW) == PRICES[model][speed == "fast"]


MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "usage", "speed", "dollars"),
    [
        ("claude-opus-5-5", Usage(), "fast", 0),
        ("claude-opus-5-5", Usage(output_tokens=MILLION, thinking_tokens=900_000), "fast", 40),
        ("claude-opus-5-5", Usage(cache_read_input_tokens=MILLION), "standard", "0.2"),
        ("claude-opus-5-5", Usage(cache_read_input_tokens=MILLION), "fast", "0.4"),
        ("claude-fable-5-2", Usage(cache_read_input_tokens=MILLION), "fast", "0.4"),
        ("claude-opus-5", Usage(cache_read_input_tokens=MILLION), "fast", "1"),
        ("claude-opus-5-5", Usage(cache_creation_input_tokens=MILLION), "fast", 10),
        (
            "claude-opus-5-5",
            Usage(cache_creation_input_tokens=MILLION, ephemeral_1h_input_tokens=MILLION),
            "fast",
            16,
        ),
        (
            "claude-opus-5-5",
            Usage(cache_creation_input_tokens=MILLION, ephemeral_1h_input_tokens=400_000),
            "fast",
            "12.4",  # 0.6 at 10 and 0.4 at 16
        ),
        ("claude-opus-5-5", Usage(input_tokens=MILLION, inference_geo="us"), "fast", "8.8"),
        ("claude-opus-5-5", Usage(input_tokens=MILLION, inference_geo="global"), "fast", 8),
        # 10 dollars per 1,000 searches, at either speed and wherever it is inferred
        ("claude-opus-5-5", Usage(web_search_requests=1_000), "standard", 10),
        ("claude-opus-5-5", Usage(web_search_requests=1_000, inference_geo="us"), "fast", 10),
        # no surcharge for long contexts
        ("claude-opus-5-5", Usage(input_tokens=900_000), "fast", "7.2"),
        # ... but a tier
        ("claude-haiku-5-5", Usage(input_tokens=100_000, output_tokens=MILLION), "standard", "0.51"),
        ("claude-haiku-5-5", Usage(input_tokens=100_001, output_tokens=MILLION), "standard", "2.5500005"),
        (
            "claude-haiku-5-5",
            Usage(input_tokens=50_001, cache_creation_input_tokens=50_000),
            "standard",
            "0.0562505",
        ),
    ],
)
def test_by_hand(model, usage, speed, dollars):
    assert prices.cost(model, usage, speed, NOW) == Decimal(dollars)


def _generated():
    chance = random.Random(20261122)
    for _ in range(400):
        model, speed = chance.choice(SERVED)
        written = chance.choice([0, chance.randrange(90_000)])
        yield (
            model,
            speed,
            Usage(
                input_tokens=chance.randrange(150_000),
                output_tokens=chance.randrange(128_000),
                cache_read_input_tokens=chance.randrange(200_000) if model in CACHE_READ else 0,
                cache_creation_input_tokens=written,
                ephemeral_1h_input_tokens=chance.choice([0, written, chance.randrange(written + 1)]),
                web_search_requests=chance.choice([0, chance.randrange(9)]),
                inference_geo=chance.choice([None, "us", "global"]),
            ),
        )


def test_generated_usages_to_the_last_digit():
    wrong = [
        (model, speed, usage, found)
        for model, speed, usage in _generated()
        if (found := prices.cost(model, usage, speed, NOW)) != expected(model, usage, speed)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("model", "speed"),
    [
        ("claude-opus-9", "standard"),
        ("claude-opus-9", "fast"),
        ("gpt-4o", "standard"),
        ("", "standard"),
        ("claude-opus-5-5", None),
        ("claude-opus-5-5", "turbo"),
        *((model, "fast") for model, (_, fast) in PRICES.items() if fast is None),
    ],
)
def test_unknown_is_none(model, speed):
    assert prices.cost(model, Usage(input_tokens=10, output_tokens=10), speed, NOW) is None
    assert prices.rates(model, speed, NOW) is None


@pytest.mark.parametrize(
    ("model", "moment", "known"),
    [
        ("claude-opus-4-7", at(2026, 5, 11), False),
        ("claude-opus-4-7", at(2026, 5, 12), True),
        ("claude-opus-4-7", at(2026, 7, 23), True),
        ("claude-opus-4-7", at(2026, 7, 24), False),
        ("claude-opus-4-6", at(2026, 2, 6), False),
        ("claude-opus-4-6", at(2026, 2, 7), True),
        ("claude-opus-4-6", at(2026, 6, 28), True),
        ("claude-opus-4-6", at(2026, 6, 29), False),
    ],
)
def test_withdrawn_fast_prices_live_as_long_as_the_mode(model, moment, known):
    usage = Usage(1_000, 2_000, None, 10_000, 5_000, 2_000, 3, "us")
    # 30 / 150: 1,000 fresh, 10,000 read at 0.1x, 3,000 at 1.25x, 2,000 at 2x; then 1.1x; then three searches
    dollars = (Decimal(30) * (1_000 + 1_000 + 3_750 + 4_000) + Decimal(150) * 2_000) / MILLION * Decimal(
        "1.1"
    ) + Decimal("0.03")
    assert prices.cost(model, usage, "fast", moment) == (dollars if known else None)
    assert prices.rates(model, "standard", moment) == (5, 25)


def test_money_is_decimal():
    assert isinstance(prices.cost("claude-opus-5-5", Usage(1, 1), "fast", NOW), Decimal)


def test_the_list_is_named_by_its_version():
    assert re.fullmatch(r"genai-prices \d+\.\d+\.\d+", prices.source())
