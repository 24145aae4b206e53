"""`typing.TypedDict` before Python 3.12, which tells pydantic too little: the same of typing_extensions."""

import sys
import typing
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, get_args, get_origin


def modern(type_: Any) -> Any:
    """The same type with every TypedDict in it as one that pydantic takes."""
    if sys.version_info >= (3, 12):
        return type_
    if typing.is_typeddict(type_) and type(type_).__module__ == "typing":
        return _rewritten(type_)
    arguments = get_args(type_)
    if not arguments or get_origin(type_) is typing.Literal:
        return type_
    made = tuple(modern(one) for one in arguments)
    if made == arguments:
        return type_
    if isinstance(type_, UnionType):
        return reduce(or_, made)
    if get_origin(type_) is typing.Annotated:
        return typing.Annotated[(made[0], *type_.__metadata__)]
    return type_.copy_with(made) if hasattr(type_, "copy_with") else get_origin(type_)[made]


def _rewritten(type_: Any) -> Any:
    from typing import NotRequired, Required

    from typing_extensions import TypedDict

    hints = typing.get_type_hints(type_, include_extras=True)
    needed = type_.__required_keys__
    fields: dict[str, Any] = {
        name: (Required if name in needed else NotRequired)[modern(_bare(hint))] for name, hint in hints.items()
    }
    made = TypedDict(type_.__name__, fields)  # type: ignore[misc]  # what its name is, is known when it runs
    made.__doc__ = type_.__doc__
    return made


def _bare(hint: Any) -> Any:
    """A field's type without Required or NotRequired."""
    return get_args(hint)[0] if get_origin(hint) in {typing.Required, typing.NotRequired} else hint
