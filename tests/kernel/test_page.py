"""A real kernel and a page played over jupyter_client: what the lab extension, a widget or neither receives."""

import json
import queue
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.session import Session
from support import KEY
from test_stream import Page

from fastmode_magic.simulator import Scenario, Simulator
from fastmode_magic.views.protocol import ANSWER_MIME, COMM_TARGET

SLOW = Scenario(tokens=4_000, rate=100)  # 40 s: whoever uses it stops it
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"
SHOWN = {"display_data", "update_display_data", "execute_result", "stream"}


class Front:
    """One page: runs cells that have ids, keeps every message, and speaks over the comm as the extension does."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.messages: list[tuple[float, dict[str, Any]]] = []
        self.comm: str | None = None
        self.subshell: str | None = None
        self.runs: dict[str, Page] = {}

    def start(self, code: str, cell: str = "cell-1") -> str:
        """Run a cell as JupyterLab does, with its id; returns the id of the request."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": True, "stop_on_error": True}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell})
        self.client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def run(self, code: str, cell: str = "cell-1") -> str:
        """Run a cell to its end."""
        request = self.start(code, cell)
        self.until(lambda: self.ended(request))
        return request

    def until(self, condition: Callable[[], Any], timeout_s: float = 20.0) -> Any:
        """Read messages until `condition` holds; returns what it returned."""
        deadline = time.monotonic() + timeout_s
        while not (found := condition()):
            try:
                message = self.client.get_iopub_msg(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not within {timeout_s} s: {[m['msg_type'] for _, m in self.messages]}") from None
            self._take(message)
        return found

    def ended(self, request: str) -> bool:
        """Whether the cell of a request is idle."""
        return any(message["content"]["execution_state"] == "idle" for message in self.of(request, "status"))

    def of(self, request: str, *kinds: str) -> list[dict[str, Any]]:
        """The messages of these kinds whose parent is `request`."""
        found = [message for _, message in self.messages if message["parent_header"].get("msg_id") == request]
        return [message for message in found if message["msg_type"] in kinds]

    def all(self, *kinds: str) -> list[dict[str, Any]]:
        """The messages of these kinds, whatever their parent."""
        return [message for _, message in self.messages if message["msg_type"] in kinds]

    def bundles(self, request: str) -> list[dict[str, Any]]:
        """What the one answer of a cell showed, first to last."""
        shown = self.of(request, "display_data", "update_display_data")
        assert len({message["content"]["transient"]["display_id"] for message in shown}) == 1
        return [message["content"]["data"] for message in shown]

    def result(self, code: str) -> str:
        """The value of an expression, in a cell of its own."""
        (message,) = self.of(self.run(code, "cell-result"), "execute_result")
        return str(message["content"]["data"]["text/plain"])

    def error(self, request: str) -> str | None:
        """The name of the error that ended a cell."""
        return next((message["content"]["ename"] for message in self.of(request, "error")), None)

    def open_subshell(self) -> None:
        """Make the shell by which a busy kernel hears this page."""
        self.client.control_channel.send(self.client.session.msg("create_subshell_request", {}))
        self.subshell = self.client.get_control_msg(timeout=10)["content"]["subshell_id"]

    def say(self, **data: Any) -> None:
        """Send over the comm: `say(hello=True)`."""
        self._send("comm_msg", {"comm_id": self.comm, "data": data})

    def close_comm(self) -> None:
        """What a page does that does not know the target."""
        self._send("comm_close", {"comm_id": self.comm, "data": {}})

    def heard(self, name: str) -> list[Any]:
        """The `frame`, `status`, `live` and `late` that came over the comm, in order."""
        return [data[name] for data in self._comm_data() if name in data]

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        message = self.client.session.msg(kind, content)
        if self.subshell:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def _comm_data(self) -> Iterator[dict[str, Any]]:
        for _, message in self.messages:
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == self.comm:
                yield message["content"]["data"]

    def _take(self, message: dict[str, Any]) -> None:
        self.messages.append((time.monotonic(), message))
        content = message["content"]
        if message["msg_type"] == "comm_open" and content["target_name"] == COMM_TARGET:
            self.comm = content["comm_id"]
        if message["msg_type"] == "comm_msg" and content["comm_id"] == self.comm:
            for live in content["data"].get("live", []):
                self.runs[live["whole"]["run"]] = Page(live["whole"])
            if frame := content["data"].get("frame"):
                self._fold(frame)

    def _fold(self, frame: dict[str, Any]) -> None:
        if "whole" in frame:
            self.runs.setdefault(frame["run"], Page(frame["whole"]))
        if frame["run"] in self.runs:
            self.runs[frame["run"]].apply(frame)


@pytest.fixture
def front(kernel) -> Iterator[Front]:
    """A page in which the extension was loaded into the kernel; it has not answered yet."""
    made = Front(kernel.client)
    made.run("%load_ext fastmode_magic", "cell-0")
    yield made
    assert KEY not in json.dumps([message for _, message in made.messages], default=str)


@pytest.fixture
def lab(front: Front) -> Front:
    """A page with the lab extension, which has said hello."""
    front.open_subshell()
    front.say(hello=True)
    front.until(lambda: front.heard("status"))
    return front


@pytest.fixture
def second(kernel, lab: Front) -> Iterator[Front]:
    """The same page after a reload: a client of its own that knows nothing but the comm."""
    client = BlockingKernelClient()  # the manager's clients share a session, and so an address
    client.load_connection_info(kernel.manager.get_connection_info())
    client.session = Session(key=kernel.manager.session.key)
    client.start_channels()
    made = Front(client)
    made.open_subshell()
    yield made
    assert KEY not in json.dumps([message for _, message in made.messages], default=str)
    client.stop_channels()


def find_comm(front: Front) -> None:
    """Ask an idle kernel for the comm, as the extension does after a reload."""
    request = front.client.session.msg("comm_info_request", {"target_name": COMM_TARGET})
    front.client.shell_channel.send(request)
    while (reply := front.client.get_shell_msg(timeout=10))["msg_type"] != "comm_info_reply":
        pass  # of a cell that was run before
    (front.comm,) = reply["content"]["comms"]


def test_nothing_is_said_until_a_page_says_hello_or_after_unloading(front: Front, simulator: Simulator) -> None:
    request = front.run("%%claude\n2+2?")
    assert front.comm
    assert front.all("comm_msg") == []
    assert all(ANSWER_MIME in bundle for bundle in front.bundles(request))  # a page may have it and be slow to say so
    front.say(hello=True)
    (status,) = front.until(lambda: front.heard("status"))
    [[late]] = front.heard("late")
    assert (front.heard("live"), late["bundle"]) == ([[]], front.bundles(request)[-1])  # it may have been reloaded
    assert (status["state"], status["switched_on"], status["running"]) == ("off", False, 0)
    front.run("%unload_ext fastmode_magic")
    assert [message["content"]["comm_id"] for message in front.all("comm_close")] == [front.comm]


def test_frames_follow_the_answer_and_the_document_has_their_text(lab: Front, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=300, rate=250, thinking=50))
    request = lab.run("%%claude reply --fast --thinking summary\nExplain groupby, with 😀.")
    first, *_, last = lab.bundles(request)
    assert set(first) == {ANSWER_MIME, "text/markdown", "text/plain"}
    assert len(lab.bundles(request)) == 2  # nothing between: the page has the frames
    (page,) = lab.runs.values()
    document = last[ANSWER_MIME]
    assert (first[ANSWER_MIME]["run"], document["phase"]) == (document["run"], "finished")
    assert (page.text, page.thinking, page.gap) == (document["text"], document["thinking"], False)
    assert repr(page.text) == lab.result("reply.text")
    frames = [at_s for at_s, message in lab.messages if "frame" in message["content"].get("data", {})]
    seconds = frames[-1] - frames[0]
    assert 20 < len(frames) <= 35 * seconds
    assert {status["running"] for status in lab.heard("status")} == {0, 1}
    session = dict(lab.heard("status")[-1]["facts"])
    assert dict(document["facts"])["cost"].startswith(session["fast"])
    assert session["standard"] == "$0"


