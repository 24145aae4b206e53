"""Records of runs, made up for tests of reports: the reader sees what matters of each."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from fastmode_magic.claude.usage import Usage
from fastmode_magic.ledger.records import Charge, Record

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
OPUS = "claude-opus-5-5"  # $4 / $20 per MTok, fast $8 / $40
_numbers = count(1)


def charge(speed: str | None, cost: str | None, output: int = 1_000, model: str = OPUS, **usage: Any) -> Charge:
    """What a run was billed at one speed; without a cost that is unknown."""
    used = Usage(output_tokens=output, speed=speed, **usage)
    return Charge(model, speed, used, None if cost is None else Decimal(cost), used.estimated)


def run(*charges: Charge, began: datetime = NOW - timedelta(hours=1), **fields: Any) -> Record:
    """A run that ended well unless `fields` say more; its cost is that of its charges."""
    costs = [one.cost for one in charges]
    known: dict[str, Any] = {
        "id": f"{next(_numbers):032x}",
        "session": "s1",
        "user": "ada",
        "notebook": "work/a.ipynb",
        "day": f"{began:%Y-%m-%d}",
        "began": began,
        "seen": began + timedelta(seconds=5),
        "ended": began + timedelta(seconds=5),
        "model": OPUS,
        "asked_speed": "standard",
        "state": "finished",
        "speed": charges[-1].speed if charges else None,
        "cost": None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0)),
        "estimated": any(one.estimated for one in charges),
    }
    return Record(**(known | fields), charges=charges)
