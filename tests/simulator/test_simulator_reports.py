"""The organisation's reports: what was served, by dimension and time, for an administrator's key alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import anthropic
import pytest

from fastmode_magic.simulator import Scenario, Use
from fastmode_magic.simulator.bills import TARIFFS
from fastmode_magic.simulator.models import MODELS

BEGINS = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ENDS = BEGINS + timedelta(hours=1)
AT_S = BEGINS.timestamp() + 90
ADMIN = "sk-ant-admin01-test"
SONNET = "claude-sonnet-5-5"


@pytest.fixture
def admin(simulate, sdk):
    """A simulator whose wall clock stands, the SDK in front of it, and the SDK with an admin key."""

    def start(**settings):
        sim = simulate(wall=lambda: AT_S, **settings)
        client = sdk.with_options(base_url=sim.url)
        return client, client.with_options(api_key=ADMIN).beta.organization.analytics

    return start


def usage(analytics, **changes):
    query = {"starting_at": BEGINS, "ending_at": ENDS, "group_by": ["model", "speed"]} | changes
    return list(analytics.usage.list(**query))


def cost(analytics, **changes):
    query = {"starting_at": BEGINS, "ending_at": ENDS, "group_by": ["model", "speed"]} | changes
    return list(analytics.cost.list(**query))


def test_what_was_served_is_reported_by_model_and_speed(admin, ask):
    client, analytics = admin()
    fast = [client.messages.create(**ask, speed="fast").usage for _ in range(2)]
    standard = client.messages.create(**ask).usage
    rows = {(row.group.model, row.group.speed): row for row in usage(analytics)}
    assert set(rows) == {("claude-opus-5-5", "fast"), ("claude-opus-5-5", "standard")}
    row = rows["claude-opus-5-5", "fast"]
    assert (row.starting_at, row.ending_at) == (BEGINS, ENDS)
    assert row.usage.requests == 2
    assert row.usage.uncached_input_tokens == sum(one.input_tokens for one in fast)
    assert row.usage.output_tokens == sum(one.output_tokens for one in fast)
    assert row.usage.total_tokens == row.usage.uncached_input_tokens + row.usage.output_tokens
    assert row.usage.server_tool_use.web_search_requests == 0
    assert rows["claude-opus-5-5", "standard"].usage.output_tokens == standard.output_tokens
    assert row.group.api_key_id is None


def test_cost_is_in_cents_at_the_speed_served(admin, ask):
    client, analytics = admin(discount=Decimal("0.25"))
    used = client.messages.create(**ask, speed="fast").usage
    (row,) = cost(analytics)
    cents = (used.input_tokens * Decimal(8) + used.output_tokens * Decimal(40)) / 10_000
    assert Decimal(row.cost.list_amount) == cents
    assert Decimal(row.cost.amount) == cents * 3 / 4
    assert row.cost.currency == "USD"


def test_a_stream_is_charged_as_far_as_it_came(admin, ask):
    client, analytics = admin(scenario=Scenario(text="word " * 100, fault="cut", fault_after=40))
    with pytest.raises(Exception), client.messages.stream(**ask) as stream:  # noqa: B017, PT011  # the SDK's or HTTP's
        stream.get_final_message()
    (row,) = usage(analytics)
    assert 0 < row.usage.output_tokens <= 41


def test_refusals_are_not_billed(admin, ask):
    client, analytics = admin(scenario="overloaded")
    with pytest.raises(anthropic.OverloadedError):
        client.messages.create(**ask)
    assert usage(analytics) == []


def test_usage_of_somebody_else_and_of_other_times(admin):
    others = [
        Use(AT_S, SONNET, api_key_id="apikey_other", output=7, read=1, written_5m=2, written_1h=3, searches=4),
        Use(AT_S - 86_400, SONNET, output=1_000),
        Use(ENDS.timestamp(), SONNET, output=1_000),
    ]
    _, analytics = admin(other_usage=others)
    (row,) = usage(analytics, group_by=["model", "api_key_id", "inference_geo"])
    assert row.group.api_key_id == "apikey_other"
    assert row.group.inference_geo == "global"
    assert (row.usage.output_tokens, row.usage.cache_read_input_tokens) == (7, 1)
    assert row.usage.cache_creation.ephemeral_5m_input_tokens == 2
    assert row.usage.cache_creation.ephemeral_1h_input_tokens == 3
    assert row.usage.server_tool_use.web_search_requests == 4


def test_data_come_late(admin, ask):
    client, analytics = admin(report_delay_s=300.0)
    client.messages.create(**ask)
    page = analytics.usage.list(starting_at=BEGINS, ending_at=ENDS)
    assert page.data == []
    assert page.data_refreshed_at == datetime.fromtimestamp(AT_S - 300, UTC)


def test_buckets_and_pages(admin):
    others = [Use(BEGINS.timestamp() + 60 * minute, SONNET, output=minute + 1) for minute in range(5)]
    _, analytics = admin(other_usage=[replaced for replaced in others if replaced.at_s <= AT_S])
    rows = usage(analytics, time_bucket_width="1m", limit=1)
    assert [(row.starting_at, row.usage.output_tokens) for row in rows] == [
        (BEGINS + timedelta(minutes=1), 2),
        (BEGINS, 1),
    ]
    assert [row.ending_at - row.starting_at for row in rows] == [timedelta(minutes=1)] * 2


def test_without_a_bucket_the_time_is_rounded_to_hours(admin):
    _, analytics = admin(other_usage=[Use(AT_S, SONNET, output=1)])
    late = timedelta(minutes=30)
    (row,) = usage(analytics, starting_at=BEGINS + late, ending_at=ENDS + late)
    assert (row.starting_at, row.ending_at) == (BEGINS, ENDS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"group_by": ["colour"]}, "'colour' is not one of"),
        ({"group_by": ["model", "speed", "api_key_id", "workspace_id", "product", "actor"]}, "at most 5"),
        ({"limit": 1_001}, "limit"),
        ({"starting_at": "2025-12-31T00:00:00Z"}, "no earlier than 2026-01-01"),
        ({"ending_at": BEGINS + timedelta(days=32)}, "at most 31 days"),
        ({"ending_at": BEGINS + timedelta(days=2), "time_bucket_width": "1m"}, "at most 24 hours"),
        ({"starting_at": "2026-11-22T10:00:00"}, "RFC 3339"),
        ({"starting_at": "today"}, "RFC 3339"),
        ({"time_bucket_width": "1w"}, "'1d', '1h' or '1m'"),
        ({"page": "elsewhere"}, "next_page"),
    ],
)
def test_queries_that_make_no_sense(admin, changes, words):
    _, analytics = admin()
    with pytest.raises(anthropic.BadRequestError, match=words):
        usage(analytics, **changes)


def test_the_beta_header_is_needed(admin):
    client, _ = admin()
    path = "/v1/organizations/analytics/usage?starting_at=2026-11-22T10:00:00Z&ending_at=2026-11-22T11:00:00Z"
    with pytest.raises(anthropic.BadRequestError, match="analytics-usage-cost-2026-08-24"):
        client.with_options(api_key=ADMIN).get(path, cast_to=object)


def test_an_ordinary_key_reads_nothing(admin):
    client, _ = admin()
    with pytest.raises(anthropic.AuthenticationError, match="invalid x-api-key"):
        usage(client.beta.organization.analytics)


def test_a_scenario_for_reports_leaves_messages_alone(admin, ask):
    client, analytics = admin(reports="server_error")
    client.messages.create(**ask)
    with pytest.raises(anthropic.InternalServerError):
        usage(analytics)


class TestOlder:
    PATH = "/v1/organizations/usage_report/messages"

    def get(self, client, betas="fast-mode-2026-02-01", **query):
        params = {"starting_at": "2026-11-22T10:00:30Z", "ending_at": "2026-11-22T11:00:00Z", "bucket_width": "1m"}
        options = {"params": params | query, "headers": {"anthropic-beta": betas}}
        return client.with_options(api_key=ADMIN).get(self.PATH, cast_to=object, options=options)

    def test_every_bucket_with_its_groups(self, admin):
        client, _ = admin(other_usage=[Use(AT_S, "claude-opus-5-5", "fast", output=5)])
        page = self.get(client, limit=3, group_by=["model", "speed"])
        assert (page["has_more"], page["next_page"]) == (True, "page_3")
        assert [bucket["starting_at"] for bucket in page["data"]] == [
            "2026-11-22T10:00:00Z",
            "2026-11-22T10:01:00Z",
            "2026-11-22T10:02:00Z",
        ]
        first, second, _ = (bucket["results"] for bucket in page["data"])
        (result,) = second
        assert first == []
        assert (result["model"], result["speed"], result["output_tokens"]) == ("claude-opus-5-5", "fast", 5)
        assert result["api_key_id"] is None
        last = self.get(client, page="page_57", group_by=["model"])
        assert (len(last["data"]), last["has_more"], last["next_page"]) == (3, False, None)

    def test_speed_needs_the_beta_header(self, admin):
        client, _ = admin()
        with pytest.raises(anthropic.BadRequestError, match="fast-mode-2026-02-01"):
            self.get(client, betas="other", group_by=["speed"])

    def test_it_is_there_where_the_newer_ones_are_not(self, admin):
        client, analytics = admin(analytics=False)
        with pytest.raises(anthropic.NotFoundError):
            usage(analytics)
        assert len(self.get(client)["data"]) == 60

    def test_whole_hours_of_a_week_are_a_page(self, admin):
        client, _ = admin()
        with pytest.raises(anthropic.BadRequestError, match="from 1 to 168"):
            self.get(client, bucket_width="1h", limit=169)


class TestPrices:
    def test_every_model_has_one(self):
        assert set(TARIFFS) == set(MODELS)

    @pytest.mark.parametrize(
        ("use", "cents"),
        [
            (Use(0, "claude-opus-5-5", uncached=1_000_000), 400),
            (Use(0, "claude-opus-5-5", "fast", output=1_000_000), 4_000),
            (Use(0, "claude-opus-5-5", read=1_000_000), 20),
            (Use(0, "claude-fable-5-2", read=1_000_000), 20),
            (Use(0, "claude-opus-5", written_5m=1_000_000, written_1h=1_000_000), 1_625),
            (Use(0, "claude-opus-4-6", "fast", output=1_000_000), 15_000),
            (Use(0, "claude-opus-5-5", inference_geo="us", uncached=1_000_000), 440),
            (Use(0, "claude-sonnet-5-5", searches=1_000), 1_000),
            (Use(0, "claude-haiku-5-5", uncached=100_000), 1),
            (Use(0, "claude-haiku-5-5", uncached=200_000), 10),
        ],
    )
    def test_what_a_use_costs(self, use, cents):
        assert use.cents == cents
