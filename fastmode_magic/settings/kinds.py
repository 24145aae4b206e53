"""Kinds of settings that traitlets does not have: an amount of dollars, names of models, the address of a database."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from traitlets import TraitError, TraitType

from ..claude import catalog
from ..claude.errors import BadInput

EMPTY = "empty"
# Not compiled here: loading takes no time for what few sessions use.
_AMOUNT = r"\$?(?=\.?[0-9])([0-9]{0,7}(?:\.[0-9]{0,6})?)"
_ADDRESS = r"[A-Za-z][\w+]*://.*"
_BEFORE_HOST = r"(?<=://)([^:/]*):.*@"
_HIDDEN = r"(?i)((?:password|passwd|pwd|token|secret|key|credentials?)[a-z_]*=)[^&]*"


class Dollars(TraitType[Decimal | None, Any]):
    """An exact amount of dollars; empty is None, which is no limit."""

    default_value = None
    info_text = "dollars such as 5 or 2.50, or empty"

    def validate(self, obj: Any, value: Any) -> Decimal | None:  # noqa: ARG002
        """The amount as it is written: a float is taken as Python shows it."""
        if value is None or value == "":
            return None
        if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool):
            written = f"{value:f}" if isinstance(value, Decimal) else str(value)
            if amount := re.fullmatch(_AMOUNT, written.strip()):
                return Decimal(amount[1])
        raise TraitError(f"{value!r:.60} is not an amount of dollars")


class Models(TraitType[tuple[str, ...], Any]):
    """Models by alias or id, as a list or as a text with commas."""

    default_value = ()
    info_text = "names of models, as a list or with commas between"

    def validate(self, obj: Any, value: Any) -> tuple[str, ...]:  # noqa: ARG002
        """The names, each of which must mean a model."""
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, Iterable) or not all(isinstance(name, str) for name in names):
            raise TraitError(f"{value!r:.60} are not names of models")
        found = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))
        try:
            for name in found:
                catalog.find(name)
        except BadInput as error:
            raise TraitError(error.what) from None
        return found


class Address(str):
    """The address of a database; where it is shown, its password is not."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(self.shown)

    @property
    def shown(self) -> str:
        """The address without what is secret in it."""
        return re.sub(_HIDDEN, r"\1…", re.sub(_BEFORE_HOST, r"\1:…@", str(self)))


class Database(TraitType[Address, Any]):
    """A SQLAlchemy URL, "off", or empty."""

    default_value = Address("")
    info_text = "a SQLAlchemy URL, off, or empty"

    def validate(self, obj: Any, value: Any) -> Address:  # noqa: ARG002
        """The address; what cannot be one is not repeated, since a password may be in it."""
        if isinstance(value, str) and (value in {"", "off"} or re.fullmatch(_ADDRESS, value)):
            return Address(value)
        raise TraitError("this is not the address of a database")


def in_words(value: object) -> str:
    """The value of a setting as a sentence or a table has it, without what is secret in it."""
    match value:
        case None | "" | ():
            return EMPTY
        case Address():
            return value.shown
        case tuple():
            return ", ".join(value)
        case Decimal():
            return f"${value:,.{max(2, -int(value.as_tuple().exponent))}f}"
    return str(value)
