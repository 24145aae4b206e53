"""What the lab extension adds around the answers: status bar, commands, highlighting, and its absence."""

import re
from collections.abc import Callable

from browsing import Notebook, Server, opened
from playwright.sync_api import Page, expect

from fastmode_magic.simulator import Refusal, Scenario, Simulator
from fastmode_magic.views.protocol import ANSWER_MIME, STATUS_MIME

Open = Callable[..., Notebook]
FAST = "%%claude --fast\nExplain groupby."
COOLING = re.compile(r"(?:cooling down,|cooldown) (\d+) s")


def test_the_status_bar_has_the_facts_of_the_notebook_in_front(notebook: Open, simulator: Simulator) -> None:
    page = notebook(FAST, "%fastmode status")
    expect(page.status_item).to_be_hidden()  # nothing to say yet
    page.run(1)
    expect(page.status_item).to_contain_text(re.compile(r"fast .*tok/s.*\$0\.\d+"))
    page.status_item.get_by_role("button").click()
    panel = page.page.locator(".fm-lab-popover")
    for words in ("tok/s", "first token", "$0.", "fast quota", "input", "output", "answers like this"):
        expect(panel).to_contain_text(words)
    expect(panel.get_by_role("meter")).to_have_count(2)
    page.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.status_item.get_by_role("button").click()
    expect(panel.locator(".fm-status")).to_have_count(1)
    page.status_item.get_by_role("button").click()
    expect(panel).to_be_hidden()


def test_views_of_the_status_agree_and_the_last_numbers_are_saved_and_outlive_the_kernel(notebook: Open) -> None:
    page = notebook("%fastmode status", FAST)
    page.run(1)
    page.run(2)
    shown = page.cells.nth(1).locator(".fm-lab-status")
    expect(shown).to_contain_text("tok/s")
    cost = re.search(r"\$0\.\d+", page.status_item.inner_text())[0]
    expect(shown).to_contain_text(cost)
    [saved] = page.save().cells[1].outputs
    assert cost in str(saved["data"][STATUS_MIME])
    assert cost in saved["data"]["text/markdown"]
    assert not any("widget" in mime for mime in saved["data"])
    page.restart_kernel()
    expect(shown).to_contain_text(cost)
    expect(shown).to_contain_text("as of")
    page.run(0)  # a new session is followed
    expect(shown).to_contain_text("fast mode off")
    expect(shown).not_to_contain_text("as of")


def test_a_second_view_of_the_notebook_shares_its_session(notebook: Open, simulator: Simulator) -> None:
    simulator.script(*[Scenario(tokens=300, rate=150)] * 2)
    page = notebook(FAST)
    page.command("docmanager:clone")
    expect(page.page.locator(".jp-NotebookPanel")).to_have_count(2)
    page.run(1, wait=False)
    answers = page.page.locator(".jp-NotebookPanel .fm-lab-answer")
    expect(answers.first).to_contain_text("Practice answer")
    expect(answers.nth(1)).to_contain_text("Practice answer")
    for answer in (answers.first, answers.nth(1)):
        expect(answer).to_contain_text("300 out")
    page.command("application:close", wait=False)
    expect(page.page.locator(".jp-NotebookPanel")).to_have_count(1)
    page.run(1, wait=False)
    expect(answers.first.get_by_role("button", name="Stop")).to_be_visible()
    expect(answers.first).to_contain_text("300 out")
    expect(page.status_item).to_contain_text("tok/s")


def test_quota_that_a_gateway_drops_is_unknown(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=100, gateway="dropped"))
    page = notebook(FAST, "%fastmode status")
    page.run(1)
    page.run(2)
    expect(page.cells.nth(2).locator(".fm-lab-status")).to_contain_text("unknown")


def test_a_cooldown_counts_down_in_every_view(notebook: Open, simulator: Simulator) -> None:
    refused = Refusal(429, "rate_limit_error", "x", retry_after=100, fast_headers="empty")
    simulator.script(Scenario(refuse=refused), Scenario(tokens=100))
    page = notebook(FAST, "%fastmode status")
    page.run(1)
    page.run(2)
    panel = page.cells.nth(2).locator(".fm-lab-status")
    for view in (panel, page.status_item):
        expect(view).to_contain_text(COOLING)
        first = COOLING.search(view.inner_text())[1]
        expect(view).not_to_contain_text(f" {first} s")
        assert int(COOLING.search(view.inner_text())[1]) < int(first)
    expect(panel).to_contain_text("fast quota is used up")


