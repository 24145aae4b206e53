"""The prompt cache: which part of a prompt is read, which is written, and which is neither."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastmode_magic.simulator.buckets import Clock
from fastmode_magic.simulator.wire import block_text, block_tokens

_LIFE_S = {"5m": 300.0, "1h": 3_600.0}


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a prompt; `ttl` is "5m" or "1h" where the prompt may be cached up to here."""

    text: str
    tokens: int
    ttl: str | None


@dataclass(frozen=True, slots=True)
class PromptTokens:
    """The tokens of one prompt by class; `fresh` are the ones that are neither read nor written."""

    fresh: int
    read: int = 0
    written_5m: int = 0
    written_1h: int = 0

    @property
    def charged(self) -> int:
        """What counts against the limit of input tokens: all but what was read."""
        return self.fresh + self.written_5m + self.written_1h

    def usage(self) -> dict[str, Any]:
        """These tokens as `usage` spells them."""
        return {
            "input_tokens": self.fresh,
            "cache_creation_input_tokens": self.written_5m + self.written_1h,
            "cache_read_input_tokens": self.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.written_5m,
                "ephemeral_1h_input_tokens": self.written_1h,
            },
        }


def blocks(body: Mapping[str, Any]) -> list[Block]:
    """The prompt in the order of its cache: tools, system, messages."""
    found = [_block(each, "") for each in body.get("tools") or []]
    found += _blocks(body.get("system"), "system")
    for message in body.get("messages") or []:
        found += _blocks(message.get("content"), str(message.get("role")))
    if found and (ttl := _ttl(body)):
        found[-1] = Block(found[-1].text, found[-1].tokens, ttl)
    return found


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """The tokens of the whole prompt, cached or not."""
    return max(1, sum(block.tokens for block in blocks(body)))


def _blocks(content: object, role: str) -> Iterator[Block]:
    each = [{"type": "text", "text": content}] if isinstance(content, str) else content
    for block in each if isinstance(each, list) else []:
        yield _block(block, role)


def _block(block: object, role: str) -> Block:
    bare = {k: v for k, v in block.items() if k != "cache_control"} if isinstance(block, Mapping) else block
    return Block(f"{role}\0{block_text(bare)}\0", block_tokens(bare), _ttl(block))


def _ttl(holder: object) -> str | None:
    control = holder.get("cache_control") if isinstance(holder, Mapping) else None
    if not isinstance(control, Mapping):
        return None
    return "1h" if control.get("ttl") == "1h" else "5m"


class PromptCache:
    """Remembers prefixes of prompts under a key (model, speed, effort), so that a switch of any of them misses."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[Any, ...], tuple[float, float]] = {}

    def use(self, body: Mapping[str, Any], key: tuple[Any, ...], minimum: int) -> PromptTokens:
        """Read the longest known prefix, write the rest up to the last breakpoint, and say what was what."""
        prompt = blocks(body)
        marks = [(*key, digest) for digest in _digests(prompt)]
        last = max((at for at, block in enumerate(prompt) if block.ttl), default=-1)
        now = self._clock()
        self._kept = {mark: kept for mark, kept in self._kept.items() if kept[0] > now}
        hit = max((at for at in range(last + 1) if marks[at] in self._kept), default=-1)
        if hit >= 0:
            life_s = self._kept[marks[hit]][1]
            self._kept[marks[hit]] = (now + life_s, life_s)
        written = {"5m": 0, "1h": 0}
        done, upto = hit, sum(block.tokens for block in prompt[: hit + 1])
        read = upto
        for at in range(hit + 1, last + 1):
            upto += prompt[at].tokens
            if (ttl := prompt[at].ttl) and upto >= minimum:
                written[ttl] += sum(block.tokens for block in prompt[done + 1 : at + 1])
                self._kept[marks[at]] = (now + _LIFE_S[ttl], _LIFE_S[ttl])
                done = at
        fresh = sum(block.tokens for block in prompt[done + 1 :])
        return PromptTokens(max(fresh, 0 if read or any(written.values()) else 1), read, written["5m"], written["1h"])


def _digests(prompt: list[Block]) -> Iterator[str]:
    running = hashlib.sha256()
    for block in prompt:
        running.update(block.text.encode(errors="surrogatepass"))
        yield running.copy().hexdigest()
