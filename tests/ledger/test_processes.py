"""Many kernels and one ledger: nothing is lost when they write at once or are killed, and no dollar is spent twice."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fastmode_magic.ledger.records import SILENCE, Record, now
from fastmode_magic.ledger.store import Store
from fastmode_magic.simulator import Scenario, Simulator

HERE = Path(__file__).parent
LEAST, MOST = Decimal("0.10216"), Decimal("0.19")  # what a run of the race needs, for few tokens and for all


def play(scene: str, *arguments: str) -> Any:
    """What a scene of crowd.py says."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), str(HERE)])}
    command = [sys.executable, "-W", "error", str(HERE / "crowd.py"), scene, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def records(url: str) -> list[Record]:
    store = Store(url)
    with store.reading() as transaction:
        found = transaction.records({})
    store.close()
    return found


def test_twenty_kernels_write_at_once_and_lose_nothing(url: str) -> None:
    heard = play("writing", url, "20", "10")
    found = {one.id: one for one in records(url)}
    assert {one for ids, _ in heard for one in ids} == set(found)
    assert len(found) == 200
    assert {trouble for _, trouble in heard} == {None}
    for ids, _ in heard:
        for number, one in enumerate(ids):
            assert found[one].state == "finished"
            assert [charge.usage.output_tokens for charge in found[one].charges] == [number]


def test_eight_kernels_race_for_the_last_dollar(url: str) -> None:
    said = play("spending", url, "8")
    assert {trouble for _, trouble in said["kernels"]} == {None}
    assert said["looks"] > 8
    assert Decimal(said["most"]) <= 1
    runs = records(url)
    assert {one.state for one in runs} == {"finished"}
    # what was given back was spent by others, until too little was left for anybody
    assert 1 - LEAST < sum(one.counted for one in runs) <= 1
    assert sum(count for count, _ in said["kernels"]) == len(runs) > 1 / MOST


def test_what_a_killed_kernel_had_written_is_there(lite: str, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    noted = play("killed", lite, str(logs), "10")
    found = {one.id: one for one in records(lite)}
    assert set(noted) <= set(found)
    assert len(noted) > 20
    assert all(len(one.charges) == (2 if one.state == "finished" else 0) for one in found.values())
    with closing(sqlite3.connect(lite.removeprefix("sqlite:///"))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.timeout(300)  # twenty seconds on two idle cores
def test_two_hundred_kernels_are_killed_at_random_moments_and_each_request_has_its_row(
    lite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator(first_byte_s=0.1, scenario=Scenario(tokens=80, rate=100)) as service:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", service.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test-0123456789")
        alive = play("asking", lite, "200", "12")
        sent = [request.body["messages"][-1]["content"] for request in service.requests]
    found = records(lite)
    killed = [one for one in found if one.state_at(now() + 2 * SILENCE) == "killed"]
    assert set(sent) <= {one.prompt for one in found}
    assert len({one.prompt for one in found}) == len(found) >= len(sent) > 40
    assert alive > len(killed) > 20  # some in the middle of an answer, others before they had asked
    assert all(one.ended is None for one in killed)
