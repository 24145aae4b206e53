"""`%fastmode cost`, `history`, `plots` and `export` in a real shell, over runs that the simulator answered."""

import csv
from decimal import Decimal
from pathlib import Path

import pandas
import pytest
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell

from fastmode_magic.claude.errors import BadInput
from fastmode_magic.views import text


def run(shell: InteractiveShell, cell: str) -> ExecutionResult:
    return shell.run_cell(cell, store_history=True)


@pytest.fixture
def asked(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> InteractiveShell:
    """A shell with one fast answer and one at standard speed, bound to `fast` and `standard`."""
    for cell in ("fast = %claude --fast 2+2?", "standard = %claude --no-fast 2+2?"):
        assert run(shell, cell).success
    capsys.readouterr()
    return shell


class TestCost:
    """`%fastmode cost`."""

    def test_periods_models_and_speeds(self, asked: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        run(asked, "%fastmode cost")
        shown = capsys.readouterr().out
        fast, standard = asked.user_ns["fast"], asked.user_ns["standard"]
        assert Decimal(0) < standard.cost < fast.cost
        total = text.dollars(fast.cost + standard.cost)
        for period in ("this session", "today", "this month"):
            (line,) = [one for one in shown.splitlines() if one.startswith(f"{period} ")]
            assert line.split()[-1] == total
        assert "By model and speed, this session" in shown
        assert "What fast bought this session: 1 run served fast" in shown
        assert "may differ" in shown  # the simulator is another host than Anthropic's
        assert "this notebook" not in shown

    def test_a_notebook_has_a_row_where_it_is_known(
        self, asked: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("JPY_SESSION_NAME", "work/b.ipynb")
        run(asked, "%claude 2+2?")
        capsys.readouterr()
        run(asked, "%fastmode cost notebook")
        shown = capsys.readouterr().out
        (line,) = [one for one in shown.splitlines() if one.startswith("this notebook ")]
        assert line.split()[2] == "1"
        assert "By model and speed, this notebook" in shown

    def test_practice_is_counted_apart(self, asked: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        run(asked, "%fastmode practice")
        run(asked, "%fastmode cost")
        shown = capsys.readouterr().out
        assert "Practice, not billed" in shown
        (line,) = [one for one in shown.splitlines() if one.startswith("this session ")]
        assert line.split()[2:] == ["0", "$0", "$0", "$0"]
        run(asked, "%claude 2+2?")
        run(asked, "df = %fastmode history")
        assert list(asked.user_ns["df"]["practice"]) == [True]
        run(asked, "%fastmode practice off")
        run(asked, "df = %fastmode history")
        assert list(asked.user_ns["df"]["practice"]) == [False, False]

    def test_without_a_ledger_it_says_whose_runs_these_are(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, "%config FastMode.ledger = 'off'")
        run(shell, "%claude 2+2?")
        capsys.readouterr()
        run(shell, "%fastmode cost")
        shown = capsys.readouterr().out
        assert "this session" in shown
        assert "today" not in shown
        assert "These are the runs of this session alone" in shown


class TestHistory:
    """`%fastmode history`."""

    def test_returns_a_frame_and_shows_it(self, asked: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        result = run(asked, "%fastmode history")
        assert isinstance(result.result, pandas.DataFrame)
        assert "tokens_per_s" in capsys.readouterr().out or len(result.result.columns) > 5
        found = result.result
        assert list(found["speed"]) == ["fast", "standard"]
        assert list(found["cost"]) == [float(asked.user_ns[name].cost) for name in ("fast", "standard")]
        assert list(found["output_tokens"]) == [asked.user_ns[n].usage.output_tokens for n in ("fast", "standard")]

    @pytest.mark.parametrize(("words", "count"), [("1", 1), ("99", 2), ("0", 0), ("session", 2), ("day", 2)])
    def test_how_many(self, words: str, count: int, asked: InteractiveShell) -> None:
        run(asked, f"df = %fastmode history {words}")
        assert len(asked.user_ns["df"]) == count
        if words == "1":
            assert list(asked.user_ns["df"]["speed"]) == ["standard"]

    def test_before_any_run_it_is_empty(self, shell: InteractiveShell) -> None:
        run(shell, "df = %fastmode history")
        assert len(shell.user_ns["df"]) == 0
        assert "cost" in shell.user_ns["df"].columns


class TestPlots:
    """`%fastmode plots`."""

    def test_a_terminal_gets_the_words(self, asked: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
        run(asked, "%fastmode plots")
        shown = capsys.readouterr().out
        assert shown.startswith("2 runs on ")
        assert "What fast bought: 1 run served fast cost" in shown

    def test_without_runs_there_is_a_sentence(
        self, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run(shell, "%fastmode plots")
        assert "no runs to draw" in capsys.readouterr().out


class TestExport:
    """`%fastmode export`."""

    def test_to_a_file(
        self,
        asked: InteractiveShell,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        run(asked, "%fastmode export 'my runs.csv' day")
        assert "Wrote 2 runs to" in capsys.readouterr().out
        with (tmp_path / "my runs.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [Decimal(row["cost"]) for row in rows] == [asked.user_ns[name].cost for name in ("fast", "standard")]

    def test_metrics_have_each_run_once_also_those_that_come_later(
        self, asked: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader

        from fastmode_magic.reports import metrics

        reader = InMemoryMetricReader()
        provider = MeterProvider([reader])
        monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
        run(asked, "%fastmode export otel")
        assert "Recorded 2 runs of this session" in capsys.readouterr().out
        run(asked, "%claude --fast 2+2?")
        run(asked, "%fastmode export otel")
        assert "Recorded no new run" in capsys.readouterr().out
        data = reader.get_metrics_data()
        found = {one.name: one for one in data.resource_metrics[0].scope_metrics[0].metrics}
        counts = {
            one.attributes["fastmode.speed"]: one.count
            for one in found["gen_ai.client.operation.duration"].data.data_points
        }
        assert counts == {"fast": 2, "standard": 1}
        provider.shutdown()

    def test_practice_is_no_metric(self, asked: InteractiveShell) -> None:
        run(asked, "%fastmode practice")
        result = run(asked, "%fastmode export otel")
        assert isinstance(result.error_in_exec, BadInput)
        assert "Practice" in result.error_in_exec.what


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cost week", "A period is one of"),
        ("cost day month", "A period is one of"),
        ("history -1", "A period is one of"),
        ("plots yesterday", "A period is one of"),
        ("export", "needs a place"),
        ("export 'a.csv", "quotation mark"),
        ("export runs.xlsx", "'.xlsx'"),
        ("export runs", "'runs'"),
        ("export runs.csv week", "A period is one of"),
        ("export otel", "receives OpenTelemetry"),
    ],
)
def test_bad_input_gets_two_sentences(
    line: str, words: str, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(shell, f"%fastmode {line}")
    assert isinstance(result.error_in_exec, BadInput)
    shown = capsys.readouterr().out.strip().splitlines()
    assert len(shown) == 2
    assert words in " ".join(shown)
