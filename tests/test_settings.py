"""Settings: who gives a value, who wins, and one sentence for a value that cannot be."""

import os
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from traitlets import TraitError
from traitlets.config import Config
from traitlets.config.loader import DeferredConfigString

from fastmode_magic import settings
from fastmode_magic.reports.settings import report
from fastmode_magic.settings import NAMES, FastMode, Values, environment_fingerprint, system_folders


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
        ("FASTMODE_LEDGER", "sqlite:///C:/My Files/x.db", Values(ledger="sqlite:///C:/My Files/x.db")),
        ("FASTMODE_LEDGER", "off", Values(ledger="off")),
        ("FASTMODE_HISTORY", "full", Values(history="full")),
        ("FASTMODE_BUDGET", "0", Values(budget=Decimal(0))),
        ("FASTMODE_BUDGET_PER_DAY", "5.10", Values(budget_per_day=Decimal("5.10"))),
        ("FASTMODE_BUDGET_PER_NOTEBOOK", "$.5", Values(budget_per_notebook=Decimal("0.5"))),
        ("FASTMODE_PRICE_UPDATES", "true", Values(price_updates=True)),
        ("FASTMODE_ALLOWED_MODELS", "sonnet, haiku,sonnet", Values("sonnet", allowed_models=("sonnet", "haiku"))),
        ("FASTMODE_FAST_ALLOWED", "0", Values(fast_allowed=False)),
        ("FASTMODE_MOST_TOKENS", "8000", Values(most_tokens=8_000)),
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
        ("FASTMODE_HISTORY", "all"),
        *[("FASTMODE_BUDGET", text) for text in ("-1", "nan", "inf", "1e3", "5,00", "12345678", "0.0000001", ".", "٣")],
        ("FASTMODE_PRICE_UPDATES", "perhaps"),
        ("FASTMODE_ALLOWED_MODELS", "sonnet, sonett"),
        ("FASTMODE_MOST_TOKENS", "0"),
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


@pytest.mark.parametrize(
    ("typed", "amount"),
    [(5, "5"), (5.1, "5.1"), ("5.10", "5.10"), (Decimal("0.07"), "0.07"), (0, "0"), (None, None), ("", None)],
)
def test_money_is_exact(typed, amount):
    found = FastMode([])
    found.budget_per_day = typed
    assert found.values().budget_per_day == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize("typed", [-1, float("nan"), 1e9, True, [5], "five", Decimal("NaN")])
def test_money_that_cannot_be(typed):
    with pytest.raises(TraitError):
        FastMode([]).budget = typed


@pytest.fixture
def folders(tmp_path):
    """The system's folders, the widest first; what stands in them is written by the test."""
    made = [tmp_path / name for name in ("etc", "local", "environment")]
    for folder in made:
        folder.mkdir()
    return made


def write(folder: Path, text: str) -> Path:
    path = folder / "fastmode.toml"
    path.write_text(text, "utf-8")
    return path


def configured(**said):
    return Config({"FastMode": said})


