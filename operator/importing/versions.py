"""Rows into version tables: new, changed, or the same as before.

Rule 1: a row whose hash equals that of the current version writes nothing.
Rule 2: a changed row ends the current version and begins the next one, at the same moment.
Rule 3: writes go in batches inside the caller's transaction; nothing here commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from contractops.operator.importing.parse import row_hash
from contractops.operator.importing.report import FileReport
from contractops.operator.importing.rows import FileKind, Row
from contractops.operator.store.records import table_of

BATCH: Final = 2000


class VersionWriter:
    """Writes the rows of one file. ``recorded_at`` is the moment of the import (aware UTC); call ``flush`` at the end."""

    def __init__(self, connection: Connection, kind: FileKind, report: FileReport, recorded_at: datetime) -> None:
        self._connection = connection
        self._kind = kind
        self._report = report
        self._recorded_at = recorded_at
        self._table = table_of(kind.record)
        self._insert = insert(self._table)
        current = select(self._table.c.id, self._table.c.version, self._table.c.row_hash).where(self._table.c.superseded_at.is_(None))
        self._before: dict[str, tuple[int, str]] = {row[0]: (row[1], row[2]) for row in connection.execute(current)}
        self._new: list[dict[str, Any]] = []
        self._ended: list[dict[str, Any]] = []

    def known(self) -> dict[str, tuple[int, str]]:
        """Ids with a current version before this file was read."""
        return self._before

    def put(self, row: Row, line: int) -> None:
        """Take one valid row in. It is written at the latest by ``flush``."""
        found = row_hash(self._kind, row)
        version, before = self._before.get(row["id"], (0, None))
        if before == found:
            self._report.unchanged += 1
            return
        if before is None:
            self._report.new += 1
        else:
            self._report.changed += 1
            self._ended.append({"ended_id": row["id"], "ended_version": version, "ended_at": self._recorded_at})
        row["version"] = version + 1
        row["recorded_at"] = self._recorded_at
        row["row_hash"] = found
        row["source"] = f"{self._report.file}:{line}"
        self._new.append(row)
        if len(self._new) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is pending: ended versions first, so that never two are current."""
        if self._ended:
            columns = self._table.c
            end = (
                update(self._table)
                .where(columns.id == bindparam("ended_id"), columns.version == bindparam("ended_version"))
                .values(superseded_at=bindparam("ended_at"))
            )
            self._connection.execute(end, self._ended)
            self._ended = []
        if self._new:
            self._connection.execute(self._insert, self._new)
            self._new = []
