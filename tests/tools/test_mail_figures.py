"""Locked figures: words are free, figures are those of the case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.mail_figures import Foreign, foreign_figure

CASE = (
    "Credit of USD 1,435.00 for CHI-DAL-02, 10 November 2026",
    "It was down for 187 minutes, from 08:15 to 11:22 CST; ENT-3391 allows 21.6 minutes, 35 % of USD 4,100.00 by 30 December 2026.",
)


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ana, we are sorry. You get USD 1,435.00.",
        "That makes 1,435.00 USD, or 1435 USD, or 1,435.00.",
        "35% of USD 4,100, that is 35 per cent",
        "on 10 Nov, on 10 November 2026, on November 10, 2026, on 2026-11-10",
        "in November 2026, by December 2026, this 2026",
        "from 8:15 to 11:22",
        "circuit chi-dal-02 of ENT-3391",
        "Call +1 312 555 0100, write to a1@b2.example or see https://x.example/7",
        "We may write in two days.",
        "",
    ],
)
def test_words_are_free_and_figures_of_the_case_pass(text: str) -> None:
    """The same figure in another form is the same figure; addresses and telephone numbers are none."""
    assert foreign_figure(text, CASE) is None


@pytest.mark.parametrize(
    ("text", "found", "instead"),
    [
        ("You get USD 1,500.00.", "USD 1,500.00", "USD 1,435.00"),
        ("You get USD 4,000.00.", "USD 4,000.00", "USD 4,100.00"),
        ("You get EUR 1,435.00.", "EUR 1,435.00", "USD 1,435.00"),
        ("You get $1,435.00.", "$1,435.00", "USD 1,435.00"),
        ("36 % of it", "36 %", "35 %"),
        ("on 11 November", "11 November", "10 November 2026"),
        ("in October 2026", "October 2026", None),
        ("down for 188 minutes", "188", "187"),
        ("down for 10 minutes", "10", "21.6"),  # 10 is the day of a date here, and no amount of minutes
        ("until 12:00", "12:00", "08:15"),
        ("circuit CHI-DAL-03", "CHI-DAL-03", "CHI-DAL-02"),
        ("with 10Gbps", "10Gbps", None),
        ("-USD 1,435.00 or USD -1,435.00", "USD -1,435.00", "USD 1,435.00"),
    ],
)
def test_a_figure_that_is_none_of_the_case_is_found(text: str, found: str, instead: str | None) -> None:
    """Money, per cent, days, hours, numbers and names; with the nearest figure of its kind."""
    assert foreign_figure(text, CASE) == Foreign(found=found, instead=instead)


def test_the_first_foreign_figure_is_named() -> None:
    """One at a time, in the order of reading."""
    found = foreign_figure("USD 1,435.00, then USD 2.00, then USD 3.00", CASE)
    assert found is not None
    assert found.found == "USD 2.00"


@given(st.integers(0, 10**9))
def test_no_other_amount_passes(cents: int) -> None:
    """Of all amounts in USD only those of the case pass."""
    text = f"USD {cents // 100:,}.{cents % 100:02d}"
    assert (foreign_figure(text, CASE) is None) == (cents in {143_500, 410_000})


@given(st.text(max_size=200))
def test_any_text_can_be_checked(text: str) -> None:
    """Nothing a person types makes the check fail, and no text holds a figure that is foreign to itself."""
    assert foreign_figure(text, (text,)) is None
