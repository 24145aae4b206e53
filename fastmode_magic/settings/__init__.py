"""Every setting, once: its default, its environment variable, its help. The only room that reads the environment."""

import getpass
import hashlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

from traitlets import Bool, Enum, Float, Integer, Unicode, observe, validate
from traitlets.config.loader import DeferredConfigString

from ..claude import catalog
from ..claude.catalog import DEFAULT_MODEL, MAX_OUTPUT_TOKENS
from ..prompt.ask import EFFORTS, Fallback, Thinking
from . import system
from .kinds import Address, Database, Dollars, Models, in_words
from .layered import SESSION, Layered
from .system import Given

History = Literal["metadata", "full"]
PREFIX = "FASTMODE_"
_ADMIN_KEYS = ("ANTHROPIC_ADMIN_KEY", "ANTHROPIC_ADMIN_API_KEY")  # Anthropic's pages have both names
# What makes the SDK's HTTP client another one: where it goes, through what, and which certificates it trusts.
_TRANSPORT = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class Values:
    """The settings as one cell uses them. Seconds end in `_s`."""

    model: str = DEFAULT_MODEL
    max_tokens: int = 16_000
    effort: str = ""
    thinking: Thinking = "off"
    fallback: Fallback = "auto"
    stall_timeout_s: float = 60.0
    display: str = "auto"
    object_tokens: int = 4_000
    history_tokens: int = 200_000
    prompts_folder: str = "prompts"
    threads_folder: str = "threads"
    ledger: str = field(default=Address(""), repr=False)
    history: History = "metadata"
    budget: Decimal | None = None
    budget_per_day: Decimal | None = None
    budget_per_notebook: Decimal | None = None
    price_updates: bool = False
    allowed_models: tuple[str, ...] = ()
    fast_allowed: bool = True
    most_tokens: int = MAX_OUTPUT_TOKENS

    def allows(self, model: str) -> bool:
        """Whether a model, by alias or id, may be asked."""
        allowed = {catalog.find(name).id for name in self.allowed_models}
        return not allowed or catalog.find(model).id in allowed


NAMES = tuple(Values.__dataclass_fields__)
_DEFAULTS = Values()


class FastMode(Layered):
    """Settings of fastmode-magic: `%fastmode settings` shows them, `%config FastMode.model = "fable"` sets one.

    Each can also be given by an environment variable, which wins over configuration files: FASTMODE_ and its name
    in capitals. What the system's `fastmode.toml` locks wins over all.
    """

    model = Unicode(_DEFAULTS.model, help="Model that answers, by alias or id.").tag(config=True)
    max_tokens = Integer(
        _DEFAULTS.max_tokens, min=1, max=MAX_OUTPUT_TOKENS, help="Most output tokens of an answer, thinking included."
    ).tag(config=True)
    effort = Enum(("", *EFFORTS), "", help="Effort of the model; empty leaves it to the service.").tag(config=True)
    thinking = Enum(get_args(Thinking), "off", help="Whether a summary of the thinking is shown.").tag(config=True)
    fallback = Enum(get_args(Fallback), "auto", help="What to do when fast is refused.").tag(config=True)
    stall_timeout_s = Float(
        _DEFAULTS.stall_timeout_s, min=0.1, help="Seconds without a byte after which a stream counts as broken."
    ).tag(config=True)
    display = Enum(("auto", "widget", "markdown", "terminal"), "auto", help="How answers are shown.").tag(config=True)

    object_tokens = Integer(
        _DEFAULTS.object_tokens, min=100, help="Most tokens of an object in a prompt; larger ones are cut, and say so."
    ).tag(config=True)
    history_tokens = Integer(
        _DEFAULTS.history_tokens, min=1_000, help="Most tokens of a thread that are sent; older turns are left out."
    ).tag(config=True)
    prompts_folder = Unicode(_DEFAULTS.prompts_folder, help="Folder of saved prompts, made by the first --save.").tag(
        config=True
    )
    threads_folder = Unicode(
        _DEFAULTS.threads_folder, help="Folder of saved threads, made by the first `%fastmode threads save`."
    ).tag(config=True)

    ledger = Database(
        help="Database of the ledger, as a SQLAlchemy URL; empty is SQLite in your data folder, off keeps it in memory."
    ).tag(config=True)
    history = Enum(
        get_args(History), "metadata", help="What the ledger keeps: numbers, or the texts of prompts and answers, too."
    ).tag(config=True)
    budget = Dollars(help="Most dollars of this session, such as 5 or 2.50; empty is no limit.").tag(config=True)
    budget_per_day = Dollars(help="Most dollars of a day, such as 5 or 2.50; empty is no limit.").tag(config=True)
    budget_per_notebook = Dollars(help="Most dollars of a notebook, such as 5 or 2.50; empty is no limit.").tag(
        config=True
    )
    price_updates = Bool(_DEFAULTS.price_updates, help="Whether newer price lists are fetched.").tag(config=True)

    allowed_models = Models(help="Models that may be asked, such as sonnet, haiku; empty is all.").tag(config=True)
    fast_allowed = Bool(_DEFAULTS.fast_allowed, help="Whether fast may be asked for.").tag(config=True)
    most_tokens = Integer(
        _DEFAULTS.most_tokens, min=1, max=MAX_OUTPUT_TOKENS, help="Most output tokens that a cell may ask for."
    ).tag(config=True)

    def __init__(self, folders: Sequence[Path] | None = None, **kwargs: Any) -> None:
        """`folders` has the system's `fastmode.toml`, the widest first; None is where Jupyter looks."""
        self.folders = system_folders() if folders is None else tuple(folders)
        super().__init__(system.read(self.folders), _environment(), **kwargs)

    @validate(*NAMES)
    def _unlocked(self, proposal: Any) -> Any:
        return self.unlocked(proposal["trait"].name, proposal["value"])

    @observe(*NAMES)
    def _changed(self, change: Any) -> None:
        self.origins[change["name"]] = SESSION

    def values(self) -> Values:
        """The settings as plain values, as of now; a model that nobody chose is one that is allowed."""
        values = Values(**{name: getattr(self, name) for name in NAMES})
        if "model" in self.origins or values.allows(values.model):
            return values
        return replace(values, model=values.allowed_models[0])

    def origin(self, name: str) -> str:
        """Who gave a setting its value."""
        if name == "model" and self.values().model != self.model:
            return f"first of allowed_models, {self.origins['allowed_models']}"
        return super().origin(name)


