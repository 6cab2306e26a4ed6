"""The measures of our messages over a portfolio that was lived through, and the weekly card to contract-ops."""

from __future__ import annotations

from datetime import date, timedelta

from contractops.graphs.lifecycle import Event
from contractops.operator import hygiene
from contractops.operator.showing import show
from contractops.operator.slack.views_outcome import TextReply
from contractops.operator.store.tables import Card
from contractops.tools.hygiene import Hygiene
from tests.operator.clock.simulate import Simulation, due_in, instant

TODAY = date(2026, 12, 7)
MONDAY = instant(date(2026, 12, 14), 9)


def contracts(count: int, days: int) -> list[dict[str, object]]:
    return [{"id": f"C{n}", "owner_id": "maria", **due_in(days, TODAY)} for n in range(count)]


def measures(life: Simulation, days: int) -> Hygiene:
    """Everything from the first day on."""
    with life.database.read() as session:
        return hygiene.read(session, instant(TODAY, 0), instant(TODAY + timedelta(days=days), 9))


def said(life: Simulation, key: str) -> str:
    with life.database.write() as session:
        view = show(session, session.get_one(Card, key), life.clock.now(), life.rules)
    assert isinstance(view, TextReply)
    return view.text


def test_silence_to_the_end_is_counted_reminder_by_reminder(life: Simulation) -> None:
    """One contract that nobody answers: every reminder to everybody was ignored, and no alert was answered."""
    life.load(contracts(1, 130))
    life.run_until(instant(date(2027, 8, 1), 9))
    found = measures(life, 236)
    owned = [(one.lead, one.sent, one.judged, one.ignored) for one in found.reminders if one.kind == "reminder"]
    assert owned == [(lead, 1, 1, 1) for lead in (90, 60, 30, 14, 7, 3, 1)]
    assert [(one.sent, one.ignored) for one in found.reminders if one.kind == "short"] == [(2, 2)]
    assert sum(one.sent for one in found.reminders if one.kind == "told") == len([one for one in life.seen if one.kind == "told"]) == 12
    assert (found.first_judged, found.answered_first, found.answers) == (1, 0, 0)
    people = [one for one in life.seen if one.to in life.people and one.kind != "hygiene"]
    assert found.messages == len(people)


def test_an_answer_and_a_snooze_are_counted(life: Simulation) -> None:
    """Maria snoozes one day after the first alert: answered by the first, after 24 hours, one snooze."""
    life.load(contracts(1, 30))
    life.sweep()
    begun = life.clock.now()
    life.run_until(begun + timedelta(days=1))
    life.decide("C0#1", Event.SNOOZE, "maria", {"until": instant(TODAY + timedelta(days=3), 9).isoformat()})
    found = measures(life, 7)
    assert (found.first_judged, found.answered_first, found.answers, found.snoozes) == (1, 1, 1, 1)
    assert str(found.answer_hours) == "24.0"


def test_monday_at_nine_contract_ops_reads_the_week_once(life: Simulation) -> None:
    """Not a minute before, once in that week, with the figures; later figures do not change it."""
    life.load(contracts(2, 30))
    life.run_until(MONDAY - timedelta(minutes=1))
    life.clock.time = MONDAY - timedelta(minutes=1)
    life.sweep()
    assert life.to("lena", "hygiene") == []
    for minute in (0, 1, 60 * 24):
        life.clock.time = MONDAY + timedelta(minutes=minute)
        life.sweep()
    (card,) = life.to("lena", "hygiene")
    assert card.at == MONDAY
    assert card.key == "hygiene/2026-12-14"
    text = said(life, card.key)
    assert text.startswith("How our messages did, Mon 7 Dec 2026 to Mon 14 Dec 2026:\nCards: ")
    assert "Snoozes: 0." in text
    assert "put up for removal" not in text
    assert {one.to for one in life.seen if one.kind == "hygiene"} == {"lena"}


def test_a_week_without_a_message_has_no_card_of_it(life: Simulation) -> None:
    """Its own card of the week before is no message, so the silence is not broken by itself."""
    life.load(contracts(1, 200))
    life.sweep()
    for week in range(1, 5):
        life.clock.time = instant(TODAY + timedelta(days=7 * week), 9)
        life.sweep()
    assert [one.key for one in life.to("lena", "hygiene")] == ["hygiene/2026-12-14"], "of the week of the welcome only"


def test_a_kind_that_nobody_heeds_is_put_up_for_removal(life: Simulation) -> None:
    """Twelve contracts whose reminders of one day go unanswered: the card of that week names the kind."""
    life.load(contracts(12, 3))
    life.run_until(instant(TODAY + timedelta(days=6), 9))
    life.clock.time = MONDAY
    life.sweep()
    (card,) = life.to("lena", "hygiene")
    lines = said(life, card.key).splitlines()
    assert "Reminder, 1 day: 100.00 % ignored (12 of 12). It is put up for removal." in lines


def test_before_the_first_import_there_is_nobody_to_tell(life: Simulation) -> None:
    """The operator starts over an empty database: no person, no card, no error."""
    assert hygiene.tell(life.database, MONDAY, life.rules) == 0
