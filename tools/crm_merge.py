"""Joins a planned CRM write with what the CRM holds at this moment. Pure; every CRM adapter settles its fields here.

Rule 1: a field is written only when the CRM still holds the value we planned from. Anything else is a conflict for a person.
Rule 2: a field that holds the signed value already counts as written: a repeat gives the same receipt.
Rule 3: amounts are compared as numbers (``17720`` is ``17720.00``), everything else as text; nothing and empty are the same.
"""

from __future__ import annotations

import re
from decimal import Decimal

from contractops.tools.crm import CrmPatch, CrmReceipt, CrmRecord, FieldChange, FieldConflict
from contractops.tools.values import Value

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


class Merge(Value):
    """What to do about a patch: ``to_write`` fields, and ``conflicts`` left for a person. The others hold the signed value."""

    to_write: tuple[FieldChange, ...]
    conflicts: tuple[FieldConflict, ...]


def same(one: str | None, other: str | None) -> bool:
    """Whether two field values mean the same (rule 3)."""
    first, second = (one or "").strip(), (other or "").strip()
    if first == second:
        return True
    return bool(_PLAIN_NUMBER.fullmatch(first) and _PLAIN_NUMBER.fullmatch(second)) and Decimal(first) == Decimal(second)


def merge(record: CrmRecord, patch: CrmPatch) -> Merge:
    """Settle ``patch`` against ``record`` as it stands now (rules 1 and 2)."""
    open_changes = [change for change in patch.changes if not same(record.fields.get(change.field), change.new)]
    untouched = [change for change in open_changes if same(record.fields.get(change.field), change.old)]
    if record.renewal_key == patch.renewal_key:
        untouched = []  # written before: what differs now was changed by a person afterwards
    foreign = [change for change in open_changes if change not in untouched]
    return Merge(to_write=tuple(untouched), conflicts=tuple(_conflict(record, change) for change in foreign))


def receipt(patch: CrmPatch, merged: Merge, after: CrmRecord) -> CrmReceipt:
    """The receipt of ``patch`` from the record read back: each field is written, a conflict or a mismatch."""
    apart = {conflict.field for conflict in merged.conflicts}
    mine = [change for change in patch.changes if change.field not in apart]
    wrong = [change for change in mine if not same(after.fields.get(change.field), change.new)]
    return CrmReceipt(
        contract_id=patch.contract_id,
        renewal_key=patch.renewal_key,
        written=tuple(change.field for change in mine if change not in wrong),
        conflicts=merged.conflicts,
        change_orders_added=tuple(each.order_id for each in patch.add_change_orders if each.order_id in after.change_orders),
        mismatches=tuple(FieldChange(field=each.field, old=after.fields.get(each.field), new=each.new) for each in wrong),
    )


def _conflict(record: CrmRecord, change: FieldChange) -> FieldConflict:
    return FieldConflict(
        field=change.field,
        signed=change.new,
        crm=record.fields.get(change.field),
        changed_by=record.modified_by,
        changed_at=record.modified_at,
    )
