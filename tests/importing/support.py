from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select
from sqlmodel import Session, SQLModel

from contractops.operator.importing.folder import import_folder
from contractops.operator.importing.report import ImportReport
from contractops.operator.store import records

NOW = datetime(2026, 12, 7, 15, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
SAMPLE = Path(__file__).parents[2] / "sample" / "portfolio"


def rows_of(engine: Engine, record: type[records.Versioned]) -> list[records.Versioned]:
    with Session(engine) as session:
        table = records.table_of(record)
        return list(session.scalars(select(record).order_by(table.c.id, table.c.version)))


def total_rows(engine: Engine) -> int:
    with engine.connect() as connection:
        return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in SQLModel.metadata.sorted_tables)


def run(folder: Path, engine: Engine, at: datetime = NOW) -> ImportReport:
    return import_folder(folder, engine, at)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
