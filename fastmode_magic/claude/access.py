"""How to reach the service, as a value that costs nothing to import."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the service; None leaves it to the SDK (environment, profiles). The key stays out of the repr.

    `stall_timeout_s` is how long nothing may come, in seconds. A changed `environment` (compared, never read) makes
    the transport read proxies and certificates anew. `admin` marks the key of an administrator.
    """

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None
    stall_timeout_s: float = 60.0
    environment: object = field(default=None, repr=False)
    admin: bool = False
