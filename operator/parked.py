"""Effects that stopped: whom it is told, and in how many messages.

Rule 1: the owner and contract-ops, or who stands in for them, are told in one message an hour. One effect alone is its card, with the buttons; stopped again, the same
card says so.
Rule 2: when a second effect stops for the same person within the hour, that message itself becomes the list of them all, and each has its
card with its buttons in the thread, the first one too. A vendor that is down is one message, not a message for each contract.
Rule 3: what becomes of an effect rewrites its cards and the list that names it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard
from contractops.operator import addressing, cases
from contractops.operator.clock import wall_now
from contractops.operator.store import cards
from contractops.operator.store.tables import Card, Effect, Renewal

CARD: Final = "parked"
AN_HOUR: Final = timedelta(hours=1)


def tell(session: Session, row: Renewal, effect: Effect, error: str, *, unknown: bool, now: datetime, rules: cases.Rules) -> None:
    """Tell the owner of ``row`` and contract-ops that ``effect`` stopped with ``error``. ``now`` is business time; called inside a write."""
    args = {"effect": effect.key, "error": error[:500], "unknown": unknown}
    owner = addressing.addressee(session, row.owner_id, now, rules)
    for person in dict.fromkeys((owner, addressing.ops_or_stand_in(session, now, rules))):
        key = f"{effect.key}/parked/{person}"
        told = session.get(Card, key)
        head = _head(session, person, now) if told is None else None
        if head is not None:
            _into_thread(session, head)
        _put(session, NewCard(key, CARD, person, thread=head.key if head else None, args=args), row, now)
        own = session.get(Card, _in_thread(key))
        if own is not None:
            _put(session, NewCard(own.key, CARD, person, args=args), row, now)
        session.flush()
    listed = [one for one in cards_of(session, row.id) if members(session, one)]
    cards.rewrite(session, listed, version=row.version, wall=wall_now())


def members(session: Session, card: Card) -> list[Card]:
    """The cards in the thread of ``card``, the one of its own effect first; none while that stands alone."""
    found = session.exec(select(Card).where(Card.thread == card.key, Card.kind == CARD)).all()
    return sorted(found, key=lambda one: (one.key != _in_thread(card.key), one.created_at, one.key))


def cards_of(session: Session, renewal_id: str) -> list[Card]:
    """Every card about a stopped effect of the renewal, and the lists that name one."""
    own = session.exec(select(Card).where(Card.renewal_id == renewal_id, Card.kind == CARD).order_by(col(Card.key))).all()
    heads = {one.thread for one in own} - {one.key for one in own}
    return [*own, *session.exec(select(Card).where(col(Card.key).in_(heads), Card.kind == CARD).order_by(col(Card.key)))]


def _head(session: Session, person: str, now: datetime) -> Card | None:
    """The message that tells ``person`` of what stopped within the hour, or None."""
    recent = select(Card).where(
        Card.person_id == person, Card.kind == CARD, col(Card.thread).is_(None), col(Card.created_at) > now - AN_HOUR
    )
    return session.exec(recent.order_by(col(Card.created_at).desc(), col(Card.key))).first()


def _into_thread(session: Session, head: Card) -> None:
    """The effect that ``head`` told of alone gets a card in its thread: ``head`` is the list from now on."""
    row = session.get(Renewal, head.renewal_id)
    if row is None or session.get(Card, _in_thread(head.key)) is not None:
        return
    _put(session, NewCard(_in_thread(head.key), CARD, head.person_id or "", thread=head.key, args=head.args), row, head.created_at)
    cards.rewrite(session, [head], version=row.version, wall=wall_now())


def _in_thread(key: str) -> str:
    return f"{key}/own"


def _put(session: Session, card: NewCard, row: Renewal, now: datetime) -> None:
    cards.add(session, card, renewal_id=row.id, version=row.version, gate_key=None, now=now, wall=wall_now())
