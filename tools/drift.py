"""Drift: where the contract, the CRM and the tickets say different things.

Rule 1: a difference shows both values and both sources; it never decides who is right.
Rule 2: absent and different are two things.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from contractops.tools.crm import CrmRecord
from contractops.tools.pricing import ChangeOrder
from contractops.tools.values import Money, Value


class DriftKind(StrEnum):
    """What differs."""

    PRICE = "price"
    CURRENCY = "currency"
    TERM_START = "term_start"
    TERM_END = "term_end"
    CHANGE_ORDER_MISSING = "change_order_missing"
    CHANGE_ORDER_UNKNOWN = "change_order_unknown"
    CIRCUIT_UNKNOWN = "circuit_unknown"
    NOT_IN_CRM = "not_in_crm"


class Difference(Value):
    """One difference. ``left`` and ``right`` are text in the normal form of the CRM writer, None = absent; sources are names ("contract", "crm", "ticket TT-1")."""

    kind: DriftKind
    contract_id: str
    about: str
    left: str | None
    left_source: str
    right: str | None
    right_source: str
    monthly_effect: Money | None = None


class ContractView(Value):
    """What our contract says, for the comparison. ``circuits`` are the circuit ids of its services."""

    contract_id: str
    monthly: Money
    term_start: date | None
    term_end: date | None
    circuits: tuple[str, ...]


class TicketView(Value):
    """A ticket as far as drift needs it."""

    ticket_id: str
    circuit_id: str


CONTRACT, CRM = "contract", "crm"
"""Names of the sources."""


def drift(
    contract: ContractView, change_orders: Iterable[ChangeOrder], crm: CrmRecord | None, tickets: Iterable[TicketView]
) -> tuple[Difference, ...]:
    """Every difference between the contract (with its change orders), the CRM record and the tickets, in a fixed order."""
    circuits = _circuit_differences(contract, tickets)
    if crm is None:
        missing = Difference(
            kind=DriftKind.NOT_IN_CRM,
            contract_id=contract.contract_id,
            about=contract.contract_id,
            left=contract.contract_id,
            left_source=CONTRACT,
            right=None,
            right_source=CRM,
        )
        return (missing, *circuits)
    return (
        *_price_differences(contract, crm),
        *_date_differences(contract, crm),
        *_order_differences(contract, change_orders, crm),
        *circuits,
    )


def _price_differences(contract: ContractView, crm: CrmRecord) -> list[Difference]:
    found = []
    written, currency = crm.fields.get("monthly_price"), crm.fields.get("currency")
    if currency is not None and currency != contract.monthly.currency:
        found.append(_difference(contract, DriftKind.CURRENCY, "currency", contract.monthly.currency, currency))
    if not _same_amount(written, contract.monthly.amount):
        found.append(_difference(contract, DriftKind.PRICE, "monthly_price", f"{contract.monthly.amount:f}", written))
    return found


def _date_differences(contract: ContractView, crm: CrmRecord) -> list[Difference]:
    """Dates the contract has and the CRM tells otherwise; an unknown date of ours is no difference."""
    found = []
    for kind, field, day in (
        (DriftKind.TERM_START, "term_start", contract.term_start),
        (DriftKind.TERM_END, "term_end", contract.term_end),
    ):
        if day is not None and crm.fields.get(field) != day.isoformat():
            found.append(_difference(contract, kind, field, day.isoformat(), crm.fields.get(field)))
    return found


def _order_differences(contract: ContractView, change_orders: Iterable[ChangeOrder], crm: CrmRecord) -> list[Difference]:
    ours = {one.order_id: one for one in change_orders}
    found = []
    for order_id in sorted(set(ours) - set(crm.change_orders)):
        change = ours[order_id].monthly_change
        found.append(_difference(contract, DriftKind.CHANGE_ORDER_MISSING, order_id, order_id, None, change))
    found += [
        _difference(contract, DriftKind.CHANGE_ORDER_UNKNOWN, order_id, None, order_id)
        for order_id in sorted(set(crm.change_orders) - set(ours))
    ]
    return found


def _circuit_differences(contract: ContractView, tickets: Iterable[TicketView]) -> list[Difference]:
    """Circuits that tickets name and the contract does not have: once each, with the first ticket that names it."""
    known = set(contract.circuits)
    first: dict[str, str] = {}
    for ticket in sorted(tickets, key=lambda one: one.ticket_id):
        if ticket.circuit_id not in known:
            first.setdefault(ticket.circuit_id, ticket.ticket_id)
    return [
        Difference(
            kind=DriftKind.CIRCUIT_UNKNOWN,
            contract_id=contract.contract_id,
            about=circuit,
            left=None,
            left_source=CONTRACT,
            right=circuit,
            right_source=f"ticket {ticket_id}",
        )
        for circuit, ticket_id in sorted(first.items())
    ]


def _difference(
    contract: ContractView, kind: DriftKind, about: str, left: str | None, right: str | None, effect: Money | None = None
) -> Difference:
    return Difference(
        kind=kind,
        contract_id=contract.contract_id,
        about=about,
        left=left,
        left_source=CONTRACT,
        right=right,
        right_source=CRM,
        monthly_effect=effect,
    )


def _same_amount(written: str | None, amount: Decimal) -> bool:
    """Whether the CRM's text is the amount; text that is no number is a difference, not an error."""
    try:
        return written is not None and Decimal(written) == amount
    except InvalidOperation:
        return False
