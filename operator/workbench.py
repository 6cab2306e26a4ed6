"""The workbench of the renewal graph: reads positions and cases, commits steps.

Rule 1: a step is one transaction: the move, its gate, effects and audit row, the draft, the approval, the cards, the next term and
the next moment the sweep should look.
Rule 2: the same step is never committed twice; the second finds the renewal elsewhere and gets a ``Conflict``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlmodel import Session

from contractops.graphs.lifecycle import CLOSES_TERM, Event, Stage
from contractops.graphs.prepare import payload_hash
from contractops.graphs.steps import Case, Decision, NewCard, NewDraft, Position, Step
from contractops.operator import agenda, approvals, cases, parked, terms_ahead
from contractops.operator.addressing import addressee
from contractops.operator.alerting import put
from contractops.operator.clock import wall_now
from contractops.operator.logs import about
from contractops.operator.store import cards, gates, renewals
from contractops.operator.store.db import Database
from contractops.operator.store.records import Blob
from contractops.operator.store.tables import Approval, Card, Draft, Effect, Gate, Renewal
from contractops.tools.errors import NotFound
from contractops.tools.ports import Clock
from contractops.tools.signature import SignerPlan
from contractops.tools.terms import Terms
from contractops.tools.values import sha256_of

log = structlog.get_logger("contractops.workbench")

Render = Callable[[Terms, tuple[SignerPlan, ...]], bytes]


class Workbench:
    """What the graph works with. ``render`` makes the PDF of terms; ``rules`` are the policies of the settings file."""

    def __init__(self, database: Database, clock: Clock, rules: cases.Rules, render: Render) -> None:
        self._database = database
        self._clock = clock
        self.rules = rules
        self._render = render
        self._committed: Callable[[str], None] | None = None

    def after_each_commit(self, call: Callable[[str], None]) -> None:
        """``call`` with the renewal's id after each committed step: a card need not wait for the steps that follow."""
        self._committed = call

    def position(self, renewal_id: str) -> Position:
        """The stored position with the decision of this visit. Raises ``NotFound`` CO-REN-002 for an unknown renewal."""
        with self._database.read() as session:
            return position_of(session, renewal_id)

    def case(self, renewal_id: str) -> Case:
        """Every fact of the renewal, in one view."""
        with self._database.read() as session:
            return cases.load(session, renewal_id, self._clock.now(), self.rules)

    def document(self, terms: Terms, signers: tuple[SignerPlan, ...]) -> bytes:
        """The order form of ``terms``."""
        return self._render(terms, signers)

    def refresh_cards(self, session: Session, renewal_id: str) -> None:
        """Rewrite every card of the renewal's present question, its root, and the one of the CRM write: something has become true."""
        row = session.get(Renewal, renewal_id)
        if row is None:
            return
        touched = cards.touched_by(session, row, gates.key_of(renewal_id, row.version))
        written = session.get(Card, f"{renewal_id}/signed")  # a field may still be settled after the renewal is closed
        if written is not None and written not in touched:
            touched.append(written)
        touched += parked.cards_of(session, renewal_id)  # what had stopped may be done now
        cards.rewrite(session, touched, version=row.version, wall=wall_now())

    def tell_parked(self, session: Session, effect: Effect, error: str, *, unknown: bool) -> None:
        """An effect stopped and needs a person: the owner and contract-ops get its card."""
        row = session.get(Renewal, effect.renewal_id)
        if row is not None:
            parked.tell(session, row, effect, error, unknown=unknown, now=self._clock.now(), rules=self.rules)

    def commit(self, position: Position, step: Step) -> Stage:
        """Commit ``step``; returns the new stage."""
        now, wall = self._clock.now(), wall_now()
        with self._database.write() as session:
            left = gates.key_of(position.renewal_id, position.version)
            target = renewals.move(session, position, step, now=now, wall=wall)
            version = position.version + 1
            if step.draft is not None:
                _store_draft(session, position.renewal_id, step.draft, now, cases.crm_record(session, position.renewal_id))
            if step.approval is not None:
                # Merged: an approval of somebody who has left since no longer counts, and is given again.
                session.merge(Approval(renewal_id=position.renewal_id, at=now, **vars(step.approval)))
            self._cards(session, position, step, left, version, now, wall)
            row = session.get_one(Renewal, position.renewal_id, populate_existing=True)
            if step.event is Event.REARM:
                self._rearm(session, row, now)
            if target in CLOSES_TERM:
                terms_ahead.open_next(session, row, now, self.rules)
            row.next_action_at = agenda.next_action(session, row, now, self.rules)
            session.add(row)
        with about(thread=position.renewal_id, gate=left):
            log.info("moved", event_name=str(step.event), old=str(position.stage), new=str(target), by=step.by)
        if self._committed is not None:
            self._committed(position.renewal_id)
        return target

    def _cards(self, session: Session, position: Position, step: Step, left: str, version: int, now: datetime, wall: datetime) -> None:
        gate_key = gates.key_of(position.renewal_id, version)
        renewal = session.get_one(Renewal, position.renewal_id, populate_existing=True)
        for card in step.cards:
            put(session, renewal, card, now, self.rules, gate_key=gate_key)
        approvals.refresh_lists(session, left, version, wall)
        new = {card.key for card in step.cards}
        old = [row for row in cards.touched_by(session, renewal, left) if row.key not in new]
        for row in old:
            if cards.carries_question(row, renewal):
                row.gate_key = gate_key
        cards.rewrite(session, old, version=version, wall=wall)

    def _rearm(self, session: Session, row: Renewal, now: datetime) -> None:
        """The date moved: the new one is taken over, the thread is told, the alerts start anew."""
        old, window = row.safe_on, cases.window_of(session, row, now)
        terms_ahead.fill(row, window)
        card = NewCard(
            f"{row.id}/moved/{window.safe_on}",
            "moved",
            addressee(session, row.owner_id, now, self.rules),
            thread=f"{row.id}/root",
            args={"old": str(old), "new": str(window.safe_on)},
        )
        root = session.get(Card, f"{row.id}/root")
        if root is not None and root.ts is not None:
            put(session, row, card, now, self.rules)