def test_a_busy_kernel_hears_its_page(lab: Front, simulator: Simulator) -> None:
    simulator.script(SLOW)
    request = lab.start("%%claude reply\nExplain groupby.")
    lab.until(lambda: any(len(page.text) > 50 for page in lab.runs.values()))
    assert len(snapshots(lab)) == 1  # the first; the next that nobody asks for comes with 4,000 bytes
    (run,) = lab.runs
    asked_s = time.monotonic()
    lab.say(want=run)
    lab.until(lambda: len(snapshots(lab)) == 2)
    assert time.monotonic() - asked_s < 0.3
    lab.say(stop="another run")  # stops nothing
    lab.say(want=run)
    lab.until(lambda: len(snapshots(lab)) == 3)
    assert not lab.ended(request)
    stopped_s = time.monotonic()
    lab.say(stop=run)
    lab.until(lambda: lab.ended(request))
    assert time.monotonic() - stopped_s < 2
    (error,) = lab.of(request, "error")
    assert error["content"]["ename"] == "Interrupted"
    assert len("\n".join(error["content"]["traceback"]).splitlines()) == 2
    document = lab.bundles(request)[-1][ANSWER_MIME]
    assert (document["phase"], document["run"]) == ("interrupted", run)
    assert document["text"].startswith(lab.runs[run].text)
    assert lab.result("(reply.text == _.text, len(reply.text) > 0, reply.complete)") == "(True, True, False)"


