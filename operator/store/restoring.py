"""What is known of restored backups.

Rule 1: after a restoring something may have been done outside that no row tells of. Whoever could do it again asks first, for ``DOUBT``.
Rule 2: instants are wall time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from contractops.operator.store.tables import Restoring

DOUBT: Final = timedelta(days=30)
"""So long after a restoring a first post or a mail may be a second one. An envelope is asked for without end."""


def waiting(session: Session) -> Restoring | None:
    """The restoring whose vendors were not asked yet: nothing may be performed."""
    return session.exec(select(Restoring).where(col(Restoring.reconciled_at).is_(None)).order_by(col(Restoring.id).desc()).limit(1)).first()


def was_restored(session: Session) -> bool:
    """Whether this database ever was a backup."""
    return session.exec(select(Restoring.id).limit(1)).first() is not None


def doubt_since(session: Session, wall: datetime) -> datetime | None:
    """Since when something may have been done without a row of it: the oldest backup that was restored within ``DOUBT``; None without one."""
    return session.exec(
        select(Restoring.made_at).where(Restoring.restored_at > wall - DOUBT).order_by(col(Restoring.made_at)).limit(1)
    ).first()
