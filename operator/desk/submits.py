"""Forms that were sent: one function a form. The form was checked before it was acknowledged; here it is checked again and counts.

Rule 1: what decides goes through the gate of the button that opened the form.
Rule 2: texts of people are stored and shown as theirs; nothing is computed from them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any, Final, TypeVar

from contractops.graphs.lifecycle import Event, Stage
from contractops.graphs.steps import NewEffect
from contractops.operator import addressing, cases, notices, parked, people, signers, wording
from contractops.operator.attend import note
from contractops.operator.clock import wall_now
from contractops.operator.desk import clause, credit, handover, mail, price
from contractops.operator.desk.beside import post_text, side_gate
from contractops.operator.desk.call import Call, Reply
from contractops.operator.desk.clicks import intend, may_end, open_envelope, retry
from contractops.operator.desk.decide import decide, may_help, name, not_yours, refused, rewrite, rewrite_thread
from contractops.operator.slack.actions import Callback
from contractops.operator.slack.answers import AlreadyClosed, Simple, SomebodyFirst
from contractops.operator.slack.commands import Submit
from contractops.operator.slack.forms import (
    ClauseSubmission,
    DeclineSubmission,
    EditSubmission,
    EvidenceSubmission,
    HandoverSubmission,
    PriceSubmission,
    ReviewSubmission,
    SignerSubmission,
    SnoozeSubmission,
    StopSubmission,
    Submission,
    TextSubmission,
)
from contractops.operator.slack.modals import NOTE
from contractops.operator.slack.submissions import read_values
from contractops.operator.store import gates, ledger
from contractops.operator.store.tables import Draft, Effect, NoticeEvidence
from contractops.tools.calendars import zone
from contractops.tools.errors import InvariantError
from contractops.tools.notice_window import moment
from contractops.tools.terms import TermsChoices, default_choices
from contractops.tools.terms_edit import edit

T = TypeVar("T", bound=Submission)


def _typed(call: Call, kind: type[T]) -> T:
    """The submission as ``kind``. Raises ``InvariantError`` CO-DSK-001: the form was checked before it was stored."""
    if not isinstance(call.command, Submit):
        raise InvariantError("CO-DSK-001", "a click was handled as a form")
    read = read_values(call.command)
    if not isinstance(read, kind):
        raise InvariantError("CO-DSK-001", f"a stored form does not read as {kind.__name__}")
    return read


def edit_draft(call: Call) -> Reply:
    """New choices: the next draft."""
    changes = _typed(call, EditSubmission).changes
    draft = call.session.get_one(Draft, (call.renewal.id, call.renewal.draft_number))
    overview = cases.overview(call.session, call.renewal, call.now, call.rules)
    result = edit(overview.source, TermsChoices.model_validate(draft.choices), changes, draft.number + 1)
    if result.choices is None:
        return refused(
            call, Simple(text="The facts changed while you edited. Nothing was saved; please open the form again."), "edit refused"
        )
    return decide(call, Event.EDIT, {"choices": result.choices.model_dump(mode="json")})


def approve(call: Call) -> Reply:
    """The second approval, after a look at every figure."""
    return decide(call, Event.APPROVE, {"comment": _typed(call, ReviewSubmission).comment})


def decline(call: Call) -> Reply:
    """Declined, with the reason."""
    said = _typed(call, DeclineSubmission)
    return decide(call, Event.DECLINE, {"reason": said.text, "kind": said.reason})


def snooze(call: Call) -> Reply:
    """Quiet until 09:00 of a day, at the owner's place."""
    until = _typed(call, SnoozeSubmission).until
    working = cases.working_time(call.session, call.renewal.owner_id, call.rules)
    at = moment(until, time(9, 0), zone(working.zone))
    return decide(call, Event.SNOOZE, {"until": at.isoformat()})


def stop(call: Call) -> Reply:
    """Not renewing, or renewing as it is."""
    said = _typed(call, StopSubmission)
    answer = said.model_dump(mode="json")
    if said.what == "renew":
        return decide(call, Event.LET_RENEW, answer)
    reply = decide(call, Event.STOP, answer)
    if reply.advance and said.file_id is not None:
        wanted = NewEffect("slack.fetch", {"file": said.file_id, "received_on": answer["received_on"], "by": call.person.person_id})
        ledger.intend(call.session, wanted, renewal_id=call.renewal.id, version=call.renewal.version, at=wall_now())
    in_time = call.renewal.safe_on is not None and said.received_on is not None and said.received_on <= call.renewal.safe_on
    if reply.advance and in_time and said.received_on is not None:
        _record_evidence(call, notices.THEIRS, said.received_on, said.note or notices.THEIR_LETTER, "customer")
    elif reply.advance and said.received_on is not None and call.renewal.safe_on is not None:
        late = f"Received after {wording.day(call.renewal.safe_on)}: it may not count."
        _text_to(call, _ops(call), "has a customer's notice that came late", f"Received on {wording.day(said.received_on)}. {late}")
        return replace(reply, whisper=Simple(text=f"{late} Contract-ops is asked."), ring=True)
    return reply


