"""Attend: what the clock asks of one renewal at this moment.

Rule 1: the clock only sends alerts, wakes, passes on and lapses; it never decides for a person.
Rule 2: each lead time is sent once for a safe date; after a gap only the most urgent one is sent and the rest are overtaken.
Rule 3: everything found is stored in one transaction; attending twice changes nothing more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.graphs.steps import NewCard
from contractops.operator import agenda, cases, terms_ahead
from contractops.operator.clock import wall_now
from contractops.operator.store import audit, cards, gates
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Alert, Card, Gate, Renewal
from contractops.tools.alerts import DueAlerts, PlannedAlert, Told, due_alerts
from contractops.tools.notice_window import NoticeWindow

LAPSES = frozenset({Stage.WATCHING, Stage.FLAGGED, Stage.SNOOZED, Stage.IN_REVIEW, Stage.NEEDS_PERSON, Stage.NOT_RENEWING})
"""Stages that end as missed when the safe date passes. An envelope that is out may still be signed; its own expiry ends it."""


def attend(database: Database, renewal_id: str, now: datetime, rules: cases.Rules) -> bool:
    """Do what is due for ``renewal_id`` at ``now`` (business time); True when the clock answered its gate and the graph should run."""
    with database.write() as session:
        row = session.get(Renewal, renewal_id, populate_existing=True)
        if row is None or row.next_action_at is None or row.next_action_at > now:
            return False
        window = cases.window_of(session, row, now)
        _take_over(session, row, window)
        event = _event(row, window, now)
        if event is not None:
            answered = _answer(session, row, event, now)
            if event in {Event.FLAG, Event.WAKE}:
                _send_alert(session, row, window, now, rules, root=event is Event.FLAG)
            if not answered:
                row.next_action_at = agenda.next_action(session, row, now, rules)
            return answered
        answered = _approver(session, row, window, now, rules)
        if row.stage in agenda.ALERTED_STAGES:
            _send_alert(session, row, window, now, rules, root=False)
        session.flush()
        row.next_action_at = agenda.next_action(session, row, now, rules)
        session.add(row)
        return answered


def _event(row: Renewal, window: NoticeWindow, now: datetime) -> Event | None:
    """The event that the clock alone may answer with, if any."""
    if _moved(row, window) and row.stage in {Stage.WATCHING, Stage.FLAGGED, Stage.SNOOZED}:
        return Event.REARM
    closed = row.decide_by is not None and now >= row.decide_by and row.missed_at is None
    if closed and Stage(row.stage) in LAPSES:
        return Event.LAPSE
    if row.stage == Stage.SNOOZED and row.snoozed_until is not None and now >= row.snoozed_until:
        return Event.WAKE
    if row.stage == Stage.WATCHING:
        return Event.FLAG
    return None


def _moved(row: Renewal, window: NoticeWindow) -> bool:
    return row.safe_on is not None and window.safe_on != row.safe_on


def _take_over(session: Session, row: Renewal, window: NoticeWindow) -> None:
    """Dates that moved while nobody was alerted yet, or while a draft is on its way, are taken over at once."""
    quiet = row.safe_on is None or row.stage not in {Stage.WATCHING, Stage.FLAGGED, Stage.SNOOZED}
    if quiet and window.safe_on != row.safe_on:
        terms_ahead.fill(row, window)
        root = session.get(Card, f"{row.id}/root")
        if root is not None:
            cards.rewrite(session, [root], version=row.version, wall=wall_now())


def _answer(session: Session, row: Renewal, event: Event, now: datetime) -> bool:
    """Answer the gate of this visit by the clock; a watching renewal that was armed in bulk gets its gate here."""
    key = gates.key_of(row.id, row.version)
    gate = session.get(Gate, key, populate_existing=True)
    if gate is None:
        gate = Gate(key=key, renewal_id=row.id, version=row.version, kind="clock", payload_hash="", allowed=[], opened_at=now)
        session.add(gate)
        session.flush()
    return gates.decide(session, key, gate.payload_hash, event, by=gates.MACHINE, at=now).won


def _send_alert(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules, *, root: bool) -> None:
    """Record the lead time that is due and tell the people it names; ``root``: the flag's own card is the alert."""
    working = cases.working_time(session, row.owner_id, rules)
    found = due_alerts(window, working, agenda.alerts_sent(session, row), now)
    _record(session, row, found, now)
    if found.due is None:
        return
    if not root:
        _remind(session, row, found.due, found.days_left or 0, now, rules)
    if _silent(session, row):
        _tell_others(session, row, found.due, now, rules)


