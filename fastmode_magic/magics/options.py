"""The flags of %claude and %%claude, written once: parsing, help, completion and the README come from here."""

import keyword
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, get_args

from traitlets import TraitError

from ..claude.catalog import MAX_OUTPUT_TOKENS
from ..claude.errors import BadInput
from ..prompt.ask import EFFORTS, Fallback, Thinking
from ..settings.kinds import Dollars

PERIODS = ("session", "notebook", "day", "month", "all")  # what reports are of


@dataclass(frozen=True, slots=True)
class Option:
    """One flag: how it is typed, the field of the ask that it sets, and what it does."""

    flags: tuple[str, ...]
    field: str
    help: str
    metavar: str = ""
    read: Callable[[str], Any] | None = None
    value: Any = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A line, taken apart: the fields that flags set, the NAME of a cell, the prompt of a line."""

    fields: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    prompt: str = ""


def parse(line: str, *, cell: bool) -> Parsed:
    """Take the rest of a `%%claude` line (`cell`) or of a `%claude` line apart.

    On a `%claude` line the first word that is no flag, or what follows `--`, begins the prompt, which is kept as it
    was written. Raises BadInput with the closest right word.
    """
    fields: dict[str, Any] = {}
    name: str | None = None
    position = 0
    while word := _WORD.match(line, position):
        text = word[1]
        if text == "--" and not cell:
            return Parsed(fields, prompt=line[word.end() :].removeprefix(" "))
        if _FLAG.match(text):
            position = _take(line, word.start(1), fields)
        elif not cell:
            return Parsed(fields, prompt=line[word.start(1) :])
        else:
            name, position = _name(text, name), word.end()
    return Parsed(fields, name)


def usage() -> str:
    """The flags as lines of help."""
    rows = [(_typed(option), option.help) for option in OPTIONS]
    width = max(len(flags) for flags, _ in rows)
    return "\n".join(f"  {flags:<{width}}  {words}" for flags, words in rows)


def markdown() -> str:
    """The flags as a Markdown table, for the README."""
    rows = [f"| `{_typed(option)}` | {option.help} |".replace("N|max", r"N\|max") for option in OPTIONS]
    return "\n".join(["| flag | what it does |", "|---|---|", *rows])


def _typed(option: "Option") -> str:
    return " ".join([", ".join(option.flags), option.metavar]).rstrip()


def _tokens(text: str) -> int:
    if text == "max":
        return MAX_OUTPUT_TOKENS
    try:
        count = int(text.replace(",", ""))
    except ValueError:
        count = 0
    if not 1 <= count <= MAX_OUTPUT_TOKENS:
        raise BadInput(
            f"--max-tokens {text} is not a number of tokens.",
            f"Use 1 to {MAX_OUTPUT_TOKENS:,}, or max; 16000 is usual.",
        )
    return count


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise BadInput(f"--max-wait {text} is not a number of seconds.", "Use a number such as 20; 0 never waits.")
    return value


def _dollars(text: str) -> Decimal | None:
    try:
        return Dollars().validate(None, text)
    except TraitError:
        raise BadInput(f"--max-cost {text} is not an amount of dollars.", "Use a number such as 0.50 or 2.") from None


def _calls(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000:
        raise BadInput(f"--max-calls {text} is not a number of calls.", "Use 1 to 1000; 10 is usual.")
    return int(text)


def _names(flag: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if all(part.strip() for part in text.split(",")):
            return text
        raise BadInput(f"{flag} {text} has a comma with no name beside it.", f"Write them together: {flag} one,two.")

    return read


def _one_of(flag: str, choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text in choices:
            return text
        near = get_close_matches(text.lower(), choices, n=1, cutoff=0.5)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        raise BadInput(f"{flag} cannot be {text!r}.", f"{meant}It is one of {', '.join(choices)}.")

    return read


OPTIONS = (
    Option(("--fast",), "fast", "ask for fast mode, whatever `%fastmode` says", value=True),
    Option(("--no-fast",), "fast", "ask for standard speed", value=False),
    Option(("-m", "--model"), "model", "alias (opus, fable, sonnet, …) or id of the model", "MODEL", str),
    Option(("--max-tokens",), "max_tokens", "most output tokens, thinking included; default 16,000", "N|max", _tokens),
    Option(("-s", "--system"), "system", "system prompt, in quotes if it has spaces", "TEXT", str),
    Option(
        ("--effort",), "effort", f"one of {', '.join(EFFORTS)}", "LEVEL", _one_of("--effort", EFFORTS), choices=EFFORTS
    ),
    Option(
        ("--thinking",),
        "thinking",
        "off (not shown, still billed) or summary",
        "{off,summary}",
        _one_of("--thinking", get_args(Thinking)),
        choices=get_args(Thinking),
    ),
    Option(
        ("--fallback",),
        "fallback",
        "when fast is refused: auto waits for fast where that saves more than it waits, else standard; "
        "standard goes at once, wait waits, never fails",
        "{auto,standard,wait,never}",
        _one_of("--fallback", get_args(Fallback)),
        choices=get_args(Fallback),
    ),
    Option(("--max-wait",), "max_wait_s", "longest wait for fast capacity; default 20 for auto", "SECONDS", _seconds),
    Option(
        ("--max-cost",), "max_cost", "most dollars of this answer; max_tokens is lowered to fit", "DOLLARS", _dollars
    ),
    Option(
        ("-b", "--background"),
        "background",
        "give the prompt back at once; the answer comes while other cells run",
        value=True,
    ),
    Option(
        ("--dry-run",),
        "dry_run",
        "show the prompt as it would be sent, the size of its pieces and what it costs; sends nothing billable",
        value=True,
    ),
    Option(("--no-vars",), "variables", "send braces as they are written", value=False),
    Option(("--thread",), "thread", "continue the conversation NAME, or begin it", "NAME", str),
    Option(("--new",), "new", "begin the thread over", value=True),
    Option(("--from",), "origin", "branch: go on after turn N of a thread", "NAME@N", str),
    Option(("--code",), "code", "put the answer's code into the next cells; it is never run", value=True),
    Option(
        ("--schema",), "schema", "answer as data: a pydantic model, TypedDict, dataclass or JSON schema", "NAME", str
    ),
    Option(
        ("--tools",), "tools", "functions of the notebook that Claude may have called", "NAME,NAME", _names("--tools")
    ),
    Option(("--max-calls",), "max_calls", "most calls of functions; default 10", "N", _calls),
    Option(("--yes",), "yes", "call functions without asking", value=True),
    Option(("--save",), "save", "save this prompt as a file, with its earlier versions", "NAME", str),
    Option(("--with",), "saved", "put saved prompts before this one", "NAME,NAME", _names("--with")),
)
FLAGS = {flag: option for option in OPTIONS for flag in option.flags}

_WORD = re.compile(r"\s*(\S+)")
_FLAG = re.compile(r"--?[A-Za-z][\w-]*")
_VALUE = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+))""")
_GONE = ("--temperature", "--top-p", "--top-k", "--top_p", "--top_k")