def evidence(call: Call) -> Reply:
    """Proof that the notice was served."""
    said = _typed(call, EvidenceSubmission)
    reply = decide(call, Event.SERVED, said.model_dump(mode="json"))
    if reply.advance:
        _record_evidence(call, said.method, said.served_on, said.reference, said.served_by)
    return reply


def send_notice(call: Call) -> Reply:
    """The decision over exactly the notice that was shown; it goes to our own signature. Served it is only with the proof of its delivery."""
    comment, shown = _typed(call, ReviewSubmission).comment, str(call.about.get("document", ""))
    if not may_end(call):
        return not_yours(call)
    number, sent = len(notices.sendings(call.session, call.renewal)), notices.latest(call.session, call.renewal)
    if call.renewal.stage != Stage.NOT_RENEWING or call.renewal.served_at is not None:
        return refused(call, AlreadyClosed(), "no notice is wanted")
    if sent is not None and not sent.is_over:
        return refused(call, Simple(text="The notice is on its way to its signature already. Nothing was changed."), "sent before")
    prepared = notices.prepare(call.session, call.renewal, call.now, call.rules)
    plan = notices.plan(prepared, call.renewal, call.now) if prepared else None
    if prepared is None or plan is None or prepared.sha256 != shown:
        text = "The facts of the notice changed since you saw it. Nothing was sent; please open it again."
        return refused(call, Simple(text=text), "other notice")
    gate = side_gate(call, f"notice:{number + 1}", "notice", shown)
    verdict = gates.decide(
        call.session, gate.key, shown, "send", by=call.person.person_id, at=call.now, answer={"comment": comment, "document": shown}
    )
    if not verdict.won:
        by = name(call, gate.decided_by)
        return refused(call, SomebodyFirst(by=by, did="sent", at=gate.decided_at or call.now), "sent before")
    call.renewal.answered_at = call.now
    call.session.add(call.renewal)
    payload = {"plan": plan.model_dump(mode="json"), "document": shown, "number": number + 1}
    return intend(call, "docusign.send", payload, f"Sending the notice to {prepared.signer.name} for signature…")


def hand_over(call: Call) -> Reply:
    """Offer the renewal to somebody else; until it is accepted both are told."""
    said = _typed(call, HandoverSubmission)
    to = people.person(call.session, said.person_id)
    if not may_help(call):
        return not_yours(call)
    if to is None or not to.active:
        return refused(call, Simple(text="This person has left the staff list. Nothing was changed."), "nobody to hand over to")
    offer = {
        "from": call.person.person_id,
        "to": to.person_id,
        "until": said.until.isoformat() if said.until else None,
        "note": said.note,
        "at": call.now.isoformat(),
    }
    call.renewal.handover = offer
    call.renewal.answered_at = call.now
    call.session.add(call.renewal)
    note(call.session, call.renewal, "handover", call.person.person_id, call.now, offer)
    post_text(call, f"{call.renewal.id}/handover/{call.now.isoformat()}", "handover", to.person_id, thread=None, args=offer)
    rewrite(call, [call.card])
    said_back = f"Offered to {to.name}. Until it is accepted, both of you are told."
    return Reply(whisper=Simple(text=said_back), ring=True, outcome="handover offered")


def return_handover(call: Call) -> Reply:
    """Give it back, with the reason."""
    said = _typed(call, TextSubmission)
    offer = call.renewal.handover or {}
    refusal = handover.refusal_of(call)
    if refusal is not None:
        return refusal
    call.renewal.handover = {**offer, "returned_at": call.now.isoformat(), "returned_note": said.text}
    call.session.add(call.renewal)
    note(call.session, call.renewal, "handover returned", call.person.person_id, call.now, {"note": said.text})
    _to_owner(call, "gave back", said.text)
    rewrite_thread(call)
    return Reply(ring=True, outcome="handover returned")


def change_signer(call: Call) -> Reply:
    """Another signer of the customer, while the first has not signed; approved terms stay as they are."""
    contact_id = _typed(call, SignerSubmission).contact_id
    envelope = open_envelope(call)
    if envelope is None:
        return refused(call, AlreadyClosed(), "no open envelope")
    if not may_help(call):
        return not_yours(call)
    overview = cases.overview(call.session, call.renewal, call.now, call.rules)
    chosen = next((one for one in overview.source.contacts if one.contact_id == contact_id and one.may_sign), None)
    old = signers.customers_signer(call.session, envelope)
    if chosen is None or old is None:
        return refused(call, AlreadyClosed(), "not a contact with signing right")
    payload = {
        "envelope": envelope.envelope_id,
        "old_email": old.email,
        "name": chosen.name,
        "email": chosen.email,
        "at": call.now.isoformat(),  # the same change may be wanted again after another one
    }
    return intend(call, "docusign.change_signer", payload, f"Changing the signer to {chosen.name}…")


