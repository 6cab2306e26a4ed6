"""Cards of the other endings: missed, not renewing, let renew; and the line of the team channel."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import wording
from contractops.operator.showing import facts
from contractops.operator.showing.scene import Scene, terms_of
from contractops.operator.showing.states import decided, sending
from contractops.operator.slack.actions import Action, Button
from contractops.operator.slack.views import Act
from contractops.operator.slack.views_outcome import Evidence, LetRenewCard, MissedCard, NotRenewingCard, TeamLine, TextReply
from contractops.operator.store.tables import Alert, NoticeEvidence, Renewal
from contractops.tools.alerts import days_left


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
        contract_last_day=last if late else None,
        reason=_reason(scene),
        buttons=_missed_buttons(scene, late=late),
    )


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
    if row.decide_by is None:
        return TextReply(text=f"{found.account_name}: not renewing. The date by which the notice must be received is unknown.")
    evidence = _evidence(scene) if row.served_at is not None else None
    clause = found.source.facts.receipt_ref or found.source.facts.notice_ref
    serves = scene.row_of(Action.NOTICE_EVIDENCE) if scene.is_open("evidence") and evidence is None else ()
    return NotRenewingCard(
        **scene.base,
        decided=decided(scene, Event.STOP),
        received_by=row.decide_by,
        address=found.notice_address,
        clause=" ".join(filter(None, [clause.document, clause.clause])) if clause else None,
        evidence=evidence,
        buttons=(*serves, *scene.row_of(Action.NOTICE_SEE)),
    )


def _evidence(scene: Scene) -> Evidence | None:
    found = scene.session.get(NoticeEvidence, scene.row.id, populate_existing=True)
    if found is None:
        return None
    act = Act(by=scene.name(found.recorded_by), at=found.recorded_at)
    return Evidence(method=found.method, served_on=found.received_on, reference=found.reference, act=act)


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
        case Stage.NOT_RENEWING:
            state, on = "ended", row.term_end
        case Stage.LET_RENEW:
            state, on = "renews", row.renews_on
        case Stage.MISSED:
            state = "missed"
    if on is None:
        state = "unknown"
    return TeamLine(account=scene.facts.account_name, state=state, day=on, days_left=left, owner=owner)
