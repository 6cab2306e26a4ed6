"""Dates in quoted words: found in every unambiguous form, never guessed."""

from datetime import date

import pytest

from contractops.tools.quoted import counts_in, dates_in, lengths_in
from contractops.tools.values import Period, Unit

THIRD = frozenset({date(2026, 3, 3)})


@pytest.mark.parametrize(
    "words",
    [
        "effective as of 2026-03-03.", "begins on 3 March 2026", "begins March 3, 2026,", "Tuesday, March 3rd, 2026", "this 3rd day of March 2026",
        "from 3 Mar 2026 on", "from Mar. 3 2026", "the 03 MARCH 2026",
    ],
)  # fmt: skip
def test_a_date_is_found_in_each_form(words: str) -> None:
    """Weekday, suffix, comma, capitals and short months do not hide it."""
    assert dates_in(words) == THIRD


@pytest.mark.parametrize(
    "words",
    [
        "begins with the first invoice under this amendment",
        "03/04/2026",
        "31 February 2026",
        "2026-13-01",
        "clause 3 of March terms, 2026",
        "March 2026",
        "",
    ],
)
def test_what_is_no_date_or_has_two_readings_is_none(words: str) -> None:
    """Nothing is guessed."""
    assert dates_in(words) == frozenset()


def test_several_dates_are_all_found() -> None:
    assert dates_in("from 1 January 2026 to December 31, 2028") == {date(2026, 1, 1), date(2028, 12, 31)}


@pytest.mark.parametrize(
    ("words", "length", "unit"),
    [
        ("not less than sixty (60) days before", 60, Unit.DAYS),
        ("ninety (90) calendar days' notice", 90, Unit.DAYS),
        ("10 business days", 10, Unit.BUSINESS_DAYS),
        ("a 12-month term", 12, Unit.MONTHS),
        ("3 Years", 3, Unit.YEARS),
    ],
)
def test_a_length_is_a_figure_with_its_unit(words: str, length: int, unit: Unit) -> None:
    """Brackets, a hyphen, capitals and "calendar" do not hide it; working days are no days."""
    assert lengths_in(words) == {Period(length=length, unit=unit)}


@pytest.mark.parametrize("words", ["sixty days", "clause 60", "60", "1.60 days later 5", ""])
def test_a_figure_without_its_unit_is_no_length(words: str) -> None:
    """A number in words alone, or a bare figure, is not read."""
    assert Period(length=60, unit=Unit.DAYS) not in lengths_in(words)


def test_a_count_is_a_whole_figure_that_stands_alone() -> None:
    """A part of an amount is none."""
    assert counts_in("at most 5 times, 1,250.00 each, then 2") == {5, 2}
