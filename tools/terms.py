"""Renewal terms: everything the draft card, the document, the approval and the CRM write rest on, as one frozen value.

Rule 1: terms are assembled from facts and choices; nobody writes a computed figure.
Rule 2: two terms are the same when their canonical JSON is; the hash covers inputs (price book version, service figures), not only results.
Rule 3: explanations (``reasons``) are not part of the hash: a better wording does not undo an approval.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import Field

from contractops.tools.calendars import add_months, in_months
from contractops.tools.facts import ContractFacts, renewed
from contractops.tools.notice_window import NoticeWindow, WindowStatus, window_of_term
from contractops.tools.people import Contact
from contractops.tools.pricing import (
    ChangeOrder,
    Offer,
    OrderLine,
    PriceBookEntry,
    PricedLine,
    PriceRequest,
    RenewalPrice,
    UpliftRule,
    offers,
    price_renewal,
)
from contractops.tools.sla_credit import SlaSummary
from contractops.tools.values import ClauseRef, Finding, Money, Reason, Scalar, Severity, Value


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


_TWO_DECIMALS = Decimal("0.01")
_ONE_DAY = timedelta(days=1)
_NOT_HASHED = frozenset({"reasons"})
_COMPARED = (
    "term_months",
    "uplift_pct",
    "discount_pct",
    "free_months",
    "credit",
    "credit_amount",
    "change_orders",
    "exit_after_month",
    "true_up",
    "signer",
    "billing_contact",
    "note",
    "lines",
    "current",
    "monthly",
    "total",
    "start",
    "end",
    "decide_by",
    "floor",
    "price_book_version",
    "cpi_label",
)


def default_choices(source: TermsSource) -> TermsChoices:
    """What draft 1 proposes: the term the contract would renew for, the price rise of the clause, no discount, all change orders, credits settled."""
    renewal = source.facts.renewal_term
    months = None if renewal is None else in_months(renewal)
    signers = [one for one in source.contacts if one.may_sign]
    return TermsChoices(
        term_months=months if months in source.terms_offered and months is not None else source.terms_offered[0],
        uplift_pct=_two_decimals(source.uplift.percent),
        change_orders=tuple(one.order_id for one in source.change_orders),
        signer_contact_id=signers[0].contact_id if signers else None,
    )


def assemble(source: TermsSource, choices: TermsChoices, draft_number: int) -> TermsResult:
    """The terms of one draft. Without a known window or a price there are none; every finding is passed on, blocking ones stop an approval only."""
    window = source.window
    start, ends = window.renews_on, window.renews_to
    if window.status is not WindowStatus.KNOWN or start is None or window.decide_by is None or window.safe_on is None:
        missing = Finding(
            code="terms.no_window", severity=Severity.BLOCKING, about=source.contract_id, values={"status": window.status.value}
        )
        return TermsResult(terms=None, findings=(*source.findings, missing))
    lines, changes = _kept(source, choices)
    priced = price_renewal(lines, changes, source.price_book, source.uplift, _request(choices, start))
    findings = [*source.findings, *priced.findings]
    price = priced.price
    if price is None:
        return TermsResult(terms=None, findings=tuple(findings))
    signer, signer_findings = _signer(source, choices)
    credit_amount, credit_findings = _open_credit(source, price.currency)
    findings += [*signer_findings, *credit_findings]
    next_window = window_of_term(renewed(source.facts, start, choices.term_months), 1, window.as_of)
    terms = Terms(
        contract_id=source.contract_id,
        account_id=source.account_id,
        account_name=source.account_name,
        supplier=source.supplier,
        customer=source.customer,
        draft_number=draft_number,
        start=start,
        end=add_months(start, choices.term_months) - _ONE_DAY,
        uplift=source.uplift,
        change_orders=tuple(one for one in changes if one.order_id in price.change_orders),
        credit=choices.credit,
        credit_amount=credit_amount,
        options=choices.options,
        signer=signer,
        billing_contact=source.billing_contact,
        note=choices.note,
        decide_by=window.decide_by,
        zone=window.zone,
        safe_on=window.safe_on,
        renews_on=start,
        renews_to=ends or start,
        next_notice_on=next_window.safe_on,
        cpi_label=source.cpi_label,
        service=source.service,
        notice_ref=source.facts.notice_ref,
        findings=tuple(findings),
        reasons=(*window.reasons, *price.reasons),
        **_price_fields(price),
    )
    return TermsResult(terms=terms, findings=tuple(findings))


def offered(source: TermsSource, choices: TermsChoices) -> tuple[Offer, ...]:
    """The offers beside draft 1: each offered term at the price book's own discount."""
    if source.window.renews_on is None:
        return ()
    lines, changes = _kept(source, choices)
    request = _request(choices, source.window.renews_on)
    return offers(lines, changes, source.price_book, source.uplift, request, source.terms_offered)


def can_be_approved(terms: Terms) -> bool:
    """Whether no finding blocks the approval."""
    return all(one.severity is not Severity.BLOCKING for one in terms.findings)


