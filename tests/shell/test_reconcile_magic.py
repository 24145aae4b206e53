"""`%fastmode reconcile` as it is typed: in a terminal, with and without an admin key."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from fastmode_magic.simulator import Simulator

KEY = "sk-ant-admin01-test-0123456789"


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch, simulator: Simulator) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_ADMIN_BASE_URL", simulator.url)


def typed(shell: InteractiveShell, line: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    shell.run_cell(line, store_history=True)
    out, err = capsys.readouterr()
    return out + err


@pytest.mark.usefixtures("admin")
def test_a_day_that_nobody_used(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    said = typed(shell, "%fastmode reconcile month", capsys)
    assert "Nothing " in said
    assert "compared" in said
    assert "**" not in said
    assert "agree" not in said


def test_without_a_key(shell: InteractiveShell, simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    said = typed(shell, "%fastmode reconcile", capsys)
    assert "There is no admin key: ANTHROPIC_ADMIN_KEY is not set." in said
    assert "Traceback" not in said
    assert not [request for request in simulator.requests if "organizations" in request.path]


@pytest.mark.usefixtures("admin")
def test_no_traceback_has_the_key(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ANTHROPIC_ADMIN_BASE_URL", "http://127.0.0.1:9")
    shell.run_cell("%xmode Verbose")
    said = typed(shell, "%fastmode reconcile month", capsys)
    assert KEY not in said
    assert "no connection" in said or "just begun" in said
