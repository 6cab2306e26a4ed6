"""After a restored backup: what happened outside since it was made is looked up before anything is performed.

Rule 1: the vendors are asked first, then everything that follows is one transaction; a vendor that does not answer leaves all as it was,
and the operator does not start.
Rule 2: an effect that was still to do may be done: who can be asked for its key is asked (envelopes by key, cards by their metadata, the CRM
by reading), and what cannot be asked (a mail, a reminder) stops as "needs a person".
Rule 3: an envelope that no row knows is never sent for again: it is taken over when the same terms are approved again; until then
taking it back waits for a person's click, and its renewal sends no other.
Rule 4: every card of an open renewal is rewritten: Slack shows what was true after the backup.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import FINAL
from contractops.graphs.steps import NewEffect
from contractops.operator.attend import note
from contractops.operator.clock import wall_now
from contractops.operator.store import cards, ledger, restoring
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Effect, Envelope, Renewal
from contractops.operator.workbench import Workbench
from contractops.tools.ports import Clock, Crm, Signer

MARGIN: Final = timedelta(days=1)
"""The vendor's search is by its own time, and begins so long before the backup."""
NOBODY_CAN_TELL: Final = "restored from a backup: nobody can tell whether this happened after it was made"
_ORPHAN: Final = "an envelope was sent after the backup was made, and the approval for it is not known any more"

log = structlog.get_logger("contractops.reconcile")


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking. Counts: effects whose key is looked up first, effects that stopped, envelopes that no row knows."""

    looked_up: int
    stopped: int
    unknown_envelopes: int


def reconcile(database: Database, clock: Clock, workbench: Workbench, signer: Signer | None, crm: Crm) -> Found | None:
    """Compare a restored database with the vendors; None when there is nothing to compare. Raises ``VendorError`` when one does not answer."""
    with database.read() as session:
        begun = restoring.waiting(session)
        todo = list(session.exec(select(Effect).where(Effect.status == "todo").order_by(col(Effect.created_at))))
        known = set(session.exec(select(Envelope.envelope_id)))
    if begun is None:
        return None
    now, wall = clock.now(), wall_now()
    sent = signer.sent_since(min(begun.made_at, now) - MARGIN) if signer is not None else ()
    changed = {one.key for one in todo if one.kind == "crm.overwrite" and not _holds(crm, one)}
    unsure = [one for one in todo if ledger.KINDS[one.kind] is ledger.Prevention.PERSON or one.key in changed]
    doubtful = [one for one in todo if one not in unsure]
    with database.write() as session:
        for effect in doubtful:
            _doubt(session, effect)
        for effect in unsure:
            _stop(session, workbench, effect)
        orphans = [one for one in sent if one[0] not in known and _adopt(session, workbench, *one, now=now, wall=wall)]
        _rewrite(session, wall)
        row = restoring.waiting(session)
        if row is not None:
            row.reconciled_at = wall
            session.add(row)
    log.warning("restored", made_at=begun.made_at.isoformat(), looked_up=len(doubtful), stopped=len(unsure), unknown_envelopes=len(orphans))
    return Found(len(doubtful), len(unsure), len(orphans))


def _holds(crm: Crm, effect: Effect) -> bool:
    """Whether the CRM already shows what one field is to be set to."""
    record = crm.read(str(effect.payload["contract"]))
    return record is not None and record.fields.get(effect.payload["field"]) == effect.payload["value"]


def _doubt(session: Session, effect: Effect) -> None:
    """Count an attempt that may have been made: whoever performs it looks its key up first."""
    row = session.get_one(Effect, effect.key, populate_existing=True)
    row.attempts, row.not_before, row.claimed_until = max(row.attempts, 1), None, None
    session.add(row)


def _stop(session: Session, workbench: Workbench, effect: Effect) -> None:
    row = session.get_one(Effect, effect.key, populate_existing=True)
    row.status, row.claimed_until, row.claimed_by, row.last_error = "needs_person", None, None, NOBODY_CAN_TELL
    session.add(row)
    session.flush()
    workbench.tell_parked(session, row, NOBODY_CAN_TELL, unknown=True)


def _adopt(session: Session, workbench: Workbench, envelope_id: str, key: str, *, now: datetime, wall: datetime) -> bool:
    """Hold an envelope that no row knows, unless the effect that made it is still to do and will find it. True when it is held."""
    kind, renewal_id, version, _hash = [*key.split(":"), "", "", ""][:4]
    row = session.get(Renewal, renewal_id)
    if kind != "docusign.send" or row is None or session.get(Effect, key) is not None:
        return False
    payload = {"envelope": envelope_id, "reason": "The approval it was sent for is no longer known.", "made_with": key}
    intent = NewEffect("docusign.void", payload)
    held = session.get_one(Effect, ledger.intend(session, intent, renewal_id=renewal_id, version=int(version), at=wall))
    held.status, held.last_error = "needs_person", _ORPHAN
    session.add(held)
    session.flush()
    note(session, row, "envelope found", "machine", now, {"envelope": envelope_id, "key": key})
    workbench.tell_parked(session, held, _ORPHAN, unknown=False)
    return True


def _rewrite(session: Session, wall: datetime) -> None:
    stages = [str(stage) for stage in FINAL]
    query = (
        select(Card)
        .join(Renewal, col(Renewal.id) == col(Card.renewal_id))
        .where(col(Renewal.stage).not_in(stages), col(Card.ts).is_not(None))
    )
    cards.rewrite(session, list(session.exec(query.order_by(col(Card.key)))), version=0, wall=wall)
