"""Watching the sweep: when it has not run for ``TOO_LONG``, contract-ops hear of it, once a silence.

Rule 1: the watch does not stand on what it watches: it runs outside of the engine, and does its own effects.
Rule 2: the card goes out at once, also in quiet time: without a sweep no card that was put off would ever be sent.
Rule 3: when the sweep runs again the card says so, and how long it did not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard
from contractops.operator import addressing, cases
from contractops.operator.store import cards, heartbeat
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Effect

TOO_LONG: Final = timedelta(hours=26)
KIND: Final = "sweep_stopped"


def watch(database: Database, now: datetime, wall: datetime, rules: cases.Rules) -> list[str]:
    """Tell of a silence that is too long, and of its end. ``now`` is business time; returns the keys of the effects that tell it."""
    with database.write() as session:
        beat = heartbeat.last(session, heartbeat.SWEEP)
        if beat is None:
            return []
        told = [one for one in session.exec(select(Card).where(Card.kind == KIND)).all() if "over" not in one.args]
        for card in told:
            if beat > datetime.fromisoformat(card.args["since"]):
                _add(session, card.key, card.person_id or str(card.channel), {"over": beat.isoformat()}, now, wall)
        key = f"sweep/{beat.isoformat()}"
        if wall - beat > TOO_LONG and session.get(Card, key) is None:
            to = rules.channels.get("ops") or addressing.addressee(session, None, now, rules)
            _add(session, key, to, {"since": beat.isoformat(), "found": wall.isoformat()}, now, wall)
        session.flush()
        return _effects(session)


def _add(session: Session, key: str, to: str, args: dict[str, str], now: datetime, wall: datetime) -> None:
    cards.add(session, NewCard(key, KIND, to, args=args), renewal_id=None, version=0, gate_key=None, now=now, wall=wall)


def _effects(session: Session) -> list[str]:
    """What is still to be done about these cards: the engine that would do it may be what stands still."""
    keys = set(session.exec(select(Card.key).where(Card.kind == KIND)))
    todo = session.exec(select(Effect).where(Effect.status == "todo", Effect.kind == "slack.card", col(Effect.renewal_id).in_(keys)))
    return [one.key for one in todo]
