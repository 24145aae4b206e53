"""The shapes that cross to the page: views/protocol.py and labextension/src/protocol.ts say the same, both ways."""

import json
import re
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from fastmode_magic.views import protocol

SOURCES = Path(__file__).parents[1] / "labextension" / "src"
PAGE = (SOURCES / "protocol.ts").read_text("utf-8")
NAMES = ("ANSWER_MIME", "STATUS_MIME", "COMM_TARGET")
SHAPES = {name: shape for name, shape in vars(protocol).items() if is_typeddict(shape)}
SPELLED = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null", object: "unknown"}
WIDER = {'Partial<Omit<Answer, "text" | "thinking">>': "Record<string, unknown>"}  # a TypedDict cannot say it


def differences(source: str) -> list[str]:
    """Where the two disagree, as "Answer.words: Python says …, the page …"."""
    ours, theirs = of_python(), of_page(source)
    return [
        f"{name}: Python says {ours.get(name)}, the page {theirs.get(name)}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]


def of_python() -> dict[str, str]:
    """Constants, aliases and fields by name, in TypeScript's words."""
    found = {name: json.dumps(getattr(protocol, name)) for name in NAMES}
    found["Phase"] = _spelled(protocol.Phase)
    inline = set(SHAPES) - set(re.findall(r"interface (\w+)", PAGE))
    assert inline <= {"Live"}  # the page spells it where it is used
    for name, shape in SHAPES.items():
        found |= {} if name in inline else {f"{name}.{field}": words for field, words in _fields(shape)}
    return {name: words.replace("Live", f"{{ {_inline(SHAPES['Live'])} }}") for name, words in found.items()}


def _inline(shape: Any) -> str:
    return "; ".join(f"{field}: {words}" for field, words in _fields(shape))


def _fields(shape: Any) -> list[tuple[str, str]]:
    hints = get_type_hints(shape, include_extras=True)
    return [
        (field, f"optional {_spelled(get_args(hint)[0])}" if get_origin(hint) is NotRequired else _spelled(hint))
        for field, hint in hints.items()
    ]


def _spelled(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _either(json.dumps(value) for value in arguments)
    if origin in (Union, UnionType):
        return _either(word for one in arguments for word in _spelled(one).split(" | "))
    if origin is list:
        return f"{_spelled(arguments[0])}[]"
    if origin is tuple:
        return f"[{', '.join(map(_spelled, arguments))}]"
    if origin is dict:
        return f"Record<{', '.join(map(_spelled, arguments))}>"
    return hint.__name__ if is_typeddict(hint) else SPELLED[hint]


def _either(words: Any) -> str:
    return " | ".join(sorted(words))


def of_page(source: str) -> dict[str, str]:
    """The same of TypeScript: `export const`, `export type` and the fields of `export interface`."""
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
    found = dict(re.findall(r"export const (\w+) = (.*);", code))
    aliases = dict(re.findall(r"export type (\w+) =\s*(.*?);", code, flags=re.DOTALL))
    found |= {name: _normal(words, {}) for name, words in aliases.items()}
    for name, body in re.findall(r"export interface (\w+) \{\n(.*?)^\}", code, flags=re.DOTALL | re.MULTILINE):
        for field, optional, words in re.findall(r"^ +(\w+)(\??): (.+);$", body, flags=re.MULTILINE):
            found[f"{name}.{field}"] = ("optional " if optional else "") + _normal(words, aliases)
    return found


def _normal(words: str, aliases: dict[str, str]) -> str:
    words = WIDER.get(words, aliases.get(words, words))
    if "{" in words or "<" in words:
        return words
    return _either(part.strip() for part in words.split("|") if part.strip())


def test_python_and_the_page_agree() -> None:
    assert differences(PAGE) == []


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ('"application/vnd.fastmode.answer+json"', '"application/vnd.fastmode.answers+json"', "ANSWER_MIME"),
        ('"application/vnd.fastmode.status+json"', '"application/vnd.fastmode.status"', "STATUS_MIME"),
        ('COMM_TARGET = "fastmode"', 'COMM_TARGET = "fast"', "COMM_TARGET"),
        ('  | "retrying"\n', "", "Phase"),
        ('  | "refused"\n', '  | "refused"\n  | "lost"\n', "Phase"),
        ("  words: string;\n", "", "Answer.words"),
        ("  words: string;\n", "  word: string;\n", "Answer.words"),
        ("  words: string;\n", "  words?: string;\n", "Answer.words"),
        ("  words: string;\n", "  words: string | null;\n", "Answer.words"),
        ("  words: string;\n", "  words: string;\n  more: string;\n", "Answer.more"),
        ("  speed: string | null;\n", "  speed: string;\n", "Answer.speed"),
        ("  facts: [string, string][];\n", "  facts: Record<string, string>;\n", "Answer.facts"),
        ("  rates: number[];\n", "  rates: string[];\n", "Answer.rates"),
        ("  version: 1;\n", "  version: 2;\n", "Answer.version"),
        ('name: "input" | "output" | "requests";', 'name: "input" | "output";', "Gauge.name"),
        ('"on" | "cooldown" | "off"', '"on" | "off"', "Status.state"),
        ("quota: Gauge[] | null;", "quota: Gauge[];", "Status.quota"),
        ("usual: Usual | null;", "usual: Usual;", "Status.usual"),
        ("  requests: Gauge | null;\n", "", "Usual.requests"),
        ("  text?: Piece;\n", "  text?: string;\n", "Frame.text"),
        ("  whole?: Answer;\n", "  whole: Answer;\n", "Frame.whole"),
        ("  change?: Partial<", "  change?: Required<", "Frame.change"),
        ("{ cell: string; whole: Answer }[]", "{ cell: number; whole: Answer }[]", "ToPage.live"),
        ("{ cell: string; whole: Answer }[]", "{ cell: string }[]", "ToPage.live"),
        ("  hello?: true;\n", "  hello?: boolean;\n", "ToKernel.hello"),
        ("  want?: string;\n", "", "ToKernel.want"),
        ("export interface Late {", "export interface Later {", "Late.bundle"),
    ],
)
def test_a_breach_is_seen(before: str, after: str, name: str) -> None:
    assert before in PAGE
    seen = set(differences(PAGE.replace(before, after))) - set(differences(PAGE))
    assert name in {line.partition(":")[0] for line in seen}


def test_nothing_of_the_page_escapes_the_reader() -> None:
    assert PAGE.count("export ") == len(re.findall(r"^export (?:const|type|interface) \w+", PAGE, flags=re.MULTILINE))
    fields = [name for name in of_page(PAGE) if "." in name]
    # each field's line ends in a semicolon and begins with two spaces; `export const` does not
    assert len(fields) == len(re.findall(r"^  \w.*;$", PAGE, flags=re.MULTILINE))


def test_both_name_the_phases_of_a_run_that_goes_on() -> None:
    store = (SOURCES / "store.ts").read_text("utf-8")
    live = set(re.findall(r'"(\w+)"', re.search(r"LIVE.*?new Set\(\[(.*?)\]\)", store, flags=re.DOTALL)[1]))
    ended = {"finished", "interrupted", "cut off", "refused", "failed"}
    assert live == set(get_args(protocol.Phase)) - ended
