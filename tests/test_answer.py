"""Answer: a value whose text is its `str`, and which shows itself."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from fastmode_magic.answer import Answer
from fastmode_magic.views.protocol import ANSWER_MIME


def test_unknown_is_none():
    answer = Answer("x")
    names = ("speed", "fallback", "usage", "cost", "cost_if", "ttft_s", "first_text_s", "tokens_per_s", "stop_reason")
    assert [getattr(answer, name) for name in (*names, "request_id", "at")] == [None] * 11
    assert not answer.complete


@pytest.mark.parametrize("text", ["", "a\n\n**b** ", "<b>"])
def test_str_is_the_text(text):
    assert str(Answer(text)) == text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("Hello", model="claude-opus-5-5", speed="fast"), ["claude-opus-5-5", "fast", "'Hello'"]),
        (Answer("a\n  b"), ["unreported", "'a b'"]),
        (Answer("x" * 60), ["x" * 60]),
        (Answer("x" * 61), ["x" * 59 + "…"]),
    ],
)
def test_repr_is_one_short_line(answer, words):
    assert all(word in repr(answer) for word in words)
    assert "\n" not in repr(answer)
    assert len(repr(answer)) < 130


def test_it_shows_itself_as_safe_markdown():
    shown = Answer("**b** <img src=x onerror=y>")._repr_mimebundle_(include=None, exclude=None)
    assert set(shown) == {ANSWER_MIME, "text/markdown", "text/plain"}
    assert "**b**" in shown["text/markdown"]
    assert "<img" not in shown["text/markdown"]


def test_it_is_a_value():
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    assert Answer("x", at=moment) == Answer("x")
    assert Answer("x") != Answer("y")
    with pytest.raises(FrozenInstanceError):
        Answer("x").text = "y"
