"""Untrusted Markdown is inert in every renderer we can reach from Python, and honest Markdown still looks right."""

import html
import re
import time
from html.parser import HTMLParser

import pytest
from attacks import ATTACKS, LARGE, X
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import InvalidNotebook, markdown2html_mistune

from fastmode_magic.views.safe import inline_text, safe_markdown, terminal_text

TAGS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre", "code"}
TAGS |= {"em", "strong", "del", "s", "a", "img", "hr", "br", "table", "thead", "tbody", "tr", "th", "td", "input"}
TAGS |= {"div", "span"}  # nbconvert's highlighting
ATTRIBUTES = {"href", "title", "src", "alt", "class", "id", "start", "type", "checked", "disabled", "style", "align"}
ALIGNED = re.compile(r"text-align: ?(?:left|right|center);?")
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")


class Harm(HTMLParser):
    """What a page contains that no answer may put there."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"<{tag}>")
        if tag == "input" and dict(attrs).get("type") != "checkbox":
            self.found.append(f"<input {attrs}>")
        self.found += [f"{tag} {name}={value}" for name, value in attrs if not harmless(tag, name, value or "")]

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"<![{data}")


def harmless(tag: str, name: str, value: str) -> bool:
    match name:
        case "src":
            return tag == "img" and PICTURE.fullmatch(value) is not None
        case "href":
            scheme = re.match(r"([a-z][a-z0-9+.-]*):", re.sub(r"[\x00-\x20]", "", value), re.IGNORECASE)
            return tag == "a" and (scheme is None or scheme[1].lower() in {"http", "https", "mailto"})
        case "style":
            return tag in {"td", "th"} and ALIGNED.fullmatch(value) is not None
        case "class":
            return not {"mermaid", "jp-Mermaid", "language-mermaid"} & set(value.split())
    return name in ATTRIBUTES


MATHSPLIT = re.compile(
    r"(\$\$?|\\(?:begin|end)\{[a-z]*\*?\}|\\[{}$]|[{}]|(?:\n\s*)+|@@\d+@@|\\\\[()\[\]])", re.IGNORECASE
)
JL_FENCE = re.compile(r"^(?P<fence>`{3,}|(~T){3,})[^`\n]*\n([\s\S]*?)^(?P=fence)`*$", re.MULTILINE)
JL_SPAN = re.compile(r"(^|[^\\])(`+)([^\n]*?[^`\n])\2(?!`)", re.MULTILINE)


def remove_math(text: str) -> tuple[str, list[str]]:  # noqa: PLR0912 - as JupyterLab has it
    """JupyterLab 4.6's removeMath, line for line (rendermime/src/latex.ts)."""
    coded = "`" in text or "~~~" in text
    if coded:
        text = text.replace("~", "~T")
        text = JL_FENCE.sub(lambda m: m[0].replace("$", "~D"), text)
        text = JL_SPAN.sub(lambda m: m[0].replace("$", "~D"), text)

    def plain(part: str) -> str:
        return re.sub(r"~([TD])", lambda m: "~" if m[1] == "T" else "$", part) if coded else part

    math: list[str] = []
    blocks = MATHSPLIT.split(text.replace("\r\n", "\n").replace("\r", "\n"))

    def process(i: int, j: int) -> None:
        block = "".join(blocks[i : j + 1])
        for char, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            block = block.replace(char, entity)
        for k in range(j, i, -1):
            blocks[k] = ""
        blocks[i] = f"@@{len(math)}@@"
        math.append(plain(block))

    start = last = None
    end = ""
    braces = 0
    i = 1
    while i < len(blocks):
        block = blocks[i]
        if block[0] == "@":
            blocks[i] = f"@@{len(math)}@@"
            math.append(block)
        elif start is not None:
            if block == end:
                if braces:
                    last = i
                else:
                    process(start, i)
                    start = last = None
            elif re.search(r"\n.*\n", block):
                if last is not None:
                    i = last
                    process(start, i)
                start = last = None
                braces = 0
            elif block == "{":
                braces += 1
            elif block == "}" and braces:
                braces -= 1
        elif block in {"$", "$$"} or block in {r"\\(", r"\\["} or block[1:6] == "begin":
            start, braces = i, 0
            end = {r"\\(": r"\\)", r"\\[": r"\\]"}.get(block, block if block[0] == "$" else r"\end" + block[6:])
        i += 2
    if start is not None and last is not None:
        process(start, last)
    return plain("".join(blocks)), math


