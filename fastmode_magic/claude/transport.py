"""The Anthropic SDK, and nobody else imports it: requests out, events in, SDK errors turned into ours.

Importing this module costs seconds on a small machine: do it in a thread, never on the engine's loop.
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, Literal

import anthropic
import anyio
import httpx2
from anthropic import AsyncAnthropic, AsyncStream

from .access import Access
from .errors import BadInput, NoCredential
from .refusals import AttemptFailed, ServiceError
from .responses import kept_headers, redacted, seconds
from .standing import Account, shared_mark

CONNECT_TIMEOUT_S = 10.0
_SALT = secrets.token_bytes(16)  # so that a fingerprint says nothing outside this process
EVENT_STREAM = "text/event-stream"
# The request cannot have reached the service, so it cannot have cost anything.
UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError, httpx2.UnsupportedProtocol)

# Where Claude is served without Anthropic's fast mode, and what to say.
HOSTS_WITHOUT_FAST = {
    ".amazonaws.com": "Amazon Bedrock has no fast mode.",
    ".api.aws": "Claude Platform on AWS has no fast mode.",
    ".azure.com": "Microsoft Foundry has no `speed`: there, a model id that ends in -fast is the fast one.",
}


# What one request can end with. (TypeError and the like are our mistakes, and are not caught.)
FAILURES = (AttemptFailed, anthropic.AnthropicError, httpx2.HTTPError, UnicodeDecodeError, json.JSONDecodeError)


class Transport:
    """Keeps one HTTP client with its connections and TLS context, and makes a cheap SDK client for each cell."""

    def __init__(self) -> None:
        self._http: httpx2.AsyncClient | None = None
        self._environment: object = None

    def prepare(self, environment: object) -> None:
        """Build the HTTP client for `environment`, unless it is there: proxies and certificates are read now.

        Raises BadInput where they cannot be used.
        """
        if self._http is not None and environment == self._environment:
            return
        try:
            self._http = anthropic.DefaultAsyncHttpxClient()
        except Exception as error:  # noqa: BLE001  # a file that is none, a scheme that is unknown, a missing package
            self._http = None
            raise BadInput(
                f"The proxy or certificate settings cannot be used: {redacted(str(error), ())}.",
                "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR; `%fastmode doctor` helps.",
            ) from None
        self._environment = environment

    @staticmethod
    def rehearse() -> None:
        """Go once through the SDK without a network, so that what it imports at its first request is there."""
        asyncio.run(_rehearsal())

    def connect(self, access: Access) -> "Connection":
        """A connection with the credential of this moment.

        Raises NoCredential where there is none, BadInput where the SDK cannot use what there is.
        """
        self.prepare(access.environment)
        timeout = httpx2.Timeout(access.stall_timeout_s, connect=min(CONNECT_TIMEOUT_S, access.stall_timeout_s))
        try:
            client = AsyncAnthropic(
                api_key=access.api_key,
                base_url=access.base_url,
                http_client=_unredirected() if access.admin else self._http,
                default_headers=_admin_headers(access.api_key) if access.admin else None,
                max_retries=0,
                timeout=timeout,
            )
        except (anthropic.AnthropicError, httpx2.InvalidURL, ValueError) as error:
            raise BadInput(
                f"The Anthropic SDK cannot use its settings: {redacted(str(error), ())}.",
                "Check ANTHROPIC_BASE_URL, ANTHROPIC_PROFILE and the proxy variables; `%fastmode doctor` shows them.",
            ) from None
        if not _authenticates(client):
            raise NoCredential(
                "There is no credential for the Claude API: ANTHROPIC_API_KEY is not set.",
                "Set it, or type `%fastmode login`; `%fastmode practice` answers from a simulator on this machine.",
            )
        if any(
            not (secret.isascii() and secret.isprintable()) for secret in (client.api_key, client.auth_token) if secret
        ):
            raise BadInput(
                "The API key has a character that cannot be sent, such as a line break or a typographic quote.",
                "Set ANTHROPIC_API_KEY again without it, or type `%fastmode login`.",
            )
        return Connection(client)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()


class Connection:
    """The service as one cell reaches it."""

    def __init__(self, client: AsyncAnthropic) -> None:
        self._client = client
        self._secrets = tuple(secret for secret in (client.api_key, client.auth_token) if secret)
        self.base_url = str(client.base_url.copy_with(userinfo=b""))
        self.host = client.base_url.host
        shared = shared_mark(client.api_key or client.auth_token, self.base_url)
        self.account = Account(_fingerprint(client), self.base_url, shared)

    @property
    def credential(self) -> str:
        """Where the credential comes from, in words."""
        if self._client.api_key:
            return "an API key"
        return "an auth token" if self._client.auth_token else "a profile or custom header"

    @property
    def without_fast(self) -> str | None:
        """Why this host has no fast mode, if it is one of those known to have none."""
        return next((why for tail, why in HOSTS_WITHOUT_FAST.items() if self.host.endswith(tail)), None)

    @asynccontextmanager
    async def stream(self, arguments: Mapping[str, Any]) -> AsyncIterator["Stream"]:
        """Send one request for a stream. Raises AttemptFailed, here and while it is read."""
        arguments, messages = self._prepared(arguments)
        try:
            async with messages.with_streaming_response.create(**arguments) as response:
                kind = response.headers.get("content-type", EVENT_STREAM)
                if not kind.startswith(EVENT_STREAM):
                    why = "what came is no event stream"
                    raise AttemptFailed(ServiceError(200, type="no_event_stream", broken=why))
                yield Stream(response.http_response, self._clean)
        except FAILURES as error:
            raise AttemptFailed(self._service_error(error)) from None

    async def count_tokens(self, arguments: Mapping[str, Any]) -> int:
        """Input tokens as the service counts them; free. Raises AttemptFailed."""
        arguments, messages = self._prepared(arguments)
        try:
            counted = await messages.count_tokens(**arguments)
        except FAILURES as error:
            raise AttemptFailed(self._service_error(error)) from None
        return int(counted.input_tokens)

    async def report_page(self, report: Literal["usage", "cost"], query: Mapping[str, Any]) -> object:
        """One page of what the organisation used or paid, as it came; for an admin key. Raises AttemptFailed."""
        resource = getattr(self._client.beta.organization.analytics, report)
        try:
            return await (await resource.with_raw_response.list(**query)).json()
        except FAILURES as error:
            raise AttemptFailed(self._service_error(error)) from None

    async def get(self, path: str, query: Mapping[str, Any], betas: str) -> object:
        """What an address of the API answers that the SDK has no method for. Raises AttemptFailed."""
        options: anthropic.RequestOptions = {"params": query, "headers": {"anthropic-beta": betas}}
        try:
            return (await self._client.get(path, cast_to=httpx2.Response, options=options)).json()
        except FAILURES as error:
            raise AttemptFailed(self._service_error(error)) from None

    async def aclose(self) -> None:
        """Close the HTTP client: an admin's connection has one of its own."""
        await self._client.close()

    def _prepared(self, arguments: Mapping[str, Any]) -> tuple[Mapping[str, Any], Any]:
        """The arguments as they are sent, and the resource of the SDK that takes them."""
        beta = "betas" in arguments
        return sent(arguments), self._client.beta.messages if beta else self._client.messages

    def _clean(self, message: str) -> str:
        return redacted(message, self._secrets)

    def _service_error(self, error: Exception) -> ServiceError:
        match error:
            case AttemptFailed():
                return error.error
            case anthropic.APIStatusError():
                headers = kept_headers(error.response.headers)
                return ServiceError(
                    error.status_code,
                    error.type,
                    error.error_code,
                    self._clean(error.api_message or ""),
                    seconds(headers.get("retry-after")),
                    headers,
                    error.request_id,
                )
            case anthropic.APITimeoutError(__cause__=cause):
                return ServiceError(None, broken="nothing came for too long", unsent=isinstance(cause, UNSENT))
            case httpx2.TimeoutException():
                return ServiceError(None, broken="nothing came for too long")
            case anthropic.APIConnectionError(__cause__=cause):
                message, unsent = self._clean(str(cause)), isinstance(cause, UNSENT)
                return ServiceError(None, broken="no connection", message=message, unsent=unsent)
            case httpx2.TransportError():
                return ServiceError(None, broken="the connection broke")
            case anthropic.AnthropicError():  # a profile or an identity token that cannot be used
                return ServiceError(401, message=self._clean(str(error)), unsent=True)
            case _:
                return ServiceError(None, broken="what came could not be read")


