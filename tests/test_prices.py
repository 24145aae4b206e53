"""What a usage costs, against a calculation of its own: the documents' numbers, in fractions and by another way."""

import decimal
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import version
from timeit import repeat

import pytest
from genai_prices import Usage as Counted
from genai_prices import calc_price

from fastmode_magic.claude import catalog
from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger import prices

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MILLION = 1_000_000

# dollars per MTok, in / out: model -> standard, fast
PRICES = {
    "claude-opus-5-5": ((4, 20), (8, 40)),
    "claude-fable-5-2": ((8, 40), (16, 80)),
    "claude-mythos-5-2": ((8, 40), (16, 80)),
    "claude-opus-5": ((5, 25), (10, 50)),
    "claude-opus-4-8": ((5, 25), (10, 50)),
    "claude-opus-4-7": ((5, 25), None),
    "claude-opus-4-6": ((5, 25), None),
    "claude-sonnet-5-5": ((2, 10), None),
    "claude-sonnet-5": ((2, 10), None),
    "claude-sonnet-4-6": ((3, 15), None),
    "claude-haiku-5-5": ((Decimal("0.10"), Decimal("0.50")), None),
    "claude-haiku-4-5": ((1, 5), None),
    "claude-fable-5-1": ((10, 50), None),
}
# a token read from the cache is one of so many parts of a fresh one
CACHE_READ_PARTS = {
    "claude-opus-5-5": 20,
    "claude-sonnet-5-5": 20,
    "claude-fable-5-2": 40,
    "claude-mythos-5-2": 40,
    "claude-fable-5-1": 40,
}  # of all others: 10
SERVED = [(m, s) for m, (_, fast) in PRICES.items() for s in ("standard", "fast") if s == "standard" or fast]


def at(year, month, day):
    return datetime(year, month, day, 12, tzinfo=UTC)


# fast modes that are gone, at 30 / 150: model -> first and last day
GONE = {
    "claude-opus-4-7": (at(2026, 5, 12), at(2026, 7, 23)),
    "claude-opus-4-6": (at(2026, 3, 13), at(2026, 6, 28)),  # since 2026-02-07; until March, long prompts were dearer
}


def rates_then(model, speed, prompt):
    if speed == "fast" and model in GONE:
        return 30, 150
    if model == "claude-haiku-5-5" and prompt > 100_000:
        return Decimal("0.50"), Decimal("2.50")
    return PRICES[model][speed == "fast"]


def expected(model, usage, speed):
    """Dollars as a fraction: each class in units of a fortieth of a fresh token, so that all weights are whole."""
    written_1h = usage.ephemeral_1h_input_tokens
    written_5m = usage.cache_creation_input_tokens - written_1h
    prompt = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    fresh, made = (Fraction(rate) for rate in rates_then(model, speed, prompt))
    read = 40 // CACHE_READ_PARTS.get(model, 10)
    fortieths = 40 * usage.input_tokens + read * usage.cache_read_input_tokens + 50 * written_5m + 80 * written_1h
    tokens = fortieths * fresh / 40 + usage.output_tokens * made
    eleven_tenths = Fraction(11, 10) if usage.inference_geo == "us" else 1
    return tokens * eleven_tenths / MILLION + Fraction(usage.web_search_requests, 100)


@pytest.mark.parametrize(("model", "speed"), SERVED)
def test_rates(model, speed):
    assert prices.rates(model, speed, NOW) == PRICES[model][speed == "fast"]


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


def _moment(chance, model, speed):
    if speed == "standard" or model not in GONE:
        return NOW
    first, last = GONE[model]
    return first + timedelta(days=chance.randint(0, (last - first).days))