def _record(session: Session, row: Renewal, found: DueAlerts, now: datetime) -> None:
    if row.safe_on is None:
        return
    for lead in found.overtaken:
        session.merge(Alert(renewal_id=row.id, safe_on=row.safe_on, lead=lead, status="overtaken", at=now))
    if found.due is not None:
        session.merge(Alert(renewal_id=row.id, safe_on=row.safe_on, lead=found.due.level.lead_days, status="sent", at=now))
    session.flush()


def _remind(session: Session, row: Renewal, alert: PlannedAlert, left: int, now: datetime, rules: cases.Rules) -> None:
    form = str(alert.level.form)
    to = row.owner_id or rules.contract_ops(session)[0]
    card = NewCard(
        f"{row.id}/reminder/{row.safe_on}/{alert.level.lead_days}",
        "reminder",
        to,
        thread=f"{row.id}/root",
        broadcast=form != "reply",
        gated=True,
        args={"days_left": left, "lead": alert.level.lead_days, "form": form},
    )
    _post(session, row, card, now, rules)


def _tell_others(session: Session, row: Renewal, alert: PlannedAlert, now: datetime, rules: cases.Rules) -> None:
    """Silence climbs: those whom the ladder names get the alert, and the owner sees it on the card."""
    for told in alert.level.also_told:
        for person in _people(session, row, told, rules):
            key = f"{row.id}/told/{row.safe_on}/{alert.level.lead_days}/{person}"
            args = {"lead": alert.level.lead_days, "told": str(told)}
            _post(session, row, NewCard(key, "told", person, args=args), now, rules)


def _people(session: Session, row: Renewal, told: Told, rules: cases.Rules) -> tuple[str, ...]:
    if told is Told.MANAGER:
        manager = cases.manager_of(session, row.owner_id)
        return (manager,) if manager else rules.contract_ops(session)[:1]
    if told is Told.CONTRACT_OPS:
        return rules.contract_ops(session)[:1]
    return rules.with_role(session, "vp_sales")[:1]


def _silent(session: Session, row: Renewal) -> bool:
    """Whether the alert before the one just recorded was sent and no button was pressed since. Without one there was no silence."""
    sent = session.exec(
        select(Alert.at)
        .where(Alert.renewal_id == row.id, Alert.safe_on == row.safe_on, Alert.status == "sent")
        .order_by(col(Alert.at).desc())
        .offset(1)
        .limit(1)
    ).first()
    return sent is not None and (row.answered_at is None or row.answered_at < sent)


def _approver(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> bool:
    """Remind an approver once at half of his time; when it is gone, pass the question on to his deputy or manager."""
    gate = gates.open_of(session, row.id, row.version)
    if row.stage != Stage.IN_REVIEW or gate is None or gate.kind != "approver":
        return False
    remind_at, end = agenda.approver_times(session, gate, window, rules)
    if now >= end:
        people = cases.next_in_line(session, gate.allowed)
        if people:
            return gates.decide(
                session, gate.key, gate.payload_hash, Event.REASSIGN, by=gates.MACHINE, at=now, answer={"people": list(people)}
            ).won
    if now >= remind_at:
        for card in session.exec(select(Card).where(Card.gate_key == gate.key, Card.kind == "second")).all():
            reminder = NewCard(f"{card.key}/reminder", "approver_reminder", card.person_id or "", thread=card.key, gated=True)
            _post(session, row, reminder, now, rules, gate_key=gate.key)
    return False


def _post(session: Session, row: Renewal, card: NewCard, now: datetime, rules: cases.Rules, *, gate_key: str | None = None) -> None:
    when, counted = agenda.posting_time(session, card, row.id, now, rules)
    cards.add(
        session,
        card,
        renewal_id=row.id,
        version=row.version,
        gate_key=gate_key or gates.key_of(row.id, row.version),
        now=now,
        wall=wall_now(),
        post_at=when,
        counted=counted,
    )


def note(session: Session, row: Renewal, event: str, by: str, now: datetime, data: dict[str, Any]) -> None:
    """Write something that moves no stage into the renewal's chain."""
    audit.append(session, row.id, version=row.version, event=event, old=row.stage, new=row.stage, by=by, at=now, data=data, moved=False)
