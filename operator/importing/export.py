"""CSV and XLSX files out, safe to open in a spreadsheet.

Rule 1: text stays text. A cell that a spreadsheet would run (it begins with ``=``, ``+``, ``-``, ``@``, a tab or a return, also in full
width) gets a leading apostrophe in CSV and the type "text" in XLSX.
Rule 2: numbers are numbers: a ``Decimal`` is written with all its digits and never gets an apostrophe.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from csv import writer as csv_writer
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

_RUNS: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")


def safe_text(value: str) -> str:
    """``value`` as a CSV cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_RUNS) or value.lstrip().startswith(_RUNS) else value


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write UTF-8 CSV as RFC 4180 has it (a return inside a cell is quoted). Cells are text, ``Decimal``, ``int``, ``bool``, dates or None."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv_writer(stream, lineterminator="\r\n")
        out.writerow(header)
        out.writerows([_plain(cell) for cell in row] for row in rows)


def write_xlsx(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write one sheet. Exact numbers are kept as text, since a spreadsheet would make them floats."""
    # Imported here: only who exports a spreadsheet needs it.
    from openpyxl import Workbook  # noqa: PLC0415
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet()

    def cell(value: Any) -> Any:
        made = WriteOnlyCell(sheet, value=format(value, "f") if isinstance(value, Decimal) else value)
        if isinstance(value, (str, Decimal)):
            made.data_type = "s"
        return made

    for row in (header, *rows):
        sheet.append([cell(each) for each in row])
    book.save(path)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
