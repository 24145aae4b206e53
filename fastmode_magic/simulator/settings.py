"""What a simulator is told when it is made, and what it keeps of each request."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from fastmode_magic.simulator.bills import Use
from fastmode_magic.simulator.buckets import Clock, Limits
from fastmode_magic.simulator.models import SpeedRule
from fastmode_magic.simulator.scenario import Scenario

Step = str | Scenario
# A callable takes the body of the request and says which scenario answers it.
Choice = Step | Callable[[Mapping[str, Any]], Step]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a simulator behaves.

    `host` and `port` (0: any free one); rates are output tokens a second (0: as fast as it can); limits are (input,
    output) tokens a minute of each fast pool and of the standard pool, `requests_limit` requests a minute;
    `first_byte_s` seconds pass before an answer begins. `today` None is the real day. `extra_models` adds ids with
    what `speed` means to them. `preserved_thinking` judges thinking that is sent back as documented for accounts made
    since 2026-08-31: system prompt and tools must be the same too, and what another model thought is passed over;
    without it only model and messages count, and another model's thinking is refused. `clock` is monotonic seconds,
    `wall` seconds since 1970 (for `*-reset`), `sleep` replaces every wait.

    The organisation's reports have what was served at least `report_delay_s` ago, and `other_usage`, which is somebody
    else's; `discount` is the part of the list price that is not billed, `reports` what `GET` of a report meets ("ok",
    or a scenario that refuses), and without `analytics` only the older report is there.
    """

    host: str = "127.0.0.1"
    port: int = 0
    fast_rate: float = 200.0
    standard_rate: float = 80.0
    seed: int = 0
    today: date | None = None
    fast_limits: Limits = (2_000_000, 400_000)
    standard_limits: Limits = (4_000_000, 800_000)
    requests_limit: int = 4_000
    first_byte_s: float = 0.15
    scenario: Choice = "ok"
    extra_models: Mapping[str, SpeedRule] = field(default_factory=dict)
    preserved_thinking: bool = False
    report_delay_s: float = 0.0
    other_usage: Sequence[Use] = ()
    discount: Decimal = Decimal(0)
    reports: Step = "ok"
    analytics: bool = True
    clock: Clock = time.monotonic
    wall: Clock = time.time
    sleep: Callable[[float], Awaitable[None]] | None = None

    def day(self) -> date:
        """The day by which models are judged."""
        return self.today or datetime.now(UTC).date()


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it came: `path` with its query, `headers` in lower case without credentials, `at_s` by the clock."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    at_s: float
