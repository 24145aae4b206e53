"""One run as it is counted: times from the events, tokens from the service, estimates until it has counted."""

import pytest

from fastmode_magic.claude.errors import Refused
from fastmode_magic.claude.events import (
    Failed,
    FellBack,
    Finished,
    Interrupted,
    Metered,
    Progressed,
    Retrying,
    Sent,
    Started,
    TextDelta,
    ThinkingDelta,
    Waiting,
)
from fastmode_magic.claude.quota import Quota
from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger.meter import Meter

SENT = Sent("fast", 1, 10.0)
STARTED = Started("claude-opus-5-5", "req_1", Usage(7, 1, speed="fast"), Quota(), 10.5)
END = Finished("end_turn", None, 14.0)
CONTENT = (
    Progressed(11.0, 11.0),
    ThinkingDelta(11.5, 11.75, "hm"),
    TextDelta(12.0, 12.5, "Hello "),
    TextDelta(12.5, 12.75, "you"),
    Progressed(13.0, 13.0),
)


def meter(*events):
    found = Meter()
    found.feed(events)
    return found


def test_a_whole_run():
    found = meter(SENT, STARTED, *CONTENT, Metered(Usage(7, 200, speed="fast"), 13.5), END)
    assert (found.text, found.thinking) == ("Hello you", "hm")
    assert found.ttft_s == 1.0  # the first content event is the start of the thinking
    assert found.first_text_s == 2.0
    assert found.tokens_per_s == 100.0  # 200 tokens from 11.0 to 13.0
    assert found.duration_s == 4.0
    assert found.usage == Usage(7, 200, speed="fast")
    assert (found.speed, found.model, found.request_id, found.end) == ("fast", "claude-opus-5-5", "req_1", END)


def test_nothing_is_known_at_first():
    found = meter()
    assert [found.text, found.thinking, found.usage, found.speed, found.end, found.now] == ["", "", *[None] * 4]
    assert [found.ttft_s, found.first_text_s, found.tokens_per_s, found.sent_s, found.duration_s] == [None] * 5


def test_waits_and_failed_attempts_are_part_of_the_time_it_took():
    found = meter(Waiting(3.0, "the fast quota is used up", 7.0), SENT, STARTED, *CONTENT)
    assert found.duration_s is None
    found.feed([END])
    assert (found.ttft_s, found.duration_s) == (1.0, 7.0)


@pytest.mark.parametrize(
    "events",
    [
        (SENT, STARTED, END),  # no content
        (SENT, STARTED, TextDelta(11.0, 11.0, "all at once"), Metered(Usage(7, 90), 11.0), END),  # no time
        (SENT, Started(None, None, None, Quota(), 10.5), *CONTENT, END),  # no count
        (SENT, STARTED, *CONTENT, Metered(Usage(7, 0), 13.5), END),  # no token
    ],
)
def test_a_pace_that_cannot_be_known(events):
    assert meter(*events).tokens_per_s is None


@pytest.mark.parametrize("end", [(), (Interrupted(13.0),), (Failed(Refused("x", "y"), billed=True, at_s=13.0),)])
def test_before_the_final_count_output_is_estimated_from_the_text(end):
    # 70 bytes of text and thinking at 3.5 bytes a token
    found = meter(SENT, STARTED, ThinkingDelta(11.0, 11.0, "t" * 30), TextDelta(12.0, 13.0, "é" * 20), *end)
    assert found.usage == Usage(7, 20, speed="fast", estimated=True)
    assert found.tokens_per_s == 10.0


def test_a_count_that_came_is_exact_even_if_the_stream_broke_after_it():
    found = meter(SENT, STARTED, TextDelta(11.0, 11.0, "x" * 700), Metered(Usage(7, 300), 12.0), Interrupted(13.0))
    assert found.usage == Usage(7, 300)


def test_text_after_the_last_count_is_estimated():
    more = TextDelta(12.5, 12.5, "x" * 35)
    found = meter(SENT, STARTED, TextDelta(11.0, 11.0, "x"), Metered(Usage(7, 300), 12.0), more, Interrupted(13.0))
    assert found.usage == Usage(7, 310, estimated=True)


def test_an_end_without_a_count_is_no_count():
    found = meter(SENT, STARTED, TextDelta(11.0, 11.0, "x" * 700), Finished("end_turn", None, 13.0))
    assert found.usage.output_tokens == 200
    assert found.usage.estimated


def test_nothing_is_billed_while_a_refused_attempt_waits():
    waiting = Waiting(3.0, "the fast quota is used up", 1.0)
    assert not meter(Sent("fast", 1, 0.0), waiting, Interrupted(2.0)).maybe_billed
    assert not meter(Sent("fast", 1, 0.0), Retrying(1.0, "x", None, 1.0, billed=False), Interrupted(2.0)).maybe_billed
    assert meter(Sent("fast", 1, 0.0), Retrying(1.0, "x", None, 1.0, billed=True), Interrupted(2.0)).maybe_billed
    assert meter(Sent("fast", 1, 0.0), waiting, Sent("fast", 2, 2.0), Interrupted(2.0)).maybe_billed