def snapshots(front: Front) -> list[dict[str, Any]]:
    return [frame["whole"] for frame in front.heard("frame") if "whole" in frame]


def test_a_page_that_comes_back_mid_run_gets_everything_so_far(lab: Front, second: Front, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=240, rate=200))
    request = lab.run("%%claude -b\nExplain groupby.", "cell-7")
    lab.until(lambda: any(len(page.text) > 50 for page in lab.runs.values()))
    (run,) = lab.runs
    before = lab.runs[run].text
    find_comm(second)
    second.say(hello=True)
    ((live,),) = second.until(lambda: second.heard("live"))
    assert (live["cell"], live["whole"]["run"], live["whole"]["background"]) == ("cell-7", run, True)
    assert live["whole"]["text"].startswith(before)
    assert second.heard("late") == [[]]
    lab.until(lambda: lab.bundles(request)[-1][ANSWER_MIME]["phase"] == "finished")
    text = lab.bundles(request)[-1][ANSWER_MIME]["text"]
    second.until(lambda: second.runs[run].text == text)  # the frames go to both pages


def test_a_page_that_comes_back_to_a_busy_kernel_gets_the_cell_that_runs(
    lab: Front, second: Front, simulator: Simulator
) -> None:
    simulator.script(SLOW)
    request = lab.start("%%claude\nExplain groupby.", "cell-3")
    lab.until(lambda: any(page.text for page in lab.runs.values()))
    second.comm = lab.comm
    second.say(hello=True)
    ((live,),) = second.until(lambda: second.heard("live"), timeout_s=5)
    assert (live["cell"], live["whole"]["background"]) == ("cell-3", False)
    assert live["whole"]["text"]
    second.say(stop=live["whole"]["run"])
    lab.until(lambda: lab.ended(request))
    assert lab.error(request) == "Interrupted"


def test_an_answer_that_ended_while_the_page_was_away_comes_late_until_it_is_placed(
    lab: Front, second: Front, simulator: Simulator
) -> None:
    simulator.script("ok", "unauthorized")
    ended = {cell: lab.bundles(lab.run("%%claude\n2+2?", cell))[-1] for cell in ("cell-1", "cell-2")}
    find_comm(second)
    second.say(hello=True)
    (late,) = second.until(lambda: second.heard("late"))
    assert {one["cell"]: one["bundle"] for one in late} == ended
    assert [one["bundle"][ANSWER_MIME]["phase"] for one in late] == ["finished", "failed"]
    assert all(one["bundle"][ANSWER_MIME]["run"] == one["run"] for one in late)
    second.say(placed=late[0]["run"])
    second.say(hello=True)
    _, later = second.until(lambda: second.heard("late")[1:] and second.heard("late"))
    assert later == late[1:]


def test_a_page_without_the_extension_gets_a_document_that_grows(front: Front, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=200, rate=200))
    front.close_comm()
    request = front.run("%%claude\nExplain groupby.")
    *growing, last = front.bundles(request)
    assert len(growing) >= 2
    assert all(set(bundle) == {"text/markdown", "text/plain"} for bundle in growing)
    assert set(last) == {ANSWER_MIME, "text/markdown", "text/plain"}
    assert front.all("comm_msg") == []


def test_a_page_without_the_extension_takes_it_from_no_other(lab: Front, second: Front, simulator: Simulator) -> None:
    simulator.script(*[Scenario(tokens=60, rate=200)] * 2)
    find_comm(second)
    second.close_comm()
    *growing, last = second.bundles(second.run("%%claude\nExplain groupby."))
    assert len(growing) >= 2  # who asks has no view of ours: the document grows
    assert all(ANSWER_MIME in bundle for bundle in growing)  # another page has
    assert "60 out" in last["text/markdown"]
    request = lab.run("%%claude\nExplain groupby.")
    assert len(lab.bundles(request)) == 2
    second.comm = None
    find_comm(second)
    assert second.comm == lab.comm


def test_a_cell_that_was_run_again_with_something_else_gets_no_answer_back(
    lab: Front, second: Front, simulator: Simulator
) -> None:
    simulator.script(Scenario(tokens=60, rate=200), SLOW)
    lab.run("%%claude\nExplain groupby.", "cell-1")
    lab.run("%%claude -b slow\nExplain groupby.", "cell-2")
    for cell in ("cell-1", "cell-2"):
        lab.run("1 + 1", cell)
    find_comm(second)
    second.say(hello=True)
    assert second.until(lambda: second.heard("late")) == [[]]
    assert second.heard("live") == [[]]
    lab.run("slow.stop()")


