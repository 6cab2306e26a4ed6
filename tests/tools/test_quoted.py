"""Dates in quoted words: found in every unambiguous form, never guessed."""

from datetime import date

import pytest

from contractops.tools.quoted import dates_in

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
