"""The application database: writers of one process."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import event, text

from contractops.operator.store.db import Database


@pytest.mark.sqlite
def test_writers_of_one_process_wait_before_the_lock_not_at_it(tmp_path: Path) -> None:
    """While one writes, the next has not yet asked SQLite: there it would sleep, and others would overtake it."""
    database = Database(f"sqlite:///{tmp_path / 'some.db'}")
    begun: list[str] = []
    event.listen(database.engine, "begin", lambda _connection: begun.append(threading.current_thread().name))

    def write() -> None:
        with database.write() as session:
            session.connection().execute(text("CREATE TABLE IF NOT EXISTS seen (a)"))

    second = threading.Thread(target=write, name="second")
    with database.write() as session:
        session.connection().execute(text("SELECT 1"))
        second.start()
        second.join(0.2)
        assert begun == ["MainThread"]
        with database.read() as other:
            assert other.connection().execute(text("SELECT 1")).scalar() == 1  # a reader never waits for a writer
    second.join(10.0)
    assert [name for name in begun if name == "second"] == ["second"]
    database.dispose()
