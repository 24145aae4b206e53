"""decide: each row of the facts' refusal table, by each value of --fallback."""

import pytest

from fastmode_magic.claude import policy
from fastmode_magic.claude.policy import Attempt, Backoff, FallBack, GiveUp, Rates, RetryFast, Rules, decide
from fastmode_magic.claude.refusals import PERMANENT, Meaning, Refusal, ServiceError

FALLBACKS = ("auto", "standard", "wait", "never")


def step(meaning, *, fallback="auto", speed="fast", number=1, retry_after_s=3.0, rates=None, **more):
    rules = Rules(fallback, more.pop("max_wait_s", None), more.pop("max_tokens", 16_000))
    refusal = Refusal(meaning, ServiceError(429, retry_after_s=retry_after_s))
    return decide(refusal, Attempt(speed, number, **more), rates or Rates(), rules)


# what `auto`, `standard`, `wait` and `never` do after a first attempt at fast speed
STEPS = [
    # a bucket that holds enough again in 3 s; at 80 and 200 tok/s, 1,000 tokens are 7.5 s faster at fast speed
    (Meaning.FAST_POOL_EMPTY, (RetryFast, FallBack, RetryFast, GiveUp)),
    (Meaning.NO_FAST_CAPACITY, (FallBack, FallBack, FallBack, GiveUp)),
    (Meaning.NO_CREDITS, (FallBack, FallBack, FallBack, GiveUp)),
    (Meaning.FAST_DISABLED, (FallBack, FallBack, FallBack, GiveUp)),
    (Meaning.MODEL_WITHOUT_FAST, (FallBack, FallBack, FallBack, GiveUp)),
    (Meaning.HEADER_MISSING, (RetryFast, RetryFast, RetryFast, RetryFast)),
    (Meaning.UNEXPLAINED_LIMIT, (FallBack, FallBack, RetryFast, GiveUp)),
    (Meaning.OTHER_LIMIT, (Backoff, Backoff, Backoff, Backoff)),
    (Meaning.OVERLOADED, (RetryFast, FallBack, RetryFast, RetryFast)),
    (Meaning.TRANSIENT, (Backoff, Backoff, Backoff, Backoff)),
    (Meaning.SPEND_CAP, (GiveUp, GiveUp, GiveUp, GiveUp)),
    (Meaning.LARGER_THAN_POOL, (FallBack, FallBack, FallBack, GiveUp)),
    (Meaning.DENIED, (GiveUp, GiveUp, GiveUp, GiveUp)),
]


@pytest.mark.parametrize(("meaning", "expected"), STEPS)
def test_first_fast_attempt(meaning, expected):
    assert tuple(type(step(meaning, fallback=fallback)) for fallback in FALLBACKS) == expected


def test_every_meaning_is_in_the_table():
    assert {meaning for meaning, _ in STEPS} == set(Meaning)


@pytest.mark.parametrize("fallback", FALLBACKS)
@pytest.mark.parametrize("meaning", Meaning)
@pytest.mark.parametrize("speed", ["fast", "standard"])
def test_shown_text_is_never_resent(meaning, fallback, speed):
    assert step(meaning, fallback=fallback, speed=speed, shown=True) == GiveUp()


@pytest.mark.parametrize("fallback", FALLBACKS)
@pytest.mark.parametrize(
    "meaning", [Meaning.OTHER_LIMIT, Meaning.UNEXPLAINED_LIMIT, Meaning.OVERLOADED, Meaning.TRANSIENT]
)
def test_at_standard_speed_there_is_only_backing_off(meaning, fallback):
    assert isinstance(step(meaning, fallback=fallback, speed="standard"), Backoff)
    assert step(meaning, fallback=fallback, speed="standard", number=3) == GiveUp()


@pytest.mark.parametrize("meaning", [Meaning.OTHER_LIMIT, Meaning.TRANSIENT])
@pytest.mark.parametrize(("number", "expected"), [(1, Backoff), (2, Backoff), (3, GiveUp)])
def test_at_most_three_attempts_at_the_same_speed(meaning, number, expected):
    assert isinstance(step(meaning, number=number, retry_after_s=None), expected)


