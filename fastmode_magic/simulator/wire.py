"""The words of the Messages API on the wire: tokens, errors, usage and server-sent events.

Written from the API's documentation and on purpose from nothing else in this package: a word misspelt on the client's
side is misspelt there alone, and is seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

FAST_BETA = "fast-mode-2026-02-01"
_PIECE = re.compile(r"[ \n]?[^\W\d]{1,5}|[ \n]?\d{1,3}|[ ]{2,}|[ \n]?[^\w\s]{1,2}|\s|\w", re.DOTALL)


def count_tokens(text: str) -> int:
    """About one token for four characters, rounded up."""
    return (len(text) + 3) // 4


def pieces(text: str) -> list[str]:
    """The text cut into pieces the size of tokens; joined, they are the text again."""
    return _PIECE.findall(text)


def block_text(block: object) -> str:
    """The text of one content block, or its JSON when it is no text."""
    if isinstance(block, Mapping) and isinstance(block.get("text"), str):
        return str(block["text"])
    return json.dumps(block, ensure_ascii=False, sort_keys=True)


def error_body(type_: str, message: str, request_id: str, error_code: str | None = None) -> dict[str, Any]:
    """An error as the API words it."""
    error: dict[str, Any] = {"type": type_, "message": message}
    if error_code is not None:
        error["details"] = {"error_code": error_code}
    return {"type": "error", "error": error, "request_id": request_id}


def html_page(status: int, message: str) -> str:
    """The page of a proxy that knows nothing of the API."""
    title = f"{status} {message}"
    return f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>\n"


def event(kind: str, **fields: Any) -> bytes:
    """One server-sent event whose data carries its own type."""
    return event_of(kind, json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":")).encode())


def event_of(kind: str, data: bytes) -> bytes:
    """One server-sent event with exactly this data."""
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def json_delta(index: int, part: str) -> bytes:
    """A `content_block_delta` with a part of the input of a tool."""
    return delta(index, "input_json_delta", "partial_json", part)


def delta(index: int, kind: str, key: str, value: str) -> bytes:
    """A `content_block_delta`, written by hand because thousands a second are made."""
    return (
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}\n\n'
        % (index, kind.encode(), key.encode(), json.dumps(value, ensure_ascii=False).encode())
    )


def text_delta(index: int, text: str) -> bytes:
    """A `content_block_delta` with text."""
    return delta(index, "text_delta", "text", text)


PING = event("ping")
