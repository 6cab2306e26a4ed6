"""Buttons: one function an action.

Rule 1: a button that decides answers its gate; a button with "…" only opens a form; the rest only shows.
Rule 2: every action of the vocabulary stands in ``CLICKS``, by test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from sqlmodel import col, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.graphs.steps import NewEffect
from contractops.operator import cases, notices, parked
from contractops.operator.attend import note
from contractops.operator.clock import wall_now
from contractops.operator.desk import clause, credit, handover, lists, mail, proposal
from contractops.operator.desk.beside import side_gate
from contractops.operator.desk.call import Call, Reply
from contractops.operator.desk.decide import decide, may_ask, may_help, name, not_yours, refused, rewrite
from contractops.operator.showing import explain, forms
from contractops.operator.showing.scene import terms_of
from contractops.operator.showing.signed import every_field
from contractops.operator.signers import envelope_out
from contractops.operator.slack.actions import Action
from contractops.operator.slack.answers import AlreadyClosed, Simple, SomebodyFirst
from contractops.operator.store import gates, ledger
from contractops.operator.store.records import Blob
from contractops.operator.store.tables import Card, Draft, Effect, Envelope
from contractops.tools.crm import CrmPatch, CrmReceipt
from contractops.tools.errors import InputError, Refused
from contractops.tools.signature import NOTICE
from contractops.tools.terms import TermsChoices, default_choices

Handler = Callable[[Call], Reply]


def open_form(call: Call) -> Reply:
    """Open the form that belongs to the button, for whoever could also send it."""
    event = ASKS.get(Action(call.button.action))
    refusal = may_ask(call, event) if event else None
    if refusal is not None:
        return refusal
    form = forms.form(call.session, Action(call.button.action), call.renewal, call.card, call.button, call.now, call.rules)
    if form is None and call.button.action == Action.ENVELOPE_SIGNER and open_envelope(call) is not None:
        said = "Nobody else may sign: the CRM has no other contact with signing right. Add the person in the CRM, then click again."
        return refused(call, Simple(text=said), "no other signer")
    if form is None:
        return refused(call, AlreadyClosed(), "no form in this state")
    return Reply(form=form, outcome="form opened")


ASKS: Final = {
    Action.RENEWAL_SNOOZE: Event.SNOOZE,
    Action.RENEWAL_STOP: Event.STOP,
    Action.DRAFT_EDIT: Event.EDIT,
    Action.SECOND_APPROVE: Event.APPROVE,
    Action.SECOND_DECLINE: Event.DECLINE,
    Action.NOTICE_EVIDENCE: Event.SERVED,
    Action.DIFFERENCE_ACCEPT: Event.ACCEPT,
    Action.DIFFERENCE_DISPUTE: Event.DISPUTE,
}
"""Forms that decide, by the event that they ask for."""


def deciding(event: Event) -> Handler:
    """A button whose click is the decision ``event``."""
    return lambda call: decide(call, event, dict(call.about.get("answer", {})))


def prepare(call: Call) -> Reply:
    """Terms are wanted. Asked again after terms could not be made, the same card may come back: so the clicker is told."""
    again = call.renewal.stage == Stage.NEEDS_PERSON
    reply = decide(call, Event.PREPARE)
    if not (again and reply.advance):
        return reply
    return replace(reply, whisper=Simple(text="Preparing the terms again from the facts as they are now…"))


def prepare_months(call: Call) -> Reply:
    """Terms of a length are wanted, asked for in a conversation: draft 1 is made with that length and its own discount."""
    months = int(str(call.about.get("about")))
    source = cases.overview(call.session, call.renewal, call.now, call.rules).source
    discount = cases.offer_discount(call.session, call.renewal, months, call.now, call.rules)
    choices = default_choices(source).model_copy(update={"term_months": months, "discount_pct": discount})
    return decide(call, Event.PREPARE, {"choices": choices.model_dump(mode="json")})


def why_dates(call: Call) -> Reply:
    """The arithmetic of the dates, for the clicker; what people answered about them can be asked again."""
    view = explain.why_dates(cases.overview(call.session, call.renewal, call.now, call.rules))
    return Reply(view=view.model_copy(update={"buttons": clause.again(call)}))


def arithmetic(call: Call) -> Reply:
    """The arithmetic of the draft that the card shows."""
    draft = _draft(call)
    return Reply(view=explain.arithmetic(draft)) if draft else refused(call, AlreadyClosed(), "no draft")


def document(call: Call) -> Reply:
    """The order form of the draft, as a file in the thread."""
    draft = _draft(call)
    blob = call.session.get(Blob, draft.document_sha256) if draft else None
    if draft is None or blob is None:
        return refused(call, AlreadyClosed(), "no document")
    return Reply(upload=(f"{call.renewal.contract_id} order form draft {draft.number}.pdf", blob.content))


def signed_document(call: Call) -> Reply:
    """The signed PDF, as a file in the thread."""
    fetched = next((one for one in _effects(call, "docusign.fetch") if one.payload["draft"] != NOTICE), None)
    blob = call.session.get(Blob, fetched.receipt["signed_sha256"]) if fetched and fetched.receipt else None
    if blob is None:
        return refused(call, AlreadyClosed(), "no signed document")
    return Reply(upload=(f"{call.renewal.contract_id} signed.pdf", blob.content))


def use_offer(call: Call) -> Reply:
    """Take another length: the next draft with that term and its discount."""
    draft = _draft(call)
    if draft is None:
        return refused(call, AlreadyClosed(), "no draft")
    months = int(str(call.about.get("about")))
    changed = {"term_months": months, "discount_pct": str(cases.offer_discount(call.session, call.renewal, months, call.now, call.rules))}
    choices = TermsChoices.model_validate({**draft.choices, **changed})
    return decide(call, Event.EDIT, {"choices": choices.model_dump(mode="json")})


def resend(call: Call) -> Reply:
    """Ask the vendor to remind the signers."""
    envelope = open_envelope(call)
    if envelope is None:
        return refused(call, AlreadyClosed(), "no open envelope")
    if not may_help(call):
        return not_yours(call)
    return intend(
        call, "docusign.resend", {"envelope": envelope.envelope_id, "at": call.now.isoformat()}, "Asking DocuSign to send it again…"
    )


def void(call: Call) -> Reply:
    """Take the envelope back; the vendor's answer returns the draft to review."""
    envelope = open_envelope(call)
    if envelope is None:
        return refused(call, AlreadyClosed(), "no open envelope")
    if not may_help(call):
        return not_yours(call)
    reason = f"Taken back by {call.person.name}"
    return intend(call, "docusign.void", {"envelope": envelope.envelope_id, "reason": reason}, "Taking the envelope back…")


