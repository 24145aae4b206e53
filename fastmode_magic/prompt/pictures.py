"""Images: those of Pillow, the bytes of one, and what notebooks show as one."""

import base64
from io import BytesIO
from typing import Any

from .content import Image
from .excerpts import counted, one_line
from .images import KNOWN, LARGEST_IMAGE, PDF, SHRUNK_EDGE, check_length, media_type, piece
from .problems import CannotSend
from .scalars import words
from .subjects import Rendered, Subject, said

HEADER = 1_024  # bytes, in which every kind shows
JPEG_QUALITY = 90
_AS_PNG = {"1", "L", "LA", "RGB", "RGBA"}
_ALPHA = {"La": "LA", "RGBa": "RGBA", "PA": "RGBA"}  # modes with transparency of their own
_DEEP = ("I", "F")  # modes of more than 8 bits: their values are stretched over those


def picture(subject: Subject) -> Rendered:
    """An image of Pillow, in any mode, no larger than the service would make it."""
    value = subject.value
    if min(value.size) < 1:
        raise CannotSend(f"{subject.quoted} is an image without pixels.", "Look at how it was made.")
    try:
        image, cuts = _prepared(value)
        sent = encoded(image)
    except (KeyboardInterrupt, CannotSend):
        raise
    except Exception as error:  # a decoder raises what it likes
        raise CannotSend(
            f"The image {subject.quoted} cannot be read: {said(error)}",
            "Load it while its file is open (`.load()`), or save it again.",
        ) from error
    if sent.media_type == "image/jpeg":
        cuts.append("it is sent as JPEG to keep it within 5 MB")
    width, height = value.size
    cut = f"The image {subject.quoted}: {', '.join(cuts)}." if cuts else None
    return Rendered((sent,), f"{value.mode} image, {width:,} × {height:,} pixels", cut)


def encoded(image: Any) -> Image:
    """PNG of a Pillow image, or JPEG where that would be more than the service takes."""
    buffer = BytesIO()
    image.save(buffer, "PNG")
    if buffer.tell() <= LARGEST_IMAGE:
        return Image("image/png", buffer.getvalue(), image.size)
    buffer = BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY)
    return Image("image/jpeg", buffer.getvalue(), image.size)


def data(subject: Subject) -> Rendered:
    """Bytes that are an image or a PDF."""
    value = memoryview(subject.value)
    head = bytes(subject.value[:HEADER]) if value.ndim == 1 and value.itemsize == 1 else b""
    kind = media_type(head)
    what = f"{subject.quoted} ({counted(value.nbytes, 'byte')})"
    if kind is None:
        raise CannotSend(
            f"{what} is neither an image ({KNOWN}) nor a PDF.",
            "Decode it if it is a text (`.decode()`), or send what it stands for.",
        )
    check_length(kind, value.nbytes, what)
    return _sent(subject, kind, value.tobytes(), what)


def displayed(subject: Subject) -> Rendered:
    """An Image of IPython: its bytes, or where they are."""
    found = subject.value.data
    if isinstance(found, bytes):
        return data(subject.of(found))
    return words(subject, str(subject.value.url or subject.value.filename or subject.value))


def shown_image(subject: Subject, shown: str | bytes) -> Rendered:
    """What `_repr_png_` or `_repr_jpeg_` says: an image, or base64 of one."""
    what = f"What {subject.quoted} shows itself as"
    try:
        found = shown if isinstance(shown, bytes) else base64.b64decode(shown, validate=False)
    except ValueError:
        found = b""
    kind = media_type(found)
    if kind is None or kind == PDF:
        raise CannotSend(
            f"{what} is no image ({KNOWN}).", "Give its type a `_repr_llm_`, or register a renderer for it."
        )
    return _sent(subject, kind, found, what)


def _sent(subject: Subject, kind: str, found: bytes, what: str) -> Rendered:
    sent = piece(kind, found, one_line(subject.name, 80), what)
    if not isinstance(sent, Image):
        return Rendered((sent,), f"PDF, {len(found):,} bytes")
    size = f", {sent.size[0]:,} × {sent.size[1]:,} pixels" if sent.size else ""
    return Rendered((sent,), f"{kind.removeprefix('image/').upper()} image{size}")


def _prepared(value: Any) -> tuple[Any, list[str]]:
    """A copy in a mode that PNG has, shrunk if it is large; and what was changed."""
    cuts: list[str] = []
    image = value
    if max(value.size) > SHRUNK_EDGE:
        scale = SHRUNK_EDGE / max(value.size)
        size = tuple(max(1, round(edge * scale)) for edge in value.size)
        cuts.append(f"shrunk from {value.width:,} × {value.height:,} to {size[0]:,} × {size[1]:,} pixels")
    if image.mode.startswith(_DEEP):
        image = _stretched(image)
        cuts.append("its values are stretched to 8 bits")
    elif image.mode not in _AS_PNG:
        transparent = "transparency" in image.info
        image = image.convert(_ALPHA.get(image.mode) or ("RGBA" if transparent else "RGB"))
    if max(value.size) > SHRUNK_EDGE:
        from PIL.Image import Resampling

        image = (image.convert("L") if image.mode == "1" else image).resize(size, Resampling.LANCZOS, reducing_gap=2.0)
    image = image.copy()
    image.info = {}  # a color profile of CMYK, say, that is no longer true
    return image, cuts


def _stretched(image: Any) -> Any:
    """8 bits of gray from what has more."""
    image = image.convert("F")
    low, high = image.getextrema()
    scale = 255 / (high - low) if high > low else 0
    return image.point(lambda value: value * scale - low * scale).convert("L")
