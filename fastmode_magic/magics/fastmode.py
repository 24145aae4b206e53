"""%fastmode: the session at a glance, and its switches."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from getpass import getpass
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_magic, magics_class
from IPython.display import display

from ..claude.errors import BadInput
from ..session import Session
from . import options, prompts
from .claude import ClaudeMagics, in_terminal, plain, presented, show, shown_as

if TYPE_CHECKING:
    from .money import Money

MOST_STATUSES = 5  # that are kept up to date
PERIODS = f"[{', '.join(options.PERIODS)}]"


@magics_class
class FastmodeMagics(Magics):
    """The door of `%fastmode`."""

    shell: Any  # IPython declares it optional; ours is always there

    def __init__(self, shell: Any, claude: ClaudeMagics) -> None:
        super().__init__(shell)
        self.session: Session = claude.session
        self._claude = claude
        self._statuses: list[Any] = []
        self._money: Money | None = None

    @line_magic
    def fastmode(self, line: str) -> Any:
        name, _, rest = line.strip().partition(" ")
        prompts.remember_error(self.session)
        with presented(self.shell):
            command = COMMANDS.get(name.lower() or "status")
            if command is None:
                near = get_close_matches(name.lower(), COMMANDS, n=1, cutoff=0)[0]
                raise BadInput(
                    f"There is no `%fastmode {name}`; the nearest is `%fastmode {near}`.",
                    f"It is one of {', '.join(COMMANDS)}.",
                )
            if rest.split() and not command.takes:
                raise BadInput(f"`%fastmode {name}` takes no {rest.split()[0]!r}.", f"Type `%fastmode {name}`.")
            result = command.run(self, *([rest.strip()] if command.takes else []))
            if not isinstance(result, str):
                return result
            if result:
                show(self.shell, self.session, result)
            return None

    def _status(self) -> str | None:
        from ..reports import session as reports

        if in_terminal(self.shell, self.session):
            return reports.status(self.session)
        self._statuses = [*self._statuses[1 - MOST_STATUSES :], display(self._bundle(), raw=True, display_id=True)]
        self.session.pages.on_change = self._refresh
        return None

    def _bundle(self) -> dict[str, object]:
        from ..reports import session as reports
        from ..views import status

        markdown = reports.status(self.session)
        return status.bundle(self.session.pages.status(), markdown, plain(markdown))

    def _refresh(self) -> None:
        """What is saved of each status shown are the last numbers."""
        bundle = self._bundle()
        for shown in self._statuses:
            shown.update(bundle, raw=True)

    def _on(self) -> str:
        from ..reports import session as reports

        self.session.switch(fast=True)
        return reports.switched(self.session)

    def _off(self) -> str:
        from ..reports import session as reports

        self.session.switch(fast=False)
        return reports.switched(self.session)

    def _quota(self, size: str) -> str:
        from ..reports import quota as quota_report

        return quota_report.report(self.session, quota_report.tokens(size) if size else None)

    def _stop(self) -> str:
        stopped = self.session.stop()
        return f"Stopped: {stopped}; what came is kept." if stopped else "Nothing is running."

    def _models(self) -> str:
        from ..reports import session as reports

        return reports.models(date.today(), self.session.settings)  # noqa: DTZ011  # the user's day

    def _settings(self) -> str:
        from ..reports import settings as settings_report

        return settings_report.report(self.session.settings)

    def _budget(self, rest: str) -> str:
        from . import budgets

        return budgets.budget(self.session, rest.split())

    def _of_money(self) -> "Money":
        from .money import Money

        self._money = self._money or Money(self.session)
        return self._money

    def _cost(self, rest: str) -> str:
        return self._of_money().cost(rest)

    def _history(self, rest: str) -> Any:
        return self._of_money().history(rest)

    def _plots(self, rest: str) -> str:
        return self._of_money().plots(rest, terminal=in_terminal(self.shell, self.session))

    def _export(self, rest: str) -> str:
        return self._of_money().export(rest)

    def _reconcile(self, rest: str) -> str:
        from ..reports import reconciliation as reconcile_reports

        return reconcile_reports.report(self.session, rest, datetime.now(UTC))

    def _login(self) -> str:
        try:
            key = getpass("API key for Claude (stays in memory): ")
        except KeyboardInterrupt:
            key = ""
        except (NotImplementedError, RuntimeError, EOFError):
            raise BadInput("This front end cannot ask for a key.", "Set ANTHROPIC_API_KEY instead.") from None
        if not key.strip():
            raise BadInput("No key was typed.", "Type `%fastmode login` again; the key goes into the box.")
        self.session.service.login(key)
        return "The key is used for the rest of this session, and kept in memory only. `%fastmode doctor` tests it."

    def _thread(self, rest: str) -> str:
        return prompts.thread(self.session, rest.split())

    def _threads(self, rest: str) -> str:
        return prompts.threads(self.session, rest.split())

    def _prompts(self, rest: str) -> str:
        return prompts.report(self.session, rest.split())

    def _fix(self, rest: str) -> None:
        said = options.parse(rest, cell=False)
        if late := [word for word in said.prompt.split() if word.partition("=")[0] in options.FLAGS]:
            raise BadInput(f"{late[0]} stands after words.", f"Put flags first: `%fastmode fix {late[0]} …`.")
        prompt = prompts.repair_of(self.session, self.shell.user_ns, said.prompt)
        code = {} if said.fields.get("background") else {"code": True}
        self._claude.ask(prompt, {**code, **said.fields, "variables": False})

    def _practice(self, off: str) -> str:
        if off not in {"", "off"}:
            raise BadInput(f"`%fastmode practice` takes no {off!r}.", "Type `%fastmode practice` or `practice off`.")
        if off:
            self.session.service.stop_practising()
            return "Practice is over: cells go to the real service again."
        url = self.session.service.practise()
        return (
            f"**Practice:** cells are answered by a simulator in this kernel ({url}); no model is asked and nothing is "
            "billed. `%fastmode practice off` ends it."
        )

    def _doctor(self) -> str:
        from ..reports import session as reports

        return reports.doctor(self.session, f"{type(self.shell).__name__}, {shown_as(self.shell, self.session)}")

    def _last(self) -> None:
        from ..views import document

        answer = self.session.last
        if answer is None:
            raise BadInput("There is no answer yet.", "Run a %%claude cell first.")
        if in_terminal(self.shell, self.session):
            print(document.plain(answer, self.session.last_status))  # noqa: T201  # the terminal is the display
        else:
            display(document.bundle(answer, self.session.last_facts, self.session.last_rates), raw=True)


@dataclass(frozen=True, slots=True)
class Command:
    """What `%fastmode WORD` does; `takes` says what may follow the word.

    `run` returns a report to be shown, or what the magic returns.
    """

    run: Callable[..., Any]
    help: str
    takes: str = ""


COMMANDS = {
    "status": Command(
        FastmodeMagics._status, "speed, last answer, quota and cost of this session (also without a word)"
    ),
    "on": Command(FastmodeMagics._on, "later cells ask for fast; refusals are forgotten and fast is tried again"),
    "off": Command(FastmodeMagics._off, "later cells go at standard speed"),
    "stop": Command(FastmodeMagics._stop, "stop what runs in the background; what came is kept"),
    "quota": Command(
        FastmodeMagics._quota, "what is left at both speeds, and when a prompt of so many tokens fits", "[TOKENS]"
    ),
    "fix": Command(
        FastmodeMagics._fix, "explain and repair the last error; the code goes into the next cell", "[flags] [words]"
    ),
    "thread": Command(FastmodeMagics._thread, "what later cells continue; `off` ends that", "[NAME, off]"),
    "threads": Command(
        FastmodeMagics._threads,
        "the threads as a tree, one of them in full, keep them in files, or drop one",
        "[NAME, save, save NAME, forget NAME]",
    ),
    "prompts": Command(
        FastmodeMagics._prompts,
        "the saved prompts, one of them, or what differs between two versions",
        "[show NAME, diff NAME, diff NAME@1 NAME@3]",
    ),
    "models": Command(FastmodeMagics._models, "the models, the life of their fast mode, their prices"),
    "settings": Command(FastmodeMagics._settings, "each setting, its value, and who gave it"),
    "budget": Command(
        FastmodeMagics._budget,
        "what may be spent, by this session, a day or a notebook, and what is left",
        "[DOLLARS, off, day DOLLARS, notebook DOLLARS, release]",
    ),
    "cost": Command(
        FastmodeMagics._cost,
        "what this session, notebook, day and month cost; one of them by model and speed",
        PERIODS,
    ),
    "history": Command(
        FastmodeMagics._history,
        "the runs as a DataFrame, all or the newest N",
        "[N, session, notebook, day, month, all]",
    ),
    "plots": Command(
        FastmodeMagics._plots, "tokens a second, cost over time, and what fast bought, of this month", PERIODS
    ),
    "export": Command(
        FastmodeMagics._export,
        "write the runs to a file, or record them as OpenTelemetry metrics",
        "runs.csv, runs.parquet, otel",
    ),
    "reconcile": Command(
        FastmodeMagics._reconcile,
        "compare the ledger with the service's own report of usage and cost; needs an admin key",
        "[day, month, DATE]",
    ),
    "login": Command(FastmodeMagics._login, "type an API key; it stays in memory"),
    "practice": Command(
        FastmodeMagics._practice, "answer from a simulator in this kernel; `practice off` ends it", "[off]"
    ),
    "doctor": Command(FastmodeMagics._doctor, "check credential, address, SDK and model with one free request"),
    "last": Command(FastmodeMagics._last, "show the last answer again"),
}

HELP = "Fast mode for Claude: its state and its switches.\n\n" + "\n".join(
    f"    %fastmode {name:<9} {command.help}" + (f"\n{'':24}{command.takes}" if command.takes else "")
    for name, command in COMMANDS.items()
)
FastmodeMagics.fastmode.__doc__ = HELP
