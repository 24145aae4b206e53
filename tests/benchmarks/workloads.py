"""Workloads for the policies: made from a seed, in families, each hard in its own way.

Times are seconds, rates tokens a second. What a prompt costs at either speed is drawn once, so that each strategy, and
the oracle, meets the same world.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from pools import Limits, Take, Window

HORIZON_S = 2_400.0  # for so long there are others and windows
MAX_TOKENS = 16_000
AMPLE = Limits(2_000_000, 400_000)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: sizes, the think time before it, and how it is answered at either speed."""

    input_tokens: int
    estimated_tokens: int
    output_tokens: int
    think_s: float
    ttft_s: float
    refusal_s: float  # how long the service takes to say no
    fast_rate: float
    standard_rate: float

    def takes_s(self, *, fast: bool) -> float:
        """From sending it to its last token."""
        return self.ttft_s + self.output_tokens / (self.fast_rate if fast else self.standard_rate)


@dataclass(frozen=True, slots=True)
class Workload:
    """What one session asks, in lanes that run at the same time, and of which service.

    `whole` rounds retry-after up to seconds, else to tenths; `silent` leaves it out. `told` says which responses have
    the headers of the fast pool: all, those that are not refusals, or none (a gateway); `coarse` rounds them to
    hundredths of the limit.
    """

    family: str
    lanes: tuple[tuple[Prompt, ...], ...]
    limits: Limits = AMPLE
    others: tuple[Take, ...] = ()
    windows: tuple[Window, ...] = ()
    whole: bool = True
    silent: bool = False
    told: str = "all"
    coarse: bool = False
    max_tokens: int = MAX_TOKENS


@dataclass(frozen=True, slots=True)
class Habits:
    """What the prompts of a workload have in common: medians, and how far single ones are from them."""

    output: float
    output_sigma: float
    input: float
    think_s: float
    ttft_s: float
    standard_rate: float
    ratio: float


def made(seed: str, each: int) -> list[Workload]:
    """`each` workloads of each family."""
    return [_made(Random(f"{seed} {name} {at}"), name) for name in FAMILIES for at in range(each)]


def _made(random: Random, family: str) -> Workload:
    bare = FAMILIES[family](random)
    told = random.choices(("all", "answers", "none"), (5, 3, 2))[0]
    longest = max(prompt.output_tokens for lane in bare.lanes for prompt in lane)
    bound = MAX_TOKENS if random.random() < 0.7 else min(MAX_TOKENS, 2 ** math.ceil(math.log2(longest)))
    whole, coarse = random.random() < 0.6, random.random() < 0.3
    lanes = tuple(tuple(_fitting(prompt, bare.limits) for prompt in lane) for lane in bare.lanes)
    return replace(bare, family=family, lanes=lanes, whole=whole, told=told, coarse=coarse, max_tokens=bound)


def _fitting(prompt: Prompt, limits: Limits) -> Prompt:
    """The prompt, no larger than the whole pool: `wait` would wait for ever."""
    part = min(1.0, 0.9 * limits.input / prompt.input_tokens) if limits.input else 1.0
    sizes = {name: round(getattr(prompt, name) * part) for name in ("input_tokens", "estimated_tokens")}
    return replace(prompt, **sizes)


def _log(random: Random, low: float, high: float) -> float:
    return math.exp(random.uniform(math.log(low), math.log(high)))


def _habits(random: Random, output: tuple[float, float] = (200, 4_000), think: tuple[float, float] = (2, 60)) -> Habits:
    return Habits(
        output=_log(random, *output),
        output_sigma=random.uniform(0.2, 1.1),
        input=_log(random, 300, 20_000),
        think_s=_log(random, *think),
        ttft_s=random.uniform(0.4, 1.5),
        standard_rate=random.uniform(45, 110),
        ratio=random.uniform(1.5, 3.6),
    )


