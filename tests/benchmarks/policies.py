"""`python tests/benchmarks/policies.py`: what each policy costs and wins, beside an oracle that knows the future.

Our own `Attempts`, `Standing`, `Meter` and `Totals` run in virtual time over a simulated service (virtual.py), for some
hundred workloads (workloads.py). Prints a Markdown table.
"""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random
from statistics import median, quantiles

from oracle import Oracle, Plan
from virtual import Connection, Service, VirtualLoop, run
from workloads import FAMILIES, Workload, made

from fastmode_magic import outlook
from fastmode_magic.claude import catalog
from fastmode_magic.claude.attempts import Attempts
from fastmode_magic.claude.events import Finished
from fastmode_magic.claude.refusals import AttemptFailed
from fastmode_magic.claude.standing import Standing
from fastmode_magic.ledger import prices
from fastmode_magic.ledger.meter import Meter
from fastmode_magic.ledger.totals import Entry, Totals
from fastmode_magic.prompt.ask import Ask
from fastmode_magic.prompt.tokens import BYTES_PER_TOKEN

MODEL = catalog.find(catalog.DEFAULT_MODEL)
DAY = date(2026, 11, 22)
HELD_OUT, TUNING = "reported", "tuning"  # the seeds of the tables, and of the workloads that the policy was tuned with
EACH = 50  # workloads of each family
SDK_RETRIES = 2
RECIPE_ATTEMPTS = 3
ORACLE = "oracle"
GREEDY = "oracle, each prompt by itself"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one workload: seconds of waiting for answers, dollars, requests refused."""

    total_s: float
    cost: float
    wasted: int


class Session:
    """One kernel's session in virtual time, as far as the policy sees it."""

    def __init__(self, service: Service, seed: str) -> None:
        self.service = service
        self.random = Random(seed)
        self.standing = Standing()
        self.totals = Totals()


Strategy = Callable[[Session, Connection], Awaitable[None]]


def ours(fallback: str, *, fast: bool = True) -> Strategy:
    """Our own code, with this --fallback."""

    async def ask(session: Session, connection: Connection) -> None:
        prompt = "x" * round(connection.prompt.estimated_tokens * BYTES_PER_TOKEN)
        asked = Ask(prompt, MODEL.id, fast, session.service.workload.max_tokens, fallback=fallback)
        rates, meter = outlook.rates(session.totals.snapshot(MODEL.id)), Meter()
        clock = session.service.loop.time
        emit, draw = (lambda event: meter.feed([event])), session.random.random
        attempts = Attempts(asked, MODEL, connection, session.standing, rates, DAY, emit, clock, draw)
        ended = await attempts.run()
        assert isinstance(ended, Finished), ended
        entry = Entry(meter.speed, None, False, meter.telling_rate, connection.prompt.output_tokens, MODEL.id)
        session.totals.add(entry)

    return ask


async def sdk(session: Session, connection: Connection) -> None:
    """`Anthropic()` as it is: two retries after whatever retry-after says. Then somebody asks at standard speed."""
    for number in range(SDK_RETRIES + 1):
        try:
            return await _sent(connection, fast=True)
        except AttemptFailed as failed:
            told_s = failed.error.retry_after_s
            usual_s = min(0.5 * 2**number, 8.0) * (1 - 0.25 * session.random.random())
            if number < SDK_RETRIES:
                await asyncio.sleep(told_s or usual_s)
    return await _sent(connection, fast=False)


async def recipe(session: Session, connection: Connection) -> None:
    """The documentation's: standard at once after a 429; after a 5xx the same again, at most three attempts."""
    for number in range(RECIPE_ATTEMPTS):
        try:
            return await _sent(connection, fast=True)
        except AttemptFailed as failed:
            if failed.error.status == 429:
                break
            await asyncio.sleep(min(0.5 * 2**number, 8.0) * (1 - 0.25 * session.random.random()))
    return await _sent(connection, fast=False)


async def _sent(connection: Connection, *, fast: bool) -> None:
    async with connection.stream({"speed": "fast"} if fast else {}) as stream:
        async for _ in stream:
            pass


STRATEGIES: dict[str, Strategy] = {
    "`auto`": ours("auto"),
    "`standard`": ours("standard"),
    "`wait`": ours("wait"),
    "the SDK's own retries": sdk,
    "the documentation's recipe": recipe,
    "never fast": ours("auto", fast=False),
}