def canonical_json(terms: Terms) -> bytes:
    """The terms as UTF-8 JSON in one form: sorted keys, no spaces, decimals and dates as text, explanations left out."""
    plain = _without_explanations(terms.model_dump(mode="json"))
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def terms_hash(terms: Terms) -> str:
    """SHA-256 of ``canonical_json`` in hex: what an approval is bound to."""
    return hashlib.sha256(canonical_json(terms)).hexdigest()


def difference(old: Terms, new: Terms) -> tuple[TermChange, ...]:
    """What changed from ``old`` to ``new``, in the order a person would tell it; choices before their results."""
    before, after = _comparable(old), _comparable(new)
    return tuple(TermChange(field=field, old=before[field], new=after[field]) for field in _COMPARED if before[field] != after[field])


def _comparable(terms: Terms) -> dict[str, TermValue]:
    credit = terms.credit_amount
    return {
        "term_months": terms.term_months,
        "uplift_pct": str(terms.uplift_pct),
        "discount_pct": str(terms.discount_pct),
        "free_months": terms.free_months,
        "credit": terms.credit.value,
        "credit_amount": str(credit.amount) if credit else None,
        "change_orders": tuple(one.order_id for one in terms.change_orders),
        "exit_after_month": terms.options.exit_after_month,
        "true_up": terms.options.true_up,
        "signer": terms.signer.name if terms.signer else None,
        "billing_contact": terms.billing_contact,
        "note": terms.note,
        "lines": tuple(f"{line.order_id} {line.description}" for line in terms.lines),
        "current": str(terms.current.amount),
        "monthly": str(terms.monthly.amount),
        "total": str(terms.total.amount),
        "start": terms.start.isoformat(),
        "end": terms.end.isoformat(),
        "decide_by": terms.decide_by.isoformat(),
        "floor": str(terms.floor.amount),
        "price_book_version": terms.price_book_version,
        "cpi_label": terms.cpi_label,
    }


def _kept(source: TermsSource, choices: TermsChoices) -> tuple[tuple[OrderLine, ...], tuple[ChangeOrder, ...]]:
    """The lines and change orders of the service orders that were not left out."""
    left_out = frozenset(choices.left_out_orders)
    lines = tuple(line for line in source.lines if line.order_id not in left_out)
    return lines, tuple(one for one in source.change_orders if one.service_order not in left_out)


def _request(choices: TermsChoices, start: date) -> PriceRequest:
    return PriceRequest(
        term_months=choices.term_months,
        start=start,
        uplift_pct=_two_decimals(choices.uplift_pct),
        discount_pct=_two_decimals(choices.discount_pct),
        free_months=choices.free_months,
        change_orders=choices.change_orders,
    )


def _two_decimals(percent: Decimal) -> Decimal:
    """``3`` as ``3.00``, so that the same terms have the same hash; more decimals stay as they are."""
    normal = percent.quantize(_TWO_DECIMALS)
    return normal if normal == percent else percent


def _price_fields(price: RenewalPrice) -> dict[str, Any]:
    """The figures of ``price`` under the names that ``Terms`` gives them."""
    names = (
        "term_months", "currency", "lines", "current", "uplift_pct", "uplifted", "discount_pct", "effective_discount_pct", "free_months",
        "monthly", "given", "floor_kept", "max_discount_pct", "change_pct", "arr_effect", "price_book_version",
    )  # fmt: skip
    fields = {name: getattr(price, name) for name in names}
    return {**fields, "total": price.total.rounded(), "floor": price.floor.rounded()}


def _signer(source: TermsSource, choices: TermsChoices) -> tuple[Contact | None, list[Finding]]:
    """The chosen contact; one without signing right, or none, blocks the approval."""
    chosen = next((one for one in source.contacts if one.contact_id == choices.signer_contact_id), None)
    if chosen is None:
        return None, [Finding(code="terms.no_signer", severity=Severity.BLOCKING, about="signer")]
    if not chosen.may_sign:
        values: dict[str, Scalar] = {"contact": chosen.name}
        return chosen, [Finding(code="terms.signer_may_not_sign", severity=Severity.BLOCKING, about="signer", values=values)]
    return chosen, []


def _open_credit(source: TermsSource, currency: str) -> tuple[Money | None, list[Finding]]:
    """The open credits in the currency of the terms; credits in another one are told, not converted."""
    amounts = source.service.open_credits if source.service else ()
    own = next((one for one in amounts if one.currency == currency), None)
    foreign = [one for one in amounts if one.currency != currency]
    findings = [
        Finding(
            code="terms.credit_other_currency",
            severity=Severity.WARNING,
            about="credit",
            values={"amount": str(one.amount), "currency": one.currency},
        )
        for one in foreign
    ]
    return own, findings


def _without_explanations(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_explanations(one) for key, one in value.items() if key not in _NOT_HASHED}
    return [_without_explanations(one) for one in value] if isinstance(value, list) else value
