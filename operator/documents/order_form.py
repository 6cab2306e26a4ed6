"""What the renewal order form says: approved terms as the data of the template. Pure.

Rule 1: every figure is one of the terms' figures, formatted by ``wording``; nothing is computed here but the difference of two figures shown.
Rule 2: the same terms and signers give the same data, down to the order of its keys.
Rule 3: text of people and files goes into the data as text; the template never compiles it.
"""

from __future__ import annotations

import re
from typing import Any, Final

from contractops.operator.wording import amount, day, fingerprint, listing, money, percent, plural, signed_money, signed_percent
from contractops.tools.pricing import ChangeOrder, PricedLine
from contractops.tools.signature import SignerPlan
from contractops.tools.terms import CreditHandling, Party, Terms, terms_hash
from contractops.tools.values import Value

LETTER_COUNTRIES: Final = frozenset({"US", "CA", "MX", "CL", "CO", "CR", "DO", "GT", "PA", "PH", "PR", "SV", "VE"})
"""Countries whose offices print on Letter; all others use A4."""
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


class Brand(Value):
    """The look of our papers: one accent colour (``#RRGGBB``) and, when there is one, a logo as SVG text."""

    accent: str = "#0B5C7A"
    logo_svg: str | None = None


def order_form(terms: Terms, signers: tuple[SignerPlan, ...], brand: Brand) -> dict[str, Any]:
    """The template's data: JSON values only. Raises ``ValueError`` for a colour that is none."""
    if not _COLOUR.fullmatch(brand.accent):
        message = f"{brand.accent!r} is no colour of the form #RRGGBB"
        raise ValueError(message)
    return {
        "paper": "us-letter" if terms.customer.country in LETTER_COUNTRIES else "a4",
        "accent": brand.accent,
        "logo": brand.logo_svg,
        "title": "Renewal order form",
        "footer": f"{terms.account_name}, {terms.contract_id}, order form draft {terms.draft_number}, {fingerprint(terms_hash(terms))}",
        "contract": terms.contract_id,
        "account": terms.account_name,
        "supplier": _party(terms.supplier),
        "customer": _party(terms.customer),
        "summary": _summary(terms),
        "currency": terms.currency,
        "lines": [_line(line) for line in terms.lines],
        "totals": {
            "now": amount(terms.current),
            "new": amount(terms.monthly),
            "change": _change(terms.monthly, terms.current),
            "percent": signed_percent(terms.change_pct),
            "term": f"Total for {plural(terms.term_months, 'month')}: {money(terms.total)}.",
        },
        "price_steps": _price_steps(terms),
        "changes": _changes(terms),
        "change_orders": [_change_order(order) for order in terms.change_orders],
        "credits": _credits(terms),
        "options": _options(terms),
        "clauses": _clauses(terms),
        "signers": [_signer(signer, terms) for signer in sorted(signers, key=lambda each: each.order)],
    }


def _party(party: Party) -> dict[str, Any]:
    return {"name": party.name, "address": list(party.address)}


def _summary(terms: Terms) -> list[list[str]]:
    rows = [
        ["Agreement", terms.contract_id],
        ["New term", plural(terms.term_months, "month")],
        ["Starts on", day(terms.start)],
        ["Ends on", day(terms.end)],
        ["Price a month", money(terms.monthly)],
        ["Price for the term", money(terms.total)],
    ]
    if terms.next_notice_on is not None:
        rows.append(["Next notice date", day(terms.next_notice_on)])
    return rows


def _line(line: PricedLine) -> dict[str, str]:
    place = " · ".join(part for part in (line.site, line.circuit_id) if part)
    return {
        "order": line.order_id,
        "item": line.description,
        "place": place,
        "quantity": f"{line.quantity:,}",
        "now": amount(line.now),
        "new": amount(line.new),
        "change": _change(line.new, line.now),
    }


def _change(new: Any, now: Any) -> str:
    figure = amount(new - now)
    return figure if figure.startswith("-") or not (new - now).amount else f"+{figure}"


