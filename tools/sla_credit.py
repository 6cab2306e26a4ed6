"""SLA credit: what is owed for a missed month, until when it can be claimed, and where it stands.

Rule 1: the credit is the tier of the month's downtime in per cent of the affected service's own monthly price, at most the cap.
Rule 2: no tier, or tiers with a gap or an overlap, is a finding, never a guessed amount.
Rule 3: the claim closes at the end of the Nth calendar day after the month's last day (or after the ticket was closed), in the service's zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from contractops.tools.calendars import zone
from contractops.tools.sla import CreditTier, Month, SlaCommitment, SlaMonth, plain
from contractops.tools.values import Finding, Money, Reason, Severity, Value


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


def check_tiers(commitment: SlaCommitment) -> tuple[Finding, ...]:
    """Findings for tiers that overlap, leave a gap or end before they start; empty when they are sound."""
    tiers = sorted(commitment.tiers, key=lambda tier: tier.from_minutes)
    if not tiers:
        return (_finding(commitment, "sla.no_tiers", Severity.BLOCKING),)
    found = []
    for tier, following in zip(tiers, [*tiers[1:], None], strict=True):
        end = tier.to_minutes
        if end is not None and end <= tier.from_minutes:
            found.append(_tier_finding(commitment, "sla.tier_empty", tier))
        if following is None:
            if end is not None:
                found.append(_tier_finding(commitment, "sla.tier_gap", tier))
        elif end is None or end > following.from_minutes:
            found.append(_tier_finding(commitment, "sla.tier_overlap", tier))
        elif end < following.from_minutes:
            found.append(_tier_finding(commitment, "sla.tier_gap", tier))
    return tuple(found)


def month_credit(commitment: SlaCommitment, measured: SlaMonth, claim: CreditClaim | None, as_of: datetime) -> CreditResult:
    """The credit of one measured month as it stands on ``as_of``; None for a month that met its target or still runs."""
    if measured.met or not measured.complete:
        return CreditResult(credit=None)
    findings = list(check_tiers(commitment))
    price = commitment.monthly_price
    if price.amount < 0:
        findings.append(_finding(commitment, "sla.negative_price", Severity.BLOCKING))
    tier = _tier(commitment.tiers, measured.down_minutes)
    if tier is None:
        findings.append(_finding(commitment, "sla.no_tier_for_downtime", Severity.INFO, minutes=plain(measured.down_minutes)))
    if tier is None or any(one.severity is Severity.BLOCKING for one in findings):
        return CreditResult(credit=None, findings=tuple(findings))
    percent = min(tier.percent, commitment.cap_pct)
    amount = price.percent(percent).rounded()
    claim_by = _claim_by(commitment, measured)
    if claim_by is None and commitment.claim_days is not None:
        findings.append(_finding(commitment, "sla.ticket_open", Severity.INFO))
    state = _state(claim, claim_by, as_of.astimezone(zone(commitment.zone)).date())
    credit = Credit(
        service_id=commitment.service_id,
        contract_id=commitment.contract_id,
        month=measured.month,
        amount=amount,
        percent=percent,
        down_minutes=measured.down_minutes,
        availability_pct=measured.availability_pct,
        claim_by=claim_by,
        state=state,
        capped=percent < tier.percent,
        reasons=(*measured.reasons, *_explain(commitment, tier, percent, amount, claim_by, state)),
    )
    return CreditResult(credit=credit, findings=tuple(findings))


def summarise(contract_id: str, months: Iterable[SlaMonth], credits_found: Iterable[Credit]) -> SlaSummary:
    """The service of a contract over the complete ``months`` given (of all its services)."""
    complete = [one for one in months if one.complete and one.contract_id == contract_id]
    by_key = {str(one.month): one.month for one in complete}
    missed = sorted({str(one.month) for one in complete if not one.met})
    own = sorted((one for one in credits_found if one.contract_id == contract_id), key=lambda one: (str(one.month), one.service_id))
    open_ones = [one for one in own if one.state is CreditState.OPEN]
    return SlaSummary(
        contract_id=contract_id,
        months=len(by_key),
        missed=tuple(by_key[key] for key in missed),
        open_credits=_sums(one.amount for one in open_ones),
        next_claim_by=min((one.claim_by for one in open_ones if one.claim_by is not None), default=None),
        lapsed_credits=_sums(one.amount for one in own if one.state is CreditState.LAPSED),
        credits=tuple(own),
    )


def _sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """One sum a currency, sorted by currency: currencies are never added."""
    totals: dict[str, Money] = {}
    for amount in amounts:
        totals[amount.currency] = totals.get(amount.currency, Money.zero(amount.currency)) + amount
    return tuple(totals[currency] for currency in sorted(totals))


def _tier(tiers: tuple[CreditTier, ...], minutes: Decimal) -> CreditTier | None:
    for tier in tiers:
        if tier.from_minutes <= minutes and (tier.to_minutes is None or minutes < tier.to_minutes):
            return tier
    return None


def _claim_by(commitment: SlaCommitment, measured: SlaMonth) -> date | None:
    if commitment.claim_days is None:
        return None
    if commitment.claim_from == "month_end":
        return measured.month.last_day + timedelta(days=commitment.claim_days)
    if measured.last_closed_at is None:
        return None
    return measured.last_closed_at.astimezone(zone(commitment.zone)).date() + timedelta(days=commitment.claim_days)


def _state(claim: CreditClaim | None, claim_by: date | None, today: date) -> CreditState:
    """A claim that came after the last day does not count; a payment always does."""
    if claim is not None and claim.paid_on is not None:
        return CreditState.PAID
    if claim is not None and claim.claimed_on is not None and (claim_by is None or claim.claimed_on <= claim_by):
        return CreditState.CLAIMED
    return CreditState.LAPSED if claim_by is not None and today > claim_by else CreditState.OPEN


def _explain(
    commitment: SlaCommitment, tier: CreditTier, percent: Decimal, amount: Money, claim_by: date | None, state: CreditState
) -> tuple[Reason, ...]:
    tier_values = {
        "from_minutes": plain(tier.from_minutes),
        "to_minutes": None if tier.to_minutes is None else plain(tier.to_minutes),
        "percent": plain(tier.percent),
        "cap_pct": plain(commitment.cap_pct),
    }
    price = commitment.monthly_price
    amount_values = {"percent": plain(percent), "price": str(price.amount), "amount": str(amount.amount), "currency": amount.currency}
    claim_values = {
        "claim_by": claim_by.isoformat() if claim_by else None,
        "days": commitment.claim_days,
        "from": commitment.claim_from,
        "state": state.value,
    }
    return (
        Reason(code="credit.tier", values=dict(tier_values), clause=commitment.credit_ref),
        Reason(code="credit.amount", values=dict(amount_values), clause=commitment.credit_ref),
        Reason(code="credit.claim", values=dict(claim_values), clause=commitment.claim_ref),
    )


def _finding(commitment: SlaCommitment, code: str, severity: Severity, **values: str) -> Finding:
    return Finding(code=code, severity=severity, about=commitment.service_id, values=dict(values))


def _tier_finding(commitment: SlaCommitment, code: str, tier: CreditTier) -> Finding:
    end = "" if tier.to_minutes is None else plain(tier.to_minutes)
    return _finding(commitment, code, Severity.BLOCKING, from_minutes=plain(tier.from_minutes), to_minutes=end)
