"""`make bench`: the speed of our own code in real kernels, beside the plain SDK on the same server.

Then what an answer costs the page, and what each policy after a refusal costs in virtual time. Prints Markdown tables;
`--write` puts them into the README.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ledger
import page
import policies
import rendering
from jupyter_client.manager import KernelManager

from fastmode_magic.simulator import Scenario, Simulator

NOTHING = "-"
HERE = Path(__file__).parent
README = HERE.parent.parent / "README.md"
TOKENS = 32_000
PLAIN_CELL = """
import anthropic
for event in anthropic.Anthropic(max_retries=0).messages.create(
    model="claude-opus-5-5", max_tokens=100, messages=[{"role": "user", "content": "2+2?"}], stream=True
):
    pass
"""


class Kernel:
    """A kernel that runs cells and returns what they print."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.manager = KernelManager(kernel_name="python3", transport="ipc", ip=f"{self.folder.name}/kernel")
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.run(f"import sys; sys.path.insert(0, {str(HERE)!r})")

    def run(self, code: str) -> str:
        printed = []
        reply = self.client.execute_interactive(
            code,
            timeout=300,
            output_hook=lambda m: printed.append(m["content"].get("text", "")) if m["msg_type"] == "stream" else None,
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed)

    def say_hello(self) -> None:
        """Be a page with the lab extension."""
        comm_id = self.run("from fastmode_magic.current import current; print(current().pages.lab._comm.comm_id)")
        content = {"comm_id": comm_id.strip(), "data": {"hello": True}}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", content))
        assert self.run("print(current().pages.lab.announced)").strip() == "True"

    def measure(self, code: str) -> dict[str, float]:
        return json.loads(self.run(code).strip().splitlines()[-1])

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        self.folder.cleanup()


@contextmanager
def kernel() -> Iterator[Kernel]:
    made = Kernel()
    try:
        yield made
    finally:
        made.close()


def loading() -> tuple[float, float]:
    """Milliseconds of `%load_ext` in the kernel, and of an empty cell around it: medians of five kernels."""
    times = []
    for _ in range(5):
        with kernel() as one:
            code = "import time; t = time.perf_counter()\n%load_ext fastmode_magic\nprint(time.perf_counter() - t)"
            times.append(1e3 * float(one.run(code)))
    return statistics.median(times), max(times)


def to_the_wire(simulator: Simulator) -> dict[str, float]:
    """Milliseconds from the front end's execute to the request at the server."""

    def cell(one: Kernel, code: str) -> float:
        before = len(simulator.requests)
        began = time.monotonic()
        one.run(code)
        return 1e3 * (simulator.requests[before].at_s - began)

    ask = "%%claude --fast\n2+2?"
    found: dict[str, list[float]] = {
        "at once": [],
        "idle": [],
        "computing": [],
        "next": [],
        "plain": [],
        "plain next": [],
    }
    for _ in range(3):
        with kernel() as one:
            one.run("%load_ext fastmode_magic")
            found["at once"].append(cell(one, ask))
        with kernel() as one:
            one.run("%load_ext fastmode_magic")
            time.sleep(8)
            found["idle"].append(cell(one, ask))
            found["next"] += [cell(one, ask) for _ in range(20)]
        with kernel() as one:
            one.run("%load_ext fastmode_magic")
            one.run("import time\nend = time.time() + 5\nwhile time.time() < end: sum(range(1000))")
            found["computing"].append(cell(one, ask))
        with kernel() as one:
            found["plain"].append(cell(one, PLAIN_CELL))
            found["plain next"] += [cell(one, PLAIN_CELL) for _ in range(20)]
    return {name: statistics.median(times) for name, times in found.items()}


