"""The audit chain: one chain a renewal, each row carrying the hash of the row before.

Rule 1: a row is only ever added, in the transaction of the change it tells of.
Rule 2: ``verify`` names the first row that does not follow from the one before.
Rule 3: the law may ask that a person is taken out of a row (``erase``). Such a row keeps its hash, so that the chain goes on over it; what
it says from then on is sealed by a row at the end of the chain, which names the row and the hash of its new content. What was there
before cannot be proven any more; that nothing else was changed can, and which rows were is told by ``erased``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from contractops.operator.store.tables import Audit
from contractops.tools.errors import Refused

GENESIS = "0" * 64
ERASED = "erased"
"""The event of a row that seals what others say since a person was taken out of them."""


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
    rows = session.exec(select(Audit).where(Audit.renewal_id == renewal_id).order_by(col(Audit.number))).all()
    sealed = _sealed(rows)
    for number, row in enumerate(rows, start=1):
        content = _row_hash(row)
        whole = row.hash == content if number not in sealed else sealed[number] == content
        if row.number != number or row.previous != previous or not whole:
            return number
        previous = row.hash
    return None


def erase(session: Session, renewal_id: str, clean: Callable[[Any], Any], *, by: str, at: datetime) -> int:
    """Take out of every row what ``clean`` takes out of its values, and seal what is left; returns how many rows were changed.

    Raises ``Refused`` CO-AUD-001 for a chain that is broken already: a seal over a changed row would hide who changed it.
    """
    broken = verify(session, renewal_id)
    if broken is not None:
        advice = "Find out who changed it, and take a backup from before; nothing was erased."
        raise Refused("CO-AUD-001", f"the audit chain of {renewal_id} is broken at row {broken}", advice=advice)
    rows = session.exec(select(Audit).where(Audit.renewal_id == renewal_id).order_by(col(Audit.number))).all()
    seals: dict[str, str] = {}
    for row in rows:
        person, data = clean(row.by), clean(row.data)
        if (person, data) != (row.by, row.data):
            row.by, row.data = person, data
            session.add(row)
            seals[str(row.number)] = _row_hash(row)
    if seals:
        last = rows[-1]
        append(
            session, renewal_id, version=last.version, event=ERASED, old=last.new_stage, new=last.new_stage, by=by, at=at,
            data={"sealed": seals}, moved=False,
        )  # fmt: skip
    return len(seals)


def erased(session: Session, renewal_id: str) -> list[int]:
    """Numbers of the rows of a chain out of which a person was taken."""
    return sorted(_sealed(session.exec(select(Audit).where(Audit.renewal_id == renewal_id).order_by(col(Audit.number))).all()))


def _sealed(rows: Sequence[Audit]) -> dict[int, str]:
    """Number of a row -> hash of what it says since a person was taken out; the latest seal counts."""
    found: dict[int, str] = {}
    for row in rows:
        if row.event == ERASED:
            found |= {int(number): str(content) for number, content in row.data["sealed"].items() if int(number) < row.number}
    return found


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
