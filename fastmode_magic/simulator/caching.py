"""The prompt cache: which part of a prompt is read, which is written, and which is neither."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastmode_magic.simulator.buckets import Clock
from fastmode_magic.simulator.conversation import bare, blocks_of, nested
from fastmode_magic.simulator.sizes import block_tokens
from fastmode_magic.simulator.wire import block_text

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
    """The prompt in the order of its cache: tools, format of the answer, system, messages."""
    found = [
        Block(f"{role}\0{block_text(bare(block))}\0", block_tokens(_unmarked(block)), _mark(block))
        for role, block in _parts(body)
    ]
    if found and (ttl := _ttl(body)):
        found[-1] = Block(found[-1].text, found[-1].tokens, ttl)
    return found


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """The tokens of the whole prompt, cached or not."""
    return max(1, sum(block_tokens(_unmarked(block)) for _, block in _parts(body)))


def _parts(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The blocks as they came, each with the role that says it."""
    yield from (("", tool) for tool in body.get("tools") or [])
    if wanted := (body.get("output_config") or {}).get("format"):
        yield "format", wanted
    yield from (("system", block) for block in blocks_of(body.get("system")))
    for message in body.get("messages") or []:
        yield from ((str(message.get("role")), block) for block in blocks_of(message.get("content")))


def _unmarked(block: Any) -> Any:
    return {k: v for k, v in block.items() if k != "cache_control"} if isinstance(block, Mapping) else block


def _mark(block: Any) -> str | None:
    """The mark of a block, or of the last marked one inside it."""
    inside = [_ttl(each) for each in nested(block)] if isinstance(block, Mapping) else []
    return _ttl(block) or next((ttl for ttl in reversed(inside) if ttl), None)


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
