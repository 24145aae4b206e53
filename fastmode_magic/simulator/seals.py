"""Signatures of thinking: each binds its block to a model and to the conversation that came before it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fastmode_magic.simulator.conversation import Block, bare, blocks_of

BINDING_BETA = "thinking-binding-controls-2026-08-01"
_THINKING = ("thinking", "redacted_thinking")
_KEY = {"thinking": "signature", "redacted_thinking": "data"}
_MISMATCH = (
    ". The block is bound to a different conversation. Remove the block, or set "
    '`thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
)
_HEADER = f" That setting requires the `{BINDING_BETA}` value in the `anthropic-beta` header."


@dataclass(frozen=True, slots=True)
class Seal:
    """What a signature says of its block: its model, its own words, the messages before it, and their `frame`.

    All but the model are digests; the frame is the system prompt and the tools.
    """

    model: str
    text: str
    messages: str
    frame: str

    def written(self) -> str:
        """The signature: nothing that a client could read."""
        return base64.b64encode(json.dumps(asdict(self)).encode()).decode()


def signature(model: str, body: Mapping[str, Any], text: str) -> str:
    """The signature of thinking with this text that answers this request."""
    *_, messages = _digests(body)
    return Seal(model, _digest(text), messages, _frame(body)).written()


def problems(body: Mapping[str, Any], model: str, betas: frozenset[str], *, preserved: bool) -> Iterator[str]:
    """What is wrong with the thinking that a request sends back.

    `preserved`: see `Settings`.
    """
    if not _may_be_dropped(body, betas):
        for place, block, before in _placed(body):
            found = _read(block)
            if preserved and found and found.model != model:
                continue
            kind = str(block["type"])
            says = f"{place}: Invalid `{_KEY[kind]}` in `{kind}` block"
            if found is None or found.model != model or found.text != _digest(str(block.get("thinking", ""))):
                yield says
            elif found.messages != before or (preserved and found.frame != _frame(body)):
                yield says + _MISMATCH + ("" if BINDING_BETA in betas else _HEADER)


def _may_be_dropped(body: Mapping[str, Any], betas: frozenset[str]) -> bool:
    """Whether the request asks that thinking from elsewhere be dropped in silence."""
    thinking = body.get("thinking")
    binding = thinking.get("block_binding") if isinstance(thinking, Mapping) and BINDING_BETA in betas else None
    return isinstance(binding, Mapping) and binding.get("prefix_mismatch_behavior") == "drop_block"


def _placed(body: Mapping[str, Any]) -> Iterator[tuple[str, Block, str]]:
    """Each block of thinking with its place and the digest of the messages before its own."""
    contents = [blocks_of(message.get("content")) for message in body["messages"]]
    if not any(block.get("type") in _THINKING for content in contents for block in content):
        return
    for at, (content, before) in enumerate(zip(contents, _digests(body), strict=False)):
        for each, block in enumerate(content):
            if block.get("type") in _THINKING:
                yield f"messages.{at}.content.{each}", block, before


def _digests(body: Mapping[str, Any]) -> Iterator[str]:
    """The digest of all messages before the first, before the second, and so on; the last one is of all of them."""
    running = hashlib.sha256()
    yield _short(running)
    for message in body["messages"]:
        for block in blocks_of(message.get("content")):
            if block.get("type") not in _THINKING:
                running.update(json.dumps([message.get("role"), bare(block)], sort_keys=True).encode())
        yield _short(running)


def _frame(body: Mapping[str, Any]) -> str:
    return _digest(json.dumps([bare(blocks_of(body.get("system"))), bare(body.get("tools") or [])], sort_keys=True))


def _digest(text: str) -> str:
    return _short(hashlib.sha256(text.encode(errors="surrogatepass")))


def _short(running: Any) -> str:
    return str(running.hexdigest()[:20])


def _read(block: Block) -> Seal | None:
    """What the signature of a block says; None where it is none of ours."""
    try:
        said = json.loads(base64.b64decode(str(block.get(_KEY[str(block["type"])], "")), validate=True))
        return Seal(**said)
    except (ValueError, TypeError):
        return None
