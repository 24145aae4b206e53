"""Frames and series: what they are, their columns, their rows or a sample of them, within any allowance."""

import datetime as dt
import re
import time
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.rendering import Rendered, render
from fastmode_magic.prompt.tokens import estimate_tokens

HEAD = ("| column | dtype | nulls | range or example |", "|---|---|---|---|")


def sent(value: object, allowance: int = 4_000, name: str = "df") -> tuple[str, Rendered]:
    rendered = render(value, name, allowance)
    text = rendered.pieces[0].text
    assert estimate_tokens(text) <= allowance
    return text, rendered


def tables(text: str) -> list[list[list[str]]]:
    """The cells of each table in a text."""
    found = re.findall(r"(?:^\|.*\|\n?)+", text, re.MULTILINE)
    lines = [[line for line in table.strip().split("\n") if not line.startswith("|---")] for table in found]
    return [[[one.strip() for one in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table] for table in lines]


def columns(text: str) -> dict[str, list[str]]:
    """Name -> dtype, nulls, range."""
    return {cells[0]: cells[1:] for cells in tables(text)[0][1:]}


def test_a_small_frame_is_sent_whole() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.1, 12345678.123456]})
    text, rendered = sent(frame)
    assert text == (
        "`df`: pandas DataFrame, 2 rows × 3 columns\n\n"
        "| column | dtype | nulls | range or example |\n|---|---|---|---|\n"
        "| a | int64 | 0 | 1 … 2 |\n"
        f"| b | {frame['b'].dtype if str(frame['b'].dtype) != 'object' else 'object (str)'} | 1 | e.g. x |\n"
        "| c | float64 | 0 | 0.1 … 12345678.123456 |\n\n"
        "All rows:\n\n"
        "| row | a | b | c |\n|---|---|---|---|\n"
        f"| 0 | 1 | x | 0.1 |\n| 1 | 2 | {(frame['b'].tolist()[1] is None and 'None') or 'NaN'} | 12345678.123456 |"
    )
    assert rendered.kind == "pandas DataFrame, 2 × 3"
    assert rendered.cut is None
    assert not rendered.inline


@pytest.fixture(scope="module")
def million() -> pd.DataFrame:
    rows = 1_000_000
    return pd.DataFrame(
        {
            "id": np.arange(rows),
            "value": np.where(np.arange(rows) % 10 == 3, np.nan, np.arange(rows) / 3),
            "name": pd.Series([f"name {at}" if at % 7 else None for at in range(rows)], dtype=object),
            "day": np.datetime64("2026-01-01", "us") + np.arange(rows),
            "kind": pd.Categorical.from_codes(np.arange(rows) % 3, ["a", "b", "c"]),
        }
    )


def test_of_a_large_frame_a_sample_is_sent(million: pd.DataFrame) -> None:
    text, rendered = sent(million)
    assert text.startswith("`df`: pandas DataFrame, 1,000,000 rows × 5 columns\n\n")
    assert rendered.kind == "pandas DataFrame, 1,000,000 × 5"
    assert rendered.cut == "10 of 1,000,000 rows are sent; floats are rounded to 6 digits."
    assert "\n10 of 1,000,000 rows, evenly spaced:\n" in text
    assert "Floats are rounded to 6 significant digits." in text
    known = columns(text)
    assert known["id"] == ["int64", "0", "0 … 999999"]
    assert known["value"] == ["float64", "100,000", "0.0 … 333333.0"]
    assert known["kind"] == ["category", "0", "3 categories: a, b, c"]
    dtype, nulls, example = known["name"]
    assert dtype == "object (str)"
    assert re.fullmatch(r"e\.g\. name \d+", example)
    assert nulls.startswith("~")  # of a sample: counting objects takes too long
    assert abs(int(nulls[1:].replace(",", "")) - 142_858) < 10_000
    assert "`~`: seen in 5,000 rows, spread evenly" in text
    rows = tables(text)[1]
    assert [cells[0] for cells in rows[1:]] == [str(at * 999_999 // 9) for at in range(10)]
    assert rows[1][1:3] == ["0", "0.0"]
    assert rows[-1][1] == "999999"


def test_more_allowance_means_more_rows(million: pd.DataFrame) -> None:
    assert "\n100 of 1,000,000 rows, evenly spaced:" in sent(million, 40_000)[0]


def test_the_same_of_polars(million: pd.DataFrame) -> None:
    frame = pl.DataFrame(
        {"id": million["id"].to_numpy(), "value": million["value"].to_numpy(), "name": million["name"].tolist()}
    )
    text, rendered = sent(frame)
    assert text.startswith("`df`: polars DataFrame, 1,000,000 rows × 3 columns\n\n")
    assert rendered.cut == "10 of 1,000,000 rows are sent; floats are rounded to 6 digits."
    assert columns(text)["name"][:2] == ["String", "142,858"]  # polars knows the number
    assert columns(text)["value"] == ["Float64", "0", "0.0 … 333333.0"]
    assert tables(text)[1][1] == ["0", "0", "0.0", "null"]


def test_a_frame_that_fits_with_rounded_floats() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).random((60, 12)))
    text, rendered = sent(frame)
    assert rendered.cut == "Floats are rounded to 6 digits."
    assert len(tables(text)[1]) == 61
    shown = np.array([cells[1:] for cells in tables(text)[1][1:]], dtype=float)
    assert np.allclose(shown, frame, rtol=1e-5)


