"""What can be taken out of an answer's Markdown: code blocks, and tables as data frames of pandas or else polars.

An answer may be hostile, and nothing here takes longer than its length warrants: the parser has lines that it looks at
again and again, so its work is bounded, and what is beyond that is read line by line. Tables are split here, for the
parser's own rule fills up their rows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from .grids import LIBRARIES, column, frame_of, unique

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

LONGEST = 60_000  # characters that are parsed
MOST_CHECKS = 300_000  # that the parser makes of lines, in some 0.5 s; an honest answer needs about 10 a line
PYTHON = frozenset({"python", "py", "python3", "py3", "ipython", "ipython3"})
MOST_TABLES = 200
MOST_COLUMNS = 1_000  # what is wider is no table
MOST_FILLED = 10_000  # cells that short rows may lack in all tables together; GFM's own parsers have such a bound

_MARKERS = r"(?:[ \t]*(?:>|[-*+](?=[ \t])|[0-9]{1,9}[.)](?=[ \t])))*+"  # of the quotes and list items around a line
_FENCE = re.compile(rf"(?P<before>{_MARKERS}[ \t]*+)(?P<mark>`{{3,}}+(?!.*`)|~{{3,}}+)(?P<info>.*)")
_AROUND = re.compile(rf"{_MARKERS}[ \t]*+")
_DASHES = r":?-++:?[ \t]*+"
_DELIMITERS = re.compile(rf"[ \t]*+\|?[ \t]*+{_DASHES}(?:\|[ \t]*+{_DASHES})*+\|?[ \t]*+")
_BAR = re.compile(r"(?<!\\)\|")
_DEFINITION = re.compile(r" {0,3}\[([^\[\]]{1,200})\]:[ \t]*(\S{1,2000})")
_PLAIN = re.compile(r"[^\\`*_~\[\]<>&!]*")
_LONGEST_CELL = 2_000  # characters of a cell that are parsed; a longer one stays as it is written
_MOST_BRACKETS = 50  # in a cell: the parser looks for the end of a link from each
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_STYLE = re.compile(r"</?(?:a|b|code|del|em|font|i|ins|kbd|mark|s|small|span|strong|su[bp]|u)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced block: its language in lower case, "" if it has none; not `closed` where the answer broke off in it."""

    language: str
    code: str
    closed: bool = True


def code_blocks(markdown: str) -> list[CodeBlock]:
    """The fenced blocks of an answer, those in lists and quotes too."""
    return [part for part in _parts(_lines(markdown)) if isinstance(part, CodeBlock)]


def code(markdown: str) -> str:
    """The Python of an answer; where it has none, the code of any language.

    A block without a language is taken for Python only where no block says that it is.
    """
    blocks = code_blocks(markdown)
    return "\n\n".join(block.code.strip("\n") for block in python_of(blocks) or blocks)


def python_of(blocks: list[CodeBlock]) -> list[CodeBlock]:
    """The blocks that are Python."""
    return [one for one in blocks if one.language in PYTHON] or [one for one in blocks if not one.language]


def tables(markdown: str, libraries: Sequence[str] = LIBRARIES) -> list[Any]:
    """The tables of an answer as data frames, with the columns of numbers as numbers; at most MOST_TABLES.

    Raises ModuleNotFoundError if none of `libraries` is installed.
    """
    lines = _lines(markdown.encode("utf-8", "replace").decode())  # frames of text take no half of a character
    paragraphs = [part for part in _parts(lines) if isinstance(part, list)]
    words = _Cells(_references(lines))
    found = []
    for header, *rows in _grids(paragraphs):
        cells = [[words.of(cell) for cell in row] for row in rows]
        columns = [column([row[at] for row in cells]) for at in range(len(header))]
        found.append(dict(zip(unique(words.of(cell) for cell in header), columns, strict=True)))
    return [frame_of(columns, libraries) for columns in found]


def _lines(markdown: str) -> list[str]:
    return re.sub(r"\r\n?", "\n", markdown).removesuffix("\n").split("\n")


def _parts(lines: list[str]) -> list[CodeBlock | list[str]]:
    """Code blocks, and as lines what else may have a table in it."""
    try:
        if sum(map(len, lines)) + len(lines) <= LONGEST:
            tokens = [token for token in _tokens("\n".join(lines) + "\n") if token.type in {"fence", "inline"}]
            return [_block(token) if token.type == "fence" else token.content.split("\n") for token in tokens]
    except _TooMuch:
        pass
    return list(_scanned(lines))


class _TooMuch(Exception):
    """The parser has done its share of work."""


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    # Definitions of links are no blocks of interest, and a paragraph of them takes older parsers minutes.
    return MarkdownIt("commonmark").enable("strikethrough").disable("reference")


@cache
def _bounded() -> "type[StateBlock]":
    from markdown_it.rules_block import StateBlock

    class Bounded(StateBlock):
        checks = 0

        def is_code_block(self, line: int) -> bool:  # what each rule asks first
            self.checks += 1
            if self.checks > MOST_CHECKS:
                raise _TooMuch
            return super().is_code_block(line)

    return Bounded


def _tokens(markdown: str) -> list["Token"]:
    """The blocks of a document; what stands in a line is not parsed."""
    state = _bounded()(markdown, _parser(), {}, [])
    _parser().block.tokenize(state, 0, state.lineMax)
    return state.tokens


