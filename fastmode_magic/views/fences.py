"""The block layer of safe Markdown: what is code, said so that no renderer can see it otherwise.

Every fence, blockquote and display formula is rewritten to one canonical form and set apart by really empty
lines. The rest is text, handed over paragraph by paragraph to a function that makes it inert.
"""

import re
from collections.abc import Callable

Text = Callable[[str, int], str]  # (paragraph, characters of the display formula it starts with) -> inert paragraph
Line = str | None  # None: a really empty line must be here; JupyterLab's math and lazy continuation stop there

QUOTES = 16  # levels of `>` kept; thousands freeze JupyterLab
COLUMNS = 64  # columns of indentation kept
FORMULA_LINES = 100  # how far a display formula may reach, which also bounds the search for its end

CLOSERS = {"$$": "$$", r"\\[": r"\\]"}

_BULLET = r"(?:[-*+]|\d{1,9}[.)])"
_FENCE = re.compile(rf"([ \t]*(?:{_BULLET}[ \t]+){{0,3}})(?:(`{{3,}})([^`]*)|(~{{3,}})(.*))")
_ITEM = re.compile(rf"(?:[ \t]*{_BULLET}(?=[ \t]))*[ \t]*")
_QUOTE = re.compile(r"([ \t]*)>")
_NESTED = re.compile(rf"((?:[ \t]*(?:>|{_BULLET}(?=[ \t]|$))){{{QUOTES}}})(?:[ \t]*(?:>|{_BULLET}(?=[ \t]|$)))+")
_DISPLAY = re.compile(r"[ \t]*(\$\$|\\\\\[|\\begin\{([a-z]*\*?)\})")
_MARK = re.compile(r"(@@\d+@?)(?=[$\\])")  # with a formula after it, JupyterLab's renderer falls over
_TICKS = re.compile(r"`{3,}")


def canonical(text: str, inert: Text) -> str:
    """Rewrite a whole document; `inert` is called on each paragraph outside code."""
    out: list[str] = []
    apart = False
    for line in _blocks(text.split("\n"), inert, 0):
        if line is None:
            apart = True
            continue
        if apart and line and out and out[-1]:
            out.append("")
        apart = False
        out.append(line)
    return "\n".join(out)


def _blocks(lines: list[str], inert: Text, depth: int) -> list[Line]:
    out: list[Line] = []
    text: list[str] = []
    at = margin = 0
    quoted = False
    while at < len(lines):
        line = lines[at] = _tidy(lines[at])
        block, end = _special(lines, at, inert, depth)
        quote = end > at and _QUOTE.match(line) is not None
        if end > at or not line:
            out += _paragraph(text, inert)
            text = []
        if line and (quote or quoted) and not text and out and out[-1]:
            out.append("")  # or the next line could continue a quote's paragraph
        if end > at:
            out += [*_between(margin, block, quote), *block, *([] if quote else [None])]
        elif line:
            text.append(line)
        else:
            out.append("")
        quoted = quote
        line = (block and block[-1]) or line
        margin = _content(line) if line else margin
        at = max(end, at + 1)
    return out + _paragraph(text, inert)


def _between(before: int, block: list[Line], quote: bool) -> list[Line]:
    """What sets a block apart from the line before it: emptiness, and after possible indented code a blank word.

    mistune before 3.2 eats the next line's indentation with indented code, and then does not see the fence.
    """
    margin = _margin(block[0] or "")
    if 0 < margin < before and before >= 4:
        return [None, " " * margin + "&#8203;", None]
    return [] if quote else [None]


def _paragraph(text: list[str], inert: Text) -> list[Line]:
    return list(inert("\n".join(text), 0).split("\n")) if text else []


def _special(lines: list[str], at: int, inert: Text, depth: int) -> tuple[list[Line], int]:
    """The block that starts on this line and is not plain text, with the line after it."""
    if _QUOTE.match(lines[at]):
        return _quote(lines, at, inert, depth)
    if opener := _FENCE.fullmatch(lines[at]):
        return _fence(lines, at, opener)
    if opener := _DISPLAY.match(lines[at]):
        return _formula(lines, at, opener, inert)
    return [], at


