"""The texts: worth reading, chosen by the prompt, exactly as long as asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmode_magic import simulator
from fastmode_magic.simulator import Scenario
from fastmode_magic.simulator.answers import PRACTICE, compose, lesson
from fastmode_magic.simulator.wire import count_tokens, pieces

LESSONS = sorted((Path(simulator.__file__).parent / "lessons").glob("*.md"))
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def body(prompt, max_tokens=100_000, **more):
    return {"messages": [{"role": "user", "content": prompt}], "max_tokens": max_tokens, **more}


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_has_everything_that_has_to_be_drawn(path):
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert "\n## " in text
    assert re.search(r"^\|[ :-]*---", text, re.MULTILINE)
    assert re.search(r"^(- |1\. )", text, re.MULTILINE)
    assert re.search(r"\$\$\n.+?\n\$\$", text, re.DOTALL)
    assert re.search(r"(?<!\$)\$[^$\n]+\$(?!\$)", text)
    assert FENCE.search(text)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_code_of_a_lesson_runs(path, capsys):
    (code,) = FENCE.findall(path.read_text(encoding="utf-8"))
    compiled = compile(code, path.name, "exec")
    if "pandas" in code or "matplotlib" in code:
        return  # not among our dependencies: that it compiles is what can be said
    exec(compiled, {"__name__": "lesson"})


def test_there_are_enough_lessons():
    assert len(LESSONS) >= 6


@pytest.mark.parametrize(
    ("prompt", "heading"),
    [
        ("How do I use groupby in pandas?", "# Group, aggregate, compare"),
        ("SQL: rank over a partition", "# Window functions in SQL"),
        ("Fit a linear regression.", "# A line through points"),
        ("Is my A/B test's p-value fine?", "# An A/B test, and what its p-value says"),
        ("Draw a histogram with matplotlib", "# A plot that answers a question"),
        ("a regex for dates", "# Regular expressions, slowly"),
        ("How do I write a good prompt?", "# Writing a prompt that works twice"),
        ("What is the weather?", "# A first look at any question"),
    ],
)
def test_the_words_of_the_prompt_choose(prompt, heading):
    lines = lesson(prompt, 0).splitlines()
    assert lines[0] == PRACTICE
    assert lines[2] == heading


def test_the_same_seed_says_the_same_and_another_may_not():
    assert lesson("sql", 1) == lesson("sql", 1)
    assert len({lesson("sql", seed) for seed in range(20)}) > 1


def test_the_last_turn_of_the_user_counts():
    turns = [("user", "regex"), ("assistant", "ok"), ("user", "sql window")]
    asked = {"messages": [{"role": role, "content": text} for role, text in turns], "max_tokens": 9_999}
    assert "# Window functions" in "".join(compose(asked, Scenario(), 0).text)


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is 2+2?", "4"),
        ("Hey, 19 + 23", "42"),
        ("Describe SQL in one word.", "Practice."),
    ],
)
def test_short_questions_get_short_answers(prompt, answer):
    assert "".join(compose(body(prompt), Scenario(), 0).text) == answer


@pytest.mark.parametrize("tokens", [0, 1, 500, 8_000, 60_000])
def test_a_length_is_kept_to_the_token(tokens):
    answer = compose(body("pandas groupby"), Scenario(tokens=tokens), 3)
    assert len(answer.text) == answer.output_tokens == tokens
    assert answer.stop_reason == "end_turn"


def test_a_long_answer_goes_through_all_lessons():
    text = "".join(compose(body("sql"), Scenario(tokens=8_000), 0).text)
    assert text.index("# Window functions") < 200
    assert all(path.read_text(encoding="utf-8").splitlines()[0] in text for path in LESSONS)


def test_a_text_is_repeated_to_its_length():
    text = "".join(compose(body("x"), Scenario(text="la ", tokens=6), 0).text)
    assert text.startswith("la la")


@given(st.text())
def test_pieces_lose_nothing(text):
    assert "".join(pieces(text)) == text
    assert all(pieces(text))


def test_pieces_are_about_as_long_as_tokens():
    text = "".join(path.read_text(encoding="utf-8") for path in LESSONS)
    assert 2.5 < len(text) / len(pieces(text)) < 5


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2)])
def test_tokens_are_counted_by_four_characters(text, tokens):
    assert count_tokens(text) == tokens
