"""What a system's fastmode.toml does to the magics: locks, limits, and what is said of them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from support import end
from traitlets.config import Config

from fastmode_magic.claude.errors import BadInput
from fastmode_magic.magics import loading
from fastmode_magic.simulator import Simulator

Made = Callable[..., InteractiveShell]
LOCKS = '[locked]\nallowed_models = ["sonnet", "opus"]\nfast_allowed = false\nmost_tokens = 500\n'


@pytest.fixture
def locked(simulator: Simulator, tmp_path: Path) -> Iterator[Made]:
    """Makes a shell on a system whose fastmode.toml has `text`, with the user's configuration `said`."""
    shells: list[InteractiveShell] = []

    def make(text: str = LOCKS, **said: object) -> InteractiveShell:
        (tmp_path / "fastmode.toml").write_text(text, "utf-8")
        shell = InteractiveShell(config=Config({"FastMode": said}))
        shell.history_manager.enabled = False
        loading.load(shell, [tmp_path])
        shells.append(shell)
        return shell

    yield make
    for shell in shells:
        loading.unload(shell)
        end(shell)


@pytest.mark.parametrize("cell", ["%claude -m fable 2+2?", "%%claude -m haiku\n2+2?"])
def test_a_model_that_is_not_allowed(
    cell: str, locked: Made, simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = locked().run_cell(cell)
    assert isinstance(result.error_in_exec, BadInput)
    shown = capsys.readouterr().out
    assert f"locked by {tmp_path / 'fastmode.toml'}" in shown
    assert "sonnet, opus" in shown
    assert simulator.requests == []


def test_plain_python_is_bound_too(locked: Made, simulator: Simulator) -> None:
    result = locked().run_cell("import fastmode_magic\nfastmode_magic.ask('2+2?', model='fable')")
    assert isinstance(result.error_in_exec, BadInput)
    assert simulator.requests == []


def test_fast_is_answered_at_standard_speed_and_that_is_said_once(
    locked: Made, simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = locked()
    shell.run_cell("%%claude reply --fast\n2+2?")
    assert "speed" not in simulator.requests[-1].body
    assert len(shell.user_ns["reply"].notices) == 1
    shown = capsys.readouterr().out
    assert shown.count("fast is not allowed") == 1
    assert str(tmp_path) in shown


def test_on_stays_off_and_says_by_whom(
    locked: Made, simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = locked()
    for command in ("%fastmode on", "%fastmode"):
        shell.run_cell(command)
        shown = capsys.readouterr().out
        assert "off: fast is not allowed here" in shown
        assert str(tmp_path) in shown
    shell.run_cell("%%claude reply\n2+2?")
    assert "speed" not in simulator.requests[-1].body
    assert shell.user_ns["reply"].notices == ()


def test_more_tokens_than_the_limit(locked: Made, simulator: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    shell = locked(max_tokens=4_000)
    for flag in ("--max-tokens 501", "--max-tokens max"):
        assert isinstance(shell.run_cell(f"%claude {flag} 2+2?").error_in_exec, BadInput)
        assert "more than the 500" in capsys.readouterr().out
    assert shell.run_cell("%claude 2+2?").success
    assert simulator.requests[-1].body["max_tokens"] == 500


def test_models_marks_what_is_not_allowed(locked: Made, capsys: pytest.CaptureFixture[str]) -> None:
    locked().run_cell("%fastmode models")
    shown = capsys.readouterr().out
    assert "claude-fable-5-2 (not allowed)" in shown
    assert "claude-sonnet-5-5 (not allowed)" not in shown
    assert "Only sonnet, opus may be asked here" in shown
    assert "Fast is not allowed here" in shown


def test_a_lock_is_kept_from_config_and_told(locked: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shell = locked(fast_allowed=True)
    assert "what IPython's configuration says is not used" in capsys.readouterr().err
    shell.run_cell("%config FastMode.fast_allowed = True")
    told = capsys.readouterr().err
    assert told.startswith("fastmode-magic: FastMode.fast_allowed stays False: it is locked by")
    assert len(told.splitlines()) == 1
    shell.run_cell("%config FastMode.effort = 'low'")
    shell.run_cell("%fastmode settings")
    shown = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert shown["fast_allowed"].split()[:4] == ["fast_allowed", "False", "locked", "by"]
    assert str(tmp_path) in shown["fast_allowed"]
    assert "%config in this session" in shown["effort"]
    assert "advice" in shown["A"]


def test_what_config_cannot_set_is_a_sentence(locked: Made, capsys: pytest.CaptureFixture[str]) -> None:
    shell = locked("")
    shell.run_cell("%config FastMode.history_tokens = 100")
    told = capsys.readouterr().err
    assert told.startswith("fastmode-magic: FastMode.history_tokens cannot be 100, so it stays 200000.")
    shell.run_cell("%config FastMode.model = 'fable'")
    assert capsys.readouterr().err == ""


def test_a_broken_file_does_not_stop_loading(
    locked: Made, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = locked("[locked")
    assert "is not TOML" in capsys.readouterr().err
    assert shell.run_cell("%claude 2+2?").success