def test_claude_cells_are_highlighted_as_markdown_and_nothing_of_it_is_saved(notebook: Open) -> None:
    page = notebook("%%claude --fast\n**bold** words", "x = 1  # **not bold**")
    mimes = "() => [...window.jupyterapp.shell.currentWidget.content.widgets].map((cell) => cell.model.mimeType)"
    found = page.page.evaluate(mimes)
    assert found[1] == "text/x-ipythongfm"
    assert found[2] == "text/x-ipython"
    page.cells.nth(1).locator(".cm-content").click()
    page.page.keyboard.press("Control+Home")
    page.page.keyboard.type("# ")
    assert page.page.evaluate(mimes)[1] == "text/x-ipython"
    page.restart_kernel()
    assert page.page.evaluate(mimes)[1:] == ["text/x-ipython", "text/x-ipython"]
    assert "ipythongfm" not in str(page.save())


def test_commands(notebook: Open, simulator: Simulator) -> None:
    page = notebook(FAST)
    page.command("fastmode:toggle")
    expect(page.status_item).to_contain_text("fast")
    page.run(1)
    page.command("fastmode:insert-code")
    expect(page.cells.nth(2)).to_contain_text("import pandas as pd")
    page.cells.nth(1).locator(".cm-content").click()
    page.command("fastmode:other-speed")
    expect(page.cells.nth(2)).to_contain_text("%%claude --no-fast")
    expect(page.answer(2)).to_contain_text("standard")
    assert [one.body.get("speed") for one in simulator.requests if "count" not in one.path] == ["fast", None]


def test_the_stop_command_and_its_shortcut(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=2_000, rate=100))
    page = notebook(FAST)
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text("Practice")
    page.page.keyboard.press("Control+Alt+s")
    page.done(1)
    expect(page.answer(1)).to_contain_text("interrupted")


def test_tab_completes_flags(notebook: Open) -> None:
    page = notebook("%%claude --fall")
    page.cells.nth(1).locator(".cm-content").click()
    page.page.keyboard.press("Control+End")
    page.page.keyboard.press("Tab")
    expect(page.page.locator(".jp-Completer")).to_contain_text("--fallback")


def test_run_all_in_a_fresh_kernel_shows_our_view_at_once(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=500, rate=200))
    page = notebook(FAST)
    page.restart_kernel()
    page.command("notebook:run-all-cells", wait=False)
    expect(page.answer(1).get_by_role("button", name="Stop")).to_be_visible()
    expect(page.answer(1)).to_contain_text("500 out")
    expect(page.answer(1)).to_have_count(1)


def test_without_the_extension_auto_streams_markdown(
    plain_lab: Server, simulator: Simulator, open_page: Callable[..., Page]
) -> None:
    simulator.script(Scenario(tokens=400, rate=200))
    page = opened(plain_lab, simulator, open_page(), "auto", FAST, "%fastmode status")
    page.run(1, wait=False)
    output = page.cells.nth(1).locator(".jp-RenderedMarkdown")
    expect(output).to_contain_text("Practice answer")
    page.done(1)
    expect(output).to_contain_text("400 out")
    page.run(2)
    expect(page.cells.nth(2).locator(".jp-RenderedMarkdown")).to_contain_text("Fast mode is")
    assert page.cells.nth(1).locator(".jp-OutputArea-child").count() == 1
    assert "Error" not in page.cells.nth(1).inner_text()


def test_without_it_a_notebook_that_was_saved_with_it_shows_every_answer(
    plain_lab: Server, notebook: Open, simulator: Simulator, open_page: Callable[..., Page]
) -> None:
    page = notebook(FAST)
    page.run(1)
    page.save()
    (plain_lab.folder / "saved.ipynb").write_bytes((page.server.folder / page.name).read_bytes())
    other = Notebook(open_page(), plain_lab, "saved.ipynb").open()
    output = other.cells.nth(1).locator(".jp-RenderedMarkdown")
    for words in ("Practice answer", "fast · ", "tok/s", "first token", "$0."):
        expect(output).to_contain_text(words)


def test_an_answer_opened_later_has_its_badge_and_buttons(notebook: Open, open_page: Callable[..., Page]) -> None:
    page = notebook(FAST)
    page.run(1)
    page.save()
    page.end_kernel()
    page.page.close()
    page.page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.open()  # with a kernel that has never heard of us
    view = page.answer(1)
    expect(view).to_contain_text("tok/s")
    view.get_by_role("button", name="Copy answer").click()
    expect(view.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == page.server.saved(page.name).cells[1].outputs[0]["data"][ANSWER_MIME]["text"]
    view.get_by_role("button", name=re.compile("Insert")).first.click()
    expect(page.cells.nth(2)).to_contain_text("import pandas as pd")
    expect(view.get_by_role("button", name="Stop")).to_have_count(0)
