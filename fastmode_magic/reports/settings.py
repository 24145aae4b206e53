"""What `%fastmode settings` shows: each setting, its value, who gave it, and what a lock is worth."""

from ..settings import NAMES, FastMode
from ..settings.kinds import EMPTY, in_words
from ..settings.system import FILE_NAME
from ..views.document import code, sentence

ADVICE = (
    "A lock inside a kernel is advice: whoever runs code in the kernel can take it away, or talk to the API directly. "
    "What really limits is outside: the spend limits and API keys of a workspace in the Claude Console, or a gateway."
)


def report(settings: FastMode) -> str:
    """The settings as a table, what of them could not be taken, and where the system's files would be."""
    values = settings.values()
    rows = ["| setting | value | from | what it is |", "|---|---|---|---|"]
    for name in NAMES:
        words = in_words(getattr(values, name))
        value = words if words == EMPTY else code(words)
        rows.append(f"| {code(name)} | {value} | {sentence(settings.origin(name))} | {settings.trait_help(name)} |")
    problems = [f"- {sentence(problem)}" for problem in settings.problems]
    folders = ", ".join(code(str(folder)) for folder in settings.folders)
    ways = "`%config FastMode.NAME = value` sets one for this session, FASTMODE_NAME in the environment for this user."
    pieces = [
        "\n".join(rows),
        "\n".join(["**Not taken**", "", *problems]) if problems else "",
        f"{ways} For everybody: {code(FILE_NAME)} in {folders}; the first wins for locks, the last for defaults.",
        ADVICE,
    ]
    return "\n\n".join(piece for piece in pieces if piece)
