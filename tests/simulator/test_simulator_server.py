"""The server as a thing: scripts, records, clients that leave, stopping."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

import anthropic
import httpx2
import pytest

from fastmode_magic.simulator import SCENARIOS, Refusal, Scenario, Settings, Simulator


def until(condition, seconds=5.0):
    """Wait for what another thread does soon."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.005)


def test_a_script_is_taken_step_by_step(sim, client, ask):
    sim.script("overloaded", Scenario(text="scripted"))
    with pytest.raises(anthropic.OverloadedError):
        client.messages.create(**ask)
    assert client.messages.create(**ask).content[0].text == "scripted"
    assert client.messages.create(**ask).content[0].text != "scripted"


def test_an_unknown_name_is_refused_and_leaves_the_script_alone(sim, client, ask):
    with pytest.raises(ValueError, match=r"'nonsense'.*no_credits"):
        sim.script("overloaded", "nonsense")
    client.messages.create(**ask)
    with pytest.raises(ValueError, match="nonsense"):
        Simulator(scenario="nonsense")
    with pytest.raises(ValueError, match="nonsense"):
        sim.scenario = "nonsense"


def test_the_default_scenario_may_change_while_it_runs(sim, client, ask):
    sim.scenario = "server_error"
    with pytest.raises(anthropic.InternalServerError):
        client.messages.create(**ask)
    sim.scenario = "ok"
    client.messages.create(**ask)


def test_a_callable_chooses_by_the_request(simulate, client_of, ask):
    sim = simulate(scenario=lambda body: "fast_pool_empty" if body["max_tokens"] > 1_000 else Scenario(text="small"))
    client = client_of(sim)
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(**ask, speed="fast")
    assert client.messages.create(**{**ask, "max_tokens": 1_000}, speed="fast").content[0].text == "small"


def test_requests_are_recorded_without_credentials(simulate, client_of, clock, ask):
    sim = simulate(clock=clock)
    client_of(sim).messages.create(**ask, speed="fast", extra_headers={"X-Api-Key": "sk-secret"})
    (recorded,) = sim.requests
    assert (recorded.method, recorded.path, recorded.at_s) == ("POST", "/v1/messages", 1_000.0)
    assert recorded.body == {**ask, "speed": "fast"}
    assert recorded.headers["authorization"] == recorded.headers["x-api-key"] == "<set>"
    assert recorded.headers["anthropic-version"] == "2026-10-21"
    assert "sk-" not in repr(sim.requests)


def test_a_client_that_leaves_is_noticed_and_ends_the_charge(sim, client, ask):
    sim.script("stall")
    stream = client.messages.create(stream=True, speed="fast", **ask)
    next(iter(stream))
    assert sim.disconnects == []
    stream.close()
    until(lambda: len(sim.disconnects) == 1)


def test_a_client_that_reads_to_the_end_is_no_disconnect(sim, client, ask):
    list(client.messages.create(stream=True, **ask))
    sim.script("cut")
    with pytest.raises(httpx2.RemoteProtocolError):
        list(client.messages.create(stream=True, **ask))
    client.messages.create(**ask)
    assert sim.disconnects == []


def test_a_slow_client_is_not_flooded(sim, client, ask):
    sim.script(Scenario(tokens=100_000))
    stream = client.messages.create(stream=True, **{**ask, "max_tokens": 128_000})
    next(iter(stream))
    stream.close()
    until(lambda: len(sim.disconnects) == 1)


def test_stop_ends_open_streams_at_once(ask):
    sim = Simulator(fast_rate=0, first_byte_s=0)
    sim.start()
    sim.script("stall")
    with anthropic.Anthropic(base_url=sim.url, api_key="sk-test", max_retries=0) as client:
        stream = client.messages.create(stream=True, speed="fast", **ask)
        next(iter(stream))
        began = time.monotonic()
        sim.stop()
        assert time.monotonic() - began < 2
        with pytest.raises(httpx2.HTTPError):
            list(stream)
    assert sim.disconnects == []
    assert "fastmode-simulator" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(sim.url.rpartition(":")[2])), timeout=1)


def test_it_starts_again_and_remembers(ask):
    sim = Simulator(fast_rate=0, standard_rate=0, first_byte_s=0)
    for expected in (1, 2):
        with sim, anthropic.Anthropic(base_url=sim.url, api_key="sk-test", max_retries=0) as client:
            client.messages.create(**ask)
            assert len(sim.requests) == expected
    sim.stop()


