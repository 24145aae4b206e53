"""Prompts that know the notebook, in a real JupyterLab: code below, data, calls, threads, Tab in braces."""

import re
from collections.abc import Callable

from browsing import Notebook
from playwright.sync_api import expect

from fastmode_magic.simulator import Scenario, Simulator

Open = Callable[..., Notebook]
TWO = "First:\n\n```python\nx = 1\n```\n\nthen:\n\n```python\ny = 2\n```\n"


def sources(page: Notebook) -> list[str]:
    return page.page.evaluate(
        "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.sharedModel.getSource())"
    )


def test_code_goes_into_cells_below_and_is_not_run(notebook: Open, simulator: Simulator) -> None:
    page = notebook("%%claude --code\nTwo cells", "last = 1")
    simulator.script(Scenario(text=TWO), Scenario(text=TWO.replace("x = 1", "x = 3")))
    page.run(1)
    expect(page.cells).to_have_count(5)
    assert sources(page)[2:] == ["x = 1", "y = 2", "last = 1"]
    for index in (2, 3):
        expect(page.cells.nth(index).locator(".jp-InputPrompt")).to_have_text("[ ]:")
    page.run(3)  # what was run, or changed, is the user's
    page.run(1)
    expect(page.cells).to_have_count(6)
    assert sources(page)[2:] == ["x = 3", "y = 2", "y = 2", "last = 1"]
    assert page.errors == []


def test_an_error_is_repaired_below(notebook: Open, simulator: Simulator) -> None:
    page = notebook("1/0", "%fastmode fix")
    simulator.script(Scenario(text="It divides by zero.\n\n```python\n1/1\n```\n"))
    page.run(1)
    page.run(2)
    expect(page.cells).to_have_count(4)
    assert sources(page)[3] == "1/1"
    expect(page.answer(2)).to_contain_text("It divides by zero.")


def test_data_are_shown_as_code(notebook: Open, simulator: Simulator) -> None:
    page = notebook(
        "point = {'type': 'object', 'properties': {'x': {'type': 'integer'}}, 'required': ['x']}",
        "%%claude --schema point\nA point",
    )
    simulator.script(Scenario(text='{"x": 3}'))
    page.run(1)
    page.run(2)
    expect(page.answer(2).locator("pre code")).to_have_text('{\n  "x": 3\n}')


def test_a_call_is_asked_about_and_shown(notebook: Open) -> None:
    page = notebook(
        'def add(a: int, b: int) -> int:\n    """Add."""\n    return a + b', "%%claude --tools add\nadd 2 and 40"
    )
    page.run(1)
    page.run(2, wait=False)
    question = page.cells.nth(2).locator(".jp-Stdin")
    expect(question).to_contain_text("Claude wants to call add(a=2, b=40). [y]es, [n]o, [a]ll?")
    expect(page.answer(2)).to_contain_text("calling add")
    question.locator("input").fill("y")
    question.locator("input").press("Enter")
    page.done(2)
    expect(page.answer(2)).to_contain_text("Called add(a=2, b=40) → 42")
    expect(page.answer(2)).to_contain_text("returned: 42")


def test_a_thread_and_its_tree(notebook: Open, simulator: Simulator) -> None:
    page = notebook("%%claude --thread main\n2+2?", "%%claude --thread main\n3+3?", "%fastmode threads")
    for index in (1, 2, 1, 2, 3):
        page.run(index)
    assert len(simulator.requests[-1].body["messages"]) == 3  # run again: replaced, not added
    tree = page.cells.nth(3).locator(".jp-RenderedMarkdown")
    expect(tree).to_contain_text("main · 2 turns")
    expect(tree.locator("li li")).to_have_count(2)


def test_tab_in_braces(notebook: Open) -> None:
    page = notebook("customers, customer_names = 1, 2\nrow = {'price': 1, 'pieces': 2}", "%%claude\nWho are {custom")
    page.run(1)
    cell = page.cells.nth(2).locator(".cm-content")
    cell.click()
    page.page.keyboard.press("Control+End")
    page.page.keyboard.press("Tab")
    offered = page.page.locator(".jp-Completer-item")
    expect(offered).to_have_count(2)
    expect(offered.first).to_contain_text("customer_names")
    page.page.keyboard.press("Enter")
    expect(cell).to_contain_text("Who are {customer_names")
    page.page.keyboard.type("} {row['pr")
    page.page.keyboard.press("Tab")
    expect(offered).to_have_count(1)
    page.page.keyboard.press("Enter")
    expect(cell).to_contain_text(re.compile(r"\{row\['price'\]"))
