"""Every notebook of the project runs on the simulator, from its first cell to its last."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from fastmode_magic.simulator import Simulator

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs(path: Path, simulator: Simulator) -> None:
    book = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in book.cells), "commit notebooks without outputs"
    NotebookClient(book, timeout=120).execute()
    answered = [cell for cell in book.cells if cell.source.startswith("%%claude") and "--dry-run" not in cell.source]
    assert answered
    for cell in answered:
        [shown] = [output for output in cell.outputs if output.output_type == "display_data"]
        assert "fast · " in shown.data["text/markdown"]
