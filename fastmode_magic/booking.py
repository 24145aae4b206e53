"""One run in the books: written before it is sent, within its budgets, and closed when it ends."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from .claude import catalog
from .claude.admission import Admission, Request, size_of
from .claude.errors import OverBudget
from .claude.usage import Usage
from .ledger import prices
from .ledger.book import Book, Busy, Query
from .ledger.budget import Admitted, Denied, Limit, Need, Scope
from .ledger.meter import Meter
from .ledger.money import EXACT
from .ledger.records import Record
from .ledger.words import denied, lowered

WRITE_S = 2.0  # a cell waits no longer for its row: the ledger will have it as soon as it can
RESERVE_S = 15.0  # but for a budget it must
DEAREST = "us"  # where inference is dearest; where it will be is known only afterwards
SERVES_FAST = frozenset({"ga", "verified", "preview", "deprecated", "unknown"})  # stages

Scopes = Mapping[Scope, Query]


@dataclass(slots=True)
class Booking:
    """A run's place in the ledger. `admit` runs on the engine's loop, the rest on the thread that follows the run.

    `sent` says whether a request was admitted; `held` is what for, and for how many dollars.
    """

    book: Book
    record: Record
    limits: tuple[Limit, ...]
    scopes: Scopes
    sent: bool = False
    held: tuple[Need, Admitted] | None = None
    closed: bool = False
    admitted: int = 0  # how many requests were
    _told: int | None = None  # the bound that the user knows of

    @property
    def reserved(self) -> Decimal | None:
        """Dollars that are reserved for it."""
        return self.held[1].reserved if self.held else None

    async def admit(self, request: Request) -> Admission:
        """Wait until it is written, with what the request may cost reserved. Raises OverBudget."""
        size = size_of(request.arguments)
        if not self.limits:
            return await self._written(request, size.tokens, marked=size.marked)
        found, tokens = None, size.tokens
        if tokens is not None:
            found = await self._reserved(self._needed(request, tokens, marked=size.marked), partly=False)
        if found is None or not _whole(found, request):  # the bound is wide: the service's own count decides
            tokens = await self._counted(request, tokens)
            found = await self._reserved(self._needed(request, tokens, marked=size.marked), partly=True)
        need, answer = found
        if isinstance(answer, Denied):
            raise OverBudget(*denied(answer, need, fast=request.speed == "fast"))
        self.sent, self.held, self.admitted = True, (need, answer), self.admitted + 1
        return Admission(answer.max_tokens, tokens, self._notice(answer, request.max_tokens))

    def exceeded(self, meter: Meter, at: datetime) -> OverBudget | None:
        """Why to stop the answer: its input was larger than anybody could know, and its output reaches what is left."""
        usage, held = meter.latest, self.held
        if not self.limits or usage is None or held is None or meter.end or meter.requests != self.admitted:
            return None  # nothing to look at, or what was admitted is for another request than the meter has
        left = self._left(replace(usage, output_tokens=0), meter, at, *held)
        if left >= held[1].max_tokens or usage.output_tokens < left:
            return None
        return OverBudget(
            f"The answer was stopped at its budget: the service counted {usage.total_input_tokens:,} tokens of input, "
            "more than was foreseen.",
            "What came is kept and bound to `_`.",
        )

    async def _written(self, request: Request, tokens: int | None, *, marked: bool) -> Admission:
        """No budget, but another cell or kernel may have one: what this may cost counts there."""
        held, future = None, Future[Any]()
        try:
            need = self._needed(request, tokens or 0, marked=marked)
        except OverBudget:  # its price is not known
            future = self.book.write(self.record)
        else:
            held = (need, Admitted(need.max_tokens, need.most(need.max_tokens)))
            future = self.book.reserve(self.record, need, (), self.scopes)
        await asyncio.wait([asyncio.wrap_future(future)], timeout=WRITE_S)
        self.sent, self.held = True, held
        return Admission(request.max_tokens, tokens)

    async def _counted(self, request: Request, most: int | None) -> int:
        """The input tokens as the service counts them, which is free. Raises OverBudget where nobody knows them."""
        exact = await request.count()
        if exact is None and most is None:
            raise OverBudget(
                "What this prompt would cost cannot be bounded: it has a document, and the service did not count it.",
                "Try again, or take the budget off.",
            )
        return min(one for one in (exact, most) if one is not None)

    async def _reserved(self, need: Need, *, partly: bool) -> tuple[Need, Admitted | Denied]:
        future = self.book.reserve(self.record, need, self.limits, self.scopes, partly=partly)
        why = "it does not answer"
        try:
            with suppress(TimeoutError):
                return need, await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), RESERVE_S)
        except Busy as busy:
            why = str(busy)
        raise OverBudget(
            f"The ledger cannot be asked ({why}), so nobody knows what is left of the budget; it was not sent.",
            "Try again, or take the budget off for now (`%fastmode budget off`).",
        )

    def _notice(self, found: Admitted, asked: int) -> str | None:
        """That the answer may be shorter, where that is news."""
        if found.max_tokens >= asked or (self._told is not None and found.max_tokens * 2 > self._told):
            return None
        self._told = found.max_tokens
        return lowered(found, asked)

    def _needed(self, request: Request, input_tokens: int, *, marked: bool) -> Need:
        """The worst case of a request, at the dearer of the speeds that may serve it. Raises OverBudget."""
        fresh, kept = (0, input_tokens) if marked else (input_tokens, 0)
        prompt = Usage(fresh, cache_creation_input_tokens=kept, inference_geo=DEAREST)
        with localcontext(EXACT):
            used = sum((self._dearest(one, one.speed, 0)[0] for one in request.spent), Decimal(0))
            most, token = self._dearest(prompt, None if request.speed == "fast" else "standard", request.max_tokens)
        return Need(used, most, token, request.max_tokens)

    def _dearest(self, usage: Usage, speed: str | None, max_tokens: int) -> tuple[Decimal, Decimal]:
        """Dollars for `usage`, and for each output token after it; without a speed at the dearer one."""
        model, began = self.record.model, self.record.began
        known = catalog.find(model)
        fast = known.stage(began.date()) in SERVES_FAST
        speeds = [speed] if speed else ["fast", "standard"] if fast else ["standard"]
        found = [_price(model, usage, one, began) for one in speeds]
        prices_ = [price for price in found if price is not None]
        if len(prices_) < len(found):
            raise OverBudget(
                f"The price of {model} is not known, so no budget can be kept for it; the request was not sent.",
                "Name a model whose price is known (`%fastmode models`), or take the budget off.",
            )
        return max(prices_, key=lambda price: price[0] + price[1] * max_tokens)

    def _left(self, usage: Usage, meter: Meter, at: datetime, need: Need, admitted: Admitted) -> int:
        """The output tokens for which the reservation is enough, after this input."""
        with localcontext(EXACT):
            price = _price(meter.model or self.record.model, usage, meter.speed or meter.asked_speed, at)
            if price is None or not price[1]:
                return admitted.max_tokens
            return int((admitted.reserved - need.spent - price[0]) // price[1])


def _whole(found: tuple[Need, Admitted | Denied], request: Request) -> bool:
    """Whether nothing was lowered."""
    return isinstance(found[1], Admitted) and found[1].max_tokens == request.max_tokens


def _price(model: str, usage: Usage, speed: str | None, at: datetime) -> tuple[Decimal, Decimal] | None:
    """Dollars for `usage`, and for each output token more; None where unknown."""
    with localcontext(EXACT):
        whole = prices.cost(model, usage, speed, at)
        more = prices.cost(model, replace(usage, output_tokens=usage.output_tokens + 1_000), speed, at)
        return None if whole is None or more is None else (whole, (more - whole) / 1_000)
