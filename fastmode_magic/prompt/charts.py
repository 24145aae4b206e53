"""Charts of altair and plotly: as a picture where what draws them is installed, else as their specification."""

import re
from base64 import b64decode
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .containers import json_of
from .content import Image, Text
from .images import LARGEST_IMAGE, SHRUNK_EDGE
from .kinds import described
from .problems import CannotSend
from .subjects import Rendered, Subject, said

SCALE = 2.0  # a chart's own pixels are few
PLOTLY_SIZE = (700, 500)  # pixels, where a figure names none
_SOURCES = ("url", "sequence", "sphere", "graticule")  # of data that are not in the chart
_VIEWS = ("layer", "concat", "hconcat", "vconcat", "spec")  # within a view


def altair_chart(subject: Subject) -> Rendered:
    """A chart of altair, of any number of rows."""
    transformers: Any = import_module("altair").data_transformers
    with transformers.enable("default", max_rows=None):  # others may write files, and this one refuses 5,000 rows
        spec: dict[str, Any] = _tried(subject, subject.value.to_dict)
    if not _has_data(spec, spec.get("datasets", {})):
        raise CannotSend(f"{subject.quoted} is a chart with no data.", "Give it some: `alt.Chart(df)`.")
    version = re.search(r"v(\d+\.\d+)", spec.get("$schema", ""))

    def draw(scale: float) -> bytes:
        converter: Any = import_module("vl_convert")
        return bytes(converter.vegalite_to_png(spec, vl_version=version and version[1], scale=scale))

    return _pictured(subject, "vl-convert-python", "vl_convert", draw, spec)


def plotly_figure(subject: Subject) -> Rendered:
    """A figure of plotly."""
    figure = subject.value
    layout = figure.layout
    if not (figure.data or layout.shapes or layout.annotations or layout.images):
        raise CannotSend(f"{subject.quoted} is a figure with no traces.", "Add some first: `.add_trace(…)`.")
    size = {"width": layout.width or PLOTLY_SIZE[0], "height": layout.height or PLOTLY_SIZE[1]}

    def draw(scale: float) -> bytes:
        return bytes(figure.to_image(format="png", scale=min(scale, SHRUNK_EDGE / max(size.values())), **size))

    spec = _decoded(_tried(subject, figure.to_plotly_json))
    spec.get("layout", {}).pop("template", None)  # pages of colors
    return _pictured(subject, "kaleido", "kaleido", draw, spec)


def _tried(subject: Subject, do: Callable[[], Any]) -> Any:
    try:
        return do()
    except Exception as error:  # a chart is checked only as it is written
        raise CannotSend(
            f"Drawing {subject.quoted} failed: {said(error)}", "Show it, and mend what fails then."
        ) from error


def _pictured(
    subject: Subject, package: str, module: str, draw: Callable[[float], bytes], spec: dict[str, Any]
) -> Rendered:
    """A picture; where none can be drawn, the specification and why."""
    what = described(type(subject.value))
    if find_spec(module) is None:
        why = f"{package} is not installed; `%pip install {package}` makes it a picture"
    else:
        try:
            sent = _within(draw)
        except Exception as error:  # noqa: BLE001  # from another language's engine
            why = f"{package} failed: {said(error).rstrip('.')}"
        else:
            width, height = sent.size or (0, 0)
            return Rendered((sent,), f"{what}, {width:,} × {height:,} pixels")
    text, cut = json_of(subject, spec)
    remark = f"{subject.quoted} is sent as its specification: {why}."
    return Rendered((Text(text),), f"{what} as JSON", f"{remark} {cut}" if cut else remark)


def _within(draw: Callable[[float], bytes]) -> Image:
    """A picture as fine as it is useful, and no larger than the service takes."""
    scale, data = SCALE, b""
    for _ in range(4):
        data = draw(scale)
        size = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
        if max(size) <= SHRUNK_EDGE and len(data) <= LARGEST_IMAGE:
            break
        scale *= min((SHRUNK_EDGE - 1) / max(size), 0.7 if len(data) > LARGEST_IMAGE else 1)
    return Image("image/png", data, size)


def _has_data(spec: Any, datasets: dict[str, Any]) -> bool:
    """Whether any view of a Vega-Lite specification has rows, or says where they come from."""
    if isinstance(spec, list):
        return any(_has_data(one, datasets) for one in spec)
    if not isinstance(spec, dict):
        return False
    source = spec.get("data")
    if isinstance(source, dict):
        rows = source.get("values") or datasets.get(source.get("name", ""))
        if (rows and rows != [{}]) or any(kind in source for kind in _SOURCES):
            return True
    return any(_has_data(one, datasets) for key, one in spec.items() if key in _VIEWS)


def _decoded(value: Any) -> Any:
    """Numbers as numbers, which plotly writes as base64."""
    if isinstance(value, dict):
        if "bdata" in value and "dtype" in value:
            numpy: Any = import_module("numpy")
            return numpy.frombuffer(b64decode(value["bdata"]), dtype=value["dtype"])
        return {key: _decoded(one) for key, one in value.items()}
    return list(map(_decoded, value)) if isinstance(value, list | tuple) else value
