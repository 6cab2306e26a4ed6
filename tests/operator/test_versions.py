"""Imported records are asked for by a column: one key, many or none, as they are known now or were known then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from contractops.operator.store import schema, versions
from contractops.operator.store.db import Database
from contractops.operator.store.records import Usage
from tests.postgres import databases

JUNE, JULY, AUGUST = (datetime(2026, month, 1, tzinfo=UTC) for month in (6, 7, 8))


def usage(record_id: str, account: str, version: int, recorded: datetime, superseded: datetime | None) -> Usage:
    values = {"month": JUNE.date(), "metric": f"v{version}", "unit": "Mbit/s", "row_hash": "", "source": "usage.csv:2"}
    return Usage(id=record_id, account_id=account, version=version, recorded_at=recorded, superseded_at=superseded, **values)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A1 has U1, which changed in July, and U2; A2 has U3, since July. Nothing was sent to the database yet."""
    database = Database(databases.url_of(tmp_path / "contractops.db"))
    schema.ensure(database)
    with database.write() as open_session:
        open_session.add(usage("U2", "A1", 1, JUNE, None))
        open_session.add(usage("U1", "A1", 1, JUNE, JULY))
        open_session.add(usage("U1", "A1", 2, JULY, None))
        open_session.add(usage("U3", "A2", 1, JULY, None))
        yield open_session
    database.dispose()


@pytest.mark.parametrize(
    ("accounts", "known_at", "found"),
    [
        ([], None, []),
        (["A1"], None, [("U1", 2), ("U2", 1)]),
        (["A2"], None, [("U3", 1)]),
        (["A1", "A2"], None, [("U1", 2), ("U2", 1), ("U3", 1)]),
        (["A1"], JUNE, [("U1", 1), ("U2", 1)]),
        (["A1", "A2"], JUNE, [("U1", 1), ("U2", 1)]),
        (["A1", "A2"], AUGUST, [("U1", 2), ("U2", 1), ("U3", 1)]),
        (["nobody"], None, []),
    ],
)
def test_by_one_key_many_or_none_now_and_then(
    session: Session, accounts: list[str], known_at: datetime | None, found: list[tuple[str, int]]
) -> None:
    """By id, one version of each; what the session has not sent yet counts."""
    rows = versions.by(session, Usage, "account_id", accounts, known_at)
    assert [(row.id, row.version) for row in rows] == found


def test_a_row_carries_the_values_of_its_record_and_takes_none(session: Session) -> None:
    """Moments are aware and dates are dates, as on the record itself; writing to it fails instead of being lost."""
    (row,) = versions.by(session, Usage, "account_id", ["A2"])
    stored = session.get_one(Usage, ("U3", 1))
    assert {name: getattr(row, name) for name in Usage.model_fields} == {name: getattr(stored, name) for name in Usage.model_fields}
    with pytest.raises(AttributeError):
        row.metric = "other"
