"""What the simulator says: lessons worth reading, chosen by the words of the prompt, cut to the length asked for."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

from fastmode_magic.simulator.attachments import described
from fastmode_magic.simulator.calls import Call, announced, practised, reported, scripted, within
from fastmode_magic.simulator.conversation import asked, turn_number
from fastmode_magic.simulator.findings import Findings
from fastmode_magic.simulator.instances import instance
from fastmode_magic.simulator.scenario import Scenario
from fastmode_magic.simulator.wire import pieces

PRACTICE = "> **Practice answer** from the simulator on this machine, no model was asked."
_LESSONS = {
    "groupby": "groupby group pandas aggregate aggregation dataframe pivot mean",
    "window-functions": "sql window over partition query rank database join",
    "regression": "regression linear fit slope least squares predict model",
    "ab-testing": "ab a/b test experiment p-value significance conversion hypothesis",
    "plotting": "plot plotting chart matplotlib figure histogram axes visualize visualise",
    "regular-expressions": "regex regexp regular expression expressions pattern match",
    "prompt-writing": "prompt prompts prompting instruct instructions llm claude",
}
_FALLBACK = "first-look"
_NEXT = (
    "Change one number in the example and predict the result before you run it.",
    "Explain the last table to a colleague in two sentences.",
    "Write the smallest input for which the code above would be wrong.",
    "Repeat the example on a table of your own.",
)
_EFFORT_TOKENS = {"high": 64, "xhigh": 128, "max": 256}
_THOUGHT = (
    "The question names its data, so I start from the shape of the answer: what is one row of it? "
    "Then I choose the shortest method that gives that shape, and check it on an example small enough to do by hand. "
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in pieces of one token each; `thinking_tokens` None means that there is no thinking block.

    `thinking` is what of the thinking is shown: fewer pieces than `thinking_tokens`, or none; `redacted` hides it all.
    The service adds the `signature` of the thinking and the ids of the calls.
    """

    text: tuple[str, ...]
    thinking: tuple[str, ...] = ()
    thinking_tokens: int | None = None
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    stop_details: Mapping[str, Any] | None = None
    calls: tuple[Call, ...] = ()
    redacted: bool = False
    signature: str = ""

    @property
    def output_tokens(self) -> int:
        """All that is billed as output."""
        return len(self.text) + (self.thinking_tokens or 0) + sum(len(call.pieces) for call in self.calls)


def compose(body: Mapping[str, Any], scenario: Scenario, seed: int) -> Answer:
    """The answer to this request under this scenario, never longer than its `max_tokens`."""
    room = int(body["max_tokens"])
    thought = _thinking_tokens(body, scenario)
    kept_thought = None if thought is None else min(thought, room)
    room -= kept_thought or 0
    wanted = _calls(body, scenario)
    full = list(islice(_pieces(body, scenario, seed, wanted), room + 1))
    text, stop, sequence = _stopped(full, body.get("stop_sequences"), scenario.stop_reason)
    if wanted and stop == "end_turn":
        stop = "tool_use"
    if len(text) > room or (thought or 0) > (kept_thought or 0):
        text, wanted, stop, sequence = text[:room], (), "max_tokens", None
    called, complete = within(() if sequence else wanted, room - len(text))
    if not complete:
        stop = "max_tokens"
    details = scenario.stop_details if stop == scenario.stop_reason else None
    shown = () if scenario.redacted else tuple(_shown_thinking(body, scenario, kept_thought or 0))
    return Answer(tuple(text), shown, kept_thought, stop, sequence, details, called, scenario.redacted)


def _calls(body: Mapping[str, Any], scenario: Scenario) -> tuple[Call, ...]:
    """The calls of the scenario, or those of practice where it says nothing of the answer."""
    if scenario.calls:
        return scripted(scenario.calls, body)
    return practised(body) if scenario.text is None and scenario.tokens is None else ()


def _pieces(body: Mapping[str, Any], scenario: Scenario, seed: int, wanted: tuple[Call, ...]) -> Iterator[str]:
    if scenario.tokens is None:
        return iter(pieces(_text(body, scenario, seed, wanted)))
    if scenario.text is None and _format(body):
        return islice(pieces(_structured(body)), scenario.tokens)
    text = scenario.text
    parts = (text or " " for _ in count()) if text is not None else _chained(asked(body).words, seed)
    return islice(chain.from_iterable(pieces(part) for part in parts), scenario.tokens)


