"""Alerts: on which day who is told, and how; snooze, answer time and quiet hours.

Rule 1: lead times count back from the safe date; a day off of the owner moves the alert to the working day before.
Rule 2: after a gap only the most urgent unsent alert is due; the others are overtaken, never sent late.
Rule 3: what quiet time would push past its day is sent before it, not after.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from contractops.tools.values import Reason, Value


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
    ``choices`` are the offered days that fit: tomorrow, in three working days, next Monday."""

    latest: date | None
    choices: tuple[date, ...]
    reason: Reason


class AnswerTime(Value):
    """Until when an approver is asked to answer, and when he is reminded. Aware, in the zone of the deadline."""

    by: datetime
    remind_at: datetime
    reason: Reason
