"""What the CRM holds as far as we know: our last reading, or the imported record when that is newer.

Rule 1: a reading never touches the imported records, so importing the same file again still changes nothing.
Rule 2: reading the same again stores nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from contractops.operator.store import versions
from contractops.operator.store.records import CrmState
from contractops.operator.store.tables import CrmReading
from contractops.tools.crm import CrmRecord


def known(session: Session, contract_id: str) -> CrmRecord | None:
    """The CRM's record of the contract as last read or imported; None when we never saw one."""
    reading = session.get(CrmReading, contract_id, populate_existing=True)
    imported = next(iter(versions.by(session, CrmState, "contract_id", [contract_id])), None)
    if reading is not None and (imported is None or reading.read_at >= imported.recorded_at):
        return CrmRecord.model_validate(reading.record)
    if imported is None:
        return None
    return CrmRecord(
        contract_id=contract_id,
        fields=imported.fields,
        change_orders=tuple(imported.change_orders),
        modified_at=imported.modified_at,
        modified_by=imported.modified_by,
    )


def remember(session: Session, record: CrmRecord, now: datetime) -> bool:
    """Store ``record`` as what the CRM holds at ``now`` (business time); False when that is known."""
    before = known(session, record.contract_id)
    if before is not None and (before.fields, before.change_orders) == (record.fields, record.change_orders):
        return False
    session.merge(CrmReading(contract_id=record.contract_id, record=record.model_dump(mode="json"), read_at=now))
    return True
