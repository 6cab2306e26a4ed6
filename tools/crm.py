"""CRM writer: plans the field changes from signed terms and compares what was read back. It plans; an effect writes.

Rule 1: only a signed document leads to a patch.
Rule 2: a field that a person changed since we read it is never overwritten; it is shown as a conflict.
Rule 3: values travel as text in one normal form: ISO dates, plain decimals, names; ``None`` is "not set".
"""

from __future__ import annotations

from datetime import date, datetime

from contractops.tools.pricing import ChangeOrder
from contractops.tools.terms import Terms
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


class Tally(Value):
    """How a write stands, as a card says it: ``written`` of ``total`` fields hold the signed value; the change orders count as one field."""

    written: int
    total: int


CHANGE_ORDERS = "change_orders"
CRM_FIELDS = (
    "monthly_price",
    "currency",
    "term_start",
    "term_end",
    "term_months",
    "discount_pct",
    "notice_by",
    "billing_contact",
    "signed_on",
    CHANGE_ORDERS,
)
"""The canonical fields. The last one is a list and travels as ``add_change_orders``."""


def plan_patch(terms: Terms, signed: SignedFacts, seen: CrmRecord | None) -> CrmPatch:
    """The write that brings the CRM from the record ``seen`` (None = it has none) to what was signed.

    A field the signed form does not state is left alone. Change orders that the CRM knows already are not added again.
    """
    values = signed_values(terms, signed)
    before = seen.fields if seen else {}
    known = frozenset(seen.change_orders) if seen else frozenset()
    return CrmPatch(
        contract_id=terms.contract_id,
        renewal_key=signed.renewal_key,
        changes=tuple(FieldChange(field=field, old=before.get(field), new=value) for field, value in values.items() if value is not None),
        add_change_orders=tuple(_change_order(one) for one in terms.change_orders if one.order_id not in known),
    )


def signed_values(terms: Terms, signed: SignedFacts) -> dict[str, str | None]:
    """The signed value of each scalar field, in normal form and in the order of ``CRM_FIELDS``."""
    return {
        "monthly_price": f"{terms.monthly.amount:f}",
        "currency": terms.currency,
        "term_start": terms.start.isoformat(),
        "term_end": terms.end.isoformat(),
        "term_months": str(terms.term_months),
        "discount_pct": f"{terms.discount_pct:.2f}" if terms.discount_pct == round(terms.discount_pct, 2) else f"{terms.discount_pct:f}",
        "notice_by": terms.next_notice_on.isoformat() if terms.next_notice_on else None,
        "billing_contact": terms.billing_contact,
        "signed_on": signed.signed_on.isoformat(),
    }


def tally(patch: CrmPatch, receipt: CrmReceipt) -> Tally:
    """Count the fields of ``patch`` that ``receipt`` proves; the change orders count once, and as written when none is missing any more."""
    wanted = {one.order_id for one in patch.add_change_orders}
    orders_done = wanted <= set(receipt.change_orders_added)
    return Tally(written=len(receipt.written) + orders_done, total=len(patch.changes) + 1)


def _change_order(change: ChangeOrder) -> CrmChangeOrder:
    return CrmChangeOrder(
        order_id=change.order_id,
        description=change.description,
        monthly_change=f"{change.monthly_change.amount:f}",
        currency=change.monthly_change.currency,
        effective_on=change.effective_on.isoformat(),
    )
