"""Attend: what the clock asks of one renewal at this moment.

Rule 1: the clock only sends alerts, wakes, passes on and lapses; it never decides for a person.
Rule 2: each lead time is sent once for a safe date; after a gap only the most urgent one is sent and the rest are overtaken.
Rule 3: an alert leaves the ladder when it can reach its person: quiet time and a full day hold it back, the most urgent one first in line.
Rule 4: everything found is stored in one transaction; attending twice changes nothing more.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from contractops.graphs.lifecycle import Event, Stage
from contractops.graphs.prepare import APPROVALS
from contractops.graphs.steps import NewCard
from contractops.operator import addressing, agenda, alerting, approvals, cases, notices, signers, terms_ahead
from contractops.operator.alerting import put
from contractops.operator.clock import wall_now
from contractops.operator.store import audit, cards, gates
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Card, Gate, Renewal
from contractops.tools.alerts import reach_at
from contractops.tools.notice_window import NoticeWindow

__all__ = ["attend", "note", "put"]

_EARLY = frozenset({Stage.WATCHING, Stage.FLAGGED, Stage.SNOOZED})
"""Stages in which a moved date starts the alerts anew."""


def attend(database: Database, renewal_id: str, now: datetime, rules: cases.Rules) -> bool:
    """Do what is due for ``renewal_id`` at ``now`` (business time); True when the clock answered its gate and the graph should run."""
    with database.write() as session:
        row = session.get(Renewal, renewal_id, populate_existing=True)
        if row is None or row.next_action_at is None or row.next_action_at > now:
            return False
        return attend_now(session, row, now, rules)


def attend_now(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> bool:
    """``attend`` inside the caller's transaction, whatever was planned: something about the renewal has changed."""
    window = cases.window_of(session, row, now)
    _take_over(session, row, window, now, rules)
    alerting.follow_owner(session, row, now, rules)
    event = _event(session, row, window, now, rules)
    if event is not None:
        answered, held = _answer(session, row, event, now), None
        if event is Event.WAKE:
            alerting.wake(session, row, window, now, rules)
    else:
        answered, held = _tend(session, row, window, now, rules)
    session.flush()
    row.next_action_at = agenda.next_action(session, row, now, rules, held_until=held)
    session.add(row)
    return answered


def note(session: Session, row: Renewal, event: str, by: str, now: datetime, data: dict[str, Any]) -> None:
    """Write something that moves no stage into the renewal's chain."""
    audit.append(session, row.id, version=row.version, event=event, old=row.stage, new=row.stage, by=by, at=now, data=data, moved=False)


