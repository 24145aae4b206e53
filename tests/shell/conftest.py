"""A real shell with the extension loaded."""

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell
from support import end

from fastmode_magic.simulator import Simulator


@pytest.fixture
def shell(simulator: Simulator) -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    made.run_cell("%load_ext fastmode_magic", store_history=True)
    yield made
    made.run_cell("%unload_ext fastmode_magic")
    end(made)
