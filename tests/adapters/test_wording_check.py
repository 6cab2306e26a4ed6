"""The checker of worded text: a foreign figure never gets through, whatever a model writes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contractops.tools.wording_check import check, normal

FACTS = (
    "Northwind Logistics",
    "ENT-3391",
    "36 months",
    "Thu 8 Apr 2027",
    "Sun 7 Apr 2030",
    "USD 16,723.08 a month",
    "Priya Nair",
    "Maria Ortiz",
)
GOOD = (
    "Dear Priya Nair,\nthe renewal order form for Northwind Logistics (agreement ENT-3391) is attached. It renews the services for 36 months, "
    "from Thu 8 Apr 2027 to Sun 7 Apr 2030, at USD 16,723.08 a month. Please review it and sign.\nKind regards, Maria Ortiz"
)


def codes(text: str) -> set[str]:
    return {problem.code for problem in check(text, FACTS)}


def test_text_around_the_given_facts_passes() -> None:
    """Every fact as it was given, no other figure."""
    assert check(GOOD, FACTS) == ()


def test_text_without_any_fact_passes() -> None:
    """A modal "may" is no month, "one" alone is no number."""
    assert check("Hello, the order form is attached. You may reply to this message; one of us will answer.", FACTS) == ()


@pytest.mark.parametrize(
    ("added", "code"),
    [
        ("at 5 % off", "figure"), ("for USD 1.00", "figure"), ("16,723.08", "figure"), ("EUR 16,723.08 a month", "figure"),
        ("USD 16,723.08 a day", "figure"), ("USD 16,723.080 a month", "figure"), ("USD 16,723.08 a monthly fee", "figure"), ("-USD 16,723.08 a month", "figure"),
        ("136 months", "figure"), ("36 monthsly", "figure"), ("36", "figure"), ("ENT-3392", "figure"), ("ENT-3391-B", "figure"),
        ("8 Apr 2027", "figure"), ("in April", "date"), ("by Friday", "date"), ("in May", "date"),
        ("twelve months", "number_word"), ("fifty off", "number_word"), ("half the price", "number_word"), ("twice", "number_word"),
        ("free of charge", "number_word"), ("tomorrow", "number_word"), ("a year", "number_word"), ("a discount in percent", "symbol"), ("in euros", "symbol"),
        ("a %", "symbol"), ("€", "symbol"), ("in EUR", "unit"),
        ("see www.evil.example", "link"), ("https://x", "link"), ("evil.com/a", "link"), ("javascript:x", "link"),
        ("write to a@b.example", "address"), ("<b>x</b>", "markup"), ("[x](y)", "markup"), ("&euro;", "markup"), ("{{7*7}}", "markup"),
        ("\u0663\u0660 off", "figure"), ("\uff15\uff10", "figure"), ("\u2167", "figure"), ("\u5341\u4e8c", "hidden"), ("\u0e50", "figure"),
        ("\u200b", "hidden"), ("\u202e", "hidden"), ("Pri\u0441e", "hidden"), ("\x00", "hidden"), ("\U000e0041", "hidden"), ("\u00bd", "figure"),
    ],
)  # fmt: skip
def test_what_was_not_given_is_found(added: str, code: str) -> None:
    """Foreign amounts, another unit or currency, dates, number words, links, markup, other digits, hidden characters."""
    assert code in codes(f"{GOOD} {added}")


def test_length_and_emptiness() -> None:
    """No text is no text; a very long one is refused unread."""
    assert codes("   ") == {"too_long"}
    assert codes("a " * 2_000) == {"too_long"}


@given(st.text(max_size=300))
def test_no_digit_survives_outside_the_facts(text: str) -> None:
    """Whatever passes has, after the facts are cut out, no digit of any script, no per cent sign, no at sign."""
    if check(text, FACTS):
        return
    rest = normal(text)
    for fact in FACTS:
        rest = rest.replace(fact, " ")
    assert not re.search(r"\d|%|@|://|[$€£¥]", rest)


@given(st.lists(st.sampled_from([*FACTS, "5", ".", ",", "-", "%", " ", "USD ", "for", "0"]), max_size=14))
def test_facts_cannot_be_joined_into_other_figures(parts: list[str]) -> None:
    """Pieces glued together: what passes still has digits only in whole facts that stand alone."""
    text = "".join(parts)
    if check(text, FACTS):
        return
    rest = normal(text)
    for fact in sorted(FACTS, key=len, reverse=True):
        rest = rest.replace(fact, " ")
    assert not re.search(r"[0-9%]", rest)


def test_a_fact_that_is_part_of_another_is_cut_out_whole() -> None:
    """Longest first."""
    assert check("It is USD 5.00 a month.", ("USD 5.00", "USD 5.00 a month")) == ()
