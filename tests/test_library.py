"""Saved prompts: what stands in the folder, what is read from it, and what of it is nobody's fault."""

import os
import stat
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastmode_magic.prompt.library import Library
from fastmode_magic.prompt.problems import CannotSend


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "some" / "prompts")


def files(library: Library) -> dict[str, str]:
    """What is in the folder, by name."""
    return {path.name: path.read_bytes().decode() for path in sorted(library.folder.iterdir())}


def test_the_folder_is_made_by_the_first_prompt(library):
    assert library.entries() == []
    assert library.names() == []
    assert not library.folder.exists()
    saved = library.save("review", "Review {code}.\n\nBe kind.")
    assert (saved.name, saved.version, saved.first_line) == ("review", 1, "Review {code}.")
    assert abs((datetime.now(UTC) - saved.modified).total_seconds()) < 60
    assert files(library) == {"review.md": "Review {code}.\n\nBe kind.\n"}
    assert library.load("review") == "Review {code}.\n\nBe kind."


def test_what_was_there_is_kept_under_a_number(library):
    versions = [library.save("a", text).version for text in ("one", "two", "two", "three", "one")]
    assert versions == [1, 2, 2, 3, 4]
    assert files(library) == {"a.md": "one\n", "a@1.md": "one\n", "a@2.md": "two\n", "a@3.md": "three\n"}
    assert [library.load(f"a@{number}") for number in (1, 2, 3, 4)] == ["one", "two", "three", "one"]
    assert library.load("a") == "one"
    assert [(saved.name, saved.version) for saved in library.entries()] == [("a", 4)]


def test_the_same_text_writes_nothing(library):
    library.save("a", "one")
    os.utime(library.folder / "a.md", (0, 0))
    before = library.folder.stat().st_mtime_ns
    assert library.save("a", "one").modified == datetime.fromtimestamp(0, UTC)
    assert library.folder.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("there", "number"),
    [(["a@1.md", "a@4.md"], 5), (["a@2.md"], 3), (["a@01.md", "a@x.md", "a@0.md", "b@7.md"], 1)],
)
def test_numbers_go_on_from_the_highest(library, there, number):
    library.save("a", "one")
    for name in there:
        (library.folder / name).write_text("old\n")
    assert library.save("a", "two").version == number + 1
    assert (library.folder / f"a@{number}.md").read_text() == "one\n"


def test_a_file_in_the_place_of_a_number_is_left_alone(library):
    library.save("a", "one")
    (library.folder / "a@1.md").mkdir()
    library.save("a", "two")
    assert library.load("a@2") == "one"
    assert (library.folder / "a@1.md").is_dir()


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"by hand", "by hand"),
        (b"by hand\n\n", "by hand\n"),
        (b"\xef\xbb\xbfwith a mark\r\nof Windows\r\n", "with a mark\nof Windows"),
        (b"one\r\nother\n", "one\r\nother"),
        (b"", ""),
        ("ä\u2028界\n".encode(), "ä\u2028界"),
    ],
)
def test_a_file_that_was_edited_by_hand(library, content, text):
    library.save("a", "x")
    (library.folder / "a.md").write_bytes(content)
    assert library.load("a") == text
    assert library.save("a", text).version == 1
    assert (library.folder / "a.md").read_bytes() == content
    assert library.save("a", "new").version == 2
    assert (library.folder / "a@1.md").read_bytes() == content


TEXTS = st.text() | st.text("a\n\r ")


@given(TEXTS.filter(lambda text: not text.endswith("\r") and not text.startswith("\ufeff")), TEXTS)
def test_a_text_is_kept_exactly(tmp_path_factory, text, other):
    library = Library(tmp_path_factory.mktemp("prompts"))
    library.save("a", text)
    assert (library.folder / "a.md").read_bytes() == text.encode() + b"\n"
    assert library.load("a") == text
    library.save("a", other)
    assert library.load("a@1") == text
    again = library.save("a", other)
    assert again.version <= 2


def test_a_new_file_may_be_read_by_whoever_may_read_others(library):
    library.save("a", "one")
    library.save("a", "two")
    (library.folder / "plain.md").touch()
    wanted = stat.S_IMODE((library.folder / "plain.md").stat().st_mode)
    assert {stat.S_IMODE(path.stat().st_mode) for path in library.folder.iterdir()} == {wanted}


def test_foreign_files_do_not_disturb(library):
    library.save("b", "\n\n  Second  \nline")
    library.save("README", "About these prompts")
    folder = library.folder
    (folder / "folder.md").mkdir()
    (folder / ".git").mkdir()
    (folder / "notes.txt").write_text("x")
    (folder / "two words.md").write_text("x")
    (folder / "latin.md").write_bytes(b"caf\xe9\n")
    (folder / "old@1.md").write_text("x")
    (folder / "nowhere.md").symlink_to("missing")
    os.mkfifo(folder / "pipe.md")
    assert [(one.name, one.first_line) for one in library.entries()] == [
        ("README", "About these prompts"),
        ("b", "Second"),
    ]
    assert library.names() == ["README", "b", "latin"]
    assert library.load("old@1") == "x"
    with pytest.raises(CannotSend, match="`latin` could not be read: its file is no text in UTF-8"):
        library.load("latin")
    assert library.save("latin", "café").version == 2
    assert (folder / "latin@1.md").read_bytes() == b"caf\xe9\n"


@pytest.mark.parametrize("name", ["a", "Ärger_2", "हिन्दी-नमस्ते", "要約", "-", "x" * 100, "2026", "CONTENT", "com10"])
def test_names(library, name):
    library.save(name, "text")
    assert library.names() == [unicodedata.normalize("NFC", name)]
    assert library.load(name) == library.load(f"{name}@1") == "text"


