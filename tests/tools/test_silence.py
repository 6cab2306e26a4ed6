"""When the owner is asked about a silent signer: working days of the owner, once each, never beside the last alerts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.alerts import plan_alerts
from contractops.tools.people import WorkingTime
from contractops.tools.silence import Silence, silence_step

OWNER = WorkingTime(zone="America/Chicago", holiday_calendar="US-IL")
CHICAGO = ZoneInfo("America/Chicago")
SAFE = date(2027, 2, 5)


def at(year: int, month: int, day: int, hour: int = 11) -> datetime:
    return datetime(year, month, day, hour, tzinfo=CHICAGO)


def test_unopened_for_three_working_days() -> None:
    """Sent on a Monday, the owner is asked on Thursday morning; the day of sending does not count."""
    step = silence_step(at(2026, 12, 7), None, (), SAFE, OWNER)
    assert step is not None
    assert (step.silence, step.at) == (Silence.UNOPENED, at(2026, 12, 10, 9))
    assert step.reason.code == "silence.unopened"


def test_opened_and_unsigned_for_five_working_days() -> None:
    """Opened on a Thursday, the fifth working day is the Thursday after."""
    step = silence_step(at(2026, 12, 7), at(2026, 12, 10), (Silence.UNOPENED,), SAFE, OWNER)
    assert step is not None
    assert (step.silence, step.at) == (Silence.UNSIGNED, at(2026, 12, 17, 9))


def test_weekends_and_holidays_of_the_owner_do_not_count() -> None:
    """Christmas Day 2026 is a Friday: sent on Wednesday, the third working day is Tuesday."""
    step = silence_step(at(2026, 12, 23), None, (), SAFE, OWNER)
    assert step is not None
    assert step.at == at(2026, 12, 29, 9)


def test_the_day_is_the_day_at_the_owners_place() -> None:
    """An envelope of Monday evening in Chicago is of Tuesday in Tokyo."""
    owner = WorkingTime(zone="Asia/Tokyo", holiday_calendar="JP")
    step = silence_step(datetime(2026, 12, 8, 0, 30, tzinfo=UTC), None, (), SAFE, owner)
    assert step is not None
    assert step.at == datetime(2026, 12, 11, 9, tzinfo=ZoneInfo("Asia/Tokyo"))


def test_each_question_is_asked_once() -> None:
    assert silence_step(at(2026, 12, 7), None, (Silence.UNOPENED,), SAFE, OWNER) is None
    assert silence_step(at(2026, 12, 7), at(2026, 12, 8), (Silence.UNOPENED, Silence.UNSIGNED), SAFE, OWNER) is None


def test_in_the_last_14_days_only_a_first_question_comes_between_the_alerts() -> None:
    """14 days before Fri 5 Feb is Fri 22 Jan: a first question still comes on Wed 27 Jan, a second one is left to the alerts."""
    first = silence_step(at(2027, 1, 22), None, (), SAFE, OWNER)
    assert first is not None
    assert first.at == at(2027, 1, 27, 9)
    assert silence_step(at(2027, 1, 22), at(2027, 1, 20), (Silence.UNOPENED,), SAFE, OWNER) is None


def test_an_alert_of_the_same_day_asks_instead() -> None:
    """Sent on Tue 19 Jan, the third working day is Fri 22 Jan, the day of the 14-day alert."""
    assert silence_step(at(2027, 1, 19), None, (), SAFE, OWNER) is None


def test_a_contract_without_a_date_is_asked_about_too() -> None:
    assert silence_step(at(2027, 1, 19), None, (), None, OWNER) is not None


@given(
    sent=st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is given beside it
    left=st.integers(0, 130),
    opened=st.none() | st.integers(0, 60),
    asked=st.sets(st.sampled_from(Silence)),
)
def test_never_beside_a_last_alert(sent: datetime, left: int, opened: int | None, asked: set[Silence]) -> None:
    """Whatever the dates: on a working day, not after the safe date, never on the day of an alert of the last 14 days."""
    safe_on = (sent + timedelta(days=left)).date()
    opened_at = None if opened is None else sent + timedelta(days=opened)
    step = silence_step(sent, opened_at, asked, safe_on, OWNER)
    if step is None:
        return
    last = [alert.on for alert in plan_alerts(safe_on, OWNER.holiday_calendar) if alert.level.lead_days <= 14]
    assert step.at > (opened_at or sent)
    assert step.silence not in asked
    assert step.at.date() <= safe_on
    assert step.at.date() not in last
    assert not asked or step.at.date() < last[0]