def _references(lines: list[str]) -> dict[str, Any]:
    """The definitions of links, as the parser keeps them."""
    from markdown_it.common.utils import normalizeReference

    found = [match for line in lines if (match := _DEFINITION.match(line))]
    return {"references": {normalizeReference(one[1]): {"href": one[2], "title": ""} for one in found}}


def _block(token: "Token") -> CodeBlock:
    first, end = token.map or [0, 0]
    closed = end - first > token.content.count("\n") + 1  # lines
    return CodeBlock(_language(token.info), token.content.removesuffix("\n"), closed)


def _language(info: str) -> str:
    """Of "python title=x", "{python}", "{.python #id}", "{code-cell} python" or "py:main.py" the language."""
    for word in re.findall(r"[^\s{},]+", info):
        if word not in {"code", "code-block", "code-cell", "sourcecode"} and word[0] not in "#:" and "=" not in word:
            return str(word).partition(":")[0].removeprefix(".").lower()
    return ""


def _scanned(lines: list[str]) -> Iterator[CodeBlock | list[str]]:
    """Code blocks, and the paragraphs between them as lines without what is around them."""
    paragraph: list[str] = []
    at = 0
    while at < len(lines):
        if not (opener := _FENCE.fullmatch(lines[at])):
            line = lines[at][_AROUND.match(lines[at]).end() :]  # type: ignore[union-attr]  # it matches nothing too
            if line:
                paragraph.append(line)
            elif paragraph:
                yield paragraph
                paragraph = []
            at += 1
            continue
        yield paragraph
        paragraph = []
        end, closed = _end(opener, lines, at + 1)
        code = "\n".join(_within(opener["before"], lines[at + 1 : end]))
        yield CodeBlock(_language(opener["info"]), code, closed)
        at = end + closed
    yield paragraph


def _end(opener: re.Match[str], lines: list[str], at: int) -> tuple[int, bool]:
    """The line after the last one of a block, and whether that closes it; else the answer ends, or what is quoted."""
    close = re.compile(rf"[ \t>]*{opener['mark'][0]}{{{len(opener['mark'])},}}[ \t]*")
    quoted = ">" in opener["before"]
    for end in range(at, len(lines)):
        if close.fullmatch(lines[end]):
            return end, True
        if quoted and not lines[end].lstrip(" \t").startswith(">"):
            return end, False
    return len(lines), False


def _within(before: str, lines: list[str]) -> Iterator[str]:
    """The lines of a block without the quotes and the indentation that stand `before` its fence."""
    quotes = re.compile(rf"(?:[ \t]{{0,3}}>[ \t]?){{0,{min(before.count('>'), 100)}}}")
    width = len(before.rpartition(">")[2].removeprefix(" ") if ">" in before else before)
    for line in lines:
        rest = line[quotes.match(line).end() :]  # type: ignore[union-attr]  # it matches nothing too
        yield rest[min(width, len(rest) - len(rest.lstrip(" \t"))) :]


def _grids(paragraphs: Iterable[list[str]]) -> Iterator[list[list[str]]]:
    """The cells of each table as they are written: its header, then rows of the same width."""
    filled = found = 0
    for lines in paragraphs:
        at = 1
        while at < len(lines) and found < MOST_TABLES and filled <= MOST_FILLED:
            width = _width(lines[at - 1], lines[at])
            at += 1
            if not width:
                continue
            grid = [_cells(lines[at - 2])]
            while at < len(lines) and filled <= MOST_FILLED:
                cells = _cells(lines[at])
                filled += max(0, width - len(cells))
                grid.append((cells + [""] * (width - len(cells)))[:width])
                at += 1
            found += 1
            yield grid


def _width(header: str, delimiters: str) -> int:
    """Columns of the table that begins with these two lines; 0 if none does."""
    if "|" not in header or "|" not in delimiters or not _DELIMITERS.fullmatch(delimiters):
        return 0
    width = len(_cells(header))
    return width if width == len(_cells(delimiters)) and width <= MOST_COLUMNS else 0


def _cells(row: str) -> list[str]:
    cells = _BAR.split(row.strip())
    cells = cells[1:] if not cells[0] else cells
    cells = cells[:-1] if cells and not cells[-1] else cells
    return [cell.strip().replace("\\|", "|") for cell in cells]


@dataclass(slots=True)
class _Cells:
    """The words of cells; when their marks have been work enough, the rest stays as it is written."""

    references: dict[str, Any]
    left: int = LONGEST

    def of(self, cell: str) -> str:
        if _PLAIN.fullmatch(cell) or len(cell) > _LONGEST_CELL or cell.count("[") > _MOST_BRACKETS:
            return cell
        self.left -= len(cell)
        if self.left < 0:
            return cell
        tokens: list[Token] = []
        _parser().inline.parse(cell, _parser(), self.references, tokens)
        return "".join(_words(tokens)).strip()


def _words(tokens: Iterable["Token"]) -> Iterator[str]:
    for token in tokens:
        if token.type == "image":
            yield from _words(token.children or [])
        elif token.type != "html_inline":
            yield token.content
        elif _BREAK.fullmatch(token.content):
            yield "\n"
        elif not _STYLE.fullmatch(token.content):
            yield token.content  # no HTML to whoever wrote `list<int>`
