"""nbclient, papermill and nbconvert: what a saved notebook holds, and that a failed cell stops the run."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from support import KEY

from fastmode_magic.simulator import Simulator

FACTS = ("fast · ", " tok/s", "first token ", "took ", "$0.0", " in + 578 out", "asked 20", "claude-opus-5-5")


def notebook(*cells: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in ("%load_ext fastmode_magic", *cells)]
    )


def test_a_saved_notebook_shows_the_answer_and_its_facts(simulator: Simulator) -> None:
    book = notebook("%%claude reply --fast\nExplain groupby.", "reply.speed")
    NotebookClient(book).execute()
    (output,) = book.cells[1].outputs
    assert output.output_type == "display_data"
    for mime in ("text/markdown", "text/plain"):
        text = output.data[mime]
        assert "Group, aggregate, compare" in text
        for fact in FACTS:
            assert fact in text
    assert book.cells[2].outputs[0].data["text/plain"] == "'fast'"
    assert KEY not in nbformat.writes(book)


def test_nbconvert_shows_it_as_html(simulator: Simulator) -> None:
    from nbconvert import HTMLExporter

    book = notebook("%%claude --fast\nExplain groupby.")
    NotebookClient(book).execute()
    html, _ = HTMLExporter().from_notebook_node(book)
    assert "Group, aggregate, compare</h" in html.replace('<a class="anchor-link"', "</h")
    for fact in FACTS:
        assert fact in html
    assert "vnd.fastmode" not in html


def test_a_page_that_knows_only_markdown_shows_it(simulator: Simulator) -> None:
    from markdown_it import MarkdownIt

    book = notebook("%%claude --fast\nExplain groupby.", "%fastmode status")
    NotebookClient(book).execute()
    answer, status = (MarkdownIt().render(cell.outputs[0].data["text/markdown"]) for cell in book.cells[1:])
    assert "<h1>Group, aggregate, compare</h1>" in answer
    for fact in FACTS:
        assert fact in answer
    for words in ("Fast mode is", "tok/s", "fast quota", "$0.0"):
        assert words in status


def test_a_failed_cell_stops_the_notebook(simulator: Simulator) -> None:
    simulator.scenario = "spend_cap_402"
    book = notebook("%%claude\n2+2?", "never = 'reached'")
    with pytest.raises(CellExecutionError, match="spend limit"):
        NotebookClient(book).execute()
    assert book.cells[2].execution_count is None


def test_a_refused_fast_request_does_not(simulator: Simulator) -> None:
    simulator.scenario = "no_fast_capacity"
    book = notebook("%%claude --fast\n2+2?", "'reached'")
    NotebookClient(book).execute()
    assert (
        "standard, not fast: this organisation has no fast capacity" in book.cells[1].outputs[0].data["text/markdown"]
    )


def test_papermill(simulator: Simulator, tmp_path: Path) -> None:
    import papermill

    path = tmp_path / "in.ipynb"
    nbformat.write(notebook("%%claude --fast\n2+2?"), path)
    done = papermill.execute_notebook(str(path), str(tmp_path / "out.ipynb"), kernel_name="python3", progress_bar=False)
    assert done.cells[1].outputs[0].data["text/markdown"].startswith("4")
    assert KEY not in (tmp_path / "out.ipynb").read_text()
