"""``contractops drift``: where contract, CRM and tickets say different things.

Rule 1: both values and both sources are shown; who is right is a person's decision.
Rule 2: after a signed renewal the contract says what was signed, from the day it was signed.
Rule 3: a price that cannot be added up (several currencies, an order without a price) is not compared; that is said.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlmodel import Session, col, select

from contractops.operator import tables_out, wording
from contractops.operator.core import opened
from contractops.operator.store import portfolio, records
from contractops.operator.store.tables import ExecutedTerm
from contractops.operator.tables_out import Column, Row
from contractops.tools.drift import ContractView, Difference, DriftKind
from contractops.tools.drift import drift as differences
from contractops.tools.notice_window import WindowStatus, notice_window
from contractops.tools.values import Money

_PRICES: Final = (DriftKind.PRICE, DriftKind.CURRENCY)
_WORDS: Final = {
    DriftKind.PRICE: "price a month",
    DriftKind.CURRENCY: "currency",
    DriftKind.TERM_START: "start of term",
    DriftKind.TERM_END: "end of term",
    DriftKind.CHANGE_ORDER_MISSING: "change order",
    DriftKind.CHANGE_ORDER_UNKNOWN: "change order",
    DriftKind.CIRCUIT_UNKNOWN: "circuit",
    DriftKind.NOT_IN_CRM: "record",
}
_COLUMNS: Final = (
    Column("CONTRACT"),
    Column("WHAT", text=True),
    Column("ONE SAYS"),
    Column("SOURCE"),
    Column("THE OTHER"),
    Column("SOURCE", text=True),
    Column("A MONTH", number=True, leave_out=1),
)


def drift(contract: str | None, db: str | None, as_of: datetime | None, *, as_json: bool) -> int:
    """Print every difference of one contract, or of all; returns 0 when there is none, else 1. Raises ``NotFound`` for an unknown id."""
    with opened(db) as core, core.database.read() as session:
        moment = as_of or core.clock.now()
        ids = [contract] if contract else [each.id for each in portfolio.contracts(session)]
        found: list[Difference] = []
        unpriced: list[str] = []
        for contract_id in ids:
            view, bundle = _view(session, contract_id, moment)
            if bundle.crm is not None and bundle.monthly is None:
                unpriced.append(contract_id)
            found += _compared(view, bundle)
        if contract is None:
            found += _strange_circuits(session)
    touched = len({one.contract_id for one in found if one.contract_id})
    if as_json:
        tables_out.document(_document(found, unpriced, len(ids), moment))
    else:
        _show(found, unpriced, touched, len(ids))
    return 1 if found else 0


def _compared(view: ContractView, bundle: portfolio.Bundle) -> list[Difference]:
    found = differences(view, bundle.change_orders, bundle.crm, bundle.tickets)
    return [one for one in found if bundle.monthly is not None or one.kind not in _PRICES]


def _view(session: Session, contract_id: str, as_of: datetime) -> tuple[ContractView, portfolio.Bundle]:
    """What the contract says, with the last signed renewal over it."""
    bundle = portfolio.contract_bundle(session, contract_id, as_of)
    window = notice_window(bundle.facts, as_of)
    monthly = bundle.monthly or Money.zero(bundle.entry.currency or "XXX")
    rolling = window.status is WindowStatus.ROLLING  # its month is not a term that a CRM would hold
    start, end = (None, None) if rolling else (window.term_start, window.term_end)
    signed = _signed(session, bundle.facts.unit_id, as_of)
    if signed is not None:
        start, end = signed.start, signed.end
        if signed.monthly is not None and signed.currency is not None:
            monthly = Money(amount=Decimal(signed.monthly), currency=signed.currency)
    view = ContractView(contract_id=contract_id, monthly=monthly, term_start=start, term_end=end, circuits=bundle.circuits)
    return view, bundle


def _signed(session: Session, unit_id: str, as_of: datetime) -> ExecutedTerm | None:
    query = select(ExecutedTerm).where(
        ExecutedTerm.unit_id == unit_id, ExecutedTerm.how == "renewed", col(ExecutedTerm.recorded_at) <= as_of
    )
    return session.exec(query.order_by(col(ExecutedTerm.sequence).desc())).first()


def _strange_circuits(session: Session) -> list[Difference]:
    """Circuits that tickets name and no contract has: once each, with the first ticket that names it."""
    ticket, order = records.Ticket, records.ServiceOrder
    known = select(order.circuit_id).where(col(order.superseded_at).is_(None), col(order.circuit_id).is_not(None))
    known_ids = select(order.id).where(col(order.superseded_at).is_(None))
    query = select(ticket.circuit_id, ticket.id).where(
        col(ticket.superseded_at).is_(None), col(ticket.circuit_id).not_in(known), col(ticket.circuit_id).not_in(known_ids)
    )
    first: dict[str, str] = {}
    for circuit, ticket_id in session.exec(query.order_by(col(ticket.id))):
        first.setdefault(circuit, ticket_id)
    return [
        Difference(
            kind=DriftKind.CIRCUIT_UNKNOWN,
            contract_id="",
            about=circuit,
            left=None,
            left_source="all contracts",
            right=circuit,
            right_source=f"ticket {ticket_id}",
        )
        for circuit, ticket_id in sorted(first.items())
    ]


def _show(found: list[Difference], unpriced: list[str], touched: int, total: int) -> None:
    if found:
        tables_out.table(_COLUMNS, [_row(one) for one in found])
    if unpriced:
        tables_out.say(f"Price not compared, it is unknown or in several currencies: {', '.join(unpriced)}.", hang=2)
    contracts = wording.plural(total, "contract")
    if found:
        tables_out.say(f"{wording.plural(len(found), 'difference')} in {touched} of {contracts}.")
    else:
        tables_out.say(f"No difference in {contracts}.")
    if not total:
        tables_out.tell(tables_out.NOTHING_IMPORTED)


def _row(one: Difference) -> Row:
    effect = wording.signed_money(one.monthly_effect) if one.monthly_effect else ""
    absent = "nothing"
    cells = (one.contract_id or "none", _WORDS[one.kind], one.left or absent, one.left_source, one.right or absent, one.right_source)
    return Row((*cells, effect))


def _document(found: list[Difference], unpriced: list[str], total: int, as_of: datetime) -> dict[str, Any]:
    return {
        "as_of": as_of.isoformat(),
        "differences": [{**one.model_dump(mode="json"), "contract_id": one.contract_id or None} for one in found],
        "price_not_compared": unpriced,
        "totals": {
            "differences": len(found),
            "contracts": total,
            "contracts_with_differences": len({one.contract_id for one in found if one.contract_id}),
        },
    }
