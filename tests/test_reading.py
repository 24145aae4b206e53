"""From stream events to ours: what is unknown or odd is skipped, and never fatal."""

import pytest

from fastmode_magic.claude.events import Finished, Metered, Progressed, Started, TextDelta, ThinkingDelta
from fastmode_magic.claude.quota import Bucket, Quota
from fastmode_magic.claude.reading import Reading
from fastmode_magic.claude.usage import Usage

QUOTA = Quota(fast_input=Bucket(9, 9, 0.0))
STARTED = {
    "type": "message_start",
    "message": {"model": "claude-opus-5-5", "usage": {"input_tokens": 7, "output_tokens": 1, "speed": "fast"}},
}


def read(*wires, thinking=True):
    reading = Reading("req_1", QUOTA, thinking=thinking)
    return [reading.read(wire, float(at)) for at, wire in enumerate(wires)][-1]


def delta(**fields):
    return {"type": "content_block_delta", "index": 0, "delta": fields}


def block(**fields):
    return {"type": "content_block_start", "index": 0, "content_block": fields}


def test_start():
    assert read(STARTED) == Started("claude-opus-5-5", "req_1", Usage(7, 1, speed="fast"), QUOTA, 0.0, "fast")


@pytest.mark.parametrize(
    ("wire", "event"),
    [
        (delta(type="text_delta", text="hé"), TextDelta(0.0, 0.0, "hé")),
        (block(type="text", text="hé"), TextDelta(0.0, 0.0, "hé")),
        (delta(type="thinking_delta", thinking="hm"), ThinkingDelta(0.0, 0.0, "hm")),
        (block(type="thinking", thinking="hm", signature=""), ThinkingDelta(0.0, 0.0, "hm")),
        (block(type="text", text=""), Progressed(0.0, 0.0)),
        (block(type="redacted_thinking", data="x"), Progressed(0.0, 0.0, thinking=True)),
        (block(type="tool_use", id="t", name="n", input={}), Progressed(0.0, 0.0)),
        (block(type="from_the_future", text="x"), Progressed(0.0, 0.0)),
        (delta(type="signature_delta", signature="x"), Progressed(0.0, 0.0, thinking=True)),
        (delta(type="input_json_delta", partial_json="{"), Progressed(0.0, 0.0, "{")),
        (delta(type="citations_delta", citation={}), Progressed(0.0, 0.0)),
        (delta(type="compaction_delta", content="x"), Progressed(0.0, 0.0)),
        (delta(type="from_the_future", text="x"), Progressed(0.0, 0.0)),
        (delta(type="text_delta", text=7), Progressed(0.0, 0.0)),
        (delta(type="text_delta"), Progressed(0.0, 0.0)),
        (delta(type=["text_delta"], text="x"), Progressed(0.0, 0.0)),
        ({"type": "content_block_delta", "delta": "x"}, Progressed(0.0, 0.0)),
        ({"type": "content_block_delta"}, Progressed(0.0, 0.0)),
        ({"type": "content_block_stop", "index": 0}, Progressed(0.0, 0.0)),
        ({"type": "ping"}, None),
        ({"type": "from_the_future", "delta": {"type": "text_delta", "text": "x"}}, None),
        ({"type": 7}, None),
        ({"type": ["ping"]}, None),
        ({}, None),
        ({"type": "message_stop"}, Finished(None, None, 0.0)),
    ],
)
def test_one_event(wire, event):
    assert read(wire) == event


@pytest.mark.parametrize("wire", [delta(type="thinking_delta", thinking="hm"), block(type="thinking", thinking="hm")])
def test_thinking_that_is_off_is_progress(wire):
    assert read(wire, thinking=False) == Progressed(0.0, 0.0, thinking=True)


def test_usage_is_overwritten():
    more = [{"type": "message_delta", "delta": {}, "usage": {"output_tokens": count}} for count in (200, 500)]
    assert read(STARTED, *more) == Metered(Usage(7, 500, speed="fast"), 2.0)


@pytest.mark.parametrize(
    "usage",
    [None, "x", [], {}, {"output_tokens": 5}, {"input_tokens": "7"}, {"input_tokens": True}, {"input_tokens": -1}],
)
def test_a_usage_that_does_not_count_the_input_stays_unknown(usage):
    assert read({"type": "message_start", "message": {"usage": usage}}).usage is None
    assert read({"type": "message_delta", "delta": {}, "usage": usage}) is None


@pytest.mark.parametrize("message", [None, "x", [], {}, {"model": 7}])
def test_an_odd_start(message):
    assert read({"type": "message_start", "message": message}) == Started(None, "req_1", None, QUOTA, 0.0)


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ({"stop_reason": "end_turn"}, Finished("end_turn", None, 1.0)),
        ({"stop_reason": "from_the_future"}, Finished("from_the_future", None, 1.0)),
        ({"stop_reason": 7}, Finished(None, None, 1.0)),
        ("x", Finished(None, None, 1.0)),
        (
            {"stop_reason": "refusal", "stop_details": {"category": "bio", "explanation": "No."}},
            Finished("refusal", "bio: No.", 1.0),
        ),
        ({"stop_reason": "refusal", "stop_details": {"category": None}}, Finished("refusal", None, 1.0)),
        ({"stop_reason": "refusal", "stop_details": "x"}, Finished("refusal", None, 1.0)),
    ],
)
def test_stop(ended, expected):
    assert read({"type": "message_delta", "delta": ended}, {"type": "message_stop"}) == expected


def test_a_stop_reason_survives_a_later_delta():
    first = {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}
    later = {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 2}}
    assert read(first, later, {"type": "message_stop"}) == Finished("max_tokens", None, 2.0)
