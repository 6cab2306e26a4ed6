"""Decisions: a click becomes the answer to a gate, or an explanation why it cannot count.

Rule 1: a decision binds to the gate and the hash that the button was made for. Of several people who must approve, each answers the
same question: whoever was shown the same document counts, however many approved meanwhile.
Rule 2: who may decide is computed at the click, from the staff list and the gate as they are now.
Rule 3: a click that cannot count changes nothing, and its card is rewritten.
Rule 4: an approval of terms that the facts no longer give approves nothing; the clicker is told so.
"""

from __future__ import annotations

from typing import Any, Final

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Event
from contractops.operator import addressing, cases, people, phrases_of
from contractops.operator.attend import note
from contractops.operator.clock import wall_now
from contractops.operator.desk.call import Call, Reply
from contractops.operator.slack.actions import Action
from contractops.operator.slack.answers import (
    AlreadyClosed,
    AlreadyYours,
    InputsChanged,
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
from contractops.operator.store.tables import Approval, Audit, Card, Draft, Gate
from contractops.tools.signature import required_approvals
from contractops.tools.terms import Terms, TermsChoices, assemble, can_be_approved, difference, terms_hash

HELPERS = frozenset({people.CONTRACT_OPS})
"""Roles that may act for the owner of any account; approving is never among it."""

AGAIN: Final = Reply(again=True, outcome="again")
"""Nothing was said and nothing was changed: the answer before this one has to be worked off first."""

_APPROVERS: Final = frozenset({Event.APPROVE, Event.DECLINE})
"""What an approver answers."""


def decide(call: Call, event: Event, answer: dict[str, Any] | None = None) -> Reply:
    """Answer the gate of the button with ``event``; the reply says why when it did not count."""
    gate = _asked(call, event)
    if gate is None:
        return refused(call, AlreadyClosed(), "no gate")
    problem = _replaced(call) or _denied(call, gate, event)
    if problem is not None:
        return refused(call, problem, type(problem).__name__)
    changed = changed_since(call) if event is Event.APPROVE and gate.decision is None else None
    asked = call.button.payload_hash or ""
    verdict = gates.decide(call.session, gate.key, asked, event, by=call.person.person_id, at=call.now, answer=answer or {})
    if not verdict.won and _on_its_way(call, verdict.gate, event):
        return AGAIN
    if not verdict.won:
        return refused(call, _lost(call, verdict), f"lost: {verdict.why}")
    if changed is not None:
        return Reply(whisper=_void(call, changed), advance=True, outcome="inputs changed")
    return Reply(advance=True, outcome=f"decided {event}")


def may_ask(call: Call, event: Event) -> Reply | None:
    """Before a form of ``event`` is opened: the refusal, when it could not count; None when it may be opened."""
    gate = _asked(call, event)
    if _on_its_way(call, gate, event):
        return AGAIN
    problem = None if gate is None else _replaced(call) or (_after(call, gate) if gate.decision is not None else _denied(call, gate, event))
    return refused(call, problem, type(problem).__name__) if problem is not None else None


def refused(call: Call, answer: Whisper, why: str) -> Reply:
    """Say it to the clicker, write it into the chain, and rewrite the card so that it shows the truth."""
    note(call.session, call.renewal, "refused", call.person.person_id, call.now, {"action": call.button.action, "why": why})
    rewrite(call, [call.card])
    return Reply(whisper=answer.model_copy(update={"zone": call.renewal.zone or "UTC"}), ring=True, outcome=f"refused: {why}")


def rewrite(call: Call, rows: list[Card]) -> None:
    """Ask for a fresh look of ``rows``."""
    cards.rewrite(call.session, rows, version=call.renewal.version, wall=wall_now())


def rewrite_thread(call: Call) -> None:
    """Rewrite every card of the renewal that Slack has."""
    rows = call.session.exec(select(Card).where(Card.renewal_id == call.renewal.id, col(Card.ts).is_not(None))).all()
    rewrite(call, list(rows))


def may_help(call: Call) -> bool:
    """Whether the person may act for the owner in everything that is not an approval.

    The owner and his manager, contract-ops, and who is told in their place while they are away.
    """
    owner = people.person(call.session, call.renewal.owner_id)
    told = addressing.addressee(call.session, call.renewal.owner_id, call.now, call.rules)
    ops = addressing.ops_or_stand_in(call.session, call.now, call.rules)
    return call.person.person_id in {call.renewal.owner_id, owner.manager_id if owner else None, told, ops} or call.person.role in HELPERS


def not_yours(call: Call) -> Reply:
    """Refuse what only the owner and those who may help him do."""
    return refused(call, NotYours(owner=name(call, call.renewal.owner_id)), "not the owner's")


def name(call: Call, person_id: object) -> str:
    """A person by name; contract-ops for nobody."""
    found = people.person(call.session, str(person_id)) if person_id else None
    return found.name if found else "contract-ops"


def changed_since(call: Call) -> str | None:
    """What of the facts no longer gives the draft's terms ("The price book"), or None while they still do."""
    draft = call.session.get(Draft, (call.renewal.id, call.renewal.draft_number))
    if draft is None:
        return None
    source = cases.overview(call.session, call.renewal, call.now, call.rules).source
    fresh = assemble(source, TermsChoices.model_validate(draft.choices), draft_number=draft.number).terms
    if fresh is not None and terms_hash(fresh) == draft.terms_hash:
        return None
    fields = {one.field for one in difference(Terms.model_validate(draft.terms), fresh)} if fresh else set()
    return next((words for field, words in phrases_of.INPUTS.items() if field in fields), phrases_of.FACTS)


def _asked(call: Call, event: Event) -> Gate | None:
    """The gate that the click answers: the one of its button, or, for an approver, the one at which the same question stands now."""
    gate = call.session.get(Gate, call.button.gate_key, populate_existing=True) if call.button.gate_key else None
    return gates.asked_now(call.session, gate) if gate is not None and event in _APPROVERS else gate


def _on_its_way(call: Call, gate: Gate | None, event: Event) -> bool:
    """Whether somebody else's answer stands in ``gate`` and the renewal has not moved on by it yet: only then is it known what is asked."""
    return gate is not None and event in _APPROVERS and gates.goes_on(gate) and gate.version == call.renewal.version


def _replaced(call: Call) -> Whisper | None:
    """A button of a draft that was replaced since."""
    number = call.button.args.get("draft")
    if not isinstance(number, int) or number >= call.renewal.draft_number:
        return None
    newer = call.session.get_one(Draft, (call.renewal.id, call.renewal.draft_number))
    terms = Terms.model_validate(newer.terms)
    card = call.session.get(Card, f"{call.renewal.id}/draft/{newer.number}")
    return OldVersion(
        number=number,
        new_number=newer.number,
        months=terms.term_months,
        monthly=terms.monthly,
        at=newer.created_at,
        button=call.way_to(Action.DRAFT_OPEN, card, shown=str(newer.number)),
    )


def _denied(call: Call, gate: Gate, event: Event) -> Whisper | None:
    """Why this person may not answer this gate with ``event``, or None. A gate that is decided is left to ``_lost``."""
    me = call.person.person_id
    if gate.decision is not None:
        return None
    if event in {Event.APPROVE, Event.DECLINE}:
        if me not in gate.allowed or not _still_may(call, gate):
            return _not_an_approver(call, gate)
        return _blocked(call, gate) if event is Event.APPROVE else None
    if event is Event.TAKE_BACK:
        draft = call.session.get(Draft, (call.renewal.id, call.renewal.draft_number))
        mine = draft is not None and me in {draft.created_by, call.renewal.owner_id}
        return None if mine else NotYours(owner=name(call, call.renewal.owner_id))
    return None if me in gate.allowed or may_help(call) else NotYours(owner=_names(call.session, gate.allowed))


def _still_may(call: Call, gate: Gate) -> bool:
    """Whether the limits and the staff list of now still name the person, or those whom he stands in for, for this approval."""
    draft = call.session.get(Draft, (call.renewal.id, gate.draft_number))
    if gate.kind != "approver" or draft is None:
        return True
    steps = required_approvals(
        Terms.model_validate(draft.terms),
        call.renewal.owner_id or "",
        people.everybody(call.session),
        call.rules.matrix,
        prepared_by=draft.created_by,
    )
    named = {person for step in steps[1:] for person in step.allowed}
    return call.person.person_id in named or call.person.person_id in people.next_in_line(call.session, sorted(named))


def _blocked(call: Call, gate: Gate) -> Whisper | None:
    draft = call.session.get(Draft, (call.renewal.id, gate.draft_number))
    if draft is None or can_be_approved(Terms.model_validate(draft.terms)):
        return None
    return Simple(text=f"Draft {draft.number} can't be approved yet: a finding blocks it. Nothing was changed.")


def _not_an_approver(call: Call, gate: Gate) -> Whisper:
    waits_for = _names(call.session, gate.allowed)
    given = _given_before(call, gate)
    if given is not None:
        return AlreadyYours(at=given.at, zone=call.renewal.zone or "UTC")
    draft = call.session.get(Draft, (call.renewal.id, gate.draft_number))
    if gate.kind != "approver" or draft is None:
        return NotYours(owner=waits_for)
    if draft.created_by == call.person.person_id:
        return OwnDraft(waits_for=waits_for)
    first = gate.allowed[0] if gate.allowed else None
    asks = call.way_on(Action.SECOND_ASK, shown=name(call, first).split(" ", 1)[0], whom=first) if first else None
    needs = phrases_of.needs(call.session, Terms.model_validate(draft.terms), call.person, gate.allowed, call.rules.matrix)
    return NoAuthority(needs=needs, waits_for=waits_for, button=asks)


def _given_before(call: Call, gate: Gate) -> Approval | None:
    """The approval that the person has given already, where several of a role must approve."""
    mine = select(Approval).where(
        Approval.renewal_id == gate.renewal_id,
        Approval.draft_number == gate.draft_number,
        Approval.round == call.renewal.round,
        Approval.person_id == call.person.person_id,
        Approval.step > 1,
    )
    return call.session.exec(mine).first()


def _lost(call: Call, verdict: gates.Verdict) -> Whisper:
    gate = verdict.gate
    if gate is None or verdict.why == "replaced":
        return AlreadyClosed()
    if verdict.why == "expired" and gate.expires_at is not None:
        return TooLate(at=gate.expires_at, because="when its time ran out", button=call.way_on(Action.WHAT_NOW))
    return _after(call, gate)


def _after(call: Call, gate: Gate) -> Whisper:
    """What to say of a gate that is decided."""
    if gate.decision == Event.LAPSE:
        closed = call.renewal.decide_by or call.now
        return TooLate(at=closed, because="when the notice window ended", button=call.way_on(Action.WHAT_NOW))
    return AlreadyClosed() if gate.decided_by == gates.MACHINE else _decided_by(call, gate)


def _decided_by(call: Call, gate: Gate) -> Whisper:
    """A person was first: another one, or the clicker himself."""
    at = gate.decided_at or call.now
    if gate.decision == Event.APPROVE and _came_to_nothing(call, gate):
        return _void(call, phrases_of.FACTS)
    given = _given_before(call, gate)
    if gate.decision == Event.APPROVE and (given is not None or gate.decided_by == call.person.person_id):
        return AlreadyYours(at=given.at if given else at)
    return SomebodyFirst(by=_names(call.session, [gate.decided_by or ""]), did=phrases_of.DID.get(gate.decision or "", "decided"), at=at)


def _came_to_nothing(call: Call, gate: Gate) -> bool:
    """Whether the approval met facts that had moved, so that another draft is on its way."""
    query = select(Audit.event).where(Audit.renewal_id == gate.renewal_id, Audit.version == gate.version + 1, col(Audit.moved))
    return call.session.exec(query).first() == Event.STALE


def _void(call: Call, what: str) -> Whisper:
    return InputsChanged(what=what, new_number=call.renewal.draft_number + 1, zone=call.renewal.zone or "UTC")


def _names(session: Session, person_ids: list[str]) -> str:
    found = [person.name for person in (people.person(session, one) for one in person_ids) if person]
    return " or ".join(found) or "contract-ops"
