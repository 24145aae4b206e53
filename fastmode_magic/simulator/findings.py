"""What a prompt has to offer for values: its numbers, its quoted words, its names, and what it is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_READ_CHARS = 20_000
_NUMBER = re.compile(r"(?<![\w.])-?\d{1,15}(?:\.\d{1,15})?(?![\w]|\.\d)")
_QUOTED = re.compile(r"\"([^\"\n]{1,200})\"|(?<!\w)'([^'\n]{1,200})'(?!\w)|`([^`\n]{1,200})`")
_NAME = re.compile(r"(?<=[a-z0-9,] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*")
_TOPIC = re.compile(r"[^\W\d_]{4,30}")
_EMPTY = (
    "about above after answer answers because call could each every extract find from give have here into json just "
    "kind like list make many more most much name names need only other over please return schema should show some "
    "such tell than that their them then there these they this those three through tool under using want what when "
    "where which will with would write your"
)


class Findings:
    """What was found in a prompt; numbers, quotes and names are given away once each, in their order."""

    def __init__(self, prompt: str) -> None:
        read = prompt[:_READ_CHARS]
        self.words = frozenset(re.findall(r"[a-z0-9]+", read.lower()))
        self._texts = ["".join(groups) for groups in _QUOTED.findall(read)]
        without = _QUOTED.sub(" ", read)
        self._numbers = [float(each) if "." in each else int(each) for each in _NUMBER.findall(without)]
        self._texts += _NAME.findall(without)
        topics = [word.lower() for word in _TOPIC.findall(without)]
        empty = set(_EMPTY.split())
        self._topics = [word for word in dict.fromkeys(topics) if word not in empty]
        self._given: Counter[str] = Counter()

    def count(self, name: str) -> int:
        """How often this was asked for, this time included."""
        self._given[name] += 1
        return self._given[name]

    def number(self, fits: Callable[[float], bool]) -> float | None:
        """The next number of the prompt that fits."""
        return _taken(self._numbers, fits)

    def text(self, fits: Callable[[str], bool]) -> str | None:
        """The next quoted text or name of the prompt that fits."""
        return _taken(self._texts, fits)

    def topic(self, number: int, label: str) -> str:
        """One of the words that say what the prompt is about, and not the label over again."""
        words = [word for word in self._topics if word[:4] not in label] or ["practice"]
        return str(words[(number - 1) % len(words)])


def _taken(values: list[T], fits: Callable[[T], bool]) -> T | None:
    found = next((at for at, value in enumerate(values) if fits(value)), None)
    return None if found is None else values.pop(found)
