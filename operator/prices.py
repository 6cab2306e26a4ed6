"""The price that an order lacks for the renewal: which one, from which day on, and in which currency.

Rule 1: an order lacks a price when the terms of the present choices cannot be made for want of it; one that was left out lacks nothing.
Rule 2: what a person enters counts from the day after the file's last price, or from the start of the running term where the file has none.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from sqlmodel import Session, col, select

from contractops.operator import cases, wording
from contractops.operator.store import records
from contractops.operator.store.tables import Draft
from contractops.tools.terms import TermsChoices, assemble, default_choices
from contractops.tools.values import Finding, Money, Value

_CODES: Final = frozenset({"pricing.no_price", "pricing.no_price_after"})


class MissingPrice(Value):
    """What is missing of ``order_id``; ``until`` is the last day for which the file has a price, ``effective_on`` the first of the new one."""

    order_id: str
    until: date | None
    effective_on: date
    currency: str

    @property
    def key(self) -> str:
        """Name of the question, for a button and its gate."""
        return key_of(self.order_id, self.until)

    def money(self, amount: Decimal) -> Money:
        """``amount`` in the currency of the order."""
        return Money(amount=amount, currency=self.currency).rounded()


def key_of(order_id: str, until: date | None) -> str:
    """The same order may lack a price again, after another day: that is another question."""
    return f"{order_id}:{until.isoformat() if until else ''}"


def missing_in(findings: Iterable[Finding]) -> dict[str, date | None]:
    """Orders whose price is missing, each once, with the last day for which there is one."""
    found: dict[str, date | None] = {}
    for one in findings:
        if one.code in _CODES:
            until = one.values.get("until")
            found.setdefault(str(one.values.get("order") or one.about), date.fromisoformat(until) if isinstance(until, str) else None)
    return found


def missing_of(session: Session, overview: cases.Overview, key: object) -> MissingPrice | None:
    """What the question ``key`` is about, or None when that price is not missing (any more)."""
    row, window = overview.renewal, overview.window
    stored = session.get(Draft, (row.id, row.draft_number))
    choices = TermsChoices.model_validate(stored.choices) if stored else default_choices(overview.source)
    found = missing_in(assemble(overview.source, choices, row.draft_number).findings)
    order_id, until = next(((order, until) for order, until in found.items() if key_of(order, until) == key), (None, None))
    order = session.exec(
        select(records.ServiceOrder).where(records.ServiceOrder.id == order_id, col(records.ServiceOrder.superseded_at).is_(None))
    ).first()
    if order is None:
        return None
    since = until + timedelta(days=1) if until else window.term_start or wording.local_date(window.as_of, window.zone)
    return MissingPrice(order_id=order.id, until=until, effective_on=since, currency=order.currency)
