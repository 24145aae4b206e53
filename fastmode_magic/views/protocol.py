"""The shapes that cross to the page, as `labextension/src/protocol.ts` has them: a test compares the two."""

from typing import Literal, NotRequired, TypedDict

ANSWER_MIME = "application/vnd.fastmode.answer+json"
STATUS_MIME = "application/vnd.fastmode.status+json"
COMM_TARGET = "fastmode"

Phase = Literal[
    "asking",
    "waiting",
    "retrying",
    "thinking",
    "streaming",
    "finished",
    "interrupted",
    "cut off",
    "refused",
    "failed",
]


class Answer(TypedDict):
    """One answer, live or saved."""

    version: Literal[1]
    run: str
    phase: Phase
    words: str
    text: str
    thinking: str
    model: str
    asked: str
    speed: str | None
    badge: str
    facts: list[tuple[str, str]]
    rates: list[int]
    notices: list[str]
    background: bool
    at: str | None


class Gauge(TypedDict):
    """One of the buckets: fast input tokens, fast output tokens, requests."""

    name: Literal["input", "output", "requests"]
    limit: int
    remaining: int
    age_s: float


class Usual(TypedDict):
    """What an answer like the last ones takes of the fast buckets, and the requests that are left."""

    input_tokens: float
    output_tokens: float
    requests: Gauge | None


class Status(TypedDict):
    """The session."""

    version: Literal[1]
    state: Literal["on", "cooldown", "off"]
    switched_on: bool
    why: str
    cooldown_s: float | None
    running: int
    badge: str
    facts: list[tuple[str, str]]
    rates: list[int]
    quota: list[Gauge] | None
    usual: Usual | None
    at: str


class Piece(TypedDict):
    """More text at an offset in UTF-16 units."""

    at: int
    text: str


class Frame(TypedDict):
    """What has changed since the last frame."""

    run: str
    text: NotRequired[Piece]
    thinking: NotRequired[Piece]
    change: NotRequired[dict[str, object]]
    whole: NotRequired[Answer]
    cell: NotRequired[str]


class Late(TypedDict):
    """An ended answer for a page that was not there when it ended."""

    run: str
    cell: str
    bundle: dict[str, object]


class Live(TypedDict):
    """A running answer for a page that has just connected."""

    cell: str
    whole: Answer


class Insert(TypedDict):
    """New cells below a cell, for the front end that ran it; they are not run."""

    cell: str
    to: str
    sources: list[str]


class ToPage(TypedDict):
    """What the kernel sends."""

    frame: NotRequired[Frame]
    status: NotRequired[Status]
    ended: NotRequired[str]
    late: NotRequired[list[Late]]
    live: NotRequired[list[Live]]
    insert: NotRequired[Insert]
    heard: NotRequired[Literal[True]]


class ToKernel(TypedDict):
    """What the page sends."""

    hello: NotRequired[Literal[True]]
    placed: NotRequired[str]
    stop: NotRequired[str]
    fast: NotRequired[bool]
    want: NotRequired[str]
