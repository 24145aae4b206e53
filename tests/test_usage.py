"""Usage: the service's object, cumulative and overwritten, odd values left out."""

import pytest

from fastmode_magic.claude.usage import Usage

WIRE = {
    "input_tokens": 10,
    "output_tokens": 500,
    "cache_read_input_tokens": 20,
    "cache_creation_input_tokens": 30,
    "cache_creation": {"ephemeral_5m_input_tokens": 18, "ephemeral_1h_input_tokens": 12},
    "output_tokens_details": {"thinking_tokens": 400},
    "server_tool_use": {"web_search_requests": 3},
    "service_tier": "standard",
    "inference_geo": "us",
    "speed": "fast",
}
READ = Usage(10, 500, 400, 20, 30, 12, 3, "us", "fast")


def test_every_field_is_read():
    assert Usage().overwritten(WIRE) == READ
    assert READ.total_input_tokens == 10 + 20 + 30


def test_the_service_tier_is_not_the_speed():
    assert Usage().overwritten({"service_tier": "standard"}).speed is None


def test_counts_are_overwritten_and_not_added():
    later = READ.overwritten({"output_tokens": 700, "cache_read_input_tokens": 0})
    assert (later.output_tokens, later.cache_read_input_tokens, later.input_tokens) == (700, 0, 10)
    assert later.speed == "fast"


@pytest.mark.parametrize("odd", [None, "7", 7.5, -1, True, [7], {"a": 7}])
def test_odd_values_change_nothing(odd):
    names = [name for name in WIRE if name not in {"speed", "inference_geo"}]
    assert READ.overwritten(dict.fromkeys(names, odd)) == READ


@pytest.mark.parametrize("odd", [None, 7, True, ["fast"], {"fast": True}])
def test_odd_words_change_nothing(odd):
    assert READ.overwritten({"speed": odd, "inference_geo": odd}) == READ


@pytest.mark.parametrize("wire", [None, "x", 3, [], {}])
def test_what_is_no_usage_changes_nothing(wire):
    assert READ.overwritten(wire) == READ
