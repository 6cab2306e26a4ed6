"""Contract facts: what is agreed about one unit of term, and which version of it is in force.

Rule 1: the unit of term is the contract or one service order; an order may outlive the agreement it stands under.
Rule 2: the latest amendment in effect wins, field by field. An amendment without a start date makes the fields it touches unknown; nothing is guessed.
Rule 3: a field that is absent is ``None`` (the document does not say); a field that cannot be known stands in ``unknown`` with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from contractops.tools.calendars import zone
from contractops.tools.errors import InputError
from contractops.tools.values import ClauseRef, Finding, Period, Reason, Severity, Unit, Value


class StartEvent(StrEnum):
    """What starts the term."""

    SIGNATURE = "signature"
    BILLING_START = "billing_start"
    ACTIVATION = "activation"
    ACCEPTANCE = "acceptance"


class RenewalKind(StrEnum):
    """What happens at the end of a term when nobody acts. ``unstated``: we have not read a clause, which is not the same as ``none``."""

    NONE = "none"
    SINGLE = "single"
    COUNTED = "counted"
    SUCCESSIVE = "successive"
    EVERGREEN = "evergreen"
    MONTH_TO_MONTH = "month_to_month"
    UNSTATED = "unstated"


class NoticeBasis(StrEnum):
    """What counts: the day the notice leaves, or the day it arrives."""

    DISPATCH = "dispatch"
    RECEIPT = "receipt"
    UNSTATED = "unstated"


class Whose(StrEnum):
    """Whose right the window is; ``duty`` is a reminder that we owe."""

    OURS = "ours"
    CUSTOMER = "customer"
    BOTH = "both"
    DUTY = "duty"


class RollRule(StrEnum):
    """What the clause says about a last day that is not a working day; ``unstated``: it can be read both ways, and we use the earlier day."""

    NONE = "none"
    UNSTATED = "unstated"
    FORWARD = "forward"


class DeliveryMethod(Value):
    """A way to serve notice. Deemed received ``transit`` after the day of sending (days or business days), or ``hours`` after sending."""

    name: str
    transit: Period | None = None
    hours: int = 0
    ref: ClauseRef | None = None


class UnknownFact(Value):
    """A fact that cannot be known yet. ``field`` names it; ``reason`` says why as data (``facts.amendment_without_date``)."""

    field: str
    reason: Reason


class ContractFacts(Value):
    """The terms of one unit of term. Dates are days in ``zone`` (IANA); ``end`` is the last day when the document names one.

    ``holiday_calendar`` is a name of ``calendars`` ("US-IL", "none"). ``notice`` counts back from the last day of the term;
    ``notice_opens`` is the earliest edge ("no earlier than"). ``renewals_max`` belongs to ``counted``. ``cutoff`` is the hour until which
    a notice counts.
    """

    unit_id: str
    contract_id: str
    zone: str
    holiday_calendar: str
    start: date | None = None
    start_event: StartEvent = StartEvent.SIGNATURE
    end: date | None = None
    initial_term: Period | None = None
    renewal: RenewalKind = RenewalKind.UNSTATED
    renewal_term: Period | None = None
    renewals_max: int | None = None
    notice: Period | None = None
    notice_opens: Period | None = None
    basis: NoticeBasis = NoticeBasis.UNSTATED
    cutoff: time | None = None
    methods: tuple[DeliveryMethod, ...] = ()
    whose: Whose = Whose.BOTH
    roll: RollRule = RollRule.NONE
    term_ref: ClauseRef | None = None
    renewal_ref: ClauseRef | None = None
    notice_ref: ClauseRef | None = None
    receipt_ref: ClauseRef | None = None
    unknown: tuple[UnknownFact, ...] = ()


class Amendment(Value):
    """A change of some fields. ``changes`` maps names of ``ContractFacts`` to their new values, in JSON form; ``None`` clears a field."""

    amendment_id: str
    agreement_date: date
    effective_on: date | None
    changes: dict[str, Any]
    ref: ClauseRef


class OrderTerm(Value):
    """The term of a service order; what it does not state is inherited from its agreement. ``co_terminous``: it ends with the agreement."""

    unit_id: str
    start: date | None = None
    start_event: StartEvent = StartEvent.ACTIVATION
    end: date | None = None
    initial_term: Period | None = None
    renewal: RenewalKind | None = None
    renewal_term: Period | None = None
    renewals_max: int | None = None
    notice: Period | None = None
    co_terminous: bool = False
    term_ref: ClauseRef | None = None


class FactsInForce(Value):
    """The facts as they stand on a day. ``applied`` are the amendments in effect, oldest first."""

    facts: ContractFacts
    applied: tuple[str, ...]
    findings: tuple[Finding, ...]


_REF_OF = {
    "start": "term_ref",
    "start_event": "term_ref",
    "end": "term_ref",
    "initial_term": "term_ref",
    "renewal": "renewal_ref",
    "renewal_term": "renewal_ref",
    "renewals_max": "renewal_ref",
    "notice": "notice_ref",
    "notice_opens": "notice_ref",
    "roll": "notice_ref",
    "whose": "notice_ref",
    "basis": "receipt_ref",
    "cutoff": "receipt_ref",
    "methods": "receipt_ref",
}
"""Which reference an amendment of a field replaces; also the list of the fields that an amendment may change."""


def in_force(base: ContractFacts, amendments: tuple[Amendment, ...], as_of: datetime) -> FactsInForce:
    """The facts in force on ``as_of`` (its day in the contract's zone), with findings for what is undated or still to come.

    An amendment agreed after that day is not known yet. One without a start date makes the fields it touches unknown, unless a later agreement
    in effect settles the same field. Raises ``InputError`` (CO-FACT-001) when an amendment names no field of a contract or a value that does not fit.
    """
    today = as_of.astimezone(zone(base.zone)).date()
    agreed = [one for one in amendments if one.agreement_date <= today]
    dated = sorted(
        (one for one in agreed if one.effective_on is not None and one.effective_on <= today),
        key=lambda one: (one.effective_on or one.agreement_date, one.agreement_date, one.amendment_id),
    )
    facts = base
    settled: dict[str, date] = {}
    for one in dated:
        facts = _amended(facts, one.changes, one.ref, one.amendment_id)
        settled.update(dict.fromkeys(one.changes, one.agreement_date))
    findings = [_pending(base.unit_id, one) for one in agreed if one.effective_on is not None and one.effective_on > today]
    unknown = [fact for fact in facts.unknown if fact.field not in settled]
    for one in agreed:
        if one.effective_on is None:
            open_fields = [field for field in one.changes if settled.get(field, date.min) <= one.agreement_date]
            unknown += [_undated_fact(field, one) for field in open_fields]
            if open_fields:
                findings.append(_undated(base.unit_id, one))
    facts = facts.model_copy(update={"unknown": tuple(unknown)})
    return FactsInForce(facts=facts, applied=tuple(one.amendment_id for one in dated), findings=tuple(findings))


def readings(base: ContractFacts, amendment: Amendment) -> tuple[ContractFacts, ContractFacts]:
    """The two readings of an amendment without a start date: without it and with it. For showing the range, never for deciding."""
    return base, _amended(base, amendment.changes, amendment.ref, amendment.amendment_id)


def order_facts(agreement: ContractFacts, order: OrderTerm) -> tuple[ContractFacts, tuple[Finding, ...]]:
    """The facts of a service order: its own term where it states one, the agreement's notice clause, calendar and zone.

    A co-terminous order has the agreement's term. A finding tells of an order that ends after its agreement: the agreement's clauses live on for it.
    """
    update: dict[str, Any] = {"unit_id": order.unit_id, "contract_id": agreement.contract_id}
    if not order.co_terminous:
        update |= {"start": order.start, "start_event": order.start_event, "end": order.end, "initial_term": order.initial_term}
        if order.renewal is not None:
            update |= {"renewal": order.renewal, "renewal_term": order.renewal_term, "renewals_max": order.renewals_max}
        if order.term_ref is not None:
            update["term_ref"] = order.term_ref
    own = {name for name in ("start", "end", "initial_term") if not order.co_terminous and getattr(order, name) is not None}
    if order.notice is not None:
        update["notice"] = order.notice
        own.add("notice")
    if order.renewal is not None and not order.co_terminous:
        own |= {"renewal", "renewal_term", "renewals_max"}
    update["unknown"] = tuple(fact for fact in agreement.unknown if fact.field not in own and _bears_on(fact.field, order))
    facts = agreement.model_copy(update=update)
    findings: tuple[Finding, ...] = ()
    if agreement.end is not None and order.end is not None and order.end > agreement.end:
        values = {"order_end": order.end.isoformat(), "agreement_end": agreement.end.isoformat()}
        findings = (Finding(code="facts.order_outlives_agreement", severity=Severity.INFO, about=order.unit_id, values=dict(values)),)
    return facts, findings


def renewed(facts: ContractFacts, start: date, term_months: int) -> ContractFacts:
    """The facts after a signed renewal: a new initial term of ``term_months`` from ``start``; all clauses stay as they are."""
    update = {"start": start, "end": None, "initial_term": Period(length=term_months, unit=Unit.MONTHS), "unknown": ()}
    return facts.model_copy(update=update)


def _bears_on(field: str, order: OrderTerm) -> bool:
    """Whether a doubt about the agreement's ``field`` is a doubt about the order: its own start and end are its own."""
    return order.co_terminous or field not in {"start", "end", "initial_term"}


def _amended(facts: ContractFacts, changes: Mapping[str, Any], ref: ClauseRef, amendment_id: str) -> ContractFacts:
    strange = sorted(set(changes) - set(_REF_OF))
    if strange:
        raise InputError("CO-FACT-001", f'amendment {amendment_id} changes "{strange[0]}", which is not a field of a contract')
    merged = {**facts.model_dump(), **changes, **{_REF_OF[field]: ref for field in changes}}
    try:
        return ContractFacts.model_validate(merged)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise InputError("CO-FACT-001", f"amendment {amendment_id}: {where}: {error.errors()[0]['msg']}") from error


def _undated_fact(field: str, one: Amendment) -> UnknownFact:
    values = {"field": field, "amendment": one.amendment_id, "agreed_on": one.agreement_date.isoformat()}
    return UnknownFact(field=field, reason=Reason(code="facts.amendment_without_date", values=dict(values), clause=one.ref))


def _undated(unit_id: str, one: Amendment) -> Finding:
    values = {"amendment": one.amendment_id, "agreed_on": one.agreement_date.isoformat(), "fields": ", ".join(sorted(one.changes))}
    return Finding(code="facts.amendment_without_date", severity=Severity.BLOCKING, about=unit_id, values=dict(values))


def _pending(unit_id: str, one: Amendment) -> Finding:
    effective = one.effective_on.isoformat() if one.effective_on else None
    values = {"amendment": one.amendment_id, "effective_on": effective, "fields": ", ".join(sorted(one.changes))}
    return Finding(code="facts.amendment_pending", severity=Severity.WARNING, about=unit_id, values=dict(values))
