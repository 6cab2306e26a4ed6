"""Posting: the performer of ``slack.card``. A card is posted once and rewritten as often as the truth changes.

Rule 1: what a card says is read from the database at the moment it is sent.
Rule 2: a post whose answer was lost is looked up by its key before it is repeated, whichever revision of the card asks.
Rule 3: one card is sent by one worker at a time (``store.ledger`` hands out one effect of a card), so a late update never overwrites a newer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, select

from contractops.operator import cases, people
from contractops.operator.clock import wall_now
from contractops.operator.performers import Receipt
from contractops.operator.showing import show
from contractops.operator.slack.render import render
from contractops.operator.store import restoring
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Effect
from contractops.tools.errors import InvariantError, Unreachable, VendorError
from contractops.tools.ports import Clock, Messenger, Posted

LOOK_BACK = timedelta(hours=1)
FOUND = "found"
"""In a receipt: the message stood there already."""
ROOT_SOON = timedelta(milliseconds=200)


@dataclass(frozen=True)
class _Address:
    """Channel or user id (None: ask Slack for the account of ``email``) and the root of the thread."""

    channel: str | None
    email: str | None
    thread: str | None


class Posting:
    """Performs ``slack.card``."""

    def __init__(self, database: Database, clock: Clock, messenger: Messenger, rules: cases.Rules) -> None:
        self._database = database
        self._clock = clock
        self._messenger = messenger
        self._rules = rules

    def card(self, effect: Effect) -> Receipt:
        """Bring the message in line with the stored state."""
        key = str(effect.payload["card"])
        with self._database.write(about=effect.renewal_id) as session:
            card = session.get(Card, key, populate_existing=True)
            if card is None:
                raise InvariantError("CO-CRD-001", f"there is no card {key}")
            if card.shown >= card.revision:
                return Receipt(card.ts, {"shown": card.shown})  # another effect of it has told everything already
            body = render(show(session, card, self._clock.now(), self._rules))
            revision = card.revision
            address = self._address(session, card)
            doubtful, post_key = _tried_since(session, effect), _post_key(session, card)
        place, found = self._send(card, body, doubtful, address, post_key)

        def remember(session: Session, _effect: Effect, now: datetime) -> None:
            card = session.get_one(Card, key, populate_existing=True)
            card.channel, card.ts = place.channel, place.ts
            card.shown = max(card.shown, revision)
            card.posted_at = card.posted_at or now
            session.add(card)

        return Receipt(place.ts, {"shown": revision, "channel": place.channel, **({FOUND: True} if found else {})}, remember)

    def _send(self, card: Card, body: dict[str, Any], doubtful: datetime | None, address: _Address, post_key: str) -> tuple[Posted, bool]:
        """(where the card stands now, whether it was found there though no row knew of it)."""
        if card.ts is not None and card.channel is not None:
            place = Posted(channel=card.channel, ts=card.ts)
            self._messenger.update(place, body)
            return place, False
        channel = address.channel or (self._messenger.lookup(address.email) if address.email else None)
        if channel is None:
            raise Unreachable("CO-CRD-003", f"{card.person_id} has no Slack account")
        if doubtful is not None:
            found = self._messenger.find(channel, post_key, since=doubtful - LOOK_BACK, thread_ts=address.thread)
            if found is not None:
                self._messenger.update(found, body)
                return found, True
        broadcast = card.broadcast and address.thread is not None
        return self._messenger.post(channel, body, post_key, thread_ts=address.thread, broadcast=broadcast), False

    @staticmethod
    def _address(session: Session, card: Card) -> _Address:
        """Where the card goes. Raises ``VendorError`` CO-CRD-002 while its thread has no root: the root goes first."""
        if card.thread is not None:
            root = session.get(Card, card.thread)
            if root is not None and root.person_id == card.person_id:
                if root.ts is None:
                    raise VendorError("CO-CRD-002", f"{card.thread} is not posted yet", retry_at=wall_now() + ROOT_SOON)
                return _Address(root.channel, None, root.ts)
        if card.channel is not None:
            return _Address(card.channel, None, None)
        slack_id, email = people.slack_address(session, card.person_id or "")
        return _Address(slack_id, email, None)


def _post_key(session: Session, card: Card) -> str:
    """The key of the card's message: another one each time that the card began anew with somebody.

    So the messages that it was stay what they are, also when it comes back to a person who had it before.
    """
    if card.ts is not None or card.renewal_id is None:
        return card.key
    others = session.exec(select(Card.key).where(Card.renewal_id == card.renewal_id)).all()
    times = sum(one.startswith(f"{card.key}/until/") for one in others)
    return f"{card.key}/{times}" if times else card.key


def _tried_since(session: Session, effect: Effect) -> datetime | None:
    """Since when (wall time) the card may have been posted without our knowing; None when nobody has tried yet.

    A card has one effect for each revision: the attempt whose answer was lost may belong to another one than this. After a restored backup
    it may have been posted by an effect that no row tells of.
    """
    tried = session.exec(
        select(Effect).where(Effect.renewal_id == effect.renewal_id, Effect.kind == effect.kind, Effect.attempts > 0)
    ).all()
    others = [one.created_at for one in tried if one.payload["card"] == effect.payload["card"] and one.key != effect.key]
    restored = restoring.doubt_since(session, wall_now())
    return min([*others, *([effect.created_at] if effect.attempts > 1 else []), *([restored] if restored else [])], default=None)
