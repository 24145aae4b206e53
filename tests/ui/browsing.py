"""A real JupyterLab or Notebook 7 in a real Chromium, with the simulator behind its kernels."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import nbformat
from playwright.sync_api import Browser, Page, ViewportSize, expect

from fastmode_magic.simulator import Simulator

NUMBERED = re.compile(r"\[\d+\]")
CHROMIUM = (
    os.environ.get("FASTMODE_CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
    or ""
)
FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
ROOT = Path(__file__).parents[2]
SCREENSHOTS = Path(__file__).parent / "screenshots"
VIEWPORT: ViewportSize = {"width": 1200, "height": 1000}
_TIDIED = """async () => {
    if (document.querySelector(".jp-Dialog") || !window.jupyterapp) return false;
    for (const widget of [...window.jupyterapp.shell.widgets("main")]) widget.dispose();
    await window.jupyterapp.serviceManager.sessions.shutdownAll();
    return true;
}"""
_IDLE = """() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel?.status === 'idle'"""
LOAD = "%load_ext fastmode_magic"
# As a person, who begins to type when the page is there; where much else runs, tests would be quicker than the page.
HEARD = """
import time, fastmode_magic.current
for _ in range(100):
    if fastmode_magic.current.current().pages.lab.announced: break
    time.sleep(0.1)
del time, fastmode_magic
"""

expect.set_options(timeout=40_000)


@dataclass
class Server:
    """A Jupyter server on this machine, and the folder that it shows."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    log: BinaryIO
    path: str = "lab/tree"

    def stop(self) -> None:
        """End the server, and with it its kernels."""
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()

    def notebook(self, *sources: str, name: str = "n.ipynb") -> str:
        """Write a notebook of code cells; returns its name."""
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nb = nbformat.v4.new_notebook(cells=cells)
        nb.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(nb, self.folder / name)
        return name

    def saved(self, name: str = "n.ipynb") -> Any:
        """The notebook as it is on disk."""
        return nbformat.read(self.folder / name, as_version=4)


