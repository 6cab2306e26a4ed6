"""Prepare: from "terms are wanted" to an approved draft.

Rule 1: a draft is a numbered value with a hash over its facts and its document; a decision binds to that hash.
Rule 2: facts that moved since the draft was made void the approval: a new draft is prepared instead (``stale``).
Rule 3: who must approve is computed by ``tools.signature`` at every approval, from the matrix in force at that moment.
"""

from __future__ import annotations

from contractops.graphs.flag import (
    answered,
    decided,
    hand_to_preparing,
    lapse,
    let_renew,
    owner_gate,
    root,
    stop,
    tell,
)
from contractops.graphs.lifecycle import Event
from contractops.graphs.steps import (
    Case,
    Decision,
    NewApproval,
    NewCard,
    NewDraft,
    NewGate,
    Position,
    Step,
    StoredDraft,
    Workbench,
)
from contractops.tools.errors import Refused
from contractops.tools.signature import ApprovalStep, SignerPlan, plan_signers, required_approvals, unapprovable
from contractops.tools.terms import Terms, TermsChoices, TermsResult, assemble, can_be_approved, default_choices, offered, terms_hash
from contractops.tools.values import sha256_of

APPROVALS = "#approvals"
"""The channel, by its role, of approvals that several people give."""


def prepare(workbench: Workbench, position: Position) -> Step:
    """Make the next draft from the facts of now and the choices of people; ``stuck`` when no terms can be assembled."""
    case = workbench.case(position.renewal_id)
    number = case.draft_number + 1
    choices = case.choices or default_choices(case.source)
    result = drafted(case, choices, number)
    if result.terms is None:
        return _stuck(case, [finding.model_dump(mode="json") for finding in result.findings])
    document = workbench.document(result.terms, signers_of(case, result.terms))
    facts_hash = terms_hash(result.terms)
    draft = NewDraft(
        number=number,
        choices=choices.model_dump(mode="json"),
        terms=result.terms.model_dump(mode="json"),
        terms_hash=facts_hash,
        document=document,
        created_by=case.asked_by,
        note=choices.note,
    )
    payload = payload_hash(facts_hash, document)
    card = NewCard(f"{case.renewal_id}/draft/{number}", "draft", tell(case), thread=root(case), broadcast=True, gated=True)
    others = _offers(case, choices) if number == 1 else ()
    return Step(
        Event.DRAFTED,
        "machine",
        gate=owner_gate(case).with_payload(payload, number),
        values={"draft_number": number, "round": 0},
        cards=(card, *others),
        draft=draft,
        data={"draft": number, "terms_hash": facts_hash},
    )


def _offers(case: Case, choices: TermsChoices) -> tuple[NewCard, ...]:
    """Other lengths beside draft 1, where the price book has more than one."""
    if len(offered(case.source, choices)) < 2:  # noqa: PLR2004 - one offer is the draft itself
        return ()
    return (NewCard(f"{case.renewal_id}/offers/1", "offers", tell(case), thread=root(case), gated=True, args={"draft": 1}),)


def review(workbench: Workbench, position: Position) -> Step:
    """The step that follows an answer to a draft."""
    decision = decided(position)
    case = workbench.case(position.renewal_id)
    planners = {
        Event.EDIT: hand_to_preparing,
        Event.APPROVE: _approve,
        Event.DECLINE: _back_to_owner,
        Event.TAKE_BACK: _back_to_owner,
        Event.REASSIGN: _reassign,
        Event.STOP: stop,
        Event.LET_RENEW: let_renew,
        Event.LAPSE: lapse,
    }
    return planners[decision.event](case, decision)


def drafted(case: Case, choices: TermsChoices, number: int) -> TermsResult:
    """The terms of one draft, with a blocking finding when nobody may approve them."""
    result = assemble(case.source, choices, draft_number=number)
    if result.terms is None:
        return result
    owner = case.owner.person_id if case.owner else ""
    found = unapprovable(required_approvals(result.terms, owner, case.people, case.matrix))
    terms = result.terms.model_copy(update={"findings": (*result.terms.findings, *found)})
    return TermsResult(terms=terms, findings=(*result.findings, *found))


def signers_of(case: Case, terms: Terms) -> tuple[SignerPlan, ...]:
    """Who would sign ``terms``; nobody while a finding says that nobody may, which blocks the approval."""
    try:
        return plan_signers(terms, case.people, case.matrix)
    except Refused:
        return ()


def payload_hash(facts_hash: str, document: bytes) -> str:
    """What a decision over a draft binds to: the facts and the document's bytes."""
    return sha256_of(f"{facts_hash}:{sha256_of(document)}")


def still_true(case: Case, draft: StoredDraft) -> bool:
    """Whether the facts of now still give the draft's terms. A draft whose facts moved must not be approved or sent."""
    result = drafted(case, draft.choices, draft.number)
    return result.terms is not None and terms_hash(result.terms) == draft.terms_hash


def missing_approval(case: Case, draft: StoredDraft, approvals: tuple[NewApproval, ...]) -> ApprovalStep | None:
    """The first approval that is still needed, or None when the draft is fully approved over exactly its payload.

    An approval counts while its giver is on the staff and, from the second on, is somebody else than the preparer. A deputy's
    approval counts for the role it was asked for.
    """
    active, counted = {person.person_id for person in case.people if person.active}, set[str]()
    given = {approval.step: approval for approval in approvals if approval.payload_hash == draft.payload_hash}
    owner = case.owner.person_id if case.owner else ""
    for needed in required_approvals(draft.terms, owner, case.people, case.matrix, prepared_by=draft.created_by):
        approval = given.get(needed.number)
        if approval is None or approval.role != needed.role or approval.person_id not in active:
            return _without(needed, counted)
        if needed.number > 1 and approval.person_id in {draft.created_by, *counted}:
            return _without(needed, counted)
        if needed.number > 1:
            counted.add(approval.person_id)
    return None


