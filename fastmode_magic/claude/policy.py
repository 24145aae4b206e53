"""What to do after a refusal: one pure function, the only place where a retry or a fallback is decided."""

from dataclasses import dataclass

from ..prompt.ask import Fallback
from .refusals import Meaning, Refusal
from .usage import Speed

# Defaults until the session has measured its own (facts, sections 4 and 8).
DEFAULT_FAST_RATE = 200.0
DEFAULT_STANDARD_RATE = 80.0
DEFAULT_ANSWER_TOKENS = 1_000
DEFAULT_MAX_WAIT_S = 20.0
# Where nobody says how long: by the next cell it may be over, and to ask costs a moment.
UNTOLD_COOLDOWN_S = 5.0

MAX_ATTEMPTS = 3  # of the same request at the same speed, the first included
MAX_BACKOFF_S = 60.0
OVERLOADED_RETRIES = 2  # of `never`; the others are bounded by the time they take
FIRST_BACKOFF_S = 0.5
FIRST_WAIT_S = 1.0  # for fast, where nobody says how long


@dataclass(frozen=True, slots=True)
class Rates:
    """Output tokens a second at each speed, and tokens in a usual answer, as this session has measured them."""

    fast: float = DEFAULT_FAST_RATE
    standard: float = DEFAULT_STANDARD_RATE
    answer_tokens: float = DEFAULT_ANSWER_TOKENS


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user allows: `max_wait_s` is None where only the default of `fallback` bounds the wait."""

    fallback: Fallback = "auto"
    max_wait_s: float | None = None
    max_tokens: int = 16_000


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt that was refused.

    `number` counts attempts at this speed from 1 (0: nothing was sent yet, known quota or a cooldown forbids it);
    those that ended in a wait for capacity count only for another such wait.
    `shown` is True once any text or thinking reached the user. `waited_s` is the time spent waiting for fast so far.
    `jitter` is a random number in [0, 1) and `header` says whether the beta header was sent.
    """

    speed: Speed
    number: int
    shown: bool = False
    waited_s: float = 0.0
    jitter: float = 0.0
    header: bool = False


@dataclass(frozen=True, slots=True)
class RetryFast:
    """Ask for fast again after a wait; `header` adds the beta header."""

    after_s: float
    header: bool = False


@dataclass(frozen=True, slots=True)
class FallBack:
    """Ask the same at standard speed, now."""

    reason: str


@dataclass(frozen=True, slots=True)
class Backoff:
    """Send the same request again, at the same speed, after a wait."""

    after_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nothing more is sent."""


Decision = RetryFast | FallBack | Backoff | GiveUp


def decide(refusal: Refusal, attempt: Attempt, rates: Rates, rules: Rules) -> Decision:
    """The next step after `refusal` (fast-mode facts, section 4, last column)."""
    if attempt.shown:
        return GiveUp()  # what a reader has seen is never sent again without a word
    fast = attempt.speed == "fast"
    match refusal.meaning:
        case Meaning.SPEND_CAP | Meaning.DENIED:
            return GiveUp()
        case Meaning.HEADER_MISSING if fast and not attempt.header:
            return RetryFast(0.0, header=True)
        case Meaning.OTHER_LIMIT | Meaning.TRANSIENT:
            return _backoff(refusal, attempt)
        case _ if not fast:
            return _backoff(refusal, attempt)
        case _ if rules.fallback == "never":
            return _stubborn(refusal, attempt)
        case Meaning.OVERLOADED:
            return _overloaded(refusal, attempt, rates, rules)
        case Meaning.UNEXPLAINED_LIMIT if rules.fallback != "wait":
            return FallBack(refusal.reason)
        case Meaning.FAST_POOL_EMPTY | Meaning.UNEXPLAINED_LIMIT:
            return _capacity(refusal, attempt, rates, rules)
        case _:
            return FallBack(refusal.reason)


def worth_waiting(after_s: float, rates: Rates, max_tokens: int) -> bool:
    """Whether an answer at fast speed that starts in `after_s` seconds saves more time than is waited for it.

    To end no later than standard is not enough: the service tells the least wait, for others draw on the pool too, and
    a pool that is left to refill serves the next prompt (measured: tests/benchmarks/policies.py).
    """
    tokens = min(rates.answer_tokens, float(max_tokens))
    return 2 * after_s + tokens / rates.fast <= tokens / rates.standard


def cooldown_s(refusal: Refusal) -> float:
    """How long fast is not asked for after `refusal`: what the service says, else a moment."""
    after_s = refusal.error.retry_after_s
    return UNTOLD_COOLDOWN_S if after_s is None else after_s


def _capacity(refusal: Refusal, attempt: Attempt, rates: Rates, rules: Rules) -> Decision:
    after_s = refusal.error.retry_after_s
    match rules.fallback:
        case "wait":
            after_s = max(after_s if after_s is not None else _doubled(attempt, FIRST_WAIT_S), 0.1)
            return RetryFast(after_s) if _allowed(after_s, attempt, rules) else GiveUp()
        case "auto" if after_s is not None and attempt.number < MAX_ATTEMPTS:
            if _allowed(after_s, attempt, rules) and worth_waiting(after_s, rates, rules.max_tokens):
                return RetryFast(after_s)
    return FallBack(refusal.reason)


def _overloaded(refusal: Refusal, attempt: Attempt, rates: Rates, rules: Rules) -> Decision:
    told_s = refusal.error.retry_after_s
    after_s = max(_doubled(attempt, FIRST_WAIT_S), told_s or 0.0)
    allowed = _allowed(after_s, attempt, rules)
    if rules.fallback == "wait":
        return RetryFast(after_s) if allowed else GiveUp()
    risked_s = (attempt.waited_s + after_s) * (2 if told_s is None else 1)  # it may be in vain
    few = attempt.number <= OVERLOADED_RETRIES
    if rules.fallback == "auto" and allowed and few and worth_waiting(risked_s, rates, rules.max_tokens):
        return RetryFast(after_s)
    return FallBack(refusal.reason)


def _allowed(after_s: float, attempt: Attempt, rules: Rules) -> bool:
    """Whether the user lets us wait for fast so much longer."""
    usual_s = DEFAULT_MAX_WAIT_S if rules.fallback == "auto" else None
    bound_s = usual_s if rules.max_wait_s is None else rules.max_wait_s
    return bound_s is None or attempt.waited_s + after_s <= bound_s


def _stubborn(refusal: Refusal, attempt: Attempt) -> Decision:
    if refusal.meaning is Meaning.OVERLOADED and attempt.number <= OVERLOADED_RETRIES:
        return RetryFast(_doubled(attempt, FIRST_BACKOFF_S))
    return GiveUp()


def _backoff(refusal: Refusal, attempt: Attempt) -> Decision:
    after_s = refusal.error.retry_after_s
    if attempt.number >= MAX_ATTEMPTS or (after_s or 0.0) > MAX_BACKOFF_S:
        return GiveUp()
    return Backoff(
        _doubled(attempt, FIRST_BACKOFF_S) if after_s is None else after_s + attempt.jitter * FIRST_BACKOFF_S
    )


def _doubled(attempt: Attempt, first_s: float) -> float:
    """`first_s`, doubled with each attempt, between half of it and the whole: so that clients do not return as one."""
    return min(first_s * 2.0 ** max(0, attempt.number - 1), 30.0) * (0.5 + attempt.jitter / 2)
