"""What business time will trigger: the events ahead, in words, for whoever moves a clock.

Rule 1: what comes first for a renewal is its stored ``next_action_at``; what follows from it is read from the ladder as if nobody acts.
Rule 2: an event that is only foreseen lies after the stored one of its renewal: a clock that goes from event to event stops at stored ones.
Rule 3: a card that was put off, an envelope that expires, a warning about a fault and the next digest of a person are events, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Stage
from contractops.operator import agenda, cases, digests, people, restore_watch
from contractops.operator.store.records import Account
from contractops.operator.store.tables import Alert, Card, Envelope, Renewal
from contractops.operator.wording import listing, plural
from contractops.tools.alerts import AlertLevel, Told, lead_reached, moment_of, plan_alerts, short_reminders
from contractops.tools.people import WorkingTime

LIMIT = 200
WITH_THE_CUSTOMER = frozenset({Stage.OUT_FOR_SIGNATURE, Stage.SIGNED, Stage.UPDATING_CRM})
"""Stages in which the terms are out: the window closes without a decision of ours."""
_ENDS = {Stage.LET_RENEW: "the term renews", Stage.MISSED: "the contract's own last day is over"}
"""What is ahead of a term that is decided."""
_TOLD: Final = {Told.MANAGER: "the manager", Told.CONTRACT_OPS: "contract-ops", Told.VP_SALES: "VP Sales"}


class Ahead(NamedTuple):
    """An event: when (aware), what in words, and its kind for whoever counts."""

    at: datetime
    label: str
    kind: str


def ahead(session: Session, now: datetime, to: datetime, rules: cases.Rules) -> list[Ahead]:
    """Every event after ``now`` up to ``to``, in order."""
    planned = col(Renewal.next_action_at)
    rows = session.exec(select(Renewal).where(planned > now, planned <= to).order_by(planned).limit(LIMIT)).all()
    events = [event for row in rows for event in _of(session, row) if event.at <= to]
    held = session.exec(
        select(Card).where(col(Card.post_at) > now, col(Card.post_at) <= to, Card.shown == 0).order_by(col(Card.post_at)).limit(LIMIT)
    ).all()
    events += [Ahead(card.post_at, "a card that quiet time or a full day put off", "card") for card in held if card.post_at is not None]
    out = session.exec(select(Envelope).where(Envelope.open, Envelope.expires_at > now, Envelope.expires_at <= to)).all()
    events += [Ahead(envelope.expires_at, "an envelope expires", "envelope") for envelope in out]
    for one in restore_watch.warnings(session, now, rules):
        if now < one.at <= to:
            events.append(Ahead(one.at.astimezone(UTC), f"restore target nears, {one.ticket}, {one.account}", "warning"))
    events += [
        Ahead(at, f"weekly digest for {plural(count, 'person', 'people')}", "digest") for at, count in digests.ahead(session, now, to)
    ]
    return sorted(events)


def _of(session: Session, row: Renewal) -> Iterator[Ahead]:
    """What is stored as the next event of the renewal, and what follows when nobody acts."""
    first = row.next_action_at
    if first is None:
        return
    name, working = _name(session, row), _working_time(session, row)
    stored = _stored(session, row, first, name, working)
    yield stored
    if row.missed_at is None and row.stage not in {*WITH_THE_CUSTOMER, *_ENDS} and row.decide_by is not None and first < row.decide_by:
        yield Ahead(row.decide_by, f"window closes, {name}", "window")
    if row.safe_on is None or row.decide_by is None or (row.stage not in agenda.ALERTED_STAGES and row.stage != Stage.SNOOZED):
        return
    sent = agenda.alerts_sent(session, row)
    silent = stored.kind == "alert" and _silent(session, row)
    for alert in plan_alerts(row.safe_on, working.holiday_calendar):
        at = moment_of(alert, row.safe_on, working, first)
        if alert.level.lead_days >= min(sent, default=alert.level.lead_days + 1) or at >= row.decide_by or agenda.is_served(row):
            continue
        if at > first:
            yield Ahead(at, f"{alert.level.lead_days}-day alert, {name}", "alert")
            yield from _climbs(at, alert.level, name)
        elif silent and at == first and stored.label.startswith(f"{alert.level.lead_days}-day "):
            yield from _climbs(at, alert.level, name)
        yield from (
            Ahead(at, f"short reminder, {name}", "reminder") for at in short_reminders(alert.level, at) if first < at < row.decide_by
        )


def _climbs(at: datetime, level: AlertLevel, name: str) -> Iterator[Ahead]:
    """Who else hears of it, when the alert before is unanswered."""
    if level.also_told:
        verb = "is" if len(level.also_told) == 1 else "are"
        yield Ahead(at, f"escalation, {name}: {listing([_TOLD[told] for told in level.also_told])} {verb} told", "escalation")


def _silent(session: Session, row: Renewal) -> bool:
    """Whether the last alert was sent and no button was pressed since."""
    last = session.exec(
        select(Alert.at)
        .where(Alert.renewal_id == row.id, Alert.safe_on == row.safe_on, Alert.status == "sent")
        .order_by(col(Alert.at).desc())
        .limit(1)
    ).first()
    return last is not None and (row.answered_at is None or row.answered_at < last)


def _name(session: Session, row: Renewal) -> str:
    account = session.exec(select(Account.name).where(Account.id == row.account_id, col(Account.superseded_at).is_(None))).first()
    return account or row.contract_id


def _working_time(session: Session, row: Renewal) -> WorkingTime:
    owner = people.person(session, row.owner_id)
    return owner.working_time if owner else WorkingTime(zone=row.zone or "UTC", holiday_calendar="none")


def _stored(session: Session, row: Renewal, at: datetime, name: str, working: WorkingTime) -> Ahead:
    """The stored next event, named."""
    if row.stage in _ENDS:
        return Ahead(at, f"{_ENDS[Stage(row.stage)]}, {name}", "term")
    if row.decide_by is not None and at >= row.decide_by and row.missed_at is None:
        return Ahead(at, f"window closes, {name}", "window")
    if row.stage == Stage.SNOOZED and at == row.snoozed_until:
        return Ahead(at, f"snooze ends, {name}", "snooze")
    lead = _lead(session, row, at, working)
    if lead is not None:
        return Ahead(at, f"{lead}-day alert, {name}", "alert")
    if row.stage == Stage.IN_REVIEW:
        return Ahead(at, f"an approver's answer time, {name}", "answer time")
    return Ahead(at, f"reminder, {name}", "reminder")


def _lead(session: Session, row: Renewal, at: datetime, working: WorkingTime) -> int | None:
    """The lead time that falls to ``at``; None when the latest one was sent already."""
    if row.safe_on is None or row.zone is None:
        return None
    lead = lead_reached(row.safe_on, working, at)
    if lead is None:
        return None
    sent = session.get(Alert, (row.id, row.safe_on, lead))
    return lead if sent is None else None
