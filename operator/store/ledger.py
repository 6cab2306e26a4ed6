"""The effect ledger: nothing happens outside without a row that says so first.

Rule 1: intent is committed with the move that wants it; the key is ``{kind}:{renewal}:{version}:{hash}`` and lives as long as its term is
kept.
Rule 2: ``claim`` hands an effect to one worker at a time; the lease is wall time, so a frozen worker is overtaken. Whatever a worker
says about an effect counts only while its attempt is the latest one: an overtaken worker changes nothing.
Rule 3: ``KINDS`` declares for every kind how a duplicate is prevented: by the vendor's key, by looking it up, or by a person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import event, update
from sqlmodel import Session, col, or_, select

from contractops.graphs.steps import NewEffect
from contractops.operator.failpoints import passing
from contractops.operator.store.audit import digest
from contractops.operator.store.tables import Effect

LEASE = timedelta(seconds=60)


class Prevention(StrEnum):
    """How a second happening is prevented when the first one's outcome is unknown."""

    VENDOR_KEY = "vendor_key"  # the receiver recognises the key or the same state
    LOOK_UP = "look_up"  # we ask the receiver for the key before a retry
    PERSON = "person"  # nobody can tell: the effect stops and a person decides


KINDS: dict[str, Prevention] = {
    "slack.card": Prevention.LOOK_UP,
    # A read: another look at the same file changes nothing there.
    "slack.fetch": Prevention.VENDOR_KEY,
    "docusign.send": Prevention.LOOK_UP,
    "docusign.void": Prevention.VENDOR_KEY,
    "docusign.resend": Prevention.PERSON,
    "docusign.change_signer": Prevention.VENDOR_KEY,
    "docusign.fetch": Prevention.VENDOR_KEY,
    "crm.write": Prevention.VENDOR_KEY,
    "crm.overwrite": Prevention.VENDOR_KEY,
    # SMTP has neither keys nor look-ups: whether a mail was taken, only the answer says. See ``adapters.mail``.
    "mail.send": Prevention.PERSON,
}


def intend(session: Session, effect: NewEffect, *, renewal_id: str, version: int, at: datetime) -> str:
    """Add the intent (``at`` is wall time); the same intent again is the same row. Returns its key."""
    passing(effect.kind, "before_intent")
    payload_hash = digest(effect.payload)
    key = f"{effect.kind}:{renewal_id}:{version}:{payload_hash[:16]}"
    if session.get(Effect, key) is None:
        session.add(
            Effect(
                key=key,
                kind=effect.kind,
                renewal_id=renewal_id,
                version=version,
                payload=effect.payload,
                payload_hash=payload_hash,
                created_at=at,
            )
        )
        session.flush()
        event.listen(session, "after_commit", lambda _session: passing(effect.kind, "after_intent"), once=True)
    return key


def renewal_of(key: str) -> str:
    """The renewal (or the card that belongs to none) that the effect ``key`` is about."""
    return key.split(":", 1)[1].rsplit(":", 2)[0]


def left_behind(session: Session, key: str) -> bool:
    """Whether an attempt began and never reported: its worker died or froze, so nobody knows whether it took effect."""
    row = session.get(Effect, key, populate_existing=True)
    return row is not None and row.status == "todo" and row.claimed_by is not None


def card_is_on_its_way(session: Session, renewal_id: str, card: str) -> bool:
    """Whether an effect waits, untouched, that will send the card as it then is."""
    waiting = select(Effect.key).where(Effect.renewal_id == renewal_id, Effect.kind == "slack.card", Effect.status == "todo")
    mine = col(Effect.payload)["card"].as_string() == card
    return session.exec(waiting.where(mine, Effect.attempts == 0).limit(1)).first() is not None


def is_card_busy(session: Session, key: str, *, at: datetime) -> bool:
    """Whether another effect of the same card is under way: a message has one writer, so that a late update never overwrites a newer one."""
    row = session.get(Effect, key, populate_existing=True)
    if row is None or row.kind != "slack.card":
        return False
    same = select(Effect.key).where(
        Effect.renewal_id == row.renewal_id, Effect.kind == row.kind, Effect.status == "todo", Effect.key != key
    )
    card = col(Effect.payload)["card"].as_string() == str(row.payload["card"])
    return session.exec(same.where(card, col(Effect.claimed_until) > at).limit(1)).first() is not None


