"""Rows out of CSV, XLSX and JSON files, streamed, each with its place.

Rule 1: a reader yields a header (column names) and then rows of cells; a cell is text, or in JSON files also a list or an object.
Rule 2: a file that cannot be read to its end raises ``InputError``: half a file is not a smaller file.
Rule 3: nothing in a file is executed or followed: formulas are text, an archive that unpacks to too much is refused.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

from contractops.operator.importing.cells import plain
from contractops.tools.errors import InputError

Cells: TypeAlias = list[Any]
"""The cells of one row, in the order of the header. Empty text is absent."""

MAX_UNPACKED: Final = 1_000_000_000
MAX_JSON: Final = 200_000_000
ENDINGS: Final = (".csv", ".xlsx", ".json", ".jsonl")
_FORMULA: Final = "\x00formula"


@dataclass(frozen=True)
class Source:
    """A file that is being read. ``rows`` yields (line, cells) and is read once; ``total`` is the expected number of rows, for progress."""

    header: list[str]
    rows: Iterator[tuple[int, Cells]]
    total: int


def is_formula(cell: object) -> bool:
    """Whether the cell held a spreadsheet formula (its result is not read: it may be stale or absent)."""
    return cell == _FORMULA


def read(path: Path) -> Source:
    """Open a CSV, XLSX, JSON or JSON-lines file by its ending. Raises ``InputError`` when it is not what it says; so may reading on."""
    reader = {".csv": _read_csv, ".xlsx": _read_xlsx}.get(path.suffix.lower(), _read_json)
    try:
        return reader(path)
    except OSError as error:
        raise _unusable(
            path, "CO-IMP-009", f"it cannot be opened: {error.strerror}.", "Check that it exists and that you may read it."
        ) from error


def _unusable(path: Path, code: str, reason: str, advice: str) -> InputError:
    return InputError(code, f"{path.name}: {reason}", advice=f"{advice} Nothing was written.")


def _not_utf8(path: Path) -> InputError:
    """The error that names the first line which is not UTF-8; its bytes are read again, for the decoder reads ahead."""
    with path.open("rb") as raw:
        line = next((number for number, line in enumerate(raw, start=1) if not _is_utf8(line)), 1)
    advice = 'Save it as "CSV UTF-8".' if path.suffix.lower() == ".csv" else "Save it as UTF-8."
    return _unusable(path, "CO-IMP-003", f"line {line} is not UTF-8.", advice)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _read_csv(path: Path) -> Source:
    with path.open("rb") as raw:
        head = raw.read(65536)
    if b"\x00" in head:
        raise _unusable(path, "CO-IMP-003", "it holds NUL bytes, so it is no UTF-8 text.", 'Save it as "CSV UTF-8".')
    first_line = head.splitlines()[0] if head else b""
    delimiter = max((b",", b";", b"\t"), key=first_line.count).decode()
    rows = _csv_rows(path, delimiter)
    first = next(rows, None)
    return Source(first[1] if first else [], rows, _count_lines(path) - 1)


def _csv_rows(path: Path, delimiter: str) -> Iterator[tuple[int, Cells]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            line = 1
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    except csv.Error as error:
        raise _unusable(path, "CO-IMP-004", f"line {reader.line_num} is not CSV: {error}.", "Check the quotes.") from error


def _count_lines(path: Path) -> int:
    with path.open("rb") as raw:
        return sum(block.count(b"\n") for block in iter(lambda: raw.read(1 << 20), b""))


def _read_xlsx(path: Path) -> Source:
    # Imported here: only spreadsheets need it.
    from openpyxl import load_workbook  # noqa: PLC0415
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED:
            raise _unusable(path, "CO-IMP-007", f"it unpacks to {unpacked:,} bytes.", "Split it, or save it as CSV.")
        book = load_workbook(path, read_only=True, data_only=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.strerror:  # the file system speaks; the library raises an OSError of its own without one
            raise
        raise _unusable(path, "CO-IMP-004", "it is not an XLSX workbook.", 'Save it as "Excel workbook (.xlsx)" or as CSV.') from error
    total = sum(sheet.max_row or 1 for sheet in book.worksheets[:1]) - 1
    rows = _xlsx_rows(book)
    first = next(rows, None)
    return Source(first[1] if first else [], rows, total)


def _xlsx_rows(book: Any) -> Iterator[tuple[int, Cells]]:
    try:
        for sheet in book.worksheets[:1]:
            for line, row in enumerate(sheet.iter_rows(), start=1):
                cells = [_FORMULA if cell.data_type == "f" else _as_text(cell.value) for cell in row]
                if any(cells):
                    yield line, cells
    finally:
        book.close()


def _as_text(value: object) -> str:
    """Text of a spreadsheet or JSON scalar, as a person would have typed it into a CSV file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        is_day = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if is_day and value.tzinfo is None else value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _read_json(path: Path) -> Source:
    if path.stat().st_size > MAX_JSON:
        raise _unusable(path, "CO-IMP-007", f"it is larger than {MAX_JSON:,} bytes.", "Split it, or save it as CSV.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        records = _json_list(path, text)
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    except (ValueError, RecursionError) as error:
        raise _unusable(path, "CO-IMP-004", f"it is not JSON: {error}.", "Write a list of objects, or one object a line.") from error
    header = list(dict.fromkeys(key for _, record in records for key in record))
    return Source(header, _json_rows(records, header), len(records))


def _json_list(path: Path, text: str) -> list[tuple[int, dict[str, Any]]]:
    def loads(part: str) -> Any:
        return json.loads(part, parse_float=Decimal, parse_constant=_no_constant)

    if text.lstrip().startswith("["):
        found = list(enumerate(loads(text), start=1))
    else:
        found = [(line, _json_line(path, line, part, loads)) for line, part in enumerate(text.splitlines(), start=1) if part.strip()]
    for number, record in found:
        if not isinstance(record, dict):
            raise _unusable(path, "CO-IMP-004", f"record {number} is not an object.", "Write a list of objects, or one object a line.")
    return found


def _json_line(path: Path, line: int, part: str, loads: Callable[[str], Any]) -> Any:
    """The value of one line. Raises ``InputError`` that names it: the parser counts from the line's own begin."""
    try:
        return loads(part)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", str(error))
        raise _unusable(
            path, "CO-IMP-004", f"line {line} is not JSON: {reason}.", "Write a list of objects, or one object a line."
        ) from error


def _no_constant(name: str) -> Any:
    message = f"{name} is not a value"
    raise ValueError(message)


def _json_rows(records: list[tuple[int, dict[str, Any]]], header: list[str]) -> Iterator[tuple[int, Cells]]:
    for number, record in records:
        yield number, [_json_cell(record.get(key)) for key in header]


def _json_cell(value: Any) -> Any:
    return value if isinstance(value, (list, dict)) else _as_text(value)
