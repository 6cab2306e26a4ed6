"""The deal to be renewed: what is billed today, what changed it, what the clause allows and what the price book says.

Rule 1: a price that is not known is ``None``, never zero.
Rule 2: a change order is signed and dated; it changes one line.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from contractops.tools.values import ClauseRef, Money, Value

ANY_REGION = "*"
"""A price book entry for every region."""


class PriceBookEntry(Value):
    """A product at one term, per month and unit. ``term_discount_pct`` is what the book offers for the term, ``floor`` the lowest price."""

    product: str
    region: str
    term_months: int = Field(gt=0)
    list_price: Money
    floor: Money
    term_discount_pct: Decimal = Decimal(0)
    version: str


class UpliftKind(StrEnum):
    """What the contract says about a price rise at renewal."""

    NONE = "none"
    FIXED = "fixed"
    UP_TO = "up_to"


class UpliftRule(Value):
    """Price rise in per cent: exactly ``percent`` (fixed), at most ``percent`` (up_to), or none."""

    kind: UpliftKind
    percent: Decimal = Decimal(0)
    ref: ClauseRef | None = None


class LaterPrice(Value):
    """A price a month, before change orders, that a person entered where the files have none, from ``effective_on`` on. ``ref``: who, when, why."""

    monthly: Money
    effective_on: date
    ref: ClauseRef


class OrderLine(Value):
    """One priced line of a service order.

    ``monthly`` is the price a month of the whole line before change orders (None = no price known);
    ``priced_until`` is the last day it is known for; ``later`` is the price from a later day on, or where ``monthly`` is None.
    """

    line_id: str
    order_id: str
    product: str
    description: str
    region: str
    quantity: int = Field(default=1, gt=0)
    monthly: Money | None
    circuit_id: str | None = None
    site: str | None = None
    priced_until: date | None = None
    later: LaterPrice | None = None

    def price_on(self, day: date) -> Money | None:
        """The price a month before change orders on ``day``; None when none is known for that day."""
        if self.later is not None and self.later.effective_on <= day:
            return self.later.monthly
        return None if self.priced_until is not None and self.priced_until < day else self.monthly


class ChangeOrder(Value):
    """A signed change. ``monthly_change`` is signed; ``line_id`` is the line it changes, None = the first line of the order."""

    order_id: str
    service_order: str
    description: str
    monthly_change: Money
    effective_on: date
    line_id: str | None = None
    billed: bool | None = None
    in_crm: bool | None = None


class PriceRequest(Value):
    """What to price. ``one_time_allowance`` is a commercial gift (an SLA credit is owed, not given, and does not belong here).

    ``change_orders`` are the ids carried into the new term, None = all.
    """

    term_months: int = Field(gt=0)
    start: date
    uplift_pct: Decimal
    discount_pct: Decimal
    free_months: int = Field(default=0, ge=0)
    one_time_allowance: Money | None = None
    change_orders: tuple[str, ...] | None = None
