"""What happens while an ask is answered: the events that the engine emits, in this order.

    ((Waiting | FellBack | Retrying)*  Sent  Started  (Progressed | ThinkingDelta | TextDelta | Metered)*  Called)*
    Finished | Interrupted | Failed

`Called` ends a request whose answer wants tools; the next request brings what they returned. `Noted` can come anywhere.
Times (`at_s`, `until_s`) are seconds on the engine's monotonic clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .errors import FastmodeError
from .quota import Quota
from .usage import Speed, Usage

if TYPE_CHECKING:
    from ..prompt.content import Message, ToolUse


@dataclass(frozen=True, slots=True)
class Sent:
    """A request was handed to the transport, asking for `speed`; `attempt` counts from 1."""

    speed: Speed
    attempt: int
    at_s: float
    max_tokens: int | None = None  # None is what the ask says


@dataclass(frozen=True, slots=True)
class Started:
    """The service began to answer: what it says of itself, and its rate limits at this moment."""

    model: str | None
    request_id: str | None
    usage: Usage | None
    quota: Quota
    at_s: float
    speed: str | None = None


@dataclass(frozen=True, slots=True)
class Progressed:
    """Content that has nothing to show: the start or end of a block, a signature, a kind we do not know.

    `thinking` says that some of it was thinking.
    """

    at_s: float
    until_s: float
    text: str = ""
    thinking: bool = False


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More of the summary of the model's thinking."""

    at_s: float
    until_s: float
    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer."""

    at_s: float
    until_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Metered:
    """The cumulative usage as the service counted it up to here, and why it stopped, if it has."""

    usage: Usage
    at_s: float
    stop_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing is sent for `seconds`, in the hope of fast capacity."""

    seconds: float
    reason: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Retrying:
    """The last attempt failed before any text was shown; the same request goes out again after `seconds`.

    `lost` is what the failed attempt had used, if the service had begun to answer it; `billed` is False where it is
    known to bill nothing for it.
    """

    seconds: float
    reason: str
    lost: Usage | None
    at_s: float
    billed: bool = True


@dataclass(frozen=True, slots=True)
class FellBack:
    """The answer comes at standard speed although fast was asked.

    `reason` is a short clause; `notice` a sentence for the user, None if it was told before in this session. `lost`
    is what the failed attempt had used, if the service had begun to answer it; `billed` whether it may cost something.
    """

    reason: str
    notice: str | None
    at_s: float
    lost: Usage | None = None
    billed: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """The model wants `uses` called; the run goes on once it is told what became of them."""

    uses: "tuple[ToolUse, ...]"
    at_s: float


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that the user should know."""

    notice: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The stream came to its end, `message_stop`.

    `messages` are those that follow the user's, where the ask continues a thread or has tools. `without_thinking` says
    that the service refused what the model had thought before.
    """

    stop_reason: str | None
    explanation: str | None
    at_s: float
    messages: "tuple[Message, ...]" = ()
    without_thinking: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user stopped the run; the connection is closed."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended with an error. `billed` is False where the service is known to bill nothing for it."""

    error: FastmodeError
    billed: bool
    at_s: float


Delta = Progressed | ThinkingDelta | TextDelta
Event = (
    Sent | Started | Delta | Metered | Waiting | Retrying | FellBack | Called | Noted | Finished | Interrupted | Failed
)
Ended = Finished | Interrupted | Failed


def joined(events: Iterable[Event]) -> list[Event]:
    """The same events with runs of deltas of one kind made into one; first and last times are kept."""
    result: list[Event] = []
    run: list[Delta] = []
    for event in events:
        if run and type(event) is type(run[0]):
            run.append(event)
            continue
        if run:
            result.append(_one(run))
            run = []
        if isinstance(event, Delta):
            run.append(event)
        else:
            result.append(event)
    if run:
        result.append(_one(run))
    return result


def _one(run: list[Delta]) -> Delta:
    if len(run) == 1:
        return run[0]
    whole = replace(run[0], until_s=run[-1].until_s, text="".join(delta.text for delta in run))
    if isinstance(whole, Progressed):
        return replace(whole, thinking=any(isinstance(delta, Progressed) and delta.thinking for delta in run))
    return whole
