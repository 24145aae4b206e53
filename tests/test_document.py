"""What stays in the notebook: Markdown and plain text with the status line, and nothing that does anything."""

import re
from decimal import Decimal

import pytest

from fastmode_magic.answer import Answer
from fastmode_magic.claude.usage import Usage
from fastmode_magic.views.document import bundle, code, live, sentence

SWITCHED = "The switch missed the cache: 10 tokens were written, $0.096000 more than $0.004000 for reading."
ANSWER = Answer(
    "Some **bold** text.",
    model="claude-opus-5-5",
    usage=Usage(24, 512),
    asked_speed="fast",
    cost_if=(Decimal("0.02"), Decimal("0.04")),
    notices=(SWITCHED, "Type `%fastmode on`."),
)


def outside_code(markdown):
    return re.sub(r"`[^`\n]*`", "", markdown)


def test_a_bundle_has_both():
    found = bundle(ANSWER)
    assert set(found) == {"text/markdown", "text/plain"}
    for shown in found.values():
        assert "Some **bold** text." in shown
        assert "not reported" in shown
        assert "claude-opus-5-5" in shown
        assert "The switch missed the cache" in shown


def test_the_status_line_can_be_given():
    found = bundle(ANSWER, "fast · 198 tok/s")
    assert found["text/markdown"].endswith("`fast · 198 tok/s`")
    assert found["text/plain"].endswith("[fast · 198 tok/s]")


def test_prices_never_make_math():
    assert bundle(ANSWER)["text/markdown"].count("$") == 4
    assert "$" not in outside_code(bundle(ANSWER)["text/markdown"])
    assert "$" not in outside_code(live("x", "$1.00 and $2.00")["text/markdown"])


def test_thinking_is_quoted_before_the_answer():
    shown = bundle(Answer("text", thinking="first\nsecond"))["text/markdown"]
    assert shown.index("> first\n> second") < shown.index("\ntext")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![pixel](https://evil.example/p.png)",
    "[x](javascript:alert(1))",
    "\x1b[2J\x07\u202e",
    "`$` | $$ \\[ `",
]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("place", ["text", "thinking", "model", "notices", "fallback", "ending"])
def test_hostile_words_are_inert_wherever_they_come_from(hostile, place):
    words = (hostile,) if place == "notices" else hostile
    answer = Answer(**({"text": "", "usage": Usage(1, 1), "speed": "standard"} | {place: words}))
    found = bundle(answer)
    bare = outside_code(found["text/markdown"])
    assert "<script" not in bare
    assert "<img" not in bare
    assert "![" not in bare
    assert "](javascript" not in bare
    assert not any(sign in shown for shown in found.values() for sign in "\x1b\x07\u202e")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_while_it_streams_too(hostile):
    found = live(hostile, hostile)
    assert not re.search(r"<script|<img|!\[|\]\(javascript", outside_code(found["text/markdown"]))
    assert not any(sign in shown for shown in found.values() for sign in "\x1b\x07\u202e")


@pytest.mark.parametrize(
    ("words", "span"),
    [("a $1 b", "`a $1 b`"), ("a`b", "`a'b`"), ("a | b", "`a / b`"), ("a\n\nb", "`a b`"), ("a\x1bb", "`ab`")],
)
def test_code_is_one_span(words, span):
    assert code(words) == span


@pytest.mark.parametrize(
    ("words", "markdown"),
    [
        ("Type `%fastmode on` again", "Type `%fastmode on` again"),
        ("It was ~$0.04 more", "It was `~$0.04` more"),
        ("$1.00, then $2.00", "`$1.00`, then `$2.00`"),
        ("Nothing", "Nothing"),
    ],
)
def test_a_sentence_keeps_its_code(words, markdown):
    assert sentence(words) == markdown
