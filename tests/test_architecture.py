"""The house keeps its walls: each import contract is kept, and each is proved by a deliberate breach."""

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

ROOT = Path(__file__).parent.parent
BREACHES = {
    "layers": ("ledger/totals.py", "import fastmode_magic.session"),
    "bare": ("claude/quota.py", "import IPython"),
    "sdk": ("claude/policy.py", "import anthropic"),
    "values": ("views/text.py", "import fastmode_magic.claude.engine"),
    "simulator": ("simulator/wire.py", "import fastmode_magic.claude.usage"),
}


def contracts(folder: Path, *arguments: str) -> str:
    """What the linter says of the package in `folder`."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    copytree(ROOT / "fastmode_magic", tmp_path / "fastmode_magic", ignore=ignore_patterns("__pycache__"))
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"), "utf-8")
    return tmp_path


def test_every_contract_is_kept_and_has_a_breach_here(copy: Path) -> None:
    assert f"{len(BREACHES)} kept, 0 broken" in contracts(copy)


@pytest.mark.parametrize("name", BREACHES)
def test_a_breach_is_seen(name: str, copy: Path) -> None:
    module, line = BREACHES[name]
    path = copy / "fastmode_magic" / module
    path.write_text(path.read_text("utf-8") + f"\n{line}\n", "utf-8")
    assert "0 kept, 1 broken" in contracts(copy, "--contract", name)


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import fastmode_magic", "IPython anthropic traitlets anywidget ipywidgets tornado genai_prices asyncio"),
        (
            "import fastmode_magic.claude.engine, fastmode_magic.ledger.prices",
            "IPython anthropic traitlets genai_prices",
        ),
        ("import fastmode_magic.simulator", "tornado asyncio fastmode_magic.claude IPython"),
        ("import fastmode_magic.magics.loading", "anthropic anywidget ipywidgets tornado genai_prices pydantic"),
        (
            "import fastmode_magic.magics.loading",
            "narwhals markdown_it jsonschema fastmode_magic.composition fastmode_magic.prompt.content",
        ),
        (
            "import fastmode_magic.composition, fastmode_magic.conclusion, fastmode_magic.extracts",
            "narwhals pandas polars numpy PIL matplotlib pydantic jsonschema markdown_it IPython anthropic",
        ),
    ],
)
def test_importing_loads_no_more_than_it_must(statement: str, absent: str) -> None:
    code = f"import sys\n{statement}\nprint(*(name for name in {absent.split()} if name in sys.modules))"
    if "loading" in statement:
        code = f"import IPython\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
