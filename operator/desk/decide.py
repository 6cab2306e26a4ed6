"""Decisions: a click becomes the answer to a gate, or an explanation why it cannot count.

Rule 1: a decision binds to the gate and the hash that the button was made for.
Rule 2: who may decide is computed at the click, from the staff list and the gate as they are now.
Rule 3: a click that cannot count changes nothing, and its card is rewritten.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from contractops.graphs.lifecycle import Event
from contractops.operator import people, phrases_of
from contractops.operator.attend import note
from contractops.operator.clock import wall_now
from contractops.operator.desk.call import Call, Reply
from contractops.operator.slack.answers import (
    AlreadyClosed,
    AlreadyYours,
    NoAuthority,
    NotYours,
    OldVersion,
    OwnDraft,
    Simple,
    SomebodyFirst,
    TooLate,
    Whisper,
)
from contractops.operator.store import cards, gates
from contractops.operator.store.tables import Draft, Gate
from contractops.tools.terms import Terms, can_be_approved

HELPERS = frozenset({people.CONTRACT_OPS})
"""Roles that may act on the flag phase of any account; approving is never among it."""


def decide(call: Call, event: Event, answer: dict[str, Any] | None = None) -> Reply:
    """Answer the gate of the button with ``event``; the reply says why when it did not count."""
    gate = call.session.get(Gate, call.button.gate_key, populate_existing=True) if call.button.gate_key else None
    if gate is None:
        return refused(call, AlreadyClosed(), "no gate")
    stale = _stale(call, gate)
    if stale is not None:
        return refused(call, stale, "stale")
    denied = _denied(call, gate, event)
    if denied is not None:
        return refused(call, denied, "denied")
    verdict = gates.decide(
        call.session,
        gate.key,
        call.button.payload_hash or "",
        event,
        by=call.person.person_id,
        at=call.now,
        answer=answer or {},
    )
    if verdict.won:
        return Reply(advance=True, outcome=f"decided {event}")
    return refused(call, _lost(call, verdict), f"lost: {verdict.why}")


def refused(call: Call, answer: Whisper, why: str) -> Reply:
    """Say it to the clicker, write it into the chain, and rewrite the card so that it shows the truth."""
    note(call.session, call.renewal, "refused", call.person.person_id, call.now, {"action": call.button.action, "why": why})
    cards.rewrite(call.session, [call.card], version=call.renewal.version, wall=wall_now())
    zone = call.renewal.zone or "UTC"
    return Reply(whisper=answer.model_copy(update={"zone": zone}), ring=True, outcome=f"refused: {why}")


def may_help(call: Call) -> bool:
    """Whether the person may act for the owner in everything that is not an approval: owner, manager, contract-ops."""
    owner = people.person(call.session, call.renewal.owner_id)
    manager = owner.manager_id if owner else None
    return call.person.person_id in {call.renewal.owner_id, manager} or call.person.role in HELPERS


def _stale(call: Call, gate: Gate) -> Whisper | None:
    """A button of a draft that was replaced since."""
    number = call.button.args.get("draft")
    if not isinstance(number, int) or number >= call.renewal.draft_number or gate.decision in {None, Event.APPROVE}:
        return None
    newer = call.session.get_one(Draft, (call.renewal.id, call.renewal.draft_number))
    terms = Terms.model_validate(newer.terms)
    return OldVersion(number=number, new_number=newer.number, months=terms.term_months, monthly=terms.monthly, at=newer.created_at)


def _denied(call: Call, gate: Gate, event: Event) -> Whisper | None:
    """Why this person may not answer this gate with ``event``, or None."""
    me = call.person.person_id
    if event in {Event.APPROVE, Event.DECLINE}:
        if gate.decision is None and me not in gate.allowed:
            return _not_an_approver(call, gate)
        return _blocked(call, gate) if event is Event.APPROVE else None
    if event is Event.TAKE_BACK:
        draft = call.session.get(Draft, (call.renewal.id, call.renewal.draft_number))
        mine = draft is not None and me in {draft.created_by, call.renewal.owner_id}
        return None if mine else NotYours(owner=_names(call.session, (call.renewal.owner_id or "",)))
    if me in gate.allowed or may_help(call):
        return None
    return NotYours(owner=_names(call.session, tuple(gate.allowed)))


def _blocked(call: Call, gate: Gate) -> Whisper | None:
    draft = call.session.get(Draft, (call.renewal.id, gate.draft_number))
    if draft is None or can_be_approved(Terms.model_validate(draft.terms)):
        return None
    return Simple(text=f"Draft {draft.number} can't be approved yet: a finding blocks it. Nothing was changed.")


def _not_an_approver(call: Call, gate: Gate) -> Whisper:
    waits_for = _names(call.session, tuple(gate.allowed))
    draft = call.session.get(Draft, (call.renewal.id, gate.draft_number))
    if gate.kind == "approver" and draft is not None and draft.created_by == call.person.person_id:
        return OwnDraft(waits_for=waits_for)
    if gate.kind == "approver" and draft is not None:
        return NoAuthority(needs=phrases_of.needs(Terms.model_validate(draft.terms), call.session, gate.allowed), waits_for=waits_for)
    return NotYours(owner=waits_for)


def _lost(call: Call, verdict: gates.Verdict) -> Whisper:
    gate = verdict.gate
    if gate is None or verdict.why == "replaced":
        return AlreadyClosed()
    if verdict.why == "expired" and gate.expires_at is not None:
        return TooLate(at=gate.expires_at, because="when its time ran out")
    if gate.decision == Event.LAPSE and gate.decided_at is not None:
        return TooLate(at=call.renewal.decide_by or gate.decided_at, because="when the notice window ended")
    if gate.decided_by == gates.MACHINE or gate.decided_at is None:
        return AlreadyClosed()
    if gate.decided_by == call.person.person_id and gate.decision == Event.APPROVE:
        return AlreadyYours(at=gate.decided_at)
    return SomebodyFirst(
        by=_names(call.session, (gate.decided_by or "",)), did=phrases_of.DID.get(gate.decision or "", "decided"), at=gate.decided_at
    )


def _names(session: Session, person_ids: tuple[str, ...]) -> str:
    found = [person.name for person in (people.person(session, one) for one in person_ids) if person]
    return " or ".join(found) or "contract-ops"