def test_a_name_is_the_same_however_its_accents_are_written(library):
    library.save("cafe\u0301", "text")
    assert library.load("caf\u00e9") == "text"
    (library.folder / "the\u0301.md").write_text("from a Mac\n")
    assert library.load("th\u00e9") == "from a Mac"


NO_NAMES = (
    *("", ".", "..", "~", ".a", "a.md", "../a", "a/b", "a\\b", "C:\\a", "a:b", "a b", "a\nb", "a\0b", "x" * 101),
    *("a@", "a@b", "a@1", "CON", "nul", "lpt1", "²", "🙂", "\u202ea"),
)


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name(library, name):
    with pytest.raises(CannotSend, match="cannot be a prompt's name") as refused:
        library.save(name, "text")
    assert refused.value.next_step == "Use letters, digits, _ and -, at most 100."
    assert not library.folder.exists()
    with pytest.raises(CannotSend):
        library.load(name)


@pytest.mark.parametrize(
    ("reference", "what", "next_step"),
    [
        ("reveiw", "There is no saved prompt `reveiw`.", "Did you mean `Review`?"),
        ("REVIEW@1", "There is no saved prompt `REVIEW`.", "Did you mean `Review`?"),
        ("zzz", "There is no saved prompt `zzz`.", "There is `Review`, `gone`, `other`."),
        ("Review@3", "`Review` has no version 3.", "There is `Review`, `Review@1`."),
        ("gone", "`gone` has no newest version.", "There is `gone@2`."),
        ("Review@01", "`Review@01` cannot be a prompt's name: it has '@' in it.", None),
        ("Review@1@2", "`Review@1@2` cannot be a prompt's name: it has '@' in it.", None),
    ],
)
def test_what_is_not_there(library, reference, what, next_step):
    library.save("Review", "one")
    library.save("Review", "two")
    library.save("other", "x")
    (library.folder / "gone@2.md").write_text("x")
    with pytest.raises(CannotSend) as refused:
        library.load(reference)
    assert refused.value.what == what
    assert next_step in {None, refused.value.next_step}


def test_nothing_is_saved_yet(library):
    with pytest.raises(CannotSend, match="None is saved yet"):
        library.load("a")


def test_what_has_changed(library):
    library.save("a", "one\ntwo\nthree")
    library.save("a", "one\n2\nthree")
    library.save("a", "one\n2\n3\n")
    library.save("b", "one\n2\n3\n")
    assert library.diff("a") == "--- a@2\n+++ a\n@@ -1,3 +1,4 @@\n one\n 2\n-three\n+3\n+"
    assert library.diff("a@1").startswith("--- a@1\n+++ a\n")
    assert "\n-two\n+2\n" in library.diff("a@1", "a@2")
    assert library.diff("a", "b") == ""
    with pytest.raises(CannotSend, match="only one version of `b`"):
        library.diff("b")
    with pytest.raises(CannotSend, match="no saved prompt `c`"):
        library.diff("a", "c")
    with pytest.raises(CannotSend, match="no saved prompt `c`"):
        library.diff("c")


def test_a_link_that_leads_out_is_not_written_through(library, tmp_path):
    library.save("a", "inside")
    outside = tmp_path / "outside.md"
    outside.write_text("mine\n")
    (library.folder / "out.md").symlink_to(outside)
    (library.folder / "dangling.md").symlink_to(tmp_path / "nowhere.md")
    (library.folder / "in.md").symlink_to("a.md")
    for name in ("out", "dangling"):
        with pytest.raises(CannotSend, match="a link that leads out"):
            library.save(name, "new")
    assert outside.read_text() == "mine\n"
    assert not (tmp_path / "nowhere.md").exists()
    assert library.load("out") == "mine"
    assert library.save("in", "of its own").version == 2
    assert library.load("a") == "inside"


def test_a_number_that_is_a_link_is_not_written_through(library, tmp_path):
    library.save("a", "one")
    (library.folder / "a@1.md").symlink_to(tmp_path / "nowhere.md")
    library.save("a", "two")
    assert not (tmp_path / "nowhere.md").exists()
    assert library.load("a@2") == "one"


def test_a_folder_that_is_a_link(library, tmp_path):
    (tmp_path / "link").symlink_to(library.folder)
    library.save("a", "one")
    linked = Library(tmp_path / "link")
    assert linked.save("a", "two").version == 2
    assert library.load("a") == "two"


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    library = Library(tmp_path / "file")
    for do in (lambda: library.save("a", "x"), lambda: library.load("a"), library.entries):
        with pytest.raises(CannotSend) as refused:
            do()
        assert "\n" not in refused.value.what
        assert str(tmp_path / "file") in refused.value.what
    assert library.names() == []


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [("a", "half \ud800", "it has half of a character (a lone surrogate)"), ("界" * 100, "text", "File name too long")],
)
def test_what_cannot_be_written(library, name, text, what):
    library.save("b", "text")
    with pytest.raises(CannotSend) as refused:
        library.save(name, text)
    assert refused.value.what.startswith(f"`{name}` could not be saved: {what}")
    assert files(library) == {"b.md": "text\n"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(library):
    library.save("a", "one")
    library.folder.chmod(0o500)
    with pytest.raises(CannotSend, match="Permission denied"):
        library.save("a", "two")
    library.folder.chmod(0o700)
    assert files(library) == {"a.md": "one\n"}


def test_a_disk_that_is_full(library):
    """What was there stays, and nothing is left behind; the bound on files stands for the disk."""
    library.save("a", "one")
    before = files(library)
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with pytest.raises(CannotSend, match="could not be saved: File too large"):
            library.save("a", "x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert files(library) == before
