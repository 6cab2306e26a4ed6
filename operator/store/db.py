"""The application database: one engine, two ways in.

Rule 1: a writer takes the write lock first (``BEGIN IMMEDIATE`` on SQLite, an advisory lock on PostgreSQL), so that it never fails half-way
for want of it, and what it reads under the lock nobody changes before it has written.
Rule 2: what was acknowledged survives a power cut (``synchronous=FULL`` and WAL on SQLite; PostgreSQL's own default).
Rule 3: a transaction is short and contains no remote call.
Rule 4: writers of one process queue up before SQLite's lock: whoever meets it taken there sleeps, up to a tenth of a second at a time.
Rule 5: on PostgreSQL writers that each name the one thing they are ``about`` (a renewal, an event of the inbox) work side by side when these
differ; whoever names nothing is alone. So the same code holds on both, and only the speed differs.
Rule 6: a process that froze inside a transaction keeps nobody waiting for ever: PostgreSQL ends its session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import RLock
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from contractops.tools.errors import InputError

BUSY_MILLISECONDS = 30_000
POSTGRES_SETTINGS: Final = (
    "SET TIME ZONE 'UTC'",
    f"SET lock_timeout = {BUSY_MILLISECONDS}",
    f"SET idle_in_transaction_session_timeout = {BUSY_MILLISECONDS}",
)
WRITERS: Final = 7_301_977
"""Number of the advisory lock of PostgreSQL that every writer takes, shared or alone; it means something to this product only."""

_VIEW: Final[dict[str, dict[str, Any]]] = {"sqlite": {}, "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}}
"""What makes a reader's transaction one consistent view, by dialect."""


class Database:
    """An open application database. ``url`` is the SQLAlchemy URL it was opened with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._readers = self.engine.execution_options(reader=True, **_VIEW[self.engine.dialect.name])
        self._turn: AbstractContextManager[object] = RLock() if self.engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def write(self, about: str | None = None) -> Iterator[Session]:
        """One transaction that may change things; committed at the end, rolled back when the block raises.

        ``about`` names the one thing whose rows it reads and changes; None when it is about more than one.
        """
        engine = self.engine if about is None else self.engine.execution_options(about=about)
        with self._turn, Session(engine, expire_on_commit=False) as session, session.begin():
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
        return _postgres(url)
    raise InputError(
        "CO-SET-001",
        f"CONTRACTOPS_DATABASE_URL or --db names the database kind {backend!r}",
        advice=advice,
    )


def _postgres(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:  # the driver's own connection type
        connection.autocommit = True
        for setting in POSTGRES_SETTINGS:
            connection.execute(setting)
        connection.autocommit = False

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        options = connection.get_execution_options()
        if options.get("reader", False):
            return
        about = options.get("about")
        if about is None:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
        else:
            both = f"SELECT pg_advisory_xact_lock_shared({WRITERS}), pg_advisory_xact_lock(hashtextextended(%s, {WRITERS}))"
            connection.exec_driver_sql(both, (about,))

    return engine


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
