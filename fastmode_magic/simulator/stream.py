"""An answer as server-sent events, each with the number of tokens after which it is due, and its faults."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastmode_magic.simulator.answers import Answer
from fastmode_magic.simulator.buckets import Clock
from fastmode_magic.simulator.calls import Call
from fastmode_magic.simulator.scenario import Scenario
from fastmode_magic.simulator.service import Accepted
from fastmode_magic.simulator.wire import PING, delta, event, event_of, json_delta, text_delta

_BATCH_BYTES = 65_536
_STOPPING = frozenset({"cut", "eof", "reset", "stall", "error_event"})


@dataclass(frozen=True, slots=True)
class Beat:
    """Bytes that are due when `tokens` tokens have been made, and `pause_s` after whatever came before."""

    tokens: int
    payload: bytes
    pause_s: float = 0.0


def beats(accepted: Accepted) -> Iterator[Beat]:
    """The whole stream of an answer with the scenario's fault in its place."""
    answer, scenario = accepted.answer, accepted.scenario
    whole = _whole(answer, scenario, accepted.message, accepted.usage)
    if scenario.fault is None:
        yield from whole
        return
    met = False
    for beat in whole:
        if not met and _at_fault(beat, answer, scenario):
            met = True
            yield from _fault(scenario, beat.tokens, accepted.request_id)
            if scenario.fault in _STOPPING:
                return
        yield beat


def _at_fault(beat: Beat, answer: Answer, scenario: Scenario) -> bool:
    if scenario.fault_after == 0:
        # After `message_start` and before any content.
        return b"event: content_block_start" in beat.payload or b"event: message_delta" in beat.payload
    return beat.tokens > min(scenario.fault_after, answer.output_tokens) or b"event: message_delta" in beat.payload


def _fault(scenario: Scenario, tokens: int, request_id: str) -> Iterator[Beat]:
    match scenario.fault:
        case "error_event":
            error = {"type": scenario.error_type, "message": scenario.error_message}
            yield Beat(tokens, event("error", error=error, request_id=request_id))
        case "bad_json":
            broken = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","te'
            yield Beat(tokens, event_of("content_block_delta", broken))
        case "bad_utf8":
            broken = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\xff\xfe\xc3"}}'
            yield Beat(tokens, event_of("content_block_delta", broken))
        case "stall_pings":
            # One ping a second, and the last one when the time is over.
            seconds = max(1, round(scenario.fault_s))
            for _ in range(seconds):
                yield Beat(tokens, PING, scenario.fault_s / seconds)


def _whole(answer: Answer, scenario: Scenario, message: Mapping[str, Any], usage: Mapping[str, Any]) -> Iterator[Beat]:
    yield Beat(0, event("message_start", message=message))
    yield Beat(0, PING)
    index, made = 0, 0
    if scenario.unknown_events:
        yield from _future_blocks(usage)
        index = 2
    if answer.thinking_tokens is not None:
        yield from _thinking(answer, index)
        index, made = index + 1, answer.thinking_tokens
    if answer.text:
        yield from _text(answer, index, made, noisy=scenario.unknown_events)
        index, made = index + 1, made + len(answer.text)
    for call in answer.calls:
        yield from _call(call, index, made)
        index, made = index + 1, made + len(call.pieces)
    end = {
        "stop_reason": answer.stop_reason,
        "stop_sequence": answer.stop_sequence,
        "stop_details": answer.stop_details,
    }
    total = answer.output_tokens
    yield Beat(total, event("message_delta", delta=end, usage=usage))
    yield Beat(total, event("message_stop"))


def _thinking(answer: Answer, index: int) -> Iterator[Beat]:
    if answer.redacted:
        hidden = {"type": "redacted_thinking", "data": answer.signature}
        yield Beat(answer.thinking_tokens or 0, event("content_block_start", index=index, content_block=hidden))
        yield Beat(answer.thinking_tokens or 0, event("content_block_stop", index=index))
        return
    block = {"type": "thinking", "thinking": "", "signature": ""}
    yield Beat(0, event("content_block_start", index=index, content_block=block))
    for made, piece in enumerate(answer.thinking, 1):
        yield Beat(made, delta(index, "thinking_delta", "thinking", piece))
    total = answer.thinking_tokens or 0
    yield Beat(total, delta(index, "signature_delta", "signature", answer.signature))
    yield Beat(total, event("content_block_stop", index=index))


def _text(answer: Answer, index: int, made: int, *, noisy: bool) -> Iterator[Beat]:
    yield Beat(made, event("content_block_start", index=index, content_block={"type": "text", "text": ""}))
    for at, piece in enumerate(answer.text, made + 1):
        yield Beat(at, text_delta(index, piece))
        if noisy and at % 10 == 1:
            yield Beat(at, PING + delta(index, "future_delta", "future", "unknown"))
    yield Beat(made + len(answer.text), event("content_block_stop", index=index))


def _call(call: Call, index: int, made: int) -> Iterator[Beat]:
    block = call.block | {"input": {}}
    yield Beat(made, event("content_block_start", index=index, content_block=block))
    # The API begins with nothing: a client that parses each part by itself falls over here.
    yield Beat(made, json_delta(index, ""))
    for at, piece in enumerate(call.pieces, made + 1):
        yield Beat(at, json_delta(index, piece))
    yield Beat(made + len(call.pieces), event("content_block_stop", index=index))


def _future_blocks(usage: Mapping[str, Any]) -> Iterator[Beat]:
    """What an API of next year may send: events, blocks and deltas that nobody knows yet."""
    tool = {"type": "server_tool_use", "id": "srvtoolu_simulated", "name": "web_search", "input": {}}
    yield Beat(0, event("future_event", future={"nested": [1, None, "x"]}))
    yield Beat(0, event("content_block_start", index=0, content_block={"type": "future_block", "future": "?"}))
    yield Beat(0, delta(0, "future_delta", "future", "unknown"))
    yield Beat(0, event("content_block_stop", index=0))
    yield Beat(0, event("content_block_start", index=1, content_block=tool))
    yield Beat(0, delta(1, "input_json_delta", "partial_json", '{"query":"practice"}'))
    yield Beat(0, event("content_block_stop", index=1))
    # Usage is cumulative: a client that adds instead of overwriting counts this one twice.
    early = {**usage, "output_tokens": 1}
    yield Beat(0, event("message_delta", delta={"stop_reason": None, "stop_sequence": None}, usage=early))


async def play(
    score: Iterator[Beat],
    rate: float,
    clock: Clock,
    wait: Callable[[float], Awaitable[None]],
    send: Callable[[bytes, int], Awaitable[None]],
) -> None:
    """Send each beat when it is due at `rate` tokens a second (0: at once, in batches).

    Token i is due at start + i/rate, whatever the waits before it cost, so that the rate stays true.
    `send` gets the bytes and the number of tokens made so far.
    """
    start, batch, made = clock(), bytearray(), 0
    for beat in score:
        due = start + beat.pause_s + (beat.tokens / rate if rate else 0.0)
        late = clock() - due if rate or beat.pause_s else 0.0
        if batch and (late < 0 or len(batch) >= _BATCH_BYTES):
            await send(bytes(batch), made)
            batch.clear()
        if beat.pause_s:
            await wait(beat.pause_s)
            start += beat.pause_s
        elif late < 0:
            await wait(-late)
        batch += beat.payload
        made = beat.tokens
    if batch:
        await send(bytes(batch), made)