def _quote(lines: list[str], at: int, inert: Text, depth: int) -> tuple[list[Line], int]:
    """A run of `>` lines of one indentation: a fence in it must not see another container halfway."""
    margin = _margin(lines[at])
    inner, end = [], at
    while end < len(lines) and _QUOTE.match(lines[end]) and _margin(lines[end]) == margin:
        body = lines[end].lstrip(" \t")[1:]
        if depth + 1 >= QUOTES:
            body = body.lstrip(" \t>")
        elif body[:1] in {" ", "\t"}:
            body = _untab(body, margin + 1)[1:]
        inner.append(body)
        end += 1
    prefix = " " * margin + ">"
    block = _blocks(inner, inert, depth + 1)
    return [line if line is None else f"{prefix} {line}" if line else prefix for line in block], end


def _fence(lines: list[str], at: int, opener: re.Match[str]) -> tuple[list[Line], int]:
    """A fenced block up to its closing line or the end of the text, always closed.

    The content is never to the left of the fence: a renderer that takes the opening line for something else
    (a list item, indented code) takes the content along.
    """
    prefix = opener[1].expandtabs(4)
    mark = opener[2] or opener[4]
    close = re.compile(rf"[ \t]*{mark[0]}{{{len(mark)},}}[ \t]*")
    end = at + 1
    while end < len(lines) and not (close.fullmatch(lines[end]) and _margin(lines[end]) <= len(prefix) + 3):
        end += 1
    body = [_MARK.sub(r"\1 ", _pad(line, len(prefix))) for line in lines[at + 1 : end]]
    longest = max((len(run) for line in body for run in _TICKS.findall(line)), default=0)
    ticks = "`" * max(len(mark), longest + 1)
    return [f"{prefix}{ticks}{_info(opener[3] or opener[5] or '')}", *body, f"{' ' * len(prefix)}{ticks}"], end + 1


def _info(info: str) -> str:
    """The language's name, and never mermaid: nbconvert copies a diagram into the page unescaped."""
    word = re.sub(r"[^A-Za-z0-9+#._-]", "", (info.split() or [""])[0])[:30]
    return "" if word.lower().startswith("mermaid") else word


def _formula(lines: list[str], at: int, opener: re.Match[str], inert: Text) -> tuple[list[Line], int]:
    r"""A display formula over several lines, set apart.

    nbconvert lets `$$`, `\\[` and `\begin` reach over empty lines and fences to the next closer, unless they
    are closed before: anything but this form and a formula on one line loses its opener.
    """
    sign = CLOSERS.get(opener[1], f"\\end{{{opener[2]}}}")
    tail = lines[at][opener.end() :]
    last = at
    for last in range(at + 1, min(len(lines), at + FORMULA_LINES)):
        if sign in lines[last] or not lines[last].strip(" \t"):
            break
    if last == at or sign not in lines[last]:
        return [], at
    closer = re.compile(rf"(?<!\\){re.escape(sign)}" if sign == "$$" else re.escape(sign))
    block = lines[at : last + 1]
    if closer.search(tail) or not closer.search(block[-1]) or any("`" in line for line in block):
        return [], at
    margin = _margin(lines[at])
    block = [_pad(line, margin) for line in block]
    if "|" in tail:
        # mistune would try a table first, give up and skip the line with its opener
        block[:1] = [" " * margin + opener[1], _pad(tail.strip(" \t"), margin)]
    end = closer.search(block[-1])
    head = len("\n".join(block[:-1])) + 1 + (end.end() if end else 0)
    return list(inert("\n".join(block), head).split("\n")), last + 1


def _margin(line: str) -> int:
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(4))


def _content(line: str) -> int:
    """The column of what stands after the line's bullets."""
    bullets = _ITEM.match(line)
    return len(bullets[0].expandtabs(4)) if bullets else 0


def _tidy(line: str) -> str:
    """One line outside code, without absurd indentation or container nesting."""
    if not line.strip(" \t"):
        return ""  # mistune counts a line of spaces as text where it looks for an empty one
    if _margin(line) > COLUMNS:
        line = " " * COLUMNS + line.lstrip(" \t")
    nested = _NESTED.match(line)
    return nested[1] + line[nested.end() :] if nested else line


def _untab(body: str, column: int) -> str:
    """The leading white space as spaces, counted from its column in the line."""
    rest = body.lstrip(" \t")
    lead = (" " * column + body[: len(body) - len(rest)]).expandtabs(4)
    return lead[column:] + rest


def _pad(line: str, margin: int) -> str:
    """The line, indented by the margin at least; a tab across the margin reads differently in each renderer."""
    rest = line.lstrip(" \t")
    lead = line[: len(line) - len(rest)]
    if not margin:
        return line
    if not rest:
        return ""
    return (lead.expandtabs(4) if "\t" in lead[:margin] else lead).ljust(margin) + rest