class Stream:
    """One response as it streams: its headers, and the data of each event as the service sent it."""

    def __init__(self, response: httpx2.Response, clean: Callable[[str], str]) -> None:
        self._response = response
        self._clean = clean
        self.headers = kept_headers(response.headers)
        self.request_id: str | None = response.headers.get("request-id")

    async def __aiter__(self) -> AsyncGenerator[dict[str, Any]]:
        """Events as mappings with a `type`, pings and unknown kinds included. Raises AttemptFailed on an `error`."""
        # The SDK's raw events: it builds no model for each delta, and hides neither pings nor unknown kinds.
        async with aclosing(AsyncStream.raw_events(self._response)) as events:  # type: ignore[type-var]  # a generator
            async for sse in events:
                if not sse.data:
                    continue
                event = sse.json()
                if not isinstance(event, dict):
                    raise AttemptFailed(ServiceError(None, broken="what came could not be read"))
                if event.get("type") == "error" or sse.event == "error":
                    raise AttemptFailed(self._error(event))
                yield event

    def _error(self, event: dict[str, Any]) -> ServiceError:
        said = event.get("error")
        said = said if isinstance(said, dict) else {}
        details = said.get("details")
        code = details.get("error_code") if isinstance(details, dict) else None
        kind, message = said.get("type"), said.get("message")
        return ServiceError(
            200,
            kind if isinstance(kind, str) else None,
            code if isinstance(code, str) else None,
            self._clean(message if isinstance(message, str) else ""),
            headers=self.headers,
            request_id=self.request_id,
        )


