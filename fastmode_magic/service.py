"""How a session reaches the service: the real one with the credential of the moment, or the simulator in here."""

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .claude.access import Access
from .claude.errors import BadInput, NoCredential
from .settings import FastMode, Values, admin, credentials, environment_fingerprint

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

    def admin_access(self) -> Access:
        """How the organisation's reports are reached. Raises NoCredential without an admin key, BadInput otherwise.

        The key goes to Anthropic, or to the host that ANTHROPIC_ADMIN_BASE_URL names, and nowhere else.
        """
        found = admin()
        if found.key is None:
            raise NoCredential(
                "There is no admin key: ANTHROPIC_ADMIN_KEY is not set.",
                "An admin of your organisation makes one in the Claude Console, under Settings, Admin keys; "
                "individual accounts have none.",
            )
        if not _is_safe(found.base_url):
            raise BadInput(
                "ANTHROPIC_ADMIN_BASE_URL is no https address, so the admin key was not sent.",
                "Take it off, or name an https address; http is for this machine alone.",
            )
        stall_timeout_s = self.settings.values().stall_timeout_s
        return Access(found.key, found.base_url, stall_timeout_s, environment_fingerprint(), admin=True)


def _is_safe(address: str) -> bool:
    """Whether nobody on the way can read what goes there."""
    try:
        parts = urlsplit(address)
        host = parts.hostname
        if parts.scheme == "http":
            return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
    return parts.scheme == "https" and bool(host)
