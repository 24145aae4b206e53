"""The answer of the page's benchmark: Markdown as models write it, in sections of some 250 tokens."""

TOKENS_A_SECTION = 250
END = "the-last-words"


def lesson(sections: int) -> str:
    """A text of `sections` sections with prose, lists, a table, code and a formula each; it ends with END."""
    return "\n\n".join(_section(number) for number in range(1, sections + 1)) + f"\n\nThese were {END}."


def _section(n: int) -> str:
    return f"""## {n}. Grouping by key number {n}

When a column `key_{n}` holds **missing values**, `groupby` drops those rows by default, and the totals no longer add
up. That is *rarely* what you want: check the number of rows before and after, and say `dropna=False` where it matters.

- first, count the rows: `len(df)` is {n * 1000:,}
- then compare the sums, with a tolerance of $10^{{-{n % 9 + 1}}}$
  - of the whole table
  - of the groups, as in $\\sum_{{i=1}}^{{{n}}} x_i$
- last, look at the group that is missing

| group | rows | mean | share |
|:---|---:|---:|---:|
| a | {n * 11} | {n * 1.5:.2f} | {n % 7 + 20} % |
| b | {n * 7} | {n * 2.25:.2f} | {n % 5 + 30} % |
| *missing* | {n} | {n / 3:.2f} | {n % 3 + 1} % |

```python
def total_{n}(frame: pd.DataFrame) -> float:
    grouped = frame.groupby("key_{n}", dropna=False)["value"].sum()
    assert grouped.sum() == frame["value"].sum(), "rows were lost"
    return float(grouped.loc["a"])  # section {n}
```

$$
\\bar{{x}}_{{{n}}} = \\frac{{1}}{{n}} \\sum_{{i=1}}^{{n}} x_i
$$"""
