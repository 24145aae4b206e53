"""Images and PDFs in a prompt: how large they are, what they cost, and what the API finds wrong with them."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_SIGNATURES = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
_MAX_BASE64 = 5 * 1024 * 1024
_MAX_EDGE = 8_000
# The documentation's older rule. The newer one counts patches of 28 x 28 pixels and has a limit for each model.
_PIXELS_PER_TOKEN = 750
_IMAGE_TOKENS = 1_600
_PAGE_TOKENS = 2_000
_PAGE = re.compile(rb"/Type\s*/Page(?!s)")
_SOURCES = {"image": ("base64", "file", "url"), "document": ("base64", "content", "file", "text", "url")}


def image_size(block: Mapping[str, Any]) -> tuple[int, int] | None:
    """Width and height in pixels where the first bytes tell them: PNG and GIF."""
    head = _decoded(str(_source(block).get("data", ""))[:64]) or b""
    if head.startswith(_SIGNATURES["image/png"]) and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
        return width, height
    if head.startswith(_SIGNATURES["image/gif"]) and len(head) >= 10:
        width, height = struct.unpack("<HH", head[6:10])
        return width, height
    return None


def image_tokens(block: Mapping[str, Any]) -> int:
    """The tokens of an image by its size; the most an image can have where that is unknown."""
    size = image_size(block)
    return _IMAGE_TOKENS if size is None else max(1, min(_IMAGE_TOKENS, size[0] * size[1] // _PIXELS_PER_TOKEN))


def document_tokens(block: Mapping[str, Any]) -> int:
    """The tokens of a document: its text, or so many for each page."""
    source = _source(block)
    if source.get("type") == "text":
        return (len(str(source.get("data", ""))) + 3) // 4
    pdf = (_decoded(str(source.get("data", ""))) if source.get("type") == "base64" else None) or b""
    # Pages in compressed objects cannot be counted this way: there is one at least.
    return _PAGE_TOKENS * max(1, len(_PAGE.findall(pdf)))


def described(blocks: Iterable[Mapping[str, Any]]) -> str:
    """Which images and documents there are, such as "1 image (640 × 480), 2 PDFs"; empty if there are none."""
    found = list(blocks)
    images = [block for block in found if block.get("type") == "image"]
    sizes = [f"{size[0]} × {size[1]}" for block in images if (size := image_size(block))]
    parts = [_counted(len(images), "image") + (f" ({', '.join(sizes)})" if sizes else "")] if images else []
    if documents := sum(block.get("type") == "document" for block in found):
        parts.append(_counted(documents, "PDF"))
    return ", ".join(parts)


def problems(block: Mapping[str, Any], path: str) -> Iterator[str]:
    """What is wrong with an image or a document at `path`, such as `messages.0.content.1`."""
    kind = str(block["type"])
    source = block.get("source")
    if not isinstance(source, Mapping) or "type" not in source:
        yield f"{path}.{kind}.source: Field required"
    elif source["type"] not in _SOURCES[kind]:
        expected = ", ".join(f"'{name}'" for name in _SOURCES[kind])
        yield (
            f"{path}.{kind}.source: Input tag '{source['type']}' found using 'type' does not match any of the "
            f"expected tags: {expected}"
        )
    elif source["type"] == "base64" and not isinstance(source.get("data"), str):
        yield f"{path}.{kind}.source.base64.data: Field required"
    elif source["type"] == "base64":
        yield from (_image if kind == "image" else _pdf)(block, source, path)


def _image(block: Mapping[str, Any], source: Mapping[str, Any], path: str) -> Iterator[str]:
    place, kind, text = f"{path}.image.source.base64", source.get("media_type"), source["data"]
    if kind not in tuple(_SIGNATURES):
        yield f"{place}.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'"
        return
    if len(text) > _MAX_BASE64:
        yield f"{place}: image exceeds 5 MB maximum: {len(text)} bytes > {_MAX_BASE64} bytes"
    picture = _decoded(text)
    if picture is None or not (found := _kinds(picture)):
        yield "Could not process image"
    elif kind not in found:
        yield f"{place}.data: Image does not match the provided media type {kind}"
    elif max(image_size(block) or (0,)) > _MAX_EDGE:
        yield f"{place}.data: At least one of the image dimensions exceed max allowed size: {_MAX_EDGE} pixels"


def _pdf(_: Mapping[str, Any], source: Mapping[str, Any], path: str) -> Iterator[str]:
    if source.get("media_type") != "application/pdf":
        yield f"{path}.document.source.base64.media_type: Input should be 'application/pdf'"
    elif not (_decoded(source["data"]) or b"").startswith(b"%PDF"):
        yield f"{path}.pdf.source.base64.data: The PDF specified was not valid."


def _kinds(picture: bytes) -> list[str]:
    """The media types whose first bytes these are."""
    found = [kind for kind, starts in _SIGNATURES.items() if picture.startswith(starts)]
    return [kind for kind in found if kind != "image/webp" or picture[8:12] == b"WEBP"]


def _source(block: Mapping[str, Any]) -> Mapping[str, Any]:
    source = block.get("source")
    return source if isinstance(source, Mapping) else {}


def _decoded(text: str) -> bytes | None:
    """The bytes that base64 stands for; None where it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("s" if number > 1 else "")
