"""Claims about the locks of PostgreSQL, which stand for SQLite's single writer. They run on a real server, whatever the other tests run on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from contractops.operator.clock import wall_now
from contractops.operator.store import db, inbox, schema
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Inbox
from contractops.tools.errors import VendorError
from tests.postgres import databases

SOON = 0.3
"""Seconds in which a writer that need not wait has surely begun, and after which one that waits is taken to wait."""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setenv(databases.VARIABLE, "postgres")
    made = Database(databases.url_of(tmp_path / "locks.db"))
    schema.ensure(made)
    yield made
    made.dispose()
    databases.forget_below(tmp_path)


class Writer:
    """A second writer, in a thread of its own; ``begun`` is set inside its transaction."""

    def __init__(self, database: Database, about: str | None) -> None:
        self._database, self._about = database, about
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self._write)
        self.thread.start()

    def _write(self) -> None:
        with self._database.write(self._about) as session:
            count(session)
            self.begun.set()


@pytest.mark.parametrize(
    ("first", "second", "waits"),
    [
        (None, None, True),
        (None, "R1", True),
        ("R1", None, True),
        ("R1", "R1", True),
        ("R1", "R2", False),
    ],
)
def test_who_waits_for_whom(database: Database, first: str | None, second: str | None, waits: bool) -> None:
    """Writers about different things work side by side; every other pair one after the other. A reader never waits."""
    with database.write(first) as session:
        count(session)  # a transaction begins with its first statement
        other = Writer(database, second)
        assert other.begun.wait(SOON if waits else 10.0) is not waits
        with database.read() as reading:
            assert count(reading) == 0
    other.thread.join(10.0)
    assert other.begun.is_set()


def test_a_reader_has_one_view_and_keeps_nothing(database: Database) -> None:
    """What others commit meanwhile is not seen; writing is refused."""
    with database.read() as session:
        assert count(session) == 0
        with database.write() as writing:
            inbox.commit(writing, "k", "click", {}, at=wall_now())
        assert count(session) == 0
        session.add(Inbox(key="other", kind="click", payload={}, received_at=wall_now()))
        with pytest.raises(DBAPIError, match="read-only"):
            session.flush()
        session.rollback()
    with database.read() as session:
        assert count(session) == 1


def test_a_writer_that_froze_in_its_transaction_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lock is free again after the time, its work is undone, and the next one writes."""
    monkeypatch.setenv(databases.VARIABLE, "postgres")
    other = Database(databases.url_of(tmp_path / "frozen.db"))
    schema.ensure(other)
    monkeypatch.setattr(db, "POSTGRES_SETTINGS", ("SET TIME ZONE 'UTC'", "SET idle_in_transaction_session_timeout = 300"))
    frozen = Database(other.url)
    with pytest.raises(DBAPIError, match=r"terminat|closed|idle"), frozen.write() as session:  # noqa: PT012
        inbox.commit(session, "k", "click", {}, at=wall_now())
        with other.write() as next_one:
            assert count(next_one) == 0
        session.connection().execute(text("SELECT 1"))
    for one in (frozen, other):
        one.dispose()
    databases.forget_below(tmp_path)


def test_a_moment_comes_back_in_utc_whatever_the_zone_of_the_server(database: Database) -> None:
    """The server of the tests stands in Kathmandu."""
    at = wall_now()
    with database.write() as session:
        assert inbox.commit(session, "k", "click", {}, at=at)
        assert not inbox.commit(session, "k", "click", {}, at=at)
    with database.read() as session:
        row = session.get_one(Inbox, "k")
    assert row.received_at.isoformat() == at.isoformat()


def count(session: Session) -> int:
    return int(session.connection().execute(text("SELECT count(*) FROM inbox")).scalar_one())


def test_a_server_that_does_not_answer_is_a_fault_of_the_network(tmp_path: Path) -> None:
    """No wrong use, and nothing that a person must correct in a file: the exit status says that it may pass."""
    nowhere = Database(f"postgresql+psycopg://postgres@/none?host={tmp_path}")
    with pytest.raises(VendorError) as refused:
        schema.ensure(nowhere)
    nowhere.dispose()
    assert (refused.value.code, refused.value.exit_status) == ("CO-DB-005", 5)