def test_an_answer_on_its_way_that_is_shown_by_name_says_so(lab: Front, simulator: Simulator) -> None:
    simulator.script(SLOW)
    lab.run("%%claude -b slow\nExplain groupby.", "cell-1")
    lab.until(lambda: any(len(page.text) > 50 for page in lab.runs.values()))
    (shown,) = lab.of(lab.run("slow", "cell-2"), "execute_result")
    data = shown["content"]["data"]
    assert set(data) == {"text/markdown", "text/plain"}
    assert data["text/markdown"].endswith("`on its way`")
    lab.run("slow.stop()")


def test_the_page_switches_fast_on_and_off(lab: Front, simulator: Simulator) -> None:
    def switch(*, fast: bool) -> Any:
        before = len(lab.heard("status"))
        lab.say(fast=fast)
        return lab.until(lambda: lab.heard("status")[before:])[0]

    for fast, state in ((True, "on"), (False, "off"), (True, "on")):
        status = switch(fast=fast)
        assert (status["switched_on"], status["state"]) == (fast, state)
    lab.run("%%claude\n2+2?")
    assert switch(fast=False)["switched_on"] is False
    lab.run("%%claude\n2+2?")
    assert [request.body.get("speed") for request in simulator.requests] == ["fast", None]


def test_where_widgets_are_asked_for_a_widget_lives_until_the_document_stays(
    front: Front, simulator: Simulator
) -> None:
    # the first formula comes in a snapshot, cut in two
    simulator.script(Scenario(text="Let it be. " * 400 + r"Then \(x\) is one. ", tokens=3_000, rate=2_500))
    front.run("%config FastMode.display = 'widget'")
    request = front.run("%%claude\nExplain groupby.")
    opened = {m["content"]["comm_id"]: m["content"] for m in front.of(request, "comm_open")}
    (widget,) = [name for name, content in opened.items() if "_esm" in content["data"]["state"]]
    assert opened[widget]["target_name"] == "jupyter.widget"
    first, last = front.bundles(request)
    assert first[WIDGET_MIME]["model_id"] == widget
    assert set(last) == {ANSWER_MIME, "text/markdown", "text/plain"}
    page = Page(opened[widget]["data"]["state"]["answer"])
    sent = [m["content"]["data"] for m in front.of(request, "comm_msg") if m["content"]["comm_id"] == widget]
    for data in sent:
        if "frame" in data.get("content", {}):
            page.apply(data["content"]["frame"])
        elif "answer" in data.get("state", {}):
            page.apply({"whole": data["state"]["answer"]})
    assert (page.text, page.gap) == (last[ANSWER_MIME]["text"], False)
    assert len([data for data in sent if "math" in data.get("state", {})]) == 1
    assert front.of(request, "comm_close")
    assert widget in [message["content"]["comm_id"] for message in front.of(request, "comm_close")]


def test_a_stop_of_a_widget_reaches_a_busy_kernel(front: Front, simulator: Simulator) -> None:
    simulator.script(SLOW)
    front.run("%config FastMode.display = 'widget'")
    front.open_subshell()
    request = front.start("%%claude\nExplain groupby.")
    front.until(lambda: len(front.of(request, "comm_msg")) > 10)
    (opened,) = [m["content"] for m in front.of(request, "comm_open") if "_esm" in m["content"]["data"]["state"]]
    front.comm = opened["comm_id"]
    front.say(method="custom", content={"hello": True})
    front.until(lambda: any(data.get("content", {}).get("heard") for data in front._comm_data()))
    front.say(method="custom", content={"stop": opened["data"]["state"]["answer"]["run"]})
    front.until(lambda: front.ended(request), timeout_s=5)
    assert front.error(request) == "Interrupted"


def test_doctor_says_what_shows_answers(lab: Front, simulator: Simulator) -> None:
    for display, words in (("auto", "lab extension"), ("markdown", "Markdown")):
        lab.run(f"%config FastMode.display = '{display}'")
        [shown] = lab.of(lab.run("%fastmode doctor"), "display_data")
        assert f"ZMQInteractiveShell, {words}" in shown["content"]["data"]["text/plain"]


def test_where_markdown_is_asked_for_there_are_no_frames(lab: Front, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=100, rate=200))
    lab.run("%config FastMode.display = 'markdown'")
    request = lab.run("%%claude\nExplain groupby.")
    assert lab.heard("frame") == []
    *growing, last = lab.bundles(request)
    assert all(set(bundle) == {"text/markdown", "text/plain"} for bundle in growing)
    assert set(last) == {ANSWER_MIME, "text/markdown", "text/plain"}


def test_the_key_is_in_no_message_of_a_verbose_failure(lab: Front, simulator: Simulator) -> None:
    simulator.script("unauthorized", "unauthorized")
    lab.run("%xmode Verbose")
    assert lab.error(lab.run("%%claude\n2+2?")) == "Refused"
    lab.run("%%claude -b reply\n2+2?")
    request = lab.run("reply.wait()")
    assert lab.error(request)
    lab.run("%fastmode")  # and `lab` looks at all that came
