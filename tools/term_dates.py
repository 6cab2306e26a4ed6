"""Term dates: the first and last day of the k-th term of one unit.

Rule 1: term k + 1 starts at anchor + initial term + k x renewal term. The anchor is the start, or the day after an end that the document names.
Rule 2: the initial term is number 1. A unit that has not started yet is in term 1.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from contractops.tools.calendars import add_months, add_period, in_days, in_months
from contractops.tools.facts import ContractFacts, RenewalKind
from contractops.tools.values import Period, Unit

_ONE_DAY = timedelta(days=1)
_ONE_MONTH = Period(length=1, unit=Unit.MONTHS)
_LAST = {RenewalKind.NONE: 1, RenewalKind.UNSTATED: 1, RenewalKind.SINGLE: 2}
"""Number of the last term, by what happens at the end of one."""
_ROLLS = frozenset({RenewalKind.EVERGREEN, RenewalKind.MONTH_TO_MONTH})


class TermDates(NamedTuple):
    """The terms of one unit, counted from its anchor. ``last`` is the number of the last term, None = without end.

    ``second`` is the first day of term 2; an ``evergreen`` unit has no term after that one. With ``months`` (initial, renewal) everything counts from ``start``; otherwise from ``second``.
    """

    start: date | None
    second: date
    renewal: Period | None
    last: int | None
    calendar: str
    months: tuple[int, int] | None
    evergreen: bool = False

    def first_day(self, number: int) -> date | None:
        """First day of term ``number`` (from 1); None when the document does not give it."""
        if number == 1:
            return self.start
        if number == 2 or self.renewal is None:  # noqa: PLR2004 - the initial term is number 1, so 2 is the first renewal
            return self.second if number == 2 else None  # noqa: PLR2004
        if self.months is not None and self.start is not None:
            initial, renewal = self.months
            return add_months(self.start, initial + (number - 2) * renewal)
        return add_period(self.second, self.renewal, self.calendar, times=number - 2)

    def last_day(self, number: int) -> date | None:
        """Last day of term ``number``; None when the length of the renewal term is not known."""
        following = self.first_day(number + 1)
        return None if following is None else following - _ONE_DAY

    def renews(self, number: int) -> bool:
        """Whether another term follows term ``number`` when nobody acts."""
        return self.last is None or number < self.last

    def number_on(self, day: date) -> int | None:
        """Number of the term that runs on ``day``; ``last + 1`` after the last one; None when it cannot be known."""
        if day < self.second:
            return 1
        if self.last == 1 or self.evergreen:
            return 2
        if self.renewal is None:
            return None
        number = self._running(day, self.renewal)
        return number if self.last is None else min(number, self.last + 1)

    def _running(self, day: date, renewal: Period) -> int:
        """Number of the renewal term around ``day`` (on or after ``second``), without walking the terms one by one."""
        months = in_months(renewal)
        if months:
            # Clamping never leaves the month, so the count of months is off by one at most.
            number = 2 + ((day.year - self.second.year) * 12 + day.month - self.second.month) // months
            first = self.first_day(number)
            return number if first is None or first <= day else number - 1
        days = in_days(renewal)
        if days:
            return 2 + (day - self.second).days // days
        number = 2
        while (following := self.first_day(number + 1)) is not None and following <= day:
            number += 1
        return number


def term_dates(facts: ContractFacts) -> TermDates | None:
    """The terms of ``facts``; None when neither an end nor a start with a length is known."""
    initial = facts.initial_term
    renewal = facts.renewal_term
    if facts.renewal is RenewalKind.MONTH_TO_MONTH:
        renewal = _ONE_MONTH
        initial = initial or renewal
    evergreen = facts.renewal is RenewalKind.EVERGREEN
    if evergreen:
        renewal = None
    months = None
    if facts.end is not None:
        second = facts.end + _ONE_DAY
    elif facts.start is not None and initial is not None:
        second = add_period(facts.start, initial, facts.holiday_calendar)
        first, following = in_months(initial), None if renewal is None else in_months(renewal)
        months = None if first is None or following is None else (first, following)
    elif facts.start is not None and evergreen:
        second = facts.start
    else:
        return None
    if renewal is not None and renewal.length == 0:
        renewal = None
    return TermDates(facts.start, second, renewal, _last_number(facts), facts.holiday_calendar, months, evergreen)


def _last_number(facts: ContractFacts) -> int | None:
    if facts.renewal is RenewalKind.COUNTED:
        return 1 + (facts.renewals_max or 0)
    return _LAST.get(facts.renewal)


def rolls(kind: RenewalKind) -> bool:
    """Whether the unit runs on without fixed terms after its initial term."""
    return kind in _ROLLS