def test_backing_off_has_jitter_and_grows():
    waits = [
        step(Meaning.TRANSIENT, number=number, retry_after_s=None, jitter=jitter).after_s
        for number in (1, 2)
        for jitter in (0.0, 0.9)
    ]
    assert 0 < waits[0] < waits[1] <= waits[2] * 2
    assert waits[2] == 2 * waits[0]


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.99])
def test_backing_off_heeds_retry_after(jitter):
    assert 30 <= step(Meaning.OTHER_LIMIT, retry_after_s=30.0, jitter=jitter).after_s <= 35


def test_backing_off_for_an_hour_is_no_backing_off():
    assert step(Meaning.OTHER_LIMIT, retry_after_s=3_600.0) == GiveUp()


def test_never_asks_an_overloaded_service_two_more_times():
    steps = [step(Meaning.OVERLOADED, fallback="never", number=number, retry_after_s=None) for number in (1, 2, 3)]
    assert tuple(map(type, steps)) == (RetryFast, RetryFast, GiveUp)
    assert all(found.after_s <= 1 for found in steps[:2])


# In all, a quarter of what fast saves is risked where nobody says how long: the default answer saves 7.5 s.
@pytest.mark.parametrize(
    ("rates", "more", "waits_s"),
    [
        (Rates(answer_tokens=400), {}, []),  # 3 s are to be won
        (Rates(), {}, [1.0]),
        (Rates(answer_tokens=2_000), {}, [1.0, 2.0]),
        (Rates(answer_tokens=4_000), {}, [1.0, 2.0]),
        (Rates(answer_tokens=100_000), {"max_tokens": 100_000}, [1.0, 2.0]),  # two are the most
        (Rates(answer_tokens=100_000), {"max_tokens": 100_000, "max_wait_s": 4.0}, [1.0, 2.0]),
        (Rates(answer_tokens=100_000), {"max_wait_s": 0.0}, []),
    ],
)
def test_an_overloaded_service_is_asked_again_as_long_as_little_is_risked(rates, more, waits_s):
    found = []
    while True:
        waited_s, number = sum(found), len(found) + 1
        told = {"retry_after_s": None, "jitter": 1.0, "rates": rates, "waited_s": waited_s, "number": number}
        decision = step(Meaning.OVERLOADED, **told, **more)
        if not isinstance(decision, RetryFast):
            break
        found.append(decision.after_s)
    assert isinstance(decision, FallBack)
    assert found == waits_s


@pytest.mark.parametrize(
    ("waited_s", "rates", "expected"),
    [
        (0.0, Rates(answer_tokens=100), FallBack),  # 0.75 s are to be won
        (0.0, Rates(answer_tokens=600), RetryFast),
        (2.0, Rates(answer_tokens=600), FallBack),
    ],
)
def test_a_short_answer_is_not_worth_another_try_at_an_overloaded_service(waited_s, rates, expected):
    found = step(Meaning.OVERLOADED, retry_after_s=None, jitter=0.99, waited_s=waited_s, rates=rates)
    assert isinstance(found, expected)


@pytest.mark.parametrize("fallback", FALLBACKS)
def test_the_header_is_added_once(fallback):
    assert step(Meaning.HEADER_MISSING, fallback=fallback) == RetryFast(0.0, header=True)
    again = step(Meaning.HEADER_MISSING, fallback=fallback, number=2, header=True)
    assert isinstance(again, GiveUp if fallback == "never" else FallBack)