def ask(call: Call) -> Reply:
    """A question: of an approver to the owner, or of somebody who may not approve to him who may. It pauses nothing."""
    said = _typed(call, TextSubmission).text
    whom = call.about.get("whom")
    if isinstance(whom, str):
        to = addressing.present(call.session, whom, call.now) or whom
        _text_to(call, to, "asks", said)
    else:
        to = _to_owner(call, "asks", said)
    return Reply(whisper=Simple(text=f"Your question went to {name(call, to)}. Nothing is paused."), ring=True, outcome="asked")


def wish(call: Call) -> Reply:
    """A wish for changes, to contract-ops and into the thread."""
    said = _typed(call, TextSubmission).text
    _text_to(call, _ops(call), "asks for changes", said)
    _to_owner(call, "asked for changes", said)
    return Reply(whisper=Simple(text="Your wish went to contract-ops and stands in the thread."), ring=True, outcome="changes asked for")


def missing_price(call: Call) -> Reply:
    """A price that an order lacks, entered or proposed."""
    return price.enter(call, _typed(call, PriceSubmission))


def leave_out(call: Call) -> Reply:
    """Go on without an order: the next draft, with the reason as its note. Without a draft yet, from what the first one would propose."""
    said, order = _typed(call, TextSubmission).text, str(call.about.get("about"))
    source = cases.overview(call.session, call.renewal, call.now, call.rules).source
    stored = call.session.get(Draft, (call.renewal.id, call.renewal.draft_number))
    before = TermsChoices.model_validate(stored.choices) if stored else default_choices(source)
    theirs = {one.order_id for one in source.change_orders if one.service_order == order}
    choices = before.model_copy(
        update={
            "left_out_orders": tuple(dict.fromkeys((*before.left_out_orders, order))),
            "change_orders": tuple(one for one in before.change_orders if one not in theirs),
            "note": said[:NOTE],
        }
    )
    event = Event.EDIT if call.renewal.stage == Stage.IN_REVIEW else Event.PREPARE
    reply = decide(call, event, {"choices": choices.model_dump(mode="json")})
    told = Simple(text=f"Preparing the terms without {order}…")
    return replace(reply, whisper=told) if reply.advance and reply.whisper is None else reply


def ask_legal(call: Call) -> Reply:
    """A legal question, to contract-ops who know counsel."""
    said = _typed(call, TextSubmission).text
    _text_to(call, _ops(call), "asks legal", said)
    return Reply(ring=True, whisper=Simple(text="Sent to contract-ops for legal. The deadline goes on."), outcome="legal asked")


def record(event: str) -> Callable[[Call], Reply]:
    """Write a person's words into the chain under ``event``."""

    def handler(call: Call) -> Reply:
        said = _typed(call, TextSubmission).text
        note(call.session, call.renewal, event, call.person.person_id, call.now, {"text": said})
        args = {**call.card.args, "note": {"text": said, "by": call.person.person_id, "at": call.now.isoformat()}}
        call.card.args = args
        call.session.add(call.card)
        rewrite(call, [call.card])
        return Reply(ring=True, whisper=Simple(text="Recorded."), outcome=event)

    return handler


def settle_difference(event: Event) -> Callable[[Call], Reply]:
    """A person accepts or disputes a signed document that differs."""
    return lambda call: decide(call, event, {"reason": _typed(call, TextSubmission).text})


def credit_to_finance(call: Call) -> Reply:
    """Hand the credit to finance: its card stands in their channel, the note in its thread."""
    said = _typed(call, TextSubmission).text
    reply = credit.send(call, said)
    if not reply.outcome.startswith("refused"):
        step = credit.last_step(call)
        args = {**call.card.args, "step": step, "sent_by": call.person.person_id, "sent_at": call.now.isoformat()}
        key, channel = f"{call.card.key}/finance/{step}", call.rules.channel("credits")
        post_text(call, key, "finance", channel, thread=None, args=args)
        if said:
            _text_to(call, channel, "wrote", said, thread=key)
    return reply


def credit_disputed(call: Call) -> Reply:
    """It was no breach; contract-ops see the reason."""
    said = _typed(call, TextSubmission).text
    reply = credit.dispute(call, said)
    if not reply.outcome.startswith("refused"):
        _text_to(call, _ops(call), "says that a credit is not owed", said)
    return reply


