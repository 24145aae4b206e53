"""The same answers in Notebook 7, as a widget, in the dark, by keyboard alone, and for a screen reader."""

import re
from collections.abc import Callable, Iterator

import pytest
from browsing import SCREENSHOTS, Notebook, Server, opened, serve
from playwright.sync_api import Page, expect
from support import KEY

from fastmode_magic.simulator import Scenario, Simulator
from fastmode_magic.views.protocol import ANSWER_MIME

Open = Callable[..., Notebook]
FAST = "%%claude --fast\nExplain groupby."


@pytest.fixture(scope="module")
def notebook7(installed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = serve(tmp_path_factory.mktemp("notebook7"), app="notebook", python=installed, ANTHROPIC_API_KEY=KEY)
    server.path = "notebooks"
    yield server
    server.stop()


def test_notebook_7(notebook7: Server, simulator: Simulator, open_page: Callable[..., Page]) -> None:
    simulator.script(Scenario(tokens=600, rate=200))
    page = opened(notebook7, simulator, open_page(), "seven", FAST)
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text("Practice answer")
    page.answer(1).get_by_role("button", name="Stop").click()
    page.done(1)
    expect(page.answer(1)).to_contain_text("interrupted")
    expect(page.status_item).to_contain_text(re.compile(r"tok/s.*\$0"))
    page.status_item.get_by_role("button").click()
    expect(page.page.locator(".fm-lab-popover").get_by_role("meter")).to_have_count(2)
    page.page.screenshot(path=SCREENSHOTS / "notebook7.png")
    assert page.errors == []


class TestWidget:
    """JupyterLab with the widgets' extension and without ours."""

    def test_it_streams_and_leaves_a_document(
        self, widget_lab: Server, simulator: Simulator, open_page: Callable[..., Page]
    ) -> None:
        simulator.script(Scenario(tokens=700, rate=200))
        page = opened(widget_lab, simulator, open_page(), "widget", "%config FastMode.display = 'widget'", FAST)
        page.run(1)
        page.run(2, wait=False)
        view = page.cells.nth(2).locator(".fm-answer")
        expect(view).to_contain_text("Practice answer")
        expect(view).to_contain_text("fast quota")
        expect(view.locator(".katex").first).to_be_visible()  # the kernel pushed what renders it
        page.done(2)
        expect(view).to_have_count(0)
        expect(page.cells.nth(2).locator(".jp-RenderedMarkdown")).to_contain_text("700 out")
        [output] = page.save().cells[2].outputs
        assert set(output["data"]) == {ANSWER_MIME, "text/markdown", "text/plain"}
        assert page.requests_elsewhere() == []

    def test_stop(self, widget_lab: Server, simulator: Simulator, open_page: Callable[..., Page]) -> None:
        simulator.script(Scenario(tokens=2_000, rate=100))
        page = opened(widget_lab, simulator, open_page(), "stop", "%config FastMode.display = 'widget'", FAST)
        page.run(1)
        page.run(2, wait=False)
        page.cells.nth(2).locator(".fm-answer").get_by_role("button", name="Stop").click()
        page.done(2)
        expect(page.cells.nth(2)).to_contain_text("You stopped the answer.")

    @pytest.fixture
    def widget_lab(self, lab_without_ours: Server) -> Server:
        return lab_without_ours


def test_every_theme_is_readable(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=700, thinking=60))
    page = notebook("%%claude --fast --thinking summary\nExplain groupby.", "%fastmode status")
    page.run(1)
    page.run(2)
    expect(page.answer(1)).to_contain_text("tok/s")
    SCREENSHOTS.mkdir(exist_ok=True)
    for theme in ("JupyterLab Dark", "JupyterLab Dark High Contrast", "JupyterLab Light"):  # the last one stays
        page.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            theme,
        )
        expect(page.page.locator(f"body[data-jp-theme-name='{theme}']")).to_be_attached()
        page.page.screenshot(path=SCREENSHOTS / f"{theme}.png")
        contrasts = page.answer(1).evaluate(CONTRASTS)
        assert len(contrasts) > 20
        assert [(theme, found) for found in contrasts if found["ratio"] < 4.5] == []