class TestWhoWins:
    """default < system default < configuration file < environment < %config < lock, each with its name."""

    def test_each_layer_covers_the_one_below(self, folders, monkeypatch):
        path = write(folders[0], '[defaults]\nmodel = "sonnet"')
        assert FastMode([]).origin("model") == "default"
        assert (FastMode(folders).model, FastMode(folders).origin("model")) == ("sonnet", f"system default {path}")
        found = FastMode(folders, config=configured(model="haiku"))
        assert (found.model, found.origin("model")) == ("haiku", "IPython's configuration")
        monkeypatch.setenv("FASTMODE_MODEL", "fable")
        found = FastMode(folders, config=configured(model="haiku"))
        assert (found.model, found.origin("model")) == ("fable", "environment variable FASTMODE_MODEL")
        found.update_config(configured(model="opus"))
        assert (found.model, found.origin("model")) == ("opus", "%config in this session")
        assert found.problems == []

    def test_a_lock_wins_over_all_and_says_over_whom(self, folders, monkeypatch):
        path = write(folders[0], '[locked]\nmodel = "sonnet"\neffort = "low"\nmax_tokens = 500')
        monkeypatch.setenv("FASTMODE_MODEL", "fable")
        found = FastMode(folders, config=configured(effort="max", max_tokens=500))
        assert (found.model, found.effort, found.max_tokens) == ("sonnet", "low", 500)
        assert found.origin("model") == f"locked by {path}"
        assert found.problems == [
            f"model is locked by {path}, so what environment variable FASTMODE_MODEL says is not used.",
            f"effort is locked by {path}, so what IPython's configuration says is not used.",
        ]

    @pytest.mark.parametrize(
        "change", [lambda f: f.update_config(configured(model="fable")), lambda f: setattr(f, "model", "x")]
    )
    def test_a_lock_cannot_be_set(self, folders, change):
        path = write(folders[0], '[locked]\nmodel = "sonnet"')
        found = FastMode(folders)
        with pytest.raises(TraitError, match=f"stays sonnet: it is locked by {path}"):
            change(found)
        assert (found.model, found.origin("model")) == ("sonnet", f"locked by {path}")
        found.update_config(configured(effort="low"))
        assert found.effort == "low"

    def test_of_locks_the_widest_wins_and_of_defaults_the_narrowest(self, folders):
        for folder, effort in zip(folders, ("low", "medium", "high"), strict=True):
            write(folder, f'[defaults]\neffort = "{effort}"\n[locked]\nbudget = {len(effort)}')
        found = FastMode(folders)
        assert (found.effort, found.budget) == ("high", 3)

    def test_a_value_is_set_for_good(self, monkeypatch):
        """What `%config` sets touches nothing else: not even what the environment says of it."""
        monkeypatch.setenv("FASTMODE_EFFORT", "high")
        found = FastMode([], config=configured(effort="low"))
        found.update_config(configured(model="fable"))
        assert (found.effort, found.origin("effort")) == ("high", "environment variable FASTMODE_EFFORT")

    def test_setting_the_default_again_is_setting(self):
        found = FastMode([])
        found.update_config(configured(model=found.model))
        assert found.origin("model") == "%config in this session"

    def test_a_model_that_nobody_chose_is_an_allowed_one(self, folders):
        path = write(folders[0], '[locked]\nallowed_models = "sonnet, haiku"')
        found = FastMode(folders)
        assert found.values().model == "sonnet"
        assert found.origin("model") == f"first of allowed_models, locked by {path}"
        found.update_config(configured(model="fable"))
        assert found.values().model == "fable"
        write(folders[0], '[locked]\nallowed_models = ["sonnet", "opus"]')
        assert FastMode(folders).values().model == "claude-opus-5-5"

    def test_configuration_may_append_and_command_lines_are_text(self):
        config = Config()
        config.FastMode.allowed_models.append("haiku")
        config.FastMode.max_tokens = DeferredConfigString("500")
        found = FastMode([], config=config)
        assert (found.allowed_models, found.max_tokens, found.problems) == (("haiku",), 500, [])