def _prompt(random: Random, habits: Habits) -> Prompt:
    fresh = max(20, min(150_000, round(habits.input * random.lognormvariate(0, 0.6))))
    return Prompt(
        input_tokens=fresh,
        estimated_tokens=round(fresh * random.uniform(0.85, 1.15)),
        output_tokens=max(20, min(MAX_TOKENS, round(habits.output * random.lognormvariate(0, habits.output_sigma)))),
        think_s=random.expovariate(1 / habits.think_s),
        ttft_s=habits.ttft_s * random.lognormvariate(0, 0.3),
        refusal_s=random.uniform(0.1, 0.4),
        fast_rate=habits.standard_rate * habits.ratio * random.lognormvariate(0, 0.08),
        standard_rate=habits.standard_rate * random.lognormvariate(0, 0.08),
    )


def _lane(random: Random, habits: Habits, fewest: int, most: int) -> tuple[Prompt, ...]:
    return tuple(_prompt(random, habits) for _ in range(random.randint(fewest, most)))


def _bursts(random: Random) -> Workload:
    """Grids and row maps: several prompts at once, into a pool that holds some of them."""
    habits = _habits(random, think=(0.5, 20))
    limits = Limits(habits.input * _log(random, 3, 30), habits.output * _log(random, 2, 30))
    lanes = [_lane(random, habits, 1, 4) for _ in range(random.randint(3, 8))]
    at_once = tuple((replace(first, think_s=0.0), *others) for first, *others in lanes)
    return Workload("", at_once, limits)


def _long_answers(random: Random) -> Workload:
    """Answers of thousands of tokens, some many times longer than others."""
    habits = _habits(random, output=(1_500, 7_000))
    limits = replace(AMPLE, output=habits.output * _log(random, 1, 10))
    return Workload("", (_lane(random, habits, 8, 16),), limits)


def _tight_buckets(random: Random) -> Workload:
    """A pool of a few prompts or a few answers a minute."""
    habits = _habits(random)
    limits = Limits(habits.input * _log(random, 1.2, 10), habits.output * _log(random, 0.3, 5), random.uniform(0, 1))
    return Workload("", (_lane(random, habits, 8, 16),), limits)


def _closed(random: Random) -> Workload:
    """A service that refuses fast for 0.5 to 120 s at a time, and says until when (one in ten does not)."""
    habits = _habits(random)
    windows = _windows(random, _log(random, 20, 120), (0.5, 120), "closed")
    return Workload("", (_lane(random, habits, 8, 16),), windows=windows, silent=random.random() < 0.1)


def _crowded(random: Random) -> Workload:
    """Others of the organisation take what comes into the pool, more or less of it."""
    habits = _habits(random)
    limits = Limits(habits.input * _log(random, 2, 10), habits.output * _log(random, 1, 10), random.uniform(0, 1))
    share, every_s = random.uniform(0.2, 1.2), _log(random, 1, 20)
    others, at_s = [], 0.0
    while (at_s := at_s + random.expovariate(1 / every_s)) < HORIZON_S:
        part = share * every_s / 60 * random.expovariate(1)
        others.append(Take(at_s, limits.input * min(part, 1.0), limits.output * part))
    return Workload("", (_lane(random, habits, 8, 16),), limits, tuple(others))


def _overloaded(random: Random) -> Workload:
    """A service without capacity for fast now and then (529), for a moment or for minutes."""
    habits = _habits(random)
    windows = _windows(random, _log(random, 15, 90), (0.3, 60), "overloaded")
    return Workload("", (_lane(random, habits, 8, 16),), windows=windows)


def _without_fast(random: Random) -> Workload:
    """An organisation whose limit is 0, and says so in each refusal."""
    return Workload("", (_lane(random, _habits(random), 8, 16),), Limits(0, 0))


def _windows(random: Random, open_s: float, lengths: tuple[float, float], kind: str) -> tuple[Window, ...]:
    windows, at_s = [], random.expovariate(1 / open_s) * random.choice((0, 1))
    while at_s < HORIZON_S:
        ends_s = at_s + _log(random, *lengths)
        windows.append(Window(at_s, ends_s, kind))
        at_s = ends_s + random.expovariate(1 / open_s)
    return tuple(windows)


FAMILIES: dict[str, Callable[[Random], Workload]] = {
    "bursts": _bursts,
    "long answers": _long_answers,
    "tight buckets": _tight_buckets,
    "closed for 0.5 to 120 s": _closed,
    "crowded": _crowded,
    "overloaded": _overloaded,
    "without fast": _without_fast,
}
