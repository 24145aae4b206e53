"""What one answer of the simulator does: `Scenario`, and `Refusal` for an answer that is a refusal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

Fault = Literal[
    "no_response",  # the TCP connection is reset before any response
    "cut",  # the connection is closed without `message_stop` and without HTTP's final chunk
    "eof",  # HTTP ends cleanly, but `message_stop` never came
    "reset",  # the TCP connection is reset in the middle of the answer
    "stall",  # silence; the connection stays open
    "stall_pings",  # only pings for `fault_s` seconds, then the answer goes on
    "error_event",  # an `error` event with `error_type` and `error_message`, then HTTP ends
    "bad_json",  # one event whose data is not JSON; the answer goes on
    "bad_utf8",  # one event whose data is not UTF-8; the answer goes on
]
FAULTS: frozenset[str] = frozenset(Fault.__args__)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP error; in `message`, `{model}` and `{limit}` become the model's id and the pool's tokens a minute.

    `fast_headers`: None sends no rate limit headers; "open" sends those of the pool as it is, "empty" with nothing
    remaining, "zero" with a limit of 0. `retry_after` is in whole seconds. `html` sends a proxy's page instead of JSON.
    """

    status: int
    type: str
    message: str
    error_code: str | None = None
    retry_after: int | None = None
    fast_headers: Literal["open", "empty", "zero"] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    html: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one answer does; every field left alone means "as the real API would".

    `tokens` is the length of a generated answer, `thinking` a text or a number of tokens, which `redacted` encrypts.
    `calls` of tools come after the text, as mappings with `name` (left out: the first tool of the request) and `input`
    (left out: made from the tool's schema; a string is sent as it is, so it may be broken JSON). `fault_after` counts
    output tokens, `fault_s` and `first_byte_s` are seconds. `speed_served` "as asked" follows the request, None leaves
    the key `speed` out of `usage`. `fast_only` makes a default scenario leave requests without `speed: "fast"` alone.
    `usage` overrides keys of `usage` (a value of None removes the key), `headers` adds headers (an empty value
    removes one), `gateway` renames or drops the rate limit headers as proxies do, without `cache` no prompt is cached.
    """

    refuse: Refusal | None = None
    fast_only: bool = False
    text: str | None = None
    tokens: int | None = None
    calls: Sequence[Mapping[str, Any]] = ()
    thinking: str | int | None = None
    redacted: bool = False
    speed_served: Literal["as asked", "fast", "standard"] | None = "as asked"
    stop_reason: str = "end_turn"
    stop_details: Mapping[str, Any] | None = None
    fault: Fault | None = None
    fault_after: int = 0
    fault_s: float = 3.0
    error_type: str = "overloaded_error"
    error_message: str = "Overloaded"
    first_byte_s: float | None = None
    rate: float | None = None
    unknown_events: bool = False
    usage: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    gateway: Literal["renamed", "dropped"] | None = None
    cache: bool = True

    def __post_init__(self) -> None:
        if self.fault is not None and self.fault not in FAULTS:
            raise ValueError(f"Unknown fault {self.fault!r}. Known: {', '.join(sorted(FAULTS))}.")
        for call in self.calls:
            if not _is_call(call):
                raise ValueError(
                    f"A call has a `name` and an `input`, a mapping or a string of JSON, and not {call!r}."
                )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Scenario:
        """The scenario that a mapping, such as one step of a JSON script, describes; ValueError names unknown keys."""
        values = dict(_known(values, cls))
        if isinstance(values.get("refuse"), Mapping):
            values["refuse"] = Refusal(**_known(values["refuse"], Refusal))
        if isinstance(values.get("calls"), list):
            values["calls"] = tuple(values["calls"])
        return cls(**values)


def _is_call(call: object) -> bool:
    if not isinstance(call, Mapping) or set(call) - {"name", "input"}:
        return False
    return isinstance(call.get("name", ""), str) and isinstance(call.get("input", ""), str | Mapping)


def _known(values: Mapping[str, Any], cls: type[Scenario | Refusal]) -> Mapping[str, Any]:
    names = [each.name for each in fields(cls)]
    if unknown := sorted(set(values) - set(names)):
        raise ValueError(f"{cls.__name__} has no {', '.join(map(repr, unknown))}. Known: {', '.join(names)}.")
    return values
