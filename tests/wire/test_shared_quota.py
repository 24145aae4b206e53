"""Quota that the kernels of one user share through the ledger, over real HTTP: what one uses, the other sees."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import KEY

from fastmode_magic import outlook
from fastmode_magic.claude.quota import Quota
from fastmode_magic.reports import quota as quota_report
from fastmode_magic.session import Session
from fastmode_magic.settings import FastMode
from fastmode_magic.simulator import Scenario, Simulator

Make = Callable[[], Session]


@pytest.fixture
def small() -> Iterator[Simulator]:
    """A service whose fast pool is small: 60,000 tokens in and 6,000 out a minute."""
    with Simulator(first_byte_s=0, fast_rate=0, standard_rate=0, fast_limits=(60_000, 6_000)) as running:
        yield running


@pytest.fixture
def make(small: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes sessions that are kernels of one user: the same key, the same ledger."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", small.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("FASTMODE_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    made: list[Session] = []

    def session() -> Session:
        made.append(Session(FastMode()))
        return made[-1]

    yield session
    for one in made:
        one.close()


def fast(session: Session, small: Simulator, tokens: int) -> Quota:
    """Let a session use output tokens; returns what it knows then, and the ledger too."""
    small.script(Scenario(tokens=tokens))
    session.run(session.ask("Explain groupby.", fast=True, fallback="standard"))
    rows(session)
    return outlook.quota(session)


def rows(session: Session) -> list[tuple[object, ...]]:
    """The buckets in the ledger, once all that was to be written is."""
    account = session.last_run.account
    return session.books.book.seen(account.shared or "").result(timeout=10)


def test_what_one_uses_the_other_sees(make: Make, small: Simulator) -> None:
    one, other = make(), make()
    assert fast(one, small, 2_000).fast_output.remaining == 4_000
    assert fast(other, small, 1_000).fast_output.remaining <= 3_100  # the service itself counts both
    words = quota_report.report(one)
    assert "| fast output, Opus | 6,000 | ~3," in words
    assert outlook.quota(one).fast_output.remaining == outlook.quota(other).fast_output.remaining


def test_a_kernel_s_first_request_knows_that_another_used_the_pool_up(make: Make, small: Simulator) -> None:
    fast(make(), small, 12_000)
    fast(make(), small, 10)
    assert [one.body.get("speed") for one in small.requests] == ["fast", None]


def test_a_kernel_that_has_asked_nothing_yet_can_tell_the_quota(make: Make, small: Simulator) -> None:
    fast(make(), small, 3_000)
    words = quota_report.report(make(), 70_000)
    assert "| fast input, Opus | 60,000 | ~" in words
    assert "- at fast speed, Opus: never: larger than the pool" in words
    assert "Quota at standard speed: unknown" in words
    assert len(small.requests) == 1


def test_the_mark_of_the_account_in_the_ledger_is_not_its_key(make: Make, small: Simulator, tmp_path: Path) -> None:
    session = make()
    fast(session, small, 10)
    assert {name for _, _, name, *_ in rows(session)} == {"fast_input", "fast_output", "requests"}
    session.close()
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_another_key_has_a_quota_of_its_own(make: Make, small: Simulator) -> None:
    fast(make(), small, 12_000)
    other = make()
    other.service.login("sk-ant-another-key")
    fast(other, small, 10)
    assert [one.body.get("speed") for one in small.requests] == ["fast", "fast", None]  # sent, and refused


def test_practice_is_nobody_else_s(make: Make) -> None:
    session = make()
    session.service.practise()
    session.run(session.ask("Explain groupby.", fast=True))
    assert outlook.quota(session).fast_output
    assert rows(session) == []


def test_without_a_ledger_each_kernel_knows_its_own(
    make: Make, small: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTMODE_LEDGER", "off")
    one, other = make(), make()
    known = fast(one, small, 1_000)
    assert "fast output, Opus" in quota_report.report(one)
    assert known.fast_output.remaining == 5_000
    assert "fast output" not in quota_report.report(other)
