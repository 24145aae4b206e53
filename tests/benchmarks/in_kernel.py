"""What is measured inside a kernel: each function prints one JSON object."""

import json
import os
import statistics
import threading
import time

import psutil


def _report(**numbers: float) -> None:
    print(json.dumps(numbers))


class Clock:
    """The engine's clock, which it reads once for each event of the stream: so it knows when each token came."""

    def __init__(self) -> None:
        self.stamps: list[float] = []

    def __call__(self) -> float:
        now = time.monotonic()
        if threading.current_thread() is not threading.main_thread():
            self.stamps.append(now)
        return now

    def tokens(self, frame: list[object]) -> list[float]:
        """When each token of a frame came."""
        spans = [(event.at_s, event.until_s) for event in frame if type(event).__name__ == "TextDelta"]
        return [at for first, last in spans for at in self.stamps if first <= at <= last]


def frames(tokens: int) -> None:
    """Token to frame: how long a token waits in the engine before a view may show it."""
    from fastmode_magic.claude import catalog
    from fastmode_magic.claude.engine import Engine
    from fastmode_magic.claude.policy import Rates
    from fastmode_magic.current import current

    session, clock = current(), Clock()
    engine = Engine(clock=clock)
    ask = session.ask("Explain groupby.", fast=True)
    waits: list[float] = []
    times: list[float] = []
    for frame in engine.start(ask, catalog.find(ask.model), session.service.access(), Rates()).frames():
        now = time.monotonic()
        came = clock.tokens(frame)
        times += [now] * bool(came)
        waits += [now - at for at in came]
    engine.close()
    _report_waits(waits, times, tokens)


def messages(tokens: int) -> None:
    """Token to message: a cell whose frames go to a page with the lab extension, over a comm."""
    from IPython import get_ipython

    from fastmode_magic.claude.engine import Engine, Run
    from fastmode_magic.current import current
    from fastmode_magic.views.line import Line

    session, clock = current(), Clock()
    assert session.pages.lab.announced, "a page has said hello"
    session.engine = Engine(clock=clock)
    times: list[float] = []
    waits: list[float] = []
    size = 0
    publish, frames_of = Line.publish_msg, Run.frames

    def counted(line: Line, msg_type: str, data: object = None, **keys: object) -> None:
        nonlocal size
        publish(line, msg_type, data, **keys)
        times.append(time.monotonic())
        size += len(json.dumps(data, ensure_ascii=False).encode())

    def watched(run: Run) -> object:
        for frame in frames_of(run):
            before = len(times)
            yield frame  # and its message is sent before the next one is asked for
            if len(times) > before:
                waits.extend(times[-1] - at for at in clock.tokens(frame))

    Line.publish_msg, Run.frames = counted, watched
    try:
        get_ipython().run_cell_magic("claude", "--fast --max-tokens 64000 bench_answer", "Explain groupby.\n")
    finally:
        Line.publish_msg, Run.frames = publish, frames_of
    _report_waits(waits, times, tokens, ratio=size / len(get_ipython().user_ns["bench_answer"].text.encode()))


def _report_waits(waits: list[float], times: list[float], tokens: int, **more: float) -> None:
    assert len(waits) >= tokens * 0.95
    _report(
        median_ms=1e3 * statistics.median(waits),
        p95_ms=1e3 * statistics.quantiles(waits, n=20)[-1],
        per_s=(len(times) - 1) / (times[-1] - times[0]),
        **more,
    )


def ours(line: str) -> None:
    """One `%%claude` cell: CPU, wall and resident growth of this kernel."""
    from IPython import get_ipython

    shell = get_ipython()
    process = psutil.Process(os.getpid())
    rss, cpu, wall = process.memory_info().rss, time.process_time(), time.perf_counter()
    shell.run_cell_magic("claude", f"{line} bench_answer", "Explain groupby.\n")
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    answer = shell.user_ns["bench_answer"]
    _report(
        cpu_s=cpu,
        wall_s=wall,
        tokens=answer.usage.output_tokens,
        grown_mb=(process.memory_info().rss - rss - len(answer.text)) / 1e6,
    )


def plain(*, accumulating: bool) -> None:
    """The plain SDK loop, or its accumulating helper, on the same server."""
    import anthropic

    client = anthropic.Anthropic(max_retries=0)
    arguments = {
        "model": "claude-opus-5-5",
        "max_tokens": 64_000,
        "messages": [{"role": "user", "content": "Explain groupby."}],
        "speed": "fast",
    }
    cpu, wall = time.process_time(), time.perf_counter()
    parts, tokens = [], 0
    if accumulating:
        with client.messages.stream(**arguments) as stream:
            parts.extend(stream.text_stream)
            tokens = stream.get_final_message().usage.output_tokens
    else:
        for event in client.messages.create(stream=True, **arguments):
            if event.type == "content_block_delta":
                parts.append(event.delta.text)
            elif event.type == "message_delta":
                tokens = event.usage.output_tokens
    assert "".join(parts)
    _report(cpu_s=time.process_time() - cpu, wall_s=time.perf_counter() - wall, tokens=tokens)
