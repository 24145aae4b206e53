"""An oracle that knows the future: for each prompt of a workload, whether it goes at standard speed or fast.

It knows what no client can know: how long each answer becomes and at which pace, when the pool will hold enough, what
others will take from it, and when the service refuses. So it is never refused, and sends a fast request in the very
moment in which it is admitted. A plan says of each prompt whether it waits for that moment or goes standard at once;
the total of a plan is exact. The best plan is looked for by changing one or two decisions at a time from several
beginnings, among them what every strategy did; for small workloads all plans are tried.
"""

from collections.abc import Iterable
from heapq import heappop, heappush
from itertools import combinations, product

from pools import NEVER_S, Drain, Pool
from workloads import Prompt, Workload

Plan = tuple[bool, ...]  # of each prompt, lane after lane: whether it goes fast
SMALL = 8  # prompts: of so many all plans are tried
NEAR = 6  # prompts that are changed together are no farther apart
BEGINNINGS = 3  # plans that are made better


class Oracle:
    """The plans of one workload and their totals."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self._first = [0]
        for lane in workload.lanes:
            self._first.append(self._first[-1] + len(lane))
        pool = Pool(workload.limits)
        self._able = [pool.can_ever_hold(prompt.input_tokens) for lane in workload.lanes for prompt in lane]
        self._totals: dict[Plan, float] = {}

    @property
    def choices(self) -> int:
        """How many of the prompts can go fast at all."""
        return sum(self._able)

    def best(self, beginnings: Iterable[Plan] = ()) -> tuple[float, Plan]:
        """The least total of seconds, and its plan."""
        every = tuple(self._able)
        if self.choices <= SMALL:
            return self.exhaustive()
        plans = {self._allowed(plan) for plan in (every, tuple(False for _ in every), self.greedy()[1], *beginnings)}
        ranked = sorted(plans, key=self.total)[:BEGINNINGS]
        return min((self._improved(plan) for plan in ranked), key=lambda found: found[0])

    def exhaustive(self) -> tuple[float, Plan]:
        """The least total of all plans."""
        plans = product(*((False, True) if able else (False,) for able in self._able))
        return min((self.total(plan), plan) for plan in plans)

    def greedy(self) -> tuple[float, Plan]:
        """The total, and the plan, where each prompt takes what ends first, whatever that does to those that follow."""
        following = _Following(self.workload, self._first, None)
        total_s = following.total_s()
        return total_s, tuple(fast for _, fast in sorted(following.chosen.items()))

    def total(self, plan: Plan) -> float:
        """Seconds from asking to the last token, of all prompts together."""
        if plan not in self._totals:
            self._totals[plan] = _Following(self.workload, self._first, plan).total_s()
        return self._totals[plan]

    def _allowed(self, plan: Plan) -> Plan:
        return tuple(fast and able for fast, able in zip(plan, self._able, strict=True))

    def _improved(self, plan: Plan) -> tuple[float, Plan]:
        places = [at for at, able in enumerate(self._able) if able]
        best = self.total(plan)
        better = True
        while better:
            better = False
            near = [pair for pair in combinations(places, 2) if pair[1] - pair[0] <= NEAR]
            for change in (*((at,) for at in places), *near):
                changed = tuple(fast != (at in change) for at, fast in enumerate(plan))
                if (total := self.total(changed)) < best - 1e-9:
                    best, plan, better = total, changed, True
        return best, plan


class _Following:
    """A plan as it is followed, event after event; without one, each prompt takes what ends first."""

    def __init__(self, workload: Workload, first: list[int], plan: Plan | None) -> None:
        self._lanes, self._first, self._plan = workload.lanes, first, plan
        self._pool = Pool(workload.limits, workload.others, workload.windows)
        self._asks: list[tuple[float, int, int]] = []  # when, lane, place in the lane
        self._queue: list[tuple[float, int, int]] = []  # those that wait for fast, in the order in which they came
        self._total_s = 0.0
        self.chosen: dict[tuple[int, int], bool] = {}

    def total_s(self) -> float:
        for lane in range(len(self._lanes)):
            self._next(lane, 0, 0.0)
        while self._asks or self._queue:
            until_s = self._asks[0][0] if self._asks else NEVER_S
            prompts = [self._lanes[lane][at].input_tokens for _, lane, at in self._queue]
            found = self._pool.advance(until_s, prompts)
            if found is not None:
                self._send_fast(*self._queue.pop(found))
                continue
            asked_s, lane, at = heappop(self._asks)
            fast = self.chosen[lane, at] = self._plan[self._first[lane] + at] if self._plan else self._sooner(lane, at)
            if fast:
                self._queue.append((asked_s, lane, at))
            else:
                self._end(asked_s, lane, at, asked_s + self._prompt(lane, at).takes_s(fast=False))
        return self._total_s

    def _sooner(self, lane: int, at: int) -> bool:
        """Whether this prompt ends sooner fast, as soon as that is admitted, than at standard speed now."""
        prompt, pool = self._prompt(lane, at), self._pool.copy()
        if not pool.can_ever_hold(prompt.input_tokens):
            return False
        latest_s = pool.at_s + prompt.takes_s(fast=False) - prompt.takes_s(fast=True)
        return pool.advance(latest_s, [prompt.input_tokens]) is not None

    def _send_fast(self, asked_s: float, lane: int, at: int) -> None:
        prompt, now_s = self._prompt(lane, at), self._pool.at_s
        ends_s = now_s + prompt.takes_s(fast=True)
        self._pool.admit(prompt.input_tokens, Drain(now_s + prompt.ttft_s, ends_s, prompt.fast_rate))
        self._end(asked_s, lane, at, ends_s)

    def _end(self, asked_s: float, lane: int, at: int, ends_s: float) -> None:
        self._total_s += ends_s - asked_s
        self._next(lane, at + 1, ends_s)

    def _next(self, lane: int, at: int, from_s: float) -> None:
        if at < len(self._lanes[lane]):
            heappush(self._asks, (from_s + self._prompt(lane, at).think_s, lane, at))

    def _prompt(self, lane: int, at: int) -> Prompt:
        return self._lanes[lane][at]
