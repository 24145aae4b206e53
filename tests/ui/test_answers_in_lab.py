"""An answer in a real JupyterLab: while it comes, however it ends, and what is left of it."""

import re
import shutil
from collections.abc import Callable

from browsing import Notebook, Server, wait_until
from playwright.sync_api import expect

from fastmode_magic.simulator import SCENARIOS, Refusal, Scenario, Simulator
from fastmode_magic.views.protocol import ANSWER_MIME

Open = Callable[..., Notebook]
FAST = "%%claude --fast\nExplain groupby."
LONG = Scenario(tokens=2_000, rate=150)
PRACTICE = re.compile("Practice answer")


def document(notebook: Notebook, cell: int = 1) -> dict:
    """What the saved notebook has in a cell's one output."""
    [output] = notebook.save().cells[cell].outputs
    return output["data"]


def test_an_answer_streams_and_stays(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=600, rate=200))
    page = notebook(FAST)
    page.run(1, wait=False)
    view = page.answer(1)
    expect(view).to_contain_text(PRACTICE)
    first = view.inner_text()
    expect(view.get_by_role("button", name="Stop")).to_be_visible()
    page.done(1)
    assert len(view.inner_text()) > len(first)
    for words in ("fast", "tok/s", "600 out", "$0.", "claude-opus-5-5"):
        expect(view).to_contain_text(words)
    expect(view.get_by_role("button", name="Stop")).to_have_count(0)
    found = document(page)
    assert set(found) == {ANSWER_MIME, "text/markdown", "text/plain"}
    assert found[ANSWER_MIME]["phase"] == "finished"
    assert page.errors == []


def test_stop_ends_the_cell_and_keeps_the_text(notebook: Open, simulator: Simulator) -> None:
    simulator.script(LONG)
    page = notebook(FAST, "1 + 1")
    page.run(1, wait=False)
    view = page.answer(1)
    expect(view).to_contain_text(PRACTICE)
    view.get_by_role("button", name="Stop").click()
    page.done(1)
    expect(view).to_contain_text("interrupted")
    expect(view).to_contain_text(PRACTICE)
    expect(page.cells.nth(1)).to_contain_text("You stopped the answer.")
    page.run(2)
    expect(page.cells.nth(2)).to_contain_text("2")


ENDINGS = {
    "refused": Scenario(text="No.", stop_reason="refusal"),
    "cut at max_tokens": Scenario(text="half an answer", stop_reason="max_tokens"),
    "cut off": Scenario(tokens=300, rate=300, fault="eof", fault_after=100),
    "failed": Scenario(refuse=Refusal(401, "authentication_error", "invalid x-api-key")),
    "standard, not fast": SCENARIOS["fast_disabled"],  # the last: it is remembered, and fast not asked again
}


def test_every_ending_is_told_in_words(notebook: Open, simulator: Simulator) -> None:
    page = notebook(*[FAST] * len(ENDINGS))
    for cell, (words, scenario) in enumerate(ENDINGS.items(), 1):
        simulator.script(scenario)
        page.run(cell)
        expect(page.answer(cell)).to_contain_text(words)


def test_waiting_counts_down_in_words(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(refuse=Refusal(429, "rate_limit_error", "x", retry_after=4, fast_headers="empty")))
    page = notebook("%%claude --fast --fallback wait\nExplain groupby.")
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text(re.compile(r"waiting \d s for fast: the fast quota is used up"))
    page.done(1)
    expect(page.answer(1)).to_contain_text("tok/s")


def test_what_is_saved_in_the_middle_has_the_text_so_far_and_does_not_come_for_ever(
    notebook: Open, simulator: Simulator, lab: Server
) -> None:
    simulator.script(LONG)
    page = notebook(FAST)
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text(PRACTICE)
    found = document(page)
    assert found[ANSWER_MIME]["phase"] == "streaming"
    assert "Practice answer" in found[ANSWER_MIME]["text"]
    assert "Practice answer" in found["text/plain"]
    assert "text/markdown" not in found  # it would say that nothing has come
    shutil.copy(lab.folder / page.name, lab.folder / "copy.ipynb")
    expect(page.answer(1).get_by_role("button", name="Stop")).to_be_visible()  # here it still comes
    page.interrupt()
    page.done(1)
    page.name = "copy.ipynb"
    page.open()
    expect(page.answer(1)).to_contain_text(PRACTICE)
    expect(page.answer(1)).to_contain_text("saved while it was coming")
    expect(page.answer(1).get_by_role("button", name="Stop")).to_be_hidden()


def test_a_kernel_that_dies_leaves_the_text_so_far_and_in_the_next_everything_works_again(
    notebook: Open, simulator: Simulator
) -> None:
    simulator.script(LONG, Scenario(tokens=100))
    page = notebook(FAST)
    page.run(1, wait=False)
    view = page.answer(1)
    expect(view).to_contain_text(PRACTICE)
    page.restart_kernel()
    expect(view).to_contain_text("the kernel stopped")
    found = document(page)
    assert "Practice answer" in found[ANSWER_MIME]["text"]
    assert found[ANSWER_MIME]["phase"] == "cut off"
    page.run(0)
    page.run(1)
    for words in ("100 out", "tok/s"):
        expect(view).to_contain_text(words)
    expect(page.status_item).to_contain_text("fast")


