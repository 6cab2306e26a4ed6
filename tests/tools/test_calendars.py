"""Claims about calendars and the arithmetic of periods; dates were checked by hand on a wall calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.calendars import (
    add_business_days,
    add_months,
    add_period,
    check_calendar,
    day_off,
    is_business_day,
    next_business_day,
    previous_business_day,
    roll_back,
    roll_forward,
    zone,
)
from contractops.tools.errors import InputError
from contractops.tools.values import Period, Unit

DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))
CALENDARS = st.sampled_from(["none", "US", "US-IL", "DE-BY", "GB-ENG", "JP"])


@pytest.mark.parametrize(
    ("day", "calendar", "why"),
    [
        (date(2027, 2, 6), "none", "Saturday"),
        (date(2027, 1, 1), "US", "New Year's Day"),
        (date(2027, 1, 1), "none", None),
        (date(2027, 1, 6), "DE-BY", "Epiphany"),
        (date(2027, 1, 6), "DE", None),
        (date(2027, 2, 12), "US-IL", "Lincoln's Birthday"),
        (date(2027, 2, 12), "US", None),
        (date(2027, 3, 29), "GB-ENG", "Easter Monday"),
        (date(2027, 1, 11), "JP", "Coming of Age Day"),
    ],
)
def test_a_day_off_is_named(day, calendar, why):
    """A weekend day or a holiday of the named calendar says why it is off; any other day is a working day."""
    found = day_off(day, calendar)
    assert (found is None) == (why is None) == is_business_day(day, calendar)
    assert why is None or why in found


@pytest.mark.parametrize("name", ["XX", "US-XYZ", "us_il", "", "America/Chicago"])
def test_an_unknown_calendar_is_a_typed_error(name):
    """A name that no calendar carries never means "no holidays"."""
    with pytest.raises(InputError) as raised:
        check_calendar(name)
    assert raised.value.code == "CO-CAL-001"


@pytest.mark.parametrize("name", ["Chicago", "", "../etc/passwd", "America/Nowhere"])
def test_an_unknown_zone_is_a_typed_error(name):
    with pytest.raises(InputError) as raised:
        zone(name)
    assert raised.value.code == "CO-CAL-002"


@pytest.mark.parametrize(
    ("day", "count", "calendar", "expected"),
    [
        (date(2026, 12, 31), -10, "US", date(2026, 12, 16)),  # Christmas and two weekends between
        (date(2027, 1, 22), -5, "US", date(2027, 1, 14)),  # Martin Luther King Day on Mon 18
        (date(2027, 1, 23), 1, "none", date(2027, 1, 25)),  # from a Saturday to the Monday
        (date(2026, 12, 7), 3, "US-IL", date(2026, 12, 10)),
        (date(2027, 3, 25), 1, "GB-ENG", date(2027, 3, 30)),  # over Good Friday and Easter Monday
        (date(2027, 3, 25), 0, "GB-ENG", date(2027, 3, 25)),
    ],
)
def test_business_days_count_both_ways(day, count, calendar, expected):
    """The day counted from is not counted, the last one is."""
    assert add_business_days(day, count, calendar) == expected


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2027, 8, 31), -6, date(2027, 2, 28)),
        (date(2028, 8, 31), -6, date(2028, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
    ],
)
def test_months_are_clamped_to_the_month_end(day, months, expected):
    assert add_months(day, months) == expected


def test_a_multiple_of_a_period_is_not_a_chain_of_periods():
    """Two months after 31 January is 31 March; one month twice would lose the 31st."""
    month = Period(length=1, unit=Unit.MONTHS)
    assert add_period(date(2026, 1, 31), month, "none", times=2) == date(2026, 3, 31)
    assert add_period(add_period(date(2026, 1, 31), month, "none"), month, "none") == date(2026, 3, 28)


def test_weeks_and_years_are_periods_too():
    assert add_period(date(2026, 4, 8), Period(length=2, unit=Unit.WEEKS), "none", times=-1) == date(2026, 3, 25)
    assert add_period(date(2024, 2, 29), Period(length=1, unit=Unit.YEARS), "none") == date(2025, 2, 28)


@given(day=DAYS, calendar=CALENDARS)
def test_rolling_stops_at_the_nearest_working_day(day, calendar):
    """Nothing between a day and where it was rolled is a working day, and a working day stays."""
    before, after = roll_back(day, calendar), roll_forward(day, calendar)
    assert before <= day <= after
    assert is_business_day(before, calendar)
    assert is_business_day(after, calendar)
    between = [before + timedelta(days=n) for n in range(1, (after - before).days)]
    assert not any(is_business_day(one, calendar) for one in between)
    assert previous_business_day(day, calendar) < day < next_business_day(day, calendar)


@given(day=DAYS, calendar=CALENDARS, count=st.integers(1, 40))
def test_business_days_back_and_forth_meet(day, calendar, count):
    """From a working day, N working days back and N forward lead to the same day."""
    start = roll_back(day, calendar)
    assert add_business_days(add_business_days(start, -count, calendar), count, calendar) == start
