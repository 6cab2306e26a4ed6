"""Approvals that wait: which ones one approver is asked for, the one list of them when they are many, and who is asked when nobody answers.

Rule 1: more than ``MANY`` waiting give one list a day, most urgent first; it is edited as they are decided.
Rule 2: a card that the cap of a day holds back stands in the list, and comes when there is room or when it is opened from there.
Rule 3: who has approved, or made the draft, is not asked for another approval of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard
from contractops.operator import people
from contractops.operator.store import cards
from contractops.operator.store.tables import Approval, Card, Draft, Gate, Renewal

MANY: Final = 3
LIST: Final = "approvals"


def waiting(session: Session, person_id: str) -> list[tuple[Card, Gate, Renewal]]:
    """Cards of the approvals that ``person_id`` is asked for now, posted or held back, in no order."""
    query = (
        select(Card, Gate, Renewal)
        .join(Gate, col(Gate.key) == col(Card.gate_key))
        .join(Renewal, (col(Renewal.id) == col(Gate.renewal_id)) & (col(Renewal.version) == col(Gate.version)))
        .where(Card.kind == "second", Card.person_id == person_id, Gate.kind == "approver", col(Gate.decision).is_(None))
    )
    return [(card, gate, row) for card, gate, row in session.exec(query.order_by(col(Card.key))) if person_id in gate.allowed]


def questions_of(session: Session, person_id: str) -> list[Renewal]:
    """Renewals whose open question is an approval that ``person_id`` is asked for, by a card of his own or in the channel."""
    query = (
        select(Gate, Renewal)
        .join(Renewal, (col(Renewal.id) == col(Gate.renewal_id)) & (col(Renewal.version) == col(Gate.version)))
        .where(Gate.kind == "approver", col(Gate.decision).is_(None))
    )
    return [row for gate, row in session.exec(query.order_by(col(Renewal.id))) if person_id in gate.allowed]


def are_many(session: Session, person_id: str) -> bool:
    """Whether so many wait for the person that one list tells of them."""
    return len(waiting(session, person_id)) > MANY


def list_of(person_id: str, day: str) -> NewCard:
    """The list of ``day`` for the person."""
    return NewCard(f"{LIST}/{person_id}/{day}", LIST, person_id)


def refresh_lists(session: Session, gate_key: str, version: int, wall: datetime) -> None:
    """An approval was decided or passed on: the lists of those who were asked say so."""
    gate = session.get(Gate, gate_key, populate_existing=True)
    if gate is None or gate.kind != "approver":
        return
    rows = session.exec(select(Card).where(Card.kind == LIST, col(Card.person_id).in_(gate.allowed))).all()
    cards.rewrite(session, list(rows), version=version, wall=wall)


def next_in_line(session: Session, gate: Gate) -> tuple[str, ...]:
    """Who can be asked beside those whom ``gate`` asks: their deputies, else their managers."""
    draft = session.get(Draft, (gate.renewal_id, gate.draft_number))
    given = select(Approval.person_id).where(Approval.renewal_id == gate.renewal_id, Approval.draft_number == gate.draft_number)
    out = {*session.exec(given), *([draft.created_by] if draft else [])}
    return tuple(one for one in people.next_in_line(session, gate.allowed) if one not in out)
