"""Markers of the sweep that failed too often.

Rule 1: a marker is counted before it is worked on; after ``MOST_TRIES`` it is left aside, so that the others go on.
Rule 2: what is left aside is named by every recovery in the log, and by ``contractops doctor``; a changed date marks anew.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import Session, select

from contractops.operator.store.tables import Due

MOST_TRIES: Final = 3


def left_aside(session: Session) -> list[str]:
    """Ids of renewals whose marker failed ``MOST_TRIES`` times."""
    return sorted(set(session.exec(select(Due.renewal_id).where(Due.tries >= MOST_TRIES))))
