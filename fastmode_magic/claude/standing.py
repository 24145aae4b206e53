"""What this session knows of fast mode for each account: cooldowns, refusals that last, and quota."""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from .quota import Quota
from .refusals import Refusal

State = Literal["on", "cooldown", "off"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks whom: a fingerprint of the credential (never the credential) and the base URL.

    `shared` is what other kernels call the same account; None where nobody can know that it is the same.
    """

    fingerprint: str
    base_url: str
    shared: str | None = None


def shared_mark(credential: str | None, base_url: str) -> str | None:
    """What every kernel calls the account of a key or token; a profile's tokens change, and do not say whose they are.

    A hash: an API key is too random to be found from it.
    """
    if credential is None:
        return None
    return hashlib.blake2b(f"{base_url}\n{credential}".encode(), key=b"fastmode-magic", digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Fast is not asked before `until_s` (monotonic seconds), because of `reason`."""

    until_s: float
    reason: str


@dataclass(slots=True)
class Standing:
    """Mutable; the engine's loop writes it, others read the values it hands out and may make it learn or forget."""

    heard: Callable[[Account], None] | None = None  # is told when a response said something of an account's quota
    _quotas: dict[tuple[Account, str], Quota] = field(default_factory=dict)
    _cooldowns: dict[tuple[Account, str], Cooldown] = field(default_factory=dict)
    _refused: dict[tuple[Account, str], Refusal] = field(default_factory=dict)
    _told: set[tuple[Account, str]] = field(default_factory=set)
    _headers: set[tuple[Account, str]] = field(default_factory=set)
    _uncached: set[Account] = field(default_factory=set)
    _doubted_s: dict[tuple[Account, str], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def quota(self, account: Account, *pools: str) -> Quota:
        """The buckets last seen for these pools together; unknown ones are None."""
        found = Quota()
        for pool in pools:
            found = found.updated(self._quotas.get((account, pool), Quota()))
        return found

    def quotas(self, account: Account) -> dict[str, Quota]:
        """The buckets last seen, by pool."""
        return {pool: quota for (of, pool), quota in list(self._quotas.items()) if of == account}

    def saw(self, account: Account, pool: str, quota: Quota) -> None:
        """A response reported `quota`."""
        with self._lock:
            self._quotas[account, pool] = self.quota(account, pool).updated(quota)
        self._tell(account)

    def learn(self, account: Account, quotas: Mapping[str, Quota]) -> None:
        """Responses to other kernels reported `quotas`, by pool: of each bucket the newer report is kept."""
        with self._lock:
            for pool, quota in quotas.items():
                since_s = self._doubted_s.get((account, pool), float("-inf"))
                self._quotas[account, pool] = self.quota(account, pool).newest(quota.since(since_s))

    def spent(self, account: Account, pool: str, output_tokens: int, began_s: float, ended_s: float) -> None:
        """An answer at fast speed made so many tokens between two moments; no response has told of them yet."""
        with self._lock:
            known = self.quota(account, pool)
            if known.fast_output is None:
                return
            left = known.fast_output.spent(output_tokens, began_s, ended_s)
            self._quotas[account, pool] = replace(known, fast_output=left)
        self._tell(account)

    def doubt(self, account: Account, pool: str, now_s: float) -> None:
        """The service says that fast is used up, and not how far: what was known of its buckets is not true."""
        with self._lock:
            self._doubted_s[account, pool] = now_s
            self._quotas[account, pool] = replace(self.quota(account, pool), fast_input=None, fast_output=None)

    def cool(self, account: Account, pool: str, cooldown: Cooldown) -> None:
        """Fast was refused for the moment."""
        self._cooldowns[account, pool] = cooldown

    def cooldown(self, account: Account, pool: str, now_s: float) -> Cooldown | None:
        """The cooldown in force at `now_s`, if any."""
        found = self._cooldowns.get((account, pool))
        return found if found and found.until_s > now_s else None

    def refuse(self, account: Account, model: str, refusal: Refusal) -> None:
        """Fast was refused for good, for this account and model."""
        self._refused[account, model] = refusal

    def refused(self, account: Account, model: str) -> Refusal | None:
        """The refusal that lasts, if there is one."""
        return self._refused.get((account, model))

    def tell_once(self, account: Account, topic: str) -> bool:
        """Whether the user has yet to be told about `topic`; from now on he has been."""
        if (account, topic) in self._told:
            return False
        self._told.add((account, topic))
        return True

    def learn_header(self, account: Account, model: str) -> None:
        """The service wants the beta header for a model of which the catalogue does not say so."""
        self._headers.add((account, model))

    def wants_header(self, account: Account, model: str) -> bool:
        """Whether `learn_header` was told so."""
        return (account, model) in self._headers

    def forget_refusals(self) -> None:
        """Ask for fast again everywhere, as after `%fastmode on`."""
        self._refused.clear()
        self._told.clear()
        self._cooldowns.clear()

    def learn_uncached(self, account: Account) -> None:
        """The service refuses marks for the prompt cache."""
        self._uncached.add(account)

    def is_uncached(self, account: Account) -> bool:
        """Whether `learn_uncached` was told so."""
        return account in self._uncached

    def state(self, account: Account, model: str, pool: str, now_s: float) -> tuple[State, str, float | None]:
        """on, cooldown or off; why in words a person understands; the seconds of cooldown left."""
        if refusal := self.refused(account, model):
            return "off", refusal.reason, None
        if cooldown := self.cooldown(account, pool, now_s):
            return "cooldown", cooldown.reason, cooldown.until_s - now_s
        return "on", "fast is asked for", None

    def _tell(self, account: Account) -> None:
        if self.heard:
            self.heard(account)
