"""Saved prompts: a folder of Markdown files that a person can read, edit and put under git.

The newest version of a prompt is `name.md`; those before it are `name@1.md`, `name@2.md` and so on, and it counts as
the one after them. Nothing else is kept anywhere: a file that was edited or put there by hand is a saved prompt too.
"""

import os
import re
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches, unified_diff
from pathlib import Path

from .problems import CannotSend

LONGEST_NAME = 100  # characters
_HEAD = 2_000  # characters that are read to find the first line
_MOST_NAMED = 10
_NUMBER = r"[1-9][0-9]{0,8}"
_FILE = re.compile(rf"(?P<name>[^@]+)(?:@(?P<number>{_NUMBER}))?\.md")
_REFERENCE = re.compile(rf"(?P<name>[^@]*)(?:@(?P<number>{_NUMBER}))?")
_RESERVED = re.compile(r"con|prn|aux|nul|com[1-9]|lpt[1-9]", re.IGNORECASE)  # Windows has devices of these names
_NEWEST = 0  # stands for the number of the newest version, which its file does not have

Files = dict[int, Path]  # of one prompt, by number


@dataclass(frozen=True, slots=True)
class Saved:
    """A prompt as it is listed: the number of its newest version, that one's first line, and when it was changed."""

    name: str
    version: int
    first_line: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Library:
    """The prompts in `folder`, which the first `save` makes. What cannot be read or written raises CannotSend."""

    folder: Path

    def save(self, name: str, text: str) -> Saved:
        """Keep `text` as the newest version of `name`; the same text again writes nothing."""
        name = _valid(name)
        path = self.folder / f"{name}.md"
        with _explained(f"`{name}` could not be saved"):
            content = text.encode() + b"\n"
            self.folder.mkdir(parents=True, exist_ok=True)
            if path.is_symlink() and Path(os.path.realpath(path)).parent != Path(os.path.realpath(self.folder)):
                what = f"`{name}` could not be saved: its file is a link that leads out of {self.folder}."
                raise CannotSend(what, "Remove the link, or choose another name.")
            old = path.read_bytes() if path.is_file() else None
            if old is None or not _same(old, content):
                self._write(path, content, old)
            return _saved(name, path, _newest(self._files().get(name, {})))

    def load(self, reference: str) -> str:
        """The text of "name" or "name@2", without the newline at its end."""
        path = self._found(reference)
        with _explained(f"`{reference}` could not be read"):
            return _decoded(path.read_bytes())

    def entries(self) -> list[Saved]:
        """Every prompt, by name; files that are none are passed over."""
        with _explained("The saved prompts could not be listed"):
            found = self._files()
        saved = []
        for name in sorted(found):
            with suppress(KeyError, OSError, UnicodeDecodeError):  # a file of another's must not break the list
                saved.append(_saved(name, found[name][_NEWEST], _newest(found[name])))
        return saved

    def names(self) -> list[str]:
        """The names alone, without opening a file: for completion, which must not fail."""
        with suppress(OSError):
            return sorted(name for name, files in self._files().items() if _NEWEST in files)
        return []

    def diff(self, a: str, b: str | None = None) -> str:
        """A unified diff from `a` to `b`, empty if they say the same.

        Without `b`, it is from the version `a` to the newest; from the one before, if `a` has no number.
        """
        if b is None:
            b = a.partition("@")[0]
            if a == b:
                self._found(a)
                numbers = sorted(self._files()[_valid(a)])
                if numbers == [_NEWEST]:
                    raise CannotSend(f"There is only one version of `{a}`.", "Save it again once its text has changed.")
                a = f"{a}@{numbers[-1]}"
        before, after = self.load(a), self.load(b)
        return "\n".join(unified_diff(before.split("\n"), after.split("\n"), a, b, lineterm=""))

    def _files(self) -> dict[str, Files]:
        """What is there, by name. Raises OSError."""
        found: dict[str, Files] = {}
        with suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                match = _FILE.fullmatch(unicodedata.normalize("NFC", entry.name))
                with suppress(OSError):  # a link to what may not be seen
                    if match and _problem(match["name"]) is None and entry.is_file():
                        found.setdefault(match["name"], {})[int(match["number"] or _NEWEST)] = Path(entry.path)
        return found

    def _found(self, reference: str) -> Path:
        match = _REFERENCE.fullmatch(reference)
        name = _valid(match["name"] if match else reference)
        with _explained(f"`{reference}` could not be read"):
            found = self._files()
        files = found.get(name, {})
        number = int((match and match["number"]) or _NEWEST)
        path = files.get(_NEWEST if number == _newest(files) else number)
        if path is None:
            raise _absent(name, number, found)
        return path

    def _write(self, path: Path, content: bytes, old: bytes | None) -> None:
        """What is old is kept before what is new takes its place; a full disk is found out before either."""
        with self._temporary(content) as made:
            if old is not None:
                number = _newest(self._files().get(path.stem, {}))
                while os.path.lexists(numbered := path.with_name(f"{path.stem}@{number}.md")):
                    number += 1
                with self._temporary(old) as kept:
                    os.replace(kept, numbered)
            os.replace(made, path)

    @contextmanager
    def _temporary(self, content: bytes) -> Iterator[Path]:
        path = self.folder / f".{secrets.token_hex(6)}.tmp"
        try:
            with path.open("xb") as file:
                file.write(content)
            yield path
        finally:
            path.unlink(missing_ok=True)


