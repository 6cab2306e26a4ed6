"""The processes that work: who is there, and who has died.

Rule 1: a name is made anew at each start, so whatever stands under a name that is not in the table was left behind.
Rule 2: who is silent is judged by whoever looks, by the beats that he saw and his own clock: the clocks of two machines are never compared.
Rule 3: exactly one of those who find a worker dead takes its row away.
"""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, select

from contractops.operator.store.tables import Worker

_NAMESPACE = Path("/proc/self/ns/pid")  # two containers of one machine see different process numbers


def new_name() -> str:
    """A name that no other process ever had: machine, process number, and chance."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"


def here() -> str:
    """The place at which the process numbers of this process mean something."""
    namespace = _NAMESPACE.readlink().name if _NAMESPACE.is_symlink() else ""
    return f"{socket.gethostname()}/{namespace}"


def beat(session: Session, name: str, *, at: datetime) -> None:
    """Say that ``name`` lives; the first time it enters the table. ``at`` is wall time."""
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    table = Worker.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    entered = insert(table).values(name=name, place=here(), pid=os.getpid(), beats=1, started_at=at, beat_at=at)
    again = entered.on_conflict_do_update(index_elements=["name"], set_={"beats": table.c.beats + 1, "beat_at": at})
    session.connection().execute(again)


def everybody(session: Session) -> list[Worker]:
    """Every worker that is not known to be dead."""
    return list(session.exec(select(Worker)))


def names(session: Session) -> set[str]:
    """The names of ``everybody``."""
    return set(session.exec(select(Worker.name)))


def strike(session: Session, worker: Worker) -> bool:
    """Take a dead worker's row away; False when it has beaten since ``worker`` was read, or another was first."""
    table = Worker.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    result = session.connection().execute(delete(table).where(table.c.name == worker.name, table.c.beats == worker.beats))
    return result.rowcount == 1


def leave(session: Session, name: str) -> None:
    """``name`` has stopped."""
    table = Worker.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    session.connection().execute(delete(table).where(table.c.name == name))


def has_ended(worker: Worker) -> bool:
    """Whether the process is certainly gone: it was of this place, and its number is free or is ours now."""
    if worker.place != here():
        return False
    if worker.pid == os.getpid():
        return True
    try:
        os.kill(worker.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
