"""CRM writer: plans the field changes from signed terms and compares what was read back. It plans; an effect writes.

Rule 1: only a signed document leads to a patch.
Rule 2: a field that a person changed since we read it is never overwritten; it is shown as a conflict.
Rule 3: values travel as text in one normal form: ISO dates, plain decimals, names; ``None`` is "not set".
"""

from __future__ import annotations

from datetime import date, datetime

from contractops.tools.values import Value


class CrmRecord(Value):
    """What the CRM holds for one contract. ``fields`` by our canonical names; ``change_orders`` are the ids it knows."""

    contract_id: str
    fields: dict[str, str | None]
    change_orders: tuple[str, ...]
    modified_at: datetime
    modified_by: str | None = None
    renewal_key: str | None = None


class FieldChange(Value):
    """One field: the value we saw (``old``) and the value the signed document says (``new``)."""

    field: str
    old: str | None
    new: str | None


class CrmChangeOrder(Value):
    """A change order that the CRM lacks. ``monthly_change`` is a plain signed decimal in ``currency``."""

    order_id: str
    description: str
    monthly_change: str
    currency: str
    effective_on: str


class CrmPatch(Value):
    """Planned write for one contract; ``renewal_key`` marks the record so that a repeat is recognised."""

    contract_id: str
    renewal_key: str
    changes: tuple[FieldChange, ...]
    add_change_orders: tuple[CrmChangeOrder, ...]


class FieldConflict(Value):
    """A field not overwritten: a person changed it (``crm`` now) after we read it."""

    field: str
    signed: str | None
    crm: str | None
    changed_by: str | None
    changed_at: datetime


class CrmReceipt(Value):
    """Result of a write after read-back: fields that hold the signed value, and conflicts left for a person."""

    contract_id: str
    renewal_key: str
    written: tuple[str, ...]
    conflicts: tuple[FieldConflict, ...]
    change_orders_added: tuple[str, ...]
    mismatches: tuple[FieldChange, ...] = ()


class SignedFacts(Value):
    """What the signed document and its certificate say, beside the terms. ``signed_on`` is the day of the last signature, in the contract's zone."""

    signed_on: date
    signer_name: str
    document_sha256: str
    renewal_key: str


class Settlement(Value):
    """What of a patch may be written now: ``write`` are fields nobody else changed, ``conflicts`` stay for a person, ``settled`` hold the value already."""

    write: tuple[FieldChange, ...]
    conflicts: tuple[FieldConflict, ...]
    settled: tuple[str, ...]
    add_change_orders: tuple[CrmChangeOrder, ...]
