"""Dicts, lists and objects with fields, as JSON."""

import json
from itertools import islice
from typing import Any

from .content import Text
from .excerpts import counted, room, shortened, shorter, size
from .json_tree import DEEPEST, Endless, Node, Parts, Tree, layout
from .kinds import described, is_picture
from .members import look
from .problems import CannotSend
from .subjects import Rendered, Subject

LONGEST_PATH = 200
MOST_ASKED = 1_000  # members of a list that are asked whether they are pictures


def container(subject: Subject) -> Rendered:
    """A container or an object with fields; a list of figures or pictures is rendered as they are."""
    value = subject.value
    if type(value) in {list, tuple} and value and all(map(is_picture, islice(value, MOST_ASKED))):
        from .figures import figures

        return figures(subject)
    text, cut = json_of(subject, value)
    return Rendered((Text(text),), _kind(value), cut, inline="\n" not in text)


def json_of(subject: Subject, value: Any) -> tuple[str, str | None]:
    """JSON of `value` within the allowance, and a sentence on what was left out."""
    tree, free = Tree(look), room(subject.allowance)
    node = subject.asked("A value", lambda: _node(subject, tree, value, free))
    text = layout(node)
    if size(text) > free:  # lines and their indentation do not pay
        text = json.dumps(node, ensure_ascii=False)
    sent = shortened(text, subject.allowance)
    return sent, _cut(subject, tree) if tree.left or tree.inner or sent != text else None


def _node(subject: Subject, tree: Tree, value: Any, free: int) -> Node:
    try:
        return tree.node(value, free)[0]
    except Endless as endless:
        raise _endless(subject, endless) from None


def _cut(subject: Subject, tree: Tree) -> str:
    if not tree.left:
        return f"Long parts were cut {subject.within}."
    also = ", and long parts of the others were cut," if tree.inner else ""
    return f"{tree.left:,} of {counted(tree.total, 'item')} were left out{also} {subject.within}."


def _endless(subject: Subject, endless: Endless) -> CannotSend:
    where = f"{subject.name}{endless.path}"
    if endless.deep:
        return CannotSend(
            f"{subject.quoted} is nested more than {DEEPEST} levels deep (at {shorter(where, LONGEST_PATH)}).",
            "Send a part of it, or say how to send it: with a `_repr_llm_` or a registered renderer.",
        )
    return CannotSend(
        f"{subject.quoted} contains itself (at {shorter(where, LONGEST_PATH)}).",
        "Send a part of it that does not, or say how to send it: with a `_repr_llm_` or a registered renderer.",
    )


def _kind(value: Any) -> str:
    parts = look(value)
    what = described(type(value))
    if not isinstance(parts, Parts):
        return what
    return f"{what}, {counted(parts.length, 'entry' if parts.keyed else 'item')}"
