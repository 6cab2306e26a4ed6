"""Performers: how each kind of effect is done, and what its receipt means.

Rule 1: a handler makes one remote change and returns its receipt; it holds no transaction.
Rule 2: before a repeat, a kind whose prevention is *look up* asks the vendor for the key.
Rule 3: the receipt and what follows from it (the answer to a gate, an id, fresh cards) are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.graphs.steps import NewEffect
from contractops.operator.clock import wall_now
from contractops.operator.documents.read import compare
from contractops.operator.store import cards, crm_history, gates, ledger, restoring
from contractops.operator.store.db import Database
from contractops.operator.store.records import Blob
from contractops.operator.store.tables import Effect, Envelope, Renewal
from contractops.tools.crm import CrmPatch
from contractops.tools.errors import InvariantError, VendorError
from contractops.tools.ports import Clock, Crm, EnvelopeControl, Signer
from contractops.tools.signature import NOTICE, EnvelopePlan, SignerPlan
from contractops.tools.values import sha256_of


@dataclass(frozen=True)
class Receipt:
    """What came of an effect. ``follow`` runs in the transaction that stores the receipt."""

    remote_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    follow: Callable[[Session, Effect, datetime], None] | None = None


Performer = Callable[[Effect], Receipt]


@dataclass(frozen=True)
class Vendors:
    """The adapters of this installation. None: not configured; its effects wait and say so."""

    signer: Signer | None
    control: EnvelopeControl | None
    crm: Crm


class Signing:
    """Effects at the signature vendor. ``word`` may put other words around an envelope; None: the template's."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        signer: Signer,
        control: EnvelopeControl,
        word: Callable[[Effect, EnvelopePlan], EnvelopePlan] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._control = control
        self._word = word

    def kinds(self) -> Mapping[str, Performer]:
        """Performer by kind."""
        return {
            "docusign.send": self.send,
            "docusign.fetch": self.fetch,
            "docusign.void": self.void,
            "docusign.resend": self.resend,
            "docusign.change_signer": self.change_signer,
        }

    def send(self, effect: Effect) -> Receipt:
        """Create the envelope; on a repeat the one with our key is taken instead."""
        plan = EnvelopePlan.model_validate(effect.payload["plan"])
        found = self._signer.find(effect.key) if effect.attempts > 1 or self._may_be_out(effect) else None
        if found is None and self._word is not None:
            plan = self._word(effect, plan)
        envelope_id = found or self._signer.send(plan, self._blob(effect.payload["document"]), effect.key)
        state = self._signer.state(envelope_id)

        def follow(session: Session, done: Effect, now: datetime) -> None:
            if session.get(Envelope, envelope_id) is None:
                row = Envelope(
                    envelope_id=envelope_id,
                    renewal_id=done.renewal_id,
                    draft_number=plan.draft_number,
                    status="created",
                    state={},
                    expires_at=plan.expires_at,
                    sent_at=now,
                )
                # Found again after a crash, it may have been signed long ago: its state counts as any later one does.
                _take_over(session, row, state.model_dump(mode="json"), now)
            for held in _held(session, done):
                if held.payload["made_with"] == done.key:
                    held.status = "cancelled"
                    session.add(held)

        return Receipt(envelope_id, {"envelope": envelope_id}, follow)

    def _may_be_out(self, effect: Effect) -> bool:
        """Whether the database was restored: what it does not know may have been sent. Raises ``VendorError`` CO-RST-002 while another one is out."""
        with self._database.read() as session:
            others = [one.payload["envelope"] for one in _held(session, effect) if one.payload["made_with"] != effect.key]
            if others:
                message = f"the envelope {others[0]}, which the restored backup does not know, is still out"
                raise VendorError(
                    "CO-RST-002", message, advice="Take it back with the button of its card.", retry_at=wall_now() + STILL_OUT
                )
            return restoring.was_restored(session)

    def fetch(self, effect: Effect) -> Receipt:
        """Fetch what was signed and compare it with what was approved; the answer settles the gate."""
        envelope_id = str(effect.payload["envelope"])
        state = self._signer.state(envelope_id)
        signed = self._signer.signed_document(envelope_id)
        plan = self._plan(envelope_id)
        found = compare(self._blob(plan.document_sha256), signed, plan.signers, state)
        answer = {
            "differences": [difference.model_dump(mode="json") for difference in found.differences],
            "signed_sha256": sha256_of(signed),
            "state": state.model_dump(mode="json"),
        }

        def follow(session: Session, done: Effect, now: datetime) -> None:
            if session.get(Blob, answer["signed_sha256"]) is None:
                session.add(Blob(sha256=str(answer["signed_sha256"]), content=signed))
            if plan.draft_number == NOTICE:
                _look_again(session, session.get_one(Envelope, envelope_id), now)
            else:
                answer_machine(session, done, Event.MATCH if found.matches else Event.DIFFER, answer, now)

        return Receipt(envelope_id, answer, follow)

    def void(self, effect: Effect) -> Receipt:
        """Take the envelope back."""
        self._control.void(str(effect.payload["envelope"]), str(effect.payload["reason"]))
        return Receipt(str(effect.payload["envelope"]))

    def resend(self, effect: Effect) -> Receipt:
        """Remind the current signers."""
        self._control.resend(str(effect.payload["envelope"]))
        return Receipt(str(effect.payload["envelope"]))

    def change_signer(self, effect: Effect) -> Receipt:
        """Replace a signer who has not signed; whom the envelope waits for now is read back, not assumed."""
        payload = effect.payload
        envelope_id = str(payload["envelope"])
        self._control.change_signer(envelope_id, payload["old_email"], payload["name"], payload["email"])
        state = self._signer.state(envelope_id).model_dump(mode="json")

        def follow(session: Session, _done: Effect, now: datetime) -> None:
            row = session.get(Envelope, envelope_id, populate_existing=True)
            if row is not None:
                apply_envelope(session, row, state, now=now, wall=wall_now())

        return Receipt(envelope_id, {}, follow)

    def _blob(self, sha256: str) -> bytes:
        with self._database.read() as session:
            blob = session.get(Blob, sha256)
        if blob is None:
            raise InvariantError("CO-EFF-001", f"the document {sha256[:12]} that was approved is not stored")
        return blob.content

    def _plan(self, envelope_id: str) -> EnvelopePlan:
        with self._database.read() as session:
            return plan_of(session, envelope_id)


