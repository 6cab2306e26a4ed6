"""The CRM of an installation that has none: the ``Crm`` port over a table of our own.

Rule 1: a contract that was never written here is as the last import had it.
Rule 2: an import that brings a newer version of a record is a person's change: its fields hold from then on, the renewal key stays.
Rule 3: settling, writing and reading back happen in one transaction under the write lock.
"""

from sqlmodel import Session, col, select

from contractops.operator.store.db import Database
from contractops.operator.store.records import CrmState
from contractops.operator.store.tables import EmbeddedCrmRecord
from contractops.tools.crm import CrmPatch, CrmReceipt, CrmRecord
from contractops.tools.crm_merge import merge, receipt
from contractops.tools.errors import NotFound
from contractops.tools.ports import Clock

WRITER = "Renewal Desk"


class EmbeddedCrm:
    """Implements ``Crm``. ``clock`` is business time: the records show when they changed for the people who read them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def read(self, contract_id: str) -> CrmRecord | None:
        """The record as it stands, or None."""
        with self._database.read() as session:
            return _record(session, contract_id)

    def write(self, patch: CrmPatch) -> CrmReceipt:
        """Settle, write and read back in one transaction. Raises ``NotFound``."""
        with self._database.write(about=patch.contract_id) as session:
            before = _must_hold(session, patch.contract_id)
            merged = merge(before, patch)
            if before.renewal_key == patch.renewal_key:
                return receipt(patch, merged, before)
            fields = before.fields | {change.field: change.new for change in merged.to_write}
            added = [order.order_id for order in patch.add_change_orders if order.order_id not in before.change_orders]
            self._store(session, before, fields, [*before.change_orders, *added], patch.renewal_key)
            return receipt(patch, merged, _must_hold(session, patch.contract_id))

    def overwrite(self, contract_id: str, field: str, value: str | None, renewal_key: str) -> None:
        """Write one field that a person decided on. Raises ``NotFound``."""
        with self._database.write(about=contract_id) as session:
            before = _must_hold(session, contract_id)
            self._store(session, before, before.fields | {field: value}, list(before.change_orders), renewal_key)

    def _store(
        self, session: Session, before: CrmRecord, fields: dict[str, str | None], change_orders: list[str], renewal_key: str
    ) -> None:
        imported = _imported(session, before.contract_id)
        session.merge(
            EmbeddedCrmRecord(
                contract_id=before.contract_id,
                fields=fields,
                change_orders=change_orders,
                modified_at=self._clock.now(),
                modified_by=WRITER,
                renewal_key=renewal_key,
                imported_version=imported.version if imported else 0,
            )
        )
        session.flush()


def _record(session: Session, contract_id: str) -> CrmRecord | None:
    written = session.get(EmbeddedCrmRecord, contract_id, populate_existing=True)
    imported = _imported(session, contract_id)
    newest: EmbeddedCrmRecord | CrmState | None = written
    if imported is not None and (written is None or imported.version > written.imported_version):
        newest = imported
    if newest is None:
        return None
    return CrmRecord(
        contract_id=contract_id,
        fields=newest.fields,
        change_orders=tuple(newest.change_orders),
        modified_at=newest.modified_at,
        modified_by=newest.modified_by,
        renewal_key=written.renewal_key if written else None,
    )


def _must_hold(session: Session, contract_id: str) -> CrmRecord:
    record = _record(session, contract_id)
    if record is None:
        raise NotFound("CO-CRM-030", f"The CRM has no record of {contract_id}.", advice="Import it with the CRM's present records.")
    return record


def _imported(session: Session, contract_id: str) -> CrmState | None:
    current = select(CrmState).where(CrmState.contract_id == contract_id, col(CrmState.superseded_at).is_(None))
    return session.exec(current).first()
