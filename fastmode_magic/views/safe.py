"""Untrusted text made inert: a model's Markdown for the notebook, one line of it for a message.

JupyterLab shows a trusted notebook's Markdown unsanitised, and nbconvert sanitises nothing. So the source itself must
mean the same harmless thing to every renderer. Here the rule is: outside code, whatever could start an element, an
image or a link is escaped unless it has one plain form that no renderer reads differently; and code is kept as code
only where none can disagree that it is.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterator

from fastmode_magic.views.characters import UNSEEN, terminal_text
from fastmode_magic.views.fences import canonical

RUN = 64  # delimiters in a row that are kept; a renderer's time can grow with the square
MARKS, MARKS_OF_TABLE = 250, 2_000  # runs of `*` and `_` in a paragraph or item that are kept, for the same reason

_SCHEMES = {"http", "https", "mailto"}
_SPAN = r"`[^`\n]+`"
_TICKS = re.compile(r"`+")
_HAZARD = re.compile(r"<(?!\s)|!\[|\]\(|\]:")
_TOKEN = re.compile(r"\$\$|\\\\[()\[\]]|\\(?:begin|end)\{", re.IGNORECASE)
_ADDRESS = re.compile(r"://|www\.|mailto:|xmpp:", re.IGNORECASE)
_DISPLAY = re.compile(rf"{_SPAN}|(?<!\\)\$\$|\\\\\[|\\begin\{{[a-z]*\*?\}}")
_FORMULA = re.compile(rf"{_DISPLAY.pattern}|(?<!\\)\$|\\\\\(")
_CLOSER = re.compile(r"(?=((?<!\\)\$\$|\\\\\]|\\end\{[a-z]*\*?\}|\\\\\)))")
_DOLLAR = re.compile(r"(?<!\\)\$")
_CLOSERS = {"$$": "$$", r"\\[": r"\\]", r"\\(": r"\\)", "$": "$"}
_URL = r"(?:[^\s<>`$\\()\"\[\]]|\([^\s<>`$\\()\"\[\]]*\))*"
_TITLE = r"""(?:[ \t]{1,3}(?:"[^"`\\$<\n\[\]]*"|'[^'`\\$<\n\[\]]*'))?[ \t]{0,3}"""
_TAIL = re.compile(rf"({_URL}){_TITLE}\)")
# in a definition list, nbconvert takes even a fence's line `: x` for a definition
_TERM = re.compile(r"^(?:[ \t>*+-]|\d{1,9}[.)])*:(?=[ \t]|$)", re.MULTILINE)
# mistune and marked look for a label's end even in a fence further down; JupyterLab's formulas can hide one
_LABEL_OPEN = re.compile(r"^([ \t>*+\-:.)\d]*)\[(?![^\[\]\\$\n]*\])", re.MULTILINE)
_LABEL = re.compile(r"^ {0,3}\[[^\[\]\\`$\n]+(?=\]:)", re.MULTILINE)
# the next line must not begin like a title
_DEFINITION = re.compile(rf"[ \t]{{1,3}}(?=\S)({_URL}){_TITLE}(?=\n|\Z)(?!\n[ \t>]*[\"'(])")
_IMAGE = re.compile(r"[^\[\]\n]{0,300}\][(\[]")
_MACRO = (
    r"(?:href|url|require|style|class|cssId|data|includegraphics|html[A-Za-z]+|mmlToken|bbox"
    r"|[gex]?def|let|(?:re)?new(?:command|environment)|DeclareMathOperator|[rR]ule|Space|raisebox|raise|lower)(?![A-Za-z])"
)
_DATA = r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}"
_FTP = re.compile(r"([fF][tT][pP]:)/(?=/)")  # marked makes a link of it
_TRIGGERS = {
    "keep": rf"{_SPAN}|(?<!\S)!\[[^\[\]\n`$\\<>&\"|@]{{0,300}}\]\({_DATA}\)",
    "macro": rf"(?:\\|&#0*92;?|&#[xX]0*5[cC];?|&bsol;)(?={_MACRO})",
    "entity": r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]{1,31};)",
    "angle": rf"\]\(<[^<>\n`$\\\"\[\]&~]*>(?={_TITLE}\))",
    "image": r"(?<!!)!+\[",
    "link": r"\]\(",
    "define": r"\]:",
    "auto": r"<https?://[^\s<>`$\\\"\[\]&~]+>",
    "tag": r"<(?![ \t\n])",
    "tilde": r"(?<!~)~{3,}",
    "at": r"(?<!\\)\\+@",
    "ftp": r"[fF][tT][pP]:/(?=/)",
}
_TRIGGER = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _TRIGGERS.items()))
_MARKS = re.compile(r"\*+|_+")
_BULLETS = re.compile(r"^(?=[ \t>]*[-*+][ \t]+\S)", re.MULTILINE)
_TABLE = re.compile(r"[^\n]*\|[^\n]*\n[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*(?:\n|$)")
_REPEAT = re.compile(rf"{_SPAN}|([\[\](){{}}*_~>!])\1{{{RUN},}}|@@\d+@@|(@)(?=@\d)")


