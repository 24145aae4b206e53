"""Figures, charts and images: as they would be shown, no larger than is of use, and never changed by that."""

import io
import json
from importlib.util import find_spec
from typing import Any

import altair as alt
import matplotlib as mpl
import numpy as np
import pandas as pd
import PIL.Image
import plotly.graph_objects as go
import pytest

from fastmode_magic.prompt.content import Document, Image, Text
from fastmode_magic.prompt.images import LARGEST_IMAGE
from fastmode_magic.prompt.problems import CannotSend
from fastmode_magic.prompt.rendering import Rendered, render

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _closed() -> Any:
    yield
    plt.close("all")


def image(value: object, name: str = "x") -> tuple[Any, Rendered]:
    """The one image that is sent, opened."""
    rendered = render(value, name)
    (piece,) = rendered.pieces
    assert isinstance(piece, Image)
    opened = PIL.Image.open(io.BytesIO(piece.data))
    opened.load()
    assert opened.size == piece.size
    assert opened.get_format_mimetype() == piece.media_type
    assert len(piece.data) <= LARGEST_IMAGE
    return opened, rendered


def refused(value: object) -> CannotSend:
    with pytest.raises(CannotSend) as caught:
        render(value, "x")
    assert caught.value.next_step.endswith((".", "?"))
    return caught.value


def encoded(made: Any, kind: str) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer, kind)
    return buffer.getvalue()


def plotted(**options: Any) -> tuple[Any, Any]:
    figure, axes = plt.subplots(**options)
    axes.plot([1, 2, 3])
    return figure, axes


def test_a_figure_its_axes_and_its_parts() -> None:
    figure, axes = plotted()
    opened, rendered = image(figure)
    assert opened.format == "PNG"
    assert 500 < opened.width <= 640
    assert rendered.kind == f"matplotlib Figure, {opened.width} × {opened.height} pixels"
    assert not rendered.inline
    assert render(axes, "x").pieces == rendered.pieces
    assert render([axes, axes, figure], "x").pieces == rendered.pieces
    part = plt.figure(layout="constrained").subfigures(1, 2)[0]
    part.subplots().plot([1])
    assert image(part)[0].size == image(part.axes[0])[0].size


def test_several_figures() -> None:
    figures = [plotted()[0] for _ in range(3)]
    rendered = render(figures, "x")
    assert [type(piece) for piece in rendered.pieces] == [Image] * 3
    assert rendered.kind == "3 pictures"
    _, axes = plt.subplots(2, 2)
    axes[0, 0].plot([1])
    assert len(render(axes, "x").pieces) == len(render(list(axes.flat), "x").pieces) == 1
    many = render([PIL.Image.new("L", (2, 2)) for _ in range(30)], "x")
    assert len(many.pieces) == 20
    assert many.cut == "The first 20 of 30 pictures in `x` are sent."


@pytest.mark.parametrize(
    ("options", "edge"), [({"figsize": (40, 30)}, 1_568), ({"figsize": (2, 1)}, 200), ({"dpi": 400}, 1_568)]
)
def test_a_figure_is_as_fine_as_is_of_use(options: Any, edge: int) -> None:
    opened, _ = image(plotted(**options)[0])
    assert 0.9 * edge < max(opened.size) <= 1_568


def test_a_text_far_off_does_not_make_the_figure_huge() -> None:
    figure, axes = plotted()
    axes.text(1_000, 1_000, "far")
    assert image(figure)[0].size == (640, 480)


def test_noise_is_sent_as_jpeg() -> None:
    figure = plt.figure(figsize=(12, 12))
    figure.figimage(np.random.default_rng(0).random((1_200, 1_200, 3)))
    assert image(figure)[0].format == "JPEG"


def test_drawing_changes_nothing() -> None:
    figure, axes = plotted(layout="constrained")
    axes.set_title("a title")
    figure.canvas.draw()
    heard: list[bool] = []
    figure.stale_callback = lambda *_: heard.append(True)
    before = figure.dpi, tuple(figure.get_size_inches()), figure.canvas, figure.canvas.manager, figure.stale
    rc = dict(mpl.rcParams)
    image(figure)
    assert (figure.dpi, tuple(figure.get_size_inches()), figure.canvas, figure.canvas.manager, figure.stale) == before
    assert dict(mpl.rcParams) == rc
    assert plt.get_fignums() == [figure.number]
    assert heard == []
    figure.stale = True
    image(figure)
    assert figure.stale


