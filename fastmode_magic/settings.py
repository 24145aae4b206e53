"""Every setting, once: its default, its environment variable, its help. The only room that reads the environment."""

import hashlib
import os
from dataclasses import dataclass, field
from typing import Any, get_args

from traitlets import Enum, Float, Integer, TraitError, Unicode
from traitlets.config import Configurable

from .claude.catalog import DEFAULT_MODEL, MAX_OUTPUT_TOKENS
from .prompt.ask import EFFORTS, Fallback, Thinking

PREFIX = "FASTMODE_"
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


_DEFAULTS = Values()


class FastMode(Configurable):
    """Settings of fastmode-magic: `%config FastMode` shows them, `%config FastMode.model = "fable"` sets one.

    Each can also be given by an environment variable, which wins over configuration files: FASTMODE_ and its name
    in capitals.
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

    def __init__(self, **kwargs: Any) -> None:
        """Take what the environment says; a value that cannot be is left out, and told in `problems`."""
        super().__init__(**kwargs)
        self.problems: list[str] = []
        for name in Values.__dataclass_fields__:
            variable = PREFIX + name.upper()
            if text := os.environ.get(variable):
                self._take(name, variable, text)

    def _take(self, name: str, variable: str, text: str) -> None:
        try:
            value = self.traits()[name].from_string(text)
            self.set_trait(name, "" if value != value else value)  # noqa: PLR0124  # nan is within any bounds
        except (TraitError, ValueError):
            self.problems.append(
                f"{variable} cannot be {text!r}, so {getattr(self, name)!r} is used. {self.trait_help(name)}"
            )

    def trait_help(self, name: str) -> str:
        """What a setting is and may be."""
        trait = self.traits()[name]
        if not isinstance(trait, Enum):
            return str(trait.help)
        return f"{trait.help} One of {', '.join(value or 'nothing' for value in trait.values or ())}."

    def values(self) -> Values:
        """The settings as plain values, as of now."""
        return Values(**{name: getattr(self, name) for name in Values.__dataclass_fields__})


def environment_fingerprint() -> str:
    """Changes when the environment of the HTTP client does; says nothing of what is in it."""
    names = [name for upper in _TRANSPORT for name in (upper, upper.lower())]
    return hashlib.sha256(repr([os.environ.get(name) for name in names]).encode()).hexdigest()


def credentials() -> tuple[str, ...]:
    """The secrets of the environment, so that no prompt carries one."""
    return tuple(secret for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN") if (secret := os.environ.get(name)))


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
