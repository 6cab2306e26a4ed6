"""What business time will trigger: the events ahead, in words, for whoever moves a clock.

Rule 1: an event is a stored ``next_action_at``, a card that was put off, a warning about a fault or the next digest of a person; only its
name is read from the ladder.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Stage
from contractops.operator import cases, digests, people, restore_watch
from contractops.operator.store.records import Account
from contractops.operator.store.tables import Alert, Card, Envelope, Renewal
from contractops.operator.wording import plural
from contractops.tools.alerts import lead_reached
from contractops.tools.people import WorkingTime

LIMIT = 200
WITH_THE_CUSTOMER = frozenset({Stage.OUT_FOR_SIGNATURE, Stage.SIGNED, Stage.UPDATING_CRM})
"""Stages in which the terms are out: the window closes without a decision of ours."""
_ENDS = {Stage.LET_RENEW: "the term renews", Stage.MISSED: "the contract's own last day is over"}
"""What is ahead of a term that is decided."""


def ahead(session: Session, now: datetime, to: datetime, rules: cases.Rules) -> list[tuple[datetime, str]]:
    """(instant, label) of every event after ``now`` up to ``to``, in order."""
    planned = col(Renewal.next_action_at)
    rows = session.exec(select(Renewal).where(planned > now, planned <= to).order_by(planned).limit(LIMIT)).all()
    events = [(row.next_action_at, _label(session, row)) for row in rows if row.next_action_at is not None]
    events += [
        (row.decide_by, f"window closes, {_name(session, row)}") for row in rows if _closes_later(row, to) and row.decide_by is not None
    ]
    held = session.exec(
        select(Card).where(col(Card.post_at) > now, col(Card.post_at) <= to, Card.shown == 0).order_by(col(Card.post_at)).limit(LIMIT)
    ).all()
    events += [(card.post_at, "a card that quiet time or a full day put off") for card in held if card.post_at is not None]
    out = session.exec(select(Envelope).where(Envelope.open, Envelope.expires_at > now, Envelope.expires_at <= to)).all()
    events += [(envelope.expires_at, "an envelope expires") for envelope in out]
    for one in restore_watch.warnings(session, now, rules):
        if now < one.at <= to:
            events.append((one.at.astimezone(UTC), f"restore target nears, {one.ticket}, {one.account}"))
    events += [(at, f"weekly digest for {plural(count, 'person', 'people')}") for at, count in digests.ahead(session, now, to)]
    return sorted(events)


def _closes_later(row: Renewal, to: datetime) -> bool:
    """Whether the window closes up to ``to``, after the event that comes first, when nobody acts."""
    if row.decide_by is None or row.next_action_at is None or row.missed_at is not None or row.stage in {*WITH_THE_CUSTOMER, *_ENDS}:
        return False
    return row.next_action_at < row.decide_by <= to


def _name(session: Session, row: Renewal) -> str:
    account = session.exec(select(Account.name).where(Account.id == row.account_id, col(Account.superseded_at).is_(None))).first()
    return account or row.contract_id


def _label(session: Session, row: Renewal) -> str:
    name, at = _name(session, row), row.next_action_at
    if at is None:
        return name
    if row.stage in _ENDS:
        return f"{_ENDS[Stage(row.stage)]}, {name}"
    if row.decide_by is not None and at >= row.decide_by and row.missed_at is None:
        return f"window closes, {name}"
    if row.stage == Stage.SNOOZED and at == row.snoozed_until:
        return f"snooze ends, {name}"
    lead = _lead(session, row, at)
    if lead is not None:
        return f"{lead}-day alert, {name}"
    return f"an approver's answer time, {name}" if row.stage == Stage.IN_REVIEW else f"reminder, {name}"


def _lead(session: Session, row: Renewal, at: datetime) -> int | None:
    """The lead time that falls to ``at``; None when the latest one was sent already."""
    if row.safe_on is None or row.zone is None:
        return None
    owner = people.person(session, row.owner_id)
    working = owner.working_time if owner else WorkingTime(zone=row.zone, holiday_calendar="none")
    lead = lead_reached(row.safe_on, working, at)
    if lead is None:
        return None
    sent = session.get(Alert, (row.id, row.safe_on, lead))
    return lead if sent is None else None