@pytest.mark.parametrize("allowance", [200, 1_000, 4_000])
@pytest.mark.parametrize("library", [pd.DataFrame, pl.DataFrame])
def test_many_columns(library: Any, allowance: int) -> None:
    frame = library({f"column {at}": range(1_000) for at in range(200)})
    text, rendered = sent(frame, allowance)
    shown = len(columns(text))
    assert 0 < shown < 200
    assert rendered.cut is not None
    assert rendered.cut.startswith(
        f"{200 - shown} of 200 columns were left out to keep `df` within {allowance:,} tokens; "
    )
    assert f"\n{200 - shown} more columns: column {shown}, column {shown + 1}, " in text
    assert re.search(r", column \d+(, and \d+ more)?\n", text)
    assert len(tables(text)[1]) >= 3


def test_long_cells() -> None:
    text, rendered = sent(pd.DataFrame({"a": ["x" * 1_000, "a|b\\|c\nd\te\x00"]}))
    assert rendered.cut == "Long cells were shortened."
    assert tables(text)[1][1][1] == "x" * 79 + "…"
    assert tables(text)[1][2][1] == "a\\|b\\\\\\|c\\nd\\te\\x00"


def test_what_is_missing_is_told_apart() -> None:
    frame = pd.DataFrame({"a": pd.Series([None, np.nan, pd.NaT, pd.NA, "", "NaN", " a"], dtype=object)})
    text, _ = sent(frame)
    assert [cells[1] for cells in tables(text)[1][1:]] == ["None", "NaN", "NaT", "<NA>", '""', '"NaN"', '" a"']
    assert columns(text)["a"][:2] == ["object (str)", "4"]
    text, _ = sent(pl.DataFrame({"a": [None, float("nan"), 1.0]}))
    assert [cells[1] for cells in tables(text)[1][1:]] == ["null", "NaN", "1.0"]


def test_mixed_types() -> None:
    text, _ = sent(pd.DataFrame({"a": [1, "b", 2, 3.5, b"c"]}))
    assert columns(text)["a"] == ["object (int, str, float, bytes)", "0", "e.g. 1"]


@pytest.mark.parametrize(
    ("index", "leading"),
    [
        (None, {}),
        (pd.RangeIndex(2), {}),
        (pd.RangeIndex(5, 7), {"(index)": "int64"}),
        (pd.Index(["a", "b"], name="key"), {"key (index)": None}),
        (pd.DatetimeIndex(["2026-01-01", None], tz="Europe/Berlin"), {"(index)": None}),
        (pd.MultiIndex.from_tuples([(1, "a"), (2, "b")], names=["x", None]), {"x (index)": "int64", "(index)": None}),
    ],
)
def test_the_index(index: Any, leading: dict[str, str | None]) -> None:
    text, rendered = sent(pd.DataFrame({"a": [1, 2]}, index=index))
    assert list(columns(text)) == [*leading, "a"]
    assert tables(text)[1][0] == [*(leading or ["row"]), "a"]
    assert all(dtype is None or columns(text)[name][0] == dtype for name, dtype in leading.items())
    assert rendered.kind == "pandas DataFrame, 2 × 1"


