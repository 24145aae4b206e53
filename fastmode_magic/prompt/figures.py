"""Figures of matplotlib and what is drawn on one, as they would be shown; none is changed or shown by that."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import isfinite
from typing import Any

from .content import Image, Piece
from .images import LARGEST_IMAGE, SHRUNK_EDGE
from .kinds import by_class, described
from .problems import CannotSend
from .subjects import Rendered, Subject, said

MOST_PICTURES = 20  # of one list: more of them have to be smaller
PADDING = 0.2  # inches that a tight box adds
WIDEST = 3  # what a far-off text may widen a figure to, as a multiple of its size


def figure(subject: Subject) -> Rendered:
    """A Figure, an Axes, or a grid of seaborn, each as its whole figure."""
    whole = _root(subject)
    if not any(map(_has_data, whole.axes)) and not any(map(bool, _loose(whole))):
        raise CannotSend(
            f"{subject.quoted} is a figure with no data.",
            "Plot into it first; after `plt.show()`, `plt.gcf()` is a new and empty one.",
        )
    try:
        with _unnoticed(whole):
            sent = _drawn(whole)
    except (KeyboardInterrupt, CannotSend):
        raise
    except Exception as error:  # the artists in it are anybody's
        raise CannotSend(
            f"Drawing {subject.quoted} failed: {said(error)}", "Show it, and mend what fails then."
        ) from error
    assert sent.size
    return Rendered((sent,), f"{described(type(subject.value))}, {sent.size[0]:,} × {sent.size[1]:,} pixels")


def figures(subject: Subject) -> Rendered:
    """A list of figures or pictures; one that several Axes are of is sent once."""
    seen: dict[int, Any] = {}
    for one in subject.value:
        whole = getattr(one, "figure", None) if "matplotlib" in type(one).__module__ else None
        seen.setdefault(id(whole or one), one)
    parts = []
    for one in list(seen.values())[:MOST_PICTURES]:
        renderer = by_class(type(one))
        assert renderer
        parts.append(renderer(subject.of(one)))
    pieces: tuple[Piece, ...] = tuple(piece for part in parts for piece in part.pieces)
    cuts = [part.cut for part in parts if part.cut]
    if len(seen) > MOST_PICTURES:
        cuts.append(f"The first {MOST_PICTURES} of {len(seen):,} pictures in {subject.quoted} are sent.")
    return Rendered(pieces, f"{len(pieces)} pictures" if len(pieces) > 1 else parts[0].kind, " ".join(cuts) or None)


def _root(subject: Subject) -> Any:
    """The figure that an Axes, a SubFigure or a grid is of."""
    found = subject.value
    for _ in range(10):  # a figure in a figure in a figure
        above = getattr(found, "figure", None)
        if above is None or above is found:
            break
        found = above
    if not hasattr(found, "savefig") or not hasattr(found, "axes"):
        raise CannotSend(f"{subject.quoted} is on no figure any more.", "Send the figure, or plot it again.")
    return found


def _has_data(axes: Any) -> bool:
    return bool(axes.has_data() or axes.texts or axes.tables or axes.artists or any(map(_has_data, axes.child_axes)))


def _loose(whole: Any) -> list[Any]:
    """What is on the figure without an Axes."""
    return [whole.images, whole.lines, whole.patches, whole.artists, whole.legends, whole.texts]


def _drawn(whole: Any) -> Image:
    """PNG of a figure with all that sticks out of it, at its own resolution if that is not too fine."""
    box = _box(whole)
    longest = max((box.width, box.height) if box is not None else whole.get_size_inches())
    dpi = min(whole.dpi, SHRUNK_EDGE / (longest + (PADDING if box is not None else 0)))
    for _ in range(3):
        sent = _saved(whole, dpi, None if box is None else "tight")
        assert sent.size
        if max(sent.size) <= SHRUNK_EDGE:
            break
        dpi *= (SHRUNK_EDGE - 1) / max(sent.size)  # a layout found its place only as it was drawn
    if len(sent.data) <= LARGEST_IMAGE:
        return sent
    import PIL.Image

    from .pictures import encoded

    with PIL.Image.open(BytesIO(sent.data)) as opened:
        return encoded(opened)


def _box(whole: Any) -> Any:
    """What is drawn on in inches; None where a far-off text would make that many times the figure."""
    box = whole.get_tightbbox()
    width, height = whole.get_size_inches()
    usable = (
        isfinite(box.width)
        and isfinite(box.height)
        and 0 < box.width < WIDEST * width
        and 0 < box.height < WIDEST * height
    )
    return box if usable else None


def _saved(whole: Any, dpi: float, box: str | None) -> Image:
    """PNG by matplotlib's Agg, whatever shows the figure elsewhere."""
    from matplotlib import rc_context

    buffer = BytesIO()
    with rc_context({"savefig.bbox": None, "savefig.pad_inches": PADDING / 2}):
        whole.savefig(buffer, format="png", dpi=dpi, bbox_inches=box, backend="agg", transparent=False)
    data = buffer.getvalue()
    size = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    return Image("image/png", data, size)


@contextmanager
def _unnoticed(whole: Any) -> Iterator[None]:
    """Nothing that shows the figure hears of our drawing, so that it does not draw or show it once more."""
    callback, stale = whole.stale_callback, whole.stale
    whole.stale_callback = None
    try:
        yield
    finally:
        whole.stale = stale
        whole.stale_callback = callback
