"""The body of a request, exactly."""

import pytest

from fastmode_magic.claude.catalog import Model, find
from fastmode_magic.claude.request import build, counted
from fastmode_magic.prompt.ask import EFFORTS, Ask

MODEL = find("claude-opus-5-5")
HI = [{"role": "user", "content": "it's {x} $y\n\\"}]
BARE = {"model": "claude-opus-5-5", "max_tokens": 16_000, "messages": HI, "stream": True}


def body(speed="standard", *, header=False, model=MODEL, **fields):
    return build(Ask("it's {x} $y\n\\", model.id, **fields), model, speed, header=header)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, BARE),
        # asked for fast, and sent at standard speed after a fallback
        ({"fast": True}, BARE),
        ({"header": True}, BARE),
        ({"speed": "fast"}, BARE | {"speed": "fast"}),
        ({"speed": "fast", "header": True}, BARE | {"speed": "fast", "betas": ["fast-mode-2026-02-01"]}),
        ({"max_tokens": 128_000}, BARE | {"max_tokens": 128_000}),
        ({"system": "Be kind."}, BARE | {"system": "Be kind."}),
        ({"system": ""}, BARE),
        ({"thinking": "summary"}, BARE | {"thinking": {"type": "adaptive", "display": "summarized"}}),
        ({"thinking": "off"}, BARE),
        *(({"effort": effort}, BARE | {"output_config": {"effort": effort}}) for effort in EFFORTS),
    ],
)
def test_body(arguments, expected):
    assert body(**arguments) == expected


def test_efforts():
    assert EFFORTS == ("low", "medium", "high", "xhigh", "max")


# English text, some 4 characters a token: 1,500 tokens or so
LONG = "You are a patient teacher of statistics. " * 150


@pytest.mark.parametrize(
    ("model", "cached"),
    [
        ("claude-opus-5-5", True),  # from 512 tokens
        ("claude-opus-4-8", True),  # from 1,024
        ("claude-opus-4-7", False),  # from 2,048
        ("claude-opus-4-6", False),  # from 4,096
    ],
)
def test_a_long_system_prompt_is_cached(model, cached):
    block = [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}]
    assert body(model=find(model), system=LONG)["system"] == (block if cached else LONG)


def test_the_bound_of_caching():
    small = Model("claude-x", "X", min_cacheable_tokens=100)  # 3.5 bytes a token
    assert isinstance(body(model=small, system="x" * 340)["system"], str)
    assert isinstance(body(model=small, system="x" * 350)["system"], list)


@pytest.mark.parametrize(("speed", "header"), [("standard", False), ("fast", False), ("fast", True)])
def test_what_is_counted_is_what_is_sent(speed, header):
    ask = Ask("hi", MODEL.id, system=LONG, effort="high", thinking="summary")
    sent = build(ask, MODEL, speed, header=header)
    assert counted(ask, MODEL, speed, header=header) == {
        name: value for name, value in sent.items() if name not in {"max_tokens", "stream"}
    }
