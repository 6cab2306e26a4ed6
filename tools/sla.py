"""SLA summarizer: what was promised and delivered, per service and calendar month.

Rule 1: downtime is the union of the outages, clipped to the month in the service's zone; a minute counts once.
Rule 2: planned maintenance, time waiting for the customer and excluded causes are taken out and listed, each with its reason and clause.
Rule 3: the minutes of a month are fixed (43,200) or the actual ones of its days x 1,440; the contract says which.
Rule 4: availability has four decimals, rounded half to even; a month misses its target when the rounded figure is below it.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from contractops.tools.values import ClauseRef, Finding, Money, Reason, Value


class Month(Value):
    """A calendar month; written ``2026-11``."""

    year: int = Field(ge=1900, le=2200)
    month: int = Field(ge=1, le=12)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


class CreditTier(Value):
    """From ``from_minutes`` (included) to ``to_minutes`` (excluded, None = no end) of downtime in the month: ``percent`` of the service's monthly price."""

    from_minutes: Decimal
    to_minutes: Decimal | None
    percent: Decimal


class SlaCommitment(Value):
    """What the contract promises for one service.

    ``target_pct`` is an availability in per cent (99.95). ``fixed_minutes`` is the denominator, None = the actual minutes of the month.
    ``cap_pct`` caps the credit of a month in per cent of ``monthly_price``. ``claim_days`` are calendar days after ``claim_from`` (``month_end`` or
    ``ticket_close``), None = no claim needed.
    """

    service_id: str
    contract_id: str
    zone: str
    target_pct: Decimal
    fixed_minutes: int | None
    monthly_price: Money
    tiers: tuple[CreditTier, ...]
    cap_pct: Decimal
    claim_days: int | None
    claim_from: str = Field(default="month_end", pattern="^(month_end|ticket_close)$")
    excluded_causes: tuple[str, ...] = ()
    target_ref: ClauseRef | None = None
    credit_ref: ClauseRef | None = None
    exclusion_ref: ClauseRef | None = None
    claim_ref: ClauseRef | None = None


class Pause(Value):
    """Time of a ticket that waits for the customer; ``end`` None = still waiting. Aware."""

    start: datetime
    end: datetime | None


class Outage(Value):
    """An interruption of one service, from a ticket. Aware moments; ``end`` None = still down. ``cause`` is the ticket's cause code."""

    ticket_id: str
    service_id: str
    start: datetime
    end: datetime | None
    closed_at: datetime | None = None
    cause: str = ""
    pauses: tuple[Pause, ...] = ()


class Maintenance(Value):
    """An announced maintenance of one service. ``counts``: it counts as downtime all the same (emergency work under most contracts)."""

    maintenance_id: str
    service_id: str
    start: datetime
    end: datetime
    counts: bool = False


class ExcludedTime(Value):
    """An interval taken out of the downtime. ``code``: ``maintenance``, ``waiting_for_customer`` or ``excluded_cause``; ``source`` names the record."""

    start: datetime
    end: datetime
    minutes: Decimal
    code: str
    source: str
    ref: ClauseRef | None = None


class SlaMonth(Value):
    """One service in one month. Minutes and per cents are exact or rounded as Rule 4 says. ``complete`` is false while the month runs."""

    service_id: str
    contract_id: str
    month: Month
    target_pct: Decimal
    month_minutes: int
    allowed_minutes: Decimal
    down_minutes: Decimal
    availability_pct: Decimal
    met: bool
    complete: bool
    tickets: tuple[str, ...]
    last_closed_at: datetime | None
    excluded: tuple[ExcludedTime, ...]
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]