def claim(session: Session, key: str, *, worker: str, at: datetime) -> Effect | None:
    """Take the effect for this worker and count the attempt; None when it is done, waits, or another worker holds it."""
    table = Effect.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    result = session.connection().execute(
        update(table)
        .where(
            table.c.key == key,
            table.c.status == "todo",
            or_(table.c.not_before.is_(None), table.c.not_before <= at),
            or_(table.c.claimed_until.is_(None), table.c.claimed_until <= at),
        )
        .values(attempts=table.c.attempts + 1, claimed_until=at + LEASE, claimed_by=worker)
    )
    return session.get(Effect, key, populate_existing=True) if result.rowcount == 1 else None


def release(session: Session, living: set[str]) -> None:
    """Give back what is held by anybody who is not among the ``living`` workers.

    His name stays on the row: that is how ``left_behind`` knows that an attempt never reported.
    """
    table = Effect.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    dead = table.c.claimed_by.is_not(None) & table.c.claimed_by.not_in(living)
    session.connection().execute(update(table).where(table.c.status == "todo", dead).values(claimed_until=None))


def hurry(session: Session) -> None:
    """A start is a reason to try at once: what waited for a vendor may be possible again."""
    table = Effect.__table__  # type: ignore[attr-defined]  # SQLModel adds it
    session.connection().execute(update(table).where(table.c.status == "todo", table.c.not_before.is_not(None)).values(not_before=None))


def retry(session: Session, key: str) -> bool:
    """A person asks for one more attempt of a parked effect; False when it is not parked."""
    row = session.get(Effect, key, populate_existing=True)
    if row is None or row.status != "needs_person":
        return False
    row.status, row.not_before = "todo", None
    session.add(row)
    return True


def done(session: Session, effect: Effect, *, remote_id: str | None, receipt: dict[str, Any], at: datetime) -> bool:
    """Store the receipt of the attempt ``effect`` (as claimed); False when another attempt has begun or ended meanwhile."""
    row = _mine(session, effect)
    if row is None:
        return False
    row.status, row.remote_id, row.receipt, row.done_at = "done", remote_id, receipt, at
    row.claimed_until = row.claimed_by = row.not_before = None
    session.add(row)
    return True


def postpone(session: Session, effect: Effect, error: str, *, until: datetime) -> bool:
    """Give the attempt back and try again not before ``until`` (wall time); False as ``done``."""
    row = _mine(session, effect)
    if row is None:
        return False
    row.claimed_until, row.claimed_by, row.not_before, row.last_error = None, None, until, error
    session.add(row)
    return True


def park(session: Session, effect: Effect, error: str) -> bool:
    """Stop: a person must look; False as ``done``."""
    row = _mine(session, effect)
    if row is None:
        return False
    row.status, row.claimed_until, row.claimed_by, row.last_error = "needs_person", None, None, error
    session.add(row)
    return True


def _mine(session: Session, effect: Effect) -> Effect | None:
    """The stored row, while ``effect`` is still its latest attempt. The count of attempts is the fencing token."""
    row = session.get(Effect, effect.key, populate_existing=True)
    return row if row is not None and row.status == "todo" and row.attempts == effect.attempts else None


def settle(session: Session, key: str, found: str, *, by: str) -> None:
    """A person says that a parked effect did happen: it counts as done, with his words as the receipt."""
    row = session.get(Effect, key, populate_existing=True)
    if row is not None and row.status == "needs_person":
        row.status, row.receipt = "done", {"settled_by": by, "found": found}
        session.add(row)


def to_do(session: Session, *, at: datetime, renewal_id: str | None = None, limit: int = 1000) -> list[str]:
    """Keys of effects that could be performed now, oldest first."""
    query = select(Effect.key).where(
        Effect.status == "todo",
        or_(col(Effect.not_before).is_(None), col(Effect.not_before) <= at),
        or_(col(Effect.claimed_until).is_(None), col(Effect.claimed_until) <= at),
    )
    if renewal_id is not None:
        query = query.where(Effect.renewal_id == renewal_id)
    return list(session.exec(query.order_by(col(Effect.created_at), col(Effect.key)).limit(limit)))
