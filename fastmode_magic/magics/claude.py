"""%claude and %%claude: parse, hand over, show."""

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.display import display

from ..answer import Answer
from ..claude.errors import BadInput, Ending, FastmodeError, Interrupted
from ..prompt.ask import Ask
from ..running import View
from ..session import Session
from . import front_end, next_cells, options, prompts

if TYPE_CHECKING:
    from ..background import BackgroundAnswer
    from ..views.notebook import Carrier
    from ..views.stream import Stream

HELP = f"""Send a cell, or a line, to Claude; the answer streams in and is kept.

    %%claude [NAME] [flags]          the prompt is in the lines below, sent as it is written
    %claude [flags] prompt           the prompt is the rest of the line
    a = %claude [flags] prompt       `a` receives the Answer

NAME, `_` and `Out[n]` hold the Answer: `.text .speed .cost .tokens_per_s .usage .fallback .complete .code .tables`, and
`.data .df` with --schema.
Without flags a cell goes at standard speed until `%fastmode on`. When fast is refused the answer comes at standard
speed, and says so. Words on the %%claude line are flags or one NAME; `%claude -- --text` begins a prompt with dashes.

Braces with a variable of the notebook are filled in: {{name}}, {{obj.attr}}, {{row["x"]}}, {{x:.2f}}. Frames, arrays
and dicts become what Claude reads best; figures, images and PDFs (by Path) are sent as such; {{error}}, the last one,
a {{function}} and {{In[3]}} work too. Nothing is called, and other braces stay as they are written: JSON, LaTeX, code.

Flags:
{options.usage()}

Examples:

    %%claude --fast
    Why does groupby drop rows where the key is NaN?

    %%claude reply -m fable --max-tokens max -s "You are a patient teacher."
    Explain the central limit theorem with a table.

    answer = %claude --fast --fallback never What is a p-value?

    %%claude --fast --dry-run
    What would this cost, with {{df}}?

    %%claude --thread cleaning
    Which columns of {{df}} look wrong?

    %%claude invoices --schema Invoice --with extraction-rules
    {{letter}}

`%fastmode` shows the session: speed, quota, cost; `%fastmode budget 5` bounds what it may cost, `%fastmode cost` tells
what it did, by model and speed; `%fastmode fix` repairs the last error; `%fastmode threads` shows the conversations;
`%fastmode doctor` tests the connection.
"""


@magics_class
class ClaudeMagics(Magics):
    """The door of `%claude`; everything behind it is in the session."""

    shell: Any  # IPython declares it optional; ours is always there

    def __init__(self, shell: Any, session: Session) -> None:
        super().__init__(shell)
        self.session = session
        self._shown: tuple[Answer | BackgroundAnswer, int] | None = None
        self._said = False

    @no_var_expand
    @line_cell_magic
    def claude(self, line: str, cell: str | None = None) -> "Answer | BackgroundAnswer | None":
        if line == "--misplaced" and cell is None:
            raise present(self.shell, BadInput(*MISPLACED))
        prompts.remember_error(self.session)
        with presented(self.shell):
            parsed = options.parse(line, cell=cell is not None)
            prompt = parsed.prompt if cell is None else self._prompt(cell)
            return self.ask(prompt, parsed.fields, parsed.name, returns=cell is None)

    claude.__doc__ = HELP

    def ask(
        self, prompt: str, said: Mapping[str, Any], name: str | None = None, *, returns: bool = False
    ) -> "Answer | BackgroundAnswer | None":
        """Ask what a cell says with its flags; `returns` gives the answer back, which is shown already."""
        fields = dict(said)
        dry_run, background, code, save = (fields.pop(one, None) for one in ("dry_run", "background", "code", "save"))
        self._check(fields, background=background, code=code)
        ask = self.session.ask(prompt, prompts.names(self.shell, self.session), front_end.place(self.shell), **fields)
        if dry_run:
            from ..reports import prompts as prompt_reports

            show(self.shell, self.session, prompt_reports.dry_run(self.session, ask))
            return None
        if save:
            print(prompts.save(self.session, save, prompt))  # noqa: T201  # before anything is sent
        if background and self._can_wait():
            return self._start(ask, name, returns=returns)
        answer = self._answer(ask, name)
        if code and (left_out := next_cells.put(self.shell, self.session, answer)):
            print(f"fastmode-magic: {left_out}")  # noqa: T201
        return answer if returns else None

    def _check(self, fields: Mapping[str, Any], *, background: bool | None, code: bool | None) -> None:
        """Raise BadInput for what does not go together."""
        asks = fields.get("tools") and not fields.get("yes")
        if asks and (background or not self._can_ask()):
            why = "in the background" if background else "here"
            raise BadInput(f"Nobody can be asked {why} whether a function may be called.", "Add --yes to allow it.")
        if code and background:
            raise BadInput(
                "--code and --background do not go together.", "Leave one out; `.code` has an answer's code."
            )

    def _can_ask(self) -> bool:
        return front_end.is_interactive_notebook(self.shell) or not hasattr(self.shell, "kernel")

    def _prompt(self, cell: str) -> str:
        """The cell as written: without the newline that IPython adds, or the blank lines that end it in a terminal."""
        return cell.removesuffix("\n") if hasattr(self.shell, "kernel") else cell.rstrip("\n")

    def _answer(self, ask: Ask, name: str | None) -> Answer:
        answer, error = self.session.run(ask, self._show, front_end.place(self.shell))
        self._bind(answer, name)
        if error:
            raise error
        self._shown = (answer, self.shell.execution_count)
        return answer

    def _start(self, ask: Ask, name: str | None, *, returns: bool) -> "BackgroundAnswer | None":
        answer = self.session.start(ask, self._show, front_end.place(self.shell), partial(present, self.shell))
        self._bind(answer, name)
        self._shown = (answer, self.shell.execution_count)
        return answer if returns else None

    def _bind(self, answer: "Answer | BackgroundAnswer", name: str | None) -> None:
        if name:
            self.shell.push({name: answer})
        self.shell.displayhook.update_user_ns(answer)

    def _can_wait(self) -> bool:
        """Whether an answer can come later; where nobody would see it, it comes in the foreground, said once."""
        if front_end.is_interactive_notebook(self.shell) and not in_terminal(self.shell, self.session):
            return True
        if not self._said:
            self._said = True
            print("fastmode-magic: no notebook to come back to, so --background answers in the foreground.")  # noqa: T201
        return False

    def skip_display(self, answer: "Answer | BackgroundAnswer") -> None:
        """A display formatter: an answer that was shown as it came is not displayed by its cell again."""
        if self._shown is None or self._shown[0] is not answer or self._shown[1] != self.shell.execution_count:
            raise NotImplementedError  # IPython's word for: display it as usual

    def _show(self, stream: "Stream") -> View:
        if in_terminal(self.shell, self.session):
            from ..views.terminal import TerminalView

            return TerminalView()
        from ..views.notebook import NotebookView

        return NotebookView(stream, self._carrier, bundled=self._bundled, ended=self._ended)

    def _carrier(self) -> "Carrier | None":
        """What can bring frames to the page now."""
        match shown_as(self.shell, self.session):
            case "lab extension":
                return self.session.pages.lab
            case "widget":
                from ..views.answer import WidgetCarrier

                return WidgetCarrier(self.session.pages.receive)
        return None

    def _bundled(self) -> bool:
        """Whether a document that is still growing carries our own MIME type: where the extension may be there."""
        lab = self.session.pages.lab
        return self.session.settings.display == "auto" and lab is not None and not lab.absent

    def _ended(self, run: str, bundle: dict[str, object]) -> None:
        if self.session.pages.lab:
            self.session.pages.lab.ended(run, bundle)


