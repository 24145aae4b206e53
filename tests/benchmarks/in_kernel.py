"""What is measured inside a kernel: each function prints one JSON object."""

import json
import os
import statistics
import time

import psutil


def _report(**numbers: float) -> None:
    print(json.dumps(numbers))


def frames(rate: float, tokens: int) -> None:
    """Token to frame at `rate` tokens a second: how long a token waits in the engine before a view may show it."""
    from fastmode_magic.claude import catalog
    from fastmode_magic.claude.engine import Engine
    from fastmode_magic.claude.events import TextDelta
    from fastmode_magic.claude.policy import Rates
    from fastmode_magic.session import current

    stamps: list[float] = []

    def clock() -> float:
        stamps.append(time.monotonic())
        return stamps[-1]

    session = current()
    engine = Engine(clock=clock)
    ask = session.ask("Explain groupby.", fast=True)
    waits: list[float] = []
    times: list[float] = []
    for frame in engine.start(ask, catalog.find(ask.model), session.access(), Rates()).frames():
        now = time.monotonic()
        deltas = [event for event in frame if isinstance(event, TextDelta)]
        times += [now] * bool(deltas)
        # The engine reads the clock once for each event of the stream, so these are the tokens of this frame.
        waits += [now - at for delta in deltas for at in stamps if delta.at_s <= at <= delta.until_s]
    engine.close()
    assert len(waits) >= tokens * 0.95
    _report(
        median_ms=1e3 * statistics.median(waits),
        p95_ms=1e3 * statistics.quantiles(waits, n=20)[-1],
        frames_per_s=(len(times) - 1) / (times[-1] - times[0]),
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