def test_misuse_is_said(sim):
    with pytest.raises(RuntimeError, match="running already"):
        sim.start()
    with pytest.raises(RuntimeError, match=r"start\(\)"):
        _ = Simulator().url
    with pytest.raises(TypeError, match="sped"):
        Simulator(sped=1)


def test_a_taken_port_is_an_error_of_start(sim):
    other = Simulator(port=int(sim.url.rpartition(":")[2]))
    with pytest.raises(OSError, match="in use"):
        other.start()
    other.stop()


def test_it_listens_on_loopback_alone(sim):
    assert Settings().host == "127.0.0.1"
    assert sim.url.startswith("http://127.0.0.1:")


def test_two_runs_with_one_seed_are_equal(simulate, client_of, ask):
    found = [client_of(simulate(seed=seed)).messages.create(**ask).to_dict() for seed in (7, 7, 8)]
    assert found[0] == found[1]
    assert found[0]["id"] != found[2]["id"]


def test_many_streams_at_once(simulate, client_of, ask):
    sim = simulate(scenario=Scenario(tokens=300))
    client, counts = client_of(sim), []

    def read():
        with client.messages.create(stream=True, **ask) as stream:
            counts.append(sum(event.type == "content_block_delta" for event in stream))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [300] * 8


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_root_says_what_it_is(sim, method):
    response = httpx2.request(method, sim.url)
    assert response.status_code == 200
    assert ("simulator" in response.text) == (method == "GET")


def test_importing_costs_neither_tornado_nor_asyncio():
    code = (
        "import sys, fastmode_magic.simulator; "
        "heavy = {'tornado', 'asyncio', 'anthropic', 'IPython'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_running_imports_nothing_of_the_rest():
    code = (
        "import sys\n"
        "from fastmode_magic.simulator import Simulator\n"
        "with Simulator(): pass\n"
        "own = [name for name in sys.modules if name.startswith('fastmode_magic.')]\n"
        "other = [name for name in own if not name.startswith('fastmode_magic.simulator')]\n"
        "sys.exit(str(other + ['anthropic']) if other or 'anthropic' in sys.modules else 0)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_a_scenario_comes_from_a_plain_mapping():
    made = Scenario.from_dict({"text": "x", "refuse": {"status": 418, "type": "api_error", "message": "tea"}})
    assert made == Scenario(text="x", refuse=Refusal(418, "api_error", "tea"))
    assert Scenario.from_dict({}) == SCENARIOS["ok"]
    calls = [{"name": "add", "input": {"a": 1}}, {"name": "add", "input": '{"a": '}, {}]
    assert Scenario.from_dict({"calls": calls}) == Scenario(calls=tuple(calls))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"txt": "x", "tokns": 1}, "Scenario has no 'tokns', 'txt'. Known: refuse, "),
        ({"refuse": {"status": 400, "kind": "x"}}, "Refusal has no 'kind'. Known: status, "),
        ({"fault": "flood"}, "Unknown fault 'flood'. Known: bad_json, "),
    ],
)
def test_what_a_mapping_says_wrongly_is_named(values, sentence):
    with pytest.raises(ValueError, match="Known") as caught:
        Scenario.from_dict(values)
    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize("call", [{"tool": "add"}, "add", {"name": 5}, {"name": "add", "input": [1]}])
def test_what_is_no_call_is_named(call):
    with pytest.raises(ValueError, match="A call has a `name` and an `input`") as caught:
        Scenario.from_dict({"calls": [call]})
    assert repr(call) in str(caught.value)


def test_a_refusal_of_ones_own(sim, client, ask):
    refusal = Refusal(418, "api_error", "I am {model}.", error_code="tea", retry_after=7, headers={"x-tea": "green"})
    sim.script(Scenario(refuse=refusal))
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**ask)
    error = caught.value
    assert (error.status_code, error.api_message, error.error_code) == (418, "I am claude-opus-5-5.", "tea")
    assert (error.response.headers["retry-after"], error.response.headers["x-tea"]) == ("7", "green")


def test_headers_can_be_added_and_removed(sim, client, ask):
    sim.script(Scenario(headers={"x-more": "1", "anthropic-fast-input-tokens-reset": ""}))
    headers = client.messages.with_raw_response.create(**ask, speed="fast").headers
    assert headers["x-more"] == "1"
    assert "anthropic-fast-input-tokens-reset" not in headers
    assert "anthropic-fast-input-tokens-limit" in headers
