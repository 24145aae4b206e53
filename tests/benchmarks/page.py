"""What an answer costs the page: a real JupyterLab in a real Chromium, default server limits."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lesson import END, lesson
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1] / "ui"))
from browsing import CHROMIUM, FLAGS, Notebook, Server, serve, wait_until  # the harness of the page's tests

from fastmode_magic.simulator import Scenario, Simulator
from fastmode_magic.simulator.wire import pieces

# Counts bytes and messages, notes long tasks, and the time from the arrival of the last words to their paint.
PROBE = f"""
(() => {{
  const probe = (window.__probe = {{ bytes: 0, messages: 0, long: [], arrived: null, painted: null }});
  new PerformanceObserver((list) => probe.long.push(...list.getEntries().map((e) => [e.startTime, e.duration])))
    .observe({{ type: "longtask", buffered: true }});
  const words = new TextEncoder().encode("{END}");
  const has = (data) => {{
    if (typeof data === "string") return data.includes("{END}");
    const bytes = new Uint8Array(data);
    for (let at = bytes.indexOf(words[0]); at >= 0; at = bytes.indexOf(words[0], at + 1)) {{
      let n = 1;
      while (n < words.length && bytes[at + n] === words[n]) n++;
      if (n === words.length) return true;
    }}
    return false;
  }};
  const shown = () => [...document.querySelectorAll(".jp-OutputArea")].some((e) => e.textContent.includes("{END}"));
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {{
    constructor(...args) {{
      super(...args);
      this.addEventListener("message", ({{ data }}) => {{
        probe.messages++;
        probe.bytes += data.byteLength ?? data.length;
        if (probe.arrived !== null || !has(data)) return;
        probe.arrived = performance.now();
        const look = () => {{
          if (!shown()) return requestAnimationFrame(look);
          const channel = new MessageChannel();
          channel.port1.onmessage = () => (probe.painted = performance.now());
          channel.port2.postMessage(0); // after the frame in which it was painted
        }};
        requestAnimationFrame(look);
      }});
    }}
  }};
}})();
"""
SDK = """
import anthropic, time
from IPython.display import Markdown, display
text, shown, at = "", display(Markdown(""), display_id=True), 0.0
for event in anthropic.Anthropic(max_retries=0).messages.create(
    model="claude-opus-5-5", max_tokens=64000, messages=[{{"role": "user", "content": "2+2?"}}], stream=True
):
    if event.type == "content_block_delta" and event.delta.type == "text_delta":
        text += event.delta.text
        if time.monotonic() - at >= {pause}:
            at = time.monotonic()
            shown.update(Markdown(text))
shown.update(Markdown(text))
"""
NOTHING = "-"
OURS = "%%claude --fast --max-tokens 64000\nWhat goes wrong with groupby?"
BACKGROUND = "%%claude --fast --max-tokens 64000 --background\nWhat goes wrong with groupby?"


@dataclass(frozen=True)
class Cost:
    """Of one stream: seconds busy, long tasks (milliseconds) before the end, megabytes, messages, last paint in ms."""

    wall_s: float
    busy_s: float
    long_ms: list[float]
    megabytes: float
    messages: int
    last_paint_ms: float | None
    right: bool


@contextmanager
def lab(simulator: Simulator) -> Iterator[tuple[Browser, Server]]:
    """A JupyterLab whose kernels talk to `simulator`, and a browser."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = serve(Path(folder), ANTHROPIC_BASE_URL=simulator.url, ANTHROPIC_API_KEY="practice")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser, server
        finally:
            browser.close()
            server.stop()


