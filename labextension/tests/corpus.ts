/** Answers as models write them, and a long one like those that fast mode is for. */

const fence = "```";

export const CORPUS: Record<string, string> = {
  "first steps": `# Grouping rows

Use \`groupby\` to **split** the frame, *apply* a function and combine:

${fence}python
import pandas as pd

totals = df.groupby("city", as_index=False)["sales"].sum()  # one row per city
print(totals.head())
${fence}

The result has one row per city. See the [user guide](https://pandas.pydata.org/docs/user_guide/groupby.html).
`,
  "nested lists with code": `Here is the plan:

1. **Load** the data

   ${fence}python
   df = pd.read_csv("data.csv")

   df.info()
   ${fence}

   - check the types
   - check the missing values
     - drop them, or
     - fill them
2. **Fit** a model

   Use ridge regression:

   ${fence}py
   model = Ridge(alpha=1.0).fit(X, y)
   ${fence}
3. Look at the residuals

That is all.
`,
  tables: `Compare them:

| Method | Time | Memory | Notes |
|:-------|-----:|:------:|-------|
| \`loc\` | 12 ms | low | **label** based |
| \`iloc\` | 9 ms | low | position based |
| \`query\` | 31 ms | medium | a string with \\| in it |

Afterwards:

a | b
--|--
1 | 2

Done.
`,
  "task lists": `## To do

- [x] read the file
- [ ] plot it
  - [ ] axes
  - [x] legend
- [ ] publish

* [ ] loose

* [x] ones
`,
  quotes: `> **Note:** this changes the index.
> It is on two lines
and a lazy one.

> > nested
> > quote
>
> - with a list
> - of two

After it.
`,
  headings: `Title
=====

Intro text under it.

Section
-------

### Third ###
#### Fourth
Text right after a heading.
***
More after a rule
`,
  mathematics: `The normal equations are $X^\\top X \\beta = X^\\top y$, so

$$
\\hat\\beta = (X^\\top X)^{-1} X^\\top y
$$

and inline again: \\(a_1 + b_2 = c_3\\), \\[ \\int_0^1 x^2\\,dx = \\tfrac13 \\] or $$e^{i\\pi} + 1 = 0$$ here.

It costs $5 and not $6, or 10$ in the end.

1. first

   $$
   \\sum_{i=1}^n i = \\frac{n(n+1)}{2}
   $$

2. second with $x*y*z$ and *emphasis $a*b$ here*
`,
  "long code": `A whole module:

${fence}typescript
export class Queue<T> {
  private items: T[] = [];

  /** Adds one. */
  push(item: T): void {
    this.items.push(item); // at the end
  }
${Array.from({ length: 40 }, (_, at) => `\n  method${at}(value = ${at}): string {\n    return \`\${value} of ${at}\`;\n  }`).join("\n")}
}
${fence}

~~~~bash
echo "tilde fences"
~~~
still code
~~~~

    indented code

    goes on

End.
`,
  "emphasis in many scripts": `**日本語**の*強調*です。**太字「引用」**と続く。

Emoji 👩‍👩‍👧‍👦 **bold 🎉** and ~~gone 😀~~, a_snake_case_name, 2*3*4, **nested *emphasis* here**, ***both***.

“Quotes” — dashes… &amp; entities &lt;tag&gt; &copy; &#x1F600; and \\*escaped\\*.

Ends with two spaces  
and breaks, or with a backslash\\
and breaks.
`,
  links: `See [the docs][docs], [docs] or [Docs][], and <https://example.org/a?b=c&d=e>, https://example.com/path_(x).

Write to <someone@example.org> or www.example.org.

[docs]: https://docs.example.org "The docs"

An array: arr[0][1], and [not a reference]. ![a picture](https://example.org/p.png)
`,
  "steps without blank lines": `Do this:
- one
- two
${fence}sh
ls -la
${fence}
Then:
1. first
2. second
   more of it
### A heading
| x | y |
|---|---|
| 1 | 2 |
Closing words.
`,
  "loose talk": `Sure! Here's what I'd do.

First, look at \`df.dtypes\`. If a column is \`object\`, it may hold *mixed* types:

* numbers,
* strings, and

  a second paragraph in the item

* dates.

---

Then run \`df.convert_dtypes()\`. **Important:** this returns a copy.

1) One
2) Two

10. Ten
11. Eleven
`,
};

/** A long answer of so many sections: headings, lists, tables, code and formulas, about 1 kB each. */
export function longAnswer(sections: number): string {
  return Array.from({ length: sections }, (_, at) => section(at + 1)).join("\n");
}

function section(n: number): string {
  return `## ${n}. Estimating group means

The estimator for group **${n}** pools its ${n * 7} observations with *all the others*, so that small groups borrow
strength; with a prior variance of $\\tau^2 = ${n}.5$ the shrinkage is $B_{${n}} = \\frac{\\sigma^2}{\\sigma^2 + ${n}\\tau^2}$.

- compute the raw mean of each group with \`groupby("g${n}")\`
- estimate the **within** and the *between* variance
  - by moments, or
  - by maximum likelihood, see [the notes](https://example.org/notes/${n})
- shrink, and check the residuals

| group | n | raw mean | shrunk |
|:------|--:|---------:|-------:|
| a${n} | ${n * 3} | ${n}.21 | ${n}.18 |
| b${n} | ${n * 5} | ${n}.74 | ${n}.70 |

${fence}python
def shrink(frame, column="y${n}", tau2=${n}.5):
    """Shrink the group means of one column."""
    stats = frame.groupby("g${n}")[column].agg(["mean", "var", "size"])
    weight = tau2 / (tau2 + stats["var"] / stats["size"])  # towards 1 for large groups
    return weight * stats["mean"] + (1 - weight) * frame[column].mean()
${fence}

$$
\\hat\\theta_{${n}} = B_{${n}}\\,\\bar y + (1 - B_{${n}})\\,\\bar y_{${n}}
$$
`;
}
