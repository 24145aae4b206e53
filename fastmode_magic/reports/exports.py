"""The runs as a file: CSV for a spreadsheet, Parquet for anything else. Dollars keep every digit."""

import csv
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ..claude.errors import BadInput
from ..ledger.records import Record
from ..ledger.rows import COLUMNS, Column, columns, values

FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # a spreadsheet computes a cell that begins so; some wide
DIGITS, PLACES = 38, 18  # of dollars in Parquet: what does not fit is refused, never rounded
MARK = b"fastmode_magic"  # in the metadata of a Parquet file of ours

Write = Callable[[Path, Sequence[Record], datetime], None]


def export(records: Sequence[Record], path: Path, now: datetime) -> str:
    """Write `records` to a .csv or .parquet file, whole or not at all; returns what was done. Raises BadInput.

    A file that is there is replaced if it is an export of ours.
    """
    write = FILES.get(path.suffix.lower())
    if write is None:
        raise BadInput(
            f"A file that ends in {path.suffix or path.name!r} cannot be written.",
            "Name a .csv or a .parquet file, or type `%fastmode export otel`.",
        )
    try:
        there = path.exists()
        if there and not _ours(path):
            raise BadInput(
                f"{path} is there, and is not an export of runs.", "Choose another name, or take the file away."
            )
        _replace(path, lambda part: write(part, records, now))
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror or error}.", "Choose another folder or name."
        ) from None
    rows = f"{len(records):,} {'run' if len(records) == 1 else 'runs'}"
    return f"Wrote {rows} to {path.absolute()}{', in place of the export that was there' if there else ''}."


def _csv(path: Path, records: Sequence[Record], now: datetime) -> None:
    wanted = columns(records)
    table = [[_cell(column, one) for one in values(column, records, now)] for column in wanted]
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(column.name for column in wanted)
        writer.writerows(zip(*table, strict=True))


def _cell(column: Column, value: Any) -> str:
    """A value as text; nothing for None. What a spreadsheet would take for a formula gets an apostrophe before it."""
    if value is None:
        return ""
    match column.kind:
        case "text":
            text = str(value).replace("\0", "\ufffd")
            return f"'{text}" if text.lstrip(" ")[:1] in FORMULA else text
        case "moment":
            return str(value.astimezone(UTC).isoformat(timespec="microseconds"))
        case "dollars":
            return f"{value:f}"
        case "flag":
            return "true" if value else "false"
    return str(value)


def _parquet(path: Path, records: Sequence[Record], now: datetime) -> None:
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise BadInput("Parquet needs pyarrow, which is not installed.", "Type `%pip install pyarrow`.") from None
    kinds = {
        "text": arrow.string(),
        "moment": arrow.timestamp("us", "UTC"),
        "dollars": arrow.decimal128(DIGITS, PLACES),
        "count": arrow.int64(),
        "number": arrow.float64(),
        "flag": arrow.bool_(),
    }
    made: Mapping[str, Any] = {
        column.name: arrow.array([_sound(one) for one in values(column, records, now)], kinds[column.kind])
        for column in columns(records)
    }
    table = arrow.table(made)
    parquet.write_table(table.replace_schema_metadata({MARK: b"runs"}), path)


def _sound(value: Any) -> Any:
    """What Arrow can hold, and holds to the last digit. Raises BadInput for dollars that are too long."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no text
    if isinstance(value, Decimal) and (-int(value.as_tuple().exponent) > PLACES or value.adjusted() >= DIGITS - PLACES):
        raise BadInput(
            f"A cost has more digits than the {PLACES} places of a Parquet file.", "Export to .csv, which keeps all."
        )
    return value


def _ours(path: Path) -> bool:
    """Whether a file is an export of runs: by its header, or by its metadata."""
    if not path.is_file():
        return False
    if path.suffix.lower() == ".csv":
        with path.open("rb") as file:
            return file.readline(1_000).startswith(f"{COLUMNS[0].name},{COLUMNS[1].name},".encode())
    try:
        from pyarrow import parquet
    except ImportError:
        return True  # writing it says what is missing
    try:
        return MARK in (parquet.read_schema(path).metadata or {})
    except ValueError:  # pyarrow's ArrowInvalid: no Parquet at all
        return False


def _replace(path: Path, write: Callable[[Path], None]) -> None:
    """Write beside `path`, and put it in its place when it is whole; what a user has closed to others stays so."""
    path = path.resolve()
    part = path.with_name(f".{secrets.token_hex(6)}.part")
    try:
        write(part)
        if path.exists():
            part.chmod(path.stat().st_mode & 0o777)
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


FILES: Mapping[str, Write] = {".csv": _csv, ".parquet": _parquet}