def credit_returned(call: Call) -> Reply:
    """Finance gives it back; the owner reads what is missing."""
    said = _typed(call, TextSubmission).text
    reply = credit.give_back(call, said)
    if not reply.outcome.startswith("refused"):
        _to_owner(call, "returned the credit", said)
    return reply


def effect_done(call: Call) -> Reply:
    """A person found that a parked effect did happen. Where its receipt is needed to go on, it is looked up instead of believed."""
    said = _typed(call, TextSubmission).text
    key = str(call.card.args.get("effect", ""))
    effect = call.session.get(Effect, key)
    if effect is None or effect.status != "needs_person":
        return refused(call, AlreadyClosed(), "not parked")
    if not may_help(call):
        return not_yours(call)
    note(call.session, call.renewal, "effect found", call.person.person_id, call.now, {"effect": key, "found": said})
    if effect.kind in _RECEIPT_NEEDED:
        told = Simple(text="Recorded. I look it up there by its key before anything is repeated.")
        return replace(retry(call, "looked up after a person's word"), whisper=told)
    ledger.settle(call.session, key, said, by=call.person.person_id)
    note(call.session, call.renewal, "effect settled", call.person.person_id, call.now, {"effect": key, "found": said})
    rewrite(call, parked.cards_of(call.session, call.renewal.id))
    return Reply(ring=True, outcome="effect settled")


_RECEIPT_NEEDED: Final = frozenset({"docusign.send", "docusign.fetch", "crm.write"})
"""Effects whose receipt answers a gate: a person's word cannot stand in for it."""


def settle_clause(call: Call) -> Reply:
    """How an open fact is to be read."""
    return clause.settle(call, _typed(call, ClauseSubmission))


def _record_evidence(call: Call, method: str, received_on: Any, reference: str, served_by: str) -> None:
    sent = notices.latest(call.session, call.renewal)
    call.session.merge(
        NoticeEvidence(
            renewal_id=call.renewal.id,
            method=method,
            received_on=received_on,
            reference=reference,
            served_by=served_by,
            notice_envelope=sent.envelope.envelope_id if sent and sent.envelope and sent.fetched else None,
            recorded_by=call.person.person_id,
            recorded_at=call.now,
        )
    )


def _to_owner(call: Call, did: str, said: str) -> str:
    """Put it into the thread of the term; the id of him who reads it there: the owner, or who stands in for him."""
    owner = addressing.addressee(call.session, call.renewal.owner_id, call.now, call.rules)
    _text_to(call, owner, did, said, thread=f"{call.renewal.id}/root")
    return owner


def _ops(call: Call) -> str:
    return addressing.ops_or_stand_in(call.session, call.now, call.rules)


def _text_to(call: Call, person: str, did: str, said: str, *, thread: str | None = None) -> None:
    stored = wall_now().isoformat()  # business time may stand still between two clicks
    key = f"{call.renewal.id}/text/{stored}/{call.person.person_id}/{person}"
    post_text(call, key, "text", person, thread=thread, args={"who": call.person.person_id, "did": did, "text": said})


SUBMITS: dict[Callback, Callable[[Call], Reply]] = {
    Callback.DRAFT_EDIT: edit_draft,
    Callback.DRAFT_CHANGES: wish,
    Callback.SECOND_APPROVE: approve,
    Callback.SECOND_DECLINE: decline,
    Callback.SECOND_ASK: ask,
    Callback.SNOOZE: snooze,
    Callback.STOP: stop,
    Callback.HANDOVER: hand_over,
    Callback.HANDOVER_RETURN: return_handover,
    Callback.ENVELOPE_SIGNER: change_signer,
    Callback.MISSED_REASON: record("missed reason"),
    Callback.LEGAL_ASK: ask_legal,
    Callback.NOTICE_SEND: send_notice,
    Callback.NOTICE_EVIDENCE: evidence,
    Callback.FINDING_PRICE: missing_price,
    Callback.FINDING_LEAVE_OUT: leave_out,
    Callback.CREDIT_FINANCE: credit_to_finance,
    Callback.CREDIT_DISPUTE: credit_disputed,
    Callback.CREDIT_MAIL: mail.ready,
    Callback.RESTORE_MAIL: mail.ready,
    Callback.ENVELOPE_NUDGE: mail.ready,
    Callback.FINANCE_RETURN: credit_returned,
    Callback.EFFECT_DONE: effect_done,
    Callback.CLAUSE_SETTLE: settle_clause,
    Callback.DIFFERENCE_ACCEPT: settle_difference(Event.ACCEPT),
    Callback.DIFFERENCE_DISPUTE: settle_difference(Event.DISPUTE),
}
"""What each form does."""