def test_a_large_multiindex_is_not_made_to_be_looked_at() -> None:
    index = pd.MultiIndex.from_product([range(1_000), range(1_000)], names=["x", "y"])
    text, _ = sent(pd.DataFrame({"a": np.arange(1_000_000)}, index=index))
    assert columns(text)["x (index)"] == ["int64", "~0", "~0 … ~999"]
    assert tables(text)[1][-1] == ["999", "999", "999999"]


@pytest.mark.parametrize(
    ("names", "shown", "remark"),
    [
        ([1, 2], ["1", "2"], "The columns' names are of type int."),
        (["a", "a"], ["a", "a"], "Names that more than one column has: a (2 times)."),
        (["", "b|c"], ['""', "b\\|c"], ""),
        (pd.Index([None, 1.5], dtype=object), ["None (NoneType)", "1.5 (float)"], ""),
        (["1", 1], ["1", "1 (int)"], ""),
        (["é\n", "x" * 100], ["é\\n", "x" * 59 + "…"], ""),
        (
            pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["l", None]),
            ["('a', 1)", "('a', 2)"],
            "The columns are a MultiIndex of 2 levels: l.",
        ),
        (pd.Index(["a", "b"], name="year"), ["a", "b"], "The columns' names are values of year."),
    ],
)
def test_names(names: Any, shown: list[str], remark: str) -> None:
    text, _ = sent(pd.DataFrame([[1, 2]], columns=names))
    assert tables(text)[1][0][1:] == shown
    assert remark in text
    assert (text.split("\n")[1] == "") == (not remark)


