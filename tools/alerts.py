"""Alerts: on which day who is told, and how; snooze, answer time and quiet hours.

Rule 1: lead times count back from the safe date; a day off of the owner moves the alert to the working day before.
Rule 2: after a gap only the most urgent unsent alert is due; the others are overtaken, never sent late.
Rule 3: what quiet time would push past its day is sent before it, not after.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from contractops.tools.calendars import add_business_days, is_business_day, moment, next_business_day, roll_back, roll_forward, zone
from contractops.tools.notice_window import NoticeWindow
from contractops.tools.people import WorkingTime
from contractops.tools.values import Reason, Scalar, Value


class AlertForm(StrEnum):
    """How an alert appears in the thread of the term."""

    THREAD_ROOT = "thread_root"
    REPLY = "reply"
    BROADCAST = "broadcast"
    MENTION = "mention"
    FULL_CARD = "full_card"
    FULL_CARD_MAIL = "full_card_mail"


class Told(StrEnum):
    """Who is told beside the owner, when the alert before is unanswered."""

    MANAGER = "manager"
    CONTRACT_OPS = "contract_ops"
    VP_SALES = "vp_sales"


class AlertLevel(Value):
    """One lead time. ``short_reminders`` follow the alert, ``reminder_hours`` apart, when it stays unanswered."""

    lead_days: int
    form: AlertForm
    also_told: tuple[Told, ...] = ()
    short_reminders: int = 0
    reminder_hours: int = 4


class PlannedAlert(Value):
    """A lead time with its day in the owner's zone (working day) and the plain count-back day."""

    level: AlertLevel
    on: date
    counted_to: date


class DueAlerts(Value):
    """``due`` is the one alert to send now, or None; ``overtaken`` are the unsent lead times that it replaces."""

    due: PlannedAlert | None
    overtaken: tuple[int, ...]
    days_left: int | None


class SnoozeLimit(Value):
    """``latest`` day of a snooze, or None with the reason (``snooze.too_late``, ``snooze.used_up``, ``snooze.no_deadline``).

    ``choices`` are the offered days that fit: tomorrow, in three working days, next Monday.
    """

    latest: date | None
    choices: tuple[date, ...]
    reason: Reason


class AnswerTime(Value):
    """Until when an approver is asked to answer, and when he is reminded. Aware, in the zone of the deadline."""

    by: datetime
    remind_at: datetime
    reason: Reason


ALERT_LEVELS = (
    AlertLevel(lead_days=120, form=AlertForm.THREAD_ROOT),
    AlertLevel(lead_days=90, form=AlertForm.REPLY),
    AlertLevel(lead_days=60, form=AlertForm.BROADCAST),
    AlertLevel(lead_days=30, form=AlertForm.BROADCAST, also_told=(Told.MANAGER,)),
    AlertLevel(lead_days=14, form=AlertForm.MENTION, also_told=(Told.MANAGER, Told.CONTRACT_OPS)),
    AlertLevel(lead_days=7, form=AlertForm.FULL_CARD, also_told=(Told.MANAGER, Told.CONTRACT_OPS, Told.VP_SALES)),
    AlertLevel(lead_days=3, form=AlertForm.FULL_CARD_MAIL, also_told=(Told.MANAGER, Told.CONTRACT_OPS, Told.VP_SALES)),
    AlertLevel(lead_days=1, form=AlertForm.FULL_CARD_MAIL, also_told=(Told.MANAGER, Told.CONTRACT_OPS, Told.VP_SALES), short_reminders=2),
)
"""The ladder, calmest first."""

FIRST_IMPORT_DAYS = 30
"""At the first import a card goes out only when this many days or fewer are left, or a lead time falls on that day."""

_SNOOZE_MARGIN = 14
_SNOOZE_NOT_IN_LAST = 3
_SNOOZES_A_TERM = 3
_ANSWER_DAYS = 3
_ANSWER_HOURS = timedelta(hours=4)
_BREAKTHROUGH_DAYS = 3
_ALERT_HOUR = time(9, 0)
_SETTLING = timedelta(minutes=30)
"""What waited through quiet time comes so long after its end."""
_EARLIEST_URGENT, _LATEST_URGENT = time(7, 0), time(21, 0)
_LAST_CALL, _BEFORE_QUIET = time(17, 0), timedelta(hours=1)
_WORK_STARTS, _WORK_ENDS = time(9, 0), time(17, 0)
_MONDAY_AHEAD = 7
_A_WEEK = 7