STOPPED = ("You stopped it.", "Run it again when you like.")
MISPLACED = (
    "%%claude must be the first line of its cell.",
    "Move it above the other lines, or use `%claude prompt` on one line.",
)


def shown_as(shell: Any, session: Session) -> str:
    """What shows answers now: terminal, lab extension, widget or Markdown."""
    display_as, pages = session.settings.display, session.pages
    if in_terminal(shell, session):
        return "terminal"
    if display_as == "markdown":
        return "Markdown"
    if pages.lab and pages.lab.carries(front_end.name(shell)):
        return "lab extension"
    if display_as == "widget" and not front_end.is_interactive_notebook(shell):
        return "Markdown"  # nobody looks, and what is saved would carry the widget
    widget = display_as == "widget" or pages.widget_answered or front_end.carries_widgets(shell)
    return "widget" if widget else "Markdown"


def in_terminal(shell: Any, session: Session) -> bool:
    """Whether answers are shown as plain text rather than through a notebook's display."""
    display_as = session.settings.display
    return display_as == "terminal" or (display_as == "auto" and not hasattr(shell, "kernel"))


def show(shell: Any, session: Session, markdown: str) -> None:
    """Show a report."""
    if in_terminal(shell, session):
        print(plain(markdown))  # noqa: T201  # the terminal is the display
    else:
        display({"text/markdown": markdown, "text/plain": plain(markdown)}, raw=True)


def plain(markdown: str) -> str:
    """A report as text for a terminal."""
    from ..views.characters import terminal_text
    from ..views.terminal import aligned

    # Outside fences the marks go; inside, as in a dry run, every character is what would be sent.
    pieces = re.split(r"^```\w*\n?", markdown, flags=re.MULTILINE)
    pieces[::2] = [html.unescape(piece.replace("**", "").replace("`", "")) for piece in pieces[::2]]
    pieces[::2] = [aligned(piece) for piece in pieces[::2]]
    return terminal_text("".join(pieces))


@contextmanager
def presented(shell: Any) -> Iterator[None]:
    """What ends a magic is shown as two lines."""
    try:
        yield
    except (FastmodeError, Interrupted) as error:
        raise present(shell, error) from None
    except KeyboardInterrupt:
        raise present(shell, Interrupted(*STOPPED)) from None


def present(shell: Any, error: Ending) -> Ending:
    """Make `error` render as its two lines; `%xmode Verbose` shows the traceback."""
    from ..views.characters import terminal_text

    if shell.InteractiveTB.mode != "Verbose":
        lines = [f"{type(error).__name__}: {terminal_text(error.what)}", terminal_text(error.next_step)]
        error._render_traceback_ = lambda: lines  # type: ignore[union-attr]  # IPython looks for it
    return error
