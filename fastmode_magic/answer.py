"""What a run became, as a value."""

from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from .claude.usage import Speed, Usage


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer and its facts. `str()` is the text; a notebook shows it as Markdown that is safe to render.

    speed          the speed that served it, as the service reported; None if it did not
    asked_speed    the speed that the cell asked for
    fallback       why it was not served at the speed that was asked, or None
    usage          tokens by class; None if the service never began to answer
    cost           dollars at list price, at the speed served; None if unknown
    cost_if        where the speed is unknown: (cost at standard speed, cost at fast)
    cost_by_speed  what of the cost was billed at which speed, where requests of one answer were served at several
    estimated      whether usage and cost are estimates (the final count never came)
    ttft_s         seconds from sending to the first content event
    first_text_s   seconds from sending to the first text
    duration_s     seconds from the beginning to the end, waits and failed attempts included
    tokens_per_s   output tokens, thinking included, over the first content event to the last
    list_price_of  None for Anthropic's own API; else the host whose own prices may differ, or "practice" (not billed)
    thought        whether the model thought, shown or not; what it thought is billed as output
    stop_reason    the API's, None if it never came; `complete` says whether the stream came to its end
    schema, data   the name of what `--schema` wants, and what the answer is as that: a model, dict or list; or None
    thread, turn   the conversation that it continues, and its place there, from 1
    calls          the functions of the notebook that it had called
    """

    text: str
    thinking: str = ""
    model: str = ""
    speed: str | None = None
    asked_speed: Speed = "standard"
    fallback: str | None = None
    usage: Usage | None = None
    cost: Decimal | None = None
    cost_if: tuple[Decimal | None, Decimal | None] | None = None
    cost_by_speed: tuple[tuple[str, Decimal], ...] = ()
    estimated: bool = False
    ttft_s: float | None = None
    first_text_s: float | None = None
    duration_s: float | None = None
    tokens_per_s: float | None = None
    stop_reason: str | None = None
    complete: bool = False
    request_id: str | None = None
    notices: tuple[str, ...] = ()
    ending: str | None = None
    thinking_shown: bool = False
    thought: bool = False
    list_price_of: str | None = None
    schema: str | None = None
    data: Any = None
    thread: str | None = None
    turn: int | None = None
    calls: tuple[Any, ...] = ()
    at: datetime | None = field(default=None, compare=False)

    @property
    def code(self) -> str:
        """Its fenced code: what is Python, else all; blocks are parted by an empty line."""
        from .extracts import code

        return code(self.text)

    @property
    def tables(self) -> list[Any]:
        """Its tables as DataFrames, of pandas where that is installed, else of polars."""
        from .extracts import tables

        return tables(self.text)

    @property
    def df(self) -> Any:
        """Its data as a DataFrame, a row for each record. Raises BadInput where it has no data."""
        from .claude.errors import BadInput
        from .grids import frame
        from .prompt.structure import rows

        if self.data is None:
            raise BadInput(
                "This answer has no data.", "Ask with --schema, or use `.tables` for the tables of its text."
            )
        return frame(rows(self.data))

    @property
    def done(self) -> bool:
        """Whether it has ended: always; an answer in the background has this, `wait` and `stop` as well."""
        return True

    def wait(self, timeout_s: float | None = None) -> "Answer":  # noqa: ARG002  # nothing to wait for
        """This answer."""
        return self

    def stop(self) -> None:
        """Nothing to stop."""

    def __await__(self) -> Generator[Any, None, "Answer"]:
        return self
        yield  # makes this a generator, which `await` wants

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        words = " ".join(self.text.split())
        start = words if len(words) <= 60 else words[:59] + "…"
        return f"<Answer {self.model} at {self.speed or 'unreported'} speed: {start!r}>"

    def _repr_llm_(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        from .views.document import bundle

        return bundle(self)