def test_what_a_lost_attempt_was_is_not_said_of_the_next():
    lost = (Progressed(11.0, 11.0, thinking=True), Metered(Usage(7, 1), 11.0, "refusal"))
    found = meter(SENT, STARTED, *lost, Retrying(1.0, "x", Usage(7, 1), 12.0), Sent("fast", 2, 13.0))
    assert (found.stop_reason, found.thought) == (None, False)


def test_a_speed_is_known_before_the_usage_is():
    started = Started("m", None, None, Quota(), 10.0, "fast")
    assert meter(SENT, started).speed == "fast"


def test_without_a_usage_there_is_no_estimate():
    assert meter(SENT, TextDelta(11.0, 11.0, "x" * 70), Interrupted(12.0)).usage is None


def test_a_lost_attempt_is_kept_apart():
    lost = Usage(7, 1, speed="fast")
    found = meter(
        Sent("fast", 1, 0.0),
        STARTED,
        Progressed(1.0, 1.0),
        Retrying(0.5, "the connection broke", lost, 2.0),
        Sent("standard", 2, 10.0),
        Started("claude-opus-5-5", "req_2", Usage(7, 1, speed="standard"), Quota(), 10.5),
        TextDelta(11.0, 13.0, "x"),
        Metered(Usage(7, 50, speed="standard"), 13.0),
        END,
    )
    assert found.lost == [lost]
    assert (found.speed, found.asked_speed, found.request_id) == ("standard", "standard", "req_2")
    assert (found.ttft_s, found.first_text_s, found.tokens_per_s) == (1.0, 1.0, 25.0)
    assert found.usage == Usage(7, 50, speed="standard")


def test_a_retry_that_lost_nothing():
    assert meter(SENT, Retrying(0.5, "x", None, 11.0)).lost == []


def test_a_fallback_is_told():
    found = meter(SENT, FellBack("why", None, 1.0), FellBack("other", "A sentence.", 2.0))
    assert (found.fallback, found.notices) == ("other", ["A sentence."])


@pytest.mark.parametrize("event", [SENT, STARTED, Waiting(3.0, "x", 1.0), Retrying(3.0, "x", None, 1.0)])
def test_what_it_is_doing(event):
    assert meter(event, TextDelta(11.0, 11.0, "x")).now is event


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["a\ud83d", "\ude00b"], "a😀b"),
        (["\ud83d"], "\ufffd"),
        (["\ude00", "\ud83d"], "\ufffd\ufffd"),
        (["é", "漢", "😀"], "é漢😀"),
    ],
)
def test_surrogates_split_across_deltas(pieces, text):
    found = meter(*(TextDelta(1.0, 1.0, piece) for piece in pieces), *(ThinkingDelta(1.0, 1.0, p) for p in pieces))
    found.feed([Interrupted(2.0)])
    assert found.text == text
    assert found.thinking == text


def test_surrogates_split_across_frames():
    found = meter(TextDelta(1.0, 1.0, "\ud83d"))
    assert found.text == ""  # what is shown never changes afterwards
    found.feed([TextDelta(2.0, 2.0, "\ude00")])
    assert found.text == "😀"


def test_length_is_in_bytes():
    assert meter(TextDelta(1.0, 1.0, "é漢"), ThinkingDelta(1.0, 1.0, "a")).text_length == 2 + 3 + 1


def test_thinking_that_is_not_shown_is_estimated_from_its_time():
    thought = (Progressed(11.0, 11.0, thinking=True), Progressed(17.0, 17.0, thinking=True))
    text = (TextDelta(17.0, 17.5, "x" * 350), TextDelta(17.5, 18.0, "y" * 350))
    found = meter(SENT, STARTED, *thought, *text)
    assert found.usage.estimated
    assert found.usage.output_tokens == 7 * 200  # seven seconds at the pace of the second that was seen
    assert found.tokens_per_s == 200.0
    before = meter(SENT, STARTED, *thought)
    assert (before.tokens_per_s, before.telling_rate) == (None, None)  # nobody knows how much it thought
    assert meter(SENT, STARTED, *thought, TextDelta(17.0, 17.1, "x")).tokens_per_s is None


def test_thinking_that_is_shown_is_counted_as_it_is():
    found = meter(SENT, STARTED, ThinkingDelta(11.0, 17.0, "x" * 350), TextDelta(17.0, 18.0, "y" * 350))
    assert found.usage.output_tokens == 200


def test_it_took_the_time_before_its_first_event_too():
    found = Meter()
    found.begin(4.0)
    found.feed([SENT, STARTED, *CONTENT, END])
    assert (found.duration_s, found.ttft_s) == (10.0, 1.0)