def _environment() -> list[Given]:
    """What the environment gives; an empty variable gives nothing."""
    variables = {name: PREFIX + name.upper() for name in NAMES}
    return [
        Given(name, DeferredConfigString(text), f"environment variable {variable}", variable)
        for name, variable in variables.items()
        if (text := os.environ.get(variable))
    ]


def system_folders() -> tuple[Path, ...]:
    """Jupyter's configuration folders of this system, the widest first, then that of this Python's environment.

    They are written out, because importing jupyter_core takes a third of the time that loading may take. Folders
    that a user names (JUPYTER_CONFIG_PATH, JUPYTER_CONFIG_DIR) are left out: a lock there would lock nothing.
    """
    posix = (Path("/etc/jupyter"), Path("/usr/local/etc/jupyter"))
    wide = posix if is_posix() else (Path(os.environ.get("PROGRAMDATA", "C:/ProgramData"), "jupyter"),)
    return tuple(dict.fromkeys((*wide, Path(sys.prefix, "etc", "jupyter"))))


def environment_fingerprint() -> str:
    """Changes when the environment of the HTTP client does; says nothing of what is in it."""
    names = [name for upper in _TRANSPORT for name in (upper, upper.lower())]
    return hashlib.sha256(repr([os.environ.get(name) for name in names]).encode()).hexdigest()


def credentials() -> tuple[str, ...]:
    """The secrets of the environment, so that no prompt carries one."""
    names = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", *_ADMIN_KEYS)
    return tuple(secret for name in names if (secret := os.environ.get(name)))


@dataclass(frozen=True, slots=True)
class Admin:
    """The key of an administrator, None without one, and the only address that it goes to."""

    key: str | None = field(repr=False)
    base_url: str


def admin() -> Admin:
    """The admin key of the environment. ANTHROPIC_BASE_URL does not move it: a gateway must not see such a key."""
    key = next((found.strip() for name in _ADMIN_KEYS if (found := os.environ.get(name))), None)
    return Admin(key or None, os.environ.get("ANTHROPIC_ADMIN_BASE_URL") or "https://api.anthropic.com")


def ledger_place(values: Values) -> tuple[str | None, str]:
    """The SQLAlchemy URL of the ledger (None: kept in memory), and what a sentence calls it."""
    if values.ledger == "off":
        return None, "off"
    if values.ledger:
        return str(values.ledger), in_words(values.ledger)
    from platformdirs import user_data_path

    path = user_data_path("fastmode-magic", appauthor=False) / "ledger.db"
    return f"sqlite:///{path}", str(path)


def notebook() -> str:
    """The path of the notebook as Jupyter says it; empty where nobody does."""
    name = os.environ.get("JPY_SESSION_NAME", "")
    return os.path.normpath(name) if name else ""


def user() -> str:
    """Who runs this: the hub's name for them, else the system's."""
    if name := os.environ.get("JUPYTERHUB_USER"):
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name, as in some containers
        return ""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the environment says to `fastmode demo`; `environment` is what its kernels inherit (never shown)."""

    has_credential: bool
    real: bool
    lab: bool
    environment: dict[str, str] = field(repr=False)


def demo() -> Demo:
    """The settings of the demo: DEMO_REAL=1 uses a credential without asking, DEMO_LAB=0 stops before JupyterLab."""
    credentials = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE", "ANTHROPIC_IDENTITY_TOKEN")
    return Demo(
        has_credential=any(os.environ.get(name) for name in credentials),
        real=os.environ.get("DEMO_REAL") == "1",
        lab=os.environ.get("DEMO_LAB") != "0",
        environment=dict(os.environ),
    )


def is_posix() -> bool:
    """Whether kernels can be reached by a socket of the file system, which nobody else can listen to."""
    return os.name == "posix"


def is_root() -> bool:
    """Whether this process may do everything, which Jupyter must be told."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
