"""Route: from an approved draft to signatures, to the CRM.

Rule 1: authority and facts are checked again at the moment of sending; what would be sent is byte for byte what was approved.
Rule 2: nothing is written to the CRM before the signed document was compared with the approved one.
Rule 3: what code cannot settle stops at "needs a person" and says what it is.
"""

from __future__ import annotations

from typing import Any

from contractops.graphs.flag import answered, decided, hand_to_preparing, lapse, let_renew, owner_gate, root, stop, team_line, tell
from contractops.graphs.lifecycle import Event
from contractops.graphs.prepare import back_to_review, missing_approval, signers_of, still_true
from contractops.graphs.steps import Case, Decision, NewCard, NewEffect, NewGate, Position, Step, Workbench
from contractops.tools.crm import plan_patch
from contractops.tools.errors import InvariantError
from contractops.tools.signature import plan_envelope
from contractops.tools.values import sha256_of


def send(workbench: Workbench, position: Position) -> Step:
    """Send the approved draft for signature, or prepare a new one when it is no longer what would be sent."""
    case = workbench.case(position.renewal_id)
    draft = case.require_draft()
    signers = signers_of(case, draft.terms)
    same_bytes = sha256_of(workbench.document(draft.terms, signers)) == draft.document_sha256
    if not same_bytes or not signers or not still_true(case, draft) or missing_approval(case, draft, case.approvals) is not None:
        return Step(Event.STALE, "machine", data={"draft": draft.number, "same_bytes": same_bytes})
    plan = plan_envelope(
        draft.terms,
        renewal_id=case.renewal_id,
        document_sha256=draft.document_sha256,
        people=case.people,
        matrix=case.matrix,
        now=case.now,
        signing_days=case.signing_days,
    )
    effect = NewEffect("docusign.send", {"plan": plan.model_dump(mode="json"), "document": draft.document_sha256})
    card = NewCard(
        f"{case.renewal_id}/sent/{draft.number}/{case.round}",
        "sent",
        tell(case),
        thread=root(case),
        gated=True,
        args={"draft": draft.number},
    )
    return Step(
        Event.SEND,
        "machine",
        gate=NewGate("signature", draft_number=draft.number),
        effects=(effect,),
        cards=(card,),
        data={"draft": draft.number},
    )


def settle(workbench: Workbench, position: Position) -> Step:
    """The step that follows an answer of the vendor, of a receipt, or of the person who was asked for help."""
    decision = decided(position)
    case = workbench.case(position.renewal_id)
    planners = {
        Event.COMPLETE: _signed,
        Event.REFUSE: _came_back,
        Event.VOID: _came_back,
        Event.EXPIRE: _came_back,
        Event.MATCH: _write_crm,
        Event.ACCEPT: _write_crm,
        Event.WRITTEN: _renewed,
        Event.DIFFER: _stuck,
        Event.STUCK: _stuck,
        Event.DISPUTE: _came_back,
        Event.PREPARE: hand_to_preparing,
        Event.STOP: stop,
        Event.LET_RENEW: let_renew,
        Event.LAPSE: lapse,
    }
    return planners[decision.event](case, decision)


def _signed(case: Case, decision: Decision) -> Step:
    effect = NewEffect("docusign.fetch", {"envelope": case.envelope_id, "draft": case.draft_number})
    return Step(
        decision.event, decision.by, gate=NewGate("compare", draft_number=case.draft_number), effects=(effect,), data=decision.answer
    )


def _came_back(case: Case, decision: Decision) -> Step:
    key = f"{case.renewal_id}/returned/{case.draft_number}/{case.round}"
    args = {**decision.answer, "event": decision.event.value, "draft": case.draft_number}
    card = NewCard(key, "returned", tell(case), thread=root(case), broadcast=True, gated=True, args=args)
    return back_to_review(case, decision.event, decision.by, cards=(card,), data=decision.answer)


def _write_crm(case: Case, decision: Decision) -> Step:
    draft = case.require_draft()
    if case.signed is None:
        raise InvariantError("CO-GRA-004", f"{case.renewal_id}: no signed document is stored, so nothing may be written")
    patch = plan_patch(draft.terms, case.signed, case.crm_seen)
    effect = NewEffect("crm.write", {"patch": patch.model_dump(mode="json")})
    return Step(decision.event, decision.by, gate=NewGate("receipt"), values=answered(decision), effects=(effect,), data=decision.answer)


def _renewed(case: Case, decision: Decision) -> Step:
    draft = case.require_draft()
    card = NewCard(
        f"{case.renewal_id}/signed",
        "signed",
        tell(case),
        thread=root(case),
        broadcast=True,
        args={"receipt": decision.answer.get("receipt", {})},
    )
    line = team_line(case)
    return Step(
        decision.event, decision.by, values={"next_action_at": None}, cards=(card, line), data={"draft": draft.number, **decision.answer}
    )


def _stuck(case: Case, decision: Decision) -> Step:
    trouble: dict[str, Any] = {"code": decision.event.value, **decision.answer}
    told = dict.fromkeys((tell(case), *case.watchers[:1]))
    cards = tuple(
        NewCard(
            f"{case.renewal_id}/trouble/{case.draft_number}/{case.round}/{decision.event}/{person}",
            "needs_person",
            person,
            thread=root(case) if person == tell(case) else None,
            broadcast=person == tell(case),
            gated=True,
        )
        for person in told
    )
    gate = owner_gate(case, "person")
    return Step(decision.event, decision.by, gate=gate, values={"trouble": trouble}, cards=cards, data=decision.answer)
