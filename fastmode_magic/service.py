"""How a session reaches the service: the real one with the credential of the moment, or the simulator in here."""

from typing import TYPE_CHECKING

from .claude.access import Access
from .settings import FastMode, Values, credentials, environment_fingerprint

if TYPE_CHECKING:
    from .prompt.keys import Keys
    from .simulator import Simulator


class Service:
    """Keeps a key that was typed in, and the simulator while the session practises."""

    def __init__(self, settings: FastMode) -> None:
        self.settings = settings
        self.simulator: Simulator | None = None
        self._key: str | None = None

    @property
    def practising(self) -> bool:
        """Whether answers come from the in-process simulator."""
        return self.simulator is not None

    @property
    def keys(self) -> "Keys":
        """The credentials that no prompt may carry."""
        from .prompt.keys import Keys

        return Keys((*credentials(), *([self._key] if self._key else [])))

    def login(self, key: str) -> None:
        """Use `key` for the rest of this session; it stays in memory."""
        self._key = key.strip() or None

    def practise(self) -> str:
        """Answer from a simulator in this process from now on; returns its address."""
        if self.simulator is None:
            from .simulator import Simulator

            self.simulator = Simulator()
            self.simulator.start()
        return self.simulator.url

    def stop_practising(self) -> None:
        """Answer from the real service again."""
        if self.simulator is not None:
            self.simulator.stop()
            self.simulator = None

    def access(self, values: Values | None = None) -> Access:
        """How the service is reached, read anew at each cell."""
        stall_timeout_s = (values or self.settings.values()).stall_timeout_s
        if self.simulator is not None:
            return Access("practice", self.simulator.url, stall_timeout_s, environment_fingerprint())
        return Access(self._key, None, stall_timeout_s, environment_fingerprint())
