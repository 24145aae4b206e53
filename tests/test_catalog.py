"""The catalogue: the life of each fast mode by date, and what a word means."""

from datetime import date

import pytest

from fastmode_magic.claude.catalog import DEFAULT_MODEL, MAX_OUTPUT_TOKENS, find, models, with_fast_mode
from fastmode_magic.claude.errors import BadInput

NOW = date(2026, 11, 22)
NEVER = (
    "claude-sonnet-5-5",
    "claude-sonnet-5",
    "claude-sonnet-4-6",
    "claude-haiku-5-5",
    "claude-haiku-4-5",
    "claude-fable-5-1",
)


@pytest.mark.parametrize(
    ("model", "day", "stage"),
    [
        ("claude-opus-5-5", date(2026, 10, 14), "never"),
        ("claude-opus-5-5", date(2026, 10, 15), "ga"),
        ("claude-opus-5-5", NOW, "ga"),
        ("claude-fable-5-2", date(2026, 11, 8), "never"),
        ("claude-fable-5-2", date(2026, 11, 9), "ga"),
        ("claude-mythos-5-2", NOW, "verified"),
        ("claude-opus-5", NOW, "preview"),
        ("claude-opus-4-8", date(2026, 10, 29), "preview"),
        ("claude-opus-4-8", date(2026, 10, 30), "deprecated"),
        ("claude-opus-4-8", date(2026, 11, 29), "deprecated"),
        ("claude-opus-4-8", date(2026, 11, 30), "refused"),
        ("claude-opus-4-7", date(2026, 5, 11), "never"),
        ("claude-opus-4-7", date(2026, 5, 12), "preview"),
        ("claude-opus-4-7", date(2026, 7, 23), "preview"),
        ("claude-opus-4-7", date(2026, 7, 24), "refused"),
        ("claude-opus-4-6", date(2026, 2, 6), "never"),
        ("claude-opus-4-6", date(2026, 2, 7), "preview"),
        ("claude-opus-4-6", date(2026, 6, 28), "preview"),
        ("claude-opus-4-6", date(2026, 6, 29), "standard"),
        *((model, NOW, "never") for model in NEVER),
        ("claude-opus-6", NOW, "unknown"),
    ],
)
def test_lifecycle(model, day, stage):
    assert find(model).stage(day) == stage


@pytest.mark.parametrize(
    ("model", "needed"),
    [
        ("claude-opus-5-5", False),
        ("claude-fable-5-2", False),
        ("claude-mythos-5-2", False),
        ("claude-opus-5", True),
        ("claude-opus-4-8", True),
        ("claude-sonnet-5-5", False),
        ("claude-opus-6", False),
    ],
)
def test_only_previews_need_the_header(model, needed):
    assert find(model).needs_header(NOW) is needed


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-opus-5-5", 512),
        ("claude-opus-5", 512),
        ("claude-opus-4-8", 1_024),
        ("claude-opus-4-7", 2_048),
        ("claude-opus-4-6", 4_096),
    ],
)
def test_smallest_cached_prefix(model, tokens):
    assert find(model).min_cacheable_tokens == tokens


@pytest.mark.parametrize(
    ("day", "gone"), [(NOW, set()), (date(2026, 11, 29), set()), (date(2026, 11, 30), {"claude-opus-4-8"})]
)
def test_who_has_fast_mode(day, gone):
    five = {"claude-opus-5-5", "claude-fable-5-2", "claude-mythos-5-2", "claude-opus-5", "claude-opus-4-8"}
    assert {model.id for model in with_fast_mode(day)} == five - gone


def test_all_opus_models_share_a_pool():
    opus = [find(model).fast_pool for model in ("opus", "opus-5", "opus-4-8", "opus-4-7", "opus-4-6")]
    assert len(set(opus)) == 1
    assert find("claude-opus-6").fast_pool == "claude-opus-6"


@pytest.mark.parametrize(
    ("word", "model"),
    [
        ("opus", "claude-opus-5-5"),
        ("fable", "claude-fable-5-2"),
        ("mythos", "claude-mythos-5-2"),
        ("sonnet", "claude-sonnet-5-5"),
        ("haiku", "claude-haiku-5-5"),
        ("opus-4-8", "claude-opus-4-8"),
        # not in the catalogue, and sent as typed
        ("claude-opus-6", "claude-opus-6"),
        ("claude-opus-5-5-20261015", "claude-opus-5-5-20261015"),
        ("anthropic/claude-opus-5.5", "anthropic/claude-opus-5.5"),
        ("gpt-4o", "gpt-4o"),
    ],
)
def test_find(word, model):
    assert find(word).id == model


@pytest.mark.parametrize(
    ("word", "near"), [("opsu", "'opus'"), ("fabel", "'fable'"), ("Opus", "'opus'"), ("sonet", "'sonnet'")]
)
def test_an_unknown_alias_gives_the_nearest(word, near):
    with pytest.raises(BadInput, match=near) as caught:
        find(word)
    assert repr(word) in caught.value.what


def test_aliases_are_unambiguous():
    words = [word for model in models() for word in (model.id, *model.aliases)]
    assert len(words) == len(set(words)) > 2 * len(models()) - 1


def test_the_default():
    assert DEFAULT_MODEL == "claude-opus-5-5"
    assert MAX_OUTPUT_TOKENS == 128_000
