"""Real kernels: a client that runs cells and gathers their outputs as a front end would."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from fastmode_magic.simulator import Simulator


@dataclass
class Outputs:
    """What one cell sent: each display as it ended, every display message, streams, and the error."""

    displays: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    stream: str = ""
    result: str | None = None
    error: dict[str, Any] | None = None

    @property
    def markdown(self) -> str:
        return "\n".join(bundle.get("text/markdown", "") for bundle in self.displays.values())


class Kernel:
    """A kernel and its client."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def start(self, code: str) -> str:
        return self.client.execute(code)

    def finish(self, message_id: str, on_message: Any = None, timeout_s: float = 60) -> Outputs:
        """Read until the cell is idle; `on_message` sees each message as it comes."""
        outputs = Outputs()
        deadline = time.monotonic() + timeout_s
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.1, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != message_id:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "display_data" | "update_display_data":
                    outputs.displays[content["transient"].get("display_id") or str(time.monotonic())] = content["data"]
                    outputs.messages.append((time.monotonic(), content["data"]))
                case "stream":
                    outputs.stream += content["text"]
                case "execute_result":
                    outputs.result = content["data"]["text/plain"]
                case "error":
                    outputs.error = content
                case "status" if content["execution_state"] == "idle":
                    return outputs
            if on_message:
                on_message(message)

    def run(self, code: str) -> Outputs:
        return self.finish(self.start(code))


@pytest.fixture
def kernel(simulator: Simulator, tmp_path: Path) -> Iterator[Kernel]:
    """A fresh ipykernel whose environment points to the simulator."""
    yield from _started(tmp_path / "kernel")


@pytest.fixture
def another_kernel(simulator: Simulator, tmp_path: Path) -> Iterator[Kernel]:
    """One more, of the same user."""
    yield from _started(tmp_path / "another")


def _started(connection: Path) -> Iterator[Kernel]:
    manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(connection))
    manager.start_kernel()
    made = Kernel(manager)
    yield made
    made.client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()
