"""A frame as it is written: a line that names it, a table of its columns, and all its rows or a sample of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from .cells import LONGEST_CELL, ROUNDED, head, row
from .columns import HEADS, SAMPLED, Column, evenly
from .content import Text
from .excerpts import clean, counted, listed, room, shortened, shorter, size
from .subjects import Rendered, Subject

EXACT_CELLS = 20_000_000  # numbers whose range is found in some 50 ms; of larger frames a sample is looked at
TOKENS_PER_ROW = 400  # of the allowance, for each row of a sample
FEW_ROWS = 10
FEWEST_ROWS = 3  # of a sample, before its cells get narrower
TITLE = 80  # bytes
WIDTHS = (LONGEST_CELL, 40, 20, 10)  # characters of a cell
COLUMNS_SHARE = 0.55  # of the room, for the table of columns where there are rows too
NAMES_SHARE = 0.15  # of the room, for the names of columns that are left out

_Facts = list[tuple[Column, list[str]]]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A frame of any library; its index, where it has one, is its first `leading` columns.

    what      "pandas DataFrame"
    series    whether it is a column alone
    remarks   what else is to be said of it
    """

    what: str
    rows: int
    width: int
    column: Callable[[int], Column]
    label: Callable[[int], str]
    leading: int = 0
    series: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def extent(self) -> str:
        """How large it is."""
        if self.series:
            return counted(self.rows, "value")
        return f"{counted(self.rows, 'row')} × {counted(self.width - self.leading, 'column')}"

    @property
    def kind(self) -> str:
        """What it is, in a few words."""
        extent = self.extent if self.series else f"{self.rows:,} × {self.width - self.leading:,}"
        return f"{self.what}, {extent}"


def rendered(subject: Subject, sheet: Sheet) -> Rendered:
    """A sheet within its allowance: whole and exact if it can be, else with rounded floats, else a sample of it."""
    intro = "\n".join([f"{subject.quoted}: {sheet.what}, {sheet.extent}", *sheet.remarks])
    free = room(subject.allowance) - size(intro)
    written = None
    if sheet.rows * (4 * sheet.width + 2) <= free:  # or it cannot be whole
        written = _whole(subject, sheet, _facts(subject, sheet, free), free)
    if written is None:
        share = free if sheet.rows <= free else int(free * COLUMNS_SHARE)  # more have no room beside the rows
        facts = _facts(subject, sheet, share, rounds=True)
        written = _whole(subject, sheet, facts, free) or _sampled(subject, sheet, facts, free)
    text, cuts = written
    sent = shortened(clean(f"{intro}{text}"), subject.allowance)
    cut = f"{'; '.join(cuts)}." if cuts else None
    return Rendered((Text(sent),), sheet.kind, cut and cut[0].upper() + cut[1:])


