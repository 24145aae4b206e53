"""Prompts that know the notebook, in real kernels: cells with ids, answers in the background, nobody to ask."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from support import KEY
from test_page import Front

from fastmode_magic.simulator import Scenario, Simulator

TOOL = 'def add(a: int, b: int) -> int:\n    """Add."""\n    return a + b'


@pytest.fixture
def front(kernel, tmp_path: Path) -> Iterator[Front]:
    """A page that runs cells by their ids, in a kernel that may write into a folder of its own."""
    made = Front(kernel.client)
    made.run(f"import os; os.chdir({str(tmp_path)!r})\n%load_ext fastmode_magic", "cell-0")
    yield made
    assert KEY not in json.dumps([message for _, message in made.messages], default=str)


def sent(simulator: Simulator) -> list[str]:
    """The texts of the last request, in order."""
    content = [message["content"] for message in simulator.requests[-1].body["messages"]]
    return [one if isinstance(one, str) else one[-1]["text"] for one in content]


def test_a_cell_that_is_run_again_replaces_its_turn(front: Front, simulator: Simulator) -> None:
    front.run("%%claude --thread main\n1+1?", "a")
    front.run("%%claude --thread main\n2+2?", "b")
    front.run("%%claude --thread main\n3+3?", "a")
    front.run("%%claude --thread main\n4+4?", "c")
    assert sent(simulator) == ["3+3?", "6", "2+2?", "4", "4+4?"]
    front.run("for n in (5, 6):\n    %claude --thread main {n}+{n}?", "b")
    assert sent(simulator) == ["3+3?", "6", "5+5?", "10", "6+6?"]


def test_a_thread_that_is_kept_outlives_the_kernel(front: Front, simulator: Simulator, kernel, tmp_path: Path) -> None:
    front.run("%%claude --thread main\n1+1?", "a")
    front.run("%fastmode threads save", "b")
    front.run("%%claude --thread main\n2+2?", "c")
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    front.run(f"import os; os.chdir({str(tmp_path)!r})\n%load_ext fastmode_magic", "cell-0")
    front.run("%%claude --thread main\n3+3?", "c")  # the cell's turn of before the restart is replaced
    assert sent(simulator) == ["1+1?", "2", "3+3?"]


def test_two_cells_of_one_thread_at_once(front: Front, simulator: Simulator) -> None:
    simulator.script(Scenario(first_byte_s=1.0))
    front.run("%%claude -b first --thread main\nExplain groupby.", "a")
    refused = front.run("%%claude --thread main\n2+2?", "b")
    assert front.error(refused) == "BadInput"
    assert front.result("first.wait().turn") == "1"
    assert front.error(front.run("%%claude --thread main\n2+2?", "b")) is None
    assert len(sent(simulator)) == 3


def test_functions_are_called_in_the_background_too(front: Front, simulator: Simulator) -> None:
    front.run(TOOL, "a")
    front.run("%%claude -b reply --tools add --yes\nadd 2 and 40", "b")
    assert front.result("reply.wait().calls[0].result") == "'42'"


def test_code_is_the_next_input_of_a_front_end_without_the_extension(front: Front, simulator: Simulator) -> None:
    simulator.script(Scenario(text="```python\nx = 1\n```\n\n```python\ny = 2\n```\n"))
    request = front.run("%%claude --code\nCode", "a")
    deadline = time.monotonic() + 10
    while (reply := front.client.get_shell_msg(timeout=deadline - time.monotonic()))["parent_header"][
        "msg_id"
    ] != request:
        pass
    assert reply["content"]["payload"] == [{"source": "set_next_input", "text": "x = 1\n\ny = 2", "replace": False}]


def test_a_slow_repr_does_not_hold_the_cell_up(front: Front, simulator: Simulator) -> None:
    front.run("import time\nclass Slow:\n    def __repr__(self): time.sleep(10)\nslow = Slow()", "a")
    began = time.monotonic()
    assert front.error(front.run("%%claude\n{slow}", "b")) == "BadInput"
    assert time.monotonic() - began < 8
    assert simulator.requests == []


def test_no_key_is_shown_by_the_longest_traceback(front: Front, simulator: Simulator) -> None:
    front.run("%xmode Verbose\nimport os", "a")
    assert front.error(front.run("%%claude\n{os.environ}", "b")) == "BadInput"
    front.run("other = 'sk-ant-' + 'zz' * 12; z = {}", "x")
    for line in ("%%claude --schema z\nx", "%%claude --thread a/b\nx", "%%claude --max-tokens 0\nx"):
        assert front.error(front.run(line, "b")) == "BadInput"
    shown = json.dumps([message["content"] for message in front.all("error")])
    assert "zzzz" not in shown
    front.run(TOOL, "c")
    simulator.script("cut")
    assert front.error(front.run("%%claude --tools add --yes --thread main\n{add}", "d")) == "StreamBroken"
    # the fixture looks for the key in all messages


def test_where_nobody_can_be_asked_functions_need_yes(simulator: Simulator) -> None:
    def book(line: str) -> nbformat.NotebookNode:
        cells = ["%load_ext fastmode_magic", TOOL, f"%%claude reply {line}\nadd 2 and 40", "reply.calls[0].result"]
        return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])

    with pytest.raises(CellExecutionError, match="Add --yes to allow it"):
        NotebookClient(book("--tools add")).execute()
    allowed = book("--tools add --yes")
    NotebookClient(allowed).execute()
    assert allowed.cells[-1].outputs[0].data["text/plain"] == "'42'"
