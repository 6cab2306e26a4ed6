"""Short phrases that several rooms need: what somebody did, what a draft needs.

Rule 1: plain words, past tense, no blame.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from contractops.graphs.lifecycle import Event
from contractops.operator import people, wording
from contractops.tools.terms import Terms

DID: dict[str, str] = {
    Event.APPROVE: "approved",
    Event.DECLINE: "declined",
    Event.TAKE_BACK: "took back",
    Event.EDIT: "edited",
    Event.PREPARE: "started to prepare",
    Event.SNOOZE: "snoozed",
    Event.STOP: "decided not to renew",
    Event.LET_RENEW: "decided to renew as is",
    Event.OFFER: "asked for new terms on",
    Event.SERVED: "recorded the proof of",
    Event.ACCEPT: "accepted",
    Event.DISPUTE: "disputed",
}
"""What a decision is called in "Dana Whitfield approved this at 11:05"."""


def needs(terms: Terms, session: Session, allowed: Iterable[str]) -> str:
    """What of the draft asks for whom, as in: 12.00 % over 36 months needs VP Sales."""
    roles = [people.TITLES.get(person.role, person.role) for person in (people.person(session, one) for one in allowed) if person]
    who = roles[0] if roles else "somebody with the authority"
    return f"{wording.percent(terms.discount_pct)} over {wording.plural(terms.term_months, 'month')} needs {who}"
