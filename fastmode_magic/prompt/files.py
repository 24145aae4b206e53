"""Files: text, images and PDFs, known by what is in them; nothing is read before its size is known."""

import os
import re
import stat
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from .content import Image, Text
from .excerpts import clean, counted, one_line
from .images import KNOWN, PDF, check_length, media_type, piece
from .problems import CannotSend
from .subjects import Rendered, Subject, said

HEADER = 1_024  # bytes, in which every kind shows
LARGEST_TEXT = 1_000_000  # bytes
MOST_NEIGHBOURS = 10_000  # names of a folder that are looked through for a near one
_IMAGES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp"))
_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# extension -> the language of a fence, where they differ
_LANGUAGES = {
    "py": "python",
    "pyi": "python",
    "js": "javascript",
    "ts": "typescript",
    "md": "markdown",
    "yml": "yaml",
    "sh": "bash",
    "rs": "rust",
    "rb": "ruby",
    "jl": "julia",
    "kt": "kotlin",
    "cs": "csharp",
    "h": "c",
    "hpp": "cpp",
    "tex": "latex",
    "svg": "xml",
    "ipynb": "json",
    "txt": "",
    "log": "",
}


def file(subject: Subject) -> Rendered:
    """A file by its path. Raises CannotSend for what is none, unreadable, too large, or of another kind."""
    path: Path = subject.value
    what = f"{subject.quoted} ({one_line(path.name or str(path), 80)})"
    try:
        length = _length(path, what)
        with path.open("rb") as opened:
            head = opened.read(HEADER)
            kind = _kind(path, head, what)
            _check(kind, length, what)
            data = head + opened.read(max(0, length - len(head)))
    except OSError as error:
        raise _unreadable(path, what, error) from error
    if kind is None:
        return _text(path, data, what)
    sent = piece(kind, data, path.name, what)
    if not isinstance(sent, Image):
        return Rendered((sent,), f"PDF, {len(data):,} bytes")
    size = f", {sent.size[0]:,} × {sent.size[1]:,} pixels" if sent.size else ""
    return Rendered((sent,), f"{kind.removeprefix('image/').upper()} image{size}")


def fenced(text: str, language: str = "") -> str:
    """A text as a block of code, whatever fences are in it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{fence}"


def _length(path: Path, what: str) -> int:
    """The size of a file that is one: a pipe could be waited for without an end."""
    try:
        found = path.stat()
    except ValueError as error:  # a zero in it
        raise CannotSend(f"{what} is no path: {said(error)}", "Correct the path.") from error
    if stat.S_ISDIR(found.st_mode):
        raise CannotSend(f"{what} is a folder.", "Name a file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise CannotSend(f"{what} is no regular file.", "Copy what it gives into a file first.")
    if not found.st_size:
        raise CannotSend(f"{what} is empty.", "Look at what was to write it.")
    return found.st_size


def _kind(path: Path, head: bytes, what: str) -> str | None:
    """The kind of image or PDF, None for a text; what the name promises has to be so."""
    kind, suffix = media_type(head), path.suffix.lower()
    if kind is None and suffix == ".pdf":
        if b"%PDF-" in head:  # which readers allow after something else
            return PDF
        raise CannotSend(f"{what} is no PDF, though its name says so.", "Look at how it was made, or downloaded.")
    if kind is None and suffix in _IMAGES:
        raise CannotSend(
            f"{what} is no {KNOWN}, though its name says so.",
            "Look at how it was made, or give it the name of what it is.",
        )
    return kind


def _check(kind: str | None, length: int, what: str) -> None:
    if kind is not None:
        check_length(kind, length, what)
    elif length > LARGEST_TEXT:
        raise CannotSend(
            f"{what} has {counted(length, 'byte')}, and a text may have {LARGEST_TEXT:,}.",
            "Read it and send a part: data as a frame, a text as a slice of `.read_text()`.",
        )


def _text(path: Path, data: bytes, what: str) -> Rendered:
    """A text in a block of its own, after its name."""
    encoding = next((name for mark, name in _BOMS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise CannotSend(
            f"{what} is neither text (UTF-8, or UTF-16 with a mark), nor {KNOWN}, nor a PDF.",
            "Read it with what knows its format: `pd.read_…()`, `PIL.Image.open()`, `.read_text(encoding=…)`.",
        )
    extension = path.suffix.lower().removeprefix(".")
    language = _LANGUAGES.get(extension, extension if re.fullmatch(r"[a-z0-9+]{1,12}", extension) else "")
    text = clean(text.replace("\r\n", "\n"))
    lines = text.count("\n") + (not text.endswith("\n"))
    sent = f"{one_line(path.name, 200)}\n{fenced(text, language)}"
    return Rendered((Text(sent),), f"text file, {counted(lines, 'line')}")


def _unreadable(path: Path, what: str, error: OSError) -> CannotSend:
    """Why a file could not be read."""
    if not isinstance(error, FileNotFoundError):
        reason = one_line(error.strerror or type(error).__name__, 100)
        return CannotSend(
            f"{what} cannot be read: {reason}.", "Copy it to where you may read it, or change its permissions."
        )
    folder = path.parent
    if not os.path.isdir(folder):
        return CannotSend(f"{what} is not there, nor is its folder {one_line(str(folder), 200)}.", "Correct the path.")
    near = get_close_matches(path.name, _names(folder), n=1)
    suggestion = (
        f"Did you mean `{one_line(near[0], 80)}`?" if near else f"Relative paths begin in {one_line(os.getcwd(), 200)}."
    )
    return CannotSend(f"{what} is not there.", suggestion)


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, MOST_NEIGHBOURS)]
    except OSError:
        return []
