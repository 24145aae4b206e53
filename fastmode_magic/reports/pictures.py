"""The plots as a picture. It imports matplotlib, and leaves pyplot and the user's own settings alone."""

import io
import warnings
from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator, StrMethodFormatter

from ..ledger.summary import Bought
from ..views import text
from . import plots
from .money import duration, of_them

WIDTH, HEIGHT = 960, 340  # pixels of the page
SHARP = 2  # pixels of the picture for each
DPI = 96
# Dark on light, on a ground of its own: it reads the same on a dark page, in print, and for the colour-blind.
GROUND, INK, MUTED, LINE = "#fbfbf9", "#1f2328", "#59636e", "#d1d5da"
COLOURS = {"fast": "#c2410c", "standard": "#0b5cad"}
MARKS = {"fast": "^", "standard": "o"}
SMALL, NORMAL, LARGE = 8.5, 9.5, 11.0  # points
LONGEST = 18  # characters of a model that have room


def picture(found: plots.Facts) -> bytes:
    """A PNG of WIDTH × HEIGHT pixels of the page."""
    out = io.BytesIO()
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a model's name may have letters that the font has not
        mpl.rcdefaults()
        figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI * SHARP, facecolor=GROUND)
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(1, 3, left=0.022, right=0.985, top=0.8, bottom=0.11, wspace=0.24)
        _paces(figure.add_subplot(grid[0]), found)
        _costs(figure.add_subplot(grid[1]), found)
        _bought(figure.add_subplot(grid[2]), found.bought)
        figure.savefig(out, format="png", facecolor=GROUND, metadata={"Software": None})
    return out.getvalue()


def _paces(axes: Axes, found: plots.Facts) -> None:
    """A row for each model and speed: every run as a mark, and their median."""
    _headed(axes, "Pace", "output tokens a second; the bar is the median")
    rows = [
        (model, speed, found.rates[model, speed])
        for model in plots.by_model(found.rates)[: plots.MODELS]
        for speed in plots.SPEEDS
        if (model, speed) in found.rates
    ]
    if not rows:
        _absent(axes, "No answer was long enough\nto tell a pace.")
        return
    for row, (model, speed, measured) in enumerate(rows):
        _strip(axes, -float(row), speed, measured)
        runs = text.count(len(measured), "run")
        name = " ".join(model.split()).removeprefix("claude-")
        name = name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
        label = f"{name} {speed}  {text.pace(median(measured))} ({runs})"
        _write(axes, 0.0, 0.3 - row, label, axes.get_yaxis_transform(), color=COLOURS[speed])
    axes.set_xlim(0, 1.05 * max(max(measured) for _, _, measured in rows))
    axes.set_ylim(0.25 - max(len(rows), 3), 0.7)
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.set_yticks([])


def _strip(axes: Axes, height: float, speed: str, measured: Sequence[float]) -> None:
    spread = [height + 0.07 * ((3 * at) % 5 - 2) for at in range(len(measured))]  # so that equal ones are seen
    axes.scatter(measured, spread, s=20, marker=MARKS[speed], color=COLOURS[speed], alpha=0.5, linewidths=0)
    if len(measured) > 1:
        axes.vlines(median(measured), height - 0.24, height + 0.24, color=COLOURS[speed], linewidth=2.5, alpha=0.9)


def _costs(axes: Axes, found: plots.Facts) -> None:
    """What had been spent until each moment, a line for each speed."""
    listed = ", practice: not billed" if found.practice else ", at list price" if found.sums.hosts else ""
    _headed(axes, "Cost", f"dollars spent until then{listed}")
    if not found.steps:
        _absent(axes, "No cost is known.")
        return
    highest = max(float(steps[-1][1]) for steps in found.steps.values()) or 1.0
    label = float("-inf")
    for speed, steps in sorted(found.steps.items(), key=lambda item: item[1][-1][1]):
        moments = [at.timestamp() for at in (found.began, *(at for at, _ in steps), found.until)]
        amounts = [0.0, *(float(amount) for _, amount in steps), float(steps[-1][1])]
        axes.step(moments, amounts, where="post", color=COLOURS[speed], linewidth=2)
        axes.scatter(moments[-1:], amounts[-1:], s=22, color=COLOURS[speed], marker=MARKS[speed], zorder=3)
        label = max(amounts[-1] + 0.04 * highest, label + 0.11 * highest)
        spent = found.sums.fast if speed == "fast" else found.sums.standard
        words = f"{speed} {text.dollars(spent.dollars, estimated=spent.estimated)}"
        halo = [withStroke(linewidth=4, foreground=GROUND)]  # the other line may be behind it
        _write(axes, moments[-1], label, words, color=COLOURS[speed], ha="right", va="bottom", path_effects=halo)
    axes.set_ylim(0, max(1.25 * highest, label + 0.2 * highest))
    if unknown := found.sums.cost.unknown:
        _write(axes, 0.03, 0.95, f"and {unknown:,} of unknown cost", axes.transAxes, color=MUTED, size=SMALL)
    _ends(axes, found.began.astimezone(), found.until.astimezone())
    axes.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"${amount:,.10g}"))


