"""The README's tables, made from the code. `python tests/docs.py` writes them; test_docs.py compares."""

import re
from pathlib import Path

from fastmode_magic.magics import fastmode, options

README = Path(__file__).parent.parent / "README.md"


def tables() -> dict[str, str]:
    """The text that belongs between `<!-- name -->` and `<!-- /name -->`."""
    rows = [
        f"| `{f'%fastmode {name} {command.takes}'.rstrip()}` | {command.help} |"
        for name, command in fastmode.COMMANDS.items()
    ]
    header = ["| command | what it does |", "|---|---|"]
    return {"flags": options.markdown(), "commands": "\n".join([*header, *rows])}


def written(readme: str) -> str:
    """`readme` with its tables as they should be."""
    for name, table in tables().items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        readme = marks.sub(lambda m, table=table: f"{m[1]}{table}\n{m[2]}", readme)
    return readme


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
