"""Import of a folder: its files in order, all in one transaction.

Rule 1: all or nothing. A file that cannot be used, a kill or Ctrl-C leaves the database as it was; the same command goes on from there.
Rule 2: a bad row is reported and stops nothing else; what the database held of that record stays.
Rule 3: importing the same again writes nothing, not even a note that it was done.
Rule 4: of each file the first thousand problems are listed and the others counted: a list of all would help nobody.
Rule 5: a record that is missing in a later import is left alone: a folder may hold only what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

from sqlalchemy import Connection, Engine, insert, select

from contractops.operator.importing.columns import BY_STEM, FILES
from contractops.operator.importing.documents import import_documents
from contractops.operator.importing.parse import Plan
from contractops.operator.importing.readers import ENDINGS, Source, read
from contractops.operator.importing.report import FileReport, ImportReport, Problem
from contractops.operator.importing.rows import Column, FileKind, Row
from contractops.operator.importing.versions import VersionWriter
from contractops.operator.store.records import ImportRun, table_of
from contractops.tools.errors import InputError

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)`` every thousand rows and at the end of each file; ``total`` is an estimate."""

DOCUMENTS: Final = "documents"
MAX_LISTED: Final = 1000
_STEP: Final = 1000
_IGNORED: Final = frozenset({"columns.csv", "readme.md", "columns.md"})


def no_progress(what: str, done: int, total: int) -> None:
    """Tell nobody."""


@dataclass
class _Run:
    """One import under way. ``ids`` are the ids each file's records have now, for references."""

    connection: Connection
    recorded_at: datetime
    report: ImportReport
    progress: Progress
    ids: dict[str, Collection[str]] = field(default_factory=dict)

    def known(self, stem: str) -> Collection[str]:
        """Ids of current records of one kind, read from the database when this folder has no such file."""
        if stem not in self.ids:
            table = table_of(BY_STEM[stem].record)
            self.ids[stem] = set(self.connection.scalars(select(table.c.id).where(table.c.superseded_at.is_(None))))
        return self.ids[stem]


def import_folder(folder: Path, engine: Engine, recorded_at: datetime, progress: Progress = no_progress) -> ImportReport:
    """Read every known file of ``folder`` and its ``documents/``, and store what is new or changed, as of ``recorded_at`` (aware UTC).

    Raises ``InputError`` when the folder or a file in it cannot be used; nothing was written then. Bad rows are in the report.
    """
    files, report = _survey(folder)
    with engine.begin() as connection:
        run = _Run(connection, recorded_at, report, progress)
        for kind, path in files:
            _import_file(run, kind, path)
        if (folder / DOCUMENTS).is_dir():
            import_documents(connection, folder / DOCUMENTS, run.known("contracts"), report, recorded_at)
        if report.written:
            connection.execute(insert(table_of(ImportRun)), {"recorded_at": recorded_at, "folder": folder.name, "report": report.as_data()})
    return report


def _survey(folder: Path) -> tuple[list[tuple[FileKind, Path]], ImportReport]:
    """The files to read, in order of ``FILES``; files of no known name are reported."""
    if not folder.is_dir():
        raise InputError("CO-IMP-001", f"{folder} is not a folder.", advice="Give the folder that holds the files. Nothing was written.")
    report = ImportReport(str(folder))
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        stem = path.stem.lower()
        if path.is_dir() or path.name.startswith(".") or path.name.lower() in _IGNORED:
            continue
        if stem not in BY_STEM or path.suffix.lower() not in ENDINGS:
            advice = f"Known names: {', '.join(BY_STEM)}; endings: {', '.join(ENDINGS)}."
            report.problems.append(Problem("CO-IMP-050", path.name, None, None, "the file is not one of those read.", advice))
            continue
        if stem in found:
            reason = f"{found[stem].name} and {path.name} hold the same kind of record."
            raise InputError("CO-IMP-006", reason, advice="Leave one of them. Nothing was written.")
        found[stem] = path
    if not found and not (folder / DOCUMENTS).is_dir():
        advice = "See contractops import --template FOLDER for their names and columns. Nothing was written."
        raise InputError("CO-IMP-002", f"{folder} holds none of the files an import reads.", advice=advice)
    return [(kind, found[kind.stem]) for kind in FILES if kind.stem in found], report


