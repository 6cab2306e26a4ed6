"""From records to prices and service figures: order lines, change orders, commitments, outages. Pure.

Rule 1: a service is known by its circuit; an order without one by the order's id.
Rule 2: a ticket counts as an outage only by its own flag; its words are never read.
Rule 3: maintenance that nobody announced, or that was an emergency, counts as downtime.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

from contractops.operator.store import records
from contractops.operator.store.settled import MONTHLY_PRICE, Answers
from contractops.tools.deal import LaterPrice
from contractops.tools.pricing import ANY_REGION, ChangeOrder, OrderLine, PriceBookEntry
from contractops.tools.sla import CreditTier, Maintenance, Month, Outage, Pause, RestoreTime, SlaCommitment
from contractops.tools.sla_credit import CreditClaim
from contractops.tools.values import ClauseRef, Money


def service_id(order: records.ServiceOrder) -> str:
    """Name of the service an order provides."""
    return order.circuit_id or order.id


def later_price(order: records.ServiceOrder, settled: Answers) -> LaterPrice | None:
    """The price that a person entered, unless the file has one for that day, or now bills in another currency."""
    answer = settled.get((order.id, MONTHLY_PRICE))
    if answer is None or answer.effective_on is None:
        return None
    until = order.price_valid_to
    if order.monthly_price is not None and (until is None or until >= answer.effective_on):
        return None
    currency, amount = answer.value.split(" ")
    if currency != order.currency:
        return None
    ref = ClauseRef(document=answer.source, quote=answer.said)
    return LaterPrice(monthly=Money(amount=Decimal(amount), currency=currency), effective_on=answer.effective_on, ref=ref)


def order_line(order: records.ServiceOrder, region: str | None, settled: Answers) -> OrderLine:
    """The one priced line of an order. ``settled``: what people answered."""
    return OrderLine(
        line_id=order.id,
        order_id=order.id,
        product=order.product,
        description=order.description or order.product,
        region=region or "",
        quantity=order.quantity,
        monthly=None if order.monthly_price is None else Money(amount=order.monthly_price, currency=order.currency),
        circuit_id=order.circuit_id,
        site=order.site,
        priced_until=order.price_valid_to,
        later=later_price(order, settled),
    )


def change_order(record: records.ChangeOrder, known_to_crm: Collection[str] | None) -> ChangeOrder:
    """A signed change; ``known_to_crm`` None means there is no CRM record to compare with."""
    return ChangeOrder(
        order_id=record.id,
        service_order=record.order_id or "",
        description=record.description,
        monthly_change=Money(amount=_amount(record.monthly_change), currency=record.currency),
        effective_on=record.effective_on,
        line_id=record.order_id,
        billed=record.billed,
        in_crm=None if known_to_crm is None else record.id in known_to_crm,
    )


def price_entry(record: records.PriceBookEntry) -> PriceBookEntry:
    """A price book entry; without a region it holds everywhere."""
    return PriceBookEntry(
        product=record.product,
        region=record.region or ANY_REGION,
        term_months=record.term_months,
        list_price=Money(amount=_amount(record.list_price), currency=record.currency),
        floor=Money(amount=_amount(record.floor_price), currency=record.currency),
        term_discount_pct=record.term_discount_percent if record.term_discount_percent is not None else Decimal(0),
        version=record.book,
    )


def commitment(
    record: records.SlaCommitment, order: records.ServiceOrder, zone: str, refs: Mapping[str, ClauseRef]
) -> SlaCommitment | None:
    """What is promised for an order's service; None when the order has no price, since a credit has no base then."""
    if order.monthly_price is None:
        return None
    return SlaCommitment(
        service_id=service_id(order),
        contract_id=order.contract_id,
        zone=zone,
        target_pct=_amount(record.target_percent),
        fixed_minutes=record.fixed_minutes,
        monthly_price=Money(amount=order.monthly_price, currency=order.currency),
        tiers=tuple(_tier(each) for each in record.tiers or ()),
        cap_pct=_amount(record.cap_percent),
        claim_days=record.claim_days,
        claim_from=record.claim_from or "month_end",
        excluded_causes=tuple(each.strip() for each in (record.excluded_causes or "").split(";") if each.strip()),
        target_ref=refs.get("target"),
        credit_ref=refs.get("credit"),
        exclusion_ref=refs.get("exclusion"),
        claim_ref=refs.get("claim"),
        restore=tuple(RestoreTime(priority=each["priority"], minutes=int(each["minutes"])) for each in record.restore_targets or ()),
        restore_ref=refs.get("restore"),
    )


def outage(ticket: records.Ticket) -> Outage:
    """The interruption a service-affecting ticket tells of."""
    return Outage(
        ticket_id=ticket.id,
        service_id=ticket.circuit_id,
        start=ticket.opened_at,
        end=ticket.restored_at,
        closed_at=ticket.closed_at,
        cause=ticket.cause or "",
        priority=ticket.priority or "",
        pauses=tuple(
            Pause(start=datetime.fromisoformat(each["from"]), end=datetime.fromisoformat(each["to"])) for each in ticket.pauses or ()
        ),
    )


def maintenance(record: records.Maintenance) -> Maintenance:
    """A maintenance window."""
    return Maintenance(
        maintenance_id=record.id,
        service_id=record.circuit_id,
        start=record.starts_at,
        end=record.ends_at,
        counts=record.kind == "emergency" or record.announced_at is None,
    )


def claim(record: records.SlaClaim) -> CreditClaim:
    """What became of a credit."""
    return CreditClaim(service_id=record.circuit_id, month=_month(record.month), claimed_on=record.claimed_on, paid_on=record.paid_on)


def _month(day: date) -> Month:
    return Month(year=day.year, month=day.month)


def _tier(data: Mapping[str, str | None]) -> CreditTier:
    end = data["to_minutes"]
    return CreditTier(
        from_minutes=Decimal(str(data["from_minutes"])),
        to_minutes=None if end is None else Decimal(str(end)),
        percent=Decimal(str(data["percent"])),
    )


def _amount(value: Decimal | None) -> Decimal:
    """A number the import requires; its column is nullable only because every exact column is."""
    if value is None:
        message = "a required amount is absent"
        raise ValueError(message)
    return value
