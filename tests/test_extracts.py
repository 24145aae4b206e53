"""What is taken out of an answer: its code and its tables, also where it is long, broken off or hostile."""

import time

import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fastmode_magic import extracts
from fastmode_magic.extracts import CodeBlock, code, code_blocks, tables
from fastmode_magic.grids import frame

# Makes an answer longer than what is parsed, and changes nothing in it.
PADDING = f"{'Lorem ipsum ' * 400}\n\n" * 13
assert len(PADDING) > extracts.LONGEST

BLOCKS = [
    ("", []),
    ("no `code` at all, ```nor here```", []),
    ("    indented", []),
    ("```\nplain\n```", [CodeBlock("", "plain")]),
    ("```Python title='x'\na\n\n  b\n\n```\n", [CodeBlock("python", "a\n\n  b\n")]),
    ("~~~~ {.python .numberLines #id}\n~~~\n```\n~~~~~\nafter", [CodeBlock("python", "~~~\n```")]),
    ("```{r, echo=FALSE}\nx\n```", [CodeBlock("r", "x")]),
    ("```{code-cell} IPython3\nx\n```", [CodeBlock("ipython3", "x")]),
    ("```py:main.py\nx\n```", [CodeBlock("py", "x")]),
    ("```title=x\nx\n```", [CodeBlock("", "x")]),
    ("```c++\nx\n```\n```c#\ny\n```", [CodeBlock("c++", "x"), CodeBlock("c#", "y")]),
    ("```\n```", [CodeBlock("", "")]),
    ("text\n```py\nx\n```\ntext", [CodeBlock("py", "x")]),
    ("- item\n\n  ```py\n  if x:\n      y\n  ```\n- other", [CodeBlock("py", "if x:\n    y")]),
    ("1. ```py\n   x\n   ```\n2. b", [CodeBlock("py", "x")]),
    ("> quoted\n> ```py\n> x\n>\n>   y\n> ```\n", [CodeBlock("py", "x\n\n  y")]),
    ("> - ```py\n>   x\n>   ```\n", [CodeBlock("py", "x")]),
    ("```py\r\nx\r\ny\r\n```\r\n", [CodeBlock("py", "x\ny")]),
    ("```py\nx = 1\ny =", [CodeBlock("py", "x = 1\ny =", closed=False)]),
    ("```py\nx = 1\n", [CodeBlock("py", "x = 1", closed=False)]),
    ("```py\nx = 1\n``", [CodeBlock("py", "x = 1\n``", closed=False)]),
    ("```py", [CodeBlock("py", "", closed=False)]),
    ("```py\n", [CodeBlock("py", "", closed=False)]),
    ("```", [CodeBlock("", "", closed=False)]),
    ("> ```py\n> x\n\nafter", [CodeBlock("py", "x", closed=False)]),
    ("````md\n```py\nx\n```\n````", [CodeBlock("md", "```py\nx\n```")]),
    ("```py\n| a | b |\n|---|---|\n| 1 | 2 |\n```", [CodeBlock("py", "| a | b |\n|---|---|\n| 1 | 2 |")]),
]


@pytest.mark.parametrize(("markdown", "blocks"), BLOCKS)
def test_code_blocks(markdown, blocks):
    assert code_blocks(markdown) == blocks


@pytest.mark.parametrize(("markdown", "blocks"), BLOCKS)
def test_code_blocks_of_a_long_answer(markdown, blocks):
    assert code_blocks(PADDING + markdown) == blocks


LINES = st.sampled_from(["```", "```py", "````", "~~~", "~~~ r", "x = 1", "", "    y", "| a |", "- b", "# c", "1. d"])


@given(st.lists(LINES, max_size=12))
def test_a_long_answer_has_the_same_code_as_a_short_one(lines):
    markdown = "\n".join(lines)
    assert code_blocks(PADDING + markdown) == code_blocks(markdown)


@pytest.mark.parametrize(
    ("markdown", "python"),
    [
        ("```python\na\n```\n```sh\nb\n```\n```\nc\n```\n```py\nd\n```", "a\n\nd"),
        ("```sh\nb\n```\n```\nc\n```\n```\n\nd\n\n```", "c\n\nd"),
        ("```sh\nb\n```\n```pycon\n>>> c\n```", "b\n\n>>> c"),
        ("```ipython3\n%time a\n```\n", "%time a"),
        ("text", ""),
    ],
)
def test_code(markdown, python):
    assert code(markdown) == python


def data(markdown: str) -> list[dict]:
    return [table.to_dict(as_series=False) for table in tables(markdown, ["polars"])]


TABLE = """
| Town | People | Since |
|:-----|-------:|:-----:|
| Ur   | 65,000 |       |
| Uruk | 40,000 | 4,000 |
"""


def test_a_table_becomes_a_frame_of_pandas():
    (table,) = tables(TABLE)
    assert list(table.columns) == ["Town", "People", "Since"]
    assert table["People"].sum() == 105_000
    assert table["People"].dtype == "int64"
    assert table["Since"].isna().tolist() == [True, False]


