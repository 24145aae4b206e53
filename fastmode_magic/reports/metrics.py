"""The runs as OpenTelemetry metrics, by the GenAI semantic conventions 0.1.0 and by the names that were before them.

The metrics go to the meter provider of the kernel. A run is recorded once, by the kernel that ran it, so that metrics
of several kernels can be added. Both generations of names are recorded: dashboards know the older, the SDK's traces
use the newer. Dollars are floats here: OpenTelemetry has no exact numbers.
"""

import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from opentelemetry.metrics import Meter, get_meter_provider

from ..claude.errors import BadInput
from ..ledger.records import Charge, Record

HOST, PORT = "api.anthropic.com", 443
SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = tuple(4**power for power in range(14))
_NOBODY = {"_ProxyMeterProvider", "NoOpMeterProvider"}  # what the API says while nothing receives metrics

# name -> unit, what it is, and the recommended bounds of a histogram's buckets; None for a counter
INSTRUMENTS: Mapping[str, tuple[str, str, tuple[float, ...] | None]] = {
    "gen_ai.client.inference.duration": ("s", "Time that a run took, waits and failed attempts included.", SECONDS),
    "gen_ai.client.inference.time_to_first_chunk": ("s", "Time to the first content of the answer.", SECONDS),
    "gen_ai.client.inference.usage.input_tokens": ("{token}", "Input tokens, cached ones included.", None),
    "gen_ai.client.inference.usage.output_tokens": ("{token}", "Output tokens, thinking included.", None),
    "gen_ai.client.inference.usage.cache_read.input_tokens": ("{token}", "Input tokens read from the cache.", None),
    "gen_ai.client.inference.usage.cache_write.input_tokens": ("{token}", "Input tokens written to the cache.", None),
    "gen_ai.client.inference.usage.reasoning.output_tokens": ("{token}", "Output tokens of thinking.", None),
    "gen_ai.client.operation.duration": ("s", "GenAI operation duration.", SECONDS),
    "gen_ai.client.operation.time_to_first_chunk": ("s", "Time to receive the first chunk.", SECONDS),
    "gen_ai.client.token.usage": ("{token}", "Number of input and output tokens used.", TOKENS),
    "fastmode.client.cost": ("{USD}", "Dollars at list price, as far as they are known.", None),
    "fastmode.client.unknown_cost": ("{run}", "Runs whose cost is not, or not wholly, in fastmode.client.cost.", None),
}
# What ended a run other than well, as `error.type`.
ERRORS = {"failed": "failed", "cut off": "stream_broken", "interrupted": "cancelled"}

Attributes = Mapping[str, str | int | bool]


@dataclass(slots=True)
class Metrics:
    """What this kernel has recorded; each run goes to the provider that there is when it is recorded."""

    _done: set[str] = field(default_factory=set)
    _provider: Any = None
    _instruments: Mapping[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)  # runs end on threads of their own

    def record(self, records: Iterable[Record]) -> int:
        """Record the runs that have ended and were not recorded yet; returns how many. Practice is left out.

        Raises BadInput where nothing receives metrics.
        """
        with self._lock:
            self._find()
            new = [one for one in records if one.state != "running" and not one.practice and one.id not in self._done]
            for record in new:
                self._done.add(record.id)
                self._run(record)
                for charge in record.charges:
                    self._charge(record, charge)
        return len(new)

    def follow(self, record: Record) -> None:
        """Record a run that has just ended; where nothing receives metrics any more it is left for later."""
        with suppress(BadInput):
            self.record([record])

    def _find(self) -> None:
        provider = get_meter_provider()
        if type(provider).__name__ in _NOBODY:
            raise BadInput(
                "Nothing in this kernel receives OpenTelemetry metrics.",
                "Set a meter provider with an exporter (opentelemetry-sdk), as the README shows, and try again.",
            )
        if provider is not self._provider:
            meter = provider.get_meter("fastmode_magic", version("fastmode-magic"))
            self._provider, self._instruments = provider, {name: _made(meter, name) for name in INSTRUMENTS}

    def _run(self, record: Record) -> None:
        about = dict(_attributes(record, record.charges[-1] if record.charges else None))
        if record.state != "finished":
            about["error.type"] = ERRORS.get(record.ending or record.state, "_OTHER")
        for name, value in (("duration", record.duration_s), ("time_to_first_chunk", record.ttft_s)):
            for generation in ("inference", "operation"):
                if value is not None:
                    self._instruments[f"gen_ai.client.{generation}.{name}"].record(value, about)
        known = [one.cost for one in record.charges] or [record.cost]
        if None in known:
            self._instruments["fastmode.client.unknown_cost"].add(1, about)

    def _charge(self, record: Record, charge: Charge) -> None:
        usage, about = charge.usage, _attributes(record, charge)
        estimated = {"fastmode.estimated": True} if charge.estimated or usage.estimated else {}
        counted = {**about, **estimated, "gen_ai.token.modality": "unknown"}  # the service does not tell them apart
        counts = {
            "input_tokens": usage.total_input_tokens,
            "output_tokens": usage.output_tokens,
            "cache_read.input_tokens": usage.cache_read_input_tokens,
            "cache_write.input_tokens": usage.cache_creation_input_tokens,
            "reasoning.output_tokens": usage.thinking_tokens,
        }
        for name, count in counts.items():
            if count is not None:
                self._instruments[f"gen_ai.client.inference.usage.{name}"].add(count, counted)
        for kind, count in (("input", usage.total_input_tokens), ("output", usage.output_tokens)):
            of_kind = {**about, **estimated, "gen_ai.token.type": kind}
            self._instruments["gen_ai.client.token.usage"].record(count, of_kind)
        if charge.cost is not None:
            self._instruments["fastmode.client.cost"].add(float(charge.cost), {**about, **estimated})


def _made(meter: Meter, name: str) -> Any:
    unit, description, bounds = INSTRUMENTS[name]
    if bounds is None:
        return meter.create_counter(name, unit, description)
    return meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=bounds)


def _attributes(record: Record, charge: Charge | None) -> Attributes:
    """What every metric of a run says; what is not known is left out."""
    found: dict[str, str | int | bool] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": record.model,
    }
    if charge:
        found["gen_ai.response.model"] = charge.model
        if charge.speed:
            found["fastmode.speed"] = charge.speed
    if record.list_price_of:
        found["server.address"] = record.list_price_of
    elif charge or record.request_id:
        found |= {"server.address": HOST, "server.port": PORT}
    return found
