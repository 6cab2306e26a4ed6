"""Empty files with every column described, made from the declaration the parser uses.

Rule 1: nothing is overwritten: a template goes into a folder that holds none of its files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from contractops.operator.importing.columns import FILES
from contractops.operator.importing.documents import LIST, LIST_KIND
from contractops.operator.importing.export import write_csv
from contractops.operator.importing.folder import DOCUMENTS
from contractops.operator.importing.rows import Column, FileKind
from contractops.tools.errors import InputError

_HEADER: Final = ("file", "column", "type", "required", "unit", "values", "when_empty", "refers_to", "example", "description")
_INTRODUCTION: Final = """# Files of an import

One file a kind of record, as CSV (UTF-8; separated by `,`, `;` or tab), XLSX (first sheet) or JSON (a list of objects, or one object a line).
Every file is optional. The first line names the columns; their order is free; a column that is left out is empty. A row is the whole record:
importing a changed row makes a new version of it, importing the same again changes nothing, and a record left out stays as it was.

Dates are `2027-04-07`, moments `2026-11-10T08:15:00-06:00`, numbers have a decimal point and no thousands separator. Formulas are refused.
Contract documents (PDF, DOCX) lie in `documents/`; their name begins with the contract's id, or `documents/documents.csv` names it.
"""


def write_template(folder: Path) -> tuple[Path, ...]:
    """Write an empty CSV a file kind, ``columns.csv`` and ``COLUMNS.md``; returns their paths.

    Raises ``InputError`` when ``folder`` is a file or holds one of them already; nothing was written then.
    """
    targets = {folder / f"{kind.stem}.csv": kind for kind in FILES} | {folder / DOCUMENTS / LIST: LIST_KIND}
    described = (folder / "columns.csv", folder / "COLUMNS.md")
    present = [path.name for path in (*targets, *described) if path.exists()]
    if present or (folder.exists() and not folder.is_dir()):
        reason = f"{folder} already holds {', '.join(present)}." if present else f"{folder} is a file."
        raise InputError("CO-IMP-008", reason, advice="Give a new or empty folder. Nothing was written.")
    try:
        (folder / DOCUMENTS).mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(
            "CO-IMP-051", f"{folder} cannot be made: {problem.strerror}.", advice="Name a folder that you may write to."
        ) from None
    for path, kind in targets.items():
        write_csv(path, tuple(column.name for column in kind.columns), ())
    write_csv(described[0], _HEADER, ((name, *_described(column)) for name, kind in _kinds() for column in kind.columns))
    described[1].write_text(columns_page(), encoding="utf-8")
    return (*targets, *described)


def columns_page() -> str:
    """The description of every file and column as Markdown."""
    parts = [_INTRODUCTION]
    for name, kind in _kinds():
        key = " + ".join(f"`{part}`" for part in kind.key)
        parts.append(
            f"\n## {name}\n\n{kind.words} A record is known by {key}.\n\n| {' | '.join(_HEADER[1:])} |\n|{'---|' * (len(_HEADER) - 1)}"
        )
        parts.extend(f"| {' | '.join(each.replace('|', '/') for each in _described(column))} |" for column in kind.columns)
    return "\n".join(parts) + "\n"


def _kinds() -> Iterator[tuple[str, FileKind]]:
    yield from ((kind.stem, kind) for kind in FILES)
    yield f"{DOCUMENTS}/{LIST.removesuffix('.csv')}", LIST_KIND


def _described(column: Column) -> tuple[str, ...]:
    refers = " or ".join((column.refers_to, *column.or_refers_to)) if column.refers_to else ""
    required = "yes" if column.required else "no"
    values = ", ".join(column.allowed)
    return (column.name, column.type, required, column.unit, values, column.default or "", refers, column.example, column.words)
