"""The code of an answer goes into the cells below it, and is never run."""

from typing import TYPE_CHECKING, Any

from ..answer import Answer
from ..session import Session
from ..views.characters import terminal_text
from . import front_end

if TYPE_CHECKING:
    from ..extracts import CodeBlock

SHELLS = frozenset({"bash", "sh", "shell"})


def put(shell: Any, session: Session, answer: Answer) -> str | None:
    """Put the code of `answer` into the next cells; returns a sentence if something of it did not go there.

    The lab extension makes one cell for each block; other front ends take one cell.
    """
    from ..extracts import code_blocks, python_of

    found = code_blocks(answer.text)
    python, blocks = python_of(found), [block for block in found if block.closed]
    kept = [block for block in blocks if block in python or block.language in SHELLS]
    sources = [source for block in kept if (source := cell_of(block))]
    if not sources:
        return "The answer has no finished block of Python or shell code, so no cell was made."
    place, lab = front_end.place(shell), session.pages.lab
    if lab and place and lab.carries(front_end.name(shell)):
        lab.insert(place.cell, front_end.name(shell) or "", sources)
    else:
        cells = [source for block in kept if block in python and (source := cell_of(block))]
        shell.set_next_input("\n\n".join(cells) or sources[0])
        if len(sources) > 1 and len(cells) not in {0, len(sources)}:
            return "The answer has shell code too, which is not in the next cell."
    if left := {block.language for block in blocks if block not in kept and block.language}:
        return f"Only Python and shell code goes into cells; the answer also has {', '.join(sorted(left))}."
    return None


def cell_of(block: "CodeBlock") -> str | None:
    """The cell that a block becomes; None for an empty one."""
    # A letter that reorders others would show another program than the one that runs.
    code = terminal_text(block.code).strip("\n")
    if not code.strip():
        return None
    return f"%%bash\n{code}" if block.language in SHELLS else code