@lru_cache(maxsize=8192)  # a portfolio has few distinct safe dates; arming asks for each contract several times
def plan_alerts(safe_on: date, owner_calendar: str) -> tuple[PlannedAlert, ...]:
    """All alerts of a term, calmest first. A day off in ``owner_calendar`` moves to the working day before."""
    planned = []
    for level in ALERT_LEVELS:
        counted = safe_on - timedelta(days=level.lead_days)
        planned.append(PlannedAlert(level=level, on=roll_back(counted, owner_calendar), counted_to=counted))
    return tuple(planned)


def due_alerts(window: NoticeWindow, owner: WorkingTime, sent: Collection[int], as_of: datetime) -> DueAlerts:
    """The alert to send on the day of ``as_of`` (in the owner's zone), given the lead times already ``sent`` (or overtaken).

    Only the most urgent unsent lead time is due; calmer ones are overtaken. Nothing is due for an unknown window or after the decide-by moment.
    """
    if window.safe_on is None or window.decide_by is None or as_of > window.decide_by:
        return DueAlerts(due=None, overtaken=(), days_left=None)
    today = as_of.astimezone(zone(owner.zone)).date()
    reached = [alert for alert in plan_alerts(window.safe_on, owner.holiday_calendar) if alert.on <= today]
    # A lead time that is calmer than one already sent is overtaken even when it was never sent itself.
    most_urgent_sent = min(sent, default=None)
    fresh = [alert for alert in reached if most_urgent_sent is None or alert.level.lead_days < most_urgent_sent]
    due = fresh[-1] if fresh else None
    overtaken = tuple(
        alert.level.lead_days for alert in reached if alert.level.lead_days not in sent and (due is None or alert.level != due.level)
    )
    return DueAlerts(due=due, overtaken=overtaken, days_left=days_left(window.safe_on, window.zone, as_of))


def first_import_alerts(window: NoticeWindow, owner: WorkingTime, as_of: datetime) -> DueAlerts:
    """The alerts of a contract that is new to us: a card only where few days are left or a lead time falls on this day; the rest counts as told."""
    found = due_alerts(window, owner, (), as_of)
    if found.due is None or found.days_left is None:
        return found
    today = as_of.astimezone(zone(owner.zone)).date()
    if found.days_left <= FIRST_IMPORT_DAYS or found.due.on == today:
        return found
    return DueAlerts(due=None, overtaken=(*found.overtaken, found.due.level.lead_days), days_left=found.days_left)


def next_alert(window: NoticeWindow, owner: WorkingTime, sent: Collection[int], as_of: datetime) -> PlannedAlert | None:
    """The next alert after the day of ``as_of`` when nothing changes, or None when the ladder is done."""
    if window.safe_on is None:
        return None
    today = as_of.astimezone(zone(owner.zone)).date()
    most_urgent_sent = min(sent, default=None)
    for alert in plan_alerts(window.safe_on, owner.holiday_calendar):
        if alert.on > today and (most_urgent_sent is None or alert.level.lead_days < most_urgent_sent):
            return alert
    return None


def alert_at(window: NoticeWindow, owner: WorkingTime, sent: Collection[int], as_of: datetime) -> datetime | None:
    """When the next alert may go out, given what was ``sent``: ``as_of`` or later, in the owner's zone; None when the ladder is done.

    Its hour is 09:00 of its day; one that is overdue goes out as soon as it may reach the owner.
    """
    alert = due_alerts(window, owner, sent, as_of).due or next_alert(window, owner, sent, as_of)
    return None if alert is None or window.safe_on is None else moment_of(alert, window.safe_on, owner, as_of)


def moment_of(alert: PlannedAlert, safe_on: date, owner: WorkingTime, as_of: datetime) -> datetime:
    """When ``alert`` may go out: 09:00 of its day, or as soon after ``as_of`` as it may reach the owner; aware, in his zone."""
    return reach_at(max(moment(alert.on, _ALERT_HOUR, zone(owner.zone)), as_of), owner, safe_on)


def lead_reached(safe_on: date, owner: WorkingTime, at: datetime) -> int | None:
    """The most urgent lead time (days) whose day has come at ``at``, at the owner's place; None before the first."""
    today = at.astimezone(zone(owner.zone)).date()
    return min((alert.level.lead_days for alert in plan_alerts(safe_on, owner.holiday_calendar) if alert.on <= today), default=None)