def intend(call: Call, kind: str, payload: dict[str, Any], said: str) -> Reply:
    """Store the intent of an effect that moves no stage; ``said`` tells the clicker, the card follows."""
    effect = NewEffect(kind, payload)
    ledger.intend(call.session, effect, renewal_id=call.renewal.id, version=call.renewal.version, at=wall_now())
    note(call.session, call.renewal, kind, call.person.person_id, call.now, payload)
    rewrite(call, [call.card])
    return Reply(whisper=Simple(text=said), ring=True, outcome=f"intended {kind}")


def settle_conflict(call: Call) -> Reply:
    """Decide a CRM field that a person had changed: the signed value, or the CRM's."""
    field = str(call.about.get("about"))
    choice = "signed" if call.button.action == Action.CRM_USE_SIGNED else "crm"
    if not may_help(call):
        return not_yours(call)
    gate = side_gate(call, f"crm:{field}", "conflict")
    verdict = gates.decide(call.session, gate.key, "", choice, by=call.person.person_id, at=call.now)
    if not verdict.won:
        by = name(call, gate.decided_by)
        return refused(call, SomebodyFirst(by=by, did="settled", at=gate.decided_at or call.now), "settled before")
    if choice == "crm":
        rewrite(call, [call.card])
        return Reply(ring=True, outcome="kept the CRM's value")
    receipt = call.card.args["receipt"]
    conflict = next(one for one in receipt["conflicts"] if one["field"] == field)
    payload = {"contract": call.renewal.contract_id, "field": field, "value": conflict["signed"], "renewal_key": receipt["renewal_key"]}
    return intend(call, "crm.overwrite", payload, "Writing the signed value to the CRM…")


def crm_fields(call: Call) -> Reply:
    """All fields of the CRM write."""
    effects, draft = _effects(call, "crm.write"), _draft(call)
    if not effects or draft is None or not call.card.args.get("receipt"):
        return refused(call, AlreadyClosed(), "nothing written")
    patch, receipt = CrmPatch.model_validate(effects[0].payload["patch"]), CrmReceipt.model_validate(call.card.args["receipt"])
    return Reply(whisper=Simple(text="\n".join(every_field(patch, receipt, terms_of(draft).currency))))


