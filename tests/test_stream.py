"""A run as a page follows it: UTF-16 offsets, snapshots that heal gaps, facts that are sent when they change."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmode_magic.claude.events import (
    FellBack,
    Finished,
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
from fastmode_magic.views.protocol import Answer
from fastmode_magic.views.stream import FACTS_S, FIRST_WHOLE, Stream, phase

SENT = Sent("fast", 1, 0.0)
STARTED = Started("claude-opus-5-5", "req_1", Usage(7, 1, speed="fast"), Quota(), 0.0)
LIVE = {"asking", "waiting", "retrying", "thinking", "streaming"}


class Page:
    """What labextension/src/store.ts makes of frames; its texts are in UTF-16, as JavaScript counts."""

    def __init__(self, answer):
        self.answer = _in_utf16(answer)
        self.gap = False

    def apply(self, frame):
        if "whole" in frame:
            self._merge(_in_utf16(frame["whole"]))
        grown = {name: _grown(self.answer[name], frame.get(name)) for name in ("text", "thinking")}
        self.gap = None in grown.values()
        self.answer |= frame.get("change", {}) | {name: text for name, text in grown.items() if text is not None}

    @property
    def text(self):
        return self.answer["text"].decode("utf-16-le")

    @property
    def thinking(self):
        return self.answer["thinking"].decode("utf-16-le")

    @property
    def whole(self):
        return self.answer | {"text": self.text, "thinking": self.thinking}

    def _merge(self, answer):
        older = answer["phase"] in LIVE and len(answer["text"]) < len(self.answer["text"])
        kept = {name: self.answer[name] for name in ("text", "thinking")} if older else {}
        self.answer = answer | kept


def _in_utf16(answer):
    return answer | {name: answer[name].encode("utf-16-le") for name in ("text", "thinking")}


def _grown(text, piece):
    if piece is None:
        return text
    new, at = piece["text"].encode("utf-16-le"), 2 * piece["at"]
    if at + len(new) <= len(text):
        return text
    return None if at > len(text) else text + new[len(text) - at :]


def stream(**more):
    return Stream("run-1", "opus", "fast", **more)


def metered(*events):
    meter = Meter()
    meter.feed(events)
    return meter


def more(meter, text, at_s=1.0, kind=TextDelta):
    meter.feed([kind(at_s, at_s, text)])


def wire(frame):
    """Bytes of a frame as it goes over the wire."""
    return len(json.dumps(frame, ensure_ascii=False).encode())


class TestPieces:
    """Text at offsets in UTF-16 units."""

    @pytest.mark.parametrize(
        ("texts", "offsets"),
        [
            (["ab", "c"], [0, 2]),
            (["é", "漢", "x"], [0, 1, 2]),
            (["😀", "a😀", "b"], [0, 2, 5]),
            (["\U0001d538\U0001d539", "\u0301", "👩‍💻", "z"], [0, 4, 5, 10]),
            (["\x00\u2028", "\ufeff", "!"], [0, 2, 3]),
        ],
    )
    def test_offsets(self, texts, offsets):
        meter, found = metered(SENT, STARTED), stream()
        pieces = []
        for text in texts:
            more(meter, text)
            pieces.append(found.frame(meter, 1.0)["text"])
        assert pieces == [{"at": at, "text": text} for at, text in zip(offsets, texts, strict=True)]

    def test_text_and_thinking_count_apart(self):
        meter, found = metered(SENT, STARTED), stream()
        more(meter, "h😀", kind=ThinkingDelta)
        assert found.frame(meter, 1.0)["thinking"] == {"at": 0, "text": "h😀"}
        more(meter, "a")
        more(meter, "m", kind=ThinkingDelta)
        frame = found.frame(meter, 1.1)
        assert (frame["text"], frame["thinking"]) == ({"at": 0, "text": "a"}, {"at": 3, "text": "m"})

    def test_half_a_pair_waits_for_the_other_half(self):
        meter, found = metered(SENT, STARTED), stream()
        more(meter, "a\ud83d")
        assert found.frame(meter, 1.0)["text"] == {"at": 0, "text": "a"}
        assert found.frame(meter, 1.0) is None
        more(meter, "\ude00b")
        assert found.frame(meter, 1.0)["text"] == {"at": 1, "text": "😀b"}

    def test_a_frame_names_its_run_and_nothing_new_is_no_frame(self):
        meter, found = metered(SENT, STARTED), stream()
        more(meter, "x")
        assert found.frame(meter, 1.0)["run"] == "run-1"
        assert found.frame(meter, 1.0) is None


class TestSnapshots:
    """`whole`: at the doublings, and when a page wants it."""

    def test_everything_so_far(self):
        meter = metered(SENT, STARTED, FellBack("why", "A sentence.", 0.0))
        more(meter, "hm", kind=ThinkingDelta)
        more(meter, "é")
        whole = stream(background=True).whole(meter, 1.0)
        assert set(whole) == set(Answer.__annotations__)
        assert (whole["version"], whole["run"], whole["asked"]) == (1, "run-1", "fast")
        assert (whole["text"], whole["thinking"], whole["notices"]) == ("é", "hm", ["A sentence."])
        assert (whole["model"], whole["speed"], whole["background"]) == ("claude-opus-5-5", "fast", True)

    @pytest.mark.parametrize(
        ("deaf", "expected"),
        [(False, [FIRST_WHOLE << n for n in range(5)]), (True, [500, 700, 900, 1_200, 1_500])],
    )
    def test_it_comes_at_the_first_bound_and_then_at_each_doubling(self, deaf, expected):
        meter, found, at = metered(SENT, STARTED), stream(deaf=deaf), []
        for _ in range(640):
            more(meter, "x" * 100)  # what comes, comes in hundreds
            if "whole" in (found.frame(meter, 1.0) or {}):
                at.append(meter.text_length)
        assert at[:5] == expected
        assert sum(at) < 6 * 64_000

    def test_a_wanted_one_comes_once_even_when_nothing_is_new(self):
        meter, found = metered(SENT, STARTED), stream()
        more(meter, "a😀")
        found.frame(meter, 1.0)
        found.wanted = True
        frame = found.frame(meter, 1.0)
        assert frame["whole"] == found.whole(meter, 1.0)
        assert "text" not in frame
        assert not found.wanted
        assert found.frame(meter, 1.0) is None
        more(meter, "b")
        assert found.frame(meter, 1.0)["text"] == {"at": 3, "text": "b"}

    def test_what_a_snapshot_brought_is_not_sent_again(self):
        meter, found = metered(SENT, STARTED), stream(wanted=True)
        more(meter, "a😀")
        assert found.frame(meter, 1.0)["whole"]["text"] == "a😀"
        more(meter, "b")
        assert found.frame(meter, 1.0)["text"] == {"at": 3, "text": "b"}


class TestFacts:
    """What is known beside the text: sent when it changes, at most four times a second."""

    @pytest.mark.parametrize(
        ("events", "now", "words", "badge"),
        [
            ((), "asking", "connecting", "connecting"),
            ((SENT,), "asking", "asked at fast speed", "asked for fast"),
            ((SENT, Waiting(8.0, "why", 0.0)), "waiting", "waiting 7 s for fast: why", "asked for fast"),
            ((SENT, Retrying(3.0, "why", None, 0.0)), "retrying", "trying again in 2 s: why", "asked for fast"),
            ((SENT, Sent("fast", 2, 0.5)), "asking", "asked at fast speed, attempt 2", "asked for fast"),
            ((SENT, STARTED), "asking", "fast · ? tok/s", "fast"),
            ((SENT, STARTED, Progressed(0.5, 0.5)), "asking", "fast · ? tok/s", "fast"),
            ((SENT, STARTED, Progressed(0.5, 0.5, thinking=True)), "thinking", "thinking", "fast"),
            ((SENT, STARTED, ThinkingDelta(0.5, 0.5, "hm")), "thinking", "thinking", "fast"),
            ((SENT, STARTED, ThinkingDelta(0.5, 0.5, "hm"), TextDelta(1, 1, "x")), "streaming", "answering", "fast"),
            ((SENT, STARTED, TextDelta(1.0, 1.0, "x"), Metered(Usage(7, 9), 1.0)), "streaming", "answering", None),
            (
                (SENT, FellBack("why", "Told.", 0.0), Sent("standard", 2, 0.0)),
                "asking",
                "asked at standard speed, attempt 2 (why)",
                "asked for standard, not fast: why",
            ),
            (
                (FellBack("why", None, 0.0), Sent("standard", 1, 0.0), Started(None, None, None, Quota(), 0.0)),
                "asking",
                "speed not reported · ? tok/s",
                "speed not reported",
            ),
        ],
    )
    def test_phase_and_words(self, events, now, words, badge):
        meter = metered(*events)
        change = stream().frame(meter, 1.0)["change"]
        assert (phase(meter), change["phase"], change["words"]) == (now, now, words)
        assert badge is None or change["badge"] == badge

    @pytest.mark.parametrize(
        ("reason", "now"),
        [
            ("end_turn", "finished"),
            ("stop_sequence", "finished"),
            ("refusal", "streaming"),
            ("max_tokens", "streaming"),
        ],
    )
    def test_only_a_plain_end_is_told_before_the_document(self, reason, now):
        assert phase(metered(SENT, STARTED, TextDelta(1, 1, "x"), Finished(reason, None, 2.0))) == now

    def test_a_stream_that_falls_silent_says_so(self):
        meter, found = metered(SENT, STARTED, TextDelta(1.0, 1.0, "x")), stream()
        assert found.frame(meter, 5.9)["change"]["words"] == "answering"
        assert found.frame(meter, 9.2)["change"]["words"] == "answering; nothing came for 8 s"
        more(meter, "y", 10.0)
        assert found.frame(meter, 10.1)["change"]["words"] == "answering"

    def test_first_all_then_only_what_changed(self):
        meter, found = Meter(), stream()
        known = {"phase", "words", "model", "badge", "facts", "rates", "notices"}
        assert set(found.frame(meter, 0.0)["change"]) == known  # the speed is not, and None is what a page has
        meter.feed([SENT])
        assert found.frame(meter, 0.0)["change"] == {"words": "asked at fast speed", "badge": "asked for fast"}
        meter.feed([FellBack("why", "Told.", 0.1)])
        change = {
            "notices": ["Told."],
            "badge": "asked for standard, not fast: why",
            "words": "asked at fast speed (why)",
        }
        assert found.frame(meter, 1.0)["change"] == change

    def test_nothing_changed_is_nothing_sent(self):
        meter, found = metered(SENT, STARTED, TextDelta(1.0, 1.0, "x")), stream()
        found.frame(meter, 1.0)
        assert [found.frame(meter, 1.0 + tenths / 10) for tenths in range(1, 4)] == [None] * 3

    def test_a_countdown_is_a_frame_a_second(self):
        meter, found = metered(SENT, Waiting(5.0, "why", 0.0)), stream()
        words = [frame["change"]["words"] for n in range(50) if (frame := found.frame(meter, n / 10 + 0.001))]
        assert [word.split()[1] for word in words] == ["5", "4", "3", "2", "1", "0"]

    def test_they_are_looked_at_four_times_a_second_and_at_each_event_that_says_what_it_does(self):
        meter, found = metered(SENT, STARTED, TextDelta(0.0, 0.0, "x" * 35)), stream()
        changes = []
        for n in range(1, 101):
            more(meter, "x" * n, at_s=n / 100)  # the pace changes with each
            if "change" in found.frame(meter, n / 100):
                changes.append(n / 100)
        assert len(changes) <= 1 + 1 / FACTS_S
        meter.feed([Retrying(1.0, "why", None, 1.01)])
        assert found.frame(meter, 1.01)["change"]["phase"] == "retrying"

    def test_text_or_thinking_that_begins_is_told_with_its_first_frame(self):
        meter, found = metered(SENT, STARTED), stream()
        found.frame(meter, 0.0)
        meter.feed([ThinkingDelta(0.01, 0.01, "hm")])
        assert found.frame(meter, 0.01)["change"]["phase"] == "thinking"
        more(meter, "Hello", at_s=0.02)
        assert found.frame(meter, 0.02)["change"]["phase"] == "streaming"

    def test_pace_and_first_token(self):
        # 70 bytes at 3.5 a token from 1.0 to 2.0
        meter = metered(SENT, STARTED, TextDelta(1.0, 2.0, "x" * 70))
        facts = stream(standard_rate=10.0).frame(meter, 2.0)["change"]["facts"]
        assert [label for label, _ in facts] == ["rate", "speed-up", "first token"]
        assert dict(facts)["rate"] == "~20 tok/s"
        assert dict(facts)["first token"] == "1.00 s"

    def test_rates_are_samples_so_far(self):
        meter, found = metered(SENT, STARTED), stream()
        for n in range(5):
            more(meter, "x" * 175, at_s=n / 2)
            found.frame(meter, n / 2)
        assert found.whole(meter, 2.0)["rates"] == [200, 100, 100, 100]

    def test_facts_of_a_snapshot_do_not_go_stale(self):
        meter, found = metered(SENT, STARTED), stream()
        page = Page(found.whole(meter, 0.0))
        more(meter, "", at_s=0.0)
        more(meter, "x" * 350, at_s=1.0)
        page.apply(found.frame(meter, 1.0))  # ~100 tok/s
        more(meter, "x" * 70, at_s=1.1)
        found.wanted = True
        page.apply(found.frame(meter, 1.1))  # ~109 tok/s, in the snapshot alone
        more(meter, "x", at_s=421 / 350)
        page.apply(found.frame(meter, 1.0 + FACTS_S))  # ~100 tok/s again
        assert page.whole == found.whole(meter, 1.0 + FACTS_S)


CHUNKS = st.one_of(
    st.text(max_size=40), st.text("a\n😀漢\U0001d538", max_size=2_000), st.sampled_from(["\ud83d", "\ude00", ""])
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([TextDelta, ThinkingDelta]),
        CHUNKS,
        st.floats(0.001, 0.5),
        st.sampled_from(["arrives", "arrives", "is lost", "is wanted"]),
    ),
    max_size=60,
)


class TestPage:
    """Frames on a page that applies them as the extension does."""

    @given(STEPS)
    @settings(deadline=None)
    def test_any_chunking_and_any_losses_are_healed_by_a_snapshot(self, steps):
        meter, found, now_s = metered(SENT, STARTED), stream(), 0.0
        page = Page(found.whole(meter, now_s))
        for kind, chunk, seconds, fate in steps:
            now_s += seconds
            more(meter, chunk, now_s, kind)
            found.wanted = found.wanted or fate == "is wanted"
            frame = found.frame(meter, now_s)
            if frame and fate != "is lost":
                page.apply(frame)
            assert meter.text.startswith(page.text)  # never wrong, at most late
            assert meter.thinking.startswith(page.thinking)
        found.wanted = True
        page.apply(found.frame(meter, now_s))
        assert not page.gap
        assert page.whole == found.whole(meter, now_s)

    @given(STEPS)
    @settings(deadline=None)
    def test_a_page_that_loses_nothing_has_everything_after_each_frame(self, steps):
        meter, found, now_s = metered(SENT, STARTED), stream(), 0.0
        page = Page(found.whole(meter, now_s))
        for kind, chunk, seconds, _ in steps:
            now_s += seconds
            more(meter, chunk, now_s, kind)
            if frame := found.frame(meter, now_s):
                page.apply(frame)
            assert (page.text, page.thinking, page.gap) == (meter.text, meter.thinking, False)

    @given(STEPS, st.integers(0, 60))
    @settings(deadline=None)
    def test_a_page_that_comes_late_begins_with_everything_and_goes_on(self, steps, late):
        meter, found, now_s, page = metered(SENT, STARTED), stream(), 0.0, None
        for n, (kind, chunk, seconds, _) in enumerate(steps):
            now_s += seconds
            more(meter, chunk, now_s, kind)
            if n == late:
                page = Page(found.whole(meter, now_s))  # before the frame that has the same text
            frame = found.frame(meter, now_s)
            if frame and page:
                page.apply(frame)
                assert (page.text, page.thinking, page.gap) == (meter.text, meter.thinking, False)

    def test_text_after_a_gap_waits(self):
        meter, found = metered(SENT, STARTED), stream()
        page = Page(found.whole(meter, 0.0))
        frames = []
        for word in ("one ", "two ", "three"):
            more(meter, word)
            frames.append(found.frame(meter, 1.0))
        page.apply(frames[0])
        page.apply(frames[2])
        assert (page.text, page.gap) == ("one ", True)

    def test_an_older_snapshot_does_not_shorten_what_is_there(self):
        meter, found = metered(SENT, STARTED, TextDelta(1.0, 1.0, "one ")), stream()
        page = Page(found.whole(meter, 1.0))
        older = found.whole(meter, 1.0)
        more(meter, "two")
        page.apply(found.frame(meter, 1.0))
        page.apply({"run": "run-1", "whole": older})
        assert page.text == "one two"


class TestCost:
    """All frames together grow with the answer, never with its square."""

    @pytest.mark.parametrize("chunk", ["x" * 64, "漢" * 300, "😀 x\n" * 30])
    @pytest.mark.parametrize("length", [2_000, 30_000, 300_000])
    def test_bytes_are_linear(self, chunk, length):
        meter, found, sent, frames, now_s = metered(SENT, STARTED), stream(), 0, 0, 0.0
        while meter.text_length < length:
            now_s += 0.033
            more(meter, chunk, now_s)
            if frame := found.frame(meter, now_s):
                sent += wire(frame)
                frames += 1
        assert sent < 4 * meter.text_length + 200 * frames + 1_000

    def test_a_frame_of_text_alone_is_the_text_and_little_more(self):
        meter, found = metered(SENT, STARTED), stream()
        more(meter, "x")
        found.frame(meter, 1.0)
        more(meter, "y" * 50)
        assert wire(found.frame(meter, 1.01)) < 50 + 70
