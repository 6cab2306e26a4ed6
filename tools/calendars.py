"""Calendars: named holiday calendars, working days and the arithmetic of periods.

Rule 1: a calendar has a name: an ISO country ("US"), with a subdivision ("US-IL", "GB-ENG"), or "none" (weekends only).
Rule 2: a name that no calendar carries is a typed error; it never means "no holidays".
Rule 3: the day counted from is not counted; the last day is.
Rule 4: months are clamped to the last day of a shorter month (31 Aug less 6 months is 28 Feb), once, from the anchor.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contractops.tools.errors import InputError
from contractops.tools.values import Period, Unit

NO_HOLIDAYS = "none"
_ONE_DAY = timedelta(days=1)
_AFTER_CLOCK_CHANGES = time(4, 0)
_SATURDAY_SUNDAY = frozenset({5, 6})
_MONTHS = {Unit.MONTHS: 1, Unit.YEARS: 12}
_DAYS = {Unit.DAYS: 1, Unit.WEEKS: 7}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone ``name``. Raises ``InputError`` (CO-CAL-002) for a name that is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError("CO-CAL-002", f'"{name}" is not a time zone.', advice="Use an IANA name such as America/Chicago.") from error


def moment(day: date, hour: time, tz: ZoneInfo) -> datetime:
    """``hour`` of ``day`` in ``tz``. An hour that a clock change skips or repeats is read as the earlier instant."""
    local = datetime.combine(day, hour, tz)
    if hour >= _AFTER_CLOCK_CHANGES:
        return local
    return min(local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)).astimezone(tz)


class _Year(NamedTuple):
    """One year of a calendar: its holidays with their names, its weekend days (Monday is 0), its working days as ordinals in order."""

    names: Mapping[date, str]
    weekend: frozenset[int]
    working: tuple[int, ...]
    is_working: frozenset[int]


@lru_cache(maxsize=4096)
def _year(calendar: str, year: int) -> _Year:
    """``year`` of ``calendar``. Raises ``InputError`` (CO-CAL-001) for a name that no calendar has."""
    names, weekend = _holidays(calendar, year)
    days = [date.fromordinal(ordinal) for ordinal in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)]
    working = tuple(day.toordinal() for day in days if day.weekday() not in weekend and day not in names)
    return _Year(names, weekend, working, frozenset(working))


def _holidays(calendar: str, year: int) -> tuple[Mapping[date, str], frozenset[int]]:
    if calendar == NO_HOLIDAYS:
        return {}, _SATURDAY_SUNDAY
    # Imported here: the tables take a third of a second to load, and most commands never ask for a holiday.
    from holidays import country_holidays  # noqa: PLC0415

    country, _, subdivision = calendar.partition("-")
    try:
        found = country_holidays(country, subdiv=subdivision or None, years=year, expand=False, language="en_US")
    except NotImplementedError as error:
        message = f'"{calendar}" is not a holiday calendar.'
        raise InputError("CO-CAL-001", message, advice='Use a country ("US"), a subdivision ("US-IL") or "none".') from error
    return dict(found.items()), frozenset(found.weekend)


def check_calendar(calendar: str) -> None:
    """Raise ``InputError`` (CO-CAL-001) when no calendar has this name."""
    _year(calendar, 2026)


def is_business_day(day: date, calendar: str) -> bool:
    """Whether ``day`` is neither a weekend day nor a holiday of ``calendar``."""
    return day.toordinal() in _year(calendar, day.year).is_working


def day_off(day: date, calendar: str) -> str | None:
    """Why ``day`` is not a working day ("Saturday", or the name of the holiday); None when it is one."""
    year = _year(calendar, day.year)
    if day in year.names:
        return year.names[day]
    return _WEEKDAYS[day.weekday()] if day.weekday() in year.weekend else None


def roll_back(day: date, calendar: str) -> date:
    """``day`` itself when it is a working day, else the last working day before it."""
    while not is_business_day(day, calendar):
        day -= _ONE_DAY
    return day


def roll_forward(day: date, calendar: str) -> date:
    """``day`` itself when it is a working day, else the first working day after it."""
    while not is_business_day(day, calendar):
        day += _ONE_DAY
    return day


def previous_business_day(day: date, calendar: str) -> date:
    """The last working day before ``day``."""
    return roll_back(day - _ONE_DAY, calendar)


def next_business_day(day: date, calendar: str) -> date:
    """The first working day after ``day``."""
    return roll_forward(day + _ONE_DAY, calendar)


def add_business_days(day: date, count: int, calendar: str) -> date:
    """``count`` working days after ``day`` (before it when negative); ``day`` itself is not counted and need not be a working day."""
    if count == 0:
        return day
    year, ordinal = day.year, day.toordinal()
    working = _year(calendar, year).working
    place = bisect_right(working, ordinal) + count - 1 if count > 0 else bisect_left(working, ordinal) + count
    while place >= len(working):
        place -= len(working)
        year += 1
        working = _year(calendar, year).working
    while place < 0:
        year -= 1
        working = _year(calendar, year).working
        place += len(working)
    return date.fromordinal(working[place])


def add_months(day: date, months: int) -> date:
    """``months`` months after ``day`` (before it when negative), clamped to the last day of the month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    if day.day <= 28:  # noqa: PLR2004 - every month has 28 days
        return date(year, month, day.day)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def in_months(period: Period) -> int | None:
    """Length of ``period`` in months, or None when it is not counted in months or years."""
    months = _MONTHS.get(period.unit)
    return None if months is None else period.length * months


def in_days(period: Period) -> int | None:
    """Length of ``period`` in days, or None when it is not counted in days or weeks."""
    days = _DAYS.get(period.unit)
    return None if days is None else period.length * days


def add_period(day: date, period: Period, calendar: str, *, times: int = 1) -> date:
    """``times`` x ``period`` after ``day``; a negative ``times`` counts back. Multiplied first, so that month ends are clamped once."""
    days = in_days(period)
    if days is not None:
        return date.fromordinal(day.toordinal() + days * times)
    months = in_months(period)
    if months is not None:
        return add_months(day, months * times)
    return add_business_days(day, period.length * times, calendar)
