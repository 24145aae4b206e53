"""Bytes of images and PDFs: known by how they begin, and checked against what the service takes."""

import struct
from importlib.util import find_spec
from io import BytesIO

from .content import Document, Image
from .problems import CannotSend
from .subjects import said

BASE64 = 4 / 3  # what a byte becomes
LARGEST_IMAGE = int(5 * 1024 * 1024 / BASE64)  # bytes: the service refuses more than 5 MB of base64
LARGEST_PDF = int(32_000_000 / BASE64)  # bytes: the whole request has at most 32 MB
LONGEST_EDGE = 8_000  # pixels: the service refuses more
SHRUNK_EDGE = 1_568  # pixels: the service scales larger ones down to this
PDF = "application/pdf"
KNOWN = "PNG, JPEG, GIF or WebP"
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_SHRINK = "Open it with `PIL.Image.open(…)` and send that: a PIL image is made smaller by itself."


def media_type(data: bytes) -> str | None:
    """What begins so: an image that the service takes, or a PDF."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"%PDF-"):
        return PDF
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def check_length(kind: str, length: int, what: str) -> None:
    """Raise CannotSend for more bytes than the service takes; `what` is named in the sentence."""
    if kind == PDF and length > LARGEST_PDF:
        raise CannotSend(
            f"{what} is a PDF of {_megabytes(length)}; the service takes 32 MB as base64, so 24 MB.",
            "Send some of its pages as a PDF of their own, or its text.",
        )
    if kind != PDF and length > LARGEST_IMAGE:
        raise CannotSend(
            f"{what} is an image of {_megabytes(length)}; the service takes 5 MB as base64, so 3.75 MB.",
            _SHRINK,
        )


def piece(kind: str, data: bytes, title: str, what: str) -> Image | Document:
    """The image or PDF that `data` is. Raises CannotSend where it is too large, or broken as far as we can see."""
    check_length(kind, len(data), what)
    if kind == PDF:
        return Document(title, data)
    try:
        size = _header_size(kind, data) or _pillow_size(data)
        fits = size is None or max(size) <= LONGEST_EDGE
        if fits:
            _verify(kind, data)
    except Exception as error:  # a decoder raises what it likes
        raise CannotSend(
            f"{what} begins as {kind.removeprefix('image/').upper()}, but is broken or not whole: {said(error)}",
            "Save it again, or open what is left of it with PIL and send that.",
        ) from error
    if size is not None and not fits:
        edges = f"{size[0]:,} × {size[1]:,}"
        raise CannotSend(f"{what} has {edges} pixels, and the service takes up to {LONGEST_EDGE:,} an edge.", _SHRINK)
    return Image(kind, data, size)


def _header_size(kind: str, data: bytes) -> tuple[int, int] | None:
    """Width and height as the header has them."""
    if kind == "image/png":
        return struct.unpack(">II", data[16:24])
    return struct.unpack("<HH", data[6:10]) if kind == "image/gif" else None


def _pillow_size(data: bytes) -> tuple[int, int] | None:
    if find_spec("PIL") is None:
        return None
    import PIL.Image

    with PIL.Image.open(BytesIO(data)) as opened:
        return opened.size


def _verify(kind: str, data: bytes) -> None:
    """Raise what Pillow, if it is there, raises for an image that is not whole."""
    if find_spec("PIL") is None:
        return
    import PIL.Image

    try:
        whole = PIL.Image.open(BytesIO(data))
    except PIL.UnidentifiedImageError:
        raise ValueError("its header cannot be read") from None
    with whole as opened:
        if kind == "image/png":
            opened.verify()  # of checksums: nothing is decoded
        else:
            opened.draft("L", (1, 1))  # which is enough of a JPEG
            opened.load()


def _megabytes(length: int) -> str:
    return f"{length / 1024 / 1024:,.1f} MB"
