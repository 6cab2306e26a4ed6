"""Dates and lengths that stand in a text: a value that a person reads from a clause must stand in the words he quotes.

Rule 1: only forms that can be read in one way: ``2026-03-03``, ``3 March 2026``, ``March 3, 2026``, with or without weekday, suffix, and with
months cut to three letters. ``03/04/2026`` has two readings and is no date here.
Rule 2: a length is a figure with its unit; a number written in words alone is not read.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from contractops.tools.values import LONGEST, Period, Unit

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
_DAY: Final = r"(\d{1,2})(?:st|nd|rd|th)?"
_ISO: Final = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY_FIRST: Final = re.compile(rf"\b{_DAY}(?:\s+day)?(?:\s+of)?\s+{_MONTH},?\s+(\d{{4}})\b", re.IGNORECASE)
_LENGTH: Final = re.compile(
    r"(?<![\w.,])(\d{1,4})\)?[\s-]+(?:calendar\s+)?((?:business|working)\s+)?(day|week|month|year)s?\b", re.IGNORECASE
)
_COUNT: Final = re.compile(r"(?<![\d.,])\d{1,4}(?![\d.,]*\d)")
_MONTH_FIRST: Final = re.compile(rf"\b{_MONTH}\s+{_DAY},?\s+(\d{{4}})\b", re.IGNORECASE)


def dates_in(text: str) -> frozenset[date]:
    """Every date that stands in ``text``; a day that no calendar has is none."""
    found = [(int(year), int(month), int(day)) for year, month, day in _ISO.findall(text)]
    found += [(int(year), _number(month), int(day)) for day, month, year in _DAY_FIRST.findall(text)]
    found += [(int(year), _number(month), int(day)) for month, day, year in _MONTH_FIRST.findall(text)]
    return frozenset(filter(None, (_date(*one) for one in found)))


def lengths_in(text: str) -> frozenset[Period]:
    """Every length that stands in ``text`` with its figure and its unit: ``60 days``, ``sixty (60) days``, ``10 business days``."""
    found = set()
    for figure, business, unit in _LENGTH.findall(text):
        meant = Unit.BUSINESS_DAYS if business else Unit(f"{unit.lower()}s")
        if (not business or unit.lower() == "day") and int(figure) <= LONGEST[meant]:
            found.add(Period(length=int(figure), unit=meant))
    return frozenset(found)


def counts_in(text: str) -> frozenset[int]:
    """Every whole figure that stands alone in ``text``."""
    return frozenset(int(one) for one in _COUNT.findall(text))


def _number(month: str) -> int:
    return _MONTHS.index(month[:3].lower()) + 1


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