def _generated(number):
    chance = random.Random(20261122)
    served = [*SERVED, *((model, "fast") for model in GONE)]
    for index in range(number):
        model, speed = served[index % len(served)]
        written = chance.choice([0, chance.randrange(90_000)])
        usage = Usage(
            input_tokens=chance.choice([chance.randrange(1_000), chance.randrange(900_000)]),
            output_tokens=chance.randrange(128_000),
            cache_read_input_tokens=chance.choice([0, chance.randrange(200_000)]),
            cache_creation_input_tokens=written,
            ephemeral_1h_input_tokens=chance.choice([0, written, chance.randrange(written + 1)]),
            web_search_requests=chance.choice([0, chance.randrange(9)]),
            inference_geo=chance.choice([None, "us", "global"]),
            speed=speed,
        )
        yield model, usage, _moment(chance, model, speed)


def test_a_thousand_generated_usages_to_the_last_digit():
    generated = list(_generated(1_000))
    found = [prices.cost(model, usage, usage.speed, moment) for model, usage, moment in generated]
    assert [Fraction(cost) for cost in found] == [expected(model, usage, usage.speed) for model, usage, _ in generated]
    assert {(model, usage.speed) for model, usage, _ in generated} == {*SERVED, *((model, "fast") for model in GONE)}
    haikus = [usage.total_input_tokens > 100_000 for model, usage, _ in generated if model == "claude-haiku-5-5"]
    assert {True, False} == set(haikus)


def test_genai_prices_itself_comes_to_the_same():
    listed = [(model, usage) for model, usage, moment in _generated(300) if moment == NOW]
    for model, usage in listed:
        counted = Counted(
            input_tokens=usage.total_input_tokens,
            cache_read_tokens=usage.cache_read_input_tokens,
            cache_write_tokens=usage.cache_creation_input_tokens,
            cache_write_1h_tokens=usage.ephemeral_1h_input_tokens,
            output_tokens=usage.output_tokens,
            web_searches=usage.web_search_requests,
        )
        context = {"speed": usage.speed}
        price = calc_price(
            counted, model, provider_id="anthropic", genai_request_timestamp=NOW, price_context=context
        ).total_price
        assert prices.cost(model, replace(usage, inference_geo=None), usage.speed, NOW) == price


@pytest.mark.parametrize("context", [decimal.Context(prec=3), decimal.BasicContext, decimal.Context(prec=1, Emax=2)])
def test_the_user_s_own_decimal_context_changes_no_digit(context):
    usage = Usage(123_456_789_012_345_678, 987_654_321, None, 1_234_567, 7_654_321, 234_567, 3, "us")
    with decimal.localcontext(context):
        cost = prices.cost("claude-fable-5-2", usage, "fast", NOW)
    assert Fraction(cost) == expected("claude-fable-5-2", usage, "fast")


@pytest.mark.parametrize(
    ("model", "speed"),
    [
        ("claude-opus-9", "standard"),
        ("claude-opus-9", "fast"),
        ("gpt-4o", "standard"),
        ("", "standard"),
        ("claude-opus-5-5", None),
        ("claude-opus-5-5", "turbo"),
        ("claude-opus-5-5", "FAST"),
        *((model, "fast") for model, (_, fast) in PRICES.items() if fast is None),
        # that they begin like a known one says nothing of their price
        ("claude-opus-4-80", "standard"),
        ("claude-opus-4-8-fast", "standard"),
        ("claude-opus-4-8-fast", "fast"),
        ("claude-opus-5-5-fast", "standard"),
        ("claude-opus-4-8:batch", "standard"),
        ("claude-haiku-4-50", "standard"),
        ("claude-5-opus-mini", "standard"),
        ("claude-opus-5-5[1m]", "standard"),
        # other providers have other prices
        ("anthropic/claude-opus-5-5", "standard"),
        ("us.anthropic.claude-opus-4-8-v1", "standard"),
        ("my.claude-v2", "standard"),
    ],
)
def test_unknown_is_none(model, speed):
    assert prices.cost(model, Usage(input_tokens=10, output_tokens=10), speed, NOW) is None
    assert prices.rates(model, speed, NOW) is None


