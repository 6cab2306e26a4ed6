"""Claims about alerts, snooze, answer time and quiet hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.alerts import (
    ALERT_LEVELS,
    AlertForm,
    Told,
    answer_time,
    deliver_at,
    due_alerts,
    first_import_alerts,
    is_quiet,
    next_alert,
    plan_alerts,
    snooze_limit,
)
from contractops.tools.calendars import is_business_day
from contractops.tools.facts import renewed
from contractops.tools.notice_window import notice_window
from tests.tools.northwind import CHICAGO, NOW, facts

WINDOW = notice_window(facts(), NOW)
ZONE = ZoneInfo("America/Chicago")


def at(day, hour=9, minute=0, month=12, year=2026):
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def test_the_ladder_counts_back_from_the_safe_date_to_working_days():
    """90 days before Fri 5 Feb 2027 is Sat 7 Nov: the alert goes out on Fri 6 Nov."""
    planned = {one.level.lead_days: (one.counted_to, one.on) for one in plan_alerts(date(2027, 2, 5), "US-IL")}
    assert planned == {
        120: (date(2026, 10, 8), date(2026, 10, 8)),
        90: (date(2026, 11, 7), date(2026, 11, 6)),
        60: (date(2026, 12, 7), date(2026, 12, 7)),
        30: (date(2027, 1, 6), date(2027, 1, 6)),
        14: (date(2027, 1, 22), date(2027, 1, 22)),
        7: (date(2027, 1, 29), date(2027, 1, 29)),
        3: (date(2027, 2, 2), date(2027, 2, 2)),
        1: (date(2027, 2, 4), date(2027, 2, 4)),
    }


def test_the_ladder_tells_more_people_as_time_runs_out():
    told = {one.lead_days: one.also_told for one in ALERT_LEVELS}
    assert told[60] == ()
    assert told[30] == (Told.MANAGER,)
    assert told[14] == (Told.MANAGER, Told.CONTRACT_OPS)
    assert told[7] == told[3] == told[1] == (Told.MANAGER, Told.CONTRACT_OPS, Told.VP_SALES)
    assert ALERT_LEVELS[-1].short_reminders == 2
    assert [one.form for one in ALERT_LEVELS[:3]] == [AlertForm.THREAD_ROOT, AlertForm.REPLY, AlertForm.BROADCAST]


def test_the_alert_of_the_day_is_due():
    found = due_alerts(WINDOW, CHICAGO, (120, 90), NOW)
    assert (found.due.level.lead_days, found.overtaken, found.days_left) == (60, (), 60)


def test_after_a_gap_only_the_most_urgent_is_due():
    """Nothing was sent until 25 Jan 2027: one alert, the calmer four are overtaken."""
    found = due_alerts(WINDOW, CHICAGO, (), at(25, month=1, year=2027))
    assert (found.due.level.lead_days, found.overtaken) == (14, (120, 90, 60, 30))


def test_nothing_is_due_twice_or_after_the_deadline():
    assert due_alerts(WINDOW, CHICAGO, (120, 90, 60), NOW).due is None
    assert due_alerts(WINDOW, CHICAGO, (), at(5, 17, 1, month=2, year=2027)).due is None
    assert due_alerts(notice_window(facts(notice=None), NOW), CHICAGO, (), NOW).due is None


def test_a_calmer_alert_is_never_sent_after_a_more_urgent_one():
    """Only 30 was sent (restored from a backup): 60 is overtaken, not due."""
    found = due_alerts(WINDOW, CHICAGO, (30,), at(8, month=1, year=2027))
    assert (found.due, found.overtaken) == (None, (120, 90, 60))


def test_the_next_alert_is_named():
    """If there is no answer, Sam Okafor is told on Wed 6 Jan 2027; after the renewal the next alert is on Tue 9 Oct 2029."""
    assert next_alert(WINDOW, CHICAGO, (120, 90, 60), NOW).on == date(2027, 1, 6)
    after = notice_window(renewed(facts(), date(2027, 4, 8), 36), at(8, month=4, year=2027))
    assert next_alert(after, CHICAGO, (), at(14)).on == date(2029, 10, 9)


def test_the_first_import_does_not_flood():
    """60 days left on a lead day: a card. 59 days left: counted as told. 29 days left: a card."""
    assert first_import_alerts(WINDOW, CHICAGO, NOW).due.level.lead_days == 60
    quiet = first_import_alerts(WINDOW, CHICAGO, at(8))
    assert (quiet.due, quiet.overtaken) == (None, (120, 90, 60))
    assert first_import_alerts(WINDOW, CHICAGO, at(7, month=1, year=2027)).due.level.lead_days == 30


@given(start=st.dates(date(2025, 1, 1), date(2026, 6, 1)))
def test_day_by_day_each_lead_time_is_sent_or_overtaken_once(start):
    """Walking day by day, every lead time is accounted for exactly once and every alert falls on a working day of the owner."""
    window = notice_window(facts(start=start), datetime.combine(start, datetime.min.time(), UTC) + timedelta(days=1))
    sent: list[int] = []
    dues: list[int] = []
    for number in range(380):
        now = datetime.combine(start + timedelta(days=number), datetime.min.time(), ZONE) + timedelta(hours=9)
        found = due_alerts(window, CHICAGO, sent, now)
        sent += found.overtaken
        if found.due:
            assert is_business_day(now.date(), "US-IL")
            dues.append(found.due.level.lead_days)
            sent.append(found.due.level.lead_days)
    assert sorted(sent) == [1, 3, 7, 14, 30, 60, 90, 120]
    assert dues == sorted(dues, reverse=True)


@pytest.mark.parametrize(
    ("now", "used", "latest", "code"),
    [
        (NOW, 0, date(2027, 1, 22), "snooze.latest"),  # 14 days before Fri 5 Feb
        (at(8, month=1, year=2027), 2, date(2027, 1, 22), "snooze.latest"),  # 28 days left: both rules agree
        (at(16, month=1, year=2027), 0, date(2027, 1, 26), "snooze.latest"),  # 20 days left: half of them
        (at(1, month=2, year=2027), 0, date(2027, 2, 3), "snooze.latest"),  # 4 days left
        (at(2, month=2, year=2027), 0, None, "snooze.too_late"),  # the last 3 days
        (NOW, 3, None, "snooze.used_up"),
    ],
)
def test_snooze_has_a_latest_day(now, used, latest, code):
    found = snooze_limit(WINDOW, CHICAGO, used, now)
    assert (found.latest, found.reason.code) == (latest, code)
    assert all(now.date() < day <= latest for day in found.choices)


def test_snooze_offers_tomorrow_three_working_days_and_monday():
    assert snooze_limit(WINDOW, CHICAGO, 0, NOW).choices == (date(2026, 12, 8), date(2026, 12, 10), date(2026, 12, 14))


@pytest.mark.parametrize(
    ("now", "by", "code"),
    [
        (at(7, 10, 42), at(10, 17), "answer.three_working_days"),
        (at(29, 10, month=1, year=2027), at(31, 17, month=1, year=2027), "answer.third_of_days_left"),  # 7 days left: 2 of them
        (at(4, 10, month=2, year=2027), at(4, 17, month=2, year=2027), "answer.third_of_days_left"),
        (at(4, 15, month=2, year=2027), at(5, 11, month=2, year=2027), "answer.four_working_hours"),
        (at(5, 15, month=2, year=2027), at(5, 17, month=2, year=2027), "answer.deadline"),
    ],
)
def test_answer_time_shrinks_with_the_days_left(now, by, code):
    """Mon 7 Dec, 10:42 asks until Thu 10 Dec, 17:00; near the deadline a third of the days left, at least 4 working hours."""
    found = answer_time(WINDOW, CHICAGO, now)
    assert (found.by, found.reason.code) == (by, code)
    assert found.remind_at - now == (by - now) / 2


@pytest.mark.parametrize(
    ("planned", "left", "delivered"),
    [
        (at(7, 9), 60, at(7, 9)),
        (at(7, 7, 59), 60, at(7, 8, 30)),
        (at(7, 18), 60, at(8, 8, 30)),
        (at(5, 12), 60, at(7, 8, 30)),  # a Saturday
        (at(24, 19), 60, at(28, 8, 30)),  # over Christmas and the weekend
        (at(5, 12), 3, at(5, 12)),  # breaks through
        (at(5, 6, 30), 3, at(5, 7)),
        (at(5, 21), 1, at(6, 7)),
    ],
)
def test_quiet_hours(planned, left, delivered):
    assert deliver_at(planned, CHICAGO, left) == delivered


def test_what_quiet_time_would_push_past_its_day_is_sent_before():
    """Planned for Saturday noon and due that day: Friday 17:00, not Monday."""
    assert deliver_at(at(5, 12), CHICAGO, 60, not_after=at(5, 23, 59)) == at(4, 17)


@given(
    planned=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy adds the zone
    left=st.integers(4, 120),
)
def test_no_message_in_quiet_hours_with_more_than_three_days_left(planned, left):
    delivered = deliver_at(planned, CHICAGO, left)
    assert not is_quiet(delivered, CHICAGO)
    assert delivered >= planned
