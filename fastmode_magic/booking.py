"""One run in the books: written before it is sent, within its budgets, and closed when it ends."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from .claude.admission import Admission, Request, is_marked, most_input_tokens
from .claude.errors import OverBudget
from .claude.usage import Usage
from .ledger import prices
from .ledger.book import Book, Query
from .ledger.budget import Admitted, Denied, Limit, Need, Scope
from .ledger.meter import Meter
from .ledger.records import Record
from .ledger.words import denied, lowered

WRITE_S = 2.0  # a cell waits no longer for its row: the ledger will have it as soon as it can
RESERVE_S = 15.0  # but for a budget it must

Scopes = Mapping[Scope, Query]


@dataclass(slots=True)
class Booking:
    """A run's place in the ledger. `admit` runs on the engine's loop, the rest on the thread that follows the run.

    `geo` is where the service is thought to answer: US-only inference costs more.
    """

    book: Book
    record: Record
    limits: tuple[Limit, ...]
    scopes: Scopes
    geo: str | None
    begun: bool = False
    _written: "Future[None] | None" = None
    _need: Need | None = None
    _admitted: Admitted | None = None
    _most_tokens: int | None = field(default=None, repr=False)  # of output, once the input is known

    @property
    def reserved(self) -> Decimal | None:
        """Dollars that are reserved for it."""
        return self._admitted.reserved if self._admitted else None

    def begin(self) -> None:
        """Write it, where no budget must be looked up first; returns at once."""
        if not self.limits:
            self.begun, self._written = True, self.book.write(self.record)

    async def admit(self, request: Request) -> Admission:
        """Wait until it is written, with what the request may cost reserved. Raises OverBudget."""
        if not self.limits:
            if self._written and not self._written.done():
                await asyncio.wait([asyncio.wrap_future(self._written)], timeout=WRITE_S)
            return Admission(request.max_tokens)
        most = most_input_tokens(request.arguments)
        found = None if most is None else await self._reserve(request, most)
        if found is None or isinstance(found, Denied) or found.max_tokens < request.max_tokens:
            exact = await request.count()  # the bound is wide: near the edge the service's own count decides
            if exact is not None and (most is None or exact < most):
                found = await self._reserve(request, exact)
        if found is None:
            raise OverBudget(
                "What this prompt would cost cannot be bounded: it has a document, and the service did not count it.",
                "Try again, or take the budget off.",
            )
        if isinstance(found, Denied):
            assert self._need is not None  # `_reserve` has set it
            raise OverBudget(*denied(found, self._need, fast=request.speed == "fast"))
        self.begun, self._admitted, self._most_tokens = True, found, None
        if found.max_tokens < request.max_tokens and found.tightest:
            return Admission(found.max_tokens, lowered(found, request.max_tokens))
        return Admission(found.max_tokens)

    def exceeded(self, meter: Meter, at: datetime) -> OverBudget | None:
        """Why to stop the answer: its input was larger than anybody could know, and its output reaches what is left."""
        usage, admitted, need = meter.latest, self._admitted, self._need
        if usage is None or admitted is None or need is None or admitted.reserved is None:
            return None
        if self._most_tokens is None:
            self._most_tokens = self._left(replace(usage, output_tokens=0), meter, at, admitted, need.spent)
        if self._most_tokens >= admitted.max_tokens or usage.output_tokens < self._most_tokens:
            return None
        return OverBudget(
            f"The answer was stopped at its budget: the service counted {usage.total_input_tokens:,} tokens of input, "
            "more than was foreseen.",
            "What came is kept and bound to `_`.",
        )

    def _left(self, usage: Usage, meter: Meter, at: datetime, admitted: Admitted, spent: Decimal) -> int:
        """The output tokens for which the reservation is enough, after this input."""
        price = _price(meter.model or self.record.model, usage, meter.speed or meter.asked_speed, at)
        if price is None or not price[1]:
            return admitted.max_tokens
        left = ((admitted.reserved or Decimal(0)) - spent - price[0]) / price[1]
        return int(left.to_integral_value(ROUND_FLOOR))

    async def _reserve(self, request: Request, input_tokens: int) -> Admitted | Denied:
        self._need = self._needed(request, input_tokens)
        future = self.book.reserve(self.record, self._need, self.limits, self.scopes)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(future)), RESERVE_S)
        except TimeoutError:
            raise OverBudget(
                "The ledger does not answer, so nobody knows what is left of the budget; nothing was sent.",
                "Try again, or take the budget off for now.",
            ) from None

    def _needed(self, request: Request, input_tokens: int) -> Need:
        """The worst case of a request, at the dearer of the speeds that may serve it. Raises OverBudget."""
        marked = is_marked(request.arguments)
        fresh, kept = (0, input_tokens) if marked else (input_tokens, 0)
        prompt = Usage(fresh, cache_creation_input_tokens=kept, inference_geo=self.geo)
        used = sum((self._dearest(one, one.speed, 0)[0] for one in request.spent), Decimal(0))
        most, token = self._dearest(prompt, None if request.speed == "fast" else "standard", request.max_tokens)
        return Need(used, most, token, request.max_tokens)

    def _dearest(self, usage: Usage, speed: str | None, max_tokens: int) -> tuple[Decimal, Decimal]:
        """Dollars for `usage`, and for each output token after it; without a speed at the dearer one."""
        speeds = [speed] if speed else ["fast", "standard"]
        found = [_price(self.record.model, usage, one, self.record.began) for one in speeds]
        known = [price for price in found if price is not None]
        if len(known) < len(found):
            raise OverBudget(
                f"The price of {self.record.model} is not known, so no budget can be kept for it; nothing was sent.",
                "Name a model whose price is known (`%fastmode models`), or take the budget off.",
            )
        return max(known, key=lambda price: price[0] + price[1] * max_tokens)


def _price(model: str, usage: Usage, speed: str | None, at: datetime) -> tuple[Decimal, Decimal] | None:
    """Dollars for `usage`, and for each output token more; None where unknown."""
    whole = prices.cost(model, usage, speed, at)
    more = prices.cost(model, replace(usage, output_tokens=usage.output_tokens + 1_000), speed, at)
    return None if whole is None or more is None else (whole, (more - whole) / 1_000)
