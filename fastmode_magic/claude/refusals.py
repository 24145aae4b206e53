"""What a failed request means: a table over `ServiceError` (fast-mode facts, section 4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from . import quota


@dataclass(frozen=True, slots=True)
class ServiceError:
    """What went wrong with one attempt, as the transport saw it.

    `status` is None when no response came, and 200 for an `error` event inside a stream. `broken` names how a
    stream ended early ("it stopped before its end", ...). `unsent` says that the request cannot have reached the
    service. `message` is redacted, one line, and untrusted.
    """

    status: int | None
    type: str | None = None
    error_code: str | None = None
    message: str = ""
    retry_after_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    request_id: str | None = None
    broken: str | None = None
    unsent: bool = False

    @property
    def may_cost(self) -> bool:
        """Whether what was sent may be billed: an HTTP error bills nothing."""
        return not self.unsent and self.status in {None, 200}


class AttemptFailed(Exception):
    """One attempt failed; the policy decides what that means. `error` carries nothing secret."""

    def __init__(self, error: ServiceError) -> None:
        super().__init__(error)
        self.error = error


class Meaning(Enum):
    """What a refusal means for the next step; the first four concern fast mode alone and do not pass."""

    NO_FAST_CAPACITY = auto()
    NO_CREDITS = auto()
    FAST_DISABLED = auto()
    MODEL_WITHOUT_FAST = auto()
    HEADER_MISSING = auto()
    FAST_POOL_EMPTY = auto()
    LARGER_THAN_POOL = auto()
    UNEXPLAINED_LIMIT = auto()
    OTHER_LIMIT = auto()
    OVERLOADED = auto()
    TRANSIENT = auto()
    SPEND_CAP = auto()
    DENIED = auto()


PERMANENT = frozenset({Meaning.NO_FAST_CAPACITY, Meaning.NO_CREDITS, Meaning.FAST_DISABLED, Meaning.MODEL_WITHOUT_FAST})

# Clauses that follow "because", for the status line and inside sentences.
REASONS: dict[Meaning, str] = {
    Meaning.NO_FAST_CAPACITY: "this organisation has no fast capacity",
    Meaning.NO_CREDITS: "fast mode needs usage credits",
    Meaning.FAST_DISABLED: "fast mode is not enabled for this organisation",
    Meaning.MODEL_WITHOUT_FAST: "this model has no fast mode",
    Meaning.HEADER_MISSING: "the service does not accept `speed` for this model",
    Meaning.FAST_POOL_EMPTY: "the fast quota is used up",
    Meaning.LARGER_THAN_POOL: "the prompt is larger than the whole fast quota of a minute",
    Meaning.UNEXPLAINED_LIMIT: "fast was refused, and no limit named (429)",
    Meaning.OTHER_LIMIT: "a rate limit was reached",
    Meaning.OVERLOADED: "the service is overloaded",
    Meaning.TRANSIENT: "the service did not answer properly",
    Meaning.SPEND_CAP: "a spend limit was reached",
    Meaning.DENIED: "the request was refused",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `ServiceError` and what it means."""

    meaning: Meaning
    error: ServiceError

    @property
    def permanent(self) -> bool:
        """Whether asking for fast again would be refused again, for this credential and model."""
        return self.meaning in PERMANENT

    @property
    def reason(self) -> str:
        """A short clause that says why."""
        return self.error.broken or REASONS[self.meaning]


_SPEND_CODES = (
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
)
_FAST_LIMIT = re.compile(r"rate limit of ([\d,]{1,20}) fast mode (input|output) tokens")
_STANDARD_LIMIT = re.compile(r"rate limit of [\d,]+ (?:requests|(?:(?:input|output) )?tokens) per")


def classify(error: ServiceError, *, fast: bool, input_tokens: int) -> Refusal:
    """What `error` means for a request that asked for fast (or not) with about `input_tokens` of prompt."""
    return Refusal(_meaning(error, fast, input_tokens), error)


