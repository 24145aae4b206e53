"""Threads as files: JSON that a person can read, written only where the user asked for it."""

import base64
import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from .content import Block, Document, HiddenThinking, Image, Message, Text, Thinking, ToolResult, ToolUse
from .conversation import Threads, checked
from .problems import CannotSend
from .turns import Thread, Turn

VERSION = 1
_KINDS: dict[str, type[Block]] = {
    "text": Text,
    "image": Image,
    "document": Document,
    "thinking": Thinking,
    "hidden_thinking": HiddenThinking,
    "tool_use": ToolUse,
    "tool_result": ToolResult,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def write(thread: Thread, folder: str) -> Thread:
    """Write a thread to its file; returns it with the file's stamp.

    Raises CannotSend where that is not possible, and where another kernel has written the file since.
    """
    path = Path(folder) / f"{checked(thread.name)}.json"
    if (there := _stamp(path)) and there != thread.stamp:
        raise CannotSend(
            f"{path} was written by another kernel since: what is new here is not in it.",
            f"Keep it under another name: `--thread NAME --from {thread.name}`, then `%fastmode threads save NAME`.",
        )
    value = {
        "version": VERSION,
        "thread": thread.name,
        "origin": thread.origin,
        "left_out": thread.left_out,
        "turns": [_turn(turn) for turn in thread.turns],
    }
    try:
        text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text.encode("utf-8", "replace").decode("utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise CannotSend(
            f"Thread {thread.name!r} cannot be saved to {path}: {getattr(error, 'strerror', None) or error}.",
            "Choose another place with `%config FastMode.threads_folder`.",
        ) from None
    return replace(thread, saved=True, stamp=_stamp(path))


def _stamp(path: Path) -> tuple[int, int] | None:
    """What changes when a file is written."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def read(name: str, folder: str) -> Thread | None:
    """The thread that was saved under that name, or None. Raises CannotSend for a file that is none of ours."""
    path = Path(folder) / f"{checked(name)}.json"
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, str(error)) from None
    try:
        if value["version"] != VERSION:
            raise _unreadable(path, f"it is of version {value['version']}")
        turns = tuple(_read_turn(turn) for turn in value["turns"])
        origin = (str(value["origin"][0]), int(value["origin"][1])) if value["origin"] else None
        left_out = int(value["left_out"])
        if 0 <= left_out <= len(turns) and (origin is None or 0 < origin[1] <= len(turns)):
            return Thread(name, turns, origin, left_out, saved=True, stamp=_stamp(path))
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise _unreadable(path, f"{type(error).__name__}: {error}") from None
    raise _unreadable(path, "it names turns that it does not have")


def recall(threads: Threads, name: str, folder: str) -> str | None:
    """Have a thread that only a file has among `threads`; returns a sentence if one was found. Raises CannotSend."""
    if threads.find(checked(name)) or not (thread := read(name, folder)):
        return None
    threads.keep(thread)
    return f"Thread {name!r} goes on from {folder}/{name}.json (turns so far: {len(thread.turns)})."


def names(folder: str) -> list[str]:
    """The names of the saved threads."""
    try:
        return sorted(path.stem for path in Path(folder).glob("*.json"))
    except OSError:
        return []


def remove(name: str, folder: str) -> None:
    """Delete a thread's file, if there is one. Raises CannotSend where that is not possible."""
    path = Path(folder) / f"{checked(name)}.json"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotSend(f"{path} cannot be deleted: {error.strerror}.", "Delete it by hand.") from None


def _replace(path: Path, text: str) -> None:
    """Write so that a reader, or a crash, never sees half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".json.part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _unreadable(path: Path, why: str) -> CannotSend:
    return CannotSend(
        f"{path} cannot be read as a thread: {why}.", "Take the file away, or choose another thread name."
    )


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "at": turn.at.isoformat() if turn.at else None,
        "model": turn.model,
        "setting": turn.setting,
        "typed": turn.typed,
        "cell": turn.cell,
        "complete": turn.complete,
        "stale": turn.stale,
        "messages": [{"role": one.role, "content": [_block(b) for b in one.content]} for one in turn.messages],
    }


def _read_turn(value: Mapping[str, Any]) -> Turn:
    messages = tuple(
        Message(_role(one["role"]), tuple(_read_block(block) for block in one["content"])) for one in value["messages"]
    )
    if len(messages) < 2 or messages[0].role != "user" or not all(message.content for message in messages):
        raise ValueError("a turn without its question or its answer")
    return Turn(
        messages,
        str(value["typed"]),
        str(value["model"]),
        str(value["setting"]),
        datetime.fromisoformat(value["at"]) if value["at"] else None,
        str(value["cell"]) if value["cell"] else None,
        None,
        bool(value["complete"]),
        bool(value["stale"]),
    )


def _role(role: str) -> Any:
    if role not in {"user", "assistant"}:
        raise ValueError(f"a role {role!r}")
    return role


def _block(block: Block) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(block, name) for name in block.__dataclass_fields__}
    if isinstance(block, Image | Document):
        fields["data"] = base64.b64encode(block.data).decode()
    if isinstance(block, ToolResult):
        fields["content"] = [_block(piece) for piece in block.content]
    if isinstance(block, ToolUse):
        fields["input"] = dict(block.input)
    return {"type": _NAMES[type(block)], **fields}


def _read_block(value: Mapping[str, Any]) -> Block:
    fields = dict(value)
    kind = _KINDS[fields.pop("type")]
    if kind in (Image, Document):
        fields["data"] = base64.b64decode(fields["data"], validate=True)
    if kind is Image and fields.get("size"):
        fields["size"] = (int(fields["size"][0]), int(fields["size"][1]))
    if kind is ToolResult:
        fields["content"] = tuple(_read_block(piece) for piece in fields["content"])
    texts = {"text", "signature", "media_type", "title", "id", "name"} | ({"data"} if kind is HiddenThinking else set())
    if wrong := [name for name in texts & fields.keys() if not isinstance(fields[name], str)]:
        raise TypeError(f"{wrong[0]} is no text")
    if kind is ToolUse and not isinstance(fields["input"], dict):
        raise TypeError("input is no object")
    return kind(**fields)