def _import_file(run: _Run, kind: FileKind, path: Path) -> None:
    source = read(path)
    plan = Plan(kind, path.name, source.header)
    counts = FileReport(kind.stem, path.name)
    run.report.files.append(counts)
    run.report.problems.extend(plan.problems)
    checks = _References(run, kind, path.name)
    writer = VersionWriter(run.connection, kind, counts, run.recorded_at)
    first_line: dict[str, int] = {}
    for line, cells in source.rows:
        counts.read += 1
        row, problems = plan.row(line, cells)
        if row is not None:
            problems = _duplicate(path.name, line, row, first_line) or checks.of(row, line)
        _report(run.report, problems, counts)
        if row is None or any(not each.kept for each in problems):
            counts.rejected += 1
        else:
            first_line[row["id"]] = line
            writer.put(row, line)
        if counts.read % _STEP == 0:
            run.progress(kind.stem, counts.read, _estimate(source, counts.read))
    writer.flush()
    run.progress(kind.stem, counts.read, counts.read)
    run.ids[kind.stem] = first_line.keys() | writer.known().keys()
    _report(run.report, checks.late(run.ids[kind.stem]), counts)
    if counts.unlisted:
        reason = f"{counts.unlisted:,} more problems are not listed."
        run.report.problems.append(
            Problem("CO-IMP-037", path.name, None, None, reason, "Correct those listed and import again.", kept=True)
        )


def _report(report: ImportReport, problems: list[Problem], counts: FileReport) -> None:
    """List problems, up to a number that a person can read and a memory can hold; count the others."""
    for each in problems:
        if counts.listed < MAX_LISTED:
            counts.listed += 1
            report.problems.append(each)
        else:
            counts.unlisted += 1


def _estimate(source: Source, read_so_far: int) -> int:
    return max(source.total, read_so_far)


def _duplicate(file: str, line: int, row: Row, first_line: dict[str, int]) -> list[Problem]:
    first = first_line.get(row["id"])
    if first is None:
        return []
    return [Problem("CO-IMP-030", file, line, "id", f"{row['id']} stands already in line {first}.", "Keep one of the two rows.")]


class _References:
    """Checks that what a row names exists. References within the same file are settled at its end: the order of rows is free."""

    def __init__(self, run: _Run, kind: FileKind, file: str) -> None:
        self._run, self._stem, self._file = run, kind.stem, file
        self._within = tuple(column for column in kind.columns if column.refers_to == kind.stem)
        self._across = tuple(
            (column, [run.known(stem) for stem in (column.refers_to, *column.or_refers_to)])
            for column in kind.columns
            if column.refers_to is not None and column.refers_to != kind.stem
        )
        self._waiting: list[tuple[Column, int, str]] = []

    def of(self, row: Row, line: int) -> list[Problem]:
        """Problems of one row's references to other files."""
        for column in self._within:
            if row[column.name] is not None:
                self._waiting.append((column, line, row[column.name]))
        return [
            self._problem(column, line, row[column.name])
            for column, ids in self._across
            if row[column.name] is not None and not any(row[column.name] in known for known in ids)
        ]

    def late(self, ids: Collection[str]) -> list[Problem]:
        """Problems of the references within the file, now that all of it is read."""
        return [self._problem(column, line, name) for column, line, name in self._waiting if name not in ids]

    def _problem(self, column: Column, line: int, name: str) -> Problem:
        stems = (column.refers_to or "", *column.or_refers_to)
        where = " or ".join(stems)
        advice = f"Add it to {where}, mend its row there if it was skipped, or correct the id."
        if not any(self._run.known(stem) for stem in stems if stem != self._stem):
            advice = f"None of {where} is known: this folder has no such file with rows, and none was imported before. Add the file."
        code = "CO-IMP-032" if column.soft else "CO-IMP-031"
        return Problem(code, self._file, line, column.name, f"{name} is not in {where}.", advice, kept=column.soft)
