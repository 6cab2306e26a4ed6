"""Pricing lookup: the renewal price from the order lines, the change orders, the uplift clause and the price book.

Rule 1: now -> net of the change orders -> uplift (never above the clause) -> discount -> rounded once to the currency, half to even.
Rule 2: the discount that counts is the effective one over the whole term: free months and one-time allowances are part of it, exact, not rounded.
Rule 3: a line or term without a price book entry, or a line without a price, is a blocking finding, never a guess.
Rule 4: lines are shares of the rounded total and add up to it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from contractops.tools.values import ClauseRef, Finding, Money, Reason, Value


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


class OrderLine(Value):
    """One priced line of a service order. ``monthly`` is the price a month of the whole line before change orders (None = no price known);
    ``priced_until`` is the last day it is known for."""

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
    """What to price. ``one_time_allowance`` is a commercial gift (an SLA credit is owed, not given, and does not belong here)."""

    term_months: int = Field(gt=0)
    start: date
    uplift_pct: Decimal
    discount_pct: Decimal
    free_months: int = Field(default=0, ge=0)
    one_time_allowance: Money | None = None


class PricedLine(Value):
    """A line with today's price (change orders netted) and the new one, a month."""

    line_id: str
    order_id: str
    product: str
    description: str
    site: str | None
    circuit_id: str | None
    quantity: int
    now: Money
    new: Money


class RenewalPrice(Value):
    """The price of one renewal. Money a month unless it says total. Per cents are exact; ``change_pct`` and ``max_discount_pct`` have two decimals.

    ``given`` is what the discount, free months and allowance cost over the term; ``arr_effect`` is twelve times the change a month.
    """

    term_months: int
    currency: str
    current: Money
    uplift_pct: Decimal
    uplifted: Money
    discount_pct: Decimal
    monthly: Money
    total: Money
    given: Money
    effective_discount_pct: Decimal
    floor: Money
    floor_kept: bool
    max_discount_pct: Decimal
    change_pct: Decimal
    arr_effect: Money
    free_months: int
    one_time_allowance: Money | None
    price_book_version: str
    change_orders: tuple[str, ...]
    lines: tuple[PricedLine, ...]
    reasons: tuple[Reason, ...]


class PriceResult(Value):
    """A price, or None with the blocking findings."""

    price: RenewalPrice | None
    findings: tuple[Finding, ...] = ()


class Offer(Value):
    """One line of the offers: a term with its price against today's."""

    term_months: int
    monthly: Money
    total: Money
    discount_pct: Decimal
    change_pct: Decimal
