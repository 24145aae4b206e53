"""Settings in layers, each value with who gave it: the system, configuration files, environment, `%config`, locks."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from math import isnan
from typing import Any

from traitlets import Bool, Enum, Float, Integer, TraitError
from traitlets.config import Config, Configurable
from traitlets.config.loader import DeferredConfig, LazyConfigValue

from .kinds import in_words
from .system import DEFAULT, Given, System

SESSION = "%config in this session"
CONFIGURATION = "IPython's configuration"


class Layered(Configurable):
    """A Configurable that knows who gave each of its values, and keeps those that the system locks.

    origins     who gave a value, by name; a default that nobody changed is not in it
    problems    sentences about what was said and cannot be
    on_problem  gets the sentence where `%config` sets what cannot be; without it, a TraitError has it
    """

    def __init__(self, system: System, environment: Iterable[Given], **kwargs: Any) -> None:
        """Take what each layer says, the weakest first; a value that cannot be is left out."""
        parent = kwargs.pop("parent", None)
        config = kwargs.pop("config", parent.config if parent else Config())
        self.origins: dict[str, str] = {}
        self.problems: list[str] = list(system.problems)
        self.on_problem: Callable[[str], None] | None = None
        self._locked: dict[str, object] = {}
        super().__init__(**kwargs)
        self.parent = parent
        for given in (*system.defaults, *self._configured(config, CONFIGURATION), *environment):
            self._take(given)
        self._lock(system.locked)

    @property
    def locked(self) -> frozenset[str]:
        """The names of what the system locks."""
        return frozenset(self._locked)

    def update_config(self, config: Config) -> None:
        """Set what `%config` says, and nothing else: earlier values stay as they are."""
        for given in self._configured(config, SESSION):
            try:
                self._set(given)
            except TraitError as error:
                if self.on_problem is None:
                    raise
                self.on_problem(str(error))

    def trait_help(self, name: str) -> str:
        """What a setting is and may be."""
        trait = self.traits()[name]
        match trait:
            case Enum():
                return f"{trait.help} One of {', '.join(value or 'nothing' for value in trait.values or ())}."
            case Bool():
                return f"{trait.help} True or False."
            case Integer() | Float() if trait.max is not None and trait.max < float("inf"):
                return f"{trait.help} From {trait.min:,} to {trait.max:,}."
            case Integer() | Float():
                return f"{trait.help} At least {trait.min:,}."
        return str(trait.help)

    def origin(self, name: str) -> str:
        """Who gave a setting its value."""
        return self.origins.get(name, "default")

    def unlocked(self, name: str, value: object) -> Any:
        """`value`, which is about to be set; raises TraitError where the system locks another one."""
        if name in self._locked and value != self._locked[name]:
            raise TraitError(self._refusal(name))
        return value

    def _configured(self, config: Config, origin: str) -> list[Given]:
        name = type(self).__name__
        section = config.get(name, {})
        where = "" if origin == SESSION else f" in {origin}"
        return [Given(key, value, origin, f"{name}.{key}{where}") for key, value in section.items()]

    def _take(self, given: Given) -> None:
        try:
            self._set(given)
        except TraitError as error:
            self.problems.append(str(error))

    def _set(self, given: Given) -> None:
        """Raises TraitError with a sentence on what cannot be, and one on what can."""
        name, value = given.name, given.value
        names = self.trait_names(config=True)
        if name not in names:
            near = get_close_matches(name, names, n=1, cutoff=0)[0]
            raise TraitError(f"{given.said} is not a setting of fastmode-magic; the nearest is {near}.")
        if name in self._locked:
            raise TraitError(self._refusal(name))
        try:
            self.set_trait(name, self._resolved(name, value))
        except (TraitError, ValueError):
            said = str(value) if isinstance(value, str) else value  # without the name of a subclass
            wrong = "this value (not shown: it may have a password)" if name == "ledger" else f"{said!r:.60}"
            kept = in_words(getattr(self, name))
            raise TraitError(f"{given.said} cannot be {wrong}, so it stays {kept}. {self.trait_help(name)}") from None
        self.origins[name] = given.origin

    def _resolved(self, name: str, value: Any) -> Any:
        """The value that configuration means; raises ValueError for what traits take and should not."""
        trait, current = self.traits()[name], getattr(self, name)
        if isinstance(value, LazyConfigValue):  # c.FastMode.allowed_models.append(…)
            value = value.get_value(list(current) if isinstance(current, tuple) else current)
        elif isinstance(value, DeferredConfig):  # a text, from the environment or a command line
            value = value.get_value(trait)
        if isinstance(value, bool) != isinstance(trait, Bool) or (isinstance(value, float) and isnan(value)):
            raise ValueError(value)
        return value

    def _lock(self, locked: tuple[Given, ...]) -> None:
        names = self.trait_names(config=True)
        before = {name: (self.origins.get(name, DEFAULT), getattr(self, name)) for name in names}
        for given in locked:
            self._take(given)
        held = [given.name for given in locked if self.origins.get(given.name) == given.origin]
        self._locked = {name: getattr(self, name) for name in held}
        for name, value in self._locked.items():
            origin, wanted = before[name]
            if wanted != value and not origin.startswith(DEFAULT):
                self.problems.append(f"{name} is {self.origins[name]}, so what {origin} says is not used.")

    def _refusal(self, name: str) -> str:
        kept = in_words(getattr(self, name))
        return f"{type(self).__name__}.{name} stays {kept}: it is {self.origins[name]}. Ask who keeps that file."
