"""The measures of our own messages, by worked figures. The week is Mon 7 Dec to Mon 14 Dec 2026, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from contractops.tools.hygiene import Hygiene, Press, ReminderKind, Sent, Term, hygiene

WEEK = (datetime(2026, 12, 7, 15, tzinfo=UTC), datetime(2026, 12, 14, 15, tzinfo=UTC))
LATER = datetime(2027, 2, 1, tzinfo=UTC)


def at(day: int, hour: int = 16) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=UTC)


def message(person: str, when: datetime, renewal: str | None = None, kind: str | None = None, lead: int | None = None) -> Sent:
    return Sent(person, when, when.date(), renewal, kind, lead)


def measure(
    sent: list[Sent] | None = None,
    presses: list[Press] | None = None,
    terms: list[Term] | None = None,
    week: tuple[datetime, datetime] = WEEK,
) -> Hygiene:
    return hygiene(sent or [], presses or [], terms or [], 0, *week)


def reminders(count: int, ignored: int) -> ReminderKind:
    """`count` reminders of one lead time whose deadline came; `ignored` of them without a button."""
    names = [f"C{n}" for n in range(count)]
    found = measure(
        [message("maria", at(8), name, "reminder", 30) for name in names],
        [Press(name, "maria", at(9)) for name in names[ignored:]],
        [Term(name, (), at(10)) for name in names],
    )
    (kind,) = found.reminders
    return kind


def test_cards_a_person_and_day() -> None:
    """1, 2 and 4 on three days of two people: median 2, at most 4; what lies outside the week does not count."""
    sent = [message("maria", at(8)), *[message("maria", at(9))] * 2, *[message("sam", at(9))] * 4]
    found = measure([*sent, message("sam", at(7, 14)), message("sam", at(14, 15))])
    assert (found.messages, found.person_days, found.median_a_day, found.most_a_day) == (7, 3, Decimal("2.0"), 4)
    assert measure([message("maria", at(8)), *[message("maria", at(9))] * 2]).median_a_day == Decimal("1.5")


def test_answered_by_the_first_alert() -> None:
    """A button before the second alert counts, one at it or after does not; what neither was answered nor followed is not judged."""
    terms = [
        Term("soon", (at(7), at(12)), LATER),
        Term("late", (at(7), at(9)), LATER),
        Term("at once", (at(7), at(10)), LATER),
        Term("missed", (at(7),), at(11)),
        Term("open", (at(8),), LATER),
    ]
    presses = [Press("soon", "sam", at(8, 18)), Press("late", "maria", at(9, 20)), Press("at once", "maria", at(10))]
    found = measure(presses=presses, terms=terms)
    assert (found.first_judged, found.answered_first) == (4, 1)
    assert (found.answers, found.answer_hours) == (3, Decimal("52.0"))  # 26, 52 and 72 hours


def test_a_reminder_is_ignored_until_the_next_or_the_deadline() -> None:
    """Only a button of its own person on its own renewal answers it, and only before the next reminder of his."""
    sent = [message("maria", at(8), "C1", "reminder", 30), message("maria", at(10), "C1", "reminder", 14)]
    presses = [Press("C1", "sam", at(9)), Press("C2", "maria", at(9)), Press("C1", "maria", at(11))]
    found = measure(sent, presses, [Term("C1", (), LATER)])
    assert [(one.lead, one.sent, one.judged, one.ignored) for one in found.reminders] == [(30, 1, 1, 1), (14, 1, 1, 0)]
    passed = measure(sent[:1], [Press("C1", "maria", at(10))], [Term("C1", (), at(9))])
    assert [(one.judged, one.ignored) for one in passed.reminders] == [(1, 1)], "the button came after the deadline"


def test_what_still_waits_is_neither() -> None:
    """Its deadline lies ahead and no button came: it was sent, and is judged later; a button after the week does not reach back."""
    found = measure([message("maria", at(8), "C1", "told", 7)], [Press("C1", "maria", at(20))], [Term("C1", (), LATER)])
    assert [(one.sent, one.judged, one.ignored, one.ignored_pct) for one in found.reminders] == [(1, 0, 0, None)]


def test_each_is_judged_in_one_week_only() -> None:
    """Over five consecutive weeks a reminder is sent once and judged once, as is a first alert."""
    sent = [message("maria", at(8), "C1", "reminder", 30), message("maria", at(24), "C1", "reminder", 14)]
    terms = [Term("C1", (at(7), at(8)), at(31))]
    step = timedelta(days=7)
    weeks = [measure(sent, [Press("C1", "maria", at(26))], terms, (WEEK[0] + n * step, WEEK[1] + n * step)) for n in range(5)]
    total = [(one.lead, one.sent, one.judged, one.ignored) for week in weeks for one in week.reminders]
    assert sorted(total) == [(14, 1, 1, 0), (30, 0, 1, 1), (30, 1, 0, 0)]
    assert sum(week.first_judged for week in weeks) == 1


@pytest.mark.parametrize(
    ("count", "ignored", "percent", "removal"),
    [(10, 7, "70.0", True), (10, 6, "60.0", False), (9, 9, "100.0", False), (13, 8, "61.5", True), (10, 0, "0.0", False)],
)
def test_more_than_60_percent_of_at_least_ten_is_put_up_for_removal(count: int, ignored: int, percent: str, *, removal: bool) -> None:
    """60 % exactly stays, and so does what was judged fewer than ten times."""
    kind = reminders(count, ignored)
    assert (kind.judged, kind.ignored, kind.ignored_pct, kind.removal) == (count, ignored, Decimal(percent), removal)


def test_every_figure_has_its_reason_with_the_count() -> None:
    """Nothing sent: only what is known is said; the removal has a reason of its own."""
    assert [one.code for one in measure().reasons] == ["hygiene.messages", "hygiene.first", "hygiene.snoozes"]
    ten = [Term(f"C{n}", (), at(10)) for n in range(10)]
    found = measure([message("maria", at(8), term.renewal, "silent") for term in ten], terms=ten)
    assert [one.code for one in found.reasons][-2:] == ["hygiene.reminder", "hygiene.removal"]
    assert found.reasons[-1].values == {"kind": "silent", "lead": None, "sent": 10, "judged": 10, "ignored": 10, "percent": "100.0"}
