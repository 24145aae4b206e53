"""The API's addresses on tornado, and the loop that serves them.

Tornado, because every Jupyter kernel has it already, so that the simulator installs nothing new there; and because it
gives the raw connection away, so that a broken stream is really broken. Imported when a simulator starts, not before.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from typing import Any, cast

from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler

from fastmode_magic.simulator.message import whole
from fastmode_magic.simulator.service import Accepted, Asked, Refused, Service
from fastmode_magic.simulator.settings import Recorded
from fastmode_magic.simulator.stream import beats, play

_LONG_S = 86_400.0
_BUFFER_BYTES = 256 * 1024 * 1024
_SECRET = ("authorization", "x-api-key")


class Endpoint(RequestHandler):
    """What all addresses share: recording, errors in the API's shape, and noticing that the client has gone."""

    def initialize(self, service: Service, live: set[Endpoint]) -> None:
        self.service = service
        self.live = live
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def prepare(self) -> None:
        self.live.add(self)
        connection = cast(HTTP1Connection, self.request.connection)
        connection.stream.set_nodelay(True)  # or Nagle's algorithm holds tokens back for 40 ms
        lower = {key.lower(): value for key, value in self.request.headers.get_all()}
        self.asked = Asked.of(lower, self.request.body, self.request.query)
        shown = {key: "<set>" if key in _SECRET and value else value for key, value in lower.items()}
        at_s = self.service.settings.clock()
        method, uri = self.request.method or "", self.request.uri or ""
        self.service.recorded.append(Recorded(method, uri, shown, self.asked.body, at_s))

    def on_finish(self) -> None:
        self.live.discard(self)

    def on_connection_close(self) -> None:
        self.leave()

    def leave(self, *, stopping: bool = False) -> None:
        """Note that there is nobody to answer any more, and wake whatever waits in this request."""
        self.live.discard(self)
        if self.gone.done():
            return
        self.gone.set_result(None)
        if not stopping:
            self.service.disconnects.append(self.service.settings.clock())

    async def wait(self, seconds: float) -> None:
        """Wait so long, or until the client has gone, which ends the request."""
        if self.service.settings.sleep is not None:
            await self.service.settings.sleep(seconds)
        elif seconds > 0:
            await asyncio.wait([self.gone], timeout=seconds)
        if self.gone.done():
            raise StreamClosedError

    def refuse(self, refused: Refused) -> None:
        """Send an error."""
        self.set_status(refused.status)
        for key, value in refused.headers.items():
            self.set_header(key, value)
        self.set_header("content-type", refused.content_type)
        self.write(refused.body)

    def write_error(self, status_code: int, **_: Any) -> None:
        kind = {404: "not_found_error", 405: "invalid_request_error"}.get(status_code, "api_error")
        words = {404: "Not Found", 405: "Method Not Allowed"}.get(status_code, "Internal server error")
        self.refuse(self.service.refusal(status_code, kind, words))

    def abandon(self, *, reset: bool) -> None:
        """Close the TCP connection without ending HTTP, with a reset if asked for."""
        self.live.discard(self)
        stream = self.detach()
        if reset and stream.socket is not None:
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()


class Root(Endpoint):
    """`GET /`: what this is."""

    def get(self) -> None:
        self.set_header("content-type", "text/plain; charset=utf-8")
        self.write("This is the fastmode-magic simulator: the Claude Messages API on this machine, without a model.\n")

    head = get


class Nowhere(Endpoint):
    """Any address that the API does not have."""

    def prepare(self) -> None:
        super().prepare()
        raise HTTPError(404)


class Models(Endpoint):
    """`GET /v1/models` and `GET /v1/models/{id}`."""

    def get(self, name: str = "") -> None:
        if refused := self.service.credentials(self.asked.headers):
            self.refuse(refused)
        elif not name:
            cards = [model.card() for model in self.service.models.values()]
            ends = {"first_id": cards[0]["id"], "last_id": cards[-1]["id"]}
            self.write({"data": cards, "has_more": False, **ends})
        elif model := self.service.models.get(name):
            self.write(model.card())
        else:
            self.refuse(self.service.refusal(404, "not_found_error", f"model: {name}"))


class Count(Endpoint):
    """`POST /v1/messages/count_tokens`."""

    def post(self) -> None:
        counted = self.service.count(self.asked)
        if isinstance(counted, Refused):
            self.refuse(counted)
        else:
            self.set_header("request-id", self.service.new_id("req"))
            self.write(counted)


class Report(Endpoint):
    """`GET` of what the organisation used or paid, with an administrator's key."""

    def get(self, name: str = "older") -> None:
        found = self.service.report(name, self.asked, self.request.query)
        if isinstance(found, Refused):
            self.refuse(found)
        else:
            self.set_header("request-id", self.service.new_id("req"))
            self.write(found)


