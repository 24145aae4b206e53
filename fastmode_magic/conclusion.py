"""What follows from an ended run: the data that its answer is, and its turn in the thread."""

import re
from dataclasses import replace

from .answer import Answer
from .claude.errors import Ending, Interrupted, InvalidAnswer
from .claude.events import Finished
from .prompt import archive
from .prompt.content import words
from .prompt.conversation import Threads, turned
from .prompt.problems import CannotSend
from .prompt.structure import Invalid
from .running import Running

_FENCED = re.compile(r"\s*```\w*\n(.*?)\n?```\s*", re.DOTALL)


def read(active: Running) -> None:
    """Read the data of an answer that is complete; its type may run code of the user's, which Stop ends."""
    shape, meter = active.ask.shape, active.meter
    if shape is None or not isinstance(meter.end, Finished):
        return
    if meter.stop_reason == "refusal":
        active.invalid = InvalidAnswer("The model refused to answer, so there are no data.", "Change the prompt.")
        return
    said = words(active.came[-1].content) if active.came else meter.text  # after calls, the last message is the answer
    try:
        active.data = shape.read(_bare(said))
    except Invalid as invalid:
        step = "`_.text` has what came; run the cell again, or say in the prompt what was missed."
        if meter.stop_reason == "max_tokens":
            step = "It was cut: raise --max-tokens. `_.text` has what came."
        active.invalid = InvalidAnswer(invalid.what, step)
    except KeyboardInterrupt:
        active.invalid = Interrupted(
            f"You stopped the reading of {shape.name}.", "The answer is whole: `_.text` has it."
        )


def _bare(text: str) -> str:
    """Data without the fence that some services put around them."""
    found = _FENCED.fullmatch(text)
    return found[1] if found else text


def concluded(active: Running, answer: Answer, error: Ending | None) -> tuple[Answer, Ending | None]:
    """The answer with its data and its calls, and the error, if the data are not as they must be."""
    if active.calls:
        answer = replace(answer, calls=tuple(active.calls.made))
    return replace(answer, data=active.data), error or active.invalid


def continued(threads: Threads, active: Running, answer: Answer, folder: str) -> Answer:
    """The answer as a turn of its thread; a thread that is kept in a file is written anew."""
    plan, ask = active.ask.continuation, active.ask
    if plan is None:
        return answer
    turn = None
    if answer.stop_reason != "refusal":  # a conversation that goes on from a refusal is refused again
        turn = turned(plan, ask.typed, (ask.message, *active.came), answer.text)
    if turn:
        turn = replace(turn, at=answer.at, complete=answer.complete)
    end = active.meter.end
    thread = threads.leave(plan, turn, without_thinking=isinstance(end, Finished) and end.without_thinking)
    if thread is None:
        return replace(
            answer,
            thread=plan.thread,
            notices=(
                *answer.notices,
                f"Thread {plan.thread!r} stays as it was, for no answer came that it could go on from.",
            ),
        )
    answer = replace(answer, thread=plan.thread, turn=plan.at + 1)
    if thread.saved:
        try:
            threads.keep(archive.write(thread, folder))
        except CannotSend as problem:
            return replace(answer, notices=(*answer.notices, f"{problem.what} {problem.next_step}"))
    return answer