def _take(line: str, start: int, fields: dict[str, Any]) -> int:
    """Read the flag at `start` into `fields`; returns where it ends."""
    flag = _FLAG.match(line, start)
    assert flag is not None  # the caller has seen it
    end = flag.end()
    option = FLAGS.get(flag[0])
    if option is None or line[end : end + 1] not in ("", " ", "\t", "="):
        raise _unknown(_WORD.match(line, start)[1].partition("=")[0])  # type: ignore[index]  # a word is there
    if option.read is None:
        if line[end : end + 1] == "=":
            raise BadInput(f"{flag[0]} takes no value.", f"Write just {flag[0]}.")
        fields[option.field] = option.value
        return end
    value = _VALUE.match(line, end + 1) if line[end : end + 1] else None
    if value is None:
        raise BadInput(f"{flag[0]} needs a value.", f"Write {flag[0]} {option.metavar}.")
    if value[3] and value[3][0] in "\"'":
        raise BadInput(
            f"The quote that {flag[0]} opens is never closed.", f"Close it: {flag[0]} {value[3]} …{value[3][0]}"
        )
    quoted = value[1] if value[1] is not None else value[2]
    if (quoted is None and value[3] in FLAGS) or line[value.end() : value.end() + 1].strip():
        raise BadInput(
            f"{flag[0]} needs a value of its own.", f"Write {flag[0]} {option.metavar}, in quotes if need be."
        )
    text = value[3] if quoted is None else re.sub(r"""\\(["'\\])""", r"\1", quoted)
    fields[option.field] = option.read(text)
    return value.end()


def _unknown(flag: str) -> BadInput:
    if flag in _GONE:
        return BadInput(
            f"{flag} is gone: current models refuse sampling parameters.",
            "Use --effort, or say in the prompt what you want.",
        )
    if flag in {"--help", "-h"}:
        return BadInput(f"{flag} is not a flag of a magic.", "Type `%claude?` for help.")
    near = get_close_matches(flag, FLAGS, n=1, cutoff=0) or ["--fast"]
    return BadInput(
        f"There is no flag {flag}; the nearest is {near[0]}.",
        "`%claude?` lists them; on a %claude line, `--` begins a prompt that looks like a flag.",
    )


def _name(text: str, before: str | None) -> str:
    if before is None and text.isidentifier() and not keyword.iskeyword(text):
        return text
    what = (
        f"{text!r} on the %%claude line is neither a flag nor a Python name."
        if before is None
        else f"The %%claude line has two names, {before!r} and {text!r}; one receives the answer."
    )
    near = get_close_matches(f"--{text}", FLAGS, n=1, cutoff=0.75)
    meant = f"Did you mean {near[0]}? " if near else ""
    raise BadInput(what, f"{meant}The prompt goes into the lines below.")