def _text(body: Mapping[str, Any], scenario: Scenario, seed: int, wanted: tuple[Call, ...]) -> str:
    """All that is said when no length was asked for."""
    if scenario.text is not None:
        return scenario.text
    if wanted:
        return "" if scenario.calls else announced(wanted)
    if _format(body):
        return _structured(body)
    turn = asked(body)
    if turn.of("tool_result"):
        return f"{PRACTICE}\n\n{reported(turn, body)}\n"
    return _short(turn.words) or lesson(turn.words, seed, _note(body))


def _format(body: Mapping[str, Any]) -> Any:
    return (body.get("output_config") or {}).get("format")


def _structured(body: Mapping[str, Any]) -> str:
    """Compact JSON that conforms to the schema of the request."""
    made = instance(_format(body)["schema"], Findings(asked(body).words))
    return json.dumps(made, ensure_ascii=False, separators=(",", ":"))


def _note(body: Mapping[str, Any]) -> str:
    """What the request brought with it besides its words; nothing for one turn of text."""
    number, brought = turn_number(body), described(asked(body).of("image", "document"))
    said = [f"This is turn {number} of the conversation."] if number > 1 else []
    said += [f"It came with {brought}."] if brought else []
    return " ".join(said)


def _chained(prompt: str, seed: int) -> Iterator[str]:
    """Lessons without end, the one that fits first, the order of the others by the seed."""
    first = _chosen(prompt)
    others = [name for name in (*_LESSONS, _FALLBACK) if name != first]
    random.Random(seed).shuffle(others)  # noqa: S311 - nothing here is secret
    for turn in count():
        for name in (first, *others):
            yield _written(name, f"{prompt}{turn}", seed) + "\n"


def lesson(prompt: str, seed: int, note: str = "") -> str:
    """The lesson whose words the prompt uses most, after a note; the same prompt and seed give the same text."""
    return _written(_chosen(prompt), prompt, seed, note)


def _chosen(prompt: str) -> str:
    words = set(re.findall(r"[a-z/-]+", prompt.lower()))
    scores = {name: len(words & set(keys.split())) for name, keys in _LESSONS.items()}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] else _FALLBACK


def _written(name: str, prompt: str, seed: int, note: str = "") -> str:
    chosen = random.Random(f"{seed}/{name}/{prompt}").choice(_NEXT)  # noqa: S311 - nothing here is secret
    return "\n\n".join(part for part in (PRACTICE, note, f"{_read(name)}\n**Next.** {chosen}\n") if part)


@cache
def _read(name: str) -> str:
    return (Path(__file__).parent / "lessons" / f"{name}.md").read_text(encoding="utf-8")


def _short(prompt: str) -> str | None:
    """A short answer where a lesson would be absurd."""
    asked = prompt.lower()
    if sums := re.fullmatch(r"\D{0,40}?(\d{1,9})\s*\+\s*(\d{1,9})\D{0,40}", asked.strip()):
        return str(int(sums[1]) + int(sums[2]))
    if re.search(r"\b(in|with) (just )?(one|a single) word\b|\bone-word\b", asked):
        return "Practice."
    return None


def _stopped(full: list[str], sequences: object, stop: str) -> tuple[list[str], str, str | None]:
    """The pieces before the first stop sequence; the piece it falls into is shortened."""
    wanted = [each for each in sequences if isinstance(each, str) and each] if isinstance(sequences, list) else []
    whole = "".join(full) if wanted else ""
    found = min(((whole.find(each), each) for each in wanted if each in whole), default=None)
    if found is None:
        return full, stop, None
    return pieces(whole[: found[0]]), "stop_sequence", found[1]


def _thinking_tokens(body: Mapping[str, Any], scenario: Scenario) -> int | None:
    """How much is thought; None when the answer has no thinking block."""
    if isinstance(scenario.thinking, str):
        return len(pieces(scenario.thinking))
    if scenario.thinking is not None:
        return scenario.thinking
    effort = (body.get("output_config") or {}).get("effort")
    asked = (body.get("thinking") or {}).get("type") in {"adaptive", "enabled"}
    return _EFFORT_TOKENS.get(str(effort), 32 if asked else None)


def _shown_thinking(body: Mapping[str, Any], scenario: Scenario, tokens: int) -> list[str]:
    """What of the thinking is shown: nothing unless the request asks for a summary."""
    if (body.get("thinking") or {}).get("display") != "summarized":
        return []
    text = scenario.thinking if isinstance(scenario.thinking, str) else _THOUGHT * (1 + tokens // 40)
    return pieces(text)[:tokens]