def replace_math(page: str, math: list[str]) -> str:
    def put(found: re.Match[str]) -> str:
        group = math[int(found[1])]  # JupyterLab raises here too
        for left, right in ((r"\\(", r"\\)"), (r"\\[", r"\\]")):
            if group.startswith(left) and group.endswith(right):
                group = left[1:] + group[3:-3] + right[1:]
        return group

    return re.sub(r"@@(\d+)@@", put, page)


COMMONMARK = MarkdownIt("commonmark", {"html": True})
GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
for parser in (COMMONMARK, GFM):
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
HONEST = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def jupyterlab(text: str) -> str:
    stripped, math = remove_math(text)
    return replace_math(GFM.render(stripped), math)


RENDERERS = {
    "commonmark": COMMONMARK.render,
    "gfm": GFM.render,
    "nbconvert": markdown2html_mistune,
    "jupyterlab": jupyterlab,
}


def harm(text: str) -> list[str]:
    found = []
    for name, render in RENDERERS.items():
        judge = Harm()
        judge.feed(render(text))
        judge.close()
        found += [f"{name}: {what}" for what in judge.found]
    return found


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_an_attack_does_nothing(text: str) -> None:
    safe = safe_markdown(text)
    assert harm(safe) == []
    assert safe_markdown(safe) == safe


def test_the_judge_sees_the_attacks() -> None:
    """Most attacks are live before they are made safe: a judge that sees nothing would prove nothing."""
    live = 0
    for text in ATTACKS:
        try:
            live += bool(harm(text))
        except (IndexError, InvalidNotebook):  # the renderer itself falls over
            live += 1
    assert live > 0.7 * len(ATTACKS)
    assert harm("[a](/u) **b** `c`\n\n![p](data:image/png;base64,AAAA)\n\n|a|\n|:-:|\n|b|") == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("![plot](https://e.example/x.png)", "[image: plot](https://e.example/x.png)"),
        ("vec![1, 2]", "vec&#33;&#91;1, 2]"),
        ("see <https://e.example/a?b=c>.", "see https://e.example/a?b=c."),
        ("[a](<my file.md>)", "[a](my%20file.md)"),
        ("[a](javascript:alert(1))", "[a](#blocked-javascript:alert(1))"),
        ("[a](/api/contents) [b](//e.example/x)", "[a](#blocked-/api/contents) [b](#blocked-//e.example/x)"),
        ("[a](?reset) [b](x/%2E./lab)", "[a](#blocked-?reset) [b](#blocked-x/%2E./lab)"),
        ("[a](img/plot.png)", "[a](img/plot.png)"),
        (r"$\def\beta{x}\rule{9em}{9em}$", r"$\ def\beta{x}\ rule{9em}{9em}$"),
        (r"$\newcommand{\g}{x} \defeq$", r"$\ newcommand{\g}{x} \defeq$"),
        ("[a]: javascript:x", r"[a]\: javascript:x"),
        ("if x<y then <b>", "if x&lt;y then &lt;b>"),
        ("$a<b$ and $v![k](n)$", "$a< b$ and $v! [k] (n)$"),
        ("a < b && c > d, x <- 3", "a < b && c > d, x &lt;- 3"),
        ("$5 [a](b) and $6", "$5 [a](b) and $6"),
        ("a `` `x` ``", "a &#96;&#96; `x` &#96;&#96;"),
        ("``a<b``", "`a<b`"),
        ("[`<div>`](https://e.example)", "[`<div>`](https://e.example)"),
        ("`$x` and `<b>`", "`$x` and `<b>`"),
        ("$x$, `$y` and `<b>`", "$x$, `$y` and &#60;b&#62;"),
        ("```mermaid\nA-->B\n```", "```\nA-->B\n```"),
        ("``` python title=x\ny\n```", "```python\ny\n```"),
        ("~~~sh\na `````` b\n~~~", "```````sh\na `````` b\n```````"),
        ("a\n```\nb\n```\nc", "a\n\n```\nb\n```\n\nc"),
        ("> a\n> ```\n> b\n> ```", "> a\n\n> ```\n> b\n> ```"),
        ("text:\n$$\na<b\n$$\nmore", "text:\n\n$$\na< b\n$$\n\nmore"),
        ("term\n: meaning", "term\n\\: meaning"),
        ("a\x1b[31mb\u202ec\r\nd\re\ud800", "a[31mbc\nd\ne\ufffd"),
        ("", ""),
        ("`", "&#96;"),
        ("```", "```\n```"),
    ],
)
def test_what_each_hazard_becomes(text: str, safe: str) -> None:
    assert safe_markdown(text) == safe
    assert safe_markdown(safe) == safe