def test_a_figure_of_no_backend() -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().plot([1, 2])
    canvas = figure.canvas
    image(figure)
    assert figure.canvas is canvas
    assert plt.get_fignums() == []


def test_figures_without_data() -> None:
    assert refused(plt.figure()).what == "`x` is a figure with no data."
    figure, axes = plt.subplots()
    assert "`plt.gcf()` is a new" in refused(figure).next_step
    assert refused(axes).what == "`x` is a figure with no data."
    axes.text(0.5, 0.5, "words are something")
    image(figure)
    axes.remove()
    assert refused(axes).what == "`x` is on no figure any more."


def test_a_figure_that_cannot_be_drawn() -> None:
    figure, axes = plotted()
    axes.set_title("$\\nonsense{$")
    assert refused(figure).what.startswith("Drawing `x` failed: ValueError: ")


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "LAB", "HSV"]
)
def test_images_of_any_mode(mode: str) -> None:
    made = PIL.Image.new(mode, (20, 10))
    opened, rendered = image(made)
    assert opened.size == (20, 10)
    assert rendered.cut is None
    assert rendered.kind == f"{mode} image, 20 × 10 pixels"
    assert (made.mode, made.size) == (mode, (20, 10))


@pytest.mark.parametrize("mode", ["I", "F", "I;16", "I;16B"])
def test_images_of_more_than_8_bits(mode: str) -> None:
    made = PIL.Image.new(mode, (2, 1))
    made.putpixel((0, 0), 1_000)
    made.putpixel((1, 0), 4_000)
    opened, rendered = image(made)
    assert (opened.getpixel((0, 0)), opened.getpixel((1, 0))) == (0, 255)
    assert rendered.cut == "The image `x`: its values are stretched to 8 bits."


def test_a_palette_with_transparency() -> None:
    made = PIL.Image.new("P", (2, 2))
    made.info["transparency"] = 0
    assert image(made)[0].mode == "RGBA"
    assert made.info == {"transparency": 0}


@pytest.mark.parametrize("mode", ["1", "RGB", "RGBA", "I;16", "P", "CMYK"])
def test_large_images_are_shrunk(mode: str) -> None:
    opened, rendered = image(PIL.Image.new(mode, (3_136, 100)))
    assert opened.size == (1_568, 50)
    assert rendered.cut is not None
    assert "shrunk from 3,136 × 100 to 1,568 × 50 pixels" in rendered.cut


def test_images_that_are_none() -> None:
    assert refused(PIL.Image.new("L", (0, 3))).what == "`x` is an image without pixels."
    lazy = PIL.Image.open(io.BytesIO(encoded(PIL.Image.new("RGB", (50, 50), "red"), "PNG")[:-30]))
    assert refused(lazy).what.startswith("The image `x` cannot be read: ")


KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_bytes_of_an_image(kind: str, form: Any) -> None:
    data = encoded(PIL.Image.new("L", (30, 20)), kind)
    rendered = render(form(data), "x")
    assert rendered.pieces == (Image(KINDS[kind], data, (30, 20)),)
    assert rendered.kind == f"{kind} image, 30 × 20 pixels"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.3, 0.8])
def test_bytes_of_half_an_image(kind: str, part: float) -> None:
    data = encoded(PIL.Image.effect_noise((60, 60), 90), kind)
    assert "is broken or not whole" in refused(data[: int(len(data) * part)]).what


def test_other_bytes() -> None:
    assert render(b"%PDF-1.7 and so on", "x").pieces == (Document("x", b"%PDF-1.7 and so on"),)
    assert refused(b"").what == "`x` (0 bytes) is neither an image (PNG, JPEG, GIF or WebP) nor a PDF."
    assert "`.decode()`" in refused(b"words").next_step
    assert "neither" in refused(memoryview(np.zeros((3, 3)))).what
    assert "9,000 × 1 pixels" in refused(encoded(PIL.Image.new("1", (9_000, 1)), "PNG")).what
    assert "is an image of 5.0 MB" in refused(encoded(PIL.Image.new("1", (1, 1)), "PNG") + bytes(5 * 1024**2)).what
    assert "is a PDF of 30.0 MB" in refused(b"%PDF-" + bytes(30 * 1024**2)).what


