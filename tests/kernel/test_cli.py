"""The `fastmode` command as a person starts it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pexpect
import pytest

from fastmode_magic.simulator import Simulator

COMMAND = [sys.executable, "-m", "fastmode_magic.cli"]


def fastmode(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=110,
    )


def test_demo_runs_one_real_cell_on_the_simulator_and_says_so() -> None:
    done = fastmode("demo", DEMO_LAB="0")
    assert done.returncode == 0, done.stderr
    assert "SIMULATED" in done.stdout
    assert "%%claude --fast" in done.stdout
    assert "Practice answer" in done.stdout
    assert re.search(r"^\[fast · \d+ tok/s · .*\$0\.0\d+ list price", done.stdout, re.MULTILINE)


def test_demo_with_a_credential_and_no_terminal_stays_on_the_simulator(simulator: Simulator) -> None:
    done = fastmode("demo", DEMO_LAB="0")
    assert "staying on the simulator" in done.stdout
    assert simulator.requests == []


def test_demo_real_uses_the_credential(simulator: Simulator) -> None:
    done = fastmode("demo", DEMO_LAB="0", DEMO_REAL="1")
    assert "SIMULATED" not in done.stdout
    assert [request.body["speed"] for request in simulator.requests] == ["fast"]


def test_serve_follows_a_script_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps(["overloaded", {"text": "hello"}]))
    command = [*COMMAND, "serve", "--port", "0", "--first-byte", "0", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())[0]
        assert "simulator" in urllib.request.urlopen(url).read().decode().lower()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("arguments", [["--scenario", "nonsense"], ["--script", "missing.json"]])
def test_serve_says_what_is_wrong_in_a_sentence(arguments: list[str]) -> None:
    done = fastmode("serve", "--port", "0", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_doctor(simulator: Simulator) -> None:
    done = fastmode("doctor")
    assert "works: the service counted" in done.stdout
    assert "an API key" in done.stdout


def test_doctor_without_a_credential() -> None:
    assert "ANTHROPIC_API_KEY is not set" in fastmode("doctor").stdout


@pytest.mark.parametrize("cell", ["answer = fastmode_magic.ask('2+2?', fast=True)"])
def test_plain_python(cell: str, simulator: Simulator) -> None:
    code = f"import fastmode_magic\n{cell}\nprint(answer.speed, answer)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "fast 4"


@pytest.mark.parametrize(("reply", "requests"), [("y", 1), ("n", 0), ("", 0)])
def test_demo_with_a_credential_asks_and_names_the_worst_price(reply: str, requests: int, simulator: Simulator) -> None:
    environment = os.environ | {"DEMO_LAB": "0"}
    child = pexpect.spawn(COMMAND[0], [*COMMAND[1:], "demo"], env=environment, encoding="utf-8", timeout=90)
    child.expect_exact("[y/N] ")
    assert "$0.16" in child.before  # 4,000 tokens at $40 per MTok
    child.sendline(reply)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert len(simulator.requests) == requests
    assert ("SIMULATED" in child.before) is (requests == 0)
