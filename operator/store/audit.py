"""The audit chain: one chain a renewal, each row carrying the hash of the row before.

Rule 1: a row is only ever added, in the transaction of the change it tells of.
Rule 2: ``verify`` names the first row that does not follow from the one before.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from contractops.operator.store.tables import Audit

GENESIS = "0" * 64


def canonical(value: object) -> str:
    """``value`` as canonical JSON: sorted keys, no spaces, UTF-8 text kept."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def digest(value: object) -> str:
    """SHA-256 (hex) of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def append(
    session: Session,
    renewal_id: str,
    *,
    version: int,
    event: str,
    old: str,
    new: str,
    by: str,
    at: datetime,
    data: dict[str, Any],
    moved: bool,
) -> None:
    """Add one row to the chain of ``renewal_id``. ``at`` is business time; ``by`` a person id or ``machine``."""
    last = session.exec(select(Audit).where(Audit.renewal_id == renewal_id).order_by(col(Audit.number).desc()).limit(1)).first()
    row = Audit(
        renewal_id=renewal_id,
        number=last.number + 1 if last else 1,
        version=version,
        moved=moved,
        event=event,
        old_stage=old,
        new_stage=new,
        by=by,
        at=at,
        data=data,
        previous=last.hash if last else GENESIS,
        hash="",
    )
    row.hash = _row_hash(row)
    session.add(row)


def verify(session: Session, renewal_id: str) -> int | None:
    """Number of the first broken row of the chain, or None when the chain holds."""
    previous = GENESIS
    rows = session.exec(select(Audit).where(Audit.renewal_id == renewal_id).order_by(col(Audit.number)))
    for number, row in enumerate(rows, start=1):
        if row.number != number or row.previous != previous or row.hash != _row_hash(row):
            return number
        previous = row.hash
    return None


def _row_hash(row: Audit) -> str:
    at = row.at if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    return digest(
        [
            row.previous,
            row.renewal_id,
            row.number,
            row.version,
            row.moved,
            row.event,
            row.old_stage,
            row.new_stage,
            row.by,
            at.astimezone(UTC).isoformat(),
            row.data,
        ]
    )
