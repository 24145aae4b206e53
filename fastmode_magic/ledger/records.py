"""One run as the ledger keeps it: who asked what, how it went, and what it cost at which speed."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from ..claude.usage import Usage
from .money import EXACT

State = Literal["running", "finished", "interrupted", "failed"]
SILENCE = timedelta(seconds=15)  # a kernel that lives says so each second


@dataclass(frozen=True, slots=True)
class Charge:
    """What of a run was billed at one speed, in tokens and dollars (None unknown); `model` is the one that answered."""

    model: str
    speed: str | None
    usage: Usage
    cost: Decimal | None
    estimated: bool = False

    def plus(self, other: "Charge") -> "Charge":
        """Both together, at the same speed."""
        cost = None if self.cost is None or other.cost is None else EXACT.add(self.cost, other.cost)
        return replace(
            other, usage=self.usage.plus(other.usage), cost=cost, estimated=self.estimated or other.estimated
        )


@dataclass(frozen=True, slots=True)
class Record:
    """One run, from before it was sent to its end. Times are aware, and in UTC.

    session        the kernel's session, as a random id; `user` is who ran the kernel
    notebook       its path as Jupyter says it, or ""
    day            the user's own day on which it began (2026-11-28): budgets per day count by it
    seen           when its kernel last said that it lives
    model          the id that was asked; `speed` is the one served, None unknown
    cost           dollars at list price, None unknown; while it runs, of what came so far
    reserved       dollars that it may still cost at most; None once `cost` says it all
    practice       whether the simulator in the kernel answered: nothing was billed
    list_price_of  the host whose own prices may differ, None for Anthropic's own
    price_list     where the prices are from
    prompt, answer are kept only if the user asks
    """

    id: str
    session: str
    user: str
    notebook: str
    day: str
    began: datetime
    seen: datetime
    model: str
    asked_speed: str
    state: State = "running"
    practice: bool = False
    ended: datetime | None = None
    speed: str | None = None
    fallback: str | None = None
    ending: str | None = None
    stop_reason: str | None = None
    request_id: str | None = None
    ttft_s: float | None = None
    first_text_s: float | None = None
    duration_s: float | None = None
    tokens_per_s: float | None = None
    cost: Decimal | None = None
    estimated: bool = False
    reserved: Decimal | None = None
    list_price_of: str | None = None
    price_list: str | None = None
    thread: str | None = None
    prompt: str | None = None
    answer: str | None = None
    charges: tuple[Charge, ...] = ()

    @property
    def counted(self) -> Decimal:
        """What budgets count of it: never less than it costs, as far as anybody knows."""
        return max(self.cost or Decimal(0), self.reserved or Decimal(0))

    def state_at(self, now: datetime) -> str:
        """Its state; "killed" where its kernel fell silent before the run had ended."""
        return "killed" if self.state == "running" and now - self.seen > SILENCE else self.state


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