@contextmanager
def server(scenario: Scenario) -> Iterator[None]:
    """The simulator in a process of its own, so that its CPU is not ours."""
    step = {"tokens": scenario.tokens, "rate": scenario.rate}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as script:
        json.dump([step] * 10, script)
        script.flush()
        command = [sys.executable, "-m", "fastmode_magic.cli", "serve", "--port", "0", "--script", script.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            line = process.stdout.readline()
            os.environ["ANTHROPIC_BASE_URL"] = re.search(r"http://[\d.:]+", line)[0]
            try:
                yield
            finally:
                process.terminate()


def rows() -> Iterator[tuple[str, str, str, str]]:
    """what, target, ours, the plain SDK in the same run"""
    os.environ["ANTHROPIC_API_KEY"] = "practice"
    median, worst = loading()
    yield "`%load_ext`", "< 60 ms", f"{median:.0f} ms (worst of 5: {worst:.0f})", NOTHING
    with Simulator(first_byte_s=0, fast_rate=0, standard_rate=0) as simulator:
        os.environ["ANTHROPIC_BASE_URL"] = simulator.url
        wire = to_the_wire(simulator)
    yield "execute → wire, first cell after the import", "< 30 ms", f"{wire['idle']:.1f} ms", NOTHING
    yield "execute → wire, next cells", "< 8 ms", f"{wire['next']:.1f} ms", f"{wire['plain next']:.1f} ms"
    yield (
        "execute → wire, first cell at once after loading",
        NOTHING,
        f"{wire['at once']:.0f} ms",
        f"{wire['plain']:.0f} ms",
    )
    yield "execute → wire, first cell after 5 s of computing", NOTHING, f"{wire['computing']:.0f} ms", NOTHING
    with server(Scenario(tokens=2_000, rate=200)), kernel() as one:
        one.run("%load_ext fastmode_magic")
        paced = one.measure("import in_kernel; in_kernel.frames(2000)")
        one.say_hello()
        shown = one.measure("in_kernel.messages(2000)")
    with server(Scenario(tokens=8_000, rate=200)), kernel() as one:
        one.run("%load_ext fastmode_magic")
        one.say_hello()
        longer = one.measure("import in_kernel; in_kernel.messages(8000)")
    for what, found in (("frame", paced), ("message to the page", shown)):
        yield f"token → {what} at 200 tok/s, median", "< 20 ms", f"{found['median_ms']:.1f} ms", NOTHING
        yield f"token → {what} at 200 tok/s, 95th percentile", "< 45 ms", f"{found['p95_ms']:.1f} ms", NOTHING
    yield "messages to the page a second, all kinds", "≤ 35", f"{shown['per_s']:.1f}", NOTHING
    both = f"{shown['ratio']:.1f} and {longer['ratio']:.1f}"
    yield "bytes sent for a byte of the answer, 2,000 and 8,000 tokens", "the same", both, NOTHING
    with server(Scenario(tokens=TOKENS, rate=0)), kernel() as one:
        one.run("%load_ext fastmode_magic")
        one.run("%%claude --fast --max-tokens 10\n2+2?")
        ours = one.measure("import in_kernel; in_kernel.ours('--fast --max-tokens 64000')")
        raw = one.measure("in_kernel.plain(accumulating=False)")
        helper = one.measure("in_kernel.plain(accumulating=True)")
    pace, cpu = (
        [n["tokens"] / n["wall_s"] for n in (ours, raw, helper)],
        [1e3 * n["cpu_s"] / n["tokens"] for n in (ours, raw, helper)],
    )
    both = f"{pace[1]:,.0f} tok/s (accumulating helper: {pace[2]:,.0f})"
    yield f"{TOKENS:,} deltas from an unlimited server", "≥ 10,000 tok/s", f"{pace[0]:,.0f} tok/s", both
    both = f"{cpu[1]:.3f} s (accumulating helper: {cpu[2]:.3f})"
    yield "CPU for 1,000 deltas, display included", "≤ 0.06 s", f"{cpu[0]:.3f} s", both
    yield "resident growth beyond the answer", "< 10 MB", f"{ours['grown_mb']:.1f} MB", NOTHING


def main() -> None:
    lines = ["| measured in a real kernel | target | fastmode-magic | plain SDK loop, same run |", "|---|---|---|---|"]
    print("\n".join(lines), flush=True)
    for row in rows():
        lines.append(f"| {' | '.join(row)} |")
        print(lines[-1], flush=True)
    rendered = list(rendering.table())
    print("\n".join(rendered), flush=True)
    kept = ledger.table()
    print("\n".join(kept), flush=True)
    in_page = page.table()
    print("\n".join(in_page), flush=True)
    of_policies = policies.tables()
    print("\n".join(of_policies))
    if "--write" in sys.argv:
        _write("bench", lines)
        _write("rendering", rendered)
        _write("ledger", kept)
        _write("page", in_page)
        _write("policies", of_policies)


def _write(name: str, lines: list[str]) -> None:
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    text = README.read_text("utf-8")
    README.write_text(marked.sub(lambda m: m[1] + "\n".join([*lines, ""]) + m[2], text), "utf-8")


if __name__ == "__main__":
    main()
