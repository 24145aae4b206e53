"""The API behind the wire: it turns a request into a `Refused` or an `Accepted`, and knows nothing of sockets."""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastmode_magic.simulator import reports, seals
from fastmode_magic.simulator.answers import Answer, compose
from fastmode_magic.simulator.bills import Bill, Use
from fastmode_magic.simulator.buckets import Bucket, Pool, through_gateway
from fastmode_magic.simulator.caching import PromptCache, PromptTokens, prompt_tokens
from fastmode_magic.simulator.message import begun, final_usage
from fastmode_magic.simulator.models import MODELS, Model, extra_model
from fastmode_magic.simulator.named import scenario_of
from fastmode_magic.simulator.scenario import Refusal, Scenario
from fastmode_magic.simulator.settings import Recorded, Settings
from fastmode_magic.simulator.validation import missing, problem, too_long
from fastmode_magic.simulator.wire import error_body, html_page

ADMIN_KEY = "sk-ant-admin"
MAX_BODY_BYTES = 32 * 1024 * 1024
_EXCEEDED = (
    "This request would exceed your rate limit of {limit:,} {speed}{kind} tokens per minute. For details, refer to: "
    "https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came off the wire; `body` is empty when it was no JSON object, and `flaw` says why."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    betas: frozenset[str] = frozenset()
    size: int = 0
    flaw: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], body: bytes, query: str) -> Asked:
        """The request with these headers (lower case), this body and this query."""
        named = {beta.strip() for beta in headers.get("anthropic-beta", "").split(",") if beta.strip()}
        betas = frozenset(named | ({"true"} if "beta=true" in query else set()))
        try:
            value = json.loads(body) if body else {}
        except ValueError as error:
            return cls(headers, {}, betas, len(body), f"The request body is not valid JSON: {error}")
        if not isinstance(value, dict):
            return cls(headers, {}, betas, len(body), "Input should be a valid dictionary")
        return cls(headers, value, betas, len(body))


@dataclass(frozen=True, slots=True)
class Refused:
    """An HTTP response that ends a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that is answered: `message` is that of `message_start`, `usage` that of `message_delta`."""

    request_id: str
    scenario: Scenario
    answer: Answer
    message: Mapping[str, Any]
    usage: Mapping[str, Any]
    headers: Mapping[str, str]
    pool: Pool
    rate: float
    key: str = field(default="", repr=False)