class Records:
    """Effects at the CRM."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    def kinds(self) -> Mapping[str, Performer]:
        """Performer by kind."""
        return {"crm.write": self.write, "crm.overwrite": self.overwrite}

    def write(self, effect: Effect) -> Receipt:
        """Conditional write with read-back; fields that a person changed meanwhile come back as conflicts."""
        receipt = self._crm.write(CrmPatch.model_validate(effect.payload["patch"]))
        record = self._crm.read(receipt.contract_id)
        answer = {"receipt": receipt.model_dump(mode="json")}

        def follow(session: Session, done: Effect, now: datetime) -> None:
            if record is not None:
                crm_history.remember(session, record, now)
            answer_machine(session, done, Event.STUCK if receipt.mismatches else Event.WRITTEN, answer, now)

        return Receipt(receipt.contract_id, answer, follow)

    def overwrite(self, effect: Effect) -> Receipt:
        """Write the one field that a person decided on."""
        payload = effect.payload
        self._crm.overwrite(payload["contract"], payload["field"], payload["value"], payload["renewal_key"])
        return Receipt(str(payload["contract"]), dict(payload))


def answer_machine(session: Session, effect: Effect, event: Event, answer: dict[str, Any], now: datetime) -> None:
    """Answer the machine's gate of the visit that the effect belongs to; a visit that is over is left alone."""
    gates.decide(session, gates.key_of(effect.renewal_id, effect.version), "", event, by=gates.MACHINE, at=now, answer=answer)


def plan_of(session: Session, envelope_id: str) -> EnvelopePlan:
    """The plan of an envelope, with the signers whom people have put in others' places since. Raises ``InvariantError`` CO-EFF-002 when none is."""
    row = session.exec(select(Effect).where(Effect.kind == "docusign.send", Effect.remote_id == envelope_id)).first()
    if row is None:
        raise InvariantError("CO-EFF-002", f"{envelope_id} was not sent by us")
    plan = EnvelopePlan.model_validate(row.payload["plan"])
    changes = select(Effect).where(Effect.renewal_id == row.renewal_id, Effect.kind == "docusign.change_signer", Effect.status == "done")
    for change in session.exec(changes.order_by(col(Effect.done_at))).all():
        if change.payload["envelope"] == envelope_id:
            plan = plan.model_copy(update={"signers": tuple(_replaced(one, change.payload) for one in plan.signers)})
    return plan


