"""One ask from its first attempt to its end: send, read, react as the policy decides."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from ..prompt.ask import Ask
from ..prompt.content import Block, Message, ToolResult, ToolUse
from . import explanations, policy, refusals
from .admission import COUNT_MORE, COUNT_SLACK, Admit, Request, Spent
from .catalog import Model, with_fast_mode
from .errors import FastmodeError
from .events import (
    Called,
    Ended,
    Event,
    Failed,
    FellBack,
    Finished,
    Noted,
    Retrying,
    Sent,
    TextDelta,
    ThinkingDelta,
    Waiting,
)
from .quota import Bucket, Quota, from_headers
from .reading import Reading
from .refusals import AttemptFailed, Meaning, Refusal, ServiceError, classify, refuses_cache, refuses_thinking
from .request import build, counted
from .standing import Cooldown, Standing
from .usage import Speed, Usage

if TYPE_CHECKING:
    from .transport import Connection, Stream

NEVER = 10**9  # tokens: no prompt is so long that it would be marked for the prompt cache
NEAR = 0.2  # a local estimate within 20 % of what a bucket holds is checked with the service's own count
DRAIN_S = 0.05  # reading the last bytes lets the connection be used again


@dataclass(slots=True)
class Attempts:
    """The run of one ask over one connection. Everything that differs between a test and life is passed in."""

    ask: Ask
    model: Model
    connection: "Connection"
    standing: Standing
    rates: policy.Rates
    today: date
    emit: Callable[[Event], None]
    clock: Callable[[], float]
    random: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    results: Callable[[], Awaitable[tuple[ToolResult, ...]]] | None = None  # what became of the calls that were wanted
    admit: Admit | None = None  # keeps the budgets
    _spent: Spent = field(default_factory=Spent)
    _since: tuple[Message, ...] = ()
    _plain: bool = False  # whether thinking was left out because the service refused it
    _numbers: dict[Speed, int] = field(default_factory=lambda: {"fast": 0, "standard": 0})
    _shown: bool = False
    _waited_s: float = 0.0
    _waits: int = 0
    _header: bool = False
    _lost: Usage | None = None

    async def run(self) -> Ended:
        """Answer the ask; returns how it ended, after emitting everything before that."""
        speed: Speed = "fast" if self.ask.fast else "standard"
        self._header = self.model.needs_header(self.today) or self.standing.wants_header(
            self.connection.account, self.model.id
        )
        if self.standing.is_uncached(self.connection.account):
            self.model = replace(self.model, min_cacheable_tokens=NEVER)
        if speed == "fast" and (why := self.connection.without_fast):
            return Failed(explanations.unavailable_here(why), billed=False, at_s=self.clock())
        refusal = await self._foreseen() if speed == "fast" else None
        while True:
            sent = refusal is None
            if refusal is None:
                outcome = await self._attempt(speed)
                if isinstance(outcome, Finished):
                    if not await self._went_on(outcome):
                        return replace(outcome, messages=self._since, without_thinking=self._plain)
                    continue
                if self._without_thinking(outcome) or self._without_cache(outcome):
                    continue
                refusal = outcome
            decision = policy.decide(refusal, self._as_attempt(speed, refusal), self.rates, self._rules)
            if sent and speed == "fast":
                self._remember(refusal, decision)
            match decision:
                case policy.GiveUp():
                    return Failed(self._error(refusal, speed), self._billed(refusal, sent), self.clock())
                case policy.FallBack():
                    speed = self._fall_back(refusal)
                case policy.RetryFast() | policy.Backoff():
                    await self._pause(decision, refusal)
            refusal = None

    async def _attempt(self, speed: Speed) -> Finished | Refusal:
        self._numbers[speed] += 1
        self._lost = None
        arguments = build(self.ask, self.model, speed, header=self._header, since=self._since)
        if self.admit:
            admission = await self.admit(self._request(arguments, speed))
            arguments["max_tokens"] = admission.max_tokens
            if admission.notice:
                self.emit(Noted(admission.notice, self.clock()))
            self._spent.sent(speed, arguments["max_tokens"], admission.input_tokens)
        self.emit(Sent(speed, sum(self._numbers.values()), sent_s := self.clock(), arguments["max_tokens"]))
        try:
            async with self.connection.stream(arguments) as stream:
                if finished := await self._read(stream):
                    return finished
            error = ServiceError(None, broken="it stopped before its end")
        except AttemptFailed as failed:
            error = failed.error
        self._spent.failed(self._lost, self.clock() - sent_s, billed=error.may_cost)
        self._saw(error.headers)
        limit = refusals.fast_input_limit(error) if speed == "fast" else None
        return classify(error, fast=speed == "fast", input_tokens=await self._tokens(limit or NEVER))

    def _request(self, arguments: dict[str, Any], speed: Speed) -> Request:
        async def count() -> int | None:
            with contextlib.suppress(AttemptFailed):
                asked = counted(self.ask, self.model, speed, header=self._header, since=self._since)
                return int(await self.connection.count_tokens(asked) * COUNT_SLACK) + COUNT_MORE
            return None

        return Request(speed, arguments, tuple(self._spent.usages), count)

    async def _read(self, stream: "Stream") -> Finished | None:
        quota = self._saw(stream.headers)
        gather = bool(self.ask.continuation or self.ask.tools)
        reading = Reading(stream.request_id, quota, thinking=self.ask.thinking == "summary", gather=gather)
        async with self._events(stream, reading) as events:
            async for wire in events:
                event = reading.read(wire, self.clock())
                if isinstance(event, Finished):
                    self._spent.finished(reading.usage)
                    if reading.content:
                        event = replace(event, messages=(Message("assistant", reading.content),))
                    with contextlib.suppress(TimeoutError, AttemptFailed):
                        await asyncio.wait_for(anext(events, None), DRAIN_S)
                    return event
                if event is not None:
                    self._lost = reading.usage
                    self._shown = self._shown or isinstance(event, TextDelta | ThinkingDelta)
                    self.emit(event)
        return None

    @contextlib.asynccontextmanager
    async def _events(self, stream: "Stream", reading: Reading) -> AsyncIterator[AsyncGenerator[Mapping[str, Any]]]:
        """The events of `stream`; in the end what the answer has made is taken out of what is known of the bucket."""
        began_s, account, pool = self.clock(), self.connection.account, self.model.fast_pool
        try:
            async with contextlib.aclosing(aiter(stream)) as events:
                yield events
        finally:
            if (usage := reading.usage) and usage.speed == "fast":
                self.standing.spent(account, pool, usage.output_tokens, began_s, self.clock())

    async def _went_on(self, finished: Finished) -> bool:
        """Whether the answer wants tools, and has been told what became of them; keeps its messages."""
        content: tuple[Block, ...] = finished.messages[0].content if finished.messages else ()
        uses = tuple(block for block in content if isinstance(block, ToolUse))
        wanted = finished.stop_reason == "tool_use" and bool(uses and self.ask.tools)
        if wanted:
            self.emit(Called(uses, self.clock()))
        results = await self.results() if wanted and self.results else ()
        if not results:  # it has ended, or wants more calls than it may have
            rest = tuple(block for block in content if not isinstance(block, ToolUse))  # a call without a result
            self._since += (Message("assistant", rest),) if rest else ()
            return False
        self._since += (Message("assistant", content), Message("user", results))
        self._numbers, self._shown, self._waits, self._waited_s = {"fast": 0, "standard": 0}, False, 0, 0.0
        return True

    def _without_thinking(self, refusal: Refusal) -> bool:
        """Whether the same is to be asked again without the thinking of earlier turns, which the service refused."""
        plan = self.ask.continuation
        history = plan.history if plan else ()
        plain, since = (tuple(message.without_thinking for message in one) for one in (history, self._since))
        if (plain, since) == (history, self._since) or not refuses_thinking(refusal.error):
            return False
        self._since, self._plain = since, True
        if plan:
            self.ask = replace(self.ask, continuation=replace(plan, history=plain))
        self.emit(Noted("The service refused what the model had thought; it was asked again without.", self.clock()))
        return True

    def _without_cache(self, refusal: Refusal) -> bool:
        """Whether to ask again without marks for the prompt cache, which this service does not know."""
        if self.model.min_cacheable_tokens == NEVER or not refuses_cache(refusal.error):
            return False
        self.model = replace(self.model, min_cacheable_tokens=NEVER)
        self.standing.learn_uncached(self.connection.account)
        return True

    async def _foreseen(self) -> Refusal | None:
        """The refusal that fast would meet, as far as it is known before anything is sent."""
        account, pool = self.connection.account, self.model.fast_pool
        if self.model.stage(self.today) in {"never", "refused"}:
            return Refusal(Meaning.MODEL_WITHOUT_FAST, ServiceError(None))
        if refusal := self.standing.refused(account, self.model.id):
            return refusal
        now_s = self.clock()
        if cooldown := self.standing.cooldown(account, pool, now_s):
            error = ServiceError(None, retry_after_s=cooldown.until_s - now_s, broken=cooldown.reason)
            return Refusal(Meaning.FAST_POOL_EMPTY, error)
        output = (quota := self.standing.quota(account, pool)).fast_output
        # A limit of 0 is a refusal that lasts, and is remembered as one: after `%fastmode on` it is asked again.
        if output and output.limit and (after_s := output.seconds_until(1, now_s)) != 0:
            return Refusal(Meaning.FAST_POOL_EMPTY, ServiceError(None, retry_after_s=after_s))
        if quota.fast_input and quota.fast_input.limit:
            return await self._too_large_for(quota.fast_input)
        return None

    async def _too_large_for(self, bucket: Bucket) -> Refusal | None:
        needed = await self._tokens(bucket.level(self.clock()))
        after_s = bucket.seconds_until(needed, self.clock())
        if after_s is None:
            return Refusal(Meaning.LARGER_THAN_POOL, ServiceError(None))
        return Refusal(Meaning.FAST_POOL_EMPTY, ServiceError(None, retry_after_s=after_s)) if after_s else None

    async def _tokens(self, level: float) -> int:
        """The prompt's tokens: as we estimate them, or as the service counts them where that is near `level`."""
        estimated = self.ask.estimated_input_tokens
        if abs(estimated - level) <= NEAR * level:
            with contextlib.suppress(AttemptFailed):
                arguments = counted(self.ask, self.model, "fast", header=self._header)
                return await self.connection.count_tokens(arguments)
        return estimated

    def _remember(self, refusal: Refusal, decision: policy.Decision) -> None:
        """Keep what a refusal of fast says about the next cells."""
        account, pool = self.connection.account, self.model.fast_pool
        if refusal.permanent or (refusal.meaning is Meaning.HEADER_MISSING and self._header):
            self.standing.refuse(account, self.model.id, refusal)
        elif refusal.meaning in {Meaning.FAST_POOL_EMPTY, Meaning.UNEXPLAINED_LIMIT} or (
            refusal.meaning is Meaning.OVERLOADED and isinstance(decision, policy.FallBack)
        ):
            seen = from_headers(refusal.error.headers, self.clock())
            if refusal.meaning is Meaning.FAST_POOL_EMPTY and not (seen.fast_input or seen.fast_output):
                self.standing.doubt(account, pool, self.clock())
            until_s = self.clock() + policy.cooldown_s(refusal)
            self.standing.cool(account, pool, Cooldown(until_s, refusal.reason))

    def _fall_back(self, refusal: Refusal) -> Speed:
        lasting = refusal.permanent or refusal.meaning is Meaning.HEADER_MISSING
        topic = f"{self.model.id}: {refusal.reason}"
        notice: str | None = None
        if not lasting or self.standing.tell_once(self.connection.account, topic):
            notice = explanations.notice(refusal, self.model, with_fast_mode(self.today))
        billed = self._billed(refusal, sent=self._numbers["fast"] > 0)
        self.emit(FellBack(refusal.reason, notice, self.clock(), self._lost, billed))
        self._lost = None
        return "standard"

    async def _pause(self, decision: policy.RetryFast | policy.Backoff, refusal: Refusal) -> None:
        if isinstance(decision, policy.RetryFast) and decision.header:
            self.standing.learn_header(self.connection.account, self.model.id)
            self._header = True
        elif isinstance(decision, policy.RetryFast) and refusal.meaning is not Meaning.OVERLOADED:
            self._waits += 1
            self.emit(Waiting(decision.after_s, refusal.reason, self.clock()))
        else:
            billed = self._billed(refusal, sent=True)
            self.emit(Retrying(decision.after_s, refusal.reason, self._lost, self.clock(), billed))
        if isinstance(decision, policy.RetryFast):
            self._waited_s += decision.after_s
        await self.sleep(decision.after_s)

    def _error(self, refusal: Refusal, speed: Speed) -> FastmodeError:
        return explanations.error(refusal, fast=speed == "fast", shown=self._shown, rules=self._rules)

    def _billed(self, refusal: Refusal, sent: bool) -> bool:
        """Whether the failed run may have cost something: not if nothing was sent, nor for an HTTP error."""
        return self._shown or (sent and refusal.error.may_cost)

    def _as_attempt(self, speed: Speed, refusal: Refusal) -> policy.Attempt:
        number, header = self._numbers[speed], self._header and speed == "fast"
        if speed == "fast" and refusal.meaning not in {Meaning.FAST_POOL_EMPTY, Meaning.UNEXPLAINED_LIMIT}:
            number -= self._waits  # waiting for capacity uses up no retry of another kind
        return policy.Attempt(speed, number, self._shown, self._waited_s, self.random(), header)

    @property
    def _rules(self) -> policy.Rules:
        return policy.Rules(self.ask.fallback, self.ask.max_wait_s, self.ask.max_tokens)

    def _saw(self, headers: Mapping[str, str]) -> Quota:
        quota = from_headers(headers, self.clock())
        for pool, part in ((self.model.fast_pool, quota.fast), (self.model.id, quota.standard)):
            self.standing.saw(self.connection.account, pool, part)
        return quota