def _price_steps(terms: Terms) -> list[list[str]]:
    steps = [["Price a month today, with change orders", money(terms.current)]]
    if terms.uplift_pct:
        ref = f" (clause {terms.uplift.ref.clause})" if terms.uplift.ref and terms.uplift.ref.clause else ""
        steps.append([f"Price adjustment of {signed_percent(terms.uplift_pct)}{ref}", signed_money(terms.uplifted - terms.current)])
    if terms.discount_pct:
        steps.append([f"Discount of {percent(terms.discount_pct)}", signed_money(terms.monthly - terms.uplifted)])
    steps.append(["Price a month in the new term", money(terms.monthly)])
    return steps


def _changes(terms: Terms) -> list[str]:
    moved = signed_money(terms.monthly - terms.current)
    price = (
        f"The price a month changes from {money(terms.current)} to {money(terms.monthly)} ({moved}, {signed_percent(terms.change_pct)})."
        if terms.monthly != terms.current
        else f"The price a month stays at {money(terms.current)}."
    )
    changes = [f"The agreement is renewed for {plural(terms.term_months, 'month')}, from {day(terms.start)} to {day(terms.end)}.", price]
    if terms.free_months:
        changes.append(f"The first {plural(terms.free_months, 'month')} of the new term are free of charge.")
    if terms.options.exit_after_month is not None:
        changes.append(f"The customer gains a right to leave after month {terms.options.exit_after_month} (section\N{NO-BREAK SPACE}6).")
    if terms.billing_contact:
        changes.append(f"Invoices go to the attention of {terms.billing_contact}.")
    return changes


def _change_order(order: ChangeOrder) -> list[str]:
    return [order.order_id, order.service_order, order.description, day(order.effective_on), signed_money(order.monthly_change)]


def _credits(terms: Terms) -> list[str]:
    said = []
    if terms.service is not None:
        missed = len(terms.service.missed)
        said.append(f"The service level was missed in {missed} of the last {plural(terms.service.months, 'month')}.")
    if terms.credit_amount is None or not terms.credit_amount.amount:
        return [*said, "No service credit is open."]
    credit = money(terms.credit_amount)
    settled = {
        CreditHandling.FIRST_INVOICE: f"Open service credits of {credit} are deducted from the first invoice of the new term.",
        CreditHandling.SEPARATE: f"Open service credits of {credit} are settled by a separate credit note.",
        CreditHandling.LEAVE_OPEN: f"Open service credits of {credit} are not part of this order form and stay open.",
    }
    return [*said, settled[terms.credit]]


def _options(terms: Terms) -> list[str]:
    options = []
    if terms.options.exit_after_month is not None:
        month = terms.options.exit_after_month
        options.append(f"Exit right: the customer may end this term at the end of month {month} by notice under the agreement.")
    if terms.options.true_up:
        options.append(
            "True-up: quantities are reviewed once a year, on the anniversary of the start, at the unit prices of section\N{NO-BREAK SPACE}2."
        )
    return options or ["None."]


def _clauses(terms: Terms) -> list[list[str]]:
    notice = f" ({terms.notice_ref.document}, clause {terms.notice_ref.clause})" if terms.notice_ref and terms.notice_ref.clause else ""
    orders = sorted({line.order_id for line in terms.lines})
    precedence = (
        "Where they differ, this order form comes first, then the change orders of section\N{NO-BREAK SPACE}4, "
        "then the service orders, then the agreement with its amendments, the latest first."
    )
    stays = f"Everything this order form does not change stays in force, including the service levels and the notice provisions{notice}."
    effect = "This order form takes effect when all the persons named below have signed it; until then today's terms apply."
    return [
        ["Subject", f"This order form renews the services of {listing(orders) or 'the agreement'} under agreement {terms.contract_id}."],
        ["Precedence", precedence],
        ["What stays", stays],
        ["Prices", f"Prices are in {terms.currency}, a month, without taxes and public charges, and are fixed for the new term."],
        ["Taking effect", effect],
        ["Entire form", "Nothing outside this order form was promised about the new term."],
    ]


def _signer(signer: SignerPlan, terms: Terms) -> dict[str, str]:
    party = terms.customer if signer.role == "customer" else terms.supplier
    return {
        "for": party.name,
        "name": signer.name,
        "title": signer.title,
        "anchor": signer.anchor,
        "date_anchor": signer.date_anchor,
    }
