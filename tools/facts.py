"""Contract facts: what is agreed about one unit of term, and which version of it is in force.

Rule 1: the unit of term is the contract or one service order; an order may outlive the agreement it stands under.
Rule 2: the latest amendment in effect wins, field by field. An amendment without a start date makes the fields it touches unknown; nothing is guessed.
Rule 3: a field that is absent is ``None`` (the document does not say); a field that cannot be known stands in ``unknown`` with its reason.
"""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import Any

from contractops.tools.values import ClauseRef, Period, Reason, Value


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
    """What the clause says about a last day that is not a working day."""

    NONE = "none"
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
