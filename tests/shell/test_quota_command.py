"""`%fastmode quota`: what is left at both speeds, when a prompt fits, and how many more answers do."""

import pytest
from IPython.core.interactiveshell import InteractiveShell
from support import KEY

from fastmode_magic.claude.errors import BadInput
from fastmode_magic.reports import quota as quota_report
from fastmode_magic.simulator import Refusal, Scenario, Simulator


def quota(shell: InteractiveShell, capsys: pytest.CaptureFixture[str], size: str = "") -> str:
    capsys.readouterr()
    shell.run_cell(f"%fastmode quota {size}", store_history=True)
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "tokens"),
    [("50k", 50_000), ("50_000", 50_000), ("50,000", 50_000), ("50000", 50_000), ("1.5M", 1_500_000), ("1", 1)],
)
def test_a_size_as_people_type_it(words: str, tokens: int) -> None:
    assert quota_report.tokens(words) == tokens


@pytest.mark.parametrize("words", ["x", "0", "-5", "1e5", "5 k", "_5", "5__0", "", "k", "9999999k", "\u0665"])
def test_what_is_no_size(words: str) -> None:
    with pytest.raises(BadInput, match="not a number of tokens"):
        quota_report.tokens(words)


def test_before_anything_was_asked_everything_is_unknown(shell, capsys, simulator: Simulator) -> None:
    words = quota(shell, capsys)
    for speed in ("fast", "standard"):
        assert f"Quota at {speed} speed: unknown; no response at {speed} speed has said it yet" in words
    assert "bucket" not in words
    assert simulator.requests == []


def test_both_speeds_and_each_model_s_own(shell, capsys, simulator: Simulator) -> None:
    for line in ("%%claude --fast", "%%claude --no-fast -m opus-5", "%%claude -m sonnet"):
        shell.run_cell(f"{line}\nExplain groupby.", store_history=True)
    words = quota(shell, capsys, "3M")
    for row in (
        "fast input, Opus 2,000,000 ~",
        "fast output, Opus 400,000 ~",
        "requests, Claude Opus 5.5 4,000 ~",
        "standard input, Claude Opus 5 4,000,000 ~",
        "standard output, Claude Sonnet 5.5 800,000 ~",
        "A prompt of 3,000,000 tokens fits:",
        "- at fast speed, Opus: never: larger than the pool",
        "- at standard speed, Claude Opus 5: now",
    ):
        assert row in words
    assert "standard input, Claude Opus 5.5" not in words  # nothing is known of it
    assert "unknown" not in words
    assert "More than 100 answers like this at fast speed this minute. (Like this: " in words


def test_without_a_size_it_is_that_of_the_last_prompt(shell, capsys, simulator: Simulator) -> None:
    shell.run_cell("%%claude --fast\nExplain groupby.", store_history=True)
    tokens = shell.user_ns["_"].usage.total_input_tokens
    assert f"A prompt of {tokens} tokens fits: - at fast speed, Opus: now" in quota(shell, capsys)


def test_a_cooldown_delays_and_says_why(shell, capsys, simulator: Simulator) -> None:
    refused = Refusal(429, "rate_limit_error", "x", retry_after=40, fast_headers="empty")
    simulator.script(Scenario(refuse=refused), Scenario(tokens=100))
    shell.run_cell("%%claude --fast\nExplain groupby.", store_history=True)
    words = quota(shell, capsys)
    assert "Fast mode is cooldown: the fast quota is used up; fast again in" in words
    assert "at fast speed, Opus: in 40 s, the fast quota is used up" in words
    assert "; the next one fits in 40 s" in words


@pytest.mark.parametrize("gateway", ["dropped", "renamed"])
def test_what_a_gateway_does_to_the_headers(gateway: str, shell, capsys, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=50, gateway=gateway))
    shell.run_cell("%%claude --fast\nExplain groupby.", store_history=True)
    words = quota(shell, capsys)
    lost = "Quota at fast speed: unknown; answers came without the headers that say it: a gateway on the way"
    assert (lost in words) == (gateway == "dropped")
    assert ("fast input, Opus" in words) == (gateway == "renamed")
    assert "this minute" in words or gateway == "dropped"


def test_a_pool_of_nothing(shell, capsys, simulator: Simulator) -> None:
    simulator.script("no_fast_capacity", Scenario(tokens=50))
    shell.run_cell("%%claude --fast\nExplain groupby.", store_history=True)
    words = quota(shell, capsys)
    assert "fast input, Opus 0 none" in words
    assert "never: there is no capacity" in words


def test_the_status_tells_how_many_more_fit(shell, capsys, simulator: Simulator) -> None:
    shell.run_cell("%%claude --fast\nExplain groupby.", store_history=True)
    capsys.readouterr()
    shell.run_cell("%fastmode status", store_history=True)
    assert "% out; more than 100 answers like this at fast speed this minute" in capsys.readouterr().out
    shell.run_cell("%fastmode off", store_history=True)
    shell.run_cell("%fastmode status", store_history=True)
    assert "this minute" not in capsys.readouterr().out


def test_the_key_is_nowhere_in_it(shell, capsys, simulator: Simulator) -> None:
    shell.run_cell("%%claude --fast\nExplain groupby.", store_history=True)
    assert KEY not in quota(shell, capsys)
