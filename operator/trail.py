"""The newest rows of the audit chain, for whoever stands beside a local world.

Rule 1: it only reads; names of people are those of today.
"""

from __future__ import annotations

from sqlmodel import Session, col, select

from contractops.operator.store.records import Person
from contractops.operator.store.tables import Audit, Renewal

LIMIT = 200


def newest(session: Session) -> list[dict[str, str]]:
    """The last ``LIMIT`` rows, newest first: {"at" (ISO), "contract", "event", "stage", "by"} in words."""
    rows = session.exec(
        select(Audit, Renewal.contract_id)
        .join(Renewal, col(Renewal.id) == col(Audit.renewal_id))
        .order_by(col(Audit.id).desc())
        .limit(LIMIT)
    ).all()
    names = dict(session.exec(select(Person.id, Person.name).where(col(Person.superseded_at).is_(None))).all())
    return [
        {
            "at": row.at.isoformat(),
            "contract": contract,
            "event": _words(row.event),
            "stage": _words(row.new_stage) if row.old_stage == row.new_stage else f"{_words(row.old_stage)} to {_words(row.new_stage)}",
            "by": names.get(row.by, "Renewal Desk"),
        }
        for row, contract in rows
    ]


def _words(name: str) -> str:
    return name.replace("_", " ")