def measure(
    browser: Browser, server: Server, simulator: Simulator, cells: list[str], sections: int, limit_s: float = 180
) -> Cost:
    """Run `cells` at once, each answered by `sections` sections, in a fresh page, until the last words are painted."""
    text = lesson(sections)
    # A section a second: 250 tokens of four characters, whatever the simulator takes for a token.
    scenario = Scenario(text=text, rate=len(list(pieces(text))) / sections)
    simulator.script(*[scenario] * len(cells))
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.add_init_script(PROBE)
    notebook = Notebook(page, server, server.notebook("%load_ext fastmode_magic", *cells)).open()
    notebook.run(0)
    time.sleep(8)  # the SDK is imported, the page has settled
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    before, probe = _task_s(session), _probe(page)
    began = time.monotonic()
    for index in range(len(cells)):
        notebook.run(index + 1, wait=False)
    _until(page, len(cells), limit_s)
    wall_s = time.monotonic() - began
    busy_s, after = _task_s(session) - before, _probe(page)
    headings = page.locator(".jp-OutputArea h2").count()
    cost = Cost(
        wall_s=wall_s,
        busy_s=busy_s,
        long_ms=[
            duration for start, duration in after["long"] if start > probe["now"] and start < (after["arrived"] or 1e18)
        ],
        megabytes=(after["bytes"] - probe["bytes"]) / 1e6,
        messages=after["messages"] - probe["messages"],
        last_paint_ms=after["painted"] - after["arrived"] if after["painted"] else None,
        right=headings == sections * len(cells),
    )
    notebook.end_kernel()  # the next one begins with a kernel that keeps no answers for its page
    wait_until(lambda: not notebook.has_session())
    page.close()
    return cost


def _until(page: Page, answers: int, limit_s: float) -> None:
    """Until every answer has been painted; looks seldom, for looking keeps the page busy too."""
    until = time.monotonic() + limit_s
    look = f"""() => window.__probe.painted && [...document.querySelectorAll(".jp-OutputArea")]
        .filter((e) => e.textContent.includes("{END}")).length >= {answers}"""
    while time.monotonic() < until:
        time.sleep(2)
        if page.evaluate(look):
            return


def _task_s(session: Any) -> float:
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["TaskDuration"])


def _probe(page: Page) -> dict[str, Any]:
    return page.evaluate("() => ({ ...window.__probe, now: performance.now() })")


def rows() -> Iterator[tuple[str, ...]]:
    """what, target, ours, Markdown updated at 10 Hz, Markdown updated for each delta"""
    with Simulator(first_byte_s=0.1) as simulator, lab(simulator) as (browser, server):

        def cost(cells: list[str], sections: int = 32) -> Cost:
            found = measure(browser, server, simulator, cells, sections)
            print(found, file=sys.stderr, flush=True)
            return found

        ours, at_10_hz, each = cost([OURS]), cost([SDK.format(pause=0.1)]), cost([SDK.format(pause=0)])
        long, three = cost([OURS], 128), cost([BACKGROUND] * 3)
    all_of = (ours, at_10_hz, each)
    yield "main thread busy, of 32 s", "≤ 3 s", *(f"{one.busy_s:.1f} s" for one in all_of)
    yield "longest task before the last words came", "≤ 50 ms", *(_longest(one) for one in all_of)
    yield "last words come → last paint", "< 60 ms", *(_paint(one) for one in all_of)
    yield (
        "websocket",
        "< 0.7 MB",
        *(f"{one.megabytes:.2f} MB in {one.messages:,} messages" for one in all_of),
    )
    yield "everything is there", "yes", *("yes" if one.right else "no" for one in all_of)
    yield "busy with 32,000 tokens", "≤ 4.5 times", f"{long.busy_s / ours.busy_s:.1f} times", NOTHING, NOTHING
    yield "busy with three answers at once", "≤ 3 times", f"{three.busy_s / ours.busy_s:.1f} times", NOTHING, NOTHING


def _longest(cost: Cost) -> str:
    return f"{max(cost.long_ms):.0f} ms ({len(cost.long_ms)} over 50)" if cost.long_ms else "under 50 ms"


def _paint(cost: Cost) -> str:
    return "not within two minutes" if cost.last_paint_ms is None else f"{cost.last_paint_ms:.0f} ms"


HEAD = ("8,000 tokens of Markdown at 250 a second, in JupyterLab", "target", "fastmode-magic")
PEERS = ("`update_display(Markdown)` at 10 Hz", "the same for each delta")


def table() -> list[str]:
    """The table of the README."""
    lines = [f"| {' | '.join([*HEAD, *PEERS])} |", "|---|---|---|---|---|"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows())]