class TestWhatCannotBe:
    """One sentence that names the place; the rest is kept."""

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("[locked", "is not TOML"),
            ("\udcff", "is not TOML"),
            ('model = "fable"\n[locked]\neffort = "low"', "model is left out"),
            ('locked = 5\n[defaults]\neffort = "low"', "locked is left out"),
            ('[locked]\nmodle = "fable"\neffort = "low"', "the nearest is model"),
            ('[locked]\nmodel = 5\neffort = "low"', "cannot be 5, so it stays claude-opus-5-5"),
            ('[locked]\nbudget = -5\neffort = "low"', "cannot be -5, so it stays empty"),
            ('[defaults]\nstall_timeout_s = nan\neffort = "low"', "cannot be nan"),
            ('[defaults]\nmax_tokens = true\neffort = "low"', "cannot be True"),
            ('[defaults]\nfast_allowed = "no"\neffort = "low"', "True or False"),
            ('[locked]\nallowed_models = ["sonett"]\neffort = "low"', "cannot be ['sonett']"),
        ],
    )
    def test_in_a_file_of_the_system(self, folders, text, words):
        path = folders[0] / "fastmode.toml"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        found = FastMode(folders)
        (problem,) = found.problems
        assert words in problem
        assert str(path) in problem
        assert found.values() == (Values(effort="low") if "low" in text else Values())

    def test_a_file_that_cannot_be_read(self, folders):
        (folders[0] / "fastmode.toml").mkdir()
        write(folders[1], "[defaults]\nmax_tokens = 7")
        found = FastMode(folders)
        assert found.max_tokens == 7
        assert "cannot be read" in found.problems[0]

    def test_a_folder_that_is_a_file(self, folders):
        folders[0].rmdir()
        folders[0].write_text("")
        assert FastMode(folders).problems == []

    def test_in_configuration(self):
        found = FastMode([], config=configured(max_tokens=0, modle="x", effort="low"))
        assert found.values() == Values(effort="low")
        assert "FastMode.max_tokens in IPython's configuration cannot be 0" in found.problems[0]
        assert "the nearest is model" in found.problems[1]

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"history_tokens": 100}, "cannot be 100, so it stays 200000. Most tokens of a thread that are sent"),
            ({"max_tokens": True}, "From 1 to 128,000."),
            ({"effort": "huge"}, "One of nothing, low"),
            ({"budget": -1}, "cannot be -1, so it stays empty"),
            ({"modle": "x"}, "the nearest is model"),
            ({"parent": None}, "is not a setting"),
        ],
    )
    def test_in_the_session(self, said, words):
        found, told = FastMode([]), []
        found.on_problem = told.append
        found.update_config(configured(**said))
        (sentence,) = told
        assert words in sentence
        assert f"FastMode.{next(iter(said))}" in sentence
        assert found.values() == Values()
        found.on_problem = None
        with pytest.raises(TraitError):
            found.update_config(configured(**said))


class TestSecrets:
    """The ledger's password is not shown, wherever an address is."""

    @pytest.mark.parametrize(
        ("address", "shown"),
        [
            ("postgresql+psycopg://me:hunter2@db/x", "postgresql+psycopg://me:…@db/x"),
            ("mysql://me:hunter2/@1@db/x", "mysql://me:…@db/x"),
            ("postgresql://:hunter2@db", "postgresql://:…@db"),
            ("postgresql://db/x?user=me&password=hunter2&x=1", "postgresql://db/x?user=me&password=…&x=1"),
            ("sqlite:////data/x.db", "sqlite:////data/x.db"),
        ],
    )
    def test_an_address(self, monkeypatch, address, shown):
        monkeypatch.setenv("FASTMODE_LEDGER", address)
        found = FastMode([])
        assert found.values().ledger == address
        assert shown in report(found)
        assert "hunter2" not in report(found) + repr(found.values()) + repr(found.ledger) + found.class_get_help(found)

    @pytest.mark.parametrize("text", ["me:hunter2@db", "postgres:hunter2", "hunter2", "a\n://hunter2"])
    def test_what_is_no_address(self, monkeypatch, text):
        monkeypatch.setenv("FASTMODE_LEDGER", text)
        (problem,) = FastMode([]).problems
        assert "FASTMODE_LEDGER" in problem
        assert "hunter2" not in problem


class TestReport:
    """`%fastmode settings`."""

    def test_it_has_each_setting_with_value_and_source(self, folders, monkeypatch):
        path = write(folders[1], '[locked]\nbudget_per_day = 5.10\nhistory = "none"')
        monkeypatch.setenv("FASTMODE_MODEL", "fable")
        rows = [line.split(" | ") for line in report(FastMode(folders)).splitlines() if line.startswith("| `")]
        cells = {row[0].strip("|` "): (row[1].strip("`"), unescape(row[2])) for row in rows}
        assert tuple(cells) == NAMES
        assert cells["model"] == ("fable", "environment variable FASTMODE_MODEL")
        assert cells["budget_per_day"] == ("$5.10", f"locked by {path}")
        assert cells["budget"] == ("empty", "default")

    def test_it_is_honest(self, folders):
        write(folders[1], '[locked]\nhistory = "none"')
        text = unescape(report(FastMode(folders)))
        assert "history in" in text
        assert "cannot be 'none'" in text
        assert "A lock inside a kernel is advice" in text
        assert all(str(folder) in text for folder in folders)


def test_no_folder_that_a_user_names(monkeypatch, tmp_path):
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTER_CONFIG_DIR", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    assert system_folders()[:2] == (Path("/etc/jupyter"), Path("/usr/local/etc/jupyter"))
    assert not any(folder.is_relative_to(tmp_path) for folder in system_folders())