HONEST_TEXTS = [
    "# Title\n\nSome *emphasis*, **strong**, ~~gone~~, `code` and a [link](https://e.example/a_(b) 'title').",
    "Setext\n======\n\nSub\n---\n\n---\n\n***\n\nHard  \nbreak\\\nhere &amp; &nbsp; &copy; &lt;b&gt; AT&T \\* \\_",
    '- [ ] open\n- [x] done: see [a][r] and [r]\n\n[r]: https://e.example/x "title"',
    "1. one\n2. two\n   - nested\n     - deeper\n\n   text\n3. three\n\n+ a\n+ b",
    "| name | type | note |\n|:-----|:----:|-----:|\n| `a` | **b** | c \\| d |\n| $x$ | [l](#f) | 5 < 6 |",
    "> quote\n> with `code`\n>\n> > nested\n> > more\n\nafter",
    "Inline $a_1 + b^2$, $\\alpha \\le \\beta$, \\\\(x\\\\) and:\n\n$$\n\\int_0^1 f(x)\\,dx\n$$\n\nThat is $O(n)$.",
    "\\\\[\n\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}\n\\\\]\n\n\\begin{align}\nx &= 1\n\\end{align}",
    (
        "1. Install:\n\n   ```bash\n   pip install 'x[y]' && echo \"$HOME\"\n   ```\n\n2. Use:\n\n   ```python\n"
        "   def f(x: list[int]) -> int:\n\n       return x[0](1)\n   ```\n\nDone."
    ),
    '```html\n<script>alert("$x")</script>\n<img src=x onerror=alert(1)>\n![a](b) [c](javascript:d)\n```',
    "```jsx\nconst A = () => <div onClick={() => f(`t ${x}`)}>{'</div>'}</div>;\n```\n\n```cpp\nmap<int, T> v;\n```",
    "````markdown\n# nested\n```python\nx = 1\n```\n````",
    "```make\nall:\n\tcc -o $@ $<\n\n\n\ttrue\n```",
    "Use `<div>`, `std::vector<T>`, `a[0](x)`, `d[k]: v`, `![alt](src)`, `Promise<Array<string>>` and `</script>`.",
    "- **Generic**: `List<T>` keeps order\n- _Other_: `Map<K, V>` does not; `${name}` and `<Foo />` are JSX",
    "| code | is |\n|---|---|\n| `<b>` | bold |\n| `a < b` | less |",
    "It costs $5, or $10 for two; a@b.example, https://e.example/x?a=1&b=2#c and www.e.example.",
    "Emoji \U0001f600, 漢字, عربى, ñ, x ≤ y, 50 %, C:\\dir\\name, foo_bar, 2 * 3 * 4, #hash, @name, [1], (see [2]).",
    "![dot](data:image/png;base64,iVBORw0KGgo=)",
    'Text:\n\n> ```python\n> print("<b>")\n> ```\n\nafter',
    "Line one\nline two: with colon\n12:30 lunch\n\n* * *\n\n- - -",
    "Nested code in a list:\n\n- a\n  - b\n\n    ```sql\n    SELECT '<a>' FROM t;\n    ```\n\n  - c\n- d",
]
ANSWER = "\n\n".join(text for text in HONEST_TEXTS for _ in range(2)) + "\n"


