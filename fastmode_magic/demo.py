"""`fastmode demo`: one real `%%claude --fast` cell in a real kernel, then JupyterLab."""

import subprocess
import sys
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from . import settings
from .claude.catalog import DEFAULT_MODEL
from .prompt.ask import Ask
from .reports.prompts import worst_case
from .simulator import Simulator
from .views import text

PROMPT = "How do I summarise a table by groups in pandas, and what goes wrong?"
MAX_TOKENS = 4_000
NOTEBOOK = Path("notebooks/01_quickstart.ipynb")


def run() -> int:
    """Run the demo; returns the exit status."""
    demo = settings.demo()
    with ExitStack() as stack:
        environment = demo.environment
        if not (demo.has_credential and _may_bill(demo)):
            simulator = stack.enter_context(Simulator())
            environment = environment | {"ANTHROPIC_BASE_URL": simulator.url, "ANTHROPIC_API_KEY": "practice"}
            print(f"*** SIMULATED: answers come from a simulator on this machine ({simulator.url}).")
            print("*** No model is asked and nothing is billed; the prices shown are list prices.\n")
        if not _one_cell(environment):
            return 1
        return _lab(environment) if demo.lab else 0


def _may_bill(demo: settings.Demo) -> bool:
    """Whether the user agrees to a real request."""
    if demo.real:
        return True
    tokens = Ask(PROMPT, DEFAULT_MODEL).estimated_input_tokens
    price = text.dollars(worst_case(DEFAULT_MODEL, tokens, MAX_TOKENS, "fast"))
    if not sys.stdin.isatty():
        print("There is a credential, but no terminal to ask in: staying on the simulator (DEMO_REAL=1 uses it).")
        return False
    reply = input(f"Use your credential for one real request? It costs {price} at the very most. [y/N] ")
    return reply.strip().lower() in {"y", "yes"}


def _one_cell(environment: dict[str, str]) -> bool:
    """Run the cell in a kernel and print what it shows; returns whether an answer came."""
    try:
        import nbformat
        from jupyter_client.manager import AsyncKernelManager
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError:
        print("The demo needs JupyterLab: pip install 'fastmode-magic[lab]'.", file=sys.stderr)
        return False
    cell = f"%%claude --fast --max-tokens {MAX_TOKENS}\n{PROMPT}"
    sources = ["%load_ext fastmode_magic", cell]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    print(
        "\n".join(f"In [1]: {line}" if not n else f"        {line}" for n, line in enumerate(cell.splitlines())), "\n"
    )
    try:
        with TemporaryDirectory() as folder:
            where = {"transport": "ipc", "ip": f"{folder}/kernel"} if settings.is_posix() else {}
            kernel = AsyncKernelManager(kernel_name="python3", **where)
            NotebookClient(notebook, km=kernel, timeout=300).execute(env=environment)
    except CellExecutionError as error:
        print(error.evalue, file=sys.stderr)
        return False
    for output in notebook.cells[1].outputs:
        print(output.data["text/plain"], "\n")
    return True


def _lab(environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "jupyterlab"]
    if NOTEBOOK.exists():
        command.append(f"--LabApp.default_url=/lab/tree/{NOTEBOOK.as_posix()}")  # also in the URL that is printed
    try:
        webbrowser.get()
    except webbrowser.Error:
        command.append("--no-browser")
        print("There is no browser here: open the URL that JupyterLab prints below. Ctrl-C ends it.", flush=True)
    if settings.is_root():
        command.append("--allow-root")
    try:
        return subprocess.run(command, env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0