def serve(
    folder: Path, *arguments: str, app: str = "jupyterlab", python: str = sys.executable, **environment: str
) -> Server:
    """Start a Jupyter server that keeps everything of its own in `folder`."""
    port = _free_port()
    own = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
    }
    (folder / "files").mkdir(parents=True, exist_ok=True)
    notifications = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    notifications.parent.mkdir(parents=True, exist_ok=True)
    notifications.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [
            *(python, "-m", app, "--no-browser", "--allow-root", "--IdentityProvider.token="),
            *(f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder / 'files'}", "--ServerApp.port_retries=0"),
            *(f"--{'JupyterNotebookApp' if app == 'notebook' else 'LabApp'}.expose_app_in_browser=True", *arguments),
        ],
        env=os.environ | {name: str(path) for name, path in own.items()} | environment,
        stdout=log,
        stderr=log,
    )
    server = Server(f"http://127.0.0.1:{port}", folder / "files", process, log)
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{server.url}/api").close()
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, (folder / "server.log").read_text()
            time.sleep(0.25)
        else:
            return server
    raise AssertionError((folder / "server.log").read_text())


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Notebook:
    """A notebook in a page, used as a person would."""

    page: Page
    server: Server
    name: str
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Gather what the page does that nobody asked it for."""
        self._heard = {
            "dialog": self._answer,
            "console": lambda message: self.errors.append(message.text) if message.type == "error" else None,
            "pageerror": lambda error: self.errors.append(str(error)),
            "request": lambda request: self.requests.append(request.url),
        }
        for event, listener in self._heard.items():
            self.page.on(event, listener)

    def unwatch(self) -> None:
        """Another notebook takes the page over."""
        for event, listener in self._heard.items():
            self.page.remove_listener(event, listener)

    def _answer(self, dialog: Any) -> None:
        """Leaving a page is allowed; nothing else should ask."""
        if dialog.type == "beforeunload":
            dialog.accept()
        else:
            self.errors.append(f"dialog: {dialog.message}")
            dialog.dismiss()

    def open(self) -> "Notebook":
        """Load the page and wait until the notebook's kernel is there."""
        self.page.goto(f"{self.server.url}/{self.server.path}/{self.name}?reset")
        return self._ready()

    def add(self) -> "Notebook":
        """Open it in a JupyterLab that is loaded."""
        self.page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', { path })", self.name)
        return self._ready()

    def _ready(self) -> "Notebook":
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        self.page.wait_for_function(_IDLE, timeout=60_000)
        return self

    @property
    def cells(self) -> Any:
        return self.page.locator(".jp-Notebook .jp-CodeCell")

    def run(self, index: int, *, wait: bool = True, timeout_s: float = 40) -> None:
        """Run one cell by its shortcut."""
        self.cells.nth(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        if wait:
            self.done(index, timeout_s)

    def done(self, index: int, timeout_s: float = 40) -> None:
        """Wait until a cell has ended."""
        prompt = self.cells.nth(index).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(NUMBERED, timeout=1000 * timeout_s)

    def answer(self, index: int) -> Any:
        """The view of our own in a cell's output."""
        return self.cells.nth(index).locator(".fm-lab-answer")

    def command(self, command: str, *, wait: bool = True) -> None:
        """Run a command of JupyterLab."""
        execute = "window.jupyterapp.commands.execute(command)"
        self.page.evaluate(f"async command => {{ {'await' if wait else 'void'} {execute} }}", command)

    def save(self) -> Any:
        """Save; returns what is on disk then."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        return self.server.saved(self.name)

    def interrupt(self) -> None:
        """Interrupt the kernel, as its own button does."""
        self.command("notebook:interrupt-kernel")

    def restart_kernel(self) -> None:
        """Restart the kernel, as its own button does."""
        self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()"
        )
        self.page.wait_for_function(_IDLE, timeout=60_000)

    @property
    def status_item(self) -> Any:
        return self.page.locator(".fm-lab-item")

    def requests_elsewhere(self) -> list[str]:
        """What the page fetched from anywhere but its own server."""
        own = urlsplit(self.server.url).netloc
        found = [urlsplit(url) for url in self.requests]
        return [url.geturl() for url in found if url.scheme in {"http", "https"} and url.netloc != own]

    def kernel_state(self) -> str:
        """What the server says of the notebook's kernel."""
        session = self._session()
        return session["kernel"]["execution_state"] if session else "none"

    def end_kernel(self) -> None:
        """Shut the kernel down; opening the notebook again starts another."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.sessionContext.shutdown()")

    def has_session(self) -> bool:
        """Whether the server has a kernel for the notebook."""
        return self._session() is not None

    def _session(self) -> dict[str, Any] | None:
        with urllib.request.urlopen(f"{self.server.url}/api/sessions") as reply:
            return next((one for one in json.load(reply) if one["path"] == self.name), None)


class Desk:
    """A page that one notebook after another uses, as a person's does."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._page: Page | None = None
        self._is_used = False

    def page(self) -> Page:
        """JupyterLab without a notebook, or a page where it is to be loaded."""
        if not self._page or self._page.is_closed():
            self._page = self._browser.new_context(viewport=VIEWPORT).new_page()
        self._page.set_viewport_size(VIEWPORT)  # a test may have changed it
        self._is_used = True
        return self._page

    def tidy(self, made: list[Notebook]) -> None:
        """End the kernels of the server and close its notebooks; a page where something went wrong goes."""
        if not self._page or not self._is_used:
            return
        self._is_used = False
        here = [one for one in made if one.page is self._page]  # none, if it could not even be opened
        for one in here:
            one.unwatch()
        failed = not here or any(one.errors for one in here) or self._page.is_closed()
        if failed or not self._page.evaluate(_TIDIED):
            self.leave()

    def leave(self) -> None:
        """Close the page."""
        if self._page:
            self._page.context.close()
        self._page = None


def opened(
    server: Server, simulator: Simulator, page: Page, name: str, *sources: str, announced: bool = False
) -> Notebook:
    """A notebook in `page` whose first cell, which has run, loads the extension for `simulator`.

    `announced` waits until the page has said that it carries our own.
    """
    load = f"import os; os.environ['ANTHROPIC_BASE_URL'] = {simulator.url!r}\n{LOAD}{HEARD if announced else ''}"
    file = re.sub(r"\W+", "-", name) + ".ipynb"
    made = Notebook(page, server, server.notebook(load, *sources, name=file))
    made = made.add() if page.url.startswith(f"{server.url}/{server.path}") else made.open()
    made.watch()
    made.run(0)
    return made


def wait_until(condition: Callable[[], object], timeout_s: float = 30) -> None:
    """Wait for something that the page cannot tell."""
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


def run(command: list[str], **options: Any) -> str:
    """Run a command that must work; returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_node(folder: Path) -> str:
    """A PATH on which there is no Node."""
    empty = folder / "bin"
    empty.mkdir()
    for name in ("sh", "env"):
        (empty / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    assert shutil.which("node", path=str(empty)) is None
    return str(empty)