@pytest.mark.parametrize("text", [*HONEST_TEXTS, ANSWER], ids=range(len(HONEST_TEXTS) + 1))
def test_an_honest_answer_is_not_changed(text: str) -> None:
    assert safe_markdown(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Text:\n```python\nif a<b:\n    pass\n```\n\nif a<b, then ``c|de`` and &lt;p>, d[k]: v",
        "> q\n> more\n\n~~~\nx\n~~~\n\n| a |\n|---|\n| b<c |",
        "1. a\n\n   ~~~python\n   <b>\n   ~~~\n2. b",
    ],
)
def test_what_is_changed_still_looks_the_same(text: str) -> None:
    assert HONEST.render(safe_markdown(text)) == HONEST.render(text)


EMPHATIC = [
    "- **a** b\n" * 300 + "- **a** b",
    "| a | b |\n|---|:-:|\n" + "| **a** | *b* |\n" * 299 + "| **a** | *b* |",
]


@pytest.mark.parametrize("text", EMPHATIC, ids=["list", "table"])
def test_much_emphasis_in_small_pieces_is_not_changed(text: str) -> None:
    assert safe_markdown(text) == text


def test_emphasis_that_takes_a_renderer_long_is_shown_as_signs() -> None:
    text = "*a_" * 200 + " `*x*`"
    assert HONEST.render(safe_markdown(text)) == f"<p>{'*a_' * 200} <code>*x*</code></p>\n"


def test_a_fence_without_empty_lines_still_shows_the_same_code() -> None:
    text = "1. a\n   ```python\n   if x:\n       <b>\n   ```\n2. b\n\n- c\n  ~~~\n  d\n  ~~~\n\nend"
    before, after = (
        [token.content for token in HONEST.parse(part) if token.type == "fence"] for part in (text, safe_markdown(text))
    )
    assert before == after == ["if x:\n    <b>\n", "d\n"]


def test_math_reaches_the_typesetter_whole() -> None:
    assert remove_math(safe_markdown("$a < b$, $[x](y)$"))[1] == ["$a &lt; b$", "$[x] (y)$"]
    formula = "$$\na_1 <b\n\\text{if } [c, d)\n$$"
    assert remove_math(safe_markdown(formula))[1] == [formula.replace("<", "&lt; ")]


@pytest.mark.parametrize(
    "macro", ["href{javascript:alert(1)}{x}", "require{a}", "htmlData{a=b}{x}", "includegraphics{a}"]
)
def test_a_macro_of_mathjax_or_katex_loses_its_name(macro: str) -> None:
    for text in (f"$\\{macro}$", f"$$\n\\\\{macro}\n$$", f"\\$&#92;{macro}\\$", f"a &#x5c;{macro} &bsol;{macro}"):
        shown = html.unescape(safe_markdown(text))
        assert not re.search(r"\\(?:href|require|htmlData|includegraphics)", shown)
    assert safe_markdown(r"$\hrefs \classical \urls$") == r"$\hrefs \classical \urls$"


