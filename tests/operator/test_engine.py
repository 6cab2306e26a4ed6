"""The doorbell on the SQLite that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from contractops.operator.clock import wall_now
from contractops.operator.engine import _system_engine


@pytest.mark.sqlite
def test_the_queue_reads_the_time_from_whatever_sqlite_is_there(tmp_path: Path) -> None:
    """What the library asks for from Python 3.12 on is the present in milliseconds, also as the default of a column, on an old SQLite too."""
    engine = _system_engine(f"sqlite:///{tmp_path / 'app.db'}")
    before = wall_now().timestamp() * 1000 - 1
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE one (id INTEGER, at BIGINT NOT NULL DEFAULT (unixepoch('subsec') * 1000))")
        connection.exec_driver_sql("INSERT INTO one (id) VALUES (1)")
        stored = connection.exec_driver_sql("SELECT at FROM one").scalar_one()
    engine.dispose()
    assert before <= stored <= wall_now().timestamp() * 1000 + 1
