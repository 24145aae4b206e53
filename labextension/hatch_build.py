"""A wheel carries the built assets: what is missing is built, unless FASTMODE_SKIP_PAGE=1 says to do without."""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
import page


def _wanted() -> bool:
    return not page.is_built() and os.environ.get("FASTMODE_SKIP_PAGE") != "1"


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before every build."""

    def dependencies(self) -> list[str]:
        """Node, where it is needed and missing."""
        return [page.NODE_WHEEL] if _wanted() and page.node() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's names
        """Build what is missing."""
        if _wanted():
            page.build()
