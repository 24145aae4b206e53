"""What stays in the notebook: Markdown and plain text with the status line, and nothing that does anything."""

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from fastmode_magic.answer import Answer
from fastmode_magic.claude.usage import Usage
from fastmode_magic.views.document import bundle, code, live, sentence
from fastmode_magic.views.protocol import ANSWER_MIME

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
    assert set(found) == {ANSWER_MIME, "text/markdown", "text/plain"}
    for shown in (found["text/markdown"], found["text/plain"]):
        assert "Some **bold** text." in shown
        assert "not reported" in shown
        assert "claude-opus-5-5" in shown
        assert "The switch missed the cache" in shown


def test_the_status_line_can_be_given():
    found = bundle(ANSWER, [("rate", "198 tok/s"), ("session", "$0.04")])
    assert found["text/markdown"].endswith(" · 198 tok/s · session $0.04 · claude-opus-5-5`")
    assert found["text/plain"].endswith(" · 198 tok/s · session $0.04 · claude-opus-5-5]")
    assert found[ANSWER_MIME]["facts"] == [("rate", "198 tok/s"), ("session", "$0.04")]


def test_it_says_when_that_was():
    at = datetime(2026, 11, 24, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    found = bundle(Answer("text", duration_s=3.05, at=at))
    for mime in ("text/markdown", "text/plain"):
        assert "took 3.05 s" in found[mime]
        assert "asked 2026-11-23 23:30 UTC" in found[mime]
    assert found[ANSWER_MIME]["facts"][-1] == ("asked", "2026-11-23 23:30 UTC")


def test_prices_never_make_math():
    assert bundle(ANSWER)["text/markdown"].count("$") == 4
    assert "$" not in outside_code(bundle(ANSWER)["text/markdown"])
    assert "$" not in outside_code(live("x", "$1.00 and $2.00")["text/markdown"])


def test_thinking_is_folded_before_the_answer():
    shown = bundle(Answer("text", thinking="first\nsecond </details>"))["text/markdown"]
    opened, closed = shown.index("<details>\n<summary>"), shown.index("</details>")
    assert opened < shown.index("first\nsecond") < closed < shown.index("\ntext")
    assert shown.count("</details>") == 1


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
    ours = found.pop(ANSWER_MIME)
    assert not any(sign in repr(ours | {"text": "", "thinking": ""}) for sign in ("\\x1b", "\\x07", "\\u202e"))
    bare = outside_code(found["text/markdown"])
    assert "<script" not in bare
    assert "<img" not in bare
    assert "![" not in bare
    assert "](javascript" not in bare
    assert not any(sign in shown for shown in found.values() for sign in "\x1b\x07\u202e")


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n" * 70_000,
        "```\na\n```\n" * 1_001,
        "x" * 50_000,
        "`" * 60_000 + "\n" + "**b** ``c`` " * 20_000,
        "# a\n" * 501,
        "a\n---\n" * 501,
        "- # a\n" * 501,
        "- a\n x\n" * 2_001,
    ],
)
def test_what_would_freeze_a_page_is_one_block_of_plain_text(text):
    shown = bundle(Answer(text))["text/markdown"]
    fence = re.match(r"`{3,}(?=\n)", shown)[0]
    assert shown.startswith(f"{fence}\n{text.rstrip()}"[:100_000])
    assert shown.count(f"\n{fence}\n") == 1
    assert fence not in text


def test_comments_in_code_are_no_headings():
    code = "```python\n" + "# a\n" * 600 + "```"
    assert bundle(Answer(f"# One\n\n{code}"))["text/markdown"].startswith("# One\n\n```python\n# a")


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
