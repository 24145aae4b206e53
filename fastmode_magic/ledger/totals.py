"""The session in numbers: what its answers cost, and how fast they came."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from .money import total

FEWEST_TOKENS = 50  # the pace of a shorter answer is noise


@dataclass(frozen=True, slots=True)
class Entry:
    """One run that used something: the speed that was billed, dollars (None unknown), and its measured pace.

    `model` is the id that was asked. `tokens_per_s`, `input_tokens` (without what was read from the cache, which
    limits do not count) and `output_tokens` are None where they were not measured whole.
    """

    speed: str | None
    cost: Decimal | None
    estimated: bool
    tokens_per_s: float | None
    output_tokens: int | None
    model: str = ""
    part: bool = False  # of a run that has another entry: what was billed at another speed
    list_price: bool = False  # of a host whose own prices may differ
    input_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Running totals in dollars, and medians of one model's complete answers (None before the first)."""

    answers: int = 0
    fast_cost: Decimal = Decimal(0)
    standard_cost: Decimal = Decimal(0)
    unknown: int = 0
    fast_estimated: bool = False
    standard_estimated: bool = False
    fast_rate: float | None = None
    standard_rate: float | None = None
    answer_tokens: float | None = None
    prompt_tokens: float | None = None
    list_price: bool = False  # whether a part of `cost` is of a host whose own prices may differ

    @property
    def cost(self) -> Decimal:
        """Dollars at both speeds; answers of unknown cost are not in it."""
        return total((self.fast_cost, self.standard_cost))

    @property
    def estimated(self) -> bool:
        """Whether `cost` is an estimate."""
        return self.fast_estimated or self.standard_estimated


class Totals:
    """Gathers entries; `snapshot` is what is known so far."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []  # it only grows: other threads read it

    def add(self, entry: Entry) -> None:
        """Count one run."""
        self._entries.append(entry)

    @property
    def speeds(self) -> frozenset[str | None]:
        """The speeds that have served something."""
        return frozenset(entry.speed for entry in list(self._entries))

    def snapshot(self, model: str = "", coming: Iterable[Entry] = ()) -> Snapshot:
        """The totals as of now, with the medians of `model`: what one model does says nothing of another.

        `coming` are runs under way, as far as they have come.
        """
        entries = [*self._entries, *coming]
        own = [entry for entry in entries if entry.model == model]
        return Snapshot(
            answers=sum(not entry.part for entry in entries),
            fast_cost=_cost(entries, "fast"),
            standard_cost=_cost(entries, "standard"),
            unknown=sum(entry.cost is None for entry in entries),
            fast_estimated=_estimated(entries, "fast"),
            standard_estimated=_estimated(entries, "standard"),
            fast_rate=_rate(own, "fast"),
            standard_rate=_rate(own, "standard"),
            answer_tokens=_median(entry.output_tokens for entry in own),
            prompt_tokens=_median(entry.input_tokens for entry in own),
            list_price=any(entry.list_price for entry in entries if entry.cost),
        )


def _cost(entries: list[Entry], speed: str) -> Decimal:
    return total(entry.cost for entry in entries if entry.speed == speed and entry.cost is not None)


def _estimated(entries: list[Entry], speed: str) -> bool:
    return any(entry.estimated for entry in entries if entry.speed == speed and entry.cost is not None)


def _rate(entries: list[Entry], speed: str) -> float | None:
    timed = (entry for entry in entries if entry.speed == speed and (entry.output_tokens or 0) >= FEWEST_TOKENS)
    return _median(entry.tokens_per_s for entry in timed)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None