def _without(step: ApprovalStep, counted: set[str]) -> ApprovalStep:
    """The step for those who have not approved yet: of a group, the same person counts once."""
    return step.model_copy(update={"allowed": tuple(one for one in step.allowed if one not in counted)})


def _may_count(case: Case, draft: StoredDraft, needed: ApprovalStep, person: str) -> bool:
    """Whether an approval of ``person`` can be the one that is needed: asked, and from the second on neither the author nor counted already."""
    before = {one.person_id for one in case.approvals if one.step > 1 and one.payload_hash == draft.payload_hash}
    return person in case.gate_allowed and (needed.number == 1 or person not in {draft.created_by, *before})


def review_gate(case: Case, draft: StoredDraft) -> NewGate:
    """The owner's question over ``draft``."""
    return owner_gate(case).with_payload(draft.payload_hash, draft.number)


def back_to_review(case: Case, event: Event, by: str, *, cards: tuple[NewCard, ...] = (), data: dict[str, object] | None = None) -> Step:
    """Return the draft to its owner; approvals given so far no longer count."""
    draft = case.require_draft()
    values: dict[str, object] = {"round": case.round + 1, "answered_at": case.now}
    return Step(event, by, gate=review_gate(case, draft), values=values, cards=cards, data=dict(data or {}))


def _approve(case: Case, decision: Decision) -> Step:
    draft = case.require_draft()
    if not can_be_approved(draft.terms):  # the desk offers no button for it; a forged click ends here
        return back_to_review(case, Event.TAKE_BACK, "machine", data={"draft": draft.number, "why": "a finding blocks it"})
    if not still_true(case, draft):
        return Step(Event.STALE, decision.by, values=answered(decision), data={"draft": draft.number})
    needed = missing_approval(case, draft, case.approvals)
    if needed is None or not _may_count(case, draft, needed, decision.by):
        return _ask(case, draft, decision, None, needed)
    approval = NewApproval(
        draft_number=draft.number,
        step=needed.number,
        role=needed.role,
        person_id=decision.by,
        payload_hash=draft.payload_hash,
        round=case.round,
        comment=str(decision.answer.get("comment", "")),
    )
    return _ask(case, draft, decision, approval, missing_approval(case, draft, (*case.approvals, approval)))


def _ask(case: Case, draft: StoredDraft, decision: Decision, approval: NewApproval | None, needed: ApprovalStep | None) -> Step:
    """Ask the next approver, or go on to sending when nobody is missing."""
    data = {"draft": draft.number, **decision.answer}
    if needed is None:
        return Step(Event.APPROVE, decision.by, values=answered(decision), approval=approval, data=data)
    gate = NewGate("approver", draft.payload_hash, needed.allowed, draft.number, expires_at=None)
    return Step(
        Event.ESCALATE,
        decision.by,
        gate=gate,
        values=answered(decision),
        cards=_approval_cards(case, draft, needed),
        approval=approval,
        data=data,
    )


def _approval_cards(case: Case, draft: StoredDraft, needed: ApprovalStep) -> tuple[NewCard, ...]:
    """One card for each approver; one for all of them, in their channel, where several must approve: it is edited in place."""
    args = {"step": needed.number, "role": needed.role, "draft": draft.number}
    key = f"{case.renewal_id}/second/{draft.number}/{case.round}"
    if needed.group > 1:
        return (NewCard(f"{key}/group", "second", APPROVALS, gated=True, args=args),)
    return tuple(NewCard(f"{key}/{needed.number}/{person}", "second", person, gated=True, args=args) for person in needed.allowed)


def _back_to_owner(case: Case, decision: Decision) -> Step:
    cards: tuple[NewCard, ...] = ()
    if decision.event is Event.DECLINE:
        key = f"{case.renewal_id}/declined/{case.draft_number}/{case.round}"
        args = {"reason": decision.answer.get("reason", ""), "by": decision.by, "draft": case.draft_number}
        cards = (NewCard(key, "declined", tell(case), thread=root(case), broadcast=True, gated=True, args=args),)
    return back_to_review(case, decision.event, decision.by, cards=cards, data=decision.answer)


def _reassign(case: Case, decision: Decision) -> Step:
    """The approver did not answer in time: the people named in the answer may decide too."""
    draft = case.require_draft()
    needed = missing_approval(case, draft, case.approvals)
    if needed is None:
        return back_to_review(case, decision.event, decision.by)
    asked = [person for person in decision.answer["people"] if person not in needed.allowed]
    extra = tuple(person for person in asked if person != draft.created_by and person not in {one.person_id for one in case.approvals})
    wider = needed.model_copy(update={"allowed": (*needed.allowed, *extra)})
    gate = NewGate("approver", draft.payload_hash, wider.allowed, draft.number)
    return Step(decision.event, decision.by, gate=gate, cards=_approval_cards(case, draft, wider), data=decision.answer)


def _stuck(case: Case, findings: list[object]) -> Step:
    trouble = {"code": "terms", "findings": findings}
    card = NewCard(
        f"{case.renewal_id}/trouble/terms/{case.draft_number}", "needs_person", tell(case), thread=root(case), broadcast=True, gated=True
    )
    return Step(Event.STUCK, "machine", gate=owner_gate(case, "person"), values={"trouble": trouble}, cards=(card,), data=trouble)