def _facts(subject: Subject, sheet: Sheet, free: int, *, rounds: bool = False) -> _Facts:
    """What is said of each column, as far as there is room for it at all."""
    facts: _Facts = []
    exact = sheet.rows * min(sheet.width, free // 12) <= EXACT_CELLS
    for at in range(sheet.width):
        column = replace(sheet.column(at), rounds=rounds)
        said = (column if exact else replace(column, whole=None)).facts(subject)
        free -= size(row(said)) + 1
        if free < 0:
            break
        facts.append((column, said))
    return facts


def _whole(subject: Subject, sheet: Sheet, facts: _Facts, free: int) -> tuple[str, list[str]] | None:
    """All columns and all rows, if there is room for them."""
    if len(facts) < sheet.width or sheet.rows * (4 * sheet.width + 2) > free:
        return None
    every = _Rows.of(subject, sheet, facts, list(range(sheet.rows)))
    title = "All rows:" if sheet.rows > 1 else "The row:"
    rows = f"\n\n{title}\n\n{every.table(sheet.rows)}" if sheet.rows and sheet.width else ""
    text = f"{_columns(facts)}{rows}"
    return (text, [*_rounded(facts), *_shortened(every.cells, LONGEST_CELL)]) if size(text) <= free else None


def _sampled(subject: Subject, sheet: Sheet, facts: _Facts, free: int) -> tuple[str, list[str]]:
    """As many columns as have room in their share, then rows, evenly spaced."""
    share = int(free * COLUMNS_SHARE) if sheet.rows else free
    kept = facts[: _fitting(facts, share)]
    if len(kept) < sheet.width:
        kept = facts[: _fitting(facts, share - int(free * NAMES_SHARE) - 40)]
    more = sheet.width - len(kept)
    text, cuts = _columns(kept), []
    if more:
        names = listed(map(sheet.label, range(len(kept), sheet.width)), int(free * NAMES_SHARE), more)
        text += f"\n\n{counted(more, 'more column')}{f': {names}' if names else ''}"
        cuts = [f"{more:,} of {counted(sheet.width, 'column')} were left out {subject.within}"]
    if sheet.rows and kept:
        rows, said = _sample(subject, sheet, kept, free - size(text))
        text, cuts = f"{text}{rows}", [*cuts, *said]
    elif sheet.rows and sheet.width:
        cuts.append("no rows are sent")
    return text, [*cuts, *_rounded(kept)]


def _sample(subject: Subject, sheet: Sheet, kept: _Facts, free: int) -> tuple[str, list[str]]:
    """As many rows as there is room for, of a few; where it is too little, of narrower cells, then of fewer columns."""
    positions = evenly(sheet.rows, max(FEW_ROWS, subject.allowance // TOKENS_PER_ROW))
    every = _Rows.of(subject, sheet, kept, positions)
    fewer = [(len(kept) >> shift, WIDTHS[-1]) for shift in range(1, len(kept).bit_length())]
    for columns, longest in [*((len(kept), longest) for longest in WIDTHS), *fewer]:
        fewest = 1 if columns == 1 and longest == WIDTHS[-1] else min(FEWEST_ROWS, len(positions))
        if found := every.narrow(columns, longest).fitted(fewest, free - TITLE):
            count, table = found
            said = [f"{count:,} of {counted(sheet.rows, 'row')} are sent"] if count < sheet.rows else []
            title = f"{count:,} of {sheet.rows:,} rows, evenly spaced" if said else "All rows"
            if columns < len(kept):
                title += f", with the first {counted(columns, 'column')}"
                said.append(f"rows have {columns:,} of the columns")
            return f"\n\n{title}:\n\n{table}", [*said, *_shortened(every.cells[:columns], longest)]
    return "", ["no rows are sent"]


@dataclass(frozen=True, slots=True)
class _Rows:
    """Some rows: their positions, which are written where `numbered`, and the name and the cells of each column."""

    positions: list[int]
    labels: list[str]
    cells: list[list[str]]
    numbered: bool

    @classmethod
    def of(cls, subject: Subject, sheet: Sheet, facts: _Facts, positions: list[int]) -> "_Rows":
        columns = [column for column, _ in facts]
        cells = [column.cells(positions, subject) for column in columns]
        return cls(positions, [column.label for column in columns], cells, numbered=not sheet.leading)

    def narrow(self, columns: int, longest: int) -> "_Rows":
        """Fewer columns of shorter cells."""
        cells = [[shorter(one, longest) for one in column] for column in self.cells[:columns]]
        return replace(self, cells=cells, labels=self.labels[:columns])

    def table(self, count: int) -> str:
        """`count` of the rows, evenly spaced."""
        picked = evenly(len(self.positions), count)
        columns = [[column[at] for at in picked] for column in self.cells]
        if self.numbered:
            columns.insert(0, [str(self.positions[at]) for at in picked])
        number = "row number" if "row" in self.labels else "row"
        labels = [number, *self.labels] if self.numbered else self.labels
        return "\n".join([*head(labels), *map(row, zip(*columns, strict=True))])

    def fitted(self, fewest: int, free: int) -> tuple[int, str] | None:
        """As many of the rows as fit, at least `fewest`: how many, and the table."""
        count = len(self.positions)
        while count >= fewest:
            table = self.table(count)
            if size(table) <= free:
                return count, table
            count = min(count - 1, count * max(free, 0) // size(table) + 1)
        return None


def _columns(facts: _Facts) -> str:
    """A table of columns, with what is to be said of the numbers in it."""
    return "\n\n" + "\n".join([*head(HEADS), *(row(said) for _, said in facts)]) + _remarks(facts) if facts else ""


def _remarks(facts: _Facts) -> str:
    estimated = any(said[2].startswith("~") or said[3].startswith("~") for _, said in facts)
    remark = f"\n\n`~`: seen in {SAMPLED:,} rows, spread evenly; counts are scaled up from them" if estimated else ""
    return remark + (f"\n\nFloats are rounded to {ROUNDED} significant digits." if _rounded(facts) else "")


def _rounded(facts: _Facts) -> list[str]:
    """That floats were rounded, if there are any."""
    floats = any(column.rounds and said[1].lower().startswith(("float", "double")) for column, said in facts)
    return [f"floats are rounded to {ROUNDED} digits"] if floats else []


def _fitting(facts: _Facts, free: int) -> int:
    """How many columns a table of at most `free` bytes can have."""
    free -= size("\n".join(head(HEADS))) + size(_remarks(facts)) + 3
    for at, (_, said) in enumerate(facts):
        free -= size(row(said)) + 1
        if free < 0:
            return at
    return len(facts)


def _shortened(cells: list[list[str]], longest: int) -> list[str]:
    every = [one for column in cells for one in column]
    cut = any(len(one) > longest or (len(one) == LONGEST_CELL and one.endswith("…")) for one in every)
    return ["long cells were shortened"] if cut else []
