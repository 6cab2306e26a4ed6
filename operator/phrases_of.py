"""Short phrases that several rooms need: what somebody did, what a draft needs, what changed under it.

Rule 1: plain words, past tense, no blame.
Rule 2: a word of ``DID`` stands in "Dana Whitfield approved this" and in "Approved by Dana Whitfield" alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from sqlmodel import Session

from contractops.graphs.lifecycle import Event
from contractops.operator import people, wording
from contractops.tools.people import Person
from contractops.tools.signature import AuthorityMatrix, over_limit
from contractops.tools.terms import Terms
from contractops.tools.values import Money, Reason

DID: Final[dict[str, str]] = {
    Event.APPROVE: "approved",
    Event.DECLINE: "declined",
    Event.TAKE_BACK: "recalled",
    Event.EDIT: "edited",
    Event.PREPARE: "started",
    Event.SNOOZE: "snoozed",
    Event.WAKE: "resumed",
    Event.STOP: "stopped",
    Event.LET_RENEW: "settled",
    Event.OFFER: "reopened",
    Event.SERVED: "closed",
    Event.ACCEPT: "accepted",
    Event.DISPUTE: "disputed",
}
"""What a decision is called."""

CREDIT_DID: Final[dict[str, str]] = {"sent": "sent", "disputed": "disputed", "booked": "booked", "returned": "returned"}
"""What a step with a service credit is called."""

FACTS: Final = "A fact of the contract"
INPUTS: Final[dict[str, str]] = {
    "price_book_version": "The price book",
    "cpi_label": "The price index",
    "current": "Today's price",
    "lines": "The list of services",
    "change_orders": "The change orders",
    "credit_amount": "The service credit",
    "signer": "The customer's signer",
    "billing_contact": "The billing contact",
    "monthly": "A price",
}
"""What of the facts changed, by the field of ``tools.terms.difference`` that shows it; the first that differs is named."""


def needs(session: Session, terms: Terms, who: Person, allowed: Iterable[str], matrix: AuthorityMatrix) -> str:
    """What of the draft is over the limits of ``who``, and the role of those who may decide: 12.00 % needs VP Sales."""
    level = next((one for one in matrix.levels if one.role == who.role), None)
    over = [words for words in map(_over, over_limit(terms, level) if level else ()) if words]
    roles = [people.TITLES.get(one.role, one.role) for one in (people.person(session, each) for each in allowed) if one]
    verb = "need" if len(over) > 1 else "needs"
    return f"{wording.listing(over) or 'this draft'} {verb} {roles[0] if roles else 'somebody with the authority'}"


def _over(reason: Reason) -> str:
    values = reason.values
    match reason.code:
        case "approval.term_over":
            return wording.plural(int(str(values["term"])), "month")
        case "approval.discount_over":
            return wording.percent(Decimal(str(values["effective_pct"])))
        case "approval.total_over":
            return wording.money(Money(amount=Decimal(str(values["total"])), currency=str(values["currency"])))
        case _:
            return ""
