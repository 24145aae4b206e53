"""The wheel proves itself: installed where there is no Node, it brings the page's part."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from browsing import ROOT, run, without_node


def test_the_installed_extension_is_enabled(installed: str) -> None:
    listed = subprocess.run(
        [installed, "-m", "jupyter", "labextension", "list"], capture_output=True, text=True, check=True
    )
    found = listed.stdout + listed.stderr
    assert "fastmode-magic v" in found
    assert "enabled" in found[found.index("fastmode-magic v") :].splitlines()[0]
    assert "OK" in found[found.index("fastmode-magic v") :].splitlines()[0]


def test_wheel_and_sdist_carry_the_same_assets(tmp_path: Path) -> None:
    run([sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)], cwd=ROOT)
    [wheel], [sdist] = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    in_wheel = zipfile.ZipFile(wheel).namelist()
    with tarfile.open(sdist) as archive:
        in_sdist = archive.getnames()
    for part in ("remoteEntry.", "/plugin.json", "install.json", "views/static/answer.js", "views/static/math.js"):
        assert sum(part in name for name in in_wheel) == 1, part
        assert sum(part in name for name in in_sdist) >= 1, part
    assert not any("node_modules" in name for name in in_sdist)
    assert any(name.endswith("labextension/package-lock.json") for name in in_sdist)


def test_where_there_is_no_node_a_clone_takes_one_from_pypi(tmp_path: Path) -> None:
    run([sys.executable, "-m", "venv", str(tmp_path / "env")])
    page = [str(tmp_path / "env" / "bin" / "python"), str(ROOT / "labextension" / "page.py")]
    version = run([*page, "--version"], env=os.environ | {"PATH": without_node(tmp_path)})  # that of npm
    assert re.search(r"^\d+\.\d+\.\d+$", version, re.MULTILINE)


def test_the_lock_file_names_no_registry() -> None:
    lock = (ROOT / "labextension" / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
