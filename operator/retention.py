"""Retention: what is over and older than its period is deleted, once a day.

Rule 1: a term is over when it is closed (renewed, left to renew) or has ended after a notice or a miss; its age is counted in business time
from its last move or its end, whichever is later. The raw inbox is counted in wall time.
Rule 2: a term loses its questions, effects, cards, drafts, approvals and envelopes. Its row and its audit chain stay: the chain says what was
deleted, and still verifies.
Rule 3: bytes go when every term that names them is old enough, and those of the contract's own files when the contract has no other term.
What a file was called, and its hash, stays.
Rule 4: a period of 0 days means for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

import structlog
from sqlalchemy import CursorResult, delete, func
from sqlmodel import Session, SQLModel, col, select

from contractops.graphs.lifecycle import FINAL, Stage
from contractops.operator.attend import note
from contractops.operator.store import heartbeat
from contractops.operator.store.db import Database
from contractops.operator.store.records import Blob, Document, table_of
from contractops.operator.store.tables import (
    Alert,
    Approval,
    Audit,
    Button,
    Card,
    Draft,
    Due,
    Effect,
    Envelope,
    Gate,
    Inbox,
    NoticeEvidence,
    Renewal,
)

TERM_DELETED: Final = "term deleted"
BYTES_DELETED: Final = "documents deleted"
_OF_A_TERM: Final[tuple[type[SQLModel], ...]] = (Gate, Effect, Card, Draft, Approval, Envelope, Alert, NoticeEvidence, Due)
_IN_RECEIPTS: Final = ("sha256", "signed_sha256")

log = structlog.get_logger("contractops.retention")


@dataclass(frozen=True, slots=True)
class Periods:
    """Days that things are kept; 0: for ever."""

    inbox: int
    terms: int
    documents: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many inbound payloads, terms and documents were deleted."""

    inbox: int = 0
    terms: int = 0
    documents: int = 0


def run(database: Database, now: datetime, wall: datetime, periods: Periods) -> Deleted:
    """Delete everything whose period is over. ``now`` is business time. May be repeated and interrupted: each term is a transaction."""
    inbox = 0
    if periods.inbox:
        with database.write() as session:
            inbox = _count(session, delete(Inbox).where(col(Inbox.received_at) < wall - timedelta(days=periods.inbox)))
    documents = 0
    for renewal_id in _over(database, now, periods.documents):  # before the terms, whose rows name most of the bytes
        with database.write() as session:
            documents += _delete_bytes(session, session.get_one(Renewal, renewal_id), now, periods.documents)
    terms = 0
    for renewal_id in _over(database, now, periods.terms):
        with database.write() as session:
            terms += _delete_term(session, session.get_one(Renewal, renewal_id), now)
    with database.write() as session:
        heartbeat.beat(session, heartbeat.RETENTION, at=wall)
    found = Deleted(inbox, terms, documents)
    log.info("retention", inbox=found.inbox, terms=found.terms, documents=found.documents)
    return found


def _over(database: Database, now: datetime, days: int) -> list[str]:
    """Ids of the terms that have been over for ``days``; none when that is 0."""
    if not days:
        return []
    limit = now - timedelta(days=days)
    with database.read() as session:
        moved = dict(
            session.exec(select(Audit.renewal_id, func.max(Audit.at)).where(col(Audit.moved)).group_by(col(Audit.renewal_id))).all()
        )
        rows = session.exec(
            select(Renewal).where(col(Renewal.stage).in_([*FINAL, Stage.NOT_RENEWING, Stage.MISSED])).order_by(col(Renewal.id))
        ).all()
    return [row.id for row in rows if (since := _over_since(row, moved.get(row.id), now)) is not None and since <= limit]


def _over_since(row: Renewal, moved: datetime | None, now: datetime) -> datetime | None:
    """Since when a term is over; None while it is not, or nobody can tell."""
    ended = datetime.combine(row.term_end, time.max, tzinfo=now.tzinfo) if row.term_end else None
    if moved is None or (row.stage not in FINAL and (ended is None or ended > now)):
        return None
    return max(moved, ended) if ended else moved


def _delete_term(session: Session, row: Renewal, now: datetime) -> int:
    """Take a term's rows away; 1, or 0 when it has none."""
    mine = select(Card.key).where(Card.renewal_id == row.id)
    papers = sorted(_papers(session, row))
    deleted = _count(session, delete(Button).where(col(Button.card_key).in_(mine)))
    for record in _OF_A_TERM:
        table = table_of(record)
        deleted += _count(session, delete(table).where(table.c.renewal_id == row.id))
    if not deleted:
        return 0
    row.handover = row.trouble = row.next_action_at = None
    session.add(row)
    note(session, row, TERM_DELETED, "machine", now, {"rows": deleted, "documents": papers})
    return 1


def _delete_bytes(session: Session, row: Renewal, now: datetime, days: int) -> int:
    """Take the bytes of a term's papers away, and of its contract's files when no other term needs them; returns how many."""
    found = _papers(session, row)
    others = [one for one in session.exec(select(Renewal).where(Renewal.contract_id == row.contract_id)) if one.id != row.id]
    if not any(_is_younger(session, one, now, days) for one in others):
        found |= set(session.exec(select(Document.sha256).where(Document.contract_id == row.contract_id)))
    gone = sorted(one for one in found if session.get(Blob, one) is not None and not _needed(session, one, row))
    for sha256 in gone:
        session.delete(session.get_one(Blob, sha256))
    if gone:
        note(session, row, BYTES_DELETED, "machine", now, {"sha256": gone})
    return len(gone)


def _is_younger(session: Session, row: Renewal, now: datetime, days: int) -> bool:
    moved = session.exec(select(func.max(Audit.at)).where(Audit.renewal_id == row.id, col(Audit.moved))).one()
    since = _over_since(row, moved, now)
    return since is None or since > now - timedelta(days=days)


def _papers(session: Session, row: Renewal) -> set[str]:
    """Hashes of the bytes that a term names: its drafts, what was signed, what was handed in, and what its chain says of deleted rows."""
    found = set(session.exec(select(Draft.document_sha256).where(Draft.renewal_id == row.id)))
    effects = session.exec(select(Effect.payload, Effect.receipt).where(Effect.renewal_id == row.id)).all()
    for payload, receipt in effects:
        found |= {str(receipt[name]) for name in _IN_RECEIPTS if receipt and name in receipt}
        found |= {str(payload["document"])} if "document" in payload else set()
    for data in session.exec(select(Audit.data).where(Audit.renewal_id == row.id, Audit.event == TERM_DELETED)):
        found |= {str(one) for one in data["documents"]}
    return found


def _needed(session: Session, sha256: str, row: Renewal) -> bool:
    """Whether a draft of another term, or a file of another contract, is the same bytes."""
    draft = select(Draft.number).where(Draft.document_sha256 == sha256, Draft.renewal_id != row.id)
    file = select(Document.id).where(Document.sha256 == sha256, Document.contract_id != row.contract_id)
    return session.exec(draft.limit(1)).first() is not None or session.exec(file.limit(1)).first() is not None


def _count(session: Session, statement: object) -> int:
    result: CursorResult[object] = session.connection().execute(statement)  # type: ignore[call-overload]  # any of the deletes above
    return result.rowcount
