"""Facts as words: what is unknown says so, what is estimated has a tilde."""

from decimal import Context, Decimal, localcontext

import pytest

from fastmode_magic.answer import Answer
from fastmode_magic.claude.quota import Bucket, Quota
from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger.totals import Snapshot
from fastmode_magic.views import text


@pytest.mark.parametrize(("number", "words"), [(1, "1 token"), (0, "0 tokens"), (1_234, "1,234 tokens")])
def test_a_number_of_things(number, words):
    assert text.count(number, "token") == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (None, "cost unknown"),
        ("0", "$0"),
        ("1.25", "$1.25"),
        ("1", "$1.00"),
        ("1234.565", "$1,234.57"),
        ("0.0421", "$0.0421"),
        ("0.042149", "$0.0421"),
        ("0.042150", "$0.0422"),
        ("0.5", "$0.5000"),
        ("0.00012", "$0.00012"),
        ("0.000123", "$0.00012"),
        ("0.00000123", "$0.0000012"),
    ],
)
def test_dollars(amount, words):
    assert text.dollars(None if amount is None else Decimal(amount)) == words


@pytest.mark.parametrize(("amount", "words"), [("0.0421", "~$0.0421"), (None, "cost unknown")])
def test_estimated_dollars(amount, words):
    assert text.dollars(None if amount is None else Decimal(amount), estimated=True) == words


@pytest.mark.parametrize(
    ("pace", "estimated", "words"),
    [(83.4, False, "83 tok/s"), (83.4, True, "~83 tok/s"), (1_234.0, False, "1,234 tok/s"), (None, True, "? tok/s")],
)
def test_pace(pace, estimated, words):
    assert text.pace(pace, estimated=estimated) == words


@pytest.mark.parametrize(("value", "words"), [(0.4249, "0.42 s"), (0.0, "0.00 s"), (9.5, "9.50 s"), (12.4, "12 s")])
def test_seconds(value, words):
    assert text.seconds(value) == words


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(24, 512), "24 in + 512 out"),
        (Usage(24, 1_512, estimated=True), "24 in + ~1,512 out"),
        (Usage(0, 5, cache_read_input_tokens=1_024), "1,024 in (1,024 from cache) + 5 out"),
        (
            Usage(6, 5, cache_read_input_tokens=1_000, cache_creation_input_tokens=2_000),
            "3,006 in (1,000 from cache, 2,000 to cache) + 5 out",
        ),
    ],
)
def test_tokens(usage, words):
    assert text.tokens(usage) == words


USED = Usage(24, 512)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("x", usage=USED, speed="fast", asked_speed="fast"), ["fast"]),
        (Answer("x", usage=USED, speed="standard"), ["standard"]),
        (
            Answer("x", usage=USED, speed="standard", asked_speed="fast", fallback="the fast quota is used up"),
            ["standard", "not fast", "the fast quota is used up"],
        ),
        (Answer("x", usage=USED, cost=Decimal("0.01")), ["not reported", "standard price"]),
        (Answer("x", usage=USED, asked_speed="fast", cost_if=(Decimal(1), Decimal(2))), ["not reported"]),
        (Answer("", asked_speed="fast"), ["asked", "fast"]),
    ],
)
def test_speed_is_the_one_served(answer, words):
    assert all(word in text.speed(answer) for word in words)


def test_a_speed_of_two_prices_has_no_standard_price():
    assert "standard price" not in text.speed(Answer("x", usage=USED, cost_if=(Decimal(1), Decimal(2))))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("x", cost=Decimal("0.0421")), "$0.0421"),
        (Answer("x", cost=Decimal("0.0421"), estimated=True), "~$0.0421"),
        (Answer("x", cost=Decimal("0.0421"), list_price_of="gw.example"), "$0.0421 list price"),
        (Answer("x", cost=Decimal("0.0421"), list_price_of="practice"), "$0.0421 (practice, not billed)"),
        (Answer("x"), "cost unknown"),
        (Answer("x", cost_if=(Decimal("0.02"), Decimal("0.04"))), "cost unknown: $0.0200 if standard, $0.0400 if fast"),
        (
            Answer("x", cost_if=(Decimal("0.02"), Decimal("0.04")), list_price_of="gw.example"),
            "cost unknown: $0.0200 if standard, $0.0400 if fast, at list price",
        ),
        (Answer("x", cost_if=(None, None)), "cost unknown"),
        (Answer("x", list_price_of="gw.example"), "cost unknown"),
    ],
)
def test_cost(answer, words):
    assert text.cost(answer) == words


FULL = Bucket(6_000, 3_000, 0.0)  # refills at 100 a second


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (Quota(), None),
        (Quota(fast_input=FULL), "75% in"),
        (Quota(fast_input=FULL, fast_output=Bucket(1_000, 0, 15.0)), "75% in, 0% out"),
        (Quota(fast_input=Bucket(0, 0, 0.0)), "none in"),
        (Quota(standard_input=FULL), None),
    ],
)
def test_quota_is_refilled_to_now(levels, words):
    assert text.quota(levels, 15.0) == words


WHOLE = Answer(
    "x",
    model="claude-opus-5-5",
    speed="fast",
    asked_speed="fast",
    usage=Usage(24, 512, thinking_tokens=400),
    cost=Decimal("0.0207"),
    ttft_s=0.42,
    first_text_s=1.5,
    tokens_per_s=198.4,
    stop_reason="end_turn",
    complete=True,
)


@pytest.mark.parametrize(
    "words",
    ["198 tok/s", "first token 0.42 s", "first text 1.50 s", "24 in + 512 out", "400 of them thinking", "not shown"],
)
def test_status(words):
    assert words in text.status(WHOLE)
    assert text.status(WHOLE).startswith("fast · ")
    assert text.status(WHOLE).endswith(" · $0.0207 · claude-opus-5-5")


def test_status_of_the_session():
    totals = Snapshot(answers=3, fast_cost=Decimal("0.02"), standard_cost=Decimal("0.01"), unknown=1)
    status = text.status(WHOLE, text.facts(WHOLE, totals, "98% in"))
    assert "session $0.0300 + 1 of unknown cost" in status
    assert "fast quota 98% in" in status


def test_a_session_at_list_price_says_so():
    totals = Snapshot(answers=3, fast_cost=Decimal("0.02"), standard_cost=Decimal("0.01"), unknown=1, list_price=True)
    assert text.session(totals) == "$0.0300 list price + 1 of unknown cost"


def test_the_user_s_own_decimal_context_changes_no_word():
    with localcontext(Context(prec=2, Emax=1)):
        assert text.dollars(Decimal("1234.567")) == "$1,234.57"
        assert text.dollars(Decimal("0.0421")) == "$0.0421"
        assert Snapshot(fast_cost=Decimal("0.0421"), standard_cost=Decimal(1000)).cost == Decimal("1000.0421")


def test_status_leaves_out_what_there_is_not():
    assert text.status(Answer("", ending="failed", cost=Decimal(0))) == "failed · asked at standard speed · $0"


@pytest.mark.parametrize(("first_text_s", "said"), [(0.45, False), (0.6, True), (None, False)])
def test_first_text_is_told_where_it_is_not_the_first_token(first_text_s, said):
    assert ("first text" in text.status(Answer("x", ttft_s=0.42, first_text_s=first_text_s))) == said