def safe_markdown(text: str) -> str:
    """Make a model's Markdown inert for every renderer, with honest Markdown changed as little as possible."""
    # mistune splits a definition list's terms where Python sees a line's end
    text = re.sub("[\u2028\u2029]", " ", re.sub(r"\r\n?", "\n", text))
    return canonical(terminal_text(text), _inert)


def inline_text(text: str, limit: int = 300) -> str:
    """Make a foreign sentence one line of Markdown that shows its characters and does nothing."""
    line = " ".join(terminal_text(re.sub(r"\s", " ", text)).split())
    if len(line) > limit:
        line = line[: limit - 1].rstrip() + "…"
    line = re.sub(rf"\\(?={_MACRO})", r"\\ ", line)
    start = re.match(r"[-+=:#]+|\d{1,9}(?=[.)])", line)
    head = start.end() + 1 if start else 0
    shown = _literal(line[:head]) + re.sub(r"[&<>\\`*_\[\](){}!|~$@\"'#]+", lambda m: _literal(m[0]), line[head:])
    return re.sub(r"(?i)(www)\.|:(?=//)", lambda m: f"{m[1]}&#46;" if m[1] else ":&#8203;", shown)


def _literal(text: str) -> str:
    """The text with each sign that any Markdown knows as an entity."""
    return re.sub(r"[!-/;-?\[-`{-~]", lambda m: f"&#{ord(m[0])};", text)


def _inert(text: str, head: int) -> str:
    """One paragraph outside code blocks, of which `head` characters are a display formula."""
    formula, rest = text[:head], "\n".join(_spans(text[head:]))
    rest = re.sub(rf"{_SPAN}|[^ \t\n`]+", _address, rest)
    lines = [_closed(line) for line in rest.split("\n")]
    spots, size = [(0, head)], head
    for line in lines:
        spots += [(size + start, size + end) for start, end in _formulas(line)]
        size += len(line) + 1
    bracket = "{[}" if head else "&#91;"
    text = _LABEL_OPEN.sub(lambda m: m[1] + bracket, _escaped(formula + "\n".join(lines), spots))
    text = _TERM.sub(lambda m: f"{m[0][:-1]}\\:", text)
    text = "".join(map(_calm, _BULLETS.split(text)))
    # `@@0@$x$` would end up as JupyterLab's mark for a formula that may not be there
    return _REPEAT.sub(lambda m: m[1] * RUN if m[1] else f"{m[0]}&#8203;" if m[2] else m[0], text)


def _calm(item: str) -> str:
    """A paragraph or list item without emphasis, if it has more of it than anybody would write."""
    most = MARKS_OF_TABLE if _TABLE.match(item) else MARKS
    if len(item) < most or len(_MARKS.findall(item)) <= most:
        return item
    return re.sub(rf"{_SPAN}|[*_]", lambda m: m[0] if m[0][0] == "`" else f"&#{ord(m[0])};", item)


