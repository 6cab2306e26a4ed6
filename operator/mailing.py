"""Mailing: the performer of ``mail.send``. A card goes to its person by e-mail too: the whole card, and nothing but the card.

Rule 1: a mail goes to a member of staff, by his id; his address is read from the staff list when it is sent. There is no way to name
an address, so no customer can be written to.
Rule 2: the text is the card's own text for screen readers; the subject its first sentence. No figure stands in a mail that is not on
the card, and no link.
Rule 3: what was answered meanwhile is not mailed: nothing is repeated for a thing that is done.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from sqlmodel import Session, select

from contractops.graphs.lifecycle import FINAL
from contractops.operator import cases, people
from contractops.operator.clock import wall_now
from contractops.operator.performers import Receipt
from contractops.operator.showing import show
from contractops.operator.slack.render import render
from contractops.operator.store import restoring
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Effect, Renewal
from contractops.tools.errors import InvariantError, Refused, VendorError
from contractops.tools.ports import Clock, Mail, Mailer

CLOSING: Final = "To act, use the buttons in Slack. Nobody reads answers to this mail."
CARD_SOON: Final = timedelta(seconds=5)
_MENTION: Final = re.compile(r"<@[A-Z0-9]+> ?")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s")
_ESCAPED: Final = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


class Mailing:
    """Performs ``mail.send``."""

    def __init__(self, database: Database, clock: Clock, mailer: Mailer, rules: cases.Rules) -> None:
        self._database = database
        self._clock = clock
        self._mailer = mailer
        self._rules = rules

    def send(self, effect: Effect) -> Receipt:
        """Mail the card of the effect to its person. Raises ``InvariantError`` CO-CRD-001 when there is no such card."""
        with self._database.write() as session:
            card = session.get(Card, str(effect.payload["card"]), populate_existing=True)
            if card is None:
                raise InvariantError("CO-CRD-001", f"there is no card {effect.payload['card']}")
            to = people.person(session, str(effect.payload["to"]))
            if to is None or not to.active:
                return Receipt(None, {"skipped": "left"})
            if _is_done(session, card):
                return Receipt(None, {"skipped": "answered"})
            _doubt(session, card)
            text = plain_text(render(show(session, card, self._clock.now(), self._rules))["text"])
        mail = Mail(address=to.email, name=to.name, subject=subject_of(text), text=f"{text}\n\n{CLOSING}\n")
        message_id = self._mailer.send(mail, effect.key)
        return Receipt(message_id, {"to": to.person_id, "message_id": message_id})


def _doubt(session: Session, card: Card) -> None:
    """After a restored backup: a card that stood in Slack already was mailed then, as far as anybody can tell.

    Raises ``VendorError`` CO-MAI-010 until the card is posted, ``Refused`` CO-MAI-011 when it was found there.
    """
    if restoring.doubt_since(session, wall_now()) is None:
        return
    if card.ts is None:
        raise VendorError("CO-MAI-010", f"{card.key} is not posted yet", retry_at=wall_now() + CARD_SOON)
    posts = session.exec(select(Effect).where(Effect.renewal_id == (card.renewal_id or card.key), Effect.kind == "slack.card")).all()
    if any(one.payload["card"] == card.key and (one.receipt or {}).get("found") for one in posts):
        raise Refused("CO-MAI-011", "restored from a backup: nobody can tell whether this mail was sent after it was made")


def plain_text(text: str) -> str:
    """A card's text outside Slack: no mention, no escapes."""
    text = _MENTION.sub("", text)
    for escaped, sign in _ESCAPED:
        text = text.replace(escaped, sign)
    return text


def subject_of(text: str) -> str:
    """The first sentence: a full stop, then a space; ``17:00 CST (Chicago).`` ends one, ``USD 18,450.00`` does not."""
    return _SENTENCE.split(text, maxsplit=1)[0].rstrip(".")


def _is_done(session: Session, card: Card) -> bool:
    """Whether a button was pressed since the card was made, or the term is closed."""
    row = session.get(Renewal, card.renewal_id) if card.renewal_id else None
    if row is None:
        return False
    return row.stage in FINAL or (row.answered_at is not None and row.answered_at >= card.created_at)
