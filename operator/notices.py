"""Notices of non-renewal on their way to our own signature: the document, the envelope of it, and when its news is told.

Rule 1: what is sent is byte for byte what the person saw who decided to send it; made again from other facts it is another document.
Rule 2: one envelope at a time; after it was declined, taken back or ran out, another may be sent.
Rule 3: a signed notice serves nothing: the alarm goes on until the evidence of its delivery is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Stage
from contractops.operator import cases, people
from contractops.operator.documents.write import render_notice
from contractops.operator.store.records import Blob
from contractops.operator.store.tables import Card, Effect, Envelope, Renewal
from contractops.tools.notice import Notice, notice_of, notice_signer, plan_notice
from contractops.tools.signature import NOTICE, EnvelopePlan, SignerPlan
from contractops.tools.values import sha256_of

THEIRS = "customer notice"
THEIR_LETTER = "customer's notice"
"""Method of an evidence when the customer gave notice, and its reference when he named none."""


@dataclass(frozen=True)
class Prepared:
    """A notice as it would be sent now: its facts, its signer, its bytes and their hash."""

    notice: Notice
    signer: SignerPlan
    document: bytes
    sha256: str


@dataclass(frozen=True)
class Sent:
    """The latest sending of a notice. ``envelope`` None: the vendor has not confirmed it; ``fetched``: the signed document is stored."""

    effect: Effect
    plan: EnvelopePlan
    envelope: Envelope | None
    fetched: Effect | None

    @property
    def is_over(self) -> bool:
        """Whether another may be sent: nobody can sign this one any more, and nobody has."""
        return self.envelope is not None and not self.envelope.open and self.envelope.status != "completed"


def prepare(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> Prepared | None:
    """The notice for the term of ``row``; None when its last day is unknown.

    Raises ``Refused`` when nobody may sign it, ``InputError`` when a name cannot be typeset.
    """
    found = cases.overview(session, row, now, rules)
    notice = notice_of(found.source, found.notice_address)
    if notice is None:
        return None
    signer = notice_signer(notice.contract_id, people.everybody(session), rules.matrix)
    document = render_notice(notice, signer)
    return Prepared(notice, signer, document, sha256_of(document))


def keep(session: Session, prepared: Prepared) -> None:
    """Store the bytes of a prepared notice: what is decided on can always be read again."""
    if session.get(Blob, prepared.sha256) is None:
        session.add(Blob(sha256=prepared.sha256, content=prepared.document))
        session.flush()


def plan(prepared: Prepared, row: Renewal, now: datetime) -> EnvelopePlan | None:
    """The envelope of the notice, open until it must have been received; None without that date, or after it."""
    if row.decide_by is None or row.decide_by <= now:
        return None
    return plan_notice(
        prepared.notice, prepared.signer, renewal_id=row.id, document_sha256=prepared.sha256, now=now, received_by=row.decide_by
    )


def sendings(session: Session, row: Renewal) -> list[Effect]:
    """Every sending of a notice of this term, oldest first."""
    query = select(Effect).where(Effect.renewal_id == row.id, Effect.kind == "docusign.send")
    return [one for one in session.exec(query.order_by(col(Effect.created_at))) if one.payload["plan"]["draft_number"] == NOTICE]


def latest(session: Session, row: Renewal) -> Sent | None:
    """The latest sending of a notice, or None."""
    effect = next(reversed(sendings(session, row)), None)
    if effect is None:
        return None
    envelope = session.get(Envelope, effect.remote_id, populate_existing=True) if effect.remote_id else None
    query = select(Effect).where(Effect.renewal_id == row.id, Effect.kind == "docusign.fetch", Effect.status == "done")
    fetched = [one for one in session.exec(query) if envelope and one.payload["envelope"] == envelope.envelope_id]
    return Sent(effect, EnvelopePlan.model_validate(effect.payload["plan"]), envelope, fetched[0] if fetched else None)


def to_be_told(session: Session, row: Renewal) -> str | None:
    """Key of the card about a notice that is signed, or came back unsigned, while nobody was told and it is not served; else None."""
    if row.stage != Stage.NOT_RENEWING or row.served_at is not None:
        return None
    sent = latest(session, row)
    if sent is None or sent.envelope is None or not (sent.is_over or sent.fetched):
        return None
    key = f"{row.id}/notice/{sent.envelope.envelope_id}"
    return key if session.get(Card, key) is None else None
