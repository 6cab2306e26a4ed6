"""Cards of the signature: sent, and what came back.

Rule 1: "Sent" is said when the receipt of the vendor is stored; before that the card says that it is being sent.
Rule 2: the buttons of an envelope stand only while it is open.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlmodel import col, select

from contractops.graphs.lifecycle import Event
from contractops.operator import signers, wording
from contractops.operator.sentences import sentence
from contractops.operator.showing.scene import Scene
from contractops.operator.showing.states import PARKED, plan_of
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import (
    Bounced,
    Completed,
    Expired,
    PersonsText,
    SentReply,
    SentState,
    SignerDeclined,
    Silent,
    TextReply,
    Voided,
)
from contractops.operator.store.tables import Effect, Envelope
from contractops.tools.alerts import days_left
from contractops.tools.ports import EnvelopeState
from contractops.tools.signature import CUSTOMER, SUPPLIER, EnvelopePlan, SignerPlan
from contractops.tools.values import Reason

SIGNING_SERVICE: Final = "DocuSign"


def sent(scene: Scene) -> SentReply | TextReply:
    """The envelope of one approval: on its way, out, or ended."""
    account = scene.facts.account_name
    effect = scene.effect("docusign.send", scene.asked.version) if scene.asked else None
    if effect is None:
        return TextReply(text=f"{account}: nothing was sent.", account=account)
    envelope = scene.envelope(effect)
    if envelope is None:
        return TextReply(text=_on_its_way(effect), account=account)
    pending = _under_way(scene, envelope)
    if pending:
        return TextReply(text=pending, account=account)
    actions = (Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER, Action.ENVELOPE_VOID)
    return _reply(scene, plan_of(effect), _ended(scene, envelope, plan_of(effect)), scene.row_of(*actions) if envelope.open else ())


def _on_its_way(effect: Effect) -> str:
    plan = plan_of(effect)
    what = f"{plan.account_name}, draft {plan.draft_number}"
    if effect.status == PARKED:
        return f"{what}: approved, but the envelope did not go out. A person must look; see the message about it."
    if effect.last_error is not None:
        return (
            f"{what}: approved and stored. {SIGNING_SERVICE} does not answer; I keep trying and tell you when it is out. "
            "You need not click again."
        )
    return f"{what}: approved, sending to {_customer(plan).name} for signature…"


def _under_way(scene: Scene, envelope: Envelope) -> str:
    """A change of the open envelope that the vendor has not answered yet."""
    if not envelope.open:
        return ""
    for kind, words in (("docusign.void", "Taking the envelope back…"), ("docusign.change_signer", "Changing the signer…")):
        effect = scene.effect(kind)
        if effect is not None and effect.status == "todo" and effect.payload.get("envelope") == envelope.envelope_id:
            return f"{scene.facts.account_name}: {words}"
    return ""


def _reply(scene: Scene, plan: EnvelopePlan, state: SentState | None, buttons: tuple[Button, ...]) -> SentReply:
    customer = _customer_now(scene, plan)
    ours = next((one.name for one in plan.signers if one.role == SUPPLIER), None)
    deadline = scene.row.safe_on or wording.local_date(plan.expires_at, scene.zone)
    return SentReply(
        **scene.base,
        number=plan.draft_number,
        signer=customer.name,
        signer_title=customer.title,
        countersigner=ours,
        closes=plan.expires_at,
        deadline=deadline,
        days_left=days_left(deadline, scene.zone, scene.now),
        state=state,
        buttons=buttons,
    )


def _customer(plan: EnvelopePlan) -> SignerPlan:
    return next((one for one in plan.signers if one.role == CUSTOMER), plan.signers[0])


def _customer_now(scene: Scene, plan: EnvelopePlan) -> SignerPlan:
    """The customer's signer of the envelope of ``plan``: who replaced the planned one counts when the vendor has confirmed it."""
    customer = _customer(plan)
    sent = select(Effect).where(Effect.renewal_id == scene.row.id, Effect.kind == "docusign.send", Effect.status == "done")
    mine = next((one.remote_id for one in scene.session.exec(sent) if plan_of(one) == plan), None)
    changes = select(Effect).where(Effect.renewal_id == scene.row.id, Effect.kind == "docusign.change_signer", Effect.status == "done")
    titles = {one.email: one.title for one in scene.facts.source.contacts}
    for one in scene.session.exec(changes.order_by(col(Effect.done_at))).all():
        new = one.payload
        if new["envelope"] == mine and new["old_email"].casefold() == customer.email.casefold():
            customer = customer.model_copy(update={"name": new["name"], "email": new["email"], "title": titles.get(new["email"], "")})
    return customer


def _ended(scene: Scene, envelope: Envelope, plan: EnvelopePlan) -> SentState | None:
    found = EnvelopeState.model_validate(envelope.state)
    match found.status:
        case "completed":
            return Completed(at=found.changed_at)
        case "declined":
            who = next((one for one in found.recipients if one.status == "declined"), None)
            by = who.name if who else _customer(plan).name
            return SignerDeclined(by=by, at=found.changed_at, words=(who.reason if who else None) or found.reason or "")
        case "voided":
            by_us = taken_back(scene, envelope.envelope_id, found.changed_at)
            return Expired(at=found.changed_at) if found.changed_at >= envelope.expires_at and by_us is None else _voided(by_us, found)
        case _:
            return None