# `auto` waits no longer than half of tokens / standard - tokens / fast: it saves as much again as it waits.
@pytest.mark.parametrize(
    ("retry_after_s", "rates", "more", "expected"),
    [
        # defaults: 1,000 / 80 - 1,000 / 200 = 12.5 - 5 = 7.5 s
        (3.7, Rates(), {}, RetryFast),
        (3.8, Rates(), {}, FallBack),
        # measured: 2,000 / 50 - 2,000 / 100 = 40 - 20 = 20 s
        (9.9, Rates(100.0, 50.0, 2_000), {}, RetryFast),
        (10.1, Rates(100.0, 50.0, 2_000), {}, FallBack),
        # equally fast: not worth a moment
        (0.1, Rates(80.0, 80.0, 5_000), {}, FallBack),
        # the answer cannot be longer than max_tokens: 100 / 80 - 100 / 200 = 1.25 - 0.5 = 0.75 s
        (0.3, Rates(), {"max_tokens": 100}, RetryFast),
        (0.4, Rates(), {"max_tokens": 100}, FallBack),
        # never longer than 20 s, however long the answers: 125 - 50 = 75 s
        (20.0, Rates(answer_tokens=10_000), {}, RetryFast),
        (20.1, Rates(answer_tokens=10_000), {}, FallBack),
        # ... in all
        (6.0, Rates(answer_tokens=10_000), {"waited_s": 13.9}, RetryFast),
        (6.0, Rates(answer_tokens=10_000), {"waited_s": 14.1}, FallBack),
        # --max-wait, longer and shorter
        (60.0, Rates(answer_tokens=20_000), {"max_wait_s": 60.0, "max_tokens": 32_000}, RetryFast),
        (61.0, Rates(answer_tokens=20_000), {"max_wait_s": 60.0, "max_tokens": 32_000}, FallBack),
        (1.0, Rates(), {"max_wait_s": 0.0}, FallBack),
        # nobody knows when
        (None, Rates(), {}, FallBack),
        # nothing was sent, because of a cooldown or a known quota: the same formula
        (3.7, Rates(), {"number": 0}, RetryFast),
        (3.8, Rates(), {"number": 0}, FallBack),
        # the third refusal in a row
        (0.1, Rates(), {"number": 3}, FallBack),
    ],
)
def test_auto_waits_where_that_saves_as_much_again(retry_after_s, rates, more, expected):
    found = step(Meaning.FAST_POOL_EMPTY, retry_after_s=retry_after_s, rates=rates, **more)
    assert isinstance(found, expected)
    if expected is RetryFast:
        assert found == RetryFast(retry_after_s)


@pytest.mark.parametrize(
    ("retry_after_s", "more", "expected"),
    [
        (3_600.0, {}, RetryFast(3_600.0)),
        (3_600.0, {"number": 12, "waited_s": 40_000.0}, RetryFast(3_600.0)),
        (30.0, {"max_wait_s": 30.0}, RetryFast(30.0)),
        (30.0, {"max_wait_s": 29.0}, GiveUp()),
        (10.0, {"max_wait_s": 30.0, "waited_s": 25.0}, GiveUp()),
    ],
)
def test_wait_waits_and_only_max_wait_bounds_it(retry_after_s, more, expected):
    assert step(Meaning.FAST_POOL_EMPTY, fallback="wait", retry_after_s=retry_after_s, **more) == expected


def test_wait_without_retry_after_does_not_spin():
    assert step(Meaning.FAST_POOL_EMPTY, fallback="wait", retry_after_s=None).after_s > 0
    assert step(Meaning.FAST_POOL_EMPTY, fallback="wait", retry_after_s=0.0).after_s > 0


def test_a_fallback_says_why():
    broken = Refusal(Meaning.TRANSIENT, ServiceError(None, broken="no connection"))
    assert broken.reason == "no connection"
    assert step(Meaning.NO_CREDITS).reason == "fast mode needs usage credits"


def test_four_refusals_last():
    assert {
        Meaning.NO_FAST_CAPACITY,
        Meaning.NO_CREDITS,
        Meaning.FAST_DISABLED,
        Meaning.MODEL_WITHOUT_FAST,
    } == PERMANENT


@pytest.mark.parametrize(
    ("meaning", "retry_after_s", "expected"),
    [
        (Meaning.FAST_POOL_EMPTY, 7.0, 7.0),
        (Meaning.FAST_POOL_EMPTY, None, policy.UNTOLD_COOLDOWN_S),
        (Meaning.UNEXPLAINED_LIMIT, None, policy.UNTOLD_COOLDOWN_S),
        (Meaning.OVERLOADED, 30.0, 30.0),
        (Meaning.OVERLOADED, None, policy.UNTOLD_COOLDOWN_S),
    ],
)
def test_a_cooldown_lasts_as_long_as_the_service_says(meaning, retry_after_s, expected):
    assert policy.cooldown_s(Refusal(meaning, ServiceError(None, retry_after_s=retry_after_s))) == expected
