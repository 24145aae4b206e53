"""%claude and %%claude: parse, hand over, show."""

import html
import re
from typing import Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.display import display

from ..answer import Answer
from ..claude.errors import BadInput, Ending, FastmodeError, Interrupted
from ..prompt.ask import Ask
from ..session import Session, View
from . import options

HELP = f"""Send a cell, or a line, to Claude; the answer streams in and is kept.

    %%claude [NAME] [flags]          the prompt is in the lines below, sent as it is written
    %claude [flags] prompt           the prompt is the rest of the line
    a = %claude [flags] prompt       `a` receives the Answer

NAME, `_` and `Out[n]` hold the Answer: `.text .speed .cost .tokens_per_s .usage .fallback .complete` and more.
Without flags a cell goes at standard speed until `%fastmode on`. When fast is refused the answer comes at standard
speed, and says so. Words on the %%claude line are flags or one NAME; `%claude -- --text` begins a prompt with dashes.

Flags:
{options.usage()}

Examples:

    %%claude --fast
    Why does groupby drop rows where the key is NaN?

    %%claude reply -m fable --max-tokens max -s "You are a patient teacher."
    Explain the central limit theorem with a table.

    answer = %claude --fast --fallback never What is a p-value?

    %%claude --fast --dry-run
    What would this cost?

`%fastmode` shows the session: speed, quota, cost; `%fastmode doctor` tests the connection.
"""


@magics_class
class ClaudeMagics(Magics):
    """The door of `%claude`; everything behind it is in the session."""

    shell: Any  # IPython declares it optional; ours is always there

    def __init__(self, shell: Any, session: Session) -> None:
        super().__init__(shell)
        self.session = session
        self._shown: tuple[Answer, int] | None = None

    @no_var_expand
    @line_cell_magic
    def claude(self, line: str, cell: str | None = None) -> Answer | None:
        if line == "--misplaced" and cell is None:
            raise present(self.shell, BadInput(*MISPLACED))
        try:
            parsed = options.parse(line, cell=cell is not None)
            fields = dict(parsed.fields)
            dry_run = fields.pop("dry_run", False)
            ask = self.session.ask(parsed.prompt if cell is None else self._prompt(cell), **fields)
            if dry_run:
                from .. import reports

                show(self.shell, self.session, reports.dry_run(self.session, ask))
                return None
            return self._answer(ask, parsed.name, returns=cell is None)
        except (FastmodeError, Interrupted) as error:
            raise present(self.shell, error) from None
        except KeyboardInterrupt:
            raise present(self.shell, Interrupted(*STOPPED)) from None

    claude.__doc__ = HELP

    def _prompt(self, cell: str) -> str:
        """The cell as written: without the newline that IPython adds, or the blank lines that end it in a terminal."""
        return cell.removesuffix("\n") if hasattr(self.shell, "kernel") else cell.rstrip("\n")

    def _answer(self, ask: Ask, name: str | None, *, returns: bool) -> Answer | None:
        answer, error = self.session.run(ask, self._view())
        if name:
            self.shell.push({name: answer})
        self.shell.displayhook.update_user_ns(answer)
        if error:
            raise error
        self._shown = (answer, self.shell.execution_count)
        return answer if returns else None

    def skip_display(self, answer: Answer) -> None:
        """A display formatter: an answer that was shown as it came is not displayed by its cell again."""
        if self._shown is None or self._shown[0] is not answer or self._shown[1] != self.shell.execution_count:
            raise NotImplementedError  # IPython's word for: display it as usual

    def _view(self) -> View:
        if in_terminal(self.shell, self.session):
            from ..views.terminal import TerminalView

            return TerminalView()
        from ..views.markdown import MarkdownView

        return MarkdownView()


STOPPED = ("You stopped it.", "Run it again when you like.")
MISPLACED = (
    "%%claude must be the first line of its cell.",
    "Move it above the other lines, or use `%claude prompt` on one line.",
)


def in_terminal(shell: Any, session: Session) -> bool:
    """Whether answers are shown as plain text rather than through a notebook's display."""
    display_as = session.settings.display
    return display_as == "terminal" or (display_as == "auto" and not hasattr(shell, "kernel"))


def show(shell: Any, session: Session, markdown: str) -> None:
    """Show a report."""
    from ..views.safe import terminal_text

    # Outside fences the marks go; inside, as in a dry run, every character is what would be sent.
    pieces = re.split(r"^```\w*\n?", markdown, flags=re.MULTILINE)
    pieces[::2] = [html.unescape(piece.replace("**", "").replace("`", "")) for piece in pieces[::2]]
    plain = terminal_text("".join(pieces))
    if in_terminal(shell, session):
        print(plain)  # noqa: T201  # the terminal is the display
    else:
        display({"text/markdown": markdown, "text/plain": plain}, raw=True)


def present(shell: Any, error: Ending) -> Ending:
    """Make `error` render as its two lines; `%xmode Verbose` shows the traceback."""
    from ..views.safe import terminal_text

    if shell.InteractiveTB.mode != "Verbose":
        lines = [f"{type(error).__name__}: {terminal_text(error.what)}", terminal_text(error.next_step)]
        error._render_traceback_ = lambda: lines  # type: ignore[union-attr]  # IPython looks for it
    return error