def lived(workload: Workload, name: str, seed: str) -> tuple[Result, Plan]:
    """What becomes of a workload with a strategy, and which of its prompts were answered fast."""
    loop, total_s = VirtualLoop(), 0.0
    service = Service(workload, loop)
    session = Session(service, seed)

    async def lane(at: int) -> None:
        nonlocal total_s
        for place, prompt in enumerate(workload.lanes[at]):
            await asyncio.sleep(prompt.think_s)
            asked_s = loop.time()
            await STRATEGIES[name](session, service.connection((at, place)))
            total_s += loop.time() - asked_s

    async def whole() -> None:
        await asyncio.gather(*(lane(at) for at in range(len(workload.lanes))))

    run(loop, whole())
    plan = tuple(fast for _, fast in sorted(service.served.items()))
    return Result(total_s, cost(workload, plan), service.refused), plan


def cost(workload: Workload, plan: Plan) -> float:
    """Dollars, each prompt at the list price of the speed that served it."""
    at = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    standard, fast = (prices.rates(MODEL.id, speed, at) for speed in ("standard", "fast"))
    assert standard
    assert fast
    prompts = [prompt for lane in workload.lanes for prompt in lane]
    total = 0.0
    for prompt, went_fast in zip(prompts, plan, strict=True):
        fresh, made_of = fast if went_fast else standard
        total += (prompt.input_tokens * float(fresh) + prompt.output_tokens * float(made_of)) / 1e6
    return total


def compared(workload: Workload, seed: str) -> dict[str, Result]:
    """One workload with each strategy, and with the oracle."""
    found = {name: lived(workload, name, seed) for name in STRATEGIES}
    oracle = Oracle(workload)
    foreseen = {GREEDY: oracle.greedy(), ORACLE: oracle.best(plan for _, plan in found.values())}
    lives = {name: result for name, (result, _) in found.items()}
    return lives | {name: Result(total_s, cost(workload, plan), 0) for name, (total_s, plan) in foreseen.items()}


Compared = tuple[str, dict[str, Result]]  # a workload's family, and what became of it with each policy


def all_compared(seed: str, each: int) -> list[Compared]:
    """`each` workloads of each family."""
    workloads = made(seed, each)
    with ProcessPoolExecutor(min(2, os.cpu_count() or 1)) as processes:
        found = processes.map(compared, workloads, [f"{seed} {at}" for at in range(len(workloads))], chunksize=8)
        return list(zip((workload.family for workload in workloads), found, strict=True))


def ratios(found: Iterable[dict[str, Result]], name: str, beside: str = ORACLE) -> list[float]:
    """How many times the time of the oracle (or of another) a policy takes, for each workload."""
    return [results[name].total_s / results[beside].total_s for results in found]


def middle_and_tail(values: list[float]) -> str:
    """Median and 95th percentile, as two cells."""
    return f"{median(values):.3f} | {quantiles(values, n=20)[-1]:.3f}"


def table(found: list[Compared]) -> list[str]:
    """Markdown: a policy in each row."""
    results = [results for _, results in found]
    heads = ("its time / the oracle's, median", "95th percentile", "time in all", "cost", "requests refused")
    lines = [f"| policy, in {len(found)} workloads | {' | '.join(heads)} |", "|---|---|---|---|---|---|"]
    for name in (*STRATEGIES, GREEDY, ORACLE):
        hours = sum(one[name].total_s for one in results) / 3_600
        dollars, wasted = sum(one[name].cost for one in results), sum(one[name].wasted for one in results)
        cells = middle_and_tail(ratios(results, name))
        lines.append(f"| {name} | {cells} | {hours:.2f} h | ${dollars:.0f} | {wasted:,} |")
    return lines


def family_table(found: list[Compared], name: str = "`auto`") -> list[str]:
    """Markdown: a family of workloads in each row, and how near a policy comes to both oracles."""
    heads = [f"its time / that of {oracle}, median | 95th percentile" for oracle in ("the oracle", "one by itself")]
    lines = [f"| {name} by kind of workload | {' | '.join(heads)} |", "|---|---|---|---|---|"]
    for family in (*FAMILIES, ""):
        results = [results for of, results in found if family in {of, ""}]
        cells = " | ".join(middle_and_tail(ratios(results, name, beside)) for beside in (ORACLE, GREEDY))
        lines.append(f"| {family or 'all'} | {cells} |")
    return lines


def tables(seed: str = HELD_OUT, each: int = EACH) -> list[str]:
    """Both tables, from workloads that the policy was not tuned with."""
    found = all_compared(seed, each)
    return [*table(found), "", *family_table(found)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default=HELD_OUT, help=f"{HELD_OUT!r} for the tables, {TUNING!r} for tuning")
    parser.add_argument("--each", type=int, default=EACH, help="workloads of each kind")
    options = parser.parse_args()
    print("\n".join(tables(options.seed, options.each)))


if __name__ == "__main__":
    main()
