"""Effects that stopped: whom it is told, and in how many messages.

Rule 1: the owner and contract-ops get a card with the buttons, one an effect; stopped again, the same card says so.
Rule 2: a second card for the same person within one hour begins a list; it and all that follow in that hour stand in the list's thread,
where their buttons are. A vendor that is down is one card and one list, not a card for each contract.
Rule 3: what becomes of an effect rewrites its cards and the lists that name it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard
from contractops.operator import cases
from contractops.operator.clock import wall_now
from contractops.operator.store import cards
from contractops.operator.store.tables import Card, Effect, Renewal

CARD, LIST = "parked", "parked_list"
AN_HOUR: Final = timedelta(hours=1)


def tell(session: Session, row: Renewal, effect: Effect, error: str, *, unknown: bool, now: datetime, rules: cases.Rules) -> None:
    """Tell the owner of ``row`` and contract-ops that ``effect`` stopped with ``error``. ``now`` is business time; called inside a write."""
    for person in dict.fromkeys((row.owner_id or "", *rules.contract_ops(session)[:1])):
        if not person:
            continue
        key = f"{effect.key}/parked/{person}"
        thread = None if session.get(Card, key) else _list(session, row, person, now)
        args = {"effect": effect.key, "error": error[:500], "unknown": unknown}
        card = NewCard(key, CARD, person, thread=thread, args=args)
        cards.add(session, card, renewal_id=row.id, version=row.version, gate_key=None, now=now, wall=wall_now())
        session.flush()
    cards.rewrite(session, [one for one in cards_of(session, row.id) if one.kind == LIST], version=row.version, wall=wall_now())


def members(session: Session, listed: Card) -> list[Card]:
    """The cards that a list names: the one that came first, alone, and those in its thread."""
    threaded = session.exec(select(Card).where(Card.thread == listed.key, Card.kind == CARD).order_by(col(Card.created_at), col(Card.key)))
    first = session.get(Card, str(listed.args["first"]))
    return [*([first] if first is not None else []), *threaded]


def cards_of(session: Session, renewal_id: str) -> list[Card]:
    """Every card about a stopped effect of the renewal, and the lists that name one."""
    own = session.exec(select(Card).where(Card.renewal_id == renewal_id, Card.kind == CARD).order_by(col(Card.key))).all()
    if not own:
        return []
    keys, threads = {one.key for one in own}, {one.thread for one in own}
    lists = session.exec(select(Card).where(Card.kind == LIST, col(Card.person_id).in_({one.person_id for one in own})))
    return [*own, *(one for one in lists if one.key in threads or one.args["first"] in keys)]


def _list(session: Session, row: Renewal, person: str, now: datetime) -> str | None:
    """Key of the list in whose thread the next card of ``person`` stands; None while there was no card in this hour."""
    recent = select(Card).where(Card.person_id == person, col(Card.created_at) > now - AN_HOUR).order_by(col(Card.created_at).desc())
    listed = session.exec(recent.where(Card.kind == LIST)).first()
    if listed is not None:
        return listed.key
    first = session.exec(recent.where(Card.kind == CARD, col(Card.thread).is_(None))).first()
    if first is None:
        return None
    card = NewCard(f"stopped/{person}/{now.isoformat()}", LIST, person, args={"first": first.key})
    return cards.add(session, card, renewal_id=row.id, version=row.version, gate_key=None, now=now, wall=wall_now()).key