def _ends(axes: Axes, began: datetime, until: datetime) -> None:
    """The first and the last moment, in local time."""
    one_day = began.date() == until.date()
    labels = [
        f"{began:%Y-%m-%d %H:%M}" if one_day else f"{began:%Y-%m-%d}",
        f"{until:%H:%M}" if one_day else f"{until:%Y-%m-%d}",
    ]
    ends = [began.timestamp(), until.timestamp()]
    axes.set_xticks(ends, labels)
    first, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def _bought(axes: Axes, found: Bought) -> None:
    """Two pairs of bars: seconds and dollars, each as it was and as it would have been."""
    _headed(axes, "What fast bought", _of_runs(found))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 6.6)
    if not found.runs:
        _absent(axes, "Nothing was served fast.")
        return
    _saved(axes, found)
    _spent(axes, found)


def _saved(axes: Axes, found: Bought) -> None:
    if found.saved_s is None:
        why = "Seconds saved: not known. No run\nof the same model at standard speed\nwas measured."
        _write(axes, 0, 5.2, why, va="center")
        return
    less, of = "saved" if found.saved_s >= 0 else "lost", of_them(found.timed, found.runs)
    _write(axes, 0, 6.1, f"~{duration(abs(found.saved_s))} {less}{of or ' in generating'}", weight="bold")
    labels = (f"fast {duration(found.fast_s)}", f"at standard ~{duration(found.standard_s)}")
    _pair(axes, 5.1, (found.fast_s, found.standard_s), labels)


def _spent(axes: Axes, found: Bought) -> None:
    if found.extra is None:
        _write(axes, 0, 2.0, "Dollars spent: a price is not known.", va="center")
        return
    more, of = "more" if found.extra >= 0 else "less", of_them(found.priced, found.runs)
    amounts = (found.fast_cost, found.standard_cost)
    extra, fast, standard = (text.dollars(amount, estimated=found.estimated) for amount in (abs(found.extra), *amounts))
    _write(axes, 0, 2.8, f"{extra} {more}, at list price{of}", weight="bold")
    _pair(axes, 1.8, (float(amounts[0]), float(amounts[1])), (f"fast {fast}", f"at standard {standard}"))


def _of_runs(found: Bought) -> str:
    return f"{text.count(found.runs, 'run')} served fast" if found.runs else ""


def _pair(axes: Axes, top: float, sizes: tuple[float, float], labels: tuple[str, str]) -> None:
    whole = max(*sizes) or 1.0
    for speed, size, label, height in zip(plots.SPEEDS, sizes, labels, (top, top - 1.05), strict=True):
        share = 0.36 * size / whole
        axes.barh(height, share, height=0.8, color=COLOURS[speed])
        _write(axes, share + 0.02, height, label, color=COLOURS[speed], va="center")


def _headed(axes: Axes, title: str, under: str) -> None:
    """A title, what is measured, and no more lines than are read."""
    axes.set_facecolor(GROUND)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.tick_params(colors=MUTED, labelsize=SMALL, length=3, color=LINE)
    _write(axes, 0, 1.15, title, axes.transAxes, size=LARGE, weight="bold")
    _write(axes, 0, 1.05, under, axes.transAxes, color=MUTED, size=SMALL)


def _absent(axes: Axes, words: str) -> None:
    axes.set_axis_off()
    _write(axes, 0, 0.6, words, axes.transAxes, color=MUTED)


def _write(axes: Axes, x: float, y: float, words: str, transform: Any = None, **style: Any) -> None:
    """Text as it is: the dollars of two prices are no formula."""
    chosen: dict[str, Any] = {"color": INK, "size": NORMAL} | style
    axes.text(x, y, words, transform=transform or axes.transData, parse_math=False, **chosen)
