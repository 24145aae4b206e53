"""What this session knows of fast mode for each account: cooldowns, refusals that last, and quota."""

from dataclasses import dataclass, field, replace
from typing import Literal

from .quota import Quota
from .refusals import Refusal

State = Literal["on", "cooldown", "off"]


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks whom: a fingerprint of the credential (never the credential) and the base URL."""

    fingerprint: str
    base_url: str


@dataclass(frozen=True, slots=True)
class Cooldown:
    """Fast is not asked before `until_s` (monotonic seconds), because of `reason`."""

    until_s: float
    reason: str


@dataclass(slots=True)
class Standing:
    """Mutable; the engine's loop writes it, others read the values it hands out and may make it forget."""

    _quotas: dict[tuple[Account, str], Quota] = field(default_factory=dict)
    _cooldowns: dict[tuple[Account, str], Cooldown] = field(default_factory=dict)
    _refused: dict[tuple[Account, str], Refusal] = field(default_factory=dict)
    _told: set[tuple[Account, str]] = field(default_factory=set)
    _headers: set[tuple[Account, str]] = field(default_factory=set)
    _uncached: set[Account] = field(default_factory=set)

    def quota(self, account: Account, pool: str) -> Quota:
        """The buckets last seen for a pool; unknown ones are None."""
        return self._quotas.get((account, pool), Quota())

    def saw(self, account: Account, pool: str, quota: Quota) -> None:
        """A response reported `quota`."""
        self._quotas[account, pool] = self.quota(account, pool).updated(quota)

    def doubt(self, account: Account, pool: str) -> None:
        """The service says that fast is used up, and not how far: what was known of its buckets is not true."""
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
