"""The inbox: everything inbound is a committed row before it is acknowledged.

Rule 1: the key is the sender's identity of the event; the same event is committed once.
Rule 2: a row is handled when its outcome is stored; what was committed and not handled is found again by ``waiting``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from contractops.operator.store.tables import Inbox

MOST_TRIES = 5


def commit(session: Session, key: str, kind: str, payload: dict[str, Any], *, at: datetime) -> bool:
    """Store the event; False when it was there already. ``at`` is wall time."""
    dialect = session.connection().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    fresh = insert(Inbox).values(key=key, kind=kind, payload=payload, received_at=at, tries=0)
    stored = fresh.on_conflict_do_nothing(index_elements=["key"]).returning(col(Inbox.key))
    return session.connection().execute(stored).first() is not None


def handled(session: Session, key: str, outcome: str, *, at: datetime) -> None:
    """Mark the event as worked off. ``at`` is wall time."""
    row = session.get(Inbox, key)
    if row is not None and row.handled_at is None:
        row.handled_at, row.outcome = at, outcome
        session.add(row)


def taken(session: Session, key: str) -> None:
    """Count one more try by recovery, before the work: a poison message is left aside after ``MOST_TRIES``."""
    row = session.get(Inbox, key)
    if row is not None:
        row.tries += 1
        session.add(row)


def waiting(session: Session, *, at: datetime, older_than: timedelta) -> list[tuple[str, str]]:
    """(key, kind) of events that were committed but not handled within ``older_than``, oldest first."""
    rows = session.exec(
        select(Inbox.key, Inbox.kind)
        .where(col(Inbox.handled_at).is_(None), Inbox.received_at <= at - older_than, Inbox.tries < MOST_TRIES)
        .order_by(col(Inbox.received_at))
    )
    return list(rows)
