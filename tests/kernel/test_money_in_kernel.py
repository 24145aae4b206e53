"""`%fastmode history` and `plots` in a real kernel: what a saved notebook has of them."""

import base64
import io

import nbformat
from nbclient import NotebookClient
from PIL import Image

from fastmode_magic.simulator import Simulator

CELLS = [
    "%load_ext fastmode_magic",
    "%%claude --fast\nExplain groupby.",
    "%%claude --no-fast\nExplain groupby.",
    "%fastmode plots",
    "%fastmode history 1",
    "%fastmode cost",
    "import sys; 'matplotlib.pyplot' in sys.modules",
]


def test_a_saved_notebook_has_picture_numbers_and_frame(simulator: Simulator) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(book, timeout=60).execute()
    picture, words = book.cells[3].outputs
    assert set(picture.data) == {"image/png", "text/plain"}  # Markdown beside it would be shown in its place
    with Image.open(io.BytesIO(base64.b64decode(picture.data["image/png"]))) as image:
        assert image.width == 2 * picture.metadata["image/png"]["width"]
    assert picture.metadata["image/png"]["alt"] == picture.data["text/plain"]
    assert picture.data["text/plain"].startswith("2 runs on ")
    assert "What fast bought: 1 run served fast cost" in words.data["text/markdown"]
    [frame] = book.cells[4].outputs
    assert frame.output_type == "execute_result"
    assert "<table" in frame.data["text/html"]
    [report] = book.cells[5].outputs
    assert "**By model and speed, this session**" in report.data["text/markdown"]
    assert book.cells[6].outputs[0].data["text/plain"] == "False"
