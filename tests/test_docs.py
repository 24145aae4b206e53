"""README, `%%claude?` and parsing agree; CHANGELOG and version, too."""

import re
import tomllib

import pytest
from docs import README, written

import fastmode_magic
from fastmode_magic.magics import claude, options
from fastmode_magic.magics.fastmode import COMMANDS, HELP

ROOT = README.parent
FLAG = re.compile(r"(?<![\w`-])--[a-z][a-z-]+|(?<=`)--[a-z][a-z-]+")
# Flags of other programs that the README or the help mention.
OTHERS = {"--write", "--scenario", "--text"}


def test_the_tables_of_the_readme_are_those_of_the_code() -> None:
    text = README.read_text("utf-8")
    assert written(text) == text, "run `make docs`"


@pytest.mark.parametrize(
    "path", ["README.md", "notebooks/01_quickstart.ipynb", "notebooks/02_prompts.ipynb", "CHANGELOG.md"]
)
def test_every_flag_that_is_named_exists(path: str) -> None:
    named = set(FLAG.findall((ROOT / path).read_text("utf-8"))) - OTHERS
    assert named <= set(options.FLAGS), named - set(options.FLAGS)


def test_help_names_every_flag_and_no_other() -> None:
    assert set(FLAG.findall(claude.HELP)) - OTHERS == {flag for flag in options.FLAGS if flag.startswith("--")}


VALUES = {
    "MODEL": "opus",
    "N|max": "max",
    "N": "3",
    "TEXT": "'be brief'",
    "LEVEL": "low",
    "SECONDS": "5",
    "DOLLARS": "0.50",
    "NAME@N": "main@3",
    "NAME,NAME": "intro,rules",
}


@pytest.mark.parametrize("flag", options.FLAGS)
def test_every_flag_parses_as_the_help_says(flag: str) -> None:
    option = options.FLAGS[flag]
    value = VALUES.get(option.metavar, option.metavar.strip("{}").partition(",")[0])
    parsed = options.parse(f"{flag} {value}".strip(), cell=True)
    assert list(parsed.fields) == [option.field]


@pytest.mark.parametrize(
    "example", re.findall(r"^    (%%claude.*|(?:\w+ = )?%claude.*)$", claude.HELP, re.MULTILINE)[3:]
)
def test_the_examples_of_the_help_parse(example: str) -> None:
    magic, _, line = example.partition("claude")
    options.parse(line, cell=magic == "%%")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_help(name: str) -> None:
    assert f"%fastmode {name}" in HELP


def test_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert fastmode_magic.__version__ == project["version"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_public_names() -> None:
    assert all(hasattr(fastmode_magic, name) for name in fastmode_magic.__all__)


SOURCES = {".py", ".md", ".toml", ".ipynb", ".ts", ".mjs", ".css", ".json"}


def test_nothing_names_a_place_outside_the_project() -> None:
    """No registry's host, no path of somebody's machine."""
    files = [path for path in ROOT.rglob("*") if path.suffix in SOURCES or path.name in {"Makefile", ".npmrc"}]
    made = {".venv", ".git", "build", "dist", "node_modules", "static"}
    ours = [path for path in files if not made & set(path.relative_to(ROOT).parts)]
    assert len(ours) > 50
    places = re.compile(
        "|".join(["/ro" + "ot/", "/wo" + "rk/", "/ho" + "me/", "files.python" + "hosted", "registry.np" + "mjs"])
    )
    assert [path.name for path in ours if places.search(path.read_text("utf-8"))] == []
