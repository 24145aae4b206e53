"""IPython in a terminal, under a pty."""

import os
import re
import sys
from collections.abc import Iterator

import pexpect
import pytest

from fastmode_magic.simulator import Scenario, Simulator

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][AB0]|\x1b[=>]|\r")


@pytest.fixture
def terminal(simulator: Simulator) -> Iterator[pexpect.spawn]:
    environment = os.environ | {"TERM": "dumb", "PYTHONWARNINGS": "ignore"}
    arguments = ["-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=nocolor"]
    child = pexpect.spawn(
        sys.executable, arguments, env=environment, encoding="utf-8", timeout=60, dimensions=(50, 200)
    )
    child.expect_exact("In [1]: ")
    child.sendline("%load_ext fastmode_magic")
    child.expect_exact("In [2]: ")
    yield child
    child.close(force=True)


def shown(child: pexpect.spawn, command: str, number: int) -> str:
    """What a command shows before the prompt In [number]."""
    child.sendline(command)
    child.expect_exact(f"In [{number}]: ")
    return ANSI.sub("", child.before).partition(command)[2]


def test_a_line_streams_text_and_its_status_once(terminal: pexpect.spawn) -> None:
    text = shown(terminal, "%claude --fast what is 2+2?", 3)
    assert re.search(r"^4$", text, re.MULTILINE)
    assert text.count("tok/s") == 1
    assert "[fast · " in text
    assert "Out[" not in text
    assert "speed: 'fast'" not in text
    assert "'fast'" in shown(terminal, "_.speed", 4)


def test_a_cell_is_typed_line_by_line_until_a_blank_one(terminal: pexpect.spawn, simulator: Simulator) -> None:
    terminal.sendline("%%claude reply")
    terminal.expect_exact("...: ")
    terminal.sendline("don't {stop} at line one")
    terminal.expect_exact("...: ")
    terminal.sendline("2+2?")
    terminal.expect_exact("...: ")
    terminal.sendline("")  # IPython's simple prompt ends a cell magic at the second blank line
    terminal.expect_exact("...: ")
    terminal.sendline("")
    terminal.expect_exact("In [3]: ")
    assert simulator.requests[-1].body["messages"][0]["content"] == "don't {stop} at line one\n2+2?"
    assert "True" in shown(terminal, "reply.complete", 4)


def test_control_characters_do_not_reach_the_terminal(terminal: pexpect.spawn, simulator: Simulator) -> None:
    simulator.script(Scenario(text="before\x1b]0;title\x07\x1b[2Jafter \u202eevil\x9b31m\b\b"))
    terminal.sendline("%claude 2+2?")
    terminal.expect_exact("In [3]: ")
    answer = terminal.before.partition("2+2?")[2]
    for bad in ("\x1b]0;", "\x1b[2J", "\x07", "\u202e", "\x9b", "\b"):
        assert bad not in answer
    assert "after" in answer


def test_ctrl_c_keeps_the_text_and_the_shell(terminal: pexpect.spawn, simulator: Simulator) -> None:
    simulator.script(Scenario(tokens=4_000, rate=200))
    terminal.sendline("a = %claude Explain groupby.")
    terminal.expect_exact("Practice answer")
    terminal.sendintr()
    terminal.expect_exact("In [3]: ")
    text = ANSI.sub("", terminal.before)
    assert re.search(r"\[interrupted · standard · .* out · ~\$", text)
    assert "Interrupted: You stopped the answer." in text
    assert "(False, True)" in shown(terminal, "(_.complete, len(_.text) > 5)", 4)


def test_login_takes_a_key_without_showing_it(terminal: pexpect.spawn, simulator: Simulator) -> None:
    shown(terminal, "import os; _ = os.environ.pop('ANTHROPIC_API_KEY')", 3)
    assert "%fastmode login" in shown(terminal, "%claude 2+2?", 4)
    terminal.sendline("%fastmode login")
    terminal.expect_exact("stays in memory): ")
    terminal.sendline("sk-ant-typed-secret")
    terminal.expect_exact("In [5]: ")
    assert "sk-ant-typed-secret" not in terminal.before
    assert re.search(r"^4$", shown(terminal, "%claude 2+2?", 6), re.MULTILINE)


@pytest.fixture
def full_terminal(simulator: Simulator) -> Iterator[pexpect.spawn]:
    """IPython as a person has it, with completion."""
    environment = os.environ | {"TERM": "xterm", "PYTHONWARNINGS": "ignore", "PROMPT_TOOLKIT_NO_CPR": "1"}
    arguments = ["-m", "IPython", "--no-banner", "--no-confirm-exit", "--colors=nocolor"]
    child = pexpect.spawn(
        sys.executable, arguments, env=environment, encoding="utf-8", timeout=30, dimensions=(50, 200)
    )
    child.expect_exact("In [1]:")
    child.send("%load_ext fastmode_magic\r")
    child.expect_exact("In [2]:")
    yield child
    child.close(force=True)


def test_tab_completes_flags_and_variables(full_terminal: pexpect.spawn, simulator: Simulator) -> None:
    full_terminal.send("customer_names = 'Ann'\r")
    full_terminal.expect_exact("In [3]:")
    full_terminal.send("%claude --max-tok\t")
    full_terminal.expect_exact("ens")
    full_terminal.send(" 9000 Who is {customer_n\t")
    full_terminal.expect_exact("ames")
    full_terminal.send("}?\r")
    full_terminal.expect_exact("In [4]:")
    body = simulator.requests[-1].body
    assert (body["max_tokens"], body["messages"][0]["content"]) == (9000, "Who is Ann?")
