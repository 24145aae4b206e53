"""What is said of money: every number worked out by hand, and nothing that is not known."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from runs import NOW, OPUS, charge, run

from fastmode_magic.ledger.records import SILENCE
from fastmode_magic.ledger.summary import Bought
from fastmode_magic.magics.claude import plain
from fastmode_magic.reports.money import bought_words, cost, duration

FAST = run(charge("fast", "0.0808", output=2_000, input_tokens=100), tokens_per_s=100.0)
STANDARD = run(charge("standard", "0.02", cache_read_input_tokens=7, cache_creation_input_tokens=3), tokens_per_s=50.0)


def test_periods_by_model_and_speed_and_what_fast_bought() -> None:
    old = run(charge("standard", "1.23"), began=NOW - timedelta(days=9), state="interrupted")
    report = cost({"session": [FAST], "day": [FAST, STANDARD], "month": [old, FAST, STANDARD]}, "day", NOW)
    lines = report.splitlines()
    assert "| this session | 1 | `$0.0808` | `$0` | `$0.0808` |" in lines
    assert "| today | 2 | `$0.0808` | `$0.0200` | `$0.1008` |" in lines
    assert "| this month | 3 (1 interrupted) | `$0.0808` | `$1.25` | `$1.33` |" in lines
    assert "this notebook" not in report
    assert "**By model and speed, today**" in lines
    assert f"| `{OPUS}` | fast | 1 | 100 | 0 | 0 | 2,000 | `$0.0808` |" in lines
    assert f"| `{OPUS}` | standard | 1 | 0 | 7 | 3 | 1,000 | `$0.0200` |" in lines
    # 2,000 tokens at 50 a second rather than 100; 100 * $4 + 2,000 * $20 per million at standard
    assert "What fast bought today: 1 run served fast cost `$0.0404` more than at standard speed;" in report
    assert "saved ~20 s of generating." in plain(report)
    assert re.search(r"^Prices: genai.prices \d", plain(report), re.MULTILINE)


def test_estimates_are_marked_and_unknown_is_no_sum() -> None:
    guessed = run(charge("fast", "0.05", estimated=True), state="interrupted")
    unknown = [run(charge("fast", None)), run(charge("standard", None))]
    report = cost({"session": [guessed, STANDARD, *unknown]}, "session", NOW)
    row = "| this session | 4 (1 interrupted) | `~$0.0500 + 1 of unknown cost` | `$0.0200 + 1 of unknown cost` | "
    assert row + "`~$0.0700 + 2 of unknown cost` |" in report
    assert f"| `{OPUS}` | fast | 2 | 0 | 0 | 0 | ~2,000 | `~$0.0500 + 1 of unknown cost` |" in report
    only = cost({"session": [unknown[0]]}, "session", NOW)
    assert "| this session | 1 | `1 of unknown cost` | `$0` | `1 of unknown cost` |" in only
    assert "cost an unknown amount more" in only


def test_killed_runs_say_what_they_cost_at_most() -> None:
    gone = {"state": "running", "ended": None, "seen": NOW - 2 * SILENCE}
    came = run(charge("fast", "0.01"), reserved=Decimal("0.25"), **gone)
    report = plain(cost({"session": [], "day": [came, STANDARD]}, "day", NOW))
    assert re.search(r"^today +2 \(1 killed\) +~\$0.0100 +\$0.0200 +~\$0.0300$", report, re.MULTILINE)
    assert (
        "1 run was killed with the kernel, and counted as far as it had come (~): it cost $0.2500 in all at most."
        in report
    )
    unreserved = run(cost=None, **gone)
    report = plain(cost({"day": [came, unreserved]}, "day", NOW))
    assert (
        "2 runs were killed with the kernel, and counted as far as they had come (~): what they cost in all is not"
        in report
    )
    assert "~$0.0100 + 1 of unknown cost" in report
    assert re.search(r"not reported +1 +\? +\? +\? +\? +1 of unknown cost$", report, re.MULTILINE)


def test_other_hosts_and_practice_are_said_to_be_so() -> None:
    proxied = run(charge("standard", "0.02"), list_price_of="proxy.example")
    report = cost({"session": [proxied]}, "session", NOW)
    assert "List prices; the prices of `proxy.example` may differ." in report
    assert "ractice" not in report
    assert "**Practice, not billed:**" in cost({"session": [STANDARD]}, "session", NOW, practice=True)


def test_without_runs_there_are_zeros_and_no_table_of_models() -> None:
    report = cost({"session": [], "day": []}, "session", NOW)
    assert "| this session | 0 | `$0` | `$0` | `$0` |" in report
    assert "By model" not in report
    assert "fast bought" not in report


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a|b|c", "`code` **b**", "[x](javascript:1)", "a\nb"])
def test_names_from_outside_are_no_markup(name: str) -> None:
    hostile = run(charge("fast", "0.02", model=name), charge(name, "0.01"), model=name, list_price_of=name)
    report = cost({"session": [hostile]}, "session", NOW)
    outside = re.sub(r"`[^`]*`", "", report)
    assert not re.search(r"<img|\*\*b|\]\(java|\|b\|", outside)
    table = [line for line in report.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} == {6, 9}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Bought(), ""),
        (
            Bought(3, 0, 0.0, 0.0, 2, Decimal("0.4"), Decimal("0.2"), estimated=True),
            (
                "What fast bought: 3 runs served fast cost ~$0.2000 more than at standard speed (2 of them); how many "
                "seconds that saved is not known, since no standard run of the same model was measured."
            ),
        ),
        (
            Bought(3, 2, 30.0, 25.0, 3, Decimal("0.1"), Decimal("0.2")),
            (
                "What fast bought: 3 runs served fast cost $0.1000 less than at standard speed; lost ~5.0 s of "
                "generating (2 of them)."
            ),
        ),
    ],
)
def test_what_fast_bought(found: Bought, words: str) -> None:
    assert bought_words(found) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3_840, "1 h 4 min"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_silence_makes_a_run_killed_only_after_its_time() -> None:
    going_on = run(charge("fast", "0.01"), state="running", ended=None, seen=NOW - SILENCE)
    assert "1 running" in cost({"session": [going_on]}, "session", NOW)
