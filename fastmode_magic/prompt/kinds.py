"""Which renderer an object gets: one table of classes, matched by name, so that no library is imported to ask.

A class is known by the root of its package and its own name: pandas.core.frame.DataFrame is "pandas.DataFrame".
"""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import cast

from .subjects import Rendered, Subject

Renderer = Callable[[Subject], Rendered]

# renderer (module and function in this folder) -> the classes it takes, subclasses included
_TABLE = {
    "scalars.text": "builtins.str",
    "scalars.scalar": """
        builtins.int builtins.float builtins.complex builtins.NoneType builtins.ellipsis decimal.Decimal
        fractions.Fraction datetime.date datetime.time datetime.timedelta uuid.UUID enum.Enum pathlib.PurePath
        collections.UserString numpy.generic pandas.NAType pandas.Period pandas.Interval""",
    "containers.container": """
        builtins.dict builtins.list builtins.tuple builtins.set builtins.frozenset builtins.range
        builtins.mappingproxy builtins.dict_keys builtins.dict_values builtins.dict_items array.array
        collections.deque collections.UserDict collections.UserList types.SimpleNamespace pydantic.BaseModel""",
    "pandas_frames.frame": "pandas.DataFrame",
    "pandas_frames.series": "pandas.Series pandas.Index pandas.ExtensionArray",
    "pandas_frames.styled": "pandas.Styler",
    "frames.frame": "polars.DataFrame pyarrow.Table pyarrow.RecordBatch modin.DataFrame cudf.DataFrame",
    "frames.series": "polars.Series pyarrow.ChunkedArray modin.Series cudf.Series",
    "frames.wrapped": "narwhals.DataFrame narwhals.LazyFrame narwhals.Series",
    "lazy_frames.lazy_frame": """
        polars.LazyFrame dask.DataFrame dask_expr.DataFrame duckdb.DuckDBPyRelation _duckdb.DuckDBPyRelation
        ibis.Table pyspark.DataFrame""",
    "arrays.array": "numpy.ndarray",
    "arrays.tensor": "torch.Tensor tensorflow.EagerTensor jaxlib.ArrayImpl",
    "figures.figure": "matplotlib.FigureBase matplotlib.Axes seaborn._BaseGrid",
    "charts.altair_chart": "altair.TopLevelMixin",
    "charts.plotly_figure": "plotly.BaseFigure",
    "pictures.picture": "PIL.Image",
    "pictures.data": "builtins.bytes builtins.bytearray builtins.memoryview",
    "pictures.displayed": "IPython.Image",
    "files.file": "pathlib.Path",
    "exceptions.exception": "builtins.BaseException",
    "exceptions.trace": "builtins.traceback",
    "sources.source": """
        builtins.function builtins.method builtins.type functools._lru_cache_wrapper
        numpy._ArrayFunctionDispatcher""",
    "sources.builtin": """
        builtins.builtin_function_or_method builtins.method_descriptor builtins.wrapper_descriptor
        builtins.classmethod_descriptor builtins.method-wrapper numpy.ufunc""",
    "sources.module": "builtins.module",
}
_BY_CLASS = {name: renderer for renderer, names in _TABLE.items() for name in names.split()}
# what a class without a base class of its own is known by
_BY_MARK = {"__dataclass_fields__": "containers.container", "__attrs_attrs__": "containers.container"}
_NAMELESS = frozenset(("builtins", "__main__", "collections", "types"))  # packages that go without saying
PICTURES = ("figures", "charts", "pictures")


def by_class(kind: type) -> Renderer | None:
    """The renderer of the most specific class in the table."""
    path = path_of(kind)
    return _loaded(path) if path else None


def by_mark(kind: type) -> Renderer | None:
    """The renderer of a dataclass or an attrs class."""
    for mark, path in _BY_MARK.items():
        if member(kind, mark) is not None:
            return _loaded(path)
    return None


def path_of(kind: type) -> str | None:
    """Module and function of the renderer of a class, without loading it."""
    return next((_BY_CLASS[name] for name in map(short_name, ancestry(kind)) if name in _BY_CLASS), None)


def is_picture(value: object) -> bool:
    """Whether an object becomes an image."""
    return not isinstance(value, bytes | bytearray | memoryview) and (path_of(type(value)) or "").startswith(PICTURES)


def ancestry(kind: type) -> tuple[type, ...]:
    """A class and what it inherits from, whatever its metaclass says."""
    return cast("tuple[type, ...]", type.__getattribute__(kind, "__mro__"))


def member(kind: type, name: str) -> object:
    """What a class itself has under a name: neither an instance nor a metaclass (a mock's, say) is asked."""
    return next((vars(one)[name] for one in ancestry(kind) if name in vars(one)), None)


def short_name(kind: type) -> str:
    """ "pandas.DataFrame", wherever in pandas it is defined."""
    return f"{_root(_own(kind, '__module__'))}.{_own(kind, '__name__')}"


def described(kind: type) -> str:
    """ "pandas DataFrame"; "Frame (a pandas DataFrame)" for another's that inherits from it; "Point" in a notebook."""
    name, own = _own(kind, "__name__"), _root(_own(kind, "__module__"))
    known = next((one for one in ancestry(kind) if short_name(one) in _BY_CLASS), kind)
    root = _root(_own(known, "__module__"))
    if root in _NAMELESS or root == own:
        return name if own in _NAMELESS else f"{own.lstrip('_')} {name}"
    return f"{name} (a {root.lstrip('_')} {_own(known, '__name__')})"


def matches(kind: type, name: str) -> bool:
    """Whether a class is the one that a full name means: by its own module, one above it, or where it is imported."""
    module, own = _own(kind, "__module__"), _own(kind, "__name__")
    if name == f"{module}.{_own(kind, '__qualname__')}":
        return True
    package, _, last = name.rpartition(".")
    if last != own or _root(module) != _root(package):
        return False
    return f"{module}.".startswith(f"{package}.") or getattr(sys.modules.get(package), own, None) is kind


def _own(kind: type, name: str) -> str:
    """A name of the class, whatever its metaclass says."""
    value = type.__getattribute__(kind, name)
    return value if isinstance(value, str) else ""


def _root(module: str) -> str:
    return module.partition(".")[0]


def _loaded(path: str) -> Renderer:
    module, _, function = path.partition(".")
    return cast("Renderer", getattr(import_module(f".{module}", __package__), function))