def _problem(name: str) -> str | None:
    """What is wrong with a name, after "`name` "."""
    if not 0 < len(name) <= LONGEST_NAME:
        return f"has {len(name):,} characters" if name else "is empty"
    for sign in name:
        kind = unicodedata.category(sign)
        if not (kind[0] in "LM" or kind == "Nd" or sign in "_-"):  # marks belong to the letters of many scripts
            return f"has {sign!r} in it"
    return "is the name of a device on Windows" if _RESERVED.fullmatch(name) else None


def _valid(name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    if problem := _problem(name):
        what = f"`{name[:LONGEST_NAME]}` cannot be a prompt's name: it {problem}."
        raise CannotSend(what, f"Use letters, digits, _ and -, at most {LONGEST_NAME}.")
    return name


def _newest(files: Files) -> int:
    return max(files, default=0) + 1


def _absent(name: str, number: int, found: dict[str, Files]) -> CannotSend:
    if files := found.get(name):
        there = ", ".join(f"`{name}@{one}`" if one else f"`{name}`" for one in sorted(files)[-_MOST_NAMED:])
        return CannotSend(
            f"`{name}` has no {f'version {number}' if number else 'newest version'}.", f"There is {there}."
        )
    known = {one.casefold(): one for one in found}
    if near := get_close_matches(name.casefold(), known, n=1):
        return CannotSend(f"There is no saved prompt `{name}`.", f"Did you mean `{known[near[0]]}`?")
    there = ", ".join(f"`{one}`" for one in sorted(found)[:_MOST_NAMED])
    return CannotSend(f"There is no saved prompt `{name}`.", f"There is {there}." if there else "None is saved yet.")


def _saved(name: str, path: Path, version: int) -> Saved:
    with path.open(encoding="utf-8-sig") as file:
        head = file.read(_HEAD).strip()
        changed = os.fstat(file.fileno()).st_mtime
    return Saved(name, version, head.split("\n")[0].strip(), datetime.fromtimestamp(changed, UTC))


def _decoded(content: bytes) -> str:
    """The text of a file: an editor's byte order mark and line endings are none of it."""
    text = content.decode("utf-8-sig")
    if text.count("\n") == text.count("\r\n"):  # all of them: a saved text ends with a newline of its own
        text = text.replace("\r\n", "\n")
    return text.removesuffix("\n")


def _same(old: bytes, new: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        return _decoded(old) == _decoded(new)
    return False


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """The system's refusal as a sentence."""
    try:
        yield
    except UnicodeEncodeError:
        raise CannotSend(f"{what}: it has half of a character (a lone surrogate).", "Take it out.") from None
    except UnicodeDecodeError:
        raise CannotSend(f"{what}: its file is no text in UTF-8.", "Save the file as UTF-8.") from None
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise CannotSend(f"{what}: {error.strerror or error}{where}.", "See that the folder can be used.") from None