ODD = {
    "period": pd.period_range("2026-01", periods=3, freq="M"),
    "interval": pd.interval_range(0, 3),
    "sparse": pd.arrays.SparseArray([0.0, np.nan, 1.0]),
    "complex": [1j, 2, 3],
    "lists": [[1], [2, 3], None],
    "Int64": pd.array([1, None, 2], dtype="Int64"),
    "nothing": pd.array([None, None, None], dtype="Int64"),
    "Float64": pd.array([None, 0.1234567891, 2.0], dtype="Float64"),
    "Float32": pd.array([None, 0.1, 2.0], dtype="Float32"),
    "arrays": [np.zeros(2), np.zeros((5, 5)), None],
    "boolean": pd.array([True, None, False], dtype="boolean"),
    "timedelta": pd.to_timedelta([1, 2, None], unit="s"),
    "zoned": pd.date_range("2026-01-01", periods=3, tz="Europe/Berlin"),
    "single": np.array([0.1, 0.2, np.nan], dtype="f4"),
    "category": pd.Categorical([1, 2, None]),
    "ordered": pd.Categorical(["a", "b", None], ordered=True),
    "dates": [dt.date(2026, 1, 1)] * 3,
    "uint64": np.array([1, 2, 2**64 - 1], dtype="u8"),
    "frames": [pd.DataFrame({"a": [1]})] * 3,
}
SAID = {
    "period": ("period[M]", "0", "e.g. 2026-01", "2026-01"),
    "interval": ("interval[int64, right]", "0", "e.g. (0, 1]", "(0, 1]"),
    "sparse": ("Sparse[float64, nan]", "1", "e.g. 0.0", "0.0"),
    "complex": ("complex128", "0", "e.g. 1j", "1j"),
    "lists": ("object (list)", "1", "e.g. [1]", "[1]"),
    "Int64": ("Int64", "1", "1 … 2", "1"),
    "nothing": ("Int64", "3", "", "<NA>"),
    "Float64": ("Float64", "1", "0.1234567891 … 2.0", "<NA>"),
    "Float32": ("Float32", "1", "0.1 … 2.0", "<NA>"),
    "arrays": ("object (ndarray)", "1", "e.g. [0.0, 0.0]", "[0.0, 0.0]"),
    "boolean": ("boolean", "1", "1 × True", "True"),
    "zoned": (None, "0", "2026-01-01 00:00:00+01:00 … 2026-01-03 00:00:00+01:00", "2026-01-01 00:00:00+01:00"),
    "single": ("float32", "1", "0.1 … 0.2", "0.1"),
    "category": ("category", "1", "2 categories: 1, 2", "1"),
    "ordered": ("category", "1", "2 categories: a, b", "a"),
    "dates": ("object (date)", "0", "e.g. 2026-01-01", "2026-01-01"),
    "uint64": ("uint64", "0", "1 … 18446744073709551615", "1"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_dtypes(name: str) -> None:
    text, _ = sent(pd.DataFrame({name: ODD[name]}))
    dtype, nulls, example, first = SAID.get(name, (None, None, None, None))
    found = columns(text)[name]
    assert dtype in {None, found[0]}
    assert nulls in {None, found[1]}
    assert example in {None, found[2]}
    assert first in {None, tables(text)[1][1][1]}
    sent(pd.concat([pd.DataFrame({name: ODD[name]})] * 2_000))  # a sample, with rounded floats


@pytest.mark.parametrize(
    ("series", "dtype", "found", "shown"),
    [
        (pl.Series([[1], [2, 3]]), "List(Int64)", "e.g. [1]", "[1]"),
        (pl.Series([{"a": 1}, None]), "Struct({'a': Int64})", "e.g. {'a': 1}", "{'a': 1}"),
        (pl.Series(["1.10", "2"]).cast(pl.Decimal(10, 2)), "Decimal(precision=10, scale=2)", "1.10 … 2.00", "1.10"),
        (pl.Series(["a", "b"], dtype=pl.Categorical), "Categorical", "e.g. a", "a"),
        (pl.Series(["a"], dtype=pl.Enum(["a", "b"])), "Enum(categories=['a', 'b'])", "e.g. a", "a"),
        (pl.Series([1], dtype=pl.Duration("us")), "Duration(time_unit='us')", "0:00:00.000001", "0:00:00.000001"),
        (pl.Series([0.1], dtype=pl.Float32), "Float32", "0.1", "0.1"),
        (pl.Series([b"\x00"]), "Binary", "e.g. b'\\x00'", "b'\\x00'"),
        (pl.Series([None, None]), "Null", "", "null"),
        (pl.Series([dt.datetime(2026, 1, 1, tzinfo=dt.UTC)]), None, None, "2026-01-01 00:00:00+00:00"),
        (pl.Series([object()], dtype=pl.Object), "Object", None, None),
    ],
)
def test_dtypes_of_polars(series: pl.Series, dtype: str | None, found: str | None, shown: str | None) -> None:
    text, rendered = sent(series.alias("a"))
    assert dtype in {None, columns(text)["a"][0]}
    assert found in {None, columns(text)["a"][2]}
    assert shown in {None, tables(text)[1][1][1]}
    assert rendered.kind == f"polars Series, {len(series)} value{'s' * (len(series) > 1)}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pd.DataFrame(), "`df`: pandas DataFrame, 0 rows × 0 columns"),
        (pl.DataFrame(), "`df`: polars DataFrame, 0 rows × 0 columns"),
        (pd.DataFrame(index=range(10**7)), "`df`: pandas DataFrame, 10,000,000 rows × 0 columns"),
        (
            pl.DataFrame({"a": []}, schema={"a": pl.Int64}),
            "`df`: polars DataFrame, 0 rows × 1 column\n\n" + "\n".join([*HEAD, "| a | Int64 | 0 |  |"]),
        ),
    ],
)
def test_empty_frames(value: object, text: str) -> None:
    assert sent(value) == (text, render(value, "df"))
    assert render(value, "df").cut is None


def test_series_and_indexes() -> None:
    text, rendered = sent(pd.Series([1, 2], index=["a", "b"], name="s"))
    assert rendered.kind == "pandas Series, 2 values"
    assert tables(text)[1] == [["(index)", "s"], ["a", "1"], ["b", "2"]]
    assert tables(sent(pd.Series([1]))[0])[1] == [["row", "(no name)"], ["0", "1"]]
    assert sent(pd.DatetimeIndex(["2026-01-01"]))[1].kind == "pandas DatetimeIndex, 1 value"
    assert sent(pd.Categorical(["a"]))[1].kind == "pandas Categorical, 1 value"
    assert tables(sent(pd.MultiIndex.from_tuples([(1, 2)]))[0])[1] == [
        ["row", "(no name)", "(no name)"],
        ["0", "1", "2"],
    ]


def test_a_subclass_and_a_style() -> None:
    class Mine(pd.DataFrame):
        pass

    assert sent(Mine({"a": [1]}))[0].startswith("`df`: Mine (a pandas DataFrame), 1 row × 1 column\n")
    pytest.importorskip("jinja2")
    assert sent(pd.DataFrame({"a": [1]}).style)[0].startswith("`df`: pandas DataFrame, 1 row × 1 column")


