"""What the CRM held, and when we saw it: each reading that differs is a new version of the record.

Rule 1: reading the same again stores nothing. Rule 2: an imported record is a reading like any other.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from contractops.operator.store.audit import digest
from contractops.operator.store.records import CrmState
from contractops.tools.crm import CrmRecord

SOURCE = "crm"


def remember(session: Session, record: CrmRecord, now: datetime) -> bool:
    """Store ``record`` as what the CRM holds at ``now`` (business time); False when that is known."""
    query = select(CrmState).where(CrmState.contract_id == record.contract_id, col(CrmState.superseded_at).is_(None))
    known = session.exec(query).first()
    if known is not None and known.fields == record.fields and tuple(known.change_orders) == record.change_orders:
        return False
    version = 1
    if known is not None:
        version, known.superseded_at = known.version + 1, now
        session.add(known)
        session.flush()
    session.add(
        CrmState(
            id=known.id if known else record.contract_id,
            version=version,
            recorded_at=now,
            row_hash=digest([record.fields, list(record.change_orders)]),
            source=SOURCE,
            contract_id=record.contract_id,
            fields=record.fields,
            change_orders=list(record.change_orders),
            modified_at=record.modified_at,
            modified_by=record.modified_by,
        )
    )
    return True
