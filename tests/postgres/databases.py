"""The databases of the tests: every one is opened through here, and is a SQLite file or a PostgreSQL database.

Rules of this module:

1. A test names its database by a file in its temporary folder. On SQLite that is the file; on PostgreSQL it is a database whose name follows from it.
2. ``CONTRACTOPS_TEST_DATABASE`` decides (``sqlite`` or ``postgres``), for the whole run and for every process that it starts.
3. A copy is made by ``copy``: on PostgreSQL from the other one as a template, which nobody may have open.
4. Every test that asked for a database is counted, so that a run on PostgreSQL can be compared with the one on SQLite.
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import psycopg
from sqlalchemy import create_engine, text

from scripts.run_tests import WITH_DATABASE
from tests.postgres import server

Connection: TypeAlias = psycopg.Connection[tuple[str]]
VARIABLE: Final = "CONTRACTOPS_TEST_DATABASE"
NOBODY_ELSE: Final = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


def kind() -> str:
    """``sqlite`` or ``postgres``."""
    chosen = os.environ.get(VARIABLE, "sqlite")
    assert chosen in {"sqlite", "postgres"}, f"{VARIABLE} is {chosen}"
    return chosen


def url_of(file: Path) -> str:
    """The URL of the database that ``file`` names; on PostgreSQL it is made, empty, when it is not there.

    Raises ``AssertionError`` in a test that ``make test-postgres`` does not run: it would never be tried there.
    """
    test = os.environ.get("PYTEST_CURRENT_TEST", WITH_DATABASE[0])
    assert test.startswith(WITH_DATABASE), f"{test} opens a database and stands in none of {WITH_DATABASE}"
    if kind() == "sqlite":
        return f"sqlite:///{file}"
    with _maintenance() as connection:
        return _make(connection, file, None)


def copy(source: Path, target: Path) -> None:
    """A copy of the database ``source`` as ``target``, whatever that was. Nobody may have either of them open."""
    if kind() == "sqlite":
        for end in ("-wal", "-shm"):
            target.with_name(target.name + end).unlink(missing_ok=True)
        with closing(sqlite3.connect(source)) as now, closing(sqlite3.connect(target)) as then:
            now.backup(then)
        return
    with _maintenance() as connection:
        _drop(connection, _name(target))
        if _is_made(connection, _name(source)):  # else nobody has opened it yet, as a file that is not there
            connection.execute(NOBODY_ELSE, (_name(source),))
            _make(connection, target, _name(source))


def forget_below(folder: Path) -> None:
    """The databases that were named by files below ``folder`` are no longer needed."""
    if kind() == "postgres" and server.is_running():
        with _maintenance() as connection:
            for (name,) in connection.execute("DELETE FROM made WHERE starts_with(file, %s) RETURNING name", (f"{folder}/",)).fetchall():
                _drop(connection, name)


@contextmanager
def sql(file: Path) -> Iterator[Callable[..., Any]]:
    """Plain SQL past the product, in one transaction: ``run(statement, name=value)``. Moments are written in UTC."""
    engine = create_engine(url_of(file), connect_args={} if kind() == "sqlite" else {"options": "-c timezone=UTC"})
    try:
        with engine.begin() as connection:
            yield lambda statement, **values: connection.execute(text(statement), values)
    finally:
        engine.dispose()


def _name(file: Path) -> str:
    return "t_" + hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:24]


def _is_made(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT 1 FROM made WHERE name = %s", (name,)).fetchone() is not None


def _make(connection: Connection, file: Path, template: str | None) -> str:
    name = _name(file)
    if not _is_made(connection, name):
        origin = f' TEMPLATE "{template}"' if template else ""
        connection.execute(f'CREATE DATABASE "{name}"{origin}'.encode())
        connection.execute("INSERT INTO made VALUES (%s, %s)", (name, str(file.resolve())))
    return server.url(name)


def _drop(connection: Connection, name: str) -> None:
    connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
    connection.execute("DELETE FROM made WHERE name = %s", (name,))


@contextmanager
def _maintenance() -> Iterator[Connection]:
    address = server.running().replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(1)")  # two workers of the tests at once would both make the table
        connection.execute("CREATE TABLE IF NOT EXISTS made (name text PRIMARY KEY, file text NOT NULL)")
        connection.execute("SELECT pg_advisory_unlock(1)")
        yield connection