def _tend(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> tuple[bool, datetime | None]:
    """(whether the graph should run, until when an alert is held back): everything that does not end the wait by itself."""
    turn = alerting.turn(session, row, window, now, rules)
    answered = False
    if turn.due is not None and row.stage == Stage.WATCHING:
        answered = _answer(session, row, Event.FLAG, now)
        alerting.flagged(session, row, turn, now, rules)
    elif turn.due is not None:
        alerting.send(session, row, turn, now, rules)
    alerting.short_reminder(session, row, now, rules)
    alerting.mail_unread(session, row, now, rules)
    _signer(session, row, now, rules)
    news = notices.to_be_told(session, row)
    if news is not None:
        to = addressing.addressee(session, row.owner_id, now, rules)
        put(session, row, NewCard(news, "notice_news", to, thread=alerting.root_of(row), broadcast=True, gated=True), now, rules)
    if row.stage == Stage.MISSED:
        _refresh_missed(session, row)
    renewed_at = agenda.has_renewed_at(session, row, now, rules)
    if renewed_at is not None and renewed_at <= now:
        to = addressing.addressee(session, row.owner_id, now, rules)
        put(session, row, NewCard(agenda.renewed_key(row), "has_renewed", to, thread=alerting.root_of(row)), now, rules)
    return answered or _approver(session, row, window, now, rules), turn.held_until


def _event(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> Event | None:
    """The event that the clock alone answers with, if any."""
    if row.stage in _EARLY and row.safe_on is not None and window.safe_on != row.safe_on:
        return Event.REARM
    if row.decide_by is not None and now >= row.decide_by and agenda.lapses(session, row):
        return Event.LAPSE
    if row.stage == Stage.SNOOZED and row.snoozed_until is not None and now >= row.snoozed_until:
        working = cases.working_time(session, addressing.addressee(session, row.owner_id, now, rules), rules)
        reached = reach_at(now, working, row.safe_on)
        if reached <= now:
            return Event.WAKE
        row.snoozed_until = reached
    return None


def _take_over(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> None:
    """Dates that moved while nobody was alerted yet, or while a draft is on its way, are taken over at once; the thread is told."""
    old = row.safe_on
    if window.safe_on == old or (old is not None and row.stage in _EARLY):
        return
    terms_ahead.fill(row, window)
    root = session.get(Card, alerting.root_of(row))
    if root is None:
        return
    cards.rewrite(session, [root], version=row.version, wall=wall_now())
    if old is not None:
        to = addressing.addressee(session, row.owner_id, now, rules)
        args = {"old": str(old), "new": str(window.safe_on)}
        put(session, row, NewCard(f"{row.id}/moved/{window.safe_on}", "moved", to, thread=root.key, args=args), now, rules)


def _answer(session: Session, row: Renewal, event: Event, now: datetime) -> bool:
    """Answer the gate of this visit by the clock; a watching renewal that was armed in bulk gets its gate here."""
    key = gates.key_of(row.id, row.version)
    gate = session.get(Gate, key, populate_existing=True)
    if gate is None:
        gate = Gate(key=key, renewal_id=row.id, version=row.version, kind="clock", payload_hash="", allowed=[], opened_at=now)
        session.add(gate)
        session.flush()
    return gates.decide(session, key, gate.payload_hash, event, by=gates.MACHINE, at=now).won


def _refresh_missed(session: Session, row: Renewal) -> None:
    """The contract's own last day is over: the cards of the miss say what helps now."""
    missed = session.exec(select(Card).where(Card.renewal_id == row.id, Card.kind == "missed")).all()
    cards.rewrite(session, list(missed), version=row.version, wall=wall_now())


def _signer(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> None:
    """Tell the owner at once of an invitation that came back, and ask him about a signer who is silent."""
    to = addressing.addressee(session, row.owner_id, now, rules)
    returned = signers.to_be_told(session, row)
    if returned is not None:
        args = {"envelope": returned.envelope.envelope_id, "email": returned.signer.email}
        card = NewCard(returned.key("bounced"), "bounced", to, thread=alerting.root_of(row), broadcast=True, gated=True, args=args)
        put(session, row, card, now, rules)
    question = signers.next_question(session, row, rules)
    if question is None or question[1].at > now:
        return
    waiting, step = question
    reason: dict[str, Any] = step.reason.model_dump(mode="json")
    about: dict[str, Any] = {"envelope": waiting.envelope.envelope_id, "email": waiting.signer.email, "reason": reason}
    key, broadcast = f"{waiting.key('silent')}/{step.silence}", agenda.is_near(row, now)
    put(session, row, NewCard(key, "silent", to, thread=alerting.root_of(row), broadcast=broadcast, gated=True, args=about), now, rules)


def _approver(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> bool:
    """Remind an approver once at half of his time; when it is gone, or he is away, pass the question on to his deputy or manager, and tell him."""
    gate = gates.open_of(session, row.id, row.version)
    if row.stage != Stage.IN_REVIEW or gate is None or gate.kind != "approver":
        return False
    remind_at, end = agenda.approver_times(session, gate, window, rules)
    asked = session.exec(select(Card).where(Card.gate_key == gate.key, Card.kind == "second")).all()
    others = list(approvals.next_in_line(session, gate)) if now >= end or agenda.nobody_is_there(session, gate, now) else []
    if others:
        for card in asked:
            told = NewCard(
                f"{card.key}/passed/{gate.version}", "passed_on", card.person_id or APPROVALS, thread=card.key, args={"people": others}
            )
            put(session, row, told, now, rules)
        return gates.decide(session, gate.key, gate.payload_hash, Event.REASSIGN, by=gates.MACHINE, at=now, answer={"people": others}).won
    if remind_at <= now < end:
        for card in asked:
            key = f"{card.key}/reminder/{gate.version}"
            if session.get(Card, key) is None:
                reminder = NewCard(key, "approver_reminder", card.person_id or APPROVALS, thread=card.key, gated=True)
                put(session, row, reminder, now, rules)
    return False
