"""Untrusted text made inert: a model's Markdown for the notebook, text for a terminal, one line for a message.

JupyterLab shows a trusted notebook's Markdown unsanitised, and nbconvert sanitises nothing. So the source itself
must mean the same harmless thing to every renderer. Here the rule is: outside code, whatever could start an
element, an image or a link is escaped unless it has one plain form that no renderer reads differently; and code
is kept as code only where none can disagree that it is.
"""

import html
import html.entities
import re
from bisect import bisect_right

from fastmode_magic.views.fences import canonical

RUN = 64  # delimiters in a row that are kept; a renderer's time can grow with the square

_CONTROL = "\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(f"[{_CONTROL}{_BIDI}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SCHEMES = {"http", "https", "mailto"}

_SPAN = r"`[^`\n]+`"
_TICKS = re.compile(r"`+")
_HAZARD = re.compile(r"<(?!\s)|!\[|\]\(|\]:")
_TOKEN = re.compile(r"\$\$|\\\\[()\[\]]|\\(?:begin|end)\{", re.IGNORECASE)
_ADDRESS = re.compile(r"://|www\.|mailto:|xmpp:", re.IGNORECASE)
_OPENER = re.compile(rf"{_SPAN}|(?<!\\)\$\$|\\\\\[|\\begin\{{[a-z]*\*?\}}|(?<!\\)\$|\\\\\(")

_URL = r"(?:[^\s<>`$\\()\"\[\]]|\([^\s<>`$\\()\"\[\]]*\))*"
_TITLE = r"""(?:[ \t]+(?:"[^"`\\$<\n\[\]]*"|'[^'`\\$<\n\[\]]*'))?"""
_TAIL = re.compile(rf"[ \t]*({_URL}){_TITLE}[ \t]*\)")
_DEFINITION = re.compile(rf"[ \t]+({_URL}){_TITLE}[ \t]*(?=\n|\Z)(?!\n[ \t>]*[\"'(])")
_LABEL = re.compile(r" {0,3}\[[^\[\]\\`\n]+")

_MACRO = r"(?:href|url|require|style|class|cssId|data|includegraphics|html[A-Za-z]+|mmlToken|bbox)(?![A-Za-z])"
_BACKSLASH = r"(?:\\|&#0*92;?|&#[xX]0*5[cC];?|&bsol;)"
_TRIGGER = re.compile(
    rf"""
      (?P<keep>{_SPAN}
        | (?<!\\)!\[[^\[\]\n`$\\<>&"|@]{{0,300}}\]\(data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={{0,2}}\))
    | (?P<macro>{_BACKSLASH}(?={_MACRO}))
    | (?P<entity>&(?:\#[0-9]+|\#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]{{1,31}});?)
    | (?P<angle>\]\(<[^<>\n`$\\"]*>)
    | (?P<image>!\[)
    | (?P<link>\]\()
    | (?P<define>\]:)
    | (?P<auto><https?://[^\s<>`$\\"]+>)
    | (?P<tag><(?![ \t\n]))
    | (?P<tilde>~{{3,}})
    | (?P<at>\\@)
    | (?P<ftp>\b[fF][tT][pP](?=://))
    """,
    re.VERBOSE,
)
_REPEAT = re.compile(rf"{_SPAN}|([\[\](){{}}*_~>])\1{{{RUN},}}")


def safe_markdown(text: str) -> str:
    """Make a model's Markdown inert for every renderer, with honest Markdown changed as little as possible."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return canonical(terminal_text(text), _inert)


def terminal_text(text: str) -> str:
    """Remove what moves a terminal's cursor or reorders its letters; each character is judged alone."""
    return _SURROGATE.sub("\ufffd", _UNSEEN.sub("", text))


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
    return re.sub(r"[!-/;-@\[-`{-~]", lambda m: f"&#{ord(m[0])};", text)


def _inert(text: str, display: bool) -> str:
    """One paragraph, or one display formula, outside code blocks."""
    text = text if display else "\n".join(_spans(text))
    text = re.sub(rf"{_SPAN}|[^ \t\n`]+", _address, text)
    head = _head(text) if display else 0
    text = text[:head] + "\n".join(_closed(line) for line in text[head:].split("\n"))
    formulas = _formulas(text)
    starts = [start for start, _ in formulas]

    def escape(found: re.Match[str]) -> str:
        nearest = bisect_right(starts, found.start()) - 1
        return _escape(found, math=nearest >= 0 and found.start() < formulas[nearest][1])

    text = _TRIGGER.sub(escape, text)
    return _REPEAT.sub(lambda m: m[1] * RUN if m[1] else m[0], text)


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
    return ["".join(_span(*piece, _split(line) or risky) for piece in line) for line in lines]


def _split(line: list[tuple[bool, str]]) -> bool:
    """Whether a table could cut a span on this line in two."""
    return any(code and "|" in piece for code, piece in line)


def _span(code: bool, text: str, risky: bool) -> str:
    if not code:
        return text.replace("`", "&#96;")
    # a formula's token inside a span can pair with one outside, or in a fence further down
    exposed = _TOKEN.search(text) or (risky and _HAZARD.search(text))
    return _literal(text.strip(" ")) if exposed else f"`{text}`"


def _pieces(line: str) -> list[tuple[bool, str]]:
    """The line as (is it a span, text): a span opens and closes with equal runs and nothing else can take them."""
    pieces: list[tuple[bool, str]] = []
    runs = list(_TICKS.finditer(line))
    done = at = word = 0
    while at + 1 < len(runs):
        opener, closer = runs[at], runs[at + 1]
        word = max(word, line.rfind(" ", word, opener.start()) + 1, line.rfind("\t", word, opener.start()) + 1)
        escaped = line[: opener.start()].endswith("\\") if opener.start() else False
        if len(opener[0]) != len(closer[0]) or escaped or _ADDRESS.search(line, word, opener.start()):
            at += 1
            continue
        pieces += [(False, line[done : opener.start()]), (True, line[opener.end() : closer.start()])]
        done = closer.end()
        at += 2
    return [*pieces, (False, line[done:])]


def _address(found: re.Match[str]) -> str:
    """A word with a bare address in it starts no formula: JupyterLab puts formulas back unquoted, into href too."""
    word = found[0]
    if word[0] == "`" or not _ADDRESS.search(word):
        return word
    return re.sub(r"\$|\\(?=\\|begin|end)", lambda m: f"&#{ord(m[0])};", word, flags=re.IGNORECASE)


def _closed(line: str) -> str:
    """The line without openers that reach beyond it: mistune lets these cross even a fence."""
    kept, done = [], 0
    closers = {"$$": "$$", "\\\\[": "\\\\]"}
    at = 0
    while found := _OPENER.search(line, at):
        token, at = found[0], found.end()
        if token[0] == "`" or token in {"$", "\\\\("}:
            continue
        end = _find(line, closers.get(token, f"\\end{token[6:]}"), at)
        if end >= 0:
            at = end
            continue
        kept += [line[done : found.start()], "\\ begin" if token[1] == "b" else _half(token)]
        done = at = found.start() + 6 if token[1] == "b" else found.end()
    return "".join(kept) + line[done:]


def _half(token: str) -> str:
    return "&#36;&#36;" if token == "$$" else "\\\\&#91;"


def _head(text: str) -> int:
    return 0


def _find(line: str, closer: str, at: int) -> int:
    return 0


def _formulas(text: str) -> list[tuple[int, int]]:
    return []


def _escape(found: re.Match[str], *, math: bool) -> str:
    return ""