def test_a_reload_in_the_middle_goes_on(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=2_500, rate=100))  # longer than a page takes to load
    page = notebook(FAST, "1 + 1", alone=True)
    page.page.add_init_script("delete Crypto.prototype.randomUUID")  # as over plain http
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text(PRACTICE)
    page.open()
    view = page.answer(1)
    expect(view).to_contain_text(PRACTICE)
    expect(view.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.status_item).to_contain_text("fast")
    expect(view).to_contain_text("2,500 out", timeout=60_000)
    assert document(page)[ANSWER_MIME]["phase"] == "finished"


def test_an_answer_that_ended_while_the_page_was_away_is_put_into_its_cell(
    notebook: Open, simulator: Simulator
) -> None:
    simulator.script(Scenario(tokens=200, rate=100))
    page = notebook(FAST)
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text(PRACTICE)
    page.page.goto("about:blank")
    wait_until(lambda: page.kernel_state() == "idle")
    page.open()
    expect(page.answer(1)).to_contain_text("200 out")
    page.open()  # it is there once, and not put again
    expect(page.answer(1)).to_have_count(1)


def test_a_rerun_replaces_the_answer(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(text="the first"), Scenario(text="the second"))
    page = notebook(FAST)
    page.run(1)
    expect(page.answer(1)).to_contain_text("the first")
    page.run(1)
    expect(page.answer(1)).to_contain_text("the second")
    expect(page.answer(1)).to_have_count(1)


def test_background_answers_stream_while_other_cells_run(notebook: Open, simulator: Simulator) -> None:
    simulator.script(*[Scenario(tokens=700, rate=150)] * 2)
    page = notebook("%%claude -b one --fast\nExplain groupby.", "%%claude -b two\nExplain joins.", "print('meanwhile')")
    for cell in (1, 2, 3):
        page.run(cell)
    expect(page.cells.nth(3)).to_contain_text("meanwhile")
    for cell in (1, 2):
        expect(page.answer(cell)).to_contain_text(PRACTICE)
        expect(page.answer(cell).get_by_role("button", name="Stop")).to_be_visible()
    page.answer(2).get_by_role("button", name="Stop").click()
    expect(page.answer(2)).to_contain_text("interrupted")
    expect(page.answer(1)).to_contain_text("700 out")
    assert page.cells.nth(3).locator(".jp-OutputArea-child").count() == 1


def test_a_notebook_closed_and_opened_again_goes_on(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=900, rate=100))
    page = notebook(FAST)
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text(PRACTICE)
    page.save()
    page.command("application:close", wait=False)
    expect(page.cells).to_have_count(0)
    page.page.evaluate(
        "path => window.jupyterapp.commands.execute('docmanager:open', { path }).then(() => {})", page.name
    )
    expect(page.answer(1).get_by_role("button", name="Stop")).to_be_visible()
    expect(page.answer(1)).to_contain_text("900 out")
    assert document(page)[ANSWER_MIME]["phase"] == "finished"


def test_an_answer_that_was_not_saved_is_there_after_a_reload(notebook: Open) -> None:
    page = notebook(FAST)
    page.run(1)
    expect(page.answer(1)).to_contain_text(" out")
    page.open()
    expect(page.answer(1)).to_contain_text(" out")
    assert document(page)[ANSWER_MIME]["phase"] == "finished"


def test_output_of_other_kinds_in_the_cell_stays(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=100))
    page = notebook(
        "import ipywidgets\nbox = ipywidgets.Output()\ndisplay(box)\n"
        "with box:\n    print('in the box')\n    get_ipython().run_line_magic('claude', '--fast 2+2?')\nprint('after')"
    )
    page.run(1)
    page.page.wait_for_timeout(1500)  # nothing comes later to take its place
    for words in ("in the box", "100 out", "after"):
        expect(page.cells.nth(1).locator(".jp-OutputArea").first).to_contain_text(words)
    expect(page.answer(1)).to_have_count(1)


def test_a_cell_run_again_while_its_answer_is_in_the_background_has_one(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=500, rate=100), Scenario(tokens=100))
    page = notebook("%%claude -b --fast\nExplain groupby.")
    page.run(1)
    expect(page.answer(1)).to_contain_text(PRACTICE)
    page.run(1)
    expect(page.answer(1)).to_contain_text("100 out")
    wait_until(lambda: "running" not in page.status_item.inner_text())
    page.page.wait_for_timeout(5000)  # the first one ends
    expect(page.answer(1)).to_have_count(1)
    expect(page.answer(1)).to_contain_text("100 out")


def test_a_copy_of_the_cell_becomes_a_document_as_well(notebook: Open, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=400, rate=100))
    page = notebook(FAST)
    page.run(1, wait=False)
    expect(page.answer(1)).to_contain_text(PRACTICE)
    page.command("notebook:copy-cell")
    page.command("notebook:paste-cell-below")
    page.done(1)
    expect(page.answer(2)).to_contain_text("400 out")
    assert document(page, 2) == document(page, 1)