def _voided(by_us: Act | None, found: EnvelopeState) -> Voided:
    return Voided(act=by_us or Act(by=f"somebody in {SIGNING_SERVICE}", at=found.changed_at))


def taken_back(scene: Scene, envelope_id: str | None, at: datetime) -> Act | None:
    """Who of us took the envelope back; None when nobody did here."""
    for line in scene.noted("docusign.void"):
        if line.data.get("envelope") == envelope_id:
            return Act(by=scene.name(line.by), at=at)
    return None


def ways_on(waiting: signers.Waiting) -> tuple[Action, ...]:
    """What helps with a signer: another address, a word, a reminder, another person. Who signs for us is the limits' choice."""
    if waiting.is_ours:
        return () if waiting.came_back else (Action.ENVELOPE_RESEND,)
    if waiting.came_back:
        return (Action.ENVELOPE_SIGNER,)
    return (Action.ENVELOPE_NUDGE,) if waiting.opened_at else (Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER)


def silent(scene: Scene) -> SentReply | TextReply:
    """The question about a signer who has not opened, or not signed; what became of it, once it is answered elsewhere."""
    waiting = _still_waits(scene)
    if waiting is None:
        return _no_longer(scene)
    why = sentence(Reason.model_validate(scene.card.args["reason"]), scene.zone)
    return _about(scene, waiting, Silent(looks=waiting.looks, why=why), scene.row_of(*ways_on(waiting)))


def bounced(scene: Scene) -> SentReply | TextReply:
    """An invitation that came back; nothing to do any more once the address was changed."""
    waiting = _still_waits(scene)
    if waiting is None or not waiting.came_back:
        return _no_longer(scene)
    state = Bounced(email=waiting.signer.email, words=waiting.signer.reason or "")
    return _about(scene, waiting, state, scene.row_of(*ways_on(waiting)))


def _still_waits(scene: Scene) -> signers.Waiting | None:
    """The signer whom the card is about, while the envelope still waits for him."""
    waiting, args = signers.waiting_for(scene.session, scene.row), scene.card.args
    same = waiting is not None and (waiting.envelope.envelope_id, waiting.signer.email) == (args["envelope"], args["email"])
    return waiting if same else None


def _about(scene: Scene, waiting: signers.Waiting, state: SentState, buttons: tuple[Button, ...]) -> SentReply | TextReply:
    plan = _plan_of(scene, waiting.envelope)
    if plan is None:
        return _no_longer(scene)
    pending = _under_way(scene, waiting.envelope)
    if pending:
        return TextReply(text=pending, account=scene.facts.account_name)
    reply = _reply(scene, plan, state, buttons)
    return reply.model_copy(update={"signer": waiting.signer.name})


def _no_longer(scene: Scene) -> TextReply:
    """The envelope does not wait for this signer any more."""
    name, waiting = scene.facts.account_name, signers.waiting_for(scene.session, scene.row)
    said = "this question is over." if waiting is None else f"it waits for {waiting.signer.name} now."
    return TextReply(text=f"{name}: {said}", account=name)


def returned(scene: Scene) -> SentReply | PersonsText | TextReply:
    """The draft is back with its owner: declined by a signer, taken back, expired, or disputed."""
    args = scene.card.args
    number = int(args["draft"])
    event = Event(args["event"])
    is_open = scene.is_open("owner") and number == scene.row.draft_number
    edits = scene.row_of(Action.DRAFT_EDIT, draft=number) if is_open and event in {Event.REFUSE, Event.DISPUTE} else ()
    if is_open and not edits:  # taken back or run out: the same draft can be approved again
        edits = (scene.button(Action.DRAFT_OPEN, about=f"{scene.row.id}/draft/{number}", shown=str(number)),)
    rest = scene.row_of(Action.RENEWAL_STOP, Action.RENEWAL_HANDOVER, draft=number) if is_open else ()
    if event is Event.DISPUTE:
        gate = scene.last_decision(Event.DISPUTE)
        who = scene.name(gate.decided_by if gate else None)
        said = f"disputes the signed document of draft {number}"
        return PersonsText(who=who, did=said, text=str(args.get("reason") or ""), account=scene.facts.account_name, buttons=(*edits, *rest))
    envelope = scene.session.get(Envelope, str(args.get("envelope", "")))
    plan = _plan_of(scene, envelope)
    if plan is None:
        return TextReply(text=f"{scene.facts.account_name}: draft {number} came back from signature.", account=scene.facts.account_name)
    return _reply(scene, plan, _came_back(scene, event, args), (*edits, *rest))


def _plan_of(scene: Scene, envelope: Envelope | None) -> EnvelopePlan | None:
    if envelope is None:
        return None
    query = select(Effect).where(
        Effect.renewal_id == scene.row.id, Effect.kind == "docusign.send", Effect.remote_id == envelope.envelope_id
    )
    found = scene.session.exec(query).first()
    return plan_of(found) if found else None


def _came_back(scene: Scene, event: Event, args: dict[str, Any]) -> SentState:
    at = datetime.fromisoformat(str(args["at"]))
    if event is Event.REFUSE:
        return SignerDeclined(by=str(args.get("by_name") or "The signer"), at=at, words=str(args.get("reason") or ""))
    if event is Event.EXPIRE:
        return Expired(at=at)
    by_us = taken_back(scene, args.get("envelope"), at)
    return Voided(act=by_us or Act(by=f"somebody in {SIGNING_SERVICE}", at=at))
