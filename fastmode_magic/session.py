"""One kernel's session: the composition root. It alone wires prompt, engine, ledger and views together."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from .answer import Answer
from .claude import catalog
from .claude.access import Access
from .claude.engine import Engine, Run
from .claude.errors import BadInput, Ending, Interrupted
from .claude.events import Failed
from .claude.events import Interrupted as Stopped
from .claude.policy import Rates
from .ledger.meter import Meter
from .ledger.totals import Totals
from .prompt.ask import Ask
from .settings import FastMode, Values, environment_fingerprint

if TYPE_CHECKING:
    from .accounting import Prefixes
    from .simulator import Simulator


class View(Protocol):
    """What shows a run while it goes on."""

    def update(self, meter: Meter, now_s: float) -> None:
        """Something came, or a tenth of a second passed."""

    def close(self, answer: Answer, status: str) -> None:
        """The run has ended; `status` is its status line."""


class Session:
    """What lives as long as the kernel: engine, totals, the switch of fast mode, a key that was typed in.

    Used by one thread, the one that runs cells.
    """

    def __init__(self, settings: FastMode, engine: Engine | None = None) -> None:
        self.settings = settings
        self.engine = engine or Engine()
        self.fast = False
        self.last: Answer | None = None
        self.last_status = ""
        self.last_run: Run | None = None
        self.simulator: Simulator | None = None
        self._key: str | None = None
        self._totals = {False: Totals(), True: Totals()}  # what practice "costs" is not mixed with money
        self._prefixes: Prefixes | None = None
        self._loading: threading.Thread | None = None

    @property
    def practising(self) -> bool:
        """Whether answers come from the in-process simulator."""
        return self.simulator is not None

    @property
    def totals(self) -> Totals:
        """What this session has cost so far; practice is counted apart."""
        return self._totals[self.practising]

    def warm_up(self) -> None:
        """Load what the first cell needs in threads of their own; returns at once."""
        self.engine.warm_up(environment_fingerprint())
        if self._loading is None:
            self._loading = threading.Thread(target=_load, name="fastmode-prices", daemon=True)
            self._loading.start()

    def login(self, key: str) -> None:
        """Use `key` for the rest of this session; it stays in memory."""
        self._key = key.strip() or None

    def practise(self) -> str:
        """Answer from a simulator in this process from now on; returns its address."""
        if self.simulator is None:
            from .simulator import Simulator

            self.simulator = Simulator()
            self.simulator.start()
        return self.simulator.url

    def stop_practising(self) -> None:
        """Answer from the real service again."""
        if self.simulator is not None:
            self.simulator.stop()
            self.simulator = None

    def access(self, values: Values | None = None) -> Access:
        """How this session reaches the service, read anew at each cell."""
        stall_timeout_s = (values or self.settings.values()).stall_timeout_s
        if self.simulator is not None:
            return Access("practice", self.simulator.url, stall_timeout_s, environment_fingerprint())
        return Access(self._key, None, stall_timeout_s, environment_fingerprint())

    def ask(self, prompt: str, **fields: Any) -> Ask:
        """An Ask from a prompt, the settings of this moment and what the cell says. Raises BadInput."""
        if isinstance(prompt, str) and not prompt.strip():
            raise BadInput("The prompt is empty.", "Write it in the lines below %%claude, or after %claude.")
        values = self.settings.values()
        known: dict[str, Any] = {
            "fast": self.fast,
            "model": values.model,
            "max_tokens": values.max_tokens,
            "effort": values.effort or None,
            "thinking": values.thinking,
            "fallback": values.fallback,
        } | fields
        if unknown := fields.keys() - {field.name for field in dataclass_fields(Ask)}:
            raise BadInput(f"An ask has no {min(unknown)!r}.", "`help(fastmode_magic.ask)` names what it has.")
        ask = Ask(prompt, **known)
        if problem := ask.problem():
            raise BadInput(problem, "`%%claude?` and `help(fastmode_magic.ask)` say what goes.")
        return replace(ask, model=catalog.find(ask.model).id)

    def run(self, ask: Ask, view: View | None = None) -> tuple[Answer, Ending | None]:
        """Answer `ask`, showing it in `view`; what went wrong is returned beside what came, so that nothing is lost."""
        self.warm_up()
        began = datetime.now(UTC)
        meter = Meter()
        error: Ending | None = None
        run = self.engine.start(ask, catalog.find(ask.model), self.access(), self._rates())
        interrupted = False
        try:
            for frame in run.frames():
                meter.feed(frame)
                if view:
                    view.update(meter, self.engine.clock())
        except KeyboardInterrupt:
            interrupted = True
        except BaseException:  # a view that fails loses neither what came nor what it cost: `%fastmode last` has it
            meter.feed(run.stop())
            self._ended(ask, meter, run, began, None)
            raise
        with _uninterrupted():
            if interrupted:
                meter.feed(run.stop())
            if isinstance(meter.end, Failed):
                error = meter.end.error
            if interrupted or isinstance(meter.end, Stopped):
                error = Interrupted("You stopped the answer.", "What came is kept and bound to `_`.")
            return self._ended(ask, meter, run, began, view), error

    def _ended(self, ask: Ask, meter: Meter, run: Run, began: datetime, view: View | None) -> Answer:
        from . import accounting
        from .views import text

        self._prefixes = self._prefixes or accounting.Prefixes()
        answer = accounting.answer_of(ask, meter, began, base_url=run.account.base_url if run.account else None)
        if self.practising:
            answer = replace(answer, list_price_of="practice")
        if notice := self._prefixes.missed(ask, answer, began):
            answer = replace(answer, notices=(*answer.notices, notice))
        if entry := accounting.entry_of(answer):
            self.totals.add(entry)
        self.last, self.last_run = answer, run
        self.last_status = text.status(answer, self.totals.snapshot(), self.quota_words(ask.model))
        if view:
            view.close(answer, self.last_status)
        return answer

    def quota_words(self, model: str) -> str | None:
        """What is left of the fast quota, as the last answer's account has it; None while unknown."""
        run = self.last_run
        if run is None or run.account is None:
            return None
        from .views import text

        quota = self.engine.standing.quota(run.account, catalog.find(model).fast_pool)
        return text.quota(quota, self.engine.clock())

    def _rates(self) -> Rates:
        measured, default = self.totals.snapshot(), Rates()
        return Rates(
            fast=measured.fast_rate or default.fast,
            standard=measured.standard_rate or default.standard,
            answer_tokens=measured.answer_tokens or default.answer_tokens,
        )

    def close(self) -> None:
        """Stop the simulator and the engine."""
        self.stop_practising()
        self.engine.close()


_current: Session | None = None


def current() -> Session:
    """The session of this process: the one that `%load_ext` made, else one for plain Python."""
    global _current  # noqa: PLW0603  # a kernel has one session, and plain Python as well
    if _current is None:
        _current = Session(FastMode())
    return _current


def use(session: Session | None) -> None:
    """Make `session` the current one; None forgets it."""
    global _current  # noqa: PLW0603
    _current = session


def _load() -> None:
    """What the end of an answer needs: prices, and how it is shown."""
    from . import accounting  # noqa: F401
    from .ledger import prices
    from .views import document  # noqa: F401

    prices.load()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second press of Stop does not come between an answer and its record."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