def _spans(text: str) -> list[str]:
    """The lines with each code span in its one safe form, and every other backtick as an entity.

    Only `a span on one line` is kept. One that would do harm if it were exposed is kept only if nothing in the
    paragraph makes a renderer see its borders, or those of a span before it, elsewhere.
    """
    lines = [_pieces(line) for line in text.split("\n")]
    codes = "".join(piece for line in lines for code, piece in line if code)
    plain = "".join(piece for line in lines for code, piece in line if not code)
    crossed = any(sign in codes and sign in plain for sign in "$*_~") or ("[" in plain and re.search(r"[\[\]]", codes))
    risky = bool(crossed) or any(code and piece.endswith("\\") for line in lines for code, piece in line)
    return ["".join(_coded(line, bool(risky))) for line in lines]


def _coded(line: list[tuple[bool, str]], risky: bool) -> Iterator[str]:
    """One line's text and spans; a harmful span only as text where it could be exposed."""
    # a table may cut a span with a bar in two
    risky = risky or any(code and "|" in piece for code, piece in line)
    for code, piece in line:
        if not code:
            yield piece.replace("`", "&#96;")
        # a formula's token inside a span can pair with one outside, or in a fence further down
        elif _TOKEN.search(piece) or (risky and _HAZARD.search(piece)):
            yield _literal(piece.strip(" "))
        else:
            yield f"`{piece}`"


def _pieces(line: str) -> list[tuple[bool, str]]:
    """The line as (is it a span, text): a span opens and closes with equal runs and nothing else can take them."""
    pieces: list[tuple[bool, str]] = []
    runs = list(_TICKS.finditer(line))
    words = [(word.end(), _ADDRESS.search(line, *word.span())) for word in re.finditer(r"[^ \t]+", line)]
    taken = [(found.end(), end) for end, found in words if found]
    done = at = 0
    while at + 1 < len(runs):
        opener, closer = runs[at], runs[at + 1]
        start = opener.start()
        near = bisect_right(taken, (start, len(line))) - 1
        # a bare address reaches to the next space and takes a backtick along; in marked, a tilde does too
        swallowed = near >= 0 and start < taken[near][1]
        at += 1
        if len(opener[0]) == len(closer[0]) and not swallowed and not (start and line[start - 1] in "\\~"):
            pieces += [(False, line[done:start]), (True, line[opener.end() : closer.start()])]
            done = closer.end()
            at += 1
    return [*pieces, (False, line[done:])]


def _address(found: re.Match[str]) -> str:
    """A word with a bare address in it starts no formula: JupyterLab puts formulas back unquoted, into href too."""
    word = found[0]
    if word[0] == "`" or not _ADDRESS.search(word):
        return word
    return re.sub(r"\$|\\(?=\\|begin|end)", lambda m: f"&#{ord(m[0])};", word, flags=re.IGNORECASE)


def _closed(line: str) -> str:
    """The line without openers that reach beyond it, which mistune lets even cross a fence."""
    last = {found[1]: found.start() for found in _CLOSER.finditer(line)}
    kept: list[str] = []
    done = at = 0
    while found := _DISPLAY.search(line, at):
        token, at = found[0], found.end()
        if token[0] == "`":
            continue
        closer = _CLOSERS.get(token, f"\\end{token[6:]}")
        if last.get(closer, -1) >= at:
            at = _close(line, closer, at)
        else:
            broken = {"$$": "&#36;&#36;", r"\\[": r"\\&#91;"}.get(token, f"\\ {token[1:]}")
            kept += [line[done : found.start()], broken]
            done = at
    return "".join(kept) + line[done:]


def _formulas(line: str) -> list[tuple[int, int]]:
    """Where the line's formulas are, which only decides how a sign is escaped, not whether."""
    last = {found[1]: found.start() for found in _CLOSER.finditer(line)}
    last |= {found[0]: found.start() for found in _DOLLAR.finditer(line)}
    formulas: list[tuple[int, int]] = []
    at = 0
    while found := _FORMULA.search(line, at):
        sign, at = found[0], found.end()
        closer = _CLOSERS.get(sign, f"\\end{sign[6:]}")
        if sign[0] != "`" and last.get(closer, -1) >= at:
            end = _close(line, closer, at)
            # `$5 and $6` are prices
            if sign != "$" or not (line[at].isspace() or line[end - 2].isspace() or line[end : end + 1].isdigit()):
                formulas.append((found.start(), end))
                at = end
    return formulas


