"""Service of one circuit: the credit of a month with everything it was computed from, and the restore target of an open fault.

Rule 1: figures are computed from the records of now; nothing of an earlier card is read.
Rule 2: an open fault is a ticket that affects the service and has no end; whether it has a target is the tools' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from contractops.operator.store import portfolio, records
from contractops.operator.store.tables import Renewal
from contractops.tools.calendars import zone
from contractops.tools.restore import RestoreTarget, restore_target
from contractops.tools.sla import Outage, SlaCommitment, SlaMonth, month_of, sla_month
from contractops.tools.sla_credit import Credit, CreditResult, month_credit

CLOSED = ("closed", "cancelled")
"""States of a ticket that is no fault any more, whatever its times say."""


@dataclass(frozen=True)
class CreditCase:
    """A credit, the month and the promise it comes from, and the outages of the month that count. ``service`` describes the line ("Chicago to Dallas")."""

    credit: Credit
    measured: SlaMonth
    promise: SlaCommitment
    outages: tuple[Outage, ...]
    service: str


@dataclass(frozen=True)
class Fault:
    """An outage with its restore target. ``restored`` is the ticket's end, None while it is open."""

    account: str
    zone: str
    service: str
    outage: Outage
    target: RestoreTarget

    @property
    def restored(self) -> datetime | None:
        """When the service was restored, None while it is down."""
        return self.outage.end


def credit_case(session: Session, row: Renewal, args: Mapping[str, Any], now: datetime) -> CreditCase | None:
    """The credit that ``args`` name (``service``, and ``month`` as ``YYYY-MM``), computed afresh; None when none is owed."""
    bundle = portfolio.contract_bundle(session, row.contract_id, now)
    promise = next((one for one in bundle.commitments if one.service_id == args.get("service")), None)
    if promise is None:
        return None
    month = month_of(date.fromisoformat(f"{args['month']}-01"))
    measured = sla_month(promise, month, bundle.outages, bundle.maintenance, now)
    credit = _credit(bundle, promise, measured, now).credit
    if credit is None:
        return None
    outages = tuple(one for one in bundle.outages if one.ticket_id in measured.tickets and one.cause not in promise.excluded_causes)
    return CreditCase(credit, measured, promise, outages, _service(bundle, promise))


def days_of(found: CreditCase) -> list[date]:
    """The days of the month on which the service was down, in its zone, in order."""
    tz, month = zone(found.promise.zone), found.credit.month
    days: set[date] = set()
    for one in found.outages:
        first, last = one.start.astimezone(tz).date(), (one.end or one.start).astimezone(tz).date()
        first, last = max(first, month.first_day), min(last, month.last_day)
        days |= {first + timedelta(days=number) for number in range((last - first).days + 1)}
    return sorted(days)


def credit(session: Session, row: Renewal, args: Mapping[str, Any], now: datetime) -> Credit | None:
    """The credit alone."""
    found = credit_case(session, row, args, now)
    return found.credit if found else None


def open_tickets(session: Session) -> list[tuple[str, str]]:
    """(contract, ticket) of every open fault on a service whose contract promises a time to restore, longest open first; each ticket once."""
    ticket, order, promise = records.Ticket, records.ServiceOrder, records.SlaCommitment
    query = (
        select(order.contract_id, ticket.id)
        .select_from(ticket)
        .join(order, col(order.circuit_id) == col(ticket.circuit_id))
        .join(promise, col(promise.order_id) == col(order.id))
        .where(
            col(ticket.restored_at).is_(None),
            col(ticket.superseded_at).is_(None),
            col(ticket.service_affecting),
            col(ticket.status).not_in(CLOSED),
            col(order.superseded_at).is_(None),
            col(promise.superseded_at).is_(None),
            col(promise.restore_targets).is_not(None),
        )
        .order_by(col(ticket.opened_at), col(ticket.id), col(order.contract_id))
    )
    found: dict[str, str] = {}
    for contract_id, ticket_id in session.exec(query):
        found.setdefault(ticket_id, contract_id)
    return [(contract_id, ticket_id) for ticket_id, contract_id in found.items()]


def fault(session: Session, contract_id: str, ticket_id: str, now: datetime) -> Fault | None:
    """One outage of a contract with its target; None when the ticket is no outage any more, or nothing is promised for it."""
    bundle = portfolio.contract_bundle(session, contract_id, now)
    outage = next((one for one in bundle.outages if one.ticket_id == ticket_id), None)
    promise = next((one for one in bundle.commitments if outage is not None and one.service_id == outage.service_id), None)
    target = restore_target(promise, outage, bundle.maintenance) if promise and outage else None
    if promise is None or outage is None or target is None:
        return None
    return Fault(bundle.entry.account_name, promise.zone, _service(bundle, promise), outage, target)


def _credit(bundle: portfolio.Bundle, promise: SlaCommitment, measured: SlaMonth, now: datetime) -> CreditResult:
    claim = next((one for one in bundle.claims if (one.service_id, one.month) == (measured.service_id, measured.month)), None)
    return month_credit(promise, measured, claim, now)


def _service(bundle: portfolio.Bundle, promise: SlaCommitment) -> str:
    """What the line of the promised service is called."""
    return next((line.description for line in bundle.lines if promise.service_id in {line.circuit_id, line.line_id}), "")