class Service:
    """One organisation's API: its limits, its prompt cache, its script. Used by one thread, filled by any."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.models = MODELS | {name: extra_model(name, rule) for name, rule in settings.extra_models.items()}
        self.default = settings.scenario
        if not callable(self.default):
            scenario_of(self.default)
        self.steps: deque[Scenario] = deque()
        self.recorded: list[Recorded] = []
        self.disconnects: list[float] = []
        self.uses: list[Use] = []
        self._random = random.Random(settings.seed)  # noqa: S311 - ids that repeat with the seed
        self._cache = PromptCache(settings.clock)
        self._requests = Bucket(settings.requests_limit, settings.clock)
        self._fast = {name: self._pool(settings.fast_limits, fast=True) for name in ("opus", "fable")}
        self._standard = self._pool(settings.standard_limits, fast=False)

    def new_id(self, prefix: str) -> str:
        """An id such as `req_…`, the same in the same place of every run with this seed."""
        return f"{prefix}_sim{self._random.getrandbits(80):020x}"

    def step(self, body: Mapping[str, Any]) -> Scenario:
        """The scenario of the next message: the script's next step, or the default one if it concerns this request."""
        if self.steps:
            return self.steps.popleft()
        chosen = scenario_of(self.default(body) if callable(self.default) else self.default)
        return Scenario() if chosen.fast_only and body.get("speed") != "fast" else chosen

    def create(self, asked: Asked, scenario: Scenario) -> Refused | Accepted:
        """What `POST /v1/messages` answers."""
        if scenario.refuse is not None:
            return self._as_scripted(scenario.refuse, asked, scenario)
        checked = self._checked(asked, counting=False)
        return checked if isinstance(checked, Refused) else self._admitted(asked, checked, scenario)

    def count(self, asked: Asked) -> Refused | dict[str, int]:
        """What `POST /v1/messages/count_tokens` answers."""
        checked = self._checked(asked, counting=True)
        return checked if isinstance(checked, Refused) else {"input_tokens": prompt_tokens(asked.body)}

    def refusal(
        self, status: int, type_: str, message: str, headers: Mapping[str, str] | None = None, code: str | None = None
    ) -> Refused:
        """An error in the API's shape, with a request id in its header and its body."""
        request_id = self.new_id("req")
        body = json.dumps(error_body(type_, message, request_id, code)).encode()
        return Refused(status, {"request-id": request_id} | dict(headers or {}), body)

    def credentials(self, headers: Mapping[str, str]) -> Refused | None:
        """The 401 of a request without a credential, or with one that contains "invalid"."""
        given = _key(headers)
        if not given:
            return self.refusal(401, "authentication_error", "x-api-key header is required")
        return self.refusal(401, "authentication_error", "invalid x-api-key") if "invalid" in given else None

    def charge(self, accepted: Accepted, output_tokens: int) -> None:
        """Put what an answer used on the organisation's bill."""
        served = {"output_tokens": output_tokens, "speed": "fast" if accepted.pool.fast else "standard"}
        usage = {**accepted.message["usage"], **accepted.usage, **served}
        self.uses.append(Use.of(self.settings.wall(), accepted.message["model"], usage, accepted.key))

    def report(self, name: str, asked: Asked, query: str) -> Refused | dict[str, Any]:
        """What `GET` of an organisation's report answers: "usage", "cost", or "older"."""
        scenario = scenario_of(self.settings.reports)
        if scenario.refuse is not None:
            return self._as_scripted(scenario.refuse, asked, scenario)
        if refused := self.credentials(asked.headers):
            return refused
        if not _key(asked.headers).startswith(ADMIN_KEY):
            return self.refusal(401, "authentication_error", "invalid x-api-key")
        if name != "older" and not self.settings.analytics:
            return self.refusal(404, "not_found_error", "Not Found")
        try:
            if name == "older":
                return reports.older(query, self._bill(), asked.betas)
            return reports.analytics(name, query, self._bill(), asked.betas)
        except ValueError as error:
            return self._invalid(str(error))

    def _bill(self) -> Bill:
        refreshed_s = self.settings.wall() - self.settings.report_delay_s
        uses = [use for use in (*self.uses, *self.settings.other_usage) if use.at_s <= refreshed_s]
        return Bill(uses, refreshed_s, self.settings.discount)

    def _pool(self, limits: tuple[int, int], *, fast: bool) -> Pool:
        return Pool(limits, self.settings.clock, self.settings.wall, fast=fast)

    def _checked(self, asked: Asked, *, counting: bool) -> Refused | Model:
        """The model of a request with which nothing is wrong."""
        if refused := self.credentials(asked.headers):
            return refused
        if asked.size > MAX_BODY_BYTES:
            return self.refusal(413, "request_too_large", "Request exceeds the maximum size")
        if not asked.headers.get("anthropic-version"):
            return self._invalid("anthropic-version: header is required")
        if flaw := asked.flaw or missing(asked.body, counting=counting):
            return self._invalid(flaw)
        model = self.models.get(str(asked.body["model"]))
        if model is None:
            return self.refusal(404, "not_found_error", f"model: {asked.body['model']}")
        found = problem(asked.body, model, self.settings.day(), asked.betas, counting=counting)
        preserved = self.settings.preserved_thinking
        found = found or next(seals.problems(asked.body, model.id, asked.betas, preserved=preserved), None)
        found = found or too_long(prompt_tokens(asked.body))
        return self._invalid(found) if found else model

    def _invalid(self, message: str) -> Refused:
        return self.refusal(400, "invalid_request_error", message)

    def _admitted(self, asked: Asked, model: Model, scenario: Scenario) -> Refused | Accepted:
        """The answer, if the limits allow it; what it takes is taken here."""
        rule = model.speed_rule(self.settings.day())
        fast = asked.body.get("speed") == "fast" and rule != "silent"
        if scenario.speed_served in ("fast", "standard"):
            fast = scenario.speed_served == "fast"
        pool = self._fast[model.pool] if fast else self._standard
        if refused := self._over_limit(pool, prompt_tokens(asked.body), scenario):
            return refused
        tokens = self._prompt(asked.body, model, scenario, fast=fast)
        self._requests.take(1)
        pool.input.take(tokens.charged)
        usage = {**tokens.usage(), "inference_geo": asked.body.get("inference_geo") or "global"}
        if rule != "never" and scenario.speed_served is not None:
            usage["speed"] = "fast" if fast else "standard"
        answer = self._answer(asked.body, model, scenario)
        rate = self.settings.fast_rate if fast else self.settings.standard_rate
        return Accepted(
            request_id=self.new_id("req"),
            scenario=scenario,
            answer=answer,
            message=begun(self.new_id("msg"), model.id, answer, scenario, usage),
            usage=final_usage(usage, answer, scenario),
            headers=self._headers(self._limit_headers(pool), scenario),
            pool=pool,
            rate=rate if scenario.rate is None else scenario.rate,
            key=_key(asked.headers),
        )

    def _answer(self, body: Mapping[str, Any], model: Model, scenario: Scenario) -> Answer:
        """The answer with ids for its calls and a signature for its thinking."""
        answer = compose(body, scenario, self.settings.seed)
        calls = tuple(replace(call, id=self.new_id("toolu")) for call in answer.calls)
        sealed = "" if answer.thinking_tokens is None else seals.signature(model.id, body, "".join(answer.thinking))
        return replace(answer, calls=calls, signature=sealed)

    def _prompt(self, body: Mapping[str, Any], model: Model, scenario: Scenario, *, fast: bool) -> PromptTokens:
        """The tokens of the prompt; a switch of model, speed or effort misses the cache."""
        if not scenario.cache:
            return PromptTokens(prompt_tokens(body))
        effort = (body.get("output_config") or {}).get("effort")
        return self._cache.use(body, (model.id, fast, effort), model.min_cache)

    def _over_limit(self, pool: Pool, tokens: int, scenario: Scenario) -> Refused | None:
        """The 429 of a request that does not fit into its pool or into the requests of this minute."""
        if wait_s := self._requests.wait_s(1):
            message = f"This request would exceed your rate limit of {self._requests.limit:,} requests per minute."
        elif found := pool.refused(tokens):
            kind, limit, until_s = found
            wait_s = until_s or 60  # a limit of 0 never fits, and the API names a time all the same
            message = _EXCEEDED.format(limit=limit, speed="fast mode " if pool.fast else "", kind=kind)
        else:
            return None
        headers = through_gateway(self._limit_headers(pool), scenario.gateway) | {"retry-after": str(wait_s)}
        return self.refusal(429, "rate_limit_error", message, headers)

    def _as_scripted(self, refuse: Refusal, asked: Asked, scenario: Scenario) -> Refused:
        """The refusal that the scenario describes, whatever the request was."""
        model = str(asked.body.get("model", ""))
        limit = self.settings.fast_limits[0]
        message = refuse.message.replace("{model}", model).replace("{limit}", f"{limit:,}")
        if refuse.html:
            page = html_page(refuse.status, message).encode()
            return Refused(refuse.status, dict(refuse.headers), page, "text/html")
        headers = self._scripted_limits(refuse, model)
        if refuse.retry_after is not None:
            headers["retry-after"] = str(refuse.retry_after)
        headers = self._headers(headers | dict(refuse.headers), scenario)
        return self.refusal(refuse.status, refuse.type, message, headers, refuse.error_code)

    def _scripted_limits(self, refuse: Refusal, model: str) -> dict[str, str]:
        known = self.models.get(model)
        match refuse.fast_headers:
            case None:
                return {}
            case "open":
                pool = self._fast[known.pool if known else "opus"]
            case "empty":
                # A pool whose clock stands still: it is as empty when its headers are written.
                pool = Pool(self.settings.fast_limits, lambda: 0.0, self.settings.wall, fast=True)
                pool.input.take(pool.input.limit)
                pool.output.take(pool.output.limit)
            case "zero":
                pool = self._pool((0, 0), fast=True)
        return self._limit_headers(pool)

    def _limit_headers(self, pool: Pool) -> dict[str, str]:
        return self._requests.headers("anthropic-ratelimit-requests", self.settings.wall) | pool.headers()

    def _headers(self, limits: Mapping[str, str], scenario: Scenario) -> dict[str, str]:
        """The headers of a response, as the scenario's gateway and its own headers leave them."""
        found = {**through_gateway(limits, scenario.gateway), **scenario.headers}
        return {key: value for key, value in found.items() if value}


def _key(headers: Mapping[str, str]) -> str:
    """The API key of a request; empty without one."""
    return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer").strip()
