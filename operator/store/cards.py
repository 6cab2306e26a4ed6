"""Cards: the Slack messages that must stay true.

Rule 1: a card is content by name, not text: what it says is read from the database when it is posted or rewritten, so a late or
repeated update can only show the truth.
Rule 2: whatever moves a renewal rewrites its root card and every card whose buttons answered the gate that was left.
Rule 3: a card with ``mail`` in its arguments goes to its person by e-mail too, once, at the moment at which it goes to Slack.
Rule 4: a card that quiet hours or the daily cap put off has ``post_at`` in the future and no effect yet; the sweep sends it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from contractops.graphs.steps import NewCard, NewEffect
from contractops.operator.store import ledger
from contractops.operator.store.tables import Card, Effect, Renewal


def add(
    session: Session,
    card: NewCard,
    *,
    renewal_id: str | None,
    version: int,
    gate_key: str | None,
    now: datetime,
    wall: datetime,
    post_at: datetime | None = None,
    counted: bool = False,
) -> Card:
    """Store the card and, unless it is put off, the intent to post it. The same key again rewrites the card that is there."""
    row = session.get(Card, card.key)
    if row is None:
        row = Card(
            key=card.key,
            renewal_id=renewal_id,
            kind=card.kind,
            person_id=None if card.to.startswith("#") else card.to,
            channel=card.to if card.to.startswith("#") else None,
            thread=card.thread,
            broadcast=card.broadcast,
            gate_key=gate_key if card.gated else None,
            args=card.args,
            counted=counted,
            created_at=now,
            post_at=post_at,
        )
    else:
        row.revision += 1
        row.args = {**row.args, **card.args}
        row.gate_key = gate_key if card.gated else row.gate_key
    session.add(row)
    if post_at is None or post_at <= now or row.ts is not None:
        _intend(session, row, version=version, wall=wall)
    return row


def rewrite(session: Session, rows: list[Card], *, version: int, wall: datetime) -> None:
    """Ask for a fresh look of every card that Slack has or is about to have."""
    for row in rows:
        if row.ts is None and row.shown == 0 and row.post_at is not None:
            continue  # not sent yet: it will be born true
        row.revision += 1
        session.add(row)
        _intend(session, row, version=version, wall=wall)


def touched_by(session: Session, renewal: Renewal, gate_key: str) -> list[Card]:
    """What a move rewrites: the root, the present draft and the one before with their approvals, the offers, and all that answer ``gate_key``."""
    number = renewal.draft_number
    asked = [col(Card.key).startswith(f"{renewal.id}/second/{one}/", autoescape=True) for one in (number - 1, number)]
    names = [
        f"{renewal.id}/root",
        f"{renewal.id}/team",
        f"{renewal.id}/offers/1",
        *(f"{renewal.id}/draft/{one}" for one in (number - 1, number)),
    ]
    touched = or_(col(Card.key).in_(names), col(Card.gate_key) == gate_key, and_(col(Card.kind) == "second", or_(*asked)))
    return list(session.exec(select(Card).where(Card.renewal_id == renewal.id, touched).order_by(col(Card.key))))


def carries_question(card: Card, renewal: Renewal) -> bool:
    """Whether the card always carries the buttons of the present question: the root, and the present draft's card."""
    return card.key in {f"{renewal.id}/root", f"{renewal.id}/draft/{renewal.draft_number}"}


def release(session: Session, *, now: datetime, wall: datetime, limit: int = 500) -> int:
    """Send the cards whose put-off time has come; returns how many."""
    rows = session.exec(
        select(Card)
        .where(col(Card.post_at) <= now, col(Card.posted_at).is_(None), Card.shown == 0)
        .order_by(col(Card.post_at))
        .limit(limit)
    ).all()
    for row in rows:
        row.post_at = None  # from here on a rewrite reaches it, also while it is on its way
        session.add(row)
        _intend(session, row, version=0, wall=wall)
    return len(rows)


def _intend(session: Session, row: Card, *, version: int, wall: datetime) -> None:
    """The intent to send the card, unless one that nobody has begun yet will show this revision too (rule 1)."""
    renewal_id = row.renewal_id or row.key
    if not ledger.card_is_on_its_way(session, renewal_id, row.key):
        effect = NewEffect("slack.card", {"card": row.key, "revision": row.revision})
        ledger.intend(session, effect, renewal_id=renewal_id, version=version, at=wall)
    if row.args.get("mail"):
        mail(session, row, wall=wall)


def mail(session: Session, row: Card, *, wall: datetime) -> None:
    """Store the intent to send the card to its person by e-mail; a second time it is the same intent."""
    if row.person_id is not None:
        intent = NewEffect("mail.send", {"card": row.key, "to": row.person_id})
        ledger.intend(session, intent, renewal_id=row.renewal_id or row.key, version=0, at=wall)


def mailed(session: Session, row: Card) -> Effect | None:
    """The effect that sends the card to its present person by e-mail, if there is one."""
    sent = select(Effect).where(Effect.renewal_id == (row.renewal_id or row.key), Effect.kind == "mail.send")
    return next((one for one in session.exec(sent) if one.payload == {"card": row.key, "to": row.person_id}), None)
