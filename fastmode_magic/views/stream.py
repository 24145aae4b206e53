"""A run as the page follows it: frames with offsets, and now and then everything so far."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from ..claude.events import Called, Finished, Retrying, Started, Waiting
from ..ledger.meter import Meter
from ..ledger.pace import Pace
from . import progress, text
from .protocol import Answer, Frame, Phase, Piece

FACTS_S = 0.25  # between two looks at the facts
DATA_FENCE = "```json\n"
SILENT_S = 5.0  # seconds without content after which that is said
PLAIN_ENDS = {"end_turn", "stop_sequence", None}
# Everything is sent when so many bytes of text have come, and then when there are so many times more. A kernel that
# is deaf sends it sooner and more often: a page that comes back cannot ask for it.
FIRST_WHOLE, GROWTH = 4_000, 2.0
FIRST_WHOLE_DEAF, GROWTH_DEAF = 500, 1.25


@dataclass(slots=True)
class Stream:
    """Remembers what was sent of one run. Offsets are in UTF-16 units, as JavaScript counts."""

    run: str
    model: str
    asked: str
    standard_rate: float | None = None  # tokens a second, as this session has measured it
    background: bool = False
    at: datetime | None = None
    deaf: bool = False  # whether the kernel hears its pages only between two cells
    wanted: bool = False  # a page misses something: the next frame is a snapshot
    before: str = ""  # what is shown before the text: the fence of an answer that is data
    pace: Pace = field(default_factory=Pace)
    _sent: dict[str, tuple[int, int]] = field(default_factory=lambda: {"text": (0, 0), "thinking": (0, 0)})
    _facts: dict[str, Any] = field(default_factory=dict)
    _looked_s: float = float("-inf")
    _looked_at: object = None
    _whole_at: int = 0

    def frame(self, meter: Meter, now_s: float) -> Frame | None:
        """What is new since the last frame; None if nothing is."""
        self.pace.sample(meter.text_length, now_s)
        frame = Frame(run=self.run)
        if change := self._change(meter, now_s):
            frame["change"] = change
        first, growth = (FIRST_WHOLE_DEAF, GROWTH_DEAF) if self.deaf else (FIRST_WHOLE, GROWTH)
        if self.wanted or meter.text_length >= max(first, self._whole_at):
            self.wanted = False
            self._whole_at = round(growth * meter.text_length)
            self._pieces(meter)
            frame["whole"] = self.whole(meter, now_s)
            self._facts = self._live_facts(meter, now_s)
        else:
            frame.update(self._pieces(meter))
        return frame if len(frame) > 1 else None

    def whole(self, meter: Meter, now_s: float) -> Answer:
        """Everything so far."""
        steady = {
            "version": 1,
            "run": self.run,
            "asked": self.asked,
            "text": self.shown(meter),
            "thinking": meter.thinking,
            "background": self.background,
            "at": self.at.isoformat() if self.at else None,
        }
        return cast("Answer", steady | self._live_facts(meter, now_s))

    def shown(self, meter: Meter) -> str:
        """The text as Markdown."""
        return self.before + meter.text if meter.text else ""

    def _pieces(self, meter: Meter) -> Any:
        pieces: dict[str, Piece] = {}
        for name, all_of_it in (("text", self.shown(meter)), ("thinking", meter.thinking)):
            length, at = self._sent[name]
            if len(all_of_it) > length:
                new = all_of_it[length:]
                pieces[name] = Piece(at=at, text=new)
                self._sent[name] = (len(all_of_it), at + len(new.encode("utf-16-le")) // 2)
        return pieces

    def _change(self, meter: Meter, now_s: float) -> dict[str, object]:
        same = self._looked_at is meter.now and self._facts.get("phase") == phase(meter)
        if same and now_s - self._looked_s < FACTS_S and meter.end is None:
            return {}
        self._looked_s, self._looked_at = now_s, meter.now
        facts = self._live_facts(meter, now_s)
        change = {name: value for name, value in facts.items() if self._facts.get(name) != value}
        self._facts |= change
        return change

    def _live_facts(self, meter: Meter, now_s: float) -> dict[str, Any]:
        now = phase(meter)
        rate = meter.telling_rate
        facts = [("rate", text.pace(rate, estimated=True))] if rate else []
        ratio = text.against_standard(meter.speed, rate, self.standard_rate, estimated=True)
        facts += [("speed-up", ratio)] if ratio else []
        facts += [("first token", text.seconds(meter.ttft_s))] if meter.ttft_s is not None else []
        return {
            "phase": now,
            "words": _words(now, meter, now_s),
            "model": meter.model or self.model,
            "speed": meter.speed,
            "badge": progress.badge(meter),
            "facts": facts,
            "rates": list(self.pace.rates),
            "notices": list(meter.notices),
        }


_WORDS: dict[Phase, str] = {"streaming": "answering", "thinking": "thinking", "finished": ""}


def _words(now: Phase, meter: Meter, now_s: float) -> str:
    if now == "streaming" and meter.last_s is not None and now_s - meter.last_s >= SILENT_S:
        return f"answering; nothing came for {now_s - meter.last_s:.0f} s"
    return _WORDS[now] if now in _WORDS else progress.words(meter, now_s)


def phase(meter: Meter) -> Phase:
    """What the run is doing; the page paints a plain end at once, and learns of another one by the document."""
    if isinstance(meter.end, Finished) and meter.stop_reason in PLAIN_ENDS:
        return "finished"
    match meter.now:
        case Waiting() | Called():
            return "waiting"
        case Retrying():
            return "retrying"
        case Started() if meter.text:
            return "streaming"
        case Started() if meter.thought:
            return "thinking"
    return "asking"