def see_difference(call: Call) -> Reply:
    """Every place where the signed document differs."""
    places = (call.renewal.trouble or {}).get("differences", [])
    lines = [f"Page {one['page']}: approved “{one['approved']}”, signed “{one['signed']}”" for one in places]
    return Reply(whisper=Simple(text="\n".join(lines) or "No difference is stored."))


def retry_effect(call: Call) -> Reply:
    """Try a parked effect once more."""
    if not may_help(call):
        return not_yours(call)
    return retry(call, "retry")


def retry(call: Call, outcome: str) -> Reply:
    """Give the parked effect of the card back to the worker."""
    key = str(call.card.args.get("effect", ""))
    if not ledger.retry(call.session, key):
        return refused(call, AlreadyClosed(), "not parked")
    note(call.session, call.renewal, "retry", call.person.person_id, call.now, {"effect": key})
    rewrite(call, parked.cards_of(call.session, call.renewal.id))
    return Reply(ring=True, outcome=outcome)


def open_card(call: Call) -> Reply:
    """Where the live card stands: a link to it."""
    wanted = str(call.about.get("about") or f"{call.renewal.id}/root")
    target = call.session.get(Card, wanted)
    if target is not None and target.post_at is not None and target.ts is None and target.person_id == call.person.person_id:
        return bring(call, target)
    action = Action(call.button.action)
    way = call.way_to(action, target, shown=wanted.rsplit("/", 1)[1] if action is Action.DRAFT_OPEN else "")
    if way is None:
        return refused(call, AlreadyClosed(), "no card")
    return Reply(whisper=Simple(text=f"The newest state of {call.renewal.contract_id} stands there.", button=way))


def bring(call: Call, held: Card) -> Reply:
    """A card that the cap of a day holds back comes now: it was asked for."""
    held.post_at, held.counted = None, False
    rewrite(call, [held])
    return Reply(whisper=Simple(text=f"The card of {call.renewal.contract_id} comes now."), ring=True, outcome="card brought")


def send_notice(call: Call) -> Reply:
    """The form that shows the notice to be sent, for whoever may decide not to renew."""
    if not may_end(call):
        return not_yours(call)
    try:
        return open_form(call)
    except (Refused, InputError) as problem:
        return refused(call, Simple(text=f"The notice can't be made: {problem}"), "no notice")


def may_end(call: Call) -> bool:
    """Whether the person may decide about the end of this contract: whom the open question names, the owner, and who may help him."""
    gate = gates.open_of(call.session, call.renewal.id, call.renewal.version)
    return may_help(call) or (gate is not None and call.person.person_id in gate.allowed)


def see_notice(call: Call) -> Reply:
    """The notice of non-renewal: the signed one, the one that was sent, or its text from the facts."""
    sent = notices.latest(call.session, call.renewal)
    receipt = sent.fetched.receipt if sent and sent.fetched else None
    wanted = receipt["signed_sha256"] if receipt else sent.plan.document_sha256 if sent else ""
    blob = call.session.get(Blob, wanted)
    if blob is not None:
        kind = "notice, signed" if receipt else "notice"
        return Reply(upload=(f"{call.renewal.contract_id} {kind}.pdf", blob.content))
    return Reply(whisper=Simple(text=explain.notice_text(cases.overview(call.session, call.renewal, call.now, call.rules))))


def see_theirs(call: Call) -> Reply:
    """The customer's notice, as the file that was handed over."""
    fetched = next((one for one in _effects(call, "slack.fetch") if one.receipt and "sha256" in one.receipt), None)
    blob = call.session.get(Blob, fetched.receipt["sha256"]) if fetched and fetched.receipt else None
    if fetched is None or fetched.receipt is None or blob is None:
        return refused(call, AlreadyClosed(), "no notice of theirs")
    return Reply(upload=(str(fetched.receipt["name"]), blob.content))


def read_clause(call: Call) -> Reply:
    """The clause on notice as recorded, with its page, and what follows from it."""
    return Reply(view=explain.notice_clause(cases.overview(call.session, call.renewal, call.now, call.rules)))


