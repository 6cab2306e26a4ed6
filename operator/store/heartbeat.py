"""Heartbeats: when a regular piece of work was last done, for whoever watches the operator.

Rule 1: a beat is written in the transaction of the work that it tells of. Rule 2: instants are wall time.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session

from contractops.operator.store.tables import Heartbeat

SWEEP: Final = "sweep"
RETENTION: Final = "retention"


def beat(session: Session, name: str, *, at: datetime) -> None:
    """The work ``name`` was done ``at``."""
    session.merge(Heartbeat(name=name, at=at))


def last(session: Session, name: str) -> datetime | None:
    """When the work ``name`` was last done; None when it never was."""
    row = session.get(Heartbeat, name, populate_existing=True)
    return row.at if row else None