def test_a_grouping_is_its_repr() -> None:
    assert "DataFrameGroupBy" in sent(pd.DataFrame({"a": [1]}).groupby("a"))[0]


def test_frames_of_narwhals() -> None:
    assert sent(nw.from_native(pl.DataFrame({"a": [1]})))[1].kind == "polars DataFrame, 1 × 1"
    assert sent(nw.from_native(pl.LazyFrame({"a": [1]})))[1].kind == "polars LazyFrame, 1 column"


def test_lazy_frames_are_not_collected() -> None:
    def fail(frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError

    lazy = pl.LazyFrame({"a": [1], "b|c": ["x"]}).map_batches(fail, schema={"a": pl.Int64, "b|c": pl.String})
    text, rendered = sent(lazy)
    assert text == (
        "`df`: polars LazyFrame, 2 columns, not collected\n\n"
        "| column | dtype |\n|---|---|\n| a | Int64 |\n| b\\|c | String |"
    )
    assert rendered.cut is None
    text, rendered = sent(pl.LazyFrame({f"column {at}": [1] for at in range(500)}), 400)
    shown = len(tables(text)[0]) - 1
    assert rendered.cut == f"{500 - shown} of 500 columns were left out to keep `df` within 400 tokens."
    assert f"{500 - shown} more columns: column {shown}, " in text
    with pytest.raises(CannotSend, match="The schema of `df` failed"):
        render(pl.scan_csv("/nowhere.csv"), "df")


def test_nothing_is_changed(million: pd.DataFrame) -> None:
    frame = million.head(1_000).copy()
    same = frame.copy()
    render(frame, "df")
    pd.testing.assert_frame_equal(frame, same)


def test_work_is_bounded() -> None:
    values = np.zeros((1_000_000, 200), dtype="f4")
    began = time.process_time()
    text, rendered = sent(pd.DataFrame(values, columns=[f"c{at}" for at in range(200)], copy=False))
    assert time.process_time() - began < 5
    assert columns(text)["c0"] == ["float32", "~0", "~0.0"]
    assert rendered.cut is not None
    assert re.search(r"\d+ of 1,000,000 rows are sent", rendered.cut)


odd_names = (
    st.text(max_size=100) | st.integers() | st.none() | st.tuples(st.integers(), st.text(max_size=5)) | st.floats()
)
odd_cells = (
    st.none()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=200)
    | st.lists(st.integers())
    | st.dates()
)


@st.composite
def frames(draw: Any) -> pd.DataFrame:
    """Of any names, values and index."""
    width, rows = draw(st.integers(0, 12)), draw(st.integers(0, 12))
    made = pd.DataFrame(
        {at: pd.Series(draw(st.lists(odd_cells, min_size=rows, max_size=rows)), dtype=object) for at in range(width)}
    )
    made = made.reindex(range(rows)) if not width else made
    made.columns = pd.Index(
        draw(st.lists(odd_names, min_size=width, max_size=width)), dtype=object, tupleize_cols=False
    )
    if draw(st.booleans()):
        made = made.infer_objects()
    if draw(st.booleans()):
        made.index = pd.Index(
            draw(st.lists(odd_names, min_size=rows, max_size=rows)), dtype=object, tupleize_cols=False
        )
    return pd.concat([made] * draw(st.sampled_from([1, 1, 50])))


@settings(deadline=None, max_examples=60)
@given(frames(), st.sampled_from([50, 200, 600, 4_000]))
def test_any_frame_is_within_any_allowance(frame: pd.DataFrame, allowance: int) -> None:
    text, rendered = sent(frame, allowance)
    text.encode()
    if rendered.cut is None and allowance == 4_000:
        assert len(columns(text) if len(tables(text)) else {}) <= frame.shape[1] + 1
        assert len(frame) == 0 or not frame.shape[1] or len(tables(text)[1]) == len(frame) + 1


@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=90), st.integers(0, 5), max_size=40),
    st.integers(0, 300),
    st.sampled_from([50, 200, 4_000]),
)
def test_any_frame_of_polars_too(kinds: dict[str, int], rows: int, allowance: int) -> None:
    made = [range(rows), ["a|b"] * rows, [None] * rows, [0.1] * rows, [[1]] * rows, ["x" * 300] * rows]
    sent(pl.DataFrame({name: made[kind] for name, kind in kinds.items()}), allowance)