def chart(rows: int = 10, **options: Any) -> Any:
    return alt.Chart(pd.DataFrame({"a": range(rows), "b": range(rows)}), **options).mark_point().encode(x="a", y="b")


def test_a_chart_of_altair(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened, rendered = image(chart())
    assert 600 < opened.width <= 800  # twice as fine as its own pixels
    assert rendered.kind == f"altair Chart, {opened.width} × {opened.height} pixels"
    image(chart() | chart())
    assert max(image(chart(width=3_000))[0].size) <= 1_568
    with alt.data_transformers.enable("json"):  # which writes files
        image(chart(6_000))  # and altair itself refuses more than 5,000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "value", [alt.Chart().mark_point(), alt.Chart(pd.DataFrame({"a": []})).mark_point().encode(x="a:Q"), alt.layer()]
)
def test_a_chart_without_data(value: Any) -> None:
    assert refused(value).what == "`x` is a chart with no data."


def test_charts_whose_data_come_from_elsewhere() -> None:
    image(alt.Chart(alt.sequence(0, 10)).mark_line().encode(x="data:Q", y="data:Q"))
    image(alt.Chart(alt.InlineData(values=[{"a": 1}])).mark_point().encode(x="a:Q"))


def test_a_chart_that_cannot_be_drawn() -> None:
    assert refused(alt.Chart(pd.DataFrame({"a": [1]})).mark_point().encode(x="b")).what.startswith(
        "Drawing `x` failed: "
    )


def test_a_chart_without_what_draws_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastmode_magic.prompt.charts.find_spec", lambda name: None)
    rendered = render(chart(1_000), "x")
    shown = json.loads(rendered.pieces[0].text)
    assert shown["mark"] == {"type": "point"}
    assert rendered.pieces[0].tokens <= 4_000
    assert rendered.kind == "altair Chart as JSON"
    assert rendered.cut is not None
    assert rendered.cut.startswith("`x` is sent as its specification: vl-convert-python is not installed; ")
    assert "Long parts were cut" in rendered.cut


def test_a_figure_of_plotly(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = go.Figure(go.Scatter(x=np.arange(3), y=[1.5, 2.5, 3.5]))
    before = figure.to_json()
    monkeypatch.setattr("fastmode_magic.prompt.charts.find_spec", lambda name: None)
    rendered = render(figure, "x")
    (trace,) = json.loads(rendered.pieces[0].text)["data"]
    assert (trace["x"], trace["y"]) == ([0, 1, 2], [1.5, 2.5, 3.5])
    assert "template" not in rendered.pieces[0].text
    assert rendered.cut == (
        "`x` is sent as its specification: kaleido is not installed; `%pip install kaleido` makes it a picture."
    )
    assert refused(go.Figure()).what == "`x` is a figure with no traces."
    assert figure.to_json() == before


def test_a_figure_of_plotly_that_kaleido_draws_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fastmode_magic.prompt.charts.find_spec", lambda name: find_spec("json"))
    figure = go.Figure(go.Scatter(y=[1, 2]))
    sizes: list[tuple[float, float]] = []

    def drawn(self: Any, width: float, height: float, scale: float, **_: Any) -> bytes:
        sizes.append((width * scale, height * scale))
        return encoded(PIL.Image.new("L", (round(width * scale), round(height * scale))), "PNG")

    monkeypatch.setattr(go.Figure, "to_image", drawn)
    assert image(figure)[0].size == (1_400, 1_000)
    figure.update_layout(width=4_000, height=100)
    assert image(figure)[0].size == (1_568, 39)
    monkeypatch.setattr(go.Figure, "to_image", lambda *_, **__: 1 / 0)
    rendered = render(figure, "x")
    assert isinstance(rendered.pieces[0], Text)
    assert "kaleido failed: ZeroDivisionError: division by zero." in (rendered.cut or "")
