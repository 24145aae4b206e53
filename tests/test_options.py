"""The line of %claude and %%claude, taken apart; a prompt is kept to the letter."""

import pytest

from fastmode_magic.claude.errors import BadInput
from fastmode_magic.magics.options import FLAGS, OPTIONS, Parsed, markdown, parse, usage


@pytest.mark.parametrize(
    ("line", "fields", "name"),
    [
        ("", {}, None),
        ("   ", {}, None),
        ("--fast", {"fast": True}, None),
        ("--no-fast", {"fast": False}, None),
        ("--fast --no-fast", {"fast": False}, None),
        ("-m fable", {"model": "fable"}, None),
        ("--model=claude-opus-6", {"model": "claude-opus-6"}, None),
        ("--max-tokens 4000", {"max_tokens": 4_000}, None),
        ("--max-tokens 16,000", {"max_tokens": 16_000}, None),
        ("--max-tokens max", {"max_tokens": 128_000}, None),
        ("--max-tokens 128000", {"max_tokens": 128_000}, None),
        ("-s Short", {"system": "Short"}, None),
        ('-s "You are kind."', {"system": "You are kind."}, None),
        ("--system='Say \"hi\".'", {"system": 'Say "hi".'}, None),
        (r'-s "Say \"hi\"."', {"system": 'Say "hi".'}, None),
        ("-s don't", {"system": "don't"}, None),
        ('-s "--fast"', {"system": "--fast"}, None),
        *((f"--effort {effort}", {"effort": effort}, None) for effort in ("low", "medium", "high", "xhigh", "max")),
        *((f"--thinking {shown}", {"thinking": shown}, None) for shown in ("off", "summary")),
        *((f"--fallback {way}", {"fallback": way}, None) for way in ("auto", "standard", "wait", "never")),
        ("--max-wait 7.5", {"max_wait_s": 7.5}, None),
        ("--max-wait 0", {"max_wait_s": 0.0}, None),
        ("--dry-run", {"dry_run": True}, None),
        # NAME before, after and between the flags
        ("reply", {}, "reply"),
        ("reply --fast", {"fast": True}, "reply"),
        ("--fast reply", {"fast": True}, "reply"),
        ("--fast reply -m opus\t", {"fast": True, "model": "opus"}, "reply"),
        ("antwört_1", {}, "antwört_1"),
        ("match", {}, "match"),
    ],
)
def test_a_cell(line, fields, name):
    assert parse(line, cell=True) == Parsed(fields, name)


@pytest.mark.parametrize(
    ("line", "fields", "prompt"),
    [
        ("what is this?", {}, "what is this?"),
        ("--fast what is this?", {"fast": True}, "what is this?"),
        ("  --fast   two  spaces ", {"fast": True}, "two  spaces "),
        ("hello --fast", {}, "hello --fast"),
        ("-- --fast is a flag", {}, "--fast is a flag"),
        ("--fast -- -m is a flag", {"fast": True}, "-m is a flag"),
        ("--  two spaces", {}, " two spaces"),
        ("a -- b", {}, "a -- b"),
        ("-5 + 3", {}, "-5 + 3"),
        ("- a list", {}, "- a list"),
        ("---", {}, "---"),
        ("it's {x} $y \\", {}, "it's {x} $y \\"),
        ('"quoted" prompt', {}, '"quoted" prompt'),
        ("if is a keyword", {}, "if is a keyword"),
        ('-s "Be kind." -m opus It\'s me', {"system": "Be kind.", "model": "opus"}, "It's me"),
        ("", {}, ""),
        ("--fast", {"fast": True}, ""),
        ("--", {}, ""),
    ],
)
def test_a_line(line, fields, prompt):
    assert parse(line, cell=False) == Parsed(fields, prompt=prompt)


@pytest.mark.parametrize("cell", [True, False])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        # the closest right word
        ("--fallbak auto", "--fallback"),
        ("--fsat", "--fast"),
        ("--no_fast", "--no-fast"),
        ("--mdoel opus", "--model"),
        ("--max-token 5", "--max-tokens"),
        ("--fast-ish", "--fast"),
        ("--effort hihg", "'high'"),
        ("--thinking sumary", "'summary'"),
        ("--fallback nevr", "'never'"),
        # values
        ("--fast=1", "takes no value"),
        ("--dry-run=yes", "takes no value"),
        ("--max-tokens", "needs a value"),
        ("--model=", "needs a value"),
        ("-s", "needs a value"),
        ("--max-tokens 0", "128,000"),
        ("--max-tokens 128001", "128,000"),
        ("--max-tokens many", "many"),
        ("--max-tokens -5", "-5"),
        ("--max-wait soon", "soon"),
        ("--max-wait -1", "-1"),
        ("--max-wait nan", "nan"),
        ("--max-wait inf", "inf"),
        ('-s "You are', "never closed"),
        ("--system='You are", "never closed"),
        # a flag that follows at once is no value
        ("-m --fast", "needs a value"),
        ("--system --fast", "needs a value"),
        # sampling parameters
        ("--temperature 0.2", "--temperature is gone"),
        ("--temperature=0.2", "--temperature is gone"),
        ("--top-p 0.9", "--top-p is gone"),
        ("--top_k 5", "--top_k is gone"),
    ],
)
def test_a_wrong_flag(line, words, cell):
    with pytest.raises(BadInput) as caught:
        parse(line, cell=cell)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("my-reply", "'my-reply'"),
        ("two words", "'two' and 'words'"),
        ("--fast what is this?", "'what' and 'is'"),
        ("class", "'class'"),
        ("None --fast", "'None'"),
        ("1st", "'1st'"),
        ("-- reply", "'--'"),
        ("fast!", "Did you mean --fast?"),
        ("no-fast", "Did you mean --no-fast?"),
    ],
)
def test_words_that_are_no_name(line, words):
    with pytest.raises(BadInput) as caught:
        parse(line, cell=True)
    assert words in str(caught.value)
    assert "lines below" in caught.value.next_step


def test_flags_are_those_of_the_specification():
    assert set(FLAGS) == {
        *("--fast", "--no-fast", "-m", "--model", "--max-tokens", "-s", "--system", "--effort", "--thinking"),
        *("--fallback", "--max-wait", "--max-cost", "--dry-run", "-b", "--background", "--no-vars"),
        *("--thread", "--new", "--from", "--code", "--schema", "--tools", "--max-calls", "--yes", "--save", "--with"),
    }


def test_help_and_table_have_every_flag():
    for option in OPTIONS:
        for told in (usage(), markdown()):
            assert all(flag in told for flag in option.flags)
            assert option.help in told
    assert len(usage().splitlines()) == len(OPTIONS)
