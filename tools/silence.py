"""Silence of a signer: when the owner is asked about an envelope that nobody opens, or that was opened and is not signed.

Rule 1: three working days of the owner unopened, or five since it was opened; each once for a signer, in the morning of that day.
Rule 2: from 14 days before the safe date the alerts of 14, 7, 3 and 1 days carry the question. There only the very first question still
comes between them, and none on the day of such an alert: never more often.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final

from contractops.tools.alerts import plan_alerts
from contractops.tools.calendars import add_business_days, moment, zone
from contractops.tools.people import WorkingTime
from contractops.tools.values import Reason, Value

UNOPENED_DAYS: Final = 3
UNSIGNED_DAYS: Final = 5
"""Working days without a look, or without a signature after it."""
LADDER_DAYS: Final = 14
"""Calendar days before the safe date from which the alerts ask about the signer."""
_MORNING: Final = time(9, 0)


class Silence(StrEnum):
    """What the owner is asked about."""

    UNOPENED = "unopened"
    UNSIGNED = "unsigned"


class SilenceStep(Value):
    """One question about a silent signer: which, when it is due (aware, in the owner's zone), and why on that day."""

    silence: Silence
    at: datetime
    reason: Reason


def silence_step(
    sent_at: datetime, opened_at: datetime | None, asked: Collection[Silence], safe_on: date | None, owner: WorkingTime
) -> SilenceStep | None:
    """The next question about the signer whose turn began at ``sent_at``; None when the alerts ask it, or it was ``asked``.

    ``opened_at``: when he looked, as the signing service knows it; None while he has not. Working days are the owner's.
    """
    if opened_at is None:
        silence, days, code = Silence.UNOPENED, UNOPENED_DAYS, "silence.unopened"
    else:
        silence, days, code = Silence.UNSIGNED, UNSIGNED_DAYS, "silence.unsigned"
    since = (sent_at if opened_at is None else opened_at).astimezone(zone(owner.zone)).date()
    day = add_business_days(since, days, owner.holiday_calendar)
    if silence in asked or (safe_on is not None and _left_to_the_alerts(day, safe_on, owner, first=not asked)):
        return None
    reason = Reason(code=code, values={"days": days, "since": since.isoformat(), "on": day.isoformat()})
    return SilenceStep(silence=silence, at=moment(day, _MORNING, zone(owner.zone)), reason=reason)


def _left_to_the_alerts(day: date, safe_on: date, owner: WorkingTime, *, first: bool) -> bool:
    """Whether an alert of the last 14 days says it on ``day``, or often enough around it."""
    last = [alert.on for alert in plan_alerts(safe_on, owner.holiday_calendar) if alert.level.lead_days <= LADDER_DAYS]
    return day > safe_on or day in last or (day >= last[0] and not first)