def _close(line: str, closer: str, at: int) -> int:
    """After the next closer; there is one."""
    end = line.find(closer, at)
    while closer[0] == "$" and line[end - 1] == "\\":
        end = line.find(closer, end + 1)
    return end + len(closer)


def _escaped(text: str, formulas: list[tuple[int, int]]) -> str:
    """The paragraph with each trigger outside spans escaped, or in its one plain form."""
    starts = [start for start, _ in formulas]
    labels = {found.end() for found in _LABEL.finditer(text)}

    def escape(found: re.Match[str]) -> str:
        nearest = bisect_right(starts, found.start()) - 1
        kind, sign = found.lastgroup, found[0]
        math = found.start() < formulas[nearest][1]
        if math and kind in {"image", "link", "define", "tag"}:
            # an entity would break the formula in JupyterLab
            return f"{sign[:-1]} {sign[-1]}" if kind != "tag" else "< "
        if math and kind == "angle":
            return f"] {_plain(kind, sign, '')[1:]}"
        match kind:
            case "keep":
                return sign
            case "image":
                looks = _IMAGE.match(text, found.end()) and text[found.start() - 1 : found.start()] != "\\"
                return "&#33;" * (len(sign) - 2) + ("[image: " if looks else "&#33;&#91;")
            case "link":
                return _link(_TAIL.match(text, found.end()))
            case "define":
                tail = _DEFINITION.match(text, found.end()) if found.start() in labels else None
                return sign if tail and not _foreign(tail[1]) else r"]\:"
        return _plain(str(kind), sign, text[found.end() : found.end() + 1])

    return _TRIGGER.sub(escape, text)


def _link(tail: re.Match[str] | None) -> str:
    """A link stays one only if its end is plain: no line break, angle, backslash, formula or code in it."""
    if tail is None:
        return "]&#40;"
    return "](#blocked-" if _foreign(tail[1]) else "]("


def _plain(kind: str, sign: str, after: str) -> str:
    """The escapes that need no look at what surrounds them, except at the next character."""
    match kind:
        case "macro":
            return "\\ " if sign == "\\" else "&#92; "
        case "entity":
            return _entity(sign)
        case "angle":
            url = re.sub(r"[\s()']", lambda m: f"%{ord(m[0]):02X}", sign[3:-1])
            url = _FTP.sub(r"\1&#47;", url)
            return f"](#blocked-{url}" if _foreign(url) else f"]({url}"
        case "auto":
            return _FTP.sub(r"\1&#47;", sign[1:-1]) + ("" if after in " \t\n.,:;!?)" else " ")
        case "tilde":
            return "&#126;" * len(sign)
        case "at":
            return "@"  # `@\@0@@` would become JupyterLab's own mark for a formula
        case "ftp":
            return f"{sign[:-1]}&#47;"
    return "&lt;"


def _entity(sign: str) -> str:
    """An entity stays unless it hides a letter, a colon or something unseen, as in `java&#115;cript&colon;`."""
    char = "" if len(sign) > 40 else html.unescape(sign if sign.endswith(";") else f"{sign};")
    if char == "\\":
        return "&#92;"
    hidden = not char or any(c <= " " or c in ":@\ufffd" or (c.isascii() and c.isalnum()) for c in char)
    if len(char) > 2 or not (hidden or UNSEEN.search(char)):
        return sign  # unknown names stand for themselves
    return f"&amp;{sign[1:]}"


def _foreign(url: str) -> bool:
    """Whether the address has another scheme than the harmless ones, or leads about on the notebook's own server."""
    if url.startswith("#"):
        return False
    if re.search(r"&#[xX]?[0-9a-fA-F]{9}", url):
        return True  # nothing honest, and Python refuses to read numbers of thousands of digits
    for _ in range(3):
        url = html.unescape(url)
    plain = re.sub(r"[\s\x00-\x20\x7f-\xa0\\]+", "", url).lower()
    scheme = re.match(r"([a-z][a-z0-9+.-]*):", plain)
    return scheme[1] not in _SCHEMES if scheme else re.match(r"[/?]|.*(?:\.|%2e){2}", plain) is not None
