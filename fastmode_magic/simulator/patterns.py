"""Texts that a regular expression accepts, for the part of the language that structured output takes."""

from __future__ import annotations

import re

_SETS = {"d": "1234567890", "w": "abcdefghijk", "s": " ", "D": "abc", "W": "-", "S": "abc"}
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_ANY = "abcdefghijkXYZ123-_ .,:/"
_MOST = 64


def matching(pattern: str, number: int = 1) -> str | None:
    """A text with a match for the pattern, another for another number; None where none was found."""
    try:
        text = _Reader(pattern, number).branches()
        return text if re.search(pattern, text) else None
    except (ValueError, re.error):
        return None


class _Reader:
    """Reads a pattern from left to right and writes what it accepts; ValueError where it understands nothing."""

    def __init__(self, pattern: str, number: int) -> None:
        self._pattern = pattern
        self._number = number
        self._at = 0

    def branches(self) -> str:
        """The first of the branches up to a closing parenthesis or the end."""
        first = self._sequence()
        while self._take("|"):
            self._sequence()
        return first

    def _sequence(self) -> str:
        found = ""
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            found += self._atom() * self._times()
        return found

    def _atom(self) -> str:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return self._chosen(self._class())
        if char == "\\":
            return self._escaped(self._next())
        if char in "^$":
            return ""
        return self._chosen(_ANY) if char == "." else char

    def _group(self) -> str:
        if self._take("?") and not self._take(":"):
            if not re.match(r"P?<[A-Za-z_]\w*>", self._pattern[self._at :]):
                raise ValueError(self._pattern)
            self._at = self._pattern.index(">", self._at) + 1
        found = self.branches()
        if not self._take(")"):
            raise ValueError(self._pattern)
        return found

    def _escaped(self, char: str) -> str:
        if char in "bB" or char.isdigit():
            raise ValueError(self._pattern)
        return self._chosen(_SETS[char]) if char in _SETS else _PLAIN.get(char, char)

    def _class(self) -> str:
        """The characters of a class after its opening bracket."""
        negated, found = self._take("^"), ""
        while not (found and self._take("]")):
            char = self._next()
            if char == "\\":
                char = self._next()
                found += _SETS.get(char, _PLAIN.get(char, char))
            elif self._pattern[self._at : self._at + 1] == "-" and self._pattern[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                found += "".join(map(chr, range(ord(char), ord(self._next()) + 1)))
            else:
                found += char
        return "".join(each for each in _ANY if each not in found) if negated else found

    def _times(self) -> int:
        """How often the last atom is repeated: once where that is allowed."""
        if counted := re.match(r"\{(\d+)(,?)(\d*)\}", self._pattern[self._at :]):
            self._at += counted.end()
            least = int(counted[1])
            times = max(least, min(1, int(counted[3] or 1))) if counted[2] else least
        else:
            times = 1
            _ = self._take("*") or self._take("+") or self._take("?")
        self._take("?")
        if times > _MOST:
            raise ValueError(self._pattern)
        return times

    def _chosen(self, characters: str) -> str:
        if not characters:
            raise ValueError(self._pattern)
        return characters[(self._number - 1) % len(characters)]

    def _next(self) -> str:
        if self._at >= len(self._pattern):
            raise ValueError(self._pattern)
        self._at += 1
        return self._pattern[self._at - 1]

    def _take(self, char: str) -> bool:
        """Whether the next character is this one; if so it is read."""
        taken = self._pattern[self._at : self._at + 1] == char
        self._at += taken
        return taken