FRAGMENTS = [
    *(X, "<script>", "<b>", "</a>", "<!--", "-->", "<", ">", "&lt;", "&#106;", "&colon;", "&#96;", "&"),
    *("`", "`", "``", "```", "````", "\n```\n", "\n```html\n", "\n~~~\n", "~~~", "~~", "~", "    ", "\t", "  "),
    *("$", "$", "$$", "\n$$\n", "\\begin{a}", "\\end{a}", "\\\\(", "\\\\)", "\\\\[", "\\\\]", "{", "}", "\\$"),
    *("|", "\n|-|-|\n", "\n| ", "\n> ", "> ", "\n- ", "- ", "\n1. ", "\n  ", "\n      ", "\n# ", "\n: ", "\n---\n"),
    *(
        "[x](",
        "javascript:alert(1)",
        ")",
        "![",
        "![x]",
        "[",
        "]",
        "(",
        "]: ",
        "[x]: ",
        "\n[x]: ",
        "[x]",
        "](",
        '"',
        "'",
    ),
    *(
        "\\",
        "\\\\",
        "@@0@@",
        "@@9@",
        "\\@",
        "@",
        "a",
        "b c",
        "*",
        "**",
        "_",
        "!",
        ":",
        "http://a.b/",
        "www.a.b",
        "ftp://a.b",
    ),
    *("\n", "\n", "\n\n", "\n \n", " ", " ", ".", "\u2028", "\x0b", "\xa0", "mermaid", "onmouseover=alert(1)"),
    "![x](data:image/png;base64,AAAA)",
]
HOSTILE = st.lists(st.sampled_from(FRAGMENTS), max_size=24).map("".join)


@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(HOSTILE)
def test_hostile_fragments_do_nothing_in_any_order(text: str) -> None:
    safe = safe_markdown(text)
    assert harm(safe) == []
    assert safe_markdown(safe) == safe
    for name, render in RENDERERS.items():
        assert "<p>STATUS</p>" in render(f"{safe}\n\nSTATUS"), name


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(st.text(max_size=60), st.integers(0, 60))
def test_any_text_can_be_shown_and_cut_anywhere(text: str, at: int) -> None:
    safe = safe_markdown(text)
    assert safe_markdown(safe) == safe
    assert terminal_text(text) == terminal_text(text[:at]) + terminal_text(text[at:])
    for shown in (safe, terminal_text(text), inline_text(text)):
        shown.encode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", shown)


def test_a_terminal_gets_only_text() -> None:
    assert terminal_text("a\r\n\tb\x1b]8;;x\x07\x9bc\x7f\u202e\u2067\u061c\ud83d") == "a\n\tb]8;;xc\ufffd"


def test_a_message_is_one_harmless_line() -> None:
    assert inline_text(" No\n\tsuch  model ") == "No such model"
    assert len(html.unescape(inline_text("<" * 1000))) == 300
    assert inline_text("a" * 1000, 10) == "a" * 9 + "…"
    for text in [*ATTACKS, "- a", "1. a", "2) a", "# a", "> a", "===", "+ a", "www.a.b", "a@b.example", "[a]: b"]:
        shown = inline_text(text)
        assert "\n" not in shown
        for render in RENDERERS.values():
            page = render(shown).strip()
            assert page.startswith("<p>")
            assert "<" not in page.removeprefix("<p>").removesuffix("</p>"), text


@pytest.mark.parametrize("text", ["2 models: a_b (c) 50% #1", "Error code 429: {'type': \"x\"}", r"C:\a\b <x> $5 `y`"])
def test_a_message_shows_what_it_says(text: str) -> None:
    assert html.unescape(inline_text(text)) == text


@pytest.mark.parametrize("name", LARGE)
def test_a_huge_answer_takes_linear_time(name: str) -> None:
    start = time.process_time()
    safe_markdown(LARGE[name])
    # about a second; a quadratic step would take minutes, so the bound can be wide for a busy machine
    assert time.process_time() - start < 15


def test_deep_nesting_is_cut() -> None:
    assert max(line.count(">") for line in safe_markdown("\n".join(">" * n for n in range(400))).split("\n")) <= 16
    assert len(safe_markdown("- " * 500 + "a")) < 50
    assert safe_markdown("[" * 500 + "]").count("[") <= 64
    assert safe_markdown(" " * 500 + "a").index("a") == 64
