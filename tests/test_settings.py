"""Settings: defaults, the environment, and one sentence for a value that cannot be."""

import os

import pytest
from traitlets import TraitError

from fastmode_magic import settings
from fastmode_magic.settings import FastMode, Values, environment_fingerprint


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("FASTMODE_", "DEMO_", "ANTHROPIC_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


def test_defaults():
    assert FastMode().values() == Values("claude-opus-5-5", 16_000, "", "off", "auto", 60.0, "auto")


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("FASTMODE_MODEL", "fable", Values(model="fable")),
        ("FASTMODE_MAX_TOKENS", "4000", Values(max_tokens=4_000)),
        ("FASTMODE_EFFORT", "xhigh", Values(effort="xhigh")),
        ("FASTMODE_THINKING", "summary", Values(thinking="summary")),
        ("FASTMODE_FALLBACK", "never", Values(fallback="never")),
        ("FASTMODE_STALL_TIMEOUT_S", "2.5", Values(stall_timeout_s=2.5)),
        ("FASTMODE_DISPLAY", "terminal", Values(display="terminal")),
        ("FASTMODE_MODEL", "", Values()),
    ],
)
def test_the_environment(monkeypatch, variable, text, value):
    monkeypatch.setenv(variable, text)
    assert FastMode().values() == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("FASTMODE_MAX_TOKENS", "many"),
        ("FASTMODE_MAX_TOKENS", "0"),
        ("FASTMODE_MAX_TOKENS", "128001"),
        ("FASTMODE_EFFORT", "huge"),
        ("FASTMODE_THINKING", "on"),
        ("FASTMODE_FALLBACK", "sometimes"),
        ("FASTMODE_STALL_TIMEOUT_S", "soon"),
        ("FASTMODE_STALL_TIMEOUT_S", "0"),
        ("FASTMODE_STALL_TIMEOUT_S", "-1"),
        ("FASTMODE_STALL_TIMEOUT_S", "nan"),
        ("FASTMODE_DISPLAY", "loud"),
    ],
)
def test_a_value_that_it_cannot_be(monkeypatch, variable, text):
    monkeypatch.setenv(variable, text)
    found = FastMode()
    assert found.values() == Values()
    (problem,) = found.problems
    assert variable in problem
    assert repr(text) in problem


def test_choices_are_named(monkeypatch):
    monkeypatch.setenv("FASTMODE_FALLBACK", "sometimes")
    assert "auto, standard, wait, never" in FastMode().problems[0]


def test_values_are_of_their_moment():
    found = FastMode()
    before = found.values()
    found.model = "fable"
    assert (before.model, found.values().model) == ("claude-opus-5-5", "fable")
    with pytest.raises(TraitError):
        found.max_tokens = 0


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "NO_PROXY"])
def test_a_changed_proxy_is_noticed_and_not_told(monkeypatch, variable):
    before = environment_fingerprint()
    monkeypatch.setenv(variable, "http://me:secret@proxy:1")
    after = environment_fingerprint()
    assert before != after == environment_fingerprint()
    assert "secret" not in after


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("ANTHROPIC_API_KEY", "sk-ant-x", "has_credential", True),
        ("ANTHROPIC_AUTH_TOKEN", "x", "has_credential", True),
        ("ANTHROPIC_API_KEY", "", "has_credential", False),
        ("DEMO_REAL", "1", "real", True),
        ("DEMO_REAL", "0", "real", False),
        ("DEMO_LAB", "0", "lab", False),
        ("DEMO_LAB", "1", "lab", True),
    ],
)
def test_the_demo(monkeypatch, variable, text, field, value):
    assert (settings.demo().has_credential, settings.demo().real, settings.demo().lab) == (False, False, True)
    monkeypatch.setenv(variable, text)
    assert getattr(settings.demo(), field) is value


def test_the_demo_shows_no_secret(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")
    assert "secret" not in repr(settings.demo())
