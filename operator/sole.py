"""One process at a time over a database file: the operator, or a command that takes the file apart.

Rule 1: the lock is the machine's own and ends with its process, however that ends; nothing has to be cleaned up.
Rule 2: it is for SQLite. PostgreSQL has several workers, and commands that need it alone say so themselves.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

from contractops.tools.errors import InputError


def file_of(database_url: str) -> Path | None:
    """The file of a SQLite database; None for any other, and for one in memory."""
    url = make_url(database_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:" else None


@contextmanager
def sole(database_url: str) -> Iterator[None]:
    """Hold the database alone. Raises ``InputError`` CO-RUN-001 when another process does, CO-DB-003 when its folder cannot be written."""
    file = file_of(database_url)
    if file is None:
        yield
        return
    try:
        lock = file.with_name(f"{file.name}.lock").open("ab")
    except OSError as problem:
        advice = "Check CONTRACTOPS_DATABASE_URL or --db: the folder must exist and be ours to write."
        raise InputError("CO-DB-003", f"beside {file} nothing can be written ({type(problem).__name__})", advice=advice) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                "CO-RUN-001", f"an operator runs on {file}", advice="Stop it first (SIGTERM), then run this command again."
            ) from None
        yield
