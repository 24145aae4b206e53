"""What an object consists of, as JSON sees it: members for containers, a leaf for the rest."""

import dataclasses
import json
from collections import UserDict, UserList, deque
from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from .cells import label
from .excerpts import clean, listed, short_repr, shorter
from .json_tree import Leaf, Member, Parts
from .kinds import described, member, path_of, short_name

LONGEST_KEY = 200
LONGEST_REPR = 200
SMALL_ARRAY = 1_000  # values of an array that are written out
MOST_SORTED = 10_000
_PLAIN = (date, time, timedelta, Decimal, UUID, PurePath, Enum)  # `str()` says all of it
_LISTS: tuple[type, ...] = (list, tuple, range, deque, UserList, type({}.keys()), type({}.values()), type({}.items()))
_OBJECTS = (dict, MappingProxyType, UserDict)


def look(value: Any) -> Parts | Leaf:
    """The members of a container or an object with fields; else text, number, true, false or null."""
    kind = type(value)
    if value is None or kind in {bool, float}:
        return cast("Leaf", value)
    if issubclass(kind, (str, int, float)):
        return _plain(value, kind)
    if issubclass(kind, _OBJECTS):
        return Parts(len(value), _entries(value.items() if kind is not dict else dict.items(value)), keyed=True)
    if issubclass(kind, tuple) and (names := member(kind, "_fields")):
        return _fields(zip(cast("Iterable[str]", names), value, strict=False), len(value))
    if issubclass(kind, _LISTS) or short_name(kind) == "array.array":
        return _items(value, len(value))
    if issubclass(kind, set | frozenset):
        return _items(_ordered(value), len(value))
    if issubclass(kind, _PLAIN):
        return shorter(clean(str(value)), LONGEST_REPR)
    return _of_library(value, kind)


def _plain(value: Any, kind: type) -> Leaf:
    """The text or number in a subclass of it, whatever else that is."""
    if issubclass(kind, str):
        return clean(str.__str__(value))
    if issubclass(kind, float):
        return float.__add__(value, 0.0)
    number = int.__add__(value, 0)
    return number if number.bit_length() < 4_000 else short_repr(number)  # Python refuses to write larger ones


def _of_library(value: Any, kind: type) -> Parts | Leaf:
    """What a table by name knows, as no library is imported here; then objects with fields; else a short repr."""
    renderer = (path_of(kind) or "").partition(".")[0]
    if renderer in {"frames", "pandas_frames", "lazy_frames"}:
        return _briefly(value, kind)
    if renderer == "arrays":
        if hasattr(value, "tolist") and value.ndim == 1:
            return _items(value, len(value))
        small = hasattr(value, "tolist") and value.size <= SMALL_ARRAY
        return look(value.tolist()) if small else f"<{described(kind)} of shape {tuple(value.shape)}, {value.dtype}>"
    if renderer == "scalars" and hasattr(value, "item"):
        item = float(str(value)) if kind.__name__ in {"float16", "float32"} else value.item()
        return look(item) if type(item) is not kind else clean(str(item))
    if renderer == "scalars":
        return shorter(clean(str(value)), LONGEST_REPR)
    if (fields := _declared(value, kind)) is not None:
        return _fields(fields, len(fields))
    return clean(short_repr(value, LONGEST_REPR))


def _declared(value: Any, kind: type) -> list[tuple[str, Any]] | None:
    """The fields of an object and their values, without those that its repr does not show either."""
    if member(kind, "__dataclass_fields__") is not None:
        names = [field.name for field in dataclasses.fields(kind) if field.repr]
    elif (attributes := member(kind, "__attrs_attrs__")) is not None:
        names = [one.name for one in cast("Any", attributes) if one.repr]
    elif member(kind, "__pydantic_fields__") is not None or path_of(kind) == "containers.container":
        known: dict[str, Any] = member(kind, "__pydantic_fields__") or {}  # type: ignore[assignment]
        extra = getattr(value, "__pydantic_extra__", None) or {}
        return [(name, one) for name, one in {**vars(value), **extra}.items() if getattr(known.get(name), "repr", True)]
    else:
        return None
    return [(name, getattr(value, name)) for name in names if hasattr(value, name)]


def _fields(pairs: Iterable[tuple[str, Any]], length: int) -> Parts:
    return Parts(length, (Member(f".{name}", name, one) for name, one in pairs), keyed=True)


def _items(values: Iterable[Any], length: int) -> Parts:
    return Parts(length, (Member(f"[{at}]", None, one) for at, one in enumerate(values)), keyed=False)


def _entries(pairs: Iterable[tuple[Any, Any]]) -> Iterator[Member]:
    """The entries of a dict; a key that is no text is written as one, and told from another that looks alike."""
    known: set[str] = set()
    for key, value in pairs:
        text = clean(key) if type(key) is str else _key(key)
        name = shorter(text, LONGEST_KEY)
        if name in known:
            name = f"{name} ({type(key).__name__})"
        if name in known:
            name = f"{name} {len(known)}"
        known.add(name)
        step = json.dumps(key, ensure_ascii=False) if type(key) is str else short_repr(key)
        yield Member(f"[{shorter(clean(step), LONGEST_KEY)}]", name, value, cut=len(text) > LONGEST_KEY)


def _key(key: Any) -> str:
    text = look(key)
    return str(text) if not isinstance(text, Parts) else short_repr(key, LONGEST_KEY)


def _ordered(values: Any) -> Iterable[Any]:
    """A small set in an order that is the same each time, where its members have one."""
    small = len(values) <= MOST_SORTED and len({type(one) for one in values}) == 1
    return sorted(values) if small and type(next(iter(values))) in {str, int, float} else cast("Iterable[Any]", values)


def _briefly(value: Any, kind: type) -> str:
    """A frame in a few words."""
    if path_of(kind) == "lazy_frames.lazy_frame" or not hasattr(value, "shape"):
        return f"<{described(kind)}>"
    extent = " × ".join(f"{length:,}" for length in value.shape)
    names = list(getattr(value, "columns", ()))[:50] if len(value.shape) == 2 else []
    named = f": {listed(map(label, names), 100, value.shape[1])}" if names else ""
    return f"<{described(kind)}, {extent}{clean(named)}>"
