"""Cards of the other endings: missed, not renewing, let renew; and the line of the team channel."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import col, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import notices, wording
from contractops.operator.showing import facts
from contractops.operator.showing.outcome import taken_back
from contractops.operator.showing.scene import Scene, terms_of
from contractops.operator.showing.states import PARKED, decided, sending
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import (
    Evidence,
    LetRenewCard,
    MissedCard,
    NoticeNews,
    NoticeSignature,
    NotRenewingCard,
    TeamLine,
    TextReply,
    TheirNotice,
)
from contractops.operator.store.tables import Alert, Card, NoticeEvidence, Renewal
from contractops.tools.alerts import days_left
from contractops.tools.ports import EnvelopeState


def missed(scene: Scene) -> MissedCard | TextReply:
    """The window closed: what was sent, what follows, what still helps."""
    row, found = scene.row, scene.facts
    window, follows = found.window, facts.otherwise(found.window)
    if row.safe_on is None or follows is None or found.monthly is None:
        closed = "on an unknown day" if row.safe_on is None else f"on {wording.day(row.safe_on)}"
        return TextReply(text=f"The window for {found.account_name} ({row.contract_id}) closed {closed}.", account=found.account_name)
    sent = scene.session.exec(
        select(Alert.at).where(Alert.renewal_id == row.id, Alert.safe_on == row.safe_on, Alert.status == "sent")
    ).all()
    today = wording.local_date(scene.now, scene.zone)
    last = window.last_defensible
    late = last is not None and row.safe_on < last and today <= last
    return MissedCard(
        **scene.base,
        closed_on=row.safe_on,
        otherwise=follows,
        until=window.renews_to,
        monthly=found.monthly,
        alerts=len(sent),
        last_alert=wording.local_date(max(sent), scene.zone) if sent else None,
        next_decide_by=_next_safe(scene) or window.next_safe_on,
        told=_told(scene),
        contract_last_day=last if late else None,
        reason=_reason(scene),
        buttons=_missed_buttons(scene, late=late),
    )


def _told(scene: Scene) -> tuple[str, ...]:
    """Who was told of the miss, the owner first."""
    people = scene.session.exec(
        select(Card.person_id).where(Card.renewal_id == scene.row.id, Card.kind == "missed").order_by(col(Card.key))
    )
    return tuple(scene.name(one) for one in sorted(people, key=lambda one: one != scene.row.owner_id))


def _next_safe(scene: Scene) -> date | None:
    """The safe date of the term that was armed by the miss."""
    query = select(Renewal).where(Renewal.unit_id == scene.row.unit_id, Renewal.sequence == scene.row.sequence + 1)
    following = scene.session.exec(query).first()
    return following.safe_on if following else None


def _reason(scene: Scene) -> tuple[str, Act] | None:
    note = scene.card.args.get("note")
    if not note:
        return None
    return str(note["text"]), Act(by=scene.name(note["by"]), at=datetime.fromisoformat(note["at"]))


def _missed_buttons(scene: Scene, *, late: bool) -> tuple[Button, ...]:
    offers = scene.row_of(Action.MISSED_PREPARE if late else Action.MISSED_OFFER) if scene.is_open("missed") else ()
    records = () if scene.card.args.get("note") else scene.row_of(Action.MISSED_REASON)
    return (*offers, *scene.row_of(Action.LEGAL_ASK), *records)


def not_renewing(scene: Scene) -> NotRenewingCard | TextReply:
    """A notice of non-renewal: to be served, or served with evidence; or the decision was taken back."""
    row, found = scene.row, scene.facts
    asked = scene.asked
    if asked is not None and asked.decision == Event.WITHDRAW:
        act = scene.act_of(asked)
        return TextReply(
            text=f"{found.account_name}: the decision not to renew was taken back by {act.by}, {wording.moment(act.at, scene.zone)}."
        )
    if row.served_at is None and scene.stage is not Stage.NOT_RENEWING:
        due = "" if row.decide_by is None else f" by {wording.deadline(row.decide_by, scene.zone)}"
        return TextReply(
            text=f"{found.account_name}: no proof of delivery of the notice was recorded{due}. See the newest message of this thread.",
            buttons=scene.row_of(Action.NOTICE_SEE),
            account=found.account_name,
        )
    if row.decide_by is None:
        return TextReply(text=f"{found.account_name}: not renewing. The date by which the notice must be received is unknown.")
    evidence = _evidence(scene) if row.served_at is not None else None
    clause = found.source.facts.receipt_ref or found.source.facts.notice_ref
    sent, theirs = notices.latest(scene.session, row), _theirs(scene)
    seen = scene.row_of(Action.NOTICE_THEIRS) if theirs is not None and theirs.name is not None else ()
    return NotRenewingCard(
        **scene.base,
        decided=decided(scene, Event.STOP),
        received_by=row.decide_by,
        address=_notice_place(scene),
        clause=" ".join(filter(None, [clause.document, clause.clause])) if clause else None,
        evidence=evidence,
        signature=_signature(scene, sent) if sent and evidence is None else None,
        theirs=theirs,
        buttons=(*seen, *_notice_buttons(scene, sent)),
    )


def _theirs(scene: Scene) -> TheirNotice | None:
    """The file that was handed over with the decision that counts."""
    gate = scene.last_decision(Event.STOP)
    effect = scene.effect("slack.fetch", gate.version) if gate else None
    if effect is None:
        return None
    received_on, receipt = date.fromisoformat(effect.payload["received_on"]), effect.receipt or {}
    return TheirNotice(received_on=received_on, name=receipt.get("name"), stopped=effect.status != "todo")


def notice_news(scene: Scene) -> NoticeNews | TextReply:
    """What became of the signature of a notice, and what is left to do."""
    row, name = scene.row, scene.facts.account_name
    sent = notices.latest(scene.session, row)
    if sent is None or sent.envelope is None or not scene.card.key.endswith(f"/{sent.envelope.envelope_id}") or row.decide_by is None:
        return TextReply(text=f"{name}: this notice was replaced by a later one.", account=name)
    if not scene.is_open("evidence"):
        return TextReply(text=f"{name}: {_signature(scene, sent).said}", account=name)
    return NoticeNews(
        **scene.base,
        signature=_signature(scene, sent),
        received_by=row.decide_by,
        address=_notice_place(scene),
        days_left=0 if row.safe_on is None else days_left(row.safe_on, scene.zone, scene.now),
        buttons=_notice_buttons(scene, sent),
    )


def _notice_place(scene: Scene) -> str | None:
    """Whom and where the notice must reach; None when the contract names no address."""
    found = scene.facts
    return f"{found.account_name}, {found.notice_address}" if found.notice_address else None


def _notice_buttons(scene: Scene, sent: notices.Sent | None) -> tuple[Button, ...]:
    """Send it when nothing is out; help while it is out; the proof at any time until it is recorded."""
    if not scene.is_open("evidence"):
        kept = scene.session.get(NoticeEvidence, scene.row.id, populate_existing=True)
        return () if sent is None and kept is not None and kept.method == notices.THEIRS else scene.row_of(Action.NOTICE_SEE)
    rest = scene.row_of(Action.NOTICE_EVIDENCE, Action.NOTICE_SEE)
    if sent is None or sent.is_over:
        return (*scene.row_of(Action.NOTICE_SEND), *rest)
    is_out = sent.envelope is not None and sent.envelope.open
    return (*rest, *(scene.row_of(Action.ENVELOPE_RESEND, Action.ENVELOPE_VOID) if is_out else ()))


def _signature(scene: Scene, sent: notices.Sent) -> NoticeSignature:
    """Where the signature of the notice stands; "sent" and "signed" are said when the vendor has said so."""
    signer, envelope = sent.plan.signers[0].name, sent.envelope
    if envelope is None:
        if sent.effect.status == PARKED:
            return NoticeSignature(
                signer=signer, said="The notice did not go out; a person must look. See the message about it.", is_open=True
            )
        return NoticeSignature(signer=signer, said=f"Sending the notice to {signer} for signature…", is_open=True)
    state = EnvelopeState.model_validate(envelope.state)
    at = wording.moment(state.changed_at, scene.zone)
    match state.status:
        case "completed":
            return _signed_notice(sent, signer, at)
        case "declined":
            words = next((one.reason for one in state.recipients if one.reason), None) or ""
            return NoticeSignature(signer=signer, said=f"{signer} declined to sign the notice on {at}.", words=words)
        case "voided":
            by = taken_back(scene, envelope.envelope_id, state.changed_at)
            how = f"was taken back by {by.by}" if by else "closed without a signature"
            return NoticeSignature(signer=signer, said=f"The notice {how} on {at}.")
        case _:
            since = wording.moment(envelope.sent_at, scene.zone)
            return NoticeSignature(signer=signer, said=f"The notice is out for signature by {signer} since {since}.", is_open=True)


def _signed_notice(sent: notices.Sent, signer: str, at: str) -> NoticeSignature:
    """Signed; whether it is the notice that was decided on is known when the signed document was fetched."""
    said = f"The notice was signed by {signer} on {at}."
    if sent.fetched is None or sent.fetched.receipt is None:
        return NoticeSignature(signer=signer, said=f"{said} The signed document is being fetched.", is_open=True)
    places = len(sent.fetched.receipt["differences"])
    if places:
        return NoticeSignature(
            signer=signer, said=f"{said} It differs from what was sent in {wording.plural(places, 'place')}: don't deliver it."
        )
    return NoticeSignature(signer=signer, said=said, is_signed=True)


def _evidence(scene: Scene) -> Evidence | None:
    found = scene.session.get(NoticeEvidence, scene.row.id, populate_existing=True)
    if found is None:
        return None
    act = Act(by=scene.name(found.recorded_by), at=found.recorded_at)
    is_theirs = found.method == notices.THEIRS
    reference = "" if is_theirs and found.reference == notices.THEIR_LETTER else found.reference
    return Evidence(is_theirs=is_theirs, method=found.method, served_on=found.received_on, reference=reference, act=act)


def let_renew(scene: Scene) -> LetRenewCard | TextReply:
    """It renews as it is: decided, and final."""
    row, found = scene.row, scene.facts
    act = decided(scene, Event.LET_RENEW)
    follows = facts.otherwise(found.window)
    if row.renews_on is None or found.monthly is None or follows is None:
        return TextReply(text=f"{found.account_name} renews as it is, decided by {act.by}, {wording.moment(act.at, scene.zone)}.")
    return LetRenewCard(**scene.base, decided=act, on=row.renews_on, months=getattr(follows, "months", None), monthly=found.monthly)


def team(scene: Scene) -> TeamLine:
    """One line without a price."""
    row = scene.row
    owner = scene.name(row.owner_id) if row.owner_id else None
    left = days_left(row.safe_on, scene.zone, scene.now) if row.safe_on else None
    state, on = "decide", row.safe_on
    envelope = scene.envelope(sending(scene))
    match scene.stage:
        case Stage.RENEWED if scene.current is not None:
            state, on = "renewed", terms_of(scene.current).end
        case Stage.OUT_FOR_SIGNATURE | Stage.SIGNED | Stage.UPDATING_CRM if envelope is not None:
            state, on = "out", wording.local_date(envelope.sent_at, scene.zone)
        case Stage.NOT_RENEWING if row.served_at is None:
            state = "notice"
        case Stage.NOT_RENEWING:
            state, on = "ended", row.term_end
        case Stage.LET_RENEW:
            state, on = "renews", row.renews_on
        case Stage.MISSED:
            state = "missed"
    if on is None:
        state = "unknown"
    return TeamLine(account=scene.facts.account_name, state=state, day=on, days_left=left, owner=owner)
