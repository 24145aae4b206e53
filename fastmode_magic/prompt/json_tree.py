"""JSON within so many bytes: what does not fit is cut where it is long, and every cut can be seen and read as JSON."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .excerpts import size

DEEPEST = 100
MARKER = 36  # bytes of `"… 9,990 more"`
LEAST_SHARE = 64  # bytes that a member gets which is shown at all, or a tenth of the room
FEW = 10  # members that are always looked at
LINE = 100  # characters

Leaf = str | int | float | bool | None
Node = Leaf | list[Any] | dict[str, Any]


class Member(NamedTuple):
    """A member of a container: how it is reached from there (`["a"]`), its key in an object, and itself."""

    step: str
    key: str | None
    value: Any
    cut: bool = False  # its key was


class Parts(NamedTuple):
    """A container: how many members it has, and those, made as they are asked for."""

    length: int
    members: Iterable[Member]
    keyed: bool


class Endless(Exception):
    """A container that is in itself, or too deep; `path` is where."""

    def __init__(self, path: str, *, deep: bool) -> None:
        super().__init__(path)
        self.path = path
        self.deep = deep


@dataclass(slots=True)
class Tree:
    """What is made of an object, and what had to be left out.

    look    says of an object what its parts are, or which leaf of JSON it is
    left    members of the object itself that were left out, of `total`
    inner   whether something within them was
    """

    look: Callable[[Any], Parts | Leaf]
    left: int = 0
    total: int = 0
    inner: bool = False
    _path: list[tuple[int, str]] = field(default_factory=list)

    def node(self, value: Any, room: float, step: str = "") -> tuple[Node, int]:
        """JSON of `value` in at most `room` bytes (it must have LEAST_SHARE of them), and how many it takes."""
        parts = self.look(value)
        if not isinstance(parts, Parts):
            return self._leaf(parts, room)
        if parts.length and room < MARKER:
            self.inner = True
            return self._leaf(f"… {parts.length:,} items", room)
        self._enter(value, step)
        try:
            return self._container(parts, room)
        finally:
            self._path.pop()

    def _container(self, parts: Parts, room: float) -> tuple[Node, int]:
        top = len(self._path) == 1
        members, shares = self._shares(parts, room)
        made: list[tuple[str, Node]] = []
        used = 2
        for member, share in zip(members, shares, strict=False):
            before = 2 + (size(json.dumps(member.key, ensure_ascii=False)) + 2 if member.key is not None else 0)
            node, after = self.node(member.value, share - before, member.step)
            used += before + after
            if used > room - (MARKER if len(made) + 1 < parts.length else 0):
                used -= before + after
                break
            made.append((member.key or "", node))
            self.inner |= member.cut
        if more := parts.length - len(made):
            used += MARKER
            self.left, self.total, self.inner = (
                (more, parts.length, self.inner) if top else (self.left, self.total, True)
            )
        return _joined(made, more, keyed=parts.keyed), used

    def _shares(self, parts: Parts, room: float) -> tuple[list[Member], list[float]]:
        """The members that are shown, and the bytes for each: the small ones whole, and the others alike."""
        members, needs, total = [], [], 2.0
        for member in parts.members:
            need = 2 + self._need(member.value, room, member.step)
            need += size(json.dumps(member.key, ensure_ascii=False)) + 2 if member.key is not None else 0
            members.append(member)
            needs.append(need)
            total += need
            if total > 4 * room and len(members) >= FEW:
                break
        if len(members) == parts.length and total <= room:
            return members, [float("inf")] * len(members)
        free = room - 2 - MARKER
        level = _level(needs, free) if len(members) == parts.length else 0
        level = max(level, LEAST_SHARE, free / 10)
        used, count = 0.0, 0
        while count < len(needs) and used + min(needs[count], level) <= free:
            used += min(needs[count], level)
            count += 1
        level = _level(needs[:count], free)
        return members[:count], [float("inf") if need <= level else level for need in needs[:count]]

    def _need(self, value: Any, cap: float, step: str) -> int:
        """Bytes of the whole of `value`, counted no further than `cap`."""
        parts = self.look(value)
        if not isinstance(parts, Parts):
            return _length(parts, cap)
        self._enter(value, step)
        used = 2
        for member in parts.members:
            used += 2 + self._need(member.value, cap - used, member.step)
            used += size(json.dumps(member.key, ensure_ascii=False)) + 2 if member.key is not None else 0
            if used > cap:
                break
        self._path.pop()
        return used

    def _enter(self, value: Any, step: str) -> None:
        """Go into a container, unless we are in it, or too deep."""
        path = "".join(one for _, one in self._path) + step
        if any(id(value) == known for known, _ in self._path):
            raise Endless(path, deep=False)
        if len(self._path) >= DEEPEST:
            raise Endless(path, deep=True)
        self._path.append((id(value), step))

    def _leaf(self, leaf: Leaf, room: float) -> tuple[Node, int]:
        length = _length(leaf, room)
        if length <= room:
            return leaf, length
        self.inner = True
        text = leaf if isinstance(leaf, str) else str(leaf)
        head = text[: max(0, int(room) - MARKER)]
        while head and (length := size(json.dumps(head, ensure_ascii=False))) > room - MARKER:
            head = head[: min(len(head) - 1, int(len(head) * (room - MARKER) / length))]
        cut = f"{head}… {len(text) - len(head):,} more characters" if head else "…"
        return cut, size(json.dumps(cut, ensure_ascii=False))


def layout(node: Node, indent: str = "") -> str:
    """JSON text: on one line what is short or has no containers in it, else each member on its own."""
    line = json.dumps(node, ensure_ascii=False)
    if not isinstance(node, dict | list) or not node or len(line) + len(indent) <= LINE:
        return line
    within = f"{indent} "
    if isinstance(node, dict):
        lines = [f"{json.dumps(key, ensure_ascii=False)}: {layout(one, within)}" for key, one in node.items()]
        opening, closing = "{", "}"
    elif any(isinstance(one, dict | list) for one in node):
        lines = [layout(one, within) for one in node]
        opening, closing = "[", "]"
    else:
        return line
    separator = f",\n{within}"
    return f"{opening}\n{within}{separator.join(lines)}\n{indent}{closing}"


def _length(leaf: Leaf, cap: float) -> int:
    """Bytes of a leaf in JSON; of a long text no more than `cap` characters are looked at."""
    if isinstance(leaf, str):
        return size(json.dumps(leaf, ensure_ascii=False)) if len(leaf) <= cap else int(cap) + 3
    return len(str(leaf) if type(leaf) is int else json.dumps(leaf))


def _level(needs: list[int], free: float) -> float:
    """The most that each may have so that all have room: who needs less leaves the rest to the others."""
    left = free
    for at, need in enumerate(sorted(needs)):
        if need * (len(needs) - at) > left:
            return left // (len(needs) - at)
        left -= need
    return float("inf")


def _joined(made: list[tuple[str, Node]], more: int, *, keyed: bool) -> Node:
    """The members as an object or a list, with a last one that says how many are not there."""
    if not keyed:
        return [node for _, node in made] + ([f"… {more:,} more"] if more else [])
    joined = dict(made)
    if more:
        mark = "…"
        while mark in joined:
            mark += "…"
        joined[mark] = f"{more:,} more"
    return joined
