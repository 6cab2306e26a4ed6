"""The application database: one engine, two ways in.

Rule 1: a writer takes the write lock first (``BEGIN IMMEDIATE`` on SQLite), so that it never fails half-way for want of it.
Rule 2: what was acknowledged survives a power cut (``synchronous=FULL``, WAL).
Rule 3: a transaction is short and contains no remote call.
Rule 4: writers of one process queue up before SQLite's lock: whoever meets it taken there sleeps, up to a tenth of a second at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from contractops.tools.errors import InputError

BUSY_MILLISECONDS = 30_000


class Database:
    """An open application database. ``url`` is the SQLAlchemy URL it was opened with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._readers = self.engine.execution_options(reader=True)
        self._turn: AbstractContextManager[object] = RLock() if self.engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction that may change things; committed at the end, rolled back when the block raises."""
        with self._turn, Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view; nothing written in it is kept."""
        with Session(self._readers, expire_on_commit=False) as session:
            yield session

    def dispose(self) -> None:
        """Close every connection (before a fork, at the end of a process)."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    advice = "Use sqlite:///FILE or postgresql+psycopg://HOST/NAME."
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError:  # it may hold a password, so it is not repeated
        raise InputError("CO-SET-001", "CONTRACTOPS_DATABASE_URL or --db is no database URL", advice=advice) from None
    if backend == "sqlite":
        return _sqlite(url)
    if backend == "postgresql":
        return create_engine(url, pool_pre_ping=True)
    raise InputError(
        "CO-SET-001",
        f"CONTRACTOPS_DATABASE_URL or --db names the database kind {backend!r}",
        advice=advice,
    )


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:  # the driver's own connection type
        connection.isolation_level = None
        for pragma in (f"busy_timeout={BUSY_MILLISECONDS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        reader = connection.get_execution_options().get("reader", False)
        connection.exec_driver_sql("BEGIN" if reader else "BEGIN IMMEDIATE")

    return engine