def what_now(call: Call) -> Reply:
    """What still helps after a question has closed."""
    return Reply(view=explain.why_dates(cases.overview(call.session, call.renewal, call.now, call.rules)))


def open_desk(call: Call) -> Reply:
    """What is due for the clicker, as ``/renewals`` lists it."""
    return Reply(view=lists.due_list(call.session, call.person, call.now, call.rules), outcome="list")


def _draft(call: Call) -> Draft | None:
    number = call.about.get("draft") or call.card.args.get("draft") or call.renewal.draft_number
    return call.session.get(Draft, (call.renewal.id, number))


def open_envelope(call: Call) -> Envelope | None:
    """The envelope that is out, if any."""
    return envelope_out(call.session, call.renewal.id)


def _effects(call: Call, kind: str) -> list[Effect]:
    """Effects of ``kind`` that are done, latest first."""
    query = select(Effect).where(Effect.renewal_id == call.renewal.id, Effect.kind == kind, Effect.status == "done")
    return list(call.session.exec(query.order_by(col(Effect.version).desc())))


CLICKS: dict[Action, Handler] = {
    Action.RENEWAL_PREPARE: prepare,
    Action.RENEWAL_WHY: why_dates,
    Action.RENEWAL_SNOOZE: open_form,
    Action.RENEWAL_HANDOVER: open_form,
    Action.RENEWAL_STOP: open_form,
    Action.RENEWAL_WAKE: deciding(Event.WAKE),
    Action.CARD_OPEN: open_card,
    Action.CLAUSE_READ: read_clause,
    Action.CLAUSE_SETTLE: open_form,
    Action.RULE_OPEN: why_dates,
    Action.HANDOVER_ACCEPT: handover.accept,
    Action.HANDOVER_RETURN: open_form,
    Action.DRAFT_APPROVE: deciding(Event.APPROVE),
    Action.DRAFT_EDIT: open_form,
    Action.DRAFT_CHANGES: open_form,
    Action.DRAFT_REASONS: arithmetic,
    Action.DRAFT_DOCUMENT: document,
    Action.DRAFT_TAKE_BACK: deciding(Event.TAKE_BACK),
    Action.DRAFT_OPEN: open_card,
    Action.OFFER_USE: use_offer,
    Action.FINDING_PRICE: open_form,
    Action.FINDING_LEAVE_OUT: open_form,
    Action.PROPOSAL_REJECT: proposal.reject,
    Action.SECOND_APPROVE: open_form,
    Action.SECOND_DECLINE: open_form,
    Action.SECOND_ASK: open_form,
    Action.ENVELOPE_RESEND: resend,
    Action.ENVELOPE_SIGNER: open_form,
    Action.ENVELOPE_VOID: void,
    Action.ENVELOPE_NUDGE: mail.open_draft,
    Action.CRM_USE_SIGNED: settle_conflict,
    Action.CRM_KEEP: settle_conflict,
    Action.CRM_FIELDS: crm_fields,
    Action.SIGNED_DOCUMENT: signed_document,
    Action.DIFFERENCE_SEE: see_difference,
    Action.DIFFERENCE_ACCEPT: open_form,
    Action.DIFFERENCE_DISPUTE: open_form,
    Action.MISSED_OFFER: deciding(Event.OFFER),
    Action.MISSED_PREPARE: deciding(Event.OFFER),
    Action.MISSED_REASON: open_form,
    Action.LEGAL_ASK: open_form,
    Action.NOTICE_SEE: see_notice,
    Action.NOTICE_THEIRS: see_theirs,
    Action.NOTICE_SEND: send_notice,
    Action.NOTICE_EVIDENCE: open_form,
    Action.CREDIT_MAIL: mail.open_draft,
    Action.RESTORE_MAIL: mail.open_draft,
    Action.RESTORE_WHY: credit.why_restore,
    Action.CREDIT_FINANCE: open_form,
    Action.CREDIT_REASONS: credit.reasons,
    Action.CREDIT_DISPUTE: open_form,
    Action.FINANCE_BOOK: credit.book,
    Action.FINANCE_RETURN: open_form,
    Action.EFFECT_RETRY: retry_effect,
    Action.EFFECT_DONE: open_form,
    Action.DESK_OPEN: open_desk,
    Action.WHAT_NOW: what_now,
    Action.TALK_PREPARE: prepare_months,
}
"""What each button does."""
