"""What runs cost, by its commands: cost, history, plots, export."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.display import display

from ..claude.errors import BadInput
from ..ledger.records import Record, now
from ..session import Session
from . import options

if TYPE_CHECKING:
    from ..reports.metrics import Metrics
    from ..reports.plots import Facts

ALONE = (
    "These are the runs of this session alone: no others are known here, since no ledger is kept or it cannot be used."
)


class Money:
    """The commands; each takes what was typed after its word. All raise BadInput."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._metrics: Metrics | None = None

    def cost(self, words: str) -> str:
        """A report of every period, and of one by model and speed."""
        from ..reports import money as money_reports

        asked, book = _period(words.split(), "cost"), self._session.books.book
        names = ["session", *(["notebook"] if self._session.notebook() else []), "day", "month"]
        names += [asked] if asked and asked not in names else []
        found = {name: self._records(name) for name in names}
        if book.alone:
            found = {"session": found["session"]}
            asked = "session"
        chosen = asked or next((name for name, runs in found.items() if runs), "session")
        report = money_reports.cost(found, chosen, now(), practice=self._practice)
        return f"{report}\n\n{ALONE}" if book.alone else report

    def history(self, words: str) -> Any:
        """A data frame of a period, or of the newest N runs."""
        from ..reports import history

        said = words.split()
        newest = int(said[0]) if len(said) == 1 and said[0].isdecimal() else None
        found = self._records("all" if newest is not None else _period(said, "history") or "all")
        return history.frame(found if newest is None else found[max(0, len(found) - newest) :], now())

    def plots(self, words: str, *, terminal: bool) -> str:
        """The picture, where there is a place for one; returns its numbers in words."""
        from ..reports import plots
        from ..views.document import sentence

        found = self._records(_period(words.split(), "plots") or "month")
        if not found:
            return "There are no runs to draw: ask something, or type `%fastmode plots all` for those of every day."
        facts = plots.facts(found, now(), practice=self._practice)
        said = plots.words(facts)
        if not terminal:
            _show(facts, "\n".join(said))
        return "\n\n".join(map(sentence, said))

    def export(self, words: str) -> str:
        """A file, or metrics; returns what was done."""
        from ..reports import exports

        try:
            said = shlex.split(words)
        except ValueError:
            raise BadInput("A quotation mark is not closed.", "Type `%fastmode export 'my runs.csv'`.") from None
        match said:
            case ["otel"]:
                return self._otel()
            case [name, *period]:
                found = self._records(_period(period, "export") or "all")
                return exports.export(found, Path(name).expanduser(), now())
        raise BadInput(
            "An export needs a place.", "Type `%fastmode export runs.csv`, `export runs.parquet` or `export otel`."
        )

    @property
    def _practice(self) -> bool:
        return self._session.service.practising

    def _records(self, period: str) -> list[Record]:
        """The runs of a period: practice while that is going on, else what is billed."""
        return self._session.books.records(period, practice=self._practice)

    def _otel(self) -> str:
        from ..reports.metrics import Metrics

        if self._practice:
            raise BadInput(
                "Practice is not exported as metrics: it would look like use that is billed.",
                "Type `%fastmode practice off` first.",
            )
        self._metrics = self._metrics or Metrics()
        count = self._metrics.record(self._records("session"))
        self._session.books.on_closed = self._metrics.follow
        recorded = f"{count:,} {'run' if count == 1 else 'runs'}" if count else "no new run"
        return f"Recorded {recorded} of this session as OpenTelemetry metrics; later runs follow as they end."


def _show(facts: "Facts", words: str) -> None:
    """A picture that a saved notebook has, with its numbers for who cannot see it."""
    from ..views.characters import terminal_text

    try:
        from ..reports import pictures
    except ImportError:
        raise BadInput(
            "Plots need matplotlib, which is not installed.", "Type `%pip install matplotlib`, or `%fastmode cost`."
        ) from None
    told = terminal_text(words)
    size = {"width": pictures.WIDTH, "height": pictures.HEIGHT, "alt": told}
    bundle = {"image/png": pictures.picture(facts), "text/plain": told}
    display(bundle, metadata={"image/png": size}, raw=True)


def _period(words: Sequence[str], command: str) -> str | None:
    match words:
        case []:
            return None
        case [period] if period in options.PERIODS:
            return period
    raise BadInput(
        f"`%fastmode {command}` does not know {' '.join(words)!r}.", f"A period is one of {', '.join(options.PERIODS)}."
    )