class Messages(Endpoint):
    """`POST /v1/messages`."""

    async def post(self) -> None:
        scenario = self.service.step(self.asked.body)
        if scenario.fault == "no_response":
            self.abandon(reset=True)
            return
        found = self.service.create(self.asked, scenario)
        if isinstance(found, Refused):
            self.refuse(found)
            return
        first_s = scenario.first_byte_s
        try:
            await self.wait(self.service.settings.first_byte_s if first_s is None else first_s)
            self.set_header("request-id", found.request_id)
            for key, value in found.headers.items():
                self.set_header(key, value)
            await (self._stream(found) if self.asked.body.get("stream") else self._whole(found))
        except StreamClosedError:
            # Tornado may tell of it here, in `on_connection_close`, or in both. What was sent has been charged.
            self.leave()

    async def _stream(self, accepted: Accepted) -> None:
        self.set_header("content-type", "text/event-stream; charset=utf-8")
        self.set_header("cache-control", "no-cache")
        charged = 0

        async def send(payload: bytes, made: int) -> None:
            nonlocal charged
            accepted.pool.output.take(made - charged)
            charged = made
            self.write(payload)
            await self.flush()
            if self.gone.done():
                raise StreamClosedError

        try:
            await play(beats(accepted), accepted.rate, self.service.settings.clock, self.wait, send)
        finally:
            self.service.charge(accepted, charged)
        match accepted.scenario.fault:
            case "cut" | "reset" as fault:
                self.abandon(reset=fault == "reset")
            case "stall":
                await asyncio.wait([self.gone], timeout=_LONG_S)

    async def _whole(self, accepted: Accepted) -> None:
        """The answer in one piece; a fault that only a stream can have becomes the one nearest to it."""
        tokens = accepted.answer.output_tokens
        await self.wait(tokens / accepted.rate if accepted.rate else 0.0)
        accepted.pool.output.take(tokens)
        self.service.charge(accepted, tokens)
        message = whole(accepted.message, accepted.answer, accepted.usage)
        body = json.dumps(message, ensure_ascii=False).encode()
        match accepted.scenario.fault:
            case "error_event":
                kind, words = accepted.scenario.error_type, accepted.scenario.error_message
                self.refuse(self.service.refusal(529 if kind == "overloaded_error" else 500, kind, words))
                return
            case "cut" | "eof" | "reset" as fault:
                self.abandon(reset=fault == "reset")
                return
            case "stall":
                await asyncio.wait([self.gone], timeout=_LONG_S)
            case "stall_pings":
                await self.wait(accepted.scenario.fault_s)
            case "bad_json":
                body = body[: len(body) // 2]
            case "bad_utf8":
                body = body.replace(b'"text": "', b'"text": "\xff\xfe', 1)
        self.set_header("content-type", "application/json")
        self.write(body)


def application(service: Service, live: set[Endpoint]) -> Application:
    """All addresses of the API."""
    shared = {"service": service, "live": live}
    return Application(
        [
            (r"/", Root, shared),
            (r"/v1/messages", Messages, shared),
            (r"/v1/messages/count_tokens", Count, shared),
            (r"/v1/organizations/analytics/(usage|cost)", Report, shared),
            (r"/v1/organizations/usage_report/messages", Report, shared),
            (r"/v1/models/?", Models, shared),
            (r"/v1/models/([^/]+)", Models, shared),
            (r".*", Nowhere, shared),
        ],
        log_function=lambda _: None,
    )


def serve(service: Service, started: Callable[[int, Callable[[], None]], None]) -> None:
    """Serve in this thread until stopped; `started` gets the port and a thread-safe function that stops."""
    # The selector loop everywhere: on Windows tornado would otherwise add a thread to the default one.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        runner.run(_serve(service, started))


async def _serve(service: Service, started: Callable[[int, Callable[[], None]], None]) -> None:
    live: set[Endpoint] = set()
    host, port = service.settings.host, service.settings.port
    # Not tornado's own `bind_sockets`: it leaves the socket open when the port is taken.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=128)
    listening.setblocking(False)
    server = HTTPServer(application(service, live), max_buffer_size=_BUFFER_BYTES, max_body_size=_BUFFER_BYTES)
    server.add_sockets([listening])
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    started(listening.getsockname()[1], lambda: _call(loop, stopped.set))
    await stopped.wait()
    server.stop()
    for endpoint in list(live):
        endpoint.leave(stopping=True)
    try:
        await asyncio.wait_for(server.close_all_connections(), 1.0)
    except TimeoutError:
        # What is left is cancelled with the loop.
        return


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function)