def _held(session: Session, effect: Effect) -> list[Effect]:
    """Envelopes of the renewal that were found after a restoring, whose taking back is not done."""
    query = select(Effect).where(
        Effect.renewal_id == effect.renewal_id, Effect.kind == "docusign.void", col(Effect.status).in_(("todo", "needs_person"))
    )
    return [one for one in session.exec(query) if "made_with" in one.payload]


def _replaced(signer: SignerPlan, change: dict[str, Any]) -> SignerPlan:
    if signer.email.casefold() != str(change["old_email"]).casefold():
        return signer
    return signer.model_copy(update={"name": change["name"], "email": change["email"], "title": ""})


_ORDER = {"created": 0, "sent": 1, "delivered": 2, "completed": 3, "declined": 3, "voided": 3}
EXPIRY_GRACE = timedelta(minutes=1)
STILL_OUT = timedelta(minutes=5)


def apply_envelope(session: Session, row: Envelope, state: dict[str, Any], *, now: datetime, wall: datetime) -> bool:
    """Take over what the vendor says of an envelope; True when something changed.

    Monotonic: a late or repeated message never takes a state back. The final states answer the signature gate.
    """
    row.read_at = wall
    session.add(row)
    if state == row.state or not _take_over(session, row, state, now):
        return False
    renewal = session.get_one(Renewal, row.renewal_id, populate_existing=True)
    cards.rewrite(
        session,
        cards.touched_by(session, renewal, gates.key_of(renewal.id, renewal.version)),
        version=renewal.version,
        wall=wall,
    )
    return True


def _take_over(session: Session, row: Envelope, state: dict[str, Any], now: datetime) -> bool:
    """Store ``state`` unless it is older than what is known; an envelope that ends answers the gate that waits for it, once."""
    if _ORDER.get(state["status"], 0) < _ORDER.get(row.status, 0):
        return False
    row.state, row.status = state, state["status"]
    session.add(row)
    _look_again(session, row, now)
    event = _event(state, row, now)
    if event is not None and row.open:
        row.open = False
        renewal = session.get_one(Renewal, row.renewal_id, populate_existing=True)
        if row.draft_number == NOTICE:  # nothing waits for it: what was signed is fetched, so that it can be delivered
            if event is Event.COMPLETE:
                effect = NewEffect("docusign.fetch", {"envelope": row.envelope_id, "draft": NOTICE})
                ledger.intend(session, effect, renewal_id=row.renewal_id, version=renewal.version, at=wall_now())
        elif renewal.stage == Stage.OUT_FOR_SIGNATURE:
            gate = gates.key_of(renewal.id, renewal.version)
            gates.decide(session, gate, "", event, by=gates.MACHINE, at=now, answer=_said(state))
    return True


def _look_again(session: Session, row: Envelope, now: datetime) -> None:
    """News of the signers moves what the owner is asked next: the sweep attends to the renewal and plans it afresh."""
    renewal = session.get_one(Renewal, row.renewal_id, populate_existing=True)
    if renewal.stage in {Stage.OUT_FOR_SIGNATURE, Stage.NOT_RENEWING}:
        renewal.next_action_at = now
        session.add(renewal)


def _event(state: dict[str, Any], row: Envelope, now: datetime) -> Event | None:
    match state["status"]:
        case "completed":
            return Event.COMPLETE
        case "declined":
            return Event.REFUSE
        case "voided":
            return Event.EXPIRE if now >= row.expires_at - EXPIRY_GRACE else Event.VOID
        case _:
            return None


def _said(state: dict[str, Any]) -> dict[str, Any]:
    """Who ended it and in which words, from the recipients."""
    ended = [person for person in state["recipients"] if person["status"] == "declined"]
    who = ended[0] if ended else None
    return {
        "at": state["changed_at"],
        "by_name": who["name"] if who else None,
        "reason": (who["reason"] if who else None) or state.get("reason"),
        "envelope": state["envelope_id"],
    }