def test_a_table_becomes_a_frame_of_polars_where_there_is_no_pandas():
    (table,) = tables(TABLE, ["a_library_that_nobody_has", "polars"])
    assert table.schema == {"Town": pl.String, "People": pl.Int64, "Since": pl.Int64}
    assert table.rows() == [("Ur", 65_000, None), ("Uruk", 40_000, 4_000)]


def test_without_a_library_there_is_no_table():
    for make in (lambda: tables(TABLE, ["nobody_has_it"]), lambda: frame([{"a": 1}], ["nobody_has_it"])):
        with pytest.raises(ModuleNotFoundError, match="A table needs nobody_has_it, and none is installed"):
            make()
    assert tables("no table", ["nobody_has_it"]) == []


@pytest.mark.parametrize("wrapped", ["{}", "text\n{}\ntext", "- item\n\n{}", "> {}", "1. {}"])
@pytest.mark.parametrize("padding", ["", PADDING])
def test_tables_wherever_they_stand(wrapped, padding):
    lines = TABLE.strip().split("\n")
    between = {"> {}": "\n> ", "1. {}": "\n   "}.get(wrapped, "\n")
    assert data(padding + wrapped.format(between.join(lines)).replace("\ntext", "\n\ntext")) == data(TABLE)
    assert data(f"{padding}```\n{TABLE}```") == []
    assert data(f"{padding}{TABLE}\n\n{TABLE}\n{TABLE}") == data(TABLE) * 3


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("plain", "plain"),
        ("**bold** _and_ ~~gone~~", "bold and gone"),
        ("`code`", "code"),
        (r"a \| b", "a | b"),
        (r"`a \| b`", "a | b"),
        ('[a link](https://example.com "x") & <https://b.example>', "a link & https://b.example"),
        ("[a][ref] [b][none]", "a [b][none]"),
        ("![alt *text*](x.png)", "alt text"),
        ("one<br>two<BR />three", "one\ntwo\nthree"),
        ("H<sub>2</sub>O <b class='x'>b</b>", "H2O b"),
        ("list<int>", "list<int>"),
        ("&lt;a&gt; &amp; &eacute;", "<a> & é"),
        (r"\*no\* stars", "*no* stars"),
        ("$x_i$ * 2", "$x_i$ * 2"),
        ("12%", "12%"),
        ("$5", "$5"),
        ("007", "007"),
        ("2026-01-31", "2026-01-31"),
    ],
)
def test_cells_are_their_words(cell, text):
    assert data(f"| a |\n|---|\n| {cell} |\n\n[ref]: x") == [{"a": [text]}]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "-2", "+3", "0"], [1, -2, 3, 0]),
        (["1,234", "12,345,678"], [1_234, 12_345_678]),
        (["1.5", "2", ".5", "-0.25"], [1.5, 2.0, 0.5, -0.25]),
        (["1e3", "1.5E-3"], [1_000.0, 0.0015]),
        (["\u22125", "**7**", "`8`"], [-5, 7, 8]),
        (["1", "-", "", "n/a", "N/A", "\u2014", "NaN", "None"], [1, *[None] * 7]),
        (["1.5", "-"], [1.5, None]),
        (["", "-"], ["", "-"]),
        (["1", "x"], ["1", "x"]),
        (["1", "12%"], ["1", "12%"]),
        (["007", "1"], ["007", "1"]),
        (["1,23", "1"], ["1,23", "1"]),
        (["12,34,567"], ["12,34,567"]),
        (["1 000"], ["1 000"]),
        (["1_000"], ["1_000"]),
        (["9007199254740993"], ["9007199254740993"]),
        (["9007199254740991"], [9007199254740991]),
        (["1" * 5_000], ["1" * 5_000]),
        (["1e999"], ["1e999"]),
        (["inf"], ["inf"]),
        (["."], ["."]),
        (["\u0661"], ["\u0661"]),
    ],
)
def test_columns_of_numbers(cells, values):
    (table,) = tables("| a | b |\n|--|--|\n" + "\n".join(f"| {cell} | x |" for cell in cells), ["polars"])
    assert table["a"].to_list() == values


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("a | b\n-|-\n1 | 2", [{"a": [1], "b": [2]}]),
        ("|a|b|\n|-|-|\n|1|\n|1|2|3|\n", [{"a": [1, 1], "b": [None, 2]}]),
        ("|a|a||a_2|\n|-|-|-|-|\n|w|x|y|z|", [{"a": ["w"], "a_2": ["x"], "column 3": ["y"], "a_2_2": ["z"]}]),
        ("|a|\n|-|", [{"a": []}]),
        ("|a|b|\n|-|", []),
        ("|a|b|\n|x|-|", []),
        ("a\n-|-", []),
        ("|a|b|\n\n|-|-|", []),
        (r"a \| b" + "\n-|-\nx|y", []),
    ],
)
def test_shapes_of_tables(markdown, found):
    assert data(markdown) == found


