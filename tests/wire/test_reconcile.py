"""`%fastmode reconcile` over real HTTP: the SDK with an admin key, the simulator's reports, this session's ledger."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import unquote

import pytest

from fastmode_magic.claude import organisation
from fastmode_magic.claude.errors import BadInput, FastmodeError, NoCredential, Refused
from fastmode_magic.claude.usage_report import Report
from fastmode_magic.reports import reconciliation as reconcile_reports
from fastmode_magic.session import Session
from fastmode_magic.settings import credentials
from fastmode_magic.simulator import SCENARIOS, Refusal, Scenario, Simulator, Use

ADMIN_KEY = "sk-ant-admin01-test-0123456789"
DAY = timedelta(days=1)
Serve = Callable[..., Simulator]


@pytest.fixture(autouse=True)
def admin(monkeypatch: pytest.MonkeyPatch, simulator: Simulator) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", ADMIN_KEY)
    monkeypatch.setenv("ANTHROPIC_ADMIN_BASE_URL", simulator.url)


def reconcile(session: Session, words: str = "", later: timedelta = DAY) -> str:
    """What it says of today once today is over."""
    return reconcile_reports.report(session, words or f"{datetime.now(UTC):%Y-%m-%d}", datetime.now(UTC) + later)


def run(session: Session, prompt: str, *, fast: bool = False) -> None:
    session.run(session.ask(prompt, fast=fast))


def asked(simulator: Simulator) -> list[str]:
    return [request.path for request in simulator.requests if "organizations" in request.path]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Simulator]]:
    """Has another simulator answer from now on, with these settings."""
    with ExitStack() as running:

        def serve(**settings: object) -> Simulator:
            simulator = running.enter_context(Simulator(first_byte_s=0, fast_rate=0, standard_rate=0, **settings))
            monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.url)
            monkeypatch.setenv("ANTHROPIC_ADMIN_BASE_URL", simulator.url)
            return simulator

        yield serve


def of_others() -> Use:
    return Use(datetime.now(UTC).timestamp(), "claude-sonnet-5-5", output=1_000)


def test_both_agree_on_tokens_and_dollars(session: Session, simulator: Simulator) -> None:
    run(session, "One", fast=True)
    run(session, "Two", fast=True)
    run(session, "Three")
    said = reconcile(session)
    assert said.startswith("**The ledger and the service agree** on ")
    assert "3 runs, the same tokens in each class" in said
    assert said.count("list price") == 2
    assert "What may be why" not in said
    assert said.count("| `claude-opus-5-5` |") == 2
    listed = [row.split("|")[-2].strip() for row in said.splitlines() if "list price" in row]
    assert listed == ["`$0`", "`$0`"]


def test_what_is_sent(session: Session, simulator: Simulator) -> None:
    run(session, "One")
    reconcile(session)
    usage, cost = (request for request in simulator.requests if "organizations" in request.path)
    assert usage.path.startswith("/v1/organizations/analytics/usage?")
    assert usage.headers["anthropic-beta"] == "analytics-usage-cost-2026-08-24"
    assert usage.headers["x-api-key"] == "<set>"
    assert "authorization" not in usage.headers
    assert "group_by[]=speed" in unquote(cost.path)


def test_what_others_used_is_told_as_such(session: Session, served: Serve) -> None:
    served(other_usage=[of_others()])
    run(session, "One", fast=True)
    said = reconcile(session)
    assert said.startswith("**The ledger and the service differ** on ")
    assert "the service has more of `claude-sonnet-5-5` at standard speed" in said
    assert "| `claude-sonnet-5-5` | standard | output | 0 | 1,000 | +1,000 |" in said
    assert "counts the whole organisation, 1 API key in this time, and" in said


def test_an_answer_that_was_stopped_says_that_it_is_an_estimate(session: Session, simulator: Simulator) -> None:
    simulator.script(Scenario(text="word " * 200, fault="cut", fault_after=100))
    run(session, "One")
    said = reconcile(session)
    assert said.startswith("**The ledger and the service differ** on ")
    assert "Stopped or broken off: 1 run" in said


def test_data_that_are_not_there_yet(session: Session, served: Serve) -> None:
    served(report_delay_s=300.0)
    run(session, "One")
    said = reconcile(session)
    assert said.startswith("**Nothing was compared:** the ledger has 1 run on ")
    assert "the service reports nothing" in said
    assert "another organisation" in said


def test_the_last_minutes_are_left_for_later(session: Session) -> None:
    run(session, "One")
    said = reconcile(session, "month", later=timedelta())
    assert said.startswith("**Nothing was compared:** neither") or "Nothing can be compared yet" in said
    assert "agree" not in said
    if "Nothing can" not in said:
        assert "1 run of the last minutes cannot be compared yet" in said


def test_nothing_anywhere_is_no_agreement(session: Session) -> None:
    assert reconcile(session).startswith("**Nothing was compared:** neither the ledger nor the service")


def test_only_others(session: Session, served: Serve) -> None:
    served(other_usage=[of_others()])
    assert "the ledger has no run that was billed" in reconcile(session)


def test_practice_is_no_bill(session: Session) -> None:
    session.service.practise()
    run(session, "One")
    session.service.stop_practising()
    assert "neither the ledger nor the service" in reconcile(session)


def test_runs_that_went_elsewhere(session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    run(session, "One")
    monkeypatch.setenv("ANTHROPIC_ADMIN_BASE_URL", simulator.url.replace("127.0.0.1", "localhost"))
    said = reconcile(session)
    assert "agree" not in said
    assert "1 run went to `127.0.0.1`, which the report of `localhost` does not cover" in said


def test_a_discount_is_told(session: Session, served: Serve) -> None:
    served(discount=Decimal("0.2"))
    run(session, "One")
    said = reconcile(session)
    assert said.startswith("**The ledger and the service agree**")
    assert "billed less than the list price" in said
    assert "| billed |" in said


def test_the_older_report(session: Session, served: Serve) -> None:
    older = served(analytics=False)
    run(session, "One", fast=True)
    run(session, "Two")
    said = reconcile(session)
    assert said.startswith("**The ledger and the service agree**")
    assert "names no dollars by speed" in said
    assert "list price |" not in said
    newer, before = asked(older)
    assert newer.startswith("/v1/organizations/analytics/usage?")
    assert before.startswith("/v1/organizations/usage_report/messages?")
    last = [request for request in older.requests if "usage_report" in request.path][-1]
    assert last.headers["anthropic-beta"] == "fast-mode-2026-02-01"
    assert "bucket_width=1h" in before


class TestAsking:
    """A time of some hours and 20 minutes, whatever the clock says."""

    ENDS = datetime(2026, 11, 22, 15, 20, tzinfo=UTC)
    BEGINS = ENDS.replace(hour=0, minute=0)

    def uses(self) -> list[Use]:
        moments = [self.BEGINS, self.ENDS - timedelta(minutes=21), self.ENDS - timedelta(minutes=1), self.ENDS]
        return [Use(at.timestamp(), "claude-sonnet-5-5", output=10**n) for n, at in enumerate(moments)]

    def asked(self, session: Session, begins: datetime = BEGINS) -> Report:
        access = session.service.admin_access()
        return session.engine.call(lambda connection: organisation.asked(connection, begins, self.ENDS), access)

    def test_whole_hours_and_then_minutes(self, session: Session, served: Serve) -> None:
        simulator = served(other_usage=self.uses())
        report = self.asked(session)
        assert sorted(one.tokens.output or 0 for one in report.used) == [11, 100]
        assert [one.listed for one in report.paid or ()] == [Decimal("0.00011"), Decimal("0.001")]
        assert report.refreshed
        paths = [unquote(path) for path in asked(simulator)]
        assert ["time_bucket_width=1m" in path for path in paths] == [False, False, True, True]
        assert ["T15:00:00Z&ending_at=2026-11-22T15:20:00Z" in path for path in paths] == [False, False, True, True]

    def test_pages(self, session: Session, served: Serve) -> None:
        at = self.BEGINS.timestamp()
        simulator = served(
            other_usage=[Use(at, "claude-sonnet-5-5", "standard", f"key{n}", output=1) for n in range(1_500)]
        )
        assert sum(one.tokens.output or 0 for one in self.asked(session).used) == 1_500
        assert ["page=page_1000" in path for path in asked(simulator)] == [False, True, False, False, False]

    def test_the_older_report_in_pages(self, session: Session, served: Serve) -> None:
        first = self.BEGINS - timedelta(days=9)
        uses = [*self.uses(), Use(first.timestamp(), "claude-sonnet-5-5", output=10_000)]
        simulator = served(other_usage=uses, analytics=False)
        report = self.asked(session, first)
        assert sum(one.tokens.output or 0 for one in report.used) == 10_111
        assert report.paid is None
        paths = [path for path in asked(simulator) if "usage_report" in path]
        assert ["bucket_width=1h" in path for path in paths] == [True, True, False]
        assert "page=page_168" in paths[1]


class TestKeys:
    def test_without_one(self, session: Session, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ANTHROPIC_ADMIN_KEY")
        with pytest.raises(NoCredential, match="ANTHROPIC_ADMIN_KEY is not set") as error:
            reconcile(session)
        assert "admin of your organisation" in error.value.next_step
        assert asked(simulator) == []

    def test_the_other_name(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ANTHROPIC_ADMIN_KEY")
        monkeypatch.setenv("ANTHROPIC_ADMIN_API_KEY", ADMIN_KEY)
        run(session, "One")
        assert "agree" in reconcile(session)

    def test_it_goes_to_anthropic_and_not_to_the_gateway(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("ANTHROPIC_ADMIN_BASE_URL")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://gateway.example")
        access = session.service.admin_access()
        assert access.base_url == "https://api.anthropic.com"
        assert ADMIN_KEY not in repr(access)

    @pytest.mark.parametrize("address", ["http://gateway.example", "gateway.example", "ftp://127.0.0.1", "https://["])
    def test_it_goes_nowhere_where_it_could_be_read(
        self, session: Session, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        monkeypatch.setenv("ANTHROPIC_ADMIN_BASE_URL", address)
        with pytest.raises(BadInput, match="was not sent"):
            reconcile(session)

    def test_no_prompt_carries_it(self, session: Session) -> None:
        assert ADMIN_KEY in credentials()
        with pytest.raises(BadInput, match="API key in it"):
            session.ask(f"My key is {ADMIN_KEY}.")

    def test_an_ordinary_key(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-api03-ordinary-0123456789")
        with pytest.raises(Refused, match=r"did not accept the admin key \(401\)") as error:
            reconcile(session)
        assert "ordinary" not in str(error.value).replace("an ordinary API key", "")

    def test_a_redirect_is_not_followed(self, session: Session, served: Serve) -> None:
        with Simulator() as elsewhere:
            moved = Refusal(307, "moved", "Moved", headers={"location": f"{elsewhere.url}/v1/organizations"})
            served(reports=Scenario(refuse=moved))
            with pytest.raises(Refused):
                reconcile(session)
            assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("scenario", "what", "next_step"),
    [
        (
            Scenario(refuse=Refusal(403, "permission_error", "No.")),
            r"may not read .* \(403\): No\.",
            "to a key that may",
        ),
        (Scenario(refuse=Refusal(404, "not_found_error", "Not Found")), r"no reports of usage \(404\)", "BASE_URL"),
        (Scenario(refuse=Refusal(429, "rate_limit_error", "Slow", retry_after=7)), r"\(429\): Slow\.", "in 7 s"),
        (SCENARIOS["server_error"], r"could not answer \(500\)", "Try again"),
        (SCENARIOS["overloaded"], r"could not answer \(529\)", "Try again"),
        (Scenario(refuse=Refusal(400, "invalid_request_error", "HIPAA")), r"refused the request \(400\): HIPAA", "Try"),
        (Scenario(refuse=Refusal(502, "x", "Bad Gateway", html=True)), r"could not answer \(502\)", "Try again"),
        (Scenario(refuse=Refusal(200, "x", "A page", html=True)), r"did not answer as it should", "Try again"),
    ],
)
def test_refusals(session: Session, served: Serve, scenario: Scenario, what: str, next_step: str) -> None:
    served(reports=scenario)
    with pytest.raises(Refused, match=what) as error:
        reconcile(session)
    assert next_step in error.value.next_step


def test_no_connection(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(FastmodeError, match="no connection"):
        reconcile(session)


@pytest.mark.parametrize("words", ["yesterday", "2026-13-01", "2025-12-31", "2999-01-01", "day month"])
def test_words_that_mean_no_time(session: Session, simulator: Simulator, words: str) -> None:
    with pytest.raises(BadInput):
        reconcile(session, words)
    assert asked(simulator) == []
