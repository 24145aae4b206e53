"""Hostile answers in a real page: nothing runs, nothing is fetched, the page stays usable."""

from collections.abc import Callable, Iterator

import pytest
from attacks import ATTACKS, LARGE
from browsing import VIEWPORT, Notebook, Server, opened
from playwright.sync_api import Browser, Page, expect

from fastmode_magic.simulator import Scenario, Simulator

MORE = [
    "<img src=http://evil.example/x onerror=alert(1)>",
    "![x](http://evil.example/leak)",
    "[x][y]\n\n![z][y]\n\n[y]: http://evil.example/leak",
    "<script>alert(2)</script>\n\n<svg onload=alert(3)><script>alert(4)</script></svg>",
    "<style>body{display:none}*{background:url(http://evil.example/css)}</style>",
    "<iframe src=http://evil.example></iframe><object data=http://evil.example></object><embed src=http://evil.example>",
    "<base href=http://evil.example/><meta http-equiv=refresh content='0;url=http://evil.example/'>",
    "<form action=http://evil.example><button>go</button></form><link rel=stylesheet href=http://evil.example/css>",
    "<math><maction actiontype=statusline href=javascript:alert(5)>x</maction></math>",
    "<video src=http://evil.example/v></video><audio src=http://evil.example/a autoplay></audio>",
    r"$\href{javascript:alert(6)}{x}$ $\url{http://evil.example}$ $\includegraphics{http://evil.example/i}$",
    r"$$\htmlStyle{background:url(http://evil.example/s)}{x} \htmlData{a=b}{x} \class{evil}{x}$$",
    r"$\def\a{\a\a}\a$ $\rule{100000em}{100000em}$",
    "\x1b[2J\x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \u202etxt.exe\u2066",
    "```html\n<img src=http://evil.example/code onerror=alert(7)>\n```",
    "```mermaid\ngraph TD; A-->B; click A call alert(8)\n```",
]
HOSTILE = [text.replace("evil.example", "127.0.0.1:9") for text in [*ATTACKS, *MORE]]
# beyond what a model may answer
WHOLE = "import fastmode_magic\nfastmode_magic.Answer(open('large.txt').read())"
# Everything in an answer that is not what Markdown is made of; formulas have more elements, but no way to act.
BAD = """(selector) => {
    const bad = [];
    const active = ["script", "iframe", "form", "object", "embed", "base", "meta", "link", "video", "audio", "style"];
    const roots = [...document.querySelectorAll(selector)];
    for (const root of roots) for (const node of root.querySelectorAll("*")) {
        const math = node.closest(".katex, mjx-container, .MathJax, .fm-math");
        const ours = node.closest(".fm-answer > header, .fm-answer > footer, .fm-answer button, .fm-lab-answer svg");
        const name = node.localName;
        if (active.includes(name))
            bad.push(node.outerHTML.slice(0, 200));
        if (name === "img" && !/^data:image\\/(png|jpeg|gif|webp);base64,/.test(node.getAttribute("src")))
            bad.push(node.outerHTML.slice(0, 200));
        if (name === "svg" && !math && !ours) bad.push(node.outerHTML.slice(0, 200));
        for (const { name: attribute, value } of node.attributes) {
            if (/^on/i.test(attribute)) bad.push(node.outerHTML.slice(0, 200));
            const leads = /^(href|src|action|formaction|xlink:href|data|poster|srcset)$/i.test(attribute);
            if (leads && !/^(https?:|mailto:|#|data:image\\/(png|jpeg|gif|webp);)/i.test(value))
                bad.push(node.outerHTML.slice(0, 200));
            if (attribute === "style" && /url\\(|expression|@import/i.test(value))
                bad.push(node.outerHTML.slice(0, 200));
        }
    }
    return [roots.length, bad];
}"""


def judge(page: Notebook, selector: str, answers: int) -> None:
    """Nothing of what was shown may be anything but text and structure, and nothing may have left the page."""
    roots, bad = page.page.evaluate(BAD, selector)
    assert roots >= answers
    assert bad == []
    assert page.requests_elsewhere() == []
    assert [error for error in page.errors if "dialog" in error or "127.0.0.1:9/" in error] == []


def at_once(text: str) -> Scenario:
    """An answer that comes as fast as the line allows."""
    return Scenario(text=text, first_byte_s=0, rate=0)


def ask_all(simulator: Simulator, texts: list[str]) -> list[str]:
    """Cells that get every text as an answer of its own; JupyterLab shows fifty outputs of a cell."""
    simulator.script(*(at_once(text) for text in texts))
    ask = "for n in range({}):\n    answer = get_ipython().run_line_magic('claude', f'--fast 2+2? {{n}}')"
    return [ask.format(len(texts[at : at + 40])) for at in range(0, len(texts), 40)]


def test_our_view(notebook: Callable[..., Notebook], simulator: Simulator) -> None:
    page = notebook(*ask_all(simulator, HOSTILE))
    for cell in range(1, page.cells.count()):
        page.run(cell, timeout_s=60)
    expect(page.page.locator(".fm-lab-answer")).to_have_count(len(HOSTILE))
    judge(page, ".fm-lab-answer", len(HOSTILE))


def test_jupyterlabs_own_markdown_of_what_stays(
    plain_lab: Server, simulator: Simulator, open_page: Callable[..., Page]
) -> None:
    page = opened(plain_lab, simulator, open_page(), "hostile", *ask_all(simulator, HOSTILE))
    for cell in range(1, page.cells.count()):
        page.run(cell, timeout_s=60)
    expect(page.page.locator(".jp-RenderedMarkdown")).to_have_count(len(HOSTILE))
    judge(page, ".jp-RenderedMarkdown", len(HOSTILE))


@pytest.fixture(scope="module")
def large(
    request: pytest.FixtureRequest, browser: Browser, lab: Server, plain_lab: Server
) -> Iterator[tuple[Notebook, Simulator, str]]:
    """A notebook for one large answer after another, with our view or with JupyterLab's own Markdown, and which."""
    cells = ("%%claude --fast --max-tokens max\n2+2?", WHOLE, "40 + 2")
    server, view = (lab, ".fm-lab-answer") if request.param else (plain_lab, ".jp-RenderedMarkdown")
    with Simulator() as simulator, browser.new_context(viewport=VIEWPORT) as context:
        yield opened(server, simulator, context.new_page(), f"large {request.param}", *cells), simulator, view


@pytest.mark.parametrize("large", [True, False], ids=["our view", "Markdown"], indirect=True)
@pytest.mark.parametrize("name", LARGE)
def test_the_page_stays_usable(name: str, large: tuple[Notebook, Simulator, str]) -> None:
    page, simulator, view = large
    simulator.script(at_once(LARGE[name]))
    (page.server.folder / "large.txt").write_text(LARGE[name])
    page.command("notebook:clear-all-cell-outputs")
    page.run(1, timeout_s=60)
    shown = page.cells.nth(1).locator(view)
    expect(shown).to_contain_text("tok/s", timeout=30_000)
    page.run(2, timeout_s=60)
    page.run(3, timeout_s=30)
    expect(page.cells.nth(3)).to_contain_text("42", timeout=30_000)
