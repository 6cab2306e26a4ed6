"""Cards of the signature: sent, and what came back.

Rule 1: "Sent" is said when the receipt of the vendor is stored; before that the card says that it is being sent.
Rule 2: the buttons of an envelope stand only while it is open.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlmodel import select

from contractops.graphs.lifecycle import Event
from contractops.operator import cases, wording
from contractops.operator.showing.scene import Scene
from contractops.operator.showing.states import PARKED, plan_of
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import (
    Completed,
    Expired,
    Opened,
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
from contractops.tools.calendars import add_business_days
from contractops.tools.ports import EnvelopeState
from contractops.tools.signature import CUSTOMER, SUPPLIER, EnvelopePlan, SignerPlan

UNOPENED_DAYS: Final = 3
UNSIGNED_DAYS: Final = 5
"""Working days without a look, or without a signature after it, until the owner is asked about the signer."""

SIGNING_SERVICE: Final = "DocuSign"


def sent(scene: Scene) -> SentReply | TextReply:
    """The envelope of one approval: on its way, out, silent, or ended."""
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
    state = _state(scene, envelope, plan_of(effect))
    return _reply(scene, plan_of(effect), state, _buttons(scene, state) if envelope.open else ())


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
    customer = _customer(plan)
    ours = next((one.name for one in plan.signers if one.role == SUPPLIER), None)
    deadline = scene.row.safe_on or wording.local_date(plan.expires_at, scene.zone)
    return SentReply(
        **scene.base,
        number=plan.draft_number,
        signer=_changed_to(scene) or customer.name,
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


def _changed_to(scene: Scene) -> str | None:
    """The signer who replaced the planned one, when the vendor has confirmed it."""
    effect = scene.effect("docusign.change_signer")
    is_mine = effect is not None and scene.asked is not None and effect.version == scene.asked.version
    return str(effect.payload["name"]) if effect is not None and is_mine and effect.status == "done" else None


def _state(scene: Scene, envelope: Envelope, plan: EnvelopePlan) -> SentState | None:
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
            return _silence(scene, envelope, found)


def _voided(by_us: Act | None, found: EnvelopeState) -> Voided:
    return Voided(act=by_us or Act(by=f"somebody in {SIGNING_SERVICE}", at=found.changed_at))


def taken_back(scene: Scene, envelope_id: str | None, at: datetime) -> Act | None:
    """Who of us took the envelope back; None when nobody did here."""
    for line in scene.noted("docusign.void"):
        if line.data.get("envelope") == envelope_id:
            return Act(by=scene.name(line.by), at=at)
    return None


def _silence(scene: Scene, envelope: Envelope, found: EnvelopeState) -> Silent | None:
    """Nobody looked for three working days, or looked and did not sign for five; else None."""
    waiting = next((one for one in found.recipients if one.status != "completed"), None)
    if waiting is None:
        return None
    if waiting.status == "delivered" and waiting.at is not None:
        # The vendor names one moment of opening, not how often: so one is what is known.
        return Silent(opened=Opened(times=1, last=waiting.at)) if _since(scene, waiting.at) >= UNSIGNED_DAYS else None
    return Silent(opened=None) if _since(scene, envelope.sent_at) >= UNOPENED_DAYS else None


def _since(scene: Scene, at: datetime) -> int:
    """Working days of the owner from ``at`` until now, as far as they matter here."""
    working = cases.working_time(scene.session, scene.row.owner_id, scene.rules)
    today = wording.local_date(scene.now, working.zone)
    first = wording.local_date(at, working.zone)
    return next((count for count in range(UNSIGNED_DAYS, 0, -1) if add_business_days(first, count, working.holiday_calendar) <= today), 0)


def _buttons(scene: Scene, state: SentState | None) -> tuple[Button, ...]:
    actions = [Action.ENVELOPE_RESEND, Action.ENVELOPE_SIGNER]
    if isinstance(state, Silent) and state.opened is not None:
        actions.append(Action.ENVELOPE_NUDGE)
    return scene.row_of(*actions, Action.ENVELOPE_VOID) if state is None or isinstance(state, Silent) else ()


def returned(scene: Scene) -> SentReply | PersonsText | TextReply:
    """The draft is back with its owner: declined by a signer, taken back, expired, or disputed."""
    args = scene.card.args
    number = int(args["draft"])
    event = Event(args["event"])
    is_open = scene.is_open("owner") and number == scene.row.draft_number
    edits = scene.row_of(Action.DRAFT_EDIT, draft=number) if is_open and event in {Event.REFUSE, Event.DISPUTE} else ()
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
