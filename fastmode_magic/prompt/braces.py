"""Which braces of a text have the form of a variable, and which of those are another language's.

What other languages mean by braces is known by what stands around it: `{{x}}`, `${x}`, `\\frac{a}{b}`, `x_{i}`,
`f"{x}"`, and a line of code in a fence.
"""

import re
from collections.abc import Iterator

NAME = r"[^\W\d]\w*"
_CONSTANT = r"""-?\d+|"(?:[^"\\\n]|\\["\\])*"|'(?:[^'\\\n]|\\['\\])*'"""
_STEP = rf"\.{NAME}|\[(?:{_CONSTANT})\]"
# Python's own mini-language, or the percent signs of a date: anything else after a colon is JSON, CSS or a dict.
_SPEC = (
    r"(?:[^{}\n]?[<>^]|[^{}\n]=)?[-+]?z?#?0?\d{0,4}[,_]?(?:\.\d{1,4})?[bcdeEfFgGnosxX%]?"
    r"|(?=[^{}\n]{0,30}%[a-zA-Z])[^{}\n]{1,60}"
)
_PLACEHOLDER = re.compile(rf"\{{(?P<path>{NAME}(?:{_STEP})*)(?::(?P<spec>{_SPEC}))?\}}")
# What stands before a brace of another language: shell and JavaScript, Ruby, TeX, or a doubled brace.
_OTHERS = frozenset("{$#%@\\^_")
_COMMAND = re.compile(r"\\[A-Za-z]+\*?\d* ?$")
_FARTHEST = 300  # characters back to the command whose last argument a brace may be
# Strings that are templates themselves keep their braces: f-strings, those of C# and Rust, those that are formatted.
_PREFIX = re.compile(r"(?<![\w\"'])(?:[fFtT][rR]?|[rR][fFtT])$")
_MACRO = re.compile(r"\b\w{1,20}!\s{0,9}\([^\"\n]{0,20}$")
_LONG_STRING = re.compile(r"(?<![\w\"'])(?:[fFtT][rR]?|[rR][fFtT])(?:\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)''')")
_MOST_QUOTES = 30  # that are looked at before a brace, on its line
_FENCE = re.compile(
    r"^[ \t]*(?P<mark>`{3,}|~{3,})[ \t]*(?P<language>[\w+#.-]*)[^\n`]*\n(?s:.*?)(?:^[ \t]*(?P=mark)[`~]*[ \t]*$|\Z)",
    re.MULTILINE,
)
# What is fenced as one of these is data that a prompt is made of; as any other language, code with braces of its own.
_DATA = frozenset(
    {
        "",
        "text",
        "txt",
        "plain",
        "plaintext",
        "csv",
        "tsv",
        "json",
        "jsonl",
        "yaml",
        "yml",
        "toml",
        "ini",
        "xml",
        "html",
    }
    | {"md", "markdown", "log", "output", "sql", "prompt"}
)
CODE = "code"


def placeholders(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """What has the form of a variable, each with the sign before it that makes it another language's, or ""."""
    long = iter(()) if '"""' not in text and "'''" not in text else _LONG_STRING.finditer(text)
    string = next(long, None)
    marked = "```" in text or "~~~" in text
    fences = (one for one in (_FENCE.finditer(text) if marked else ()) if one["language"].lower() not in _DATA)
    fence = next(fences, None)
    end, others = -1, ""
    for match in _PLACEHOLDER.finditer(text):
        start = match.start()
        before = text[start - 1] if start else " "
        if start != end:  # what follows another at once is of its kind
            argument = (before.isalnum() or before in "}]* ") and _is_argument(text, start)
            others = before if before in _OTHERS or argument else ""
        end = match.end()
        while string and string.end() <= start:
            string = next(long, None)
        if others:
            yield match, others
        elif (string is None or start < string.start()) and not _in_string(text, start, end):
            while fence and fence.end() <= start:
                fence = next(fences, None)
            yield match, CODE if fence and fence.start() < start and not _is_alone(text, start, end) else ""


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether the braces have their line for themselves."""
    line_end = text.find("\n", end)
    before, after = text[text.rfind("\n", 0, start) + 1 : start], text[end : len(text) if line_end < 0 else line_end]
    return not before.strip() and not after.strip()


def _in_string(text: str, start: int, end: int) -> bool:
    """Whether the braces stand in a string of one line that is a template of its own."""
    line, position = text.rfind("\n", 0, start) + 1, start
    line_end: int | None = None
    for _ in range(_MOST_QUOTES):
        position = max(text.rfind('"', line, position), text.rfind("'", line, position))
        if position < 0:
            return False
        if text.find(text[position], position + 1, start) >= 0:
            continue  # it closes before
        if line_end is None:
            line_end = len(text) if (found := text.find("\n", end)) < 0 else found
        close = text.find(text[position], end, line_end)
        if close >= 0 and (_opens(text, line, position) or text.startswith((".format(", ".format_map("), close + 1)):
            return True
    return False


def _opens(text: str, line: int, quote: int) -> bool:
    """Whether what stands before a quote makes the string a template."""
    if _PREFIX.search(text, max(line, quote - 2), quote) or text.startswith("$", quote - 1):
        return True
    before = text[max(line, quote - 50) : quote]
    return before.endswith("$@") or ("!" in before and _MACRO.search(before) is not None)


def _is_argument(text: str, at: int) -> bool:
    """Whether the brace at `at` opens an argument of a TeX command, perhaps after others: `\\frac[…]{1}{x}`."""
    farthest, opens = max(0, at - _FARTHEST), {"}": "{", "]": "["}
    while at > farthest and text[at - 1] in opens:
        close, depth = text[at - 1], 0
        while at > farthest:
            at -= 1
            depth += (text[at] == close) - (text[at] == opens[close])
            if not depth:
                break
    before = text[at - 1] if at else " "
    return before in "^_" or _COMMAND.search(text, max(0, at - 40), at) is not None