def sent(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same, with a schema as the service takes it: the SDK writes into descriptions what it does not check."""
    output = arguments.get("output_config", {})
    if "format" not in output:
        return arguments
    schema = anthropic.transform_schema(output["format"]["schema"])
    return {**arguments, "output_config": {**output, "format": {**output["format"], "schema": schema}}}


def sdk_version() -> str:
    """The version of the anthropic package."""
    return anthropic.__version__


def _unredirected() -> httpx2.AsyncClient:
    """A client that follows no redirect: it would take an admin key along to another host."""
    return anthropic.DefaultAsyncHttpxClient(follow_redirects=False)


def _admin_headers(key: str | None) -> dict[str, Any]:
    """The Admin API takes keys as x-api-key, and tokens of a login as the SDK sends everything."""
    return {} if key is None or key.startswith("sk-ant-oat") else {"X-Api-Key": key, "Authorization": anthropic.omit}


def _authenticates(client: AsyncAnthropic) -> bool:
    return client.credentials is not None or any(
        name.lower() in {"authorization", "x-api-key"} for name in client.default_headers
    )


async def _rehearsal() -> None:
    await anyio.sleep(0)  # loads anyio's backend
    nowhere = httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200)))
    async with AsyncAnthropic(api_key="rehearsal", base_url="http://rehearsal.invalid", http_client=nowhere) as client:
        arguments: dict[str, Any] = {"model": "none", "max_tokens": 1, "stream": True}
        async with client.messages.with_streaming_response.create(**arguments, messages=[]):
            pass


def _fingerprint(client: AsyncAnthropic) -> str:
    identity = client.api_key or client.auth_token or f"{type(client.credentials).__name__}"
    return hashlib.blake2b(identity.encode(), key=_SALT, digest_size=8).hexdigest()
