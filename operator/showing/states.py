"""Where a renewal stands, as the root card says it.

Rule 1: "sent", "signed" and "written" are said when the vendor's receipt is stored, never before.
"""

from __future__ import annotations

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import wording
from contractops.operator.showing.scene import US, Scene, terms_of
from contractops.operator.signers import CAME_BACK
from contractops.operator.slack.views import (
    Act,
    AlertState,
    InReview,
    LettingRenew,
    NeedsPerson,
    NotRenewing,
    OutForSignature,
    Preparing,
    Progressing,
    Renewed,
    Snoozed,
    WaitingForApproval,
    WindowClosed,
)
from contractops.operator.store.tables import Effect
from contractops.tools.ports import EnvelopeState
from contractops.tools.signature import SUPPLIER, EnvelopePlan

PARKED = "needs_person"
"""Status of an effect that stopped."""


def alert_state(scene: Scene) -> AlertState | None:
    """The state of the root card; None while the question of the alert itself is open (or not asked yet)."""
    return _under_way(scene) or _ended(scene)


def _under_way(scene: Scene) -> AlertState | None:
    """Something happens, or waits for somebody."""
    state: AlertState | None = None
    match scene.stage:
        case Stage.SNOOZED if scene.row.snoozed_until is not None:
            state = Snoozed(until=scene.row.snoozed_until)
        case Stage.PREPARING:
            state = preparing(scene)
        case Stage.IN_REVIEW:
            state = _in_review(scene)
        case Stage.APPROVED | Stage.OUT_FOR_SIGNATURE:
            state = _sending(scene)
        case Stage.SIGNED:
            state = Progressing(steps=("signed", "the signed document is compared with the approved one"))
        case Stage.UPDATING_CRM:
            state = Progressing(steps=("signed", "the CRM is being updated"))
        case Stage.NEEDS_PERSON:
            state = NeedsPerson(what=trouble(scene))
    return state


def _ended(scene: Scene) -> AlertState | None:
    """The question is over."""
    row = scene.row
    match scene.stage:
        case Stage.RENEWED if scene.current is not None:
            return Renewed(until=terms_of(scene.current).end)
        case Stage.NOT_RENEWING:
            return NotRenewing(act=decided(scene, Event.STOP), served=row.served_at is not None)
        case Stage.LET_RENEW:
            return LettingRenew(act=decided(scene, Event.LET_RENEW))
        case Stage.MISSED if row.safe_on is not None:
            return WindowClosed(on=row.safe_on)
    return None


def decided(scene: Scene, *events: Event) -> Act:
    """Who decided one of ``events`` last; the operator, when no gate says so."""
    gate = scene.last_decision(*events)
    return scene.act_of(gate) if gate else Act(by=US, at=scene.now)


def preparing(scene: Scene) -> Preparing:
    """Who asked for terms, and when: the answer to the question before."""
    before = scene.visit(scene.row.version - 1)
    if before is not None and before.decision is not None:
        return Preparing(by=scene.name(before.decided_by), at=before.decided_at or before.opened_at)
    return Preparing(by=US, at=scene.now)


def waits_for(scene: Scene) -> str:
    """Whose approval is missing."""
    return scene.names(scene.gate.allowed) if scene.gate else "contract-ops"


def _in_review(scene: Scene) -> AlertState:
    if scene.gate is not None and scene.gate.kind == "approver":
        given = scene.approvals(scene.row.draft_number, scene.row.round)
        by = scene.name(given[0].person_id) if given and given[0].person_id != scene.row.owner_id else "you"
        return WaitingForApproval(number=scene.row.draft_number, whom=waits_for(scene), by=by)
    return InReview(number=scene.row.draft_number)


def _sending(scene: Scene) -> AlertState:
    """Approved, and out only when the receipt is there."""
    effect = sending(scene)
    envelope = scene.envelope(effect)
    if envelope is None:
        if effect is not None and effect.status == PARKED:
            return NeedsPerson(what=f"the envelope for draft {scene.row.draft_number} did not go out")
        return Progressing(steps=("approved", "sending for signature"))
    state = EnvelopeState.model_validate(envelope.state)
    plan = plan_of(effect) if effect else None
    ours = {one.email for one in plan.signers if one.role == SUPPLIER} if plan else set()
    theirs = [one for one in state.recipients if one.email not in ours]
    opened = [one.at for one in theirs if one.status in {"delivered", "completed"} and one.at is not None]
    signed = [one.at for one in theirs if one.status == "completed" and one.at is not None]
    return OutForSignature(
        came_back=any(one.status == CAME_BACK for one in state.recipients),
        since=wording.local_date(envelope.sent_at, scene.zone),
        opened=wording.local_date(opened[0], scene.zone) if opened and not signed else None,
        signed=wording.local_date(signed[0], scene.zone) if signed else None,
    )


def sending(scene: Scene) -> Effect | None:
    """The sending of the present approval; None while it is not intended yet."""
    if scene.stage is Stage.APPROVED:
        return None
    return scene.effect("docusign.send")


def plan_of(effect: Effect) -> EnvelopePlan:
    """The envelope that an effect of kind ``docusign.send`` is about."""
    return EnvelopePlan.model_validate(effect.payload["plan"])


def trouble(scene: Scene) -> str:
    """Why code cannot go on, in our words."""
    found = scene.row.trouble or {}
    match found.get("code"):
        case "terms":
            count = len(found.get("findings", ()))
            return f"terms can't be prepared, {wording.plural(count, 'finding')}"
        case "differ":
            return "the signed document differs from the approved one"
        case _:
            return "the CRM does not show what was signed" if found.get("receipt") else "the next step could not be done"
