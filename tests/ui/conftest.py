"""One Chromium for all tests of the page."""

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from browsing import CHROMIUM, FLAGS, ROOT, VIEWPORT, Desk, Notebook, Server, opened, run, serve, without_node
from playwright.sync_api import Browser, Page, sync_playwright
from support import KEY

from fastmode_magic.simulator import Simulator


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM:
        pytest.fail("The tests of the page need Chromium: `make test` installs it as root, else install it yourself.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Makes pages of a context of their own."""
    contexts = []

    def make(**options: Any) -> Page:
        context = browser.new_context(viewport=VIEWPORT, **options)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of a fresh environment without Node, with our wheel, JupyterLab and Notebook."""
    if given := os.environ.get("FASTMODE_UI_PYTHON"):  # while working on a test: an environment that is there
        return given
    folder = tmp_path_factory.mktemp("installed")
    path = {"PATH": without_node(folder)}
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    run([*pip, "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT)])
    run([sys.executable, "-m", "venv", str(folder / "env")])
    python = str(folder / "env" / "bin" / "python")
    [wheel] = folder.glob("*.whl")
    run([python, *pip[1:], "install", f"{wheel}[lab]", "notebook"], env=os.environ | path)
    return python


@pytest.fixture(scope="session")
def lab(installed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab of the fresh environment."""
    server = serve(tmp_path_factory.mktemp("lab"), python=installed, ANTHROPIC_API_KEY=KEY)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def plain_lab(installed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab of another environment than its kernels': neither our extension nor the widgets' are there."""
    nothing = tmp_path_factory.mktemp("nothing")
    without = [f"--LabApp.{path}={nothing}" for path in ("labextensions_path", "extra_labextensions_path")]
    server = serve(tmp_path_factory.mktemp("plain"), *without, python=installed, ANTHROPIC_API_KEY=KEY)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def lab_without_ours(installed: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab with the widgets' extension, and with ours switched off."""
    folder = tmp_path_factory.mktemp("widgets")
    config = folder / "config" / "labconfig" / "page_config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"disabledExtensions": {"fastmode-magic": true}}')
    server = serve(folder, python=installed, ANTHROPIC_API_KEY=KEY)
    yield server
    server.stop()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulated API for one test, quicker than a real one; the notebook's first cell tells its kernel the address."""
    with Simulator(first_byte_s=0.05, fast_rate=500, standard_rate=200) as running:
        yield running


@pytest.fixture(scope="session")
def desk(browser: Browser, lab: Server) -> Iterator[Desk]:
    """The page of `lab` that tests use one after another: to load JupyterLab takes longer than most of them."""
    desk = Desk(browser)
    yield desk
    desk.leave()


@pytest.fixture
def notebook(
    lab: Server, simulator: Simulator, desk: Desk, open_page: Callable[..., Page], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Notebook]]:
    """Makes a notebook whose first cell loads the extension and has run; ends its kernel afterwards.

    With `alone`, or with `options` of a browser's context, it is in a page of its own.
    """
    made = []

    def make(*sources: str, alone: bool = False, **options: Any) -> Notebook:
        page = open_page(**options) if alone or options else desk.page()
        made.append(opened(lab, simulator, page, request.node.name, *sources, announced=True))
        return made[-1]

    yield make
    desk.tidy(made)