@pytest.mark.parametrize(
    ("model", "of"),
    [
        ("claude-opus-5-5-20260920", "claude-opus-5-5"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("claude-haiku-4-5@20251001", "claude-haiku-4-5"),
        ("Claude-Opus-5.5", "claude-opus-5-5"),
        ("claude-opus-5-latest", "claude-opus-5"),
    ],
)
def test_a_dated_id_is_its_model(model, of):
    assert prices.rates(model, "standard", NOW) == PRICES[of][0]


def test_a_dated_id_has_its_withdrawn_price():
    assert prices.rates("claude-opus-4-6-20260205", "fast", at(2026, 5, 1)) == (30, 150)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input_tokens", -1),
        ("output_tokens", -1),
        ("cache_read_input_tokens", -1),
        ("cache_creation_input_tokens", -1),
        ("ephemeral_1h_input_tokens", -1),
        ("web_search_requests", -1),
        ("inference_geo", "eu"),  # another place, another multiplier, which nobody has told us
        ("inference_geo", ""),
    ],
)
def test_what_cannot_be_priced_is_unknown(field, value):
    assert prices.cost("claude-opus-5-5", replace(Usage(10, 10), **{field: value}), "fast", NOW) is None


def test_a_place_that_is_not_available_is_no_multiplier():
    usage = Usage(10, 10, inference_geo="not_available")  # what models say that have no choice of it
    assert prices.cost("claude-haiku-4-5", usage, "standard", NOW) == Decimal("0.00006")


def test_more_written_for_an_hour_than_written_at_all_is_what_was_written():
    usage = Usage(cache_creation_input_tokens=MILLION, ephemeral_1h_input_tokens=2 * MILLION)
    assert prices.cost("claude-opus-5-5", usage, "standard", NOW) == 8


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


def test_a_day_is_that_of_utc():
    evening = datetime(2026, 6, 28, 23, tzinfo=timezone(timedelta(hours=-5)))  # the 29th in UTC
    assert prices.rates("claude-opus-4-6", "fast", evening) is None


@pytest.mark.parametrize(
    ("model", "speed", "moment", "prompt", "dollars"),
    [
        # a million out; until March, a prompt of more than 200,000 tokens made all of a request dearer
        ("claude-opus-4-6", "fast", at(2026, 3, 12), 200_000, 156),
        ("claude-opus-4-6", "fast", at(2026, 3, 12), 300_000, 243),
        ("claude-opus-4-6", "fast", at(2026, 3, 13), 300_000, 159),
        ("claude-opus-4-6", "standard", at(2026, 3, 12), 300_000, "40.5"),
        ("claude-opus-4-6", "standard", at(2026, 3, 13), 300_000, "26.5"),
        ("claude-sonnet-4-6", "standard", at(2026, 3, 12), 300_000, "24.3"),
        ("claude-sonnet-4-6", "standard", NOW, 300_000, "15.9"),
    ],
)
def test_old_records_keep_their_price(model, speed, moment, prompt, dollars):
    assert prices.cost(model, Usage(prompt, MILLION), speed, moment) == Decimal(dollars)


def test_money_is_decimal():
    assert isinstance(prices.cost("claude-opus-5-5", Usage(1, 1), "fast", NOW), Decimal)


def test_the_release_that_was_checked_is_the_one_tested_here():
    """Where this fails, genai-prices is newer: once the tests above agree, it is named in catalog.toml."""
    assert version("genai-prices") == catalog.checked().price_list


def test_the_list_is_named_with_its_date():
    day, release = catalog.checked().day, catalog.checked().price_list
    assert prices.source() == f"genai-prices {release}, Claude prices checked on {day}"
    assert prices.named("9.9", None) == "genai-prices 9.9, a list without a date"
    assert prices.named("9.9", NOW, "but") == "genai-prices 9.9, fetched on 2026-11-22 at 12:00 UTC; but"


@pytest.mark.parametrize(
    ("model", "speed"), [("claude-opus-5-5", "fast"), ("claude-haiku-5-5", "standard"), ("claude-opus-9", "fast")]
)
def test_it_may_be_asked_in_every_frame(model, speed):
    usage = Usage(100, 2_000, None, 1_000, 500, 100, 2, "us")
    best_s = min(repeat(lambda: prices.cost(model, usage, speed, NOW), number=100, repeat=5)) / 100
    assert best_s < 0.0002
