"""Dollars to the last digit: sums are not left to the thread's own decimal context, which is the user's to change."""

from collections.abc import Iterable
from decimal import Context, Decimal, localcontext

EXACT = Context(prec=60)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; of nothing it is 0."""
    with localcontext(EXACT):
        return sum(amounts, Decimal(0))