def short_reminders(alert: AlertLevel, sent_at: datetime) -> tuple[datetime, ...]:
    """When a sent alert is repeated in short while it stays unanswered; in the zone of ``sent_at``."""
    step = timedelta(hours=alert.reminder_hours)
    return tuple(sent_at + step * number for number in range(1, alert.short_reminders + 1))


def days_left(safe_on: date, zone_name: str, as_of: datetime) -> int:
    """Calendar days from the day of ``as_of`` in ``zone_name`` to ``safe_on`` (negative when it has passed)."""
    return (safe_on - as_of.astimezone(zone(zone_name)).date()).days


def snooze_limit(window: NoticeWindow, owner: WorkingTime, snoozes_used: int, as_of: datetime) -> SnoozeLimit:
    """Until when an alert may be snoozed: 14 days before the deadline, half of the days left when fewer than 28; never in the last 3 days."""
    if window.safe_on is None:
        return SnoozeLimit(latest=None, choices=(), reason=Reason(code="snooze.no_deadline"))
    left = days_left(window.safe_on, window.zone, as_of)
    deadline = window.safe_on.isoformat()
    if snoozes_used >= _SNOOZES_A_TERM:
        return SnoozeLimit(latest=None, choices=(), reason=Reason(code="snooze.used_up", values={"used": snoozes_used}))
    if left <= _SNOOZE_NOT_IN_LAST:
        return SnoozeLimit(latest=None, choices=(), reason=Reason(code="snooze.too_late", values={"days_left": left, "deadline": deadline}))
    today = as_of.astimezone(zone(owner.zone)).date()
    margin = _SNOOZE_MARGIN if left >= 2 * _SNOOZE_MARGIN else left - left // 2
    latest = window.safe_on - timedelta(days=margin)
    calendar = owner.holiday_calendar
    offered = (
        today + timedelta(days=1),
        add_business_days(today, _ANSWER_DAYS, calendar),
        today + timedelta(days=_MONDAY_AHEAD - today.weekday()),
    )
    values: dict[str, Scalar] = {"latest": latest.isoformat(), "deadline": deadline, "margin": margin}
    choices = tuple(sorted({day for day in offered if day <= latest}))
    return SnoozeLimit(latest=latest, choices=choices, reason=Reason(code="snooze.latest", values=values))


