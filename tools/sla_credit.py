"""SLA credit: what is owed for a missed month, until when it can be claimed, and where it stands.

Rule 1: the credit is the tier of the month's downtime in per cent of the affected service's own monthly price, at most the cap.
Rule 2: no tier, or tiers with a gap or an overlap, is a finding, never a guessed amount.
Rule 3: the claim closes at the end of the Nth calendar day after the month's last day (or after the ticket was closed), in the service's zone.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from contractops.tools.sla import Month
from contractops.tools.values import Finding, Money, Reason, Value


class CreditState(StrEnum):
    """``open``: owed and not claimed. ``lapsed``: the claim closed unclaimed."""

    OPEN = "open"
    CLAIMED = "claimed"
    PAID = "paid"
    LAPSED = "lapsed"


class CreditClaim(Value):
    """What happened to a credit: claimed by the customer on a day, booked or paid on a day."""

    service_id: str
    month: Month
    claimed_on: date | None = None
    paid_on: date | None = None


class Credit(Value):
    """A credit for one service and month. ``claim_by`` None = no claim needed."""

    service_id: str
    contract_id: str
    month: Month
    amount: Money
    percent: Decimal
    down_minutes: Decimal
    availability_pct: Decimal
    claim_by: date | None
    state: CreditState
    capped: bool
    reasons: tuple[Reason, ...]


class CreditResult(Value):
    """The credit of a missed month, or None with the findings that say why."""

    credit: Credit | None
    findings: tuple[Finding, ...] = ()


class SlaSummary(Value):
    """A contract over some months: ``missed`` are the months in which any service missed. Amounts one per currency, sorted by currency."""

    contract_id: str
    months: int
    missed: tuple[Month, ...]
    open_credits: tuple[Money, ...]
    next_claim_by: date | None
    lapsed_credits: tuple[Money, ...]
    credits: tuple[Credit, ...]