@pytest.mark.parametrize(
    ("rows", "pandas", "polars"),
    [
        ([], {}, {}),
        ([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], {"a": [1, 2], "b": ["x", "y"]}, None),
        ([{"a": 1}, {"a": "x"}], {"a": [1, "x"]}, {"a": ["1", "x"]}),
        ([{"a": [1, 2]}, {"a": []}], {"a": [[1, 2], []]}, None),
        ([{"a": 10**30}], {"a": [10**30]}, None),
    ],
)
def test_frames(rows, pandas, polars):
    assert frame(rows).to_dict("list") == pandas
    assert frame(rows, ["polars"]).to_dict(as_series=False) == (pandas if polars is None else polars)


def test_a_frame_of_records_that_differ():
    rows = [{"a": 1}, {"b": "x"}]
    pd.testing.assert_frame_equal(frame(rows), pd.DataFrame(rows), check_dtype=False)
    assert frame(rows, ["polars"]).rows() == [(1, None), (None, "x")]


PIECES = (
    *("> ", "- ", "1. ", "    ", "|", "-", "|-|-|\n", "|a|b|\n", "\n", "\n\n", "```", "~~~", "`", "[", "](", "![", "*"),
    *("<", ">", "\\", "&", "a", "<!--", "\t", "\0", "\r", "é", "\u2028", "\ud800", "[a]: b\n", "<br>", "{", "=", "#"),
    *("1", ","),
)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@example("|a|\n|-|\n|\ud800|")
def test_any_answer_is_read(markdown):
    for text in (markdown, PADDING + markdown):
        assert all(isinstance(block.code, str) for block in code_blocks(text))
        assert all(len(table.columns) >= 1 for table in tables(text, ["pandas"]))
        code(text)


@given(
    st.lists(st.lists(st.text("abc |\\`*[]", min_size=1, max_size=6), min_size=2, max_size=4), min_size=1, max_size=4)
)
def test_tables_have_the_cells_of_the_parser(rows):
    """Our own cells are markdown-it's, whose rule is not used for what it does with short rows."""
    width = len(rows[0])
    markdown = "\n".join(["|" + "x|" * width, "|" + "-|" * width, *("|" + "|".join(row) + "|" for row in rows)])
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    cells = [token.content for token in tokens if token.type == "inline"]
    grids = list(extracts._grids([markdown.split("\n")]))
    if tokens[0].type == "table_open" and len(grids[0]) * width == len(cells):
        assert [cell for row in grids[0] for cell in row] == cells


def repeated(piece: str, length: int = 200_000) -> str:
    return (piece * (length // len(piece) + 1))[:length]


WIDE = "|a" * 256 + "|\n" + "|-" * 256 + "|\n" + "x\n" * 256 + "\n"
HOSTILE = {
    "quotes": repeated(">"),
    "quotes apart": repeated("> "),
    "items": repeated("- "),
    "numbers": repeated("1. "),
    "quotes and items": repeated("> - "),
    "lines of items": repeated("- a\n"),
    "lines of nested items": repeated("- " * 9 + "a\n"),
    "lazy lines": ">" * 19 + " a\n" + repeated("b\n"),
    "lazy lines of quotes and items": "> - " * 6 + " a\n" + repeated("b\n"),
    "lines that are looked at again and again": repeated("\n`![\n>- "),
    "stairs": "\n".join(" " * (2 * depth) + "- a" for depth in range(440)),
    "pipes": repeated("|"),
    "a wide table": repeated("|a")[:100_000] + "\n" + repeated("|-")[:100_000],
    "short rows": repeated(WIDE),
    "many tables": repeated("|a|b|\n|-|-|\n|1|2|\n\n"),
    "delimiters": repeated("|-|-|\n"),
    "escaped pipes": "|a|b|\n|-|-|\n|" + repeated("\\|"),
    "brackets in cells": "|a|b|\n|-|-|\n" + repeated("|" + "![" * 900 + "|[|\n"),
    "stars in cells": "|a|b|\n|-|-|\n" + repeated("|*a|`b|\n"),
    "one name": repeated("|a")[:1_998] + "|\n" + repeated("|-")[:1_998] + "|\n",
    "fences": repeated("```\n"),
    "longer and longer fences": "\n".join("`" * length for length in range(3, 630)),
    "no fence": repeated("`") + "x`",
    "spaces": "a|b\n|-" + repeated(" ") + "x\n",
    "dashes": "a|b\n|" + repeated("-") + "x\n",
    "an opener's words": "```" + repeated("{,:"),
    "definitions": repeated("[a]: b\n"),
    "open brackets": repeated("["),
    "html": repeated("<!--\n"),
    "nothing": repeated("\n"),
}


@pytest.mark.parametrize("length", [extracts.LONGEST, 200_000])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_takes_no_longer_than_its_length_warrants(name, length):
    """About a second on a machine that does nothing else, for the worst; the bound is wide for one that does."""
    markdown = HOSTILE[name][:length]
    began = time.process_time()
    code_blocks(markdown)
    tables(markdown)
    assert time.process_time() - began < 6


def test_what_no_table_can_be():
    assert len(tables("|a|b|\n|-|-|\n|1|2|\n\n" * 300)) == extracts.MOST_TABLES
    assert tables("|a" * 1_001 + "|\n" + "|-" * 1_001 + "|\n") == []
    assert sum(table.size for table in tables(repeated(WIDE))) < 15_000