# The contrast of every text against what is painted behind it.
CONTRASTS = """root => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
    const behind = (node) => {
        const layers = [];
        for (let one = node; one; one = one.parentElement) layers.push(rgba(getComputedStyle(one).backgroundColor));
        return layers.reverse().reduce((below, above) => over(above, below), [255, 255, 255, 1]);
    };
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        const unseen = !node.checkVisibility() || node.closest(".katex-mathml, .fm-unseen");
        if (!walker.currentNode.data.trim() || unseen) continue;
        const back = behind(node);
        const [a, b] = [light(over(rgba(getComputedStyle(node).color), back)), light(back)].sort((x, y) => y - x);
        found.push({ text: walker.currentNode.data.slice(0, 40), ratio: (a + 0.05) / (b + 0.05) });
    }
    return found;
}"""


def test_keyboard_alone(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=2_000, rate=100), Scenario(tokens=700))
    page = notebook(FAST, "1 + 1")
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text("Practice answer")
    stop = page.answer(1).get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    stop.focus()
    outline = stop.evaluate(
        "node => { node.blur(); node.focus({ focusVisible: true }); return getComputedStyle(node).outlineStyle; }"
    )
    assert outline != "none"
    page.page.keyboard.press("Enter")
    page.done(1)
    expect(page.answer(1).get_by_role("button", name="Copy answer")).to_be_focused()  # not lost with the Stop button
    page.run(1)
    page.answer(1).get_by_role("button", name="Copy answer").focus()
    reached = []
    for _ in range(3):
        page.page.keyboard.press("Tab")
        focused = "document.activeElement"
        reached.append(page.page.evaluate(f"() => {focused}.closest('.fm-answer') && {focused}.textContent"))
    assert "Insert below" in reached


def test_a_screen_reader_hears_of_changes_and_not_of_tokens(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=500, rate=150))
    page = notebook(FAST)
    page.page.evaluate(
        """() => {
            window.__heard = [];
            new MutationObserver((changes) => {
                for (const { target } of changes) {
                    const region = (target.nodeType === 1 ? target : target.parentElement)?.closest("[aria-live]");
                    if (region && region.textContent && window.__heard.at(-1) !== region.textContent)
                        window.__heard.push(region.textContent);
                }
            }).observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    page.run(1, wait=False)
    expect(page.answer(1).get_by_role("region", name="Answer from claude-opus-5-5")).to_be_visible()
    assert page.answer(1).locator(".fm-text[aria-busy='true']").count() == 1
    page.done(1)
    expect(page.answer(1).locator(".fm-text[aria-busy='false']").first).to_be_attached()
    page.page.wait_for_timeout(4_000)  # the last announcement is held back for a moment
    heard = [words for words in page.page.evaluate("() => window.__heard") if "nswer" in words]
    assert 1 <= len(heard) <= 4, heard
    assert "finished" in heard[-1]


def test_reduced_motion_stops_what_moves(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=800, rate=150))
    page = notebook(FAST, reduced_motion="reduce")
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text("Practice answer")
    moving = page.answer(1).evaluate(
        "root => root.getAnimations({ subtree: true }).filter((one) => one.playState === 'running').length"
    )
    assert moving == 0
    page.interrupt()


def test_narrow_and_wide(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=700))
    page = notebook(FAST)
    page.run(1)
    page.command("application:toggle-left-area")
    for width in (420, 700, 1600):
        page.page.set_viewport_size({"width": width, "height": 900})
        page.page.wait_for_timeout(300)
        spill = page.answer(1).evaluate("root => root.scrollWidth - root.clientWidth")
        assert spill <= 1  # code and tables scroll by themselves
