"""A service in virtual time: an event loop whose clock jumps, and the connection that our own `Attempts` runs over."""

import asyncio
import math
import selectors
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

from pools import Drain, Pool
from workloads import Prompt, Workload

from fastmode_magic.claude.refusals import AttemptFailed, ServiceError
from fastmode_magic.claude.standing import Account

EXCEEDED = "This request would exceed your rate limit of {limit:,.0f} fast mode {kind} tokens per minute."
Place = tuple[int, int]  # lane, and place in the lane


class _Jumping(selectors.SelectSelector):
    """Waits for nothing: time passes at once."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everything waits for something that never comes"
        self.now_s += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose `time` begins at 0 and goes on to the next thing that is due."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s


def run(loop: VirtualLoop, work: Coroutine[Any, Any, None]) -> None:
    """Do `work` on `loop`, and close it."""
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


class Service:
    """What serves one workload: its pool, and what it was asked, refused and served."""

    def __init__(self, workload: Workload, loop: VirtualLoop) -> None:
        self.workload = workload
        self.loop = loop
        self.pool = Pool(workload.limits, workload.others, workload.windows)
        self.refused = 0
        self.served: dict[Place, bool] = {}  # whether it was fast

    def refusal(self, prompt: Prompt) -> ServiceError | None:
        """Why fast is refused now, if it is."""
        self.pool.advance(self.loop.time())
        window, limits = self.pool.window, self.pool.limits
        if window and window.kind == "overloaded":
            return ServiceError(529, "overloaded_error", message="Overloaded")
        if self.pool.can_ever_hold(prompt.input_tokens) and self.pool.holds(prompt.input_tokens):
            return None
        wait_s = self.pool.told_wait_s(prompt.input_tokens) if limits.output else 60.0
        told_s = max(1, math.ceil(wait_s)) if self.workload.whole else max(0.5, math.ceil(wait_s * 10) / 10)
        kind = "output" if self.pool.output < 1 else "input"
        message = EXCEEDED.format(limit=getattr(limits, kind), kind=kind)
        headers = self.headers() if self.workload.told == "all" else {}
        retry_after_s = None if self.workload.silent else float(told_s)
        return ServiceError(429, "rate_limit_error", None, message, retry_after_s, headers)

    def headers(self) -> dict[str, str]:
        """What the pool holds, as far as this service tells."""
        found = {}
        for kind, level, limit in (
            ("input", self.pool.input, self.pool.limits.input),
            ("output", self.pool.output, self.pool.limits.output),
        ):
            grain = limit / 100 if self.workload.coarse and limit else 1.0
            found[f"anthropic-fast-{kind}-tokens-limit"] = f"{limit:.0f}"
            found[f"anthropic-fast-{kind}-tokens-remaining"] = f"{max(0, math.floor(level / grain) * grain):.0f}"
        return found

    def connection(self, place: Place) -> "Connection":
        """The way to it of one prompt."""
        return Connection(self, place)


class Connection:
    """What `Attempts` knows of a connection, for one prompt of a workload."""

    account = Account("virtual", "https://virtual.invalid")
    without_fast = None

    def __init__(self, service: Service, place: Place) -> None:
        self._service = service
        self._place = place
        self.prompt = service.workload.lanes[place[0]][place[1]]

    @asynccontextmanager
    async def stream(self, arguments: Mapping[str, Any]) -> AsyncIterator["Stream"]:
        """Send the prompt. Raises AttemptFailed where it is refused."""
        fast, prompt, headers = arguments.get("speed") == "fast", self.prompt, {}
        if fast:
            if error := self._service.refusal(prompt):
                self._service.refused += 1
                await asyncio.sleep(prompt.refusal_s)
                raise AttemptFailed(error)
            now_s = self._service.loop.time()
            drain = Drain(now_s + prompt.ttft_s, now_s + prompt.takes_s(fast=True), prompt.fast_rate)
            self._service.pool.admit(prompt.input_tokens, drain)
            headers = self._service.headers() if self._service.workload.told != "none" else {}
        self._service.served[self._place] = fast
        yield Stream(prompt, fast=fast, headers=headers)

    async def count_tokens(self, arguments: Mapping[str, Any]) -> int:
        """The prompt's tokens as the service counts them."""
        await asyncio.sleep(self.prompt.refusal_s)
        return self.prompt.input_tokens


class Stream:
    """An answer as it comes: its first token, and its last."""

    def __init__(self, prompt: Prompt, *, fast: bool, headers: Mapping[str, str]) -> None:
        self._prompt, self._fast = prompt, fast
        self.headers = headers
        self.request_id = None

    async def __aiter__(self) -> AsyncGenerator[dict[str, Any]]:
        prompt, speed = self._prompt, "fast" if self._fast else "standard"
        usage = {"input_tokens": prompt.input_tokens, "output_tokens": 1, "speed": speed}
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}
        yield {"type": "message_start", "message": {"model": "claude-opus-5-5", "usage": usage}}
        await asyncio.sleep(prompt.ttft_s)
        yield delta
        await asyncio.sleep(prompt.takes_s(fast=self._fast) - prompt.ttft_s)
        yield delta
        ended = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
        yield ended | {"usage": {"output_tokens": prompt.output_tokens}}
        yield {"type": "message_stop"}
