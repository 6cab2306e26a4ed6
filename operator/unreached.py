"""Unreached: Slack delivers nothing to a person any more, because he left or closed the conversation.

Rule 1: what he should have got goes to the next in line: his deputy, else his manager, else contract-ops. The dates do not wait for him.
Rule 2: contract-ops hear of it once, with the contracts that nobody answers for now.
Rule 3: it ends with a sign of life in Slack, or when his row of the staff list changes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import FINAL
from contractops.graphs.steps import NewCard
from contractops.operator import addressing, alerting, approvals, cases, people
from contractops.operator.attend import note
from contractops.operator.clock import wall_now
from contractops.operator.store import cards
from contractops.operator.store.tables import Card, Effect, Renewal, Unreached

_ASKED_IN_TIME: Final = frozenset({"second", "approver_reminder", "passed_on"})
"""Cards of an approver's question: the clock hands the question on to somebody who may answer it."""
_OWN_LISTS: Final = frozenset({"welcome", "waiting"})
"""Lists about the person himself: nobody else needs them."""


def pass_on(session: Session, effect: Effect, error: str, now: datetime, rules: cases.Rules) -> None:
    """``effect`` could not bring its card to its person: somebody else gets it, and contract-ops are told."""
    card = session.get(Card, str(effect.payload["card"]), populate_existing=True)
    if card is None or card.person_id is None or card.ts is not None:
        return
    _remember(session, card.person_id, error, now, rules)
    row = session.get(Renewal, card.renewal_id, populate_existing=True) if card.renewal_id else None
    if row is None or card.kind in _OWN_LISTS or row.stage in FINAL:
        return
    note(session, row, "unreached", "machine", now, {"person": card.person_id, "card": card.key, "error": error})
    to = addressing.addressee(session, card.person_id, now, rules)
    if card.kind not in _ASKED_IN_TIME and not _has_it(session, card, to):
        alerting.hand_on(session, row, card, to, now, rules)


def _has_it(session: Session, card: Card, to: str) -> bool:
    """Whether ``to`` gets the same news in a card of his own: who is told of a silence is named at the end of the card's key."""
    return card.kind == "told" and session.get(Card, f"{card.key.rpartition('/')[0]}/{to}") is not None


def sign_of_life(session: Session, person_id: str) -> None:
    """The person acted in Slack: he is reached there again."""
    mark = session.get(Unreached, person_id)
    if mark is not None:
        session.delete(mark)


def contracts_of(session: Session, person_id: str) -> list[Renewal]:
    """Open renewals that the person should answer for, fewest days left first."""
    stages = [str(stage) for stage in FINAL]
    query = select(Renewal).where(Renewal.owner_id == person_id, col(Renewal.stage).not_in(stages))
    return list(session.exec(query.order_by(col(Renewal.decide_by).is_(None), col(Renewal.decide_by), col(Renewal.id))))


def put_forward(session: Session, person_id: str, now: datetime) -> None:
    """What the person is asked now, or answers for another one, goes in front of the sweep: it moves to whoever is there, or back."""
    for one in (person_id, *(each.person_id for each in people.everybody(session) if each.deputy_id == person_id)):
        his = [row for row in contracts_of(session, one) if session.get(Card, alerting.root_of(row)) is not None]
        for row in (*his, *approvals.questions_of(session, one)):
            row.next_action_at = now
            session.add(row)


def _remember(session: Session, person_id: str, error: str, now: datetime, rules: cases.Rules) -> None:
    """Mark the person, put what he was asked in front of the sweep, and tell contract-ops; once."""
    if people.is_unreached(session, person_id):
        return
    session.merge(Unreached(person_id=person_id, since=now, error=error))
    session.flush()
    put_forward(session, person_id, now)
    ops = addressing.addressee(session, None, now, rules)
    if ops == person_id:
        return
    told = NewCard(f"unreached/{person_id}/{now.isoformat()}", "nobody_owns", ops, args={"person": person_id, "error": error})
    when, _counted = addressing.posting_time(session, told, None, now, rules)
    cards.add(session, told, renewal_id=None, version=0, gate_key=None, now=now, wall=wall_now(), post_at=when)
