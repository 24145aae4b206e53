"""Which models there are, and the life of their fast mode (catalog.toml)."""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from .errors import BadInput

BETA_HEADER = "fast-mode-2026-02-01"
DEFAULT_MODEL = "claude-opus-5-5"
MAX_OUTPUT_TOKENS = 128_000
LONG_PROMPT_TOKENS = 200_000  # a longer prompt had a price of its own
FAMILIES = ("opus", "fable", "mythos", "sonnet", "haiku")

# never: no fast mode and none announced; unknown: a model that this catalogue does not have
Stage = Literal["ga", "verified", "preview", "deprecated", "refused", "standard", "never", "unknown"]


@dataclass(frozen=True, slots=True)
class FastMode:
    """The life of one model's fast mode; withdrawn prices in dollars per MTok (input, output)."""

    stage: Stage
    since: date | None = None
    deprecated: date | None = None
    until: date | None = None
    afterwards: Stage = "refused"
    withdrawn_price: tuple[Decimal, Decimal] | None = None
    long_price: tuple[Decimal, Decimal] | None = None
    long_price_until: date | None = None

    def on(self, day: date) -> Stage:
        """What fast mode is on `day`."""
        if self.since and day < self.since:
            return "never"
        if self.until and day >= self.until:
            return self.afterwards
        if self.deprecated and day >= self.deprecated:
            return "deprecated"
        return self.stage

    def withdrawn(self, day: date, prompt_tokens: int) -> tuple[Decimal, Decimal] | None:
        """What fast cost on `day`, where that price is no longer listed anywhere else."""
        if self.on(day) != self.stage:
            return None
        if self.long_price_until and day < self.long_price_until and prompt_tokens > LONG_PROMPT_TOKENS:
            return self.long_price
        return self.withdrawn_price


@dataclass(frozen=True, slots=True)
class Checked:
    """The day of the documents that this catalogue follows, and the release of genai-prices compared with them."""

    day: date
    price_list: str


@dataclass(frozen=True, slots=True)
class Model:
    """One model: its id as the service spells it, our aliases, its fast mode, the smallest prefix it caches."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    pool: str | None = None
    min_cacheable_tokens: int = 1_024
    fast: FastMode | None = None

    def stage(self, day: date) -> Stage:
        """What this model's fast mode is on `day`."""
        if self.fast is None:
            return "unknown" if not self.aliases else "never"
        return self.fast.on(day)

    def needs_header(self, day: date) -> bool:
        """Whether a request with `speed` needs the beta header on `day`."""
        return self.stage(day) in {"preview", "deprecated", "standard"}

    @property
    def fast_pool(self) -> str:
        """The rate-limit pool that its fast requests draw on; an unknown model's own."""
        return self.pool or self.id


@cache
def models() -> tuple[Model, ...]:
    """Every model of the catalogue, in its order."""
    return tuple(_model(row) for row in _table()["model"])


@cache
def checked() -> Checked:
    """Against what the prices of Claude were checked."""
    return Checked(**_table()["checked"])


def find(word: str) -> Model:
    """The model that an alias or id means.

    An id we do not know is taken as typed (so that a new model needs no new release): its `stage` is "unknown".
    Raises BadInput for a word that is neither an alias nor looks like an id.
    """
    for model in models():
        if word in (model.id, *model.aliases):
            return model
    aliases = [alias for model in models() for alias in model.aliases]
    near = get_close_matches(word.lower(), aliases, n=1, cutoff=0)
    misspelt = word.startswith(FAMILIES) or get_close_matches(word.lower(), aliases, n=1, cutoff=0.75)
    if word.startswith("claude-") or (set(word) & set("-/.:@") and not misspelt):
        return Model(id=word, name=word)
    raise BadInput(
        f"There is no model called {word!r}; the nearest is {near[0]!r}.",
        f"Use one of {', '.join(a for a in aliases if '-' not in a)}, or a full id such as {DEFAULT_MODEL}.",
    )


def with_fast_mode(day: date) -> tuple[Model, ...]:
    """The models that can be asked for fast mode on `day`."""
    return tuple(model for model in models() if model.stage(day) in {"ga", "verified", "preview", "deprecated"})


def _table() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("catalog.toml").read_text("utf-8"))


def _model(row: dict[str, Any]) -> Model:
    fast = row.pop("fast", None)
    for name in {"withdrawn_price", "long_price"} & (fast or {}).keys():
        fast[name] = tuple(Decimal(dollars) for dollars in fast[name])
    return Model(**(row | {"aliases": tuple(row["aliases"])}), fast=FastMode(**fast) if fast else None)
