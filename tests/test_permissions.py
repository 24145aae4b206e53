"""What a cell may ask for: models, speed, size, and who says so."""

import pytest

from fastmode_magic.claude.errors import BadInput
from fastmode_magic.permissions import limits, permitted
from fastmode_magic.prompt.ask import Ask
from fastmode_magic.settings import Values

ORIGINS = dict.fromkeys(("allowed_models", "fast_allowed", "most_tokens"), "locked by /etc/x")


def test_all_is_allowed_by_default() -> None:
    ask = Ask("hi", "claude-anything-9", fast=True, max_tokens=128_000)
    assert permitted(ask, {"max_tokens"}, Values(), {}) == ask
    assert list(limits(Values(), {})) == []


@pytest.mark.parametrize(
    ("allowed", "model", "may"),
    [
        (("sonnet",), "claude-sonnet-5-5", True),
        (("claude-sonnet-5-5",), "claude-sonnet-5-5", True),
        (("sonnet", "haiku"), "claude-haiku-5-5", True),
        (("sonnet",), "claude-opus-5-5", False),
        (("sonnet",), "claude-sonnet-5", False),
        (("claude-new-9",), "claude-new-9", True),
        (("claude-new-9",), "claude-new-8", False),
    ],
)
def test_models(allowed: tuple[str, ...], model: str, may: bool) -> None:
    ask, values = Ask("hi", model), Values(allowed_models=allowed)
    if may:
        assert permitted(ask, (), values, ORIGINS) == ask
        return
    with pytest.raises(BadInput) as caught:
        permitted(ask, (), values, ORIGINS)
    assert "locked by /etc/x" in caught.value.what
    assert ", ".join(allowed) in caught.value.next_step


def test_fast_that_is_not_allowed_goes_standard_with_one_notice() -> None:
    ask = permitted(Ask("hi", "claude-opus-5-5", fast=True), (), Values(fast_allowed=False), ORIGINS)
    assert not ask.fast
    (notice,) = ask.notices
    assert "standard" in notice
    assert "locked by /etc/x" in notice
    plain = Ask("hi", "claude-opus-5-5")
    assert permitted(plain, (), Values(fast_allowed=False), ORIGINS) == plain


def test_more_tokens_than_the_limit() -> None:
    ask, values = Ask("hi", "claude-opus-5-5", max_tokens=16_000), Values(most_tokens=500)
    lowered = permitted(ask, (), values, ORIGINS)
    assert (lowered.max_tokens, lowered.notices) == (500, ())
    with pytest.raises(BadInput, match=r"16,000 .* more than the 500 .*locked by /etc/x"):
        permitted(ask, {"max_tokens"}, values, ORIGINS)
    within = Ask("hi", "claude-opus-5-5", max_tokens=500)
    assert permitted(within, {"max_tokens"}, values, ORIGINS) == within
