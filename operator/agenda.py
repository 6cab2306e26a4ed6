"""When to look at a renewal next, and when a card may reach a person.

Rule 1: ``next_action_at`` is the earliest of: the next alert, the end of a snooze, the moment the window closes, an approver's answer
time, a signer's silence. A renewal whose term is closed has none.
Rule 2: dates count back from the safe date; what falls into quiet time goes out before it when it would pass its day.
Rule 3: at most ``CARDS_A_DAY`` new cards a day and person; alerts with few days left, misses and customers' answers are never held back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Stage
from contractops.graphs.steps import NewCard
from contractops.operator import cases
from contractops.operator.store import gates
from contractops.operator.store.tables import Alert, Card, Gate, Renewal
from contractops.tools.alerts import answer_time, days_left, deliver_at, next_alert
from contractops.tools.calendars import next_business_day, zone
from contractops.tools.notice_window import NoticeWindow, moment
from contractops.tools.people import WorkingTime

CARDS_A_DAY: Final = 3
NEVER_HELD_DAYS: Final = 7
HELD_KINDS: Final = frozenset({"alert", "second"})
QUIET_KINDS: Final = frozenset({"alert", "second", "reminder", "missed", "welcome", "returned", "declined", "credit", "credit_list"})
MORNING: Final = time(8, 30)

QUIET_STAGES: Final = frozenset({Stage.RENEWED, Stage.LET_RENEW})
ALERTED_STAGES: Final = frozenset(set(Stage) - {Stage.RENEWED, Stage.LET_RENEW, Stage.MISSED, Stage.SIGNED, Stage.UPDATING_CRM})
"""Stages in which silence is still dangerous: the alerts go on."""


def next_action(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> datetime | None:
    """The next business instant (UTC) at which the sweep should attend to ``row``; None when only people or vendors move it."""
    if row.stage in QUIET_STAGES or (row.stage == Stage.NOT_RENEWING and row.served_at is not None):
        return None
    moments = [at for at in _moments(session, row, now, rules) if at is not None]
    return min(moments).astimezone(UTC) if moments else None


def alerts_sent(session: Session, row: Renewal) -> tuple[int, ...]:
    """Lead times (days) that were sent, told or overtaken for the safe date of ``row``."""
    if row.safe_on is None:
        return ()
    return tuple(session.exec(select(Alert.lead).where(Alert.renewal_id == row.id, Alert.safe_on == row.safe_on)))


def posting_time(
    session: Session, card: NewCard, renewal_id: str | None, now: datetime, rules: cases.Rules
) -> tuple[datetime | None, bool]:
    """(``post_at``, counted): when the card may reach its person, None = at once; whether it counts toward the cap of a day."""
    if card.to.startswith("#") or card.kind not in QUIET_KINDS:
        return None, False
    working = cases.working_time(session, card.to, rules)
    left = _days_left(session, renewal_id, now)
    when = deliver_at(now, working, left)
    counted = card.kind in HELD_KINDS and left > NEVER_HELD_DAYS
    if counted:
        when = _below_cap(session, card.to, when, working)
    return (when.astimezone(UTC) if when > now else None), counted


def _below_cap(session: Session, person_id: str, when: datetime, working: WorkingTime) -> datetime:
    """``when``, or 08:30 of the first working day on which the person has got fewer than the cap."""
    tz = zone(working.zone)
    local = when.astimezone(tz)
    while _cards_on(session, person_id, local) >= CARDS_A_DAY:
        local = moment(next_business_day(local.date(), working.holiday_calendar), MORNING, tz)
    return local


def _cards_on(session: Session, person_id: str, local: datetime) -> int:
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    first, last = start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)
    shown = func.coalesce(Card.post_at, Card.created_at)
    count = session.exec(
        select(func.count()).select_from(Card).where(Card.person_id == person_id, col(Card.counted), shown >= first, shown < last)
    )
    return count.one()


def _days_left(session: Session, renewal_id: str | None, now: datetime) -> int:
    row = session.get(Renewal, renewal_id) if renewal_id else None
    if row is None or row.safe_on is None or row.zone is None:
        return NEVER_HELD_DAYS + 1
    return days_left(row.safe_on, row.zone, now)


def _moments(session: Session, row: Renewal, now: datetime, rules: cases.Rules) -> Iterator[datetime | None]:
    window = cases.window_of(session, row, now)
    if row.stage in ALERTED_STAGES:
        yield row.snoozed_until if row.stage == Stage.SNOOZED else _alert_moment(session, row, window, now, rules)
    if row.missed_at is None and row.stage not in {Stage.OUT_FOR_SIGNATURE, Stage.SIGNED, Stage.UPDATING_CRM}:
        yield window.decide_by
    gate = gates.open_of(session, row.id, row.version)
    if gate is not None and gate.kind == "approver":
        yield from _approver_moments(session, gate, window, now, rules)


def _alert_moment(session: Session, row: Renewal, window: NoticeWindow, now: datetime, rules: cases.Rules) -> datetime | None:
    return alert_moment(window, cases.working_time(session, row.owner_id, rules), alerts_sent(session, row), now)


def alert_moment(window: NoticeWindow, working: WorkingTime, sent: Collection[int], now: datetime) -> datetime | None:
    """09:00 of the day of the next lead time, at the owner's place; moved out of his quiet time. None when the ladder is done."""
    alert = next_alert(window, working, sent, now)
    if alert is None or window.decide_by is None:
        return None
    at = moment(alert.on, time(9, 0), zone(working.zone))
    return deliver_at(at, working, alert.level.lead_days, not_after=window.decide_by)


def _approver_moments(session: Session, gate: Gate, window: NoticeWindow, now: datetime, rules: cases.Rules) -> Iterator[datetime]:
    """The reminder at half of the answer time and its end, as far as they lie ahead."""
    times = approver_times(session, gate, window, rules)
    yield from (at for at in times if at > now)


def approver_times(session: Session, gate: Gate, window: NoticeWindow, rules: cases.Rules) -> tuple[datetime, datetime]:
    """(reminder, end) of an approver's answer time, counted from when he was asked."""
    working = cases.working_time(session, gate.allowed[0] if gate.allowed else None, rules)
    found = answer_time(window, working, gate.opened_at)
    return found.remind_at, found.by