def answer_time(window: NoticeWindow, approver: WorkingTime, as_of: datetime) -> AnswerTime:
    """Until when an approver is asked: 3 working days, or a third of the days left when that is sooner, but at least 4 working hours.

    Ends at 17:00 in the contract's zone and never after the decide-by moment. The one reminder comes when half of the time is gone.
    """
    tz = zone(window.zone)
    start = as_of.astimezone(tz)
    by = moment(add_business_days(start.date(), _ANSWER_DAYS, approver.holiday_calendar), _WORK_ENDS, tz)
    code = "answer.three_working_days"
    if window.safe_on is not None and window.decide_by is not None:
        left = days_left(window.safe_on, window.zone, as_of)
        third = moment(start.date() + timedelta(days=max(0, left // 3)), _WORK_ENDS, tz)
        least = add_working_hours(as_of, _ANSWER_HOURS, approver).astimezone(tz)
        if third < by:
            by, code = third, "answer.third_of_days_left"
        if by < least:
            by, code = least, "answer.four_working_hours"
        if by > window.decide_by > as_of:
            by, code = window.decide_by, "answer.deadline"
    half = as_of.astimezone(UTC) + (by.astimezone(UTC) - as_of.astimezone(UTC)) / 2
    return AnswerTime(by=by, remind_at=half.astimezone(tz), reason=Reason(code=code, values={"by": by.isoformat(), "zone": window.zone}))


def add_working_hours(start: datetime, span: timedelta, person: WorkingTime) -> datetime:
    """``span`` of working time (09:00 to 17:00 on working days of ``person``) after ``start``; aware, in the person's zone."""
    tz = zone(person.zone)
    now = start.astimezone(tz)
    while True:
        day = now.date()
        opens, closes = moment(day, _WORK_STARTS, tz), moment(day, _WORK_ENDS, tz)
        if is_business_day(day, person.holiday_calendar) and now < closes:
            now = max(now, opens)
            room = closes.astimezone(UTC) - now.astimezone(UTC)
            if span <= room:
                return (now.astimezone(UTC) + span).astimezone(tz)
            span -= room
        now = moment(next_business_day(day, person.holiday_calendar), _WORK_STARTS, tz)


def is_quiet(at: datetime, person: WorkingTime) -> bool:
    """Whether ``at`` is in the quiet time of ``person``: his evening and night (18:00 to 08:00 unless he chose others), weekends and holidays."""
    local = at.astimezone(zone(person.zone))
    return not is_business_day(local.date(), person.holiday_calendar) or not person.day_starts <= local.time() < person.day_ends


def opening(day: date, person: WorkingTime) -> datetime:
    """When what waited through the night reaches ``person`` on ``day``: half an hour after his quiet time ends (08:30). Aware, in his zone."""
    return moment(day, person.day_starts, zone(person.zone)) + _SETTLING


def reach_at(at: datetime, person: WorkingTime, safe_on: date | None) -> datetime:
    """When a message that is ready at ``at`` may reach ``person``: at once outside quiet time, else when his next working day opens (08:30).

    From three days before ``safe_on`` to three days after it a message breaks through, between 07:00 and 21:00 only. Aware, in the person's zone.
    """
    tz = zone(person.zone)
    local = at.astimezone(tz)
    if not is_quiet(at, person):
        return local
    day = local.date() if local.time() < person.day_starts else local.date() + timedelta(days=1)
    opens = opening(roll_forward(day, person.holiday_calendar), person)
    if safe_on is None or local.date() > safe_on + timedelta(days=_BREAKTHROUGH_DAYS):
        return opens
    urgent_from = moment(safe_on - timedelta(days=_BREAKTHROUGH_DAYS), _EARLIEST_URGENT, tz)
    return min(opens, max(_next_urgent_hour(local, tz), urgent_from))


def _next_urgent_hour(local: datetime, tz: ZoneInfo) -> datetime:
    if _EARLIEST_URGENT <= local.time() < _LATEST_URGENT:
        return local
    day = local.date() if local.time() < _EARLIEST_URGENT else local.date() + timedelta(days=1)
    return moment(day, _EARLIEST_URGENT, tz)


def digest_times(person: WorkingTime, as_of: datetime) -> tuple[datetime, datetime]:
    """(latest at or before ``as_of``, next): when the weekly digest of ``person`` is due, on the day and hour that he reads it; aware, in his zone."""
    tz = zone(person.zone)
    today = as_of.astimezone(tz).date()
    day = today - timedelta(days=(today.weekday() - person.digest_weekday) % _A_WEEK)
    times = [moment(day + timedelta(days=offset), person.digest_at, tz) for offset in (-_A_WEEK, 0, _A_WEEK)]
    return (times[1], times[2]) if times[1] <= as_of else (times[0], times[1])


def next_morning(at: datetime, person: WorkingTime) -> datetime:
    """09:00 of the first working day of ``person`` after the day of ``at``, or when that day opens, if later; aware, in his zone."""
    tz = zone(person.zone)
    day = next_business_day(at.astimezone(tz).date(), person.holiday_calendar)
    return max(moment(day, _ALERT_HOUR, tz), opening(day, person))


def deliver_at(at: datetime, person: WorkingTime, left: int, not_after: datetime | None = None) -> datetime:
    """When a message planned for ``at`` reaches ``person``: at once outside quiet time, else when his next working day opens (08:30).

    With ``left`` days of at most 3 it breaks through, between 07:00 and 21:00 only. A delivery that would come after ``not_after`` (the message's
    own day or deadline) is moved before the quiet time, to 17:00 of the last working day. The answer is aware, in the person's zone.
    """
    tz = zone(person.zone)
    local = at.astimezone(tz)
    if not is_quiet(at, person):
        return local
    if left <= _BREAKTHROUGH_DAYS:
        if _EARLIEST_URGENT <= local.time() < _LATEST_URGENT:
            return local
        day = local.date() if local.time() < _EARLIEST_URGENT else local.date() + timedelta(days=1)
        later = moment(day, _EARLIEST_URGENT, tz)
    else:
        day = local.date() if local.time() < person.day_starts else local.date() + timedelta(days=1)
        later = opening(roll_forward(day, person.holiday_calendar), person)
    if not_after is None or later <= not_after:
        return later
    day = roll_back(local.date() if local.time() >= person.day_ends else local.date() - timedelta(days=1), person.holiday_calendar)
    return min(moment(day, _LAST_CALL, tz), moment(day, person.day_ends, tz) - _BEFORE_QUIET)
