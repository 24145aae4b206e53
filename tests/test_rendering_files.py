"""Files by their paths: text, images and PDFs by what is in them, and one clear sentence for all the rest."""

import os
from pathlib import Path

import PIL.Image
import pytest

from fastmode_magic.prompt.content import Document, Image, Text
from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.rendering import render


def refused(path: Path) -> CannotSend:
    with pytest.raises(CannotSend) as caught:
        render(path, "x")
    return caught.value


def written(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.py", "print(1)\n", "a.py\n```python\nprint(1)\n```"),
        ("a.csv", "a,b\r\n1,2", "a.csv\n```csv\na,b\n1,2\n```"),
        ("a.txt", "é", "a.txt\n```\né\n```"),
        ("a.md", "````py\n```\n", "a.md\n`````markdown\n````py\n```\n`````"),
        ("a.svg", "<svg/>", "a.svg\n```xml\n<svg/>\n```"),
        ("no extension", "a", "no extension\n```\na\n```"),
        ("odd.e x`t", "a", "odd.e x`t\n```\na\n```"),
        ("bom.json", b"\xef\xbb\xbf{}", "bom.json\n```json\n{}\n```"),
        ("le.txt", "é".encode("utf-16"), "le.txt\n```\né\n```"),
        ("be.txt", b"\xfe\xff" + "é".encode("utf-16-be"), "be.txt\n```\né\n```"),
    ],
)
def test_texts(tmp_path: Path, name: str, data: bytes | str, text: str) -> None:
    rendered = render(written(tmp_path, name, data), "x", 200)
    assert rendered.pieces == (Text(text),)
    assert rendered.kind.startswith("text file, ")
    assert not rendered.inline


def test_a_text_is_sent_whole(tmp_path: Path) -> None:
    rendered = render(written(tmp_path, "a.txt", "word " * 100_000), "x", 200)
    assert "word " * 100_000 in rendered.pieces[0].text
    assert rendered.cut is None


def test_what_is_in_a_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    PIL.Image.new("RGB", (30, 20)).save(path, "JPEG")
    assert render(path, "x").pieces == (Image("image/jpeg", path.read_bytes(), (30, 20)),)
    path = written(tmp_path, "a.bin", b"%PDF-1.7 ...")
    assert render(path, "x").pieces == (Document("a.bin", b"%PDF-1.7 ..."),)
    path = written(tmp_path, "a.pdf", b"\n\n%PDF-1.7 ...")
    assert render(path, "x").pieces == (Document("a.pdf", path.read_bytes()),)


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.png", "words", "is no PNG, JPEG, GIF or WebP, though its name says so."),
        ("a.pdf", "words", "is no PDF, though its name says so."),
        ("a.txt", b"\xe9", "is neither text (UTF-8, or UTF-16 with a mark), nor PNG, JPEG, GIF or WebP, nor a PDF."),
        ("a.txt", b"a\0b", "is neither text"),
        ("a.txt", b"\xff\xfea", "is neither text"),
        ("a.tiff", b"II*\0\x08\0\0\0", "is neither text"),
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(50), "begins as PNG, but is broken or not whole: "),
        ("a.txt", "", "is empty."),
        ("a.txt", "a" * 1_000_001, "has 1,000,001 bytes, and a text may have 1,000,000."),
    ],
)
def test_what_cannot_be_sent(tmp_path: Path, name: str, data: bytes | str, what: str) -> None:
    refusal = refused(written(tmp_path, name, data))
    assert refusal.what.startswith(f"`x` ({name}) {what}")
    assert refusal.next_step


@pytest.mark.parametrize(
    ("name", "begin", "what"), [("a.png", b"\x89PNG\r\n\x1a\n", "image"), ("a.pdf", b"%PDF-", "PDF")]
)
def test_nothing_is_read_of_what_is_too_large(tmp_path: Path, name: str, begin: bytes, what: str) -> None:
    path = written(tmp_path, name, begin)
    os.truncate(path, 10**12)  # a hole: reading it would take all memory
    assert f"is a{'n' if what == 'image' else ''} {what} of 953,674.3 MB; the service takes " in refused(path).what


def test_what_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path).what == f"`x` ({tmp_path.name}) is a folder."
    written(tmp_path, "report.csv", "a")
    refusal = refused(tmp_path / "reprot.csv")
    assert refusal.what == "`x` (reprot.csv) is not there."
    assert refusal.next_step == "Did you mean `report.csv`?"
    assert refused(Path("nowhere.xyz")).next_step == f"Relative paths begin in {os.getcwd()}."
    assert refused(tmp_path / "no" / "a.csv").what == f"`x` (a.csv) is not there, nor is its folder {tmp_path}/no."
    assert "is no path: ValueError" in refused(Path("a\0b")).what
    assert "cannot be read: " in refused(Path("a" * 1_000)).what
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be read: Too many levels" in refused(tmp_path / "loop").what


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX")
def test_nothing_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/null")):
        assert refused(path).what.endswith("is no regular file.")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_what_may_not_be_read(tmp_path: Path) -> None:
    path = written(tmp_path, "secret.txt", "a")
    path.chmod(0)
    assert refused(path).what == "`x` (secret.txt) cannot be read: Permission denied."
