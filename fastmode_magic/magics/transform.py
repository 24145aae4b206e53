"""Input transformers: `%claude` and `%%claude` reach us as they were written, before IPython's own rules see them.

IPython would take `%claude what is this?` for a question about an object, strip `>>>` from prompts and join lines that
end in a backslash. Each transformer maps lines to lines, and is installed first among the cleanup transforms.
"""

import re
from typing import Any

_CELL = re.compile(r"%%claude(?:[ \t]+(.*))?$")
_LINE = re.compile(r"(?P<before>\s*(?:[A-Za-z_][\w.\[\], '\":]*=\s*)*)%claude(?:[ \t]+(?P<rest>.*))?$")
_OTHER = re.compile(r"\s*(?:[A-Za-z_][\w.\[\], '\":]*=\s*)*[%!?]")
_TRIPLE = re.compile(r"'''|\"\"\"")


class CellTransformer:
    """`%%claude` as the first line of a cell: the lines below it are the prompt, to the letter."""

    # A terminal must go on asking for lines until a blank one, as for any cell magic: it may not see our cell.
    has_side_effects = True

    def __call__(self, lines: list[str]) -> list[str]:
        """Rewrite the cell, if it is one of ours."""
        lines = whole_lines(lines)
        first = next((number for number, line in enumerate(lines) if line.strip()), None)
        if first is None:
            return lines
        if found := _CELL.match(lines[first].rstrip()):
            body = "".join(lines[first + 1 :]) or "\n"  # an empty body gets our sentence, not IPython's
            return [f"get_ipython().run_cell_magic('claude', {found[1] or ''!r}, {body!r})\n"]
        if lines[first].lstrip().startswith("%%"):
            return lines
        if any(_CELL.match(line.strip()) for line in statements(lines)):
            return ["get_ipython().run_line_magic('claude', '--misplaced')\n"]
        return lines


class LineTransformer:
    """`%claude` at the start of a statement, alone or assigned to a name: the rest of the line is to the letter."""

    def __call__(self, lines: list[str]) -> list[str]:
        """Rewrite the lines that are ours."""
        lines = whole_lines(lines)
        first = next((line for line in lines if line.strip()), "")
        if first.lstrip().startswith("%%"):
            return lines
        starts = set(map(id, statements(lines)))
        return [_rewritten(line) if id(line) in starts else line for line in lines]


def whole_lines(lines: list[str]) -> list[str]:
    """The same text cut at newlines alone, where it is ours: IPython cuts at U+2028, form feeds and others, too."""
    text = "".join(lines)
    return re.findall(r"[^\n]*\n|[^\n]+", text) if "%claude" in text else lines


def _rewritten(line: str) -> str:
    found = _LINE.match(line.rstrip("\r\n"))
    if not found:
        return line
    # A bare statement ends in a semicolon: the answer was shown while it came, and is not displayed again.
    end = "" if "=" in found["before"] else ";"
    return f"{found['before']}get_ipython().run_line_magic('claude', {found['rest'] or ''!r}){end}\n"


def statements(lines: list[str]) -> list[str]:
    """The lines at which a statement can begin: those outside of strings, brackets and continued lines."""
    result = []
    inside, depth, continued = "", 0, False
    for line in lines:
        begins = not (inside or depth or continued)
        if begins:
            result.append(line)
        if begins and _OTHER.match(line):  # to the end of the line it is not Python
            continued = not _LINE.match(line.rstrip("\r\n")) and line.rstrip("\r\n").endswith("\\")
            continue
        inside, depth = _scanned(line, inside, depth)
        continued = not inside and line.rstrip("\r\n").endswith("\\")
    return result


def _scanned(line: str, inside: str, depth: int) -> tuple[str, int]:
    """The triple quote that is open after `line`, and how many brackets are."""
    position = 0
    while position < len(line):
        character = line[position]
        if inside:
            if character == "\\":
                position += 1
            elif line.startswith(inside, position):
                position += len(inside) - 1
                inside = ""
        elif character == "#":
            break
        elif character in "'\"":
            triple = _TRIPLE.match(line, position)
            inside = triple[0] if triple else character
            position += len(inside) - 1
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth = max(0, depth - 1)
        position += 1
    return (inside if len(inside) == 3 else ""), depth


def install(shell: Any) -> None:
    """Put both transformers first."""
    remove(shell)
    shell.input_transformers_cleanup[:0] = [CellTransformer(), LineTransformer()]


def remove(shell: Any) -> None:
    """Take them out again."""
    ours = (CellTransformer, LineTransformer)
    shell.input_transformers_cleanup[:] = [t for t in shell.input_transformers_cleanup if not isinstance(t, ours)]
