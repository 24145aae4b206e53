"""What is kept of a response: its headers on limits, and its words without what is secret in them."""

import math
import re
from collections.abc import Mapping

MESSAGE_LIMIT = 400
_KEY = re.compile(r"sk-ant-[\w-]+|(?i:bearer)\s+\S+|(?<=://)[^\s/@]+@")  # the last: a password in an address
_KEPT_HEADERS = ("anthropic-", "retry-after", "request-id")
_GATEWAY_PREFIX = "llm_provider-"


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that speak of limits, lower-case; a gateway's prefix is taken off."""
    named = ((name.lower().removeprefix(_GATEWAY_PREFIX), value) for name, value in headers.items())
    return {name: value for name, value in named if name.startswith(_KEPT_HEADERS)}


def seconds(value: str | None) -> float | None:
    """The seconds that a header names; None for anything else."""
    try:
        found = float(value or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def redacted(message: str, known: tuple[str, ...]) -> str:
    """One line of at most 400 characters without keys, and without the secrets in `known`."""
    for secret in known:
        message = message.replace(secret, "***")
    message = "".join(sign if sign.isprintable() else " " for sign in _KEY.sub("***", message))
    return " ".join(message.split())[:MESSAGE_LIMIT].rstrip(".")