def fast_input_limit(error: ServiceError) -> int | None:
    """How many tokens of prompts a minute the fast pool takes, as a 429 tells in its headers or in its sentence."""
    if error.status != 429:
        return None
    if bucket := quota.from_headers(error.headers, 0.0).fast_input:
        return bucket.limit
    named = _FAST_LIMIT.search(error.message)
    digits = named[1].replace(",", "") if named and named[2] == "input" else ""
    return int(digits) if digits else None


def refuses_thinking(error: ServiceError) -> bool:
    """Whether the service would not have what its model thought earlier in the conversation."""
    return error.status == 400 and "thinking" in error.message and "signature" in error.message.lower()


def refuses_cache(error: ServiceError) -> bool:
    """Whether the service does not know marks for the prompt cache."""
    return error.status == 400 and "cache_control" in error.message


def _meaning(error: ServiceError, fast: bool, input_tokens: int) -> Meaning:
    if error.error_code in _SPEND_CODES or error.status == 402:
        return Meaning.SPEND_CAP
    match error.status:
        case 400:
            return _bad_request(error.message, fast)
        case 429:
            return _limit(error, fast, input_tokens)
        case None | 408 | 409:
            return Meaning.TRANSIENT
        case 200:
            return _in_stream(error)
        case 529:
            return Meaning.OVERLOADED
        case status if status >= 500:
            return Meaning.OVERLOADED if error.type == "overloaded_error" else Meaning.TRANSIENT
        case _:
            return Meaning.DENIED


def _in_stream(error: ServiceError) -> Meaning:
    match error.type:
        case "overloaded_error":
            return Meaning.OVERLOADED
        case "rate_limit_error":
            return Meaning.OTHER_LIMIT
        case (
            "no_event_stream"
            | "invalid_request_error"
            | "authentication_error"
            | "permission_error"
            | "not_found_error"
        ):
            return Meaning.DENIED
        case "billing_error":
            return Meaning.SPEND_CAP
        case _:
            return Meaning.TRANSIENT


def _bad_request(message: str, fast: bool) -> Meaning:
    if message.startswith("You have reached your specified API usage limits"):
        return Meaning.SPEND_CAP
    if fast and message.startswith("Fast mode is not enabled for your organization"):
        return Meaning.FAST_DISABLED
    if fast and "does not support the `speed` parameter" in message:
        return Meaning.MODEL_WITHOUT_FAST
    if fast and message.startswith("speed: Extra inputs are not permitted"):
        return Meaning.HEADER_MISSING
    return Meaning.DENIED


def _limit(error: ServiceError, fast: bool, input_tokens: int) -> Meaning:
    """A 429: its code first, then its headers, then the sentences that the documentation quotes."""
    if error.error_code == "ramp_limit_exceeded" or not fast:
        return Meaning.OTHER_LIMIT
    limits = quota.from_headers(error.headers, 0.0)
    pools = [bucket for bucket in (limits.fast_input, limits.fast_output) if bucket]
    if any(bucket.limit == 0 for bucket in pools):
        return Meaning.NO_FAST_CAPACITY
    if input_tokens > (fast_input_limit(error) or input_tokens):
        return Meaning.LARGER_THAN_POOL
    if any(bucket.remaining == 0 for bucket in pools):
        return Meaning.FAST_POOL_EMPTY
    if limits.requests and limits.requests.remaining == 0:
        return Meaning.OTHER_LIMIT
    if "Usage credits are required for fast mode" in error.message:
        return Meaning.NO_CREDITS
    if named := _FAST_LIMIT.search(error.message):
        return Meaning.NO_FAST_CAPACITY if named[1] == "0" else Meaning.FAST_POOL_EMPTY
    if _STANDARD_LIMIT.search(error.message):
        return Meaning.OTHER_LIMIT
    if limits.fast_input:  # the weakest witness: what remained may have been too little for this prompt
        return Meaning.OTHER_LIMIT if limits.fast_input.remaining >= input_tokens else Meaning.FAST_POOL_EMPTY
    return Meaning.UNEXPLAINED_LIMIT
