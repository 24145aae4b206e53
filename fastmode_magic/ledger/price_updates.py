"""Newer prices, fetched by genai-prices in a thread of its own: only where the user asked for that.

It imports genai-prices, so it is imported where that may take its 0.2 s.
"""

import warnings
from datetime import UTC, datetime
from threading import Lock

from genai_prices import UpdatePrices
from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.update_prices import DEFAULT_UPDATE_URL

from ..claude.catalog import DEFAULT_MODEL


class Updates(UpdatePrices):
    """Fetches the list of prices once an hour; what fails is told by `state`, and leaves the list that there was."""

    def __init__(self, url: str = DEFAULT_UPDATE_URL) -> None:
        super().__init__(url=url)
        self._wanted_by: set[object] = set()
        self._lock = Lock()
        self._tried = False
        self._failed: str | None = None

    def keep(self, owner: object, *, on: bool) -> None:
        """Fetch from now on for `owner`, or no longer; what was fetched stays in use."""
        with self._lock:
            if on:
                if not self._wanted_by:
                    self._tried, self._failed = False, None
                # A newer list may name what this release does not know; Claude's prices need none of it.
                warnings.filterwarnings("ignore", message="Unsupported extractor destination", category=UserWarning)
                self._wanted_by.add(owner)
                self.start()
                return
            self._wanted_by.discard(owner)
            if not self._wanted_by:
                self.stop()  # type: ignore[no-untyped-call]  # genai-prices leaves its result open

    def fetch(self) -> DataSnapshot:
        """The list as it is now; the one in use where that cannot be had, or has no price of Claude."""
        try:
            found = super().fetch() or get_snapshot()
            found.find_provider_model(DEFAULT_MODEL, None, "anthropic", None)
        except Exception as error:  # noqa: BLE001  # genai-prices would log it into the user's notebook
            self._failed, found = type(error).__name__, get_snapshot()
        else:
            self._failed = None
        self._tried = True
        return found

    @property
    def state(self) -> str | None:
        """What is to be said of fetching; None where nothing is."""
        if not self._wanted_by:
            return None
        if self._failed:
            return f"newer prices could not be fetched ({self._failed})"
        return None if self._tried else "newer prices are on their way"


UPDATES = Updates()  # one for the process: genai-prices has one list


def fetched_at() -> datetime | None:
    """When the list in use was fetched, in UTC; None for the one that genai-prices brings along."""
    snapshot = get_snapshot()
    return snapshot.timestamp.astimezone(UTC) if snapshot.from_auto_update else None