def position_of(session: Session, renewal_id: str) -> Position:
    """The position of ``renewal_id`` as ``session`` sees it. Raises ``NotFound`` CO-REN-002."""
    row = session.get(Renewal, renewal_id, populate_existing=True)
    if row is None:
        raise NotFound("CO-REN-002", f"there is no renewal {renewal_id}")
    gate = gates.decided(session, renewal_id, row.version)
    return Position(renewal_id, Stage(row.stage), row.version, _decision(gate) if gate else None)


def draft_of(session: Session, renewal_id: str, number: int) -> Draft:
    """A stored draft. Raises ``NotFound`` CO-REN-003."""
    row = session.get(Draft, (renewal_id, number))
    if row is None:
        raise NotFound("CO-REN-003", f"{renewal_id} has no draft {number}")
    return row


def _decision(gate: Gate) -> Decision:
    at = gate.decided_at or gate.opened_at
    return Decision(Event(gate.decision or ""), gate.decided_by or gates.MACHINE, at, gate.answer or {})


def _store_draft(session: Session, renewal_id: str, draft: NewDraft, now: datetime, crm_seen: dict[str, object] | None) -> None:
    document = sha256_of(draft.document)
    if session.get(Blob, document) is None:
        session.add(Blob(sha256=document, content=draft.document))
    session.add(
        Draft(
            renewal_id=renewal_id,
            number=draft.number,
            choices=draft.choices,
            terms=draft.terms,
            terms_hash=draft.terms_hash,
            document_sha256=document,
            payload_hash=payload_hash(draft.terms_hash, draft.document),
            crm_seen=crm_seen,
            note=draft.note,
            created_by=draft.created_by,
            created_at=now,
        )
    )
