"""Drift: where the contract, the CRM and the tickets say different things.

Rule 1: a difference shows both values and both sources; it never decides who is right.
Rule 2: absent and different are two things.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

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
