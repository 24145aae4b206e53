"""What is said for everybody on this system: `fastmode.toml` in Jupyter's configuration folders."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "fastmode.toml"
TABLES = ("defaults", "locked")
DEFAULT, LOCK = "system default", "locked by"  # how an origin begins


@dataclass(frozen=True, slots=True)
class Given:
    """A value that somebody gives a setting: `origin` says who, `said` is how a sentence calls it."""

    name: str
    value: object
    origin: str
    said: str


@dataclass(frozen=True, slots=True)
class System:
    """What the files say, in the order in which it is to be set: what comes later wins."""

    defaults: tuple[Given, ...] = ()
    locked: tuple[Given, ...] = ()
    problems: tuple[str, ...] = ()


def read(folders: Sequence[Path]) -> System:
    """The files of `folders`, the widest folder first: of defaults the narrowest wins, of locks the widest."""
    defaults: list[Given] = []
    locked: list[Given] = []
    problems: list[str] = []
    for folder in folders:
        path = folder / FILE_NAME
        tables = _tables(path, problems)
        defaults += _given(tables.get("defaults", {}), DEFAULT, path)
        locked[:0] = _given(tables.get("locked", {}), LOCK, path)
    return System(tuple(defaults), tuple(locked), tuple(problems))


def _given(table: dict[str, object], how: str, path: Path) -> Iterable[Given]:
    return [Given(name, value, f"{how} {path}", f"{name} in {path}") for name, value in table.items()]


def _tables(path: Path, problems: list[str]) -> dict[str, dict[str, object]]:
    """The tables of one file; what cannot be read is told in `problems`."""
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        problems.append(f"{path} cannot be read ({error.strerror or error}), so nothing of it holds.")
        return {}
    except (ValueError, RecursionError) as error:
        problems.append(f"{path} is not TOML ({error}), so nothing of it holds.")
        return {}
    problems += [
        f"{path}: {name} is left out; settings stand below [defaults] or [locked]."
        for name, value in content.items()
        if name not in TABLES or not isinstance(value, dict)
    ]
    return {name: table for name in TABLES if isinstance(table := content.get(name), dict)}
