"""What `%fastmode quota` shows: every bucket that a response told of, and when a prompt of a given size fits."""

import math
import re
from collections.abc import Iterable, Mapping
from concurrent.futures import wait
from typing import TYPE_CHECKING

from .. import outlook
from ..claude import catalog
from ..claude.catalog import Model
from ..claude.errors import BadInput
from ..claude.quota import TINY, Bucket, Quota
from ..views import text
from ..views.document import code, sentence
from . import session as reports

if TYPE_CHECKING:
    from ..claude.standing import Account
    from ..claude.transport import Connection
    from ..session import Session

LEARN_S = 10.0  # how long the ledger is waited for
ESTIMATE = (
    "`~` marks an estimate: what the last response to this kernel or another said, refilled since at a sixtieth of the "
    "limit a second. What others have used meanwhile is not in it."
)
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(k|m|)", re.IGNORECASE | re.ASCII)
_BUCKETS = (
    ("fast_input", "fast input"),
    ("fast_output", "fast output"),
    ("standard_input", "standard input"),
    ("standard_output", "standard output"),
    ("requests", "requests"),
)


def tokens(words: str) -> int:
    """ "50k", "50_000", "50,000", "1.5M" as a number of tokens. Raises BadInput."""
    said = _SIZE.fullmatch(re.sub(r"(?<=\d)[,_](?=\d)", "", words))
    found = float(said[1]) * {"": 1, "k": 1_000, "m": 1_000_000}[said[2].lower()] if said else 0
    if not 1 <= found < 1e9:
        raise BadInput(f"{words!r} is not a number of tokens.", "Type one such as `%fastmode quota 50k` or 50_000.")
    return round(found)


def report(session: "Session", size: int | None = None) -> str:
    """The buckets of the session's account by pool, and when a prompt of `size` tokens fits (default: the last one)."""
    account, served = session.engine.call(_account, session.service.access()), _served(session)
    wait([session.shared_quota.ask(account)], LEARN_S)
    known = {pool: quota for pool, quota in session.engine.standing.quotas(account).items() if quota != Quota()}
    fits = session.last.usage.total_input_tokens if size is None and session.last and session.last.usage else size
    pieces = [
        f"**Fast mode is** {sentence(reports.state(session))}",
        _table(known, session.engine.clock()),
        _fits(session, account, known, fits) if fits is not None and known else "",
        _forecast(session),
        *_unknown(known, served if session.last_run and session.last_run.account == account else frozenset()),
        ESTIMATE if known else "",
    ]
    return "\n\n".join(piece for piece in pieces if piece)


async def _account(connection: "Connection") -> "Account":
    return connection.account


def _table(known: Mapping[str, Quota], now_s: float) -> str:
    rows = [
        f"| {words}, {whose} | {_left(bucket, now_s)} | {_ago(now_s - bucket.at_s)} | {_full(bucket, now_s)} |"
        for whose, words, bucket in _buckets(known)
    ]
    if not rows:
        return ""
    return "\n".join(["| bucket | a minute | left now | reported | full again |", "|---|---|---|---|---|", *rows])


def _buckets(known: Mapping[str, Quota]) -> Iterable[tuple[str, str, Bucket]]:
    """Whose it is, what it holds, and the bucket: fast pools first, then the models."""
    for fast in (True, False):
        for pool in sorted(known):
            for name, words in _BUCKETS:
                bucket = getattr(known[pool], name)
                if bucket and name.startswith("fast") == fast:
                    yield (_pool(pool) if fast else _model(pool)), words, bucket


def _left(bucket: Bucket, now_s: float) -> str:
    if not bucket.limit:
        return "0 | none"
    level = bucket.level(now_s)
    return f"{bucket.limit:,} | ~{level:,.0f} ({100 * level / bucket.limit:.0f}%)"


def _full(bucket: Bucket, now_s: float) -> str:
    return _in(bucket.seconds_until(bucket.limit, now_s)) if bucket.limit else "never"


def _fits(session: "Session", account: "Account", known: Mapping[str, Quota], size: int) -> str:
    """When a prompt of `size` tokens is admitted, in every pool that is known."""
    standing, now_s = session.engine.standing, session.engine.clock()
    lines = []
    for pool in sorted(pool for pool, quota in known.items() if quota.fast_input or quota.fast_output):
        cooldown = standing.cooldown(account, pool, now_s)
        after_s = cooldown.until_s - now_s if cooldown else 0.0
        why = f", {cooldown.reason}" if cooldown else ""
        when = _wait(((known[pool].fast_input, size), (known[pool].fast_output, 1)), now_s, after_s)
        lines.append(f"- at fast speed, {_pool(pool)}: {when}{why}")
    for pool in sorted(pool for pool, quota in known.items() if quota.standard_input or quota.standard_output):
        quota = known[pool]
        needs = [(quota.standard_input, size), (quota.standard_output, 1)]
        when = _wait([*needs, *([(quota.requests, 1)] if quota.requests else [])], now_s)
        lines.append(f"- at standard speed, {_model(pool)}: {when}")
    return "\n".join([f"A prompt of {text.count(size, 'token')} fits:", "", *lines]) if lines else ""


def _wait(needs: Iterable[tuple[Bucket | None, int]], now_s: float, after_s: float = 0.0) -> str:
    longest_s: float | None = after_s
    for bucket, amount in needs:
        if bucket is None:
            return "unknown"
        wait_s = bucket.seconds_until(amount, now_s)
        if wait_s is None:
            return "never: larger than the pool" if bucket.limit else "never: there is no capacity"
        longest_s = max(longest_s or 0.0, wait_s)
    return _in(longest_s)


def _forecast(session: "Session") -> str:
    """How many more answers fit, and what `like this` means."""
    found, size = outlook.forecast(session), outlook.usual(session)
    if found is None or size is None:
        return ""
    words = text.forecast(found)
    like = f"{size.input_tokens:,.0f} tokens in and {size.output_tokens:,.0f} out, the median of this session's answers"
    return f"{words[0].upper()}{words[1:]}. (Like this: {like} of the same model.)"


def _served(session: "Session") -> frozenset[str | None]:
    """The speeds that have answered in this session."""
    return session.books.totals(practice=session.service.practising).speeds


def _unknown(known: Mapping[str, Quota], served: frozenset[str | None]) -> Iterable[str]:
    """Why something is not known."""
    for speed, found in (
        ("fast", any(quota.fast != Quota() for quota in known.values())),
        ("standard", any(quota.standard_input or quota.standard_output for quota in known.values())),
    ):
        if found:
            continue
        if speed in served:
            why = "answers came without the headers that say it: a gateway on the way drops or renames them"
        else:
            why = f"no response at {speed} speed has said it yet to this kernel or another with this key"
        yield f"Quota at {speed} speed: unknown; {why}."


def _pool(pool: str) -> str:
    """The families that share a fast pool: "Opus", "Fable, Mythos"; an unknown model's own."""
    names = [model.name.split()[1] for model in catalog.models() if model.pool == pool]
    return ", ".join(dict.fromkeys(names)) or code(pool)


def _model(pool: str) -> str:
    found: Model | None = next((model for model in catalog.models() if model.id == pool), None)
    return found.name if found else code(pool)


def _in(seconds: float | None) -> str:
    wait_s = 0 if seconds is None else math.ceil(seconds - TINY)
    return f"in {wait_s} s" if wait_s > 0 else "now"


def _ago(seconds: float) -> str:
    if seconds < 1:
        return "just now"
    if seconds < 60:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago"
