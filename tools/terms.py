"""Renewal terms: everything the draft card, the document, the approval and the CRM write rest on, as one frozen value.

Rule 1: terms are assembled from facts and choices; nobody writes a computed figure.
Rule 2: two terms are the same when their canonical JSON is; the hash covers inputs (price book version, service figures), not only results.
Rule 3: explanations (``reasons``) are not part of the hash: a better wording does not undo an approval.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from pydantic import Field

from contractops.tools.facts import ContractFacts
from contractops.tools.notice_window import NoticeWindow
from contractops.tools.people import Contact
from contractops.tools.pricing import ChangeOrder, OrderLine, PriceBookEntry, PricedLine, UpliftRule
from contractops.tools.sla_credit import SlaSummary
from contractops.tools.values import ClauseRef, Finding, Money, Reason, Scalar, Value


class CreditHandling(StrEnum):
    """What happens to the open SLA credits."""

    FIRST_INVOICE = "first_invoice"
    SEPARATE = "separate"
    LEAVE_OPEN = "leave_open"


class Party(Value):
    """A contracting party with its lines of address."""

    name: str
    address: tuple[str, ...] = ()
    country: str = "US"


class Options(Value):
    """Extra rights. ``exit_after_month``: the customer may leave right after that month of the term. ``true_up``: yearly true-up of quantities."""

    exit_after_month: int | None = Field(default=None, gt=0)
    true_up: bool = False


class TermsSource(Value):
    """The facts a draft is made from, as the database has them. ``terms_offered`` are the terms the price book is asked for, in months."""

    contract_id: str
    account_id: str
    account_name: str
    supplier: Party
    customer: Party
    facts: ContractFacts
    window: NoticeWindow
    lines: tuple[OrderLine, ...]
    change_orders: tuple[ChangeOrder, ...]
    price_book: tuple[PriceBookEntry, ...]
    uplift: UpliftRule
    service: SlaSummary | None
    contacts: tuple[Contact, ...]
    billing_contact: str | None = None
    findings: tuple[Finding, ...] = ()
    cpi_label: str | None = None
    terms_offered: tuple[int, ...] = (12, 24, 36)


class TermsChoices(Value):
    """What people choose. Per cents with at most two decimals. ``change_orders`` are the ids taken in."""

    term_months: int = Field(gt=0)
    uplift_pct: Decimal
    discount_pct: Decimal = Decimal("0.00")
    credit: CreditHandling = CreditHandling.FIRST_INVOICE
    change_orders: tuple[str, ...] = ()
    left_out_orders: tuple[str, ...] = ()
    options: Options = Options()
    free_months: int = Field(default=0, ge=0)
    signer_contact_id: str | None = None
    note: str = Field(default="", max_length=500)


class Terms(Value):
    """One draft, complete. Money a month unless it says total; ``end`` is the last day.

    ``next_notice_on`` is the safe date of the term these terms would start, ``window`` figures are those of the term that runs now.
    """

    contract_id: str
    account_id: str
    account_name: str
    supplier: Party
    customer: Party
    draft_number: int = Field(gt=0)
    term_months: int
    start: date
    end: date
    currency: str
    lines: tuple[PricedLine, ...]
    current: Money
    uplift_pct: Decimal
    uplift: UpliftRule
    uplifted: Money
    discount_pct: Decimal
    effective_discount_pct: Decimal
    free_months: int
    monthly: Money
    total: Money
    given: Money
    floor: Money
    floor_kept: bool
    max_discount_pct: Decimal
    change_pct: Decimal
    arr_effect: Money
    change_orders: tuple[ChangeOrder, ...]
    credit: CreditHandling
    credit_amount: Money | None
    options: Options
    signer: Contact | None
    billing_contact: str | None
    note: str
    decide_by: datetime
    zone: str
    safe_on: date
    renews_on: date
    renews_to: date
    next_notice_on: date | None
    price_book_version: str
    cpi_label: str | None
    service: SlaSummary | None
    notice_ref: ClauseRef | None
    findings: tuple[Finding, ...] = ()
    reasons: tuple[Reason, ...] = ()


class TermsResult(Value):
    """Terms, or None with the findings that prevent them. Terms with a blocking finding exist but cannot be approved."""

    terms: Terms | None
    findings: tuple[Finding, ...] = ()


TermValue: TypeAlias = Scalar | tuple[str, ...]


class TermChange(Value):
    """One difference between two drafts, as text values (``discount_pct``: "0.00" -> "12.00")."""

    field: str
    old: TermValue
    new: TermValue
