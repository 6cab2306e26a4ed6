"""One contract through its days: lead times, silence, snooze, moved dates, owners, and the ends of a term."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import agenda_ahead
from contractops.operator.addressing import CARDS_A_DAY
from contractops.operator.showing import show
from contractops.operator.slack.views_outcome import TextReply
from contractops.operator.store.tables import Alert, Card, Renewal
from tests.operator.clock.simulate import PEOPLE, Simulation, due_in, instant

TODAY = date(2026, 12, 7)
ONE = "C1#1"


def contract(days: int, **values: object) -> dict[str, object]:
    """A contract of Maria's whose safe date is about ``days`` away."""
    return {"id": "C1", "owner_id": "maria", **due_in(days, TODAY), **values}


def staff(**changes: dict[str, object]) -> list[dict[str, object]]:
    """The people, some of them changed."""
    return [{**one, **changes.get(str(one["id"]), {})} for one in PEOPLE]


def until(life: Simulation, days: int, hour: int = 12) -> None:
    life.run_until(instant(TODAY + timedelta(days=days), hour))


# The ladder


def test_each_lead_time_comes_once_and_the_form_grows(life: Simulation) -> None:
    """A calm contract: the root at 120 days, then seven replies, two short reminders four hours apart, and the miss."""
    life.load([contract(130)])
    life.run_until(instant(date(2027, 8, 1), 9))
    safe_on = life.renewal(ONE).safe_on
    own = [one for one in life.to("maria") if one.renewal == ONE]
    assert [one.kind for one in own] == ["alert", *["reminder"] * 9, "missed"]
    assert [one.args.get("lead") for one in own[1:8]] == [90, 60, 30, 14, 7, 3, 1]
    hours = [life.local(one).hour for one in own[7:10]]
    assert hours == [9, 13, 17]
    assert len({life.local(one).date() for one in own[7:10]}) == 1
    assert life.alerts(ONE) == dict.fromkeys((120, 90, 60, 30, 14, 7, 3, 1), "sent")
    assert safe_on == date(2027, 4, 16)


def test_silence_climbs_step_by_step(life: Simulation) -> None:
    """Nobody hears of silence at 60; the manager at 30, contract-ops from 14, the VP from 7."""
    life.load([contract(130)])
    life.run_until(instant(date(2027, 8, 1), 9))
    heard = {person: [one.args["lead"] for one in life.to(person, "told")] for person in ("sam", "lena", "dana")}
    assert heard == {"sam": [30, 14, 7, 3, 1], "lena": [14, 7, 3, 1], "dana": [7, 3, 1]}


def test_an_answer_stops_the_climb_for_one_alert(life: Simulation) -> None:
    """A button pressed between 60 and 30 days: at 30 nobody else is told; the silence after it climbs again at 14."""
    life.load([contract(65)])
    until(life, 10)
    life.change(ONE, answered_at=life.clock.now())
    until(life, 58)
    assert [one.args["lead"] for one in life.to("sam", "told")] == [14, 7]


def test_an_answer_ends_the_short_reminders(life: Simulation) -> None:
    """Answered after the alert at one day: no short reminder follows."""
    life.load([contract(5)])
    safe_on = life.renewal(ONE).safe_on
    life.run_until(instant(safe_on - timedelta(days=1), 10))
    life.change(ONE, answered_at=life.clock.now())
    life.run_until(instant(safe_on, 12))
    assert not [one for one in life.seen if "/short/" in one.key]


def test_the_first_alert_tells_nobody_else(life: Simulation) -> None:
    """There was no silence before the first alert, however late it comes."""
    life.load([contract(10)])
    until(life, 1)
    assert life.to("maria", "alert")
    assert not life.to("sam", "told")


# Gaps and the first import


def test_after_a_gap_only_the_most_urgent_alert_comes(life: Simulation) -> None:
    """The operator was down from 61 to 29 days left: the alert of 30 days comes, that of 60 never does."""
    life.load([contract(95)])
    until(life, 34)
    before = len(life.seen)
    life.sleep_until(instant(TODAY + timedelta(days=66), 10))
    until(life, 66, 11)
    late = [one for one in life.seen[before:] if one.to == "maria" and one.kind != "digest"]
    assert [(one.kind, one.args.get("lead")) for one in late] == [("reminder", 30)]
    assert life.alerts(ONE)[60] == "overtaken"


def test_the_first_import_welcomes_once_and_shows_only_what_is_near(life: Simulation) -> None:
    """One list an owner; cards for 20 days left and for a lead time of today; the one between them stands in the list and counts as told."""
    rows = [
        {"id": "near", "owner_id": "maria", **due_in(20, TODAY)},
        {"id": "calm", "owner_id": "maria", **due_in(45, TODAY)},
        {"id": "today", "owner_id": "maria", "start_on": date(2026, 4, 8)},
        {"id": "jos", "owner_id": "jo", **due_in(100, TODAY)},
    ]
    assert life.load(rows).welcomed == 2
    until(life, 0)
    assert [one.key for one in life.seen if one.kind == "welcome"] == ["welcome/jo", "welcome/maria"]
    assert sorted(one.key for one in life.to("maria", "alert")) == ["near#1/root", "today#1/root"]
    assert life.alerts("calm#1") == {60: "welcome"}, "the calmer ones are overtaken by it"
    assert life.renewal("calm#1").stage == Stage.WATCHING


def test_the_first_import_keeps_the_cap(life: Simulation) -> None:
    """Nine contracts with 20 days left: three cards, one list of the six others by days left, three more on the next day."""
    life.load([{"id": f"N{n}", "owner_id": "maria", **due_in(20 + n, TODAY)} for n in range(9)])
    until(life, 0)
    assert [one.key for one in life.to("maria", "alert")] == ["N0#1/root", "N1#1/root", "N2#1/root"]
    (waiting,) = life.to("maria", "waiting")
    assert said(life, waiting.key)[0] == "6 more can wait until tomorrow:"
    assert [line.split(":")[0] for line in said(life, waiting.key)[1:]] == [f"Customer N{n}, N{n}" for n in range(3, 9)]
    until(life, 1)
    assert len(life.to("maria", "alert")) == 2 * CARDS_A_DAY


def said(life: Simulation, key: str) -> list[str]:
    """The lines of the list as it is shown now."""
    with life.database.write() as session:
        view = show(session, session.get_one(Card, key), life.clock.now(), life.rules)
    assert isinstance(view, TextReply)
    return view.text.split("\n")


def test_a_contract_of_a_later_import_is_told_at_once(life: Simulation) -> None:
    """There is no second welcome list: a new contract with 45 days left shows its most urgent alert."""
    life.load([contract(200)])
    until(life, 1)
    life.load([contract(200), {"id": "C2", "owner_id": "maria", **due_in(45, TODAY)}])
    until(life, 1, 13)
    assert [one.key for one in life.to("maria", "alert")] == ["C2#1/root"]
    assert life.alerts("C2#1") == {120: "overtaken", 90: "overtaken", 60: "sent"}


def test_an_import_at_night_waits_for_the_morning(life: Simulation) -> None:
    """Imported on Saturday night: welcome and card on Monday, 08:30."""
    life.sleep_until(instant(date(2026, 12, 5), 22))
    life.load([contract(20)])
    life.run_until(instant(date(2026, 12, 7), 12))
    assert {life.local(one).strftime("%a %H:%M") for one in life.to("maria")} == {"Mon 08:30"}


def test_three_days_left_break_through_on_a_weekend(life: Simulation) -> None:
    """Restored on Saturday, 06:00, with 2 days left: the card comes at 07:00."""
    life.sleep_until(instant(date(2026, 12, 5), 6))
    life.load([contract(0)])
    assert life.renewal(ONE).safe_on == date(2026, 12, 7)
    life.run_until(instant(date(2026, 12, 5), 12))
    assert [life.local(one).strftime("%a %H:%M") for one in life.to("maria", "alert")] == ["Sat 07:00"]


# Snooze and moved dates


def test_a_snooze_is_quiet_answers_and_wakes_with_what_was_reached(life: Simulation) -> None:
    """Snoozed over the 30-day mark: nothing meanwhile, one reply at its end with that lead time, and nobody else is told."""
    life.load([contract(65)])
    until(life, 10)
    wake = instant(TODAY + timedelta(days=43), 9)
    life.decide(ONE, Event.SNOOZE, "maria", {"until": wake.isoformat()})
    before = len(life.seen)
    life.run_until(wake - timedelta(minutes=1))
    assert len(life.seen) == before
    life.run_until(wake + timedelta(hours=1))
    assert [(one.to, one.kind, one.args.get("lead")) for one in life.seen[before:]] == [("maria", "reminder", 30)]
    assert life.renewal(ONE).stage == Stage.FLAGGED


def test_a_changed_date_wakes_and_starts_the_alerts_anew(life: Simulation) -> None:
    """Snoozed; then the notice period grows from 60 to 90 days: the thread is told once, the root asks again, the ladder has a new date."""
    life.load([contract(65)])
    until(life, 6)
    old = life.renewal(ONE).safe_on
    life.decide(ONE, Event.SNOOZE, "maria", {"until": instant(TODAY + timedelta(days=30), 9).isoformat()})
    until(life, 7)
    life.load([contract(65, notice_length=90)])
    before = len(life.seen)
    until(life, 7, 14)
    row = life.renewal(ONE)
    assert (row.stage, row.snoozed_until) == (Stage.FLAGGED, None)
    assert row.safe_on < old
    assert [(one.kind, one.to) for one in life.seen[before:] if one.kind != "hygiene"] == [("moved", "maria")]
    assert life.alerts(ONE)[30] == "sent"
    until(life, 29)
    assert [one.args["lead"] for one in life.to("maria", "reminder")] == [14, 7]


def test_a_date_that_moves_far_away_is_quiet_until_its_own_alert(life: Simulation) -> None:
    """Notice of 60 days becomes 20, told once and not on Sunday: the next message is the alert of 90 days, a reply in the same thread."""
    life.load([contract(65)])
    until(life, 6)
    life.load([contract(65, notice_length=20)])
    before = len(life.seen)
    until(life, 7)
    assert [one.kind for one in life.seen[before:] if one.kind != "digest"] == ["moved"]
    until(life, 40)
    after = [(one.kind, one.args.get("lead")) for one in life.seen[before:] if one.to == "maria" and one.kind != "digest"]
    assert after == [("moved", None), ("reminder", 90)]


def test_a_date_that_is_lost_is_told_and_watched_as_unknown(life: Simulation) -> None:
    """The notice period was deleted: the thread hears of it, and nothing is due."""
    life.load([contract(65)])
    until(life, 6)
    life.load([contract(65, notice_length="", notice_unit="")])
    until(life, 7)
    row = life.renewal(ONE)
    assert (row.stage, row.window_status, row.safe_on, row.next_action_at) == (Stage.WATCHING, "unknown", None, None)
    assert life.to("maria", "moved")


# People


def test_nobody_or_somebody_who_left_means_contract_ops(life: Simulation) -> None:
    """A contract without an owner, and one of an owner who left: contract-ops get the card, on the same day."""
    rows = [contract(20), {"id": "C2", **due_in(20, TODAY)}]
    life.load(rows, staff(maria={"active": "no"}))
    until(life, 0)
    assert sorted(one.key for one in life.to("lena", "alert")) == ["C1#1/root", "C2#1/root"]
    assert not life.to("maria")


def test_an_absent_owner_is_stood_in_for(life: Simulation) -> None:
    """Maria is away with Jo as deputy: Jo gets the card and may answer it; when she is back the thread follows her."""
    away = {"deputy_id": "jo", "deputy_from": date(2026, 12, 7), "deputy_to": date(2026, 12, 20)}
    life.load([contract(20)], staff(maria=away))
    until(life, 0)
    assert life.to("jo", "alert")
    assert not life.to("maria", "alert")
    until(life, 15)
    assert life.to("maria", "alert"), "back at work, she has the thread"
    assert all(life.local(one).date() > date(2026, 12, 20) for one in life.to("maria", "alert"))


def test_a_new_owner_gets_the_root_card(life: Simulation) -> None:
    """The owner is changed by an import: the new one gets the root, the old message says so, the question is his."""
    life.load([contract(20)])
    until(life, 1)
    life.load([contract(20, owner_id="jo")])
    life.run_until(instant(TODAY + timedelta(days=2), 10))
    assert [one.key for one in life.to("jo", "alert")] == ["C1#1/root"]
    with life.database.read() as session:
        (former,) = session.exec(select(Card).where(Card.kind == "moved_on")).all()
        assert (former.person_id, former.args, former.shown) == ("maria", {"to": "jo"}, former.revision)
    life.decide(ONE, Event.LET_RENEW, "jo", {})


# The ends of a term


def test_a_miss_says_something_else_until_the_contracts_own_last_day(life: Simulation) -> None:
    """The safe date is a working day before the contract's own: the card is rewritten when that one is over, and coverage follows."""
    life.load([contract(5)])
    with life.database.read() as session:
        row = session.get_one(Renewal, ONE)
    own_last = row.term_end - timedelta(days=60)
    assert row.safe_on < own_last, "the case needs a weekend between"
    life.run_until(instant(row.safe_on, 18))
    assert life.renewal(ONE).stage == Stage.MISSED
    assert life.renewal("C1#2").term_start == row.renews_on
    with life.database.read() as session:
        before = session.get_one(Card, f"{ONE}/missed/maria").revision
    life.run_until(instant(own_last + timedelta(days=2), 12))
    with life.database.read() as session:
        card = session.get_one(Card, f"{ONE}/missed/maria")
    assert card.revision == before + 1 == card.shown
    assert life.renewal(ONE).next_action_at is None


def test_not_renewing_goes_on_until_the_evidence(life: Simulation) -> None:
    """Decided, but nothing was served: the alarm goes on and the window is missed. With evidence it is silent and never missed."""
    rows = [contract(40), {"id": "C2", "owner_id": "maria", **due_in(40, TODAY)}]
    life.load(rows)
    until(life, 12)
    for renewal in (ONE, "C2#1"):
        life.decide(renewal, Event.STOP, "maria", {"what": "end"})
    life.decide("C2#1", Event.SERVED, "maria", {"method": "courier"})
    until(life, 60)
    alarmed = [one.renewal for one in life.to("maria", "reminder") if life.local(one).date() > TODAY + timedelta(days=12)]
    assert ONE in alarmed
    assert "C2#1" not in alarmed
    assert (life.renewal(ONE).stage, life.renewal("C2#1").stage) == (Stage.MISSED, Stage.NOT_RENEWING)


def test_let_renew_is_watched_and_told(life: Simulation) -> None:
    """After the decision: no alert of this term, one line on the morning on which it has renewed, and the next term is armed."""
    life.load([contract(20)])
    until(life, 1)
    life.decide(ONE, Event.LET_RENEW, "maria", {})
    renews = life.renewal(ONE).renews_on
    life.run_until(instant(renews + timedelta(days=5), 12))
    after = [one for one in life.to("maria") if one.renewal == ONE and one.kind not in {"alert", "let_renew", "welcome"}]
    assert [one.kind for one in after] == ["has_renewed"]
    assert life.local(after[0]).date() >= renews
    assert life.renewal("C1#2").term_start == renews


def test_the_team_has_one_line_a_renewal(life: Simulation) -> None:
    """Posted when the alerts begin, edited in place from then on."""
    life.load([contract(20)])
    until(life, 40)
    assert [one.key for one in life.seen if one.to.startswith("#")] == ["C1#1/team"]
    with life.database.read() as session:
        line = session.get_one(Card, f"{ONE}/team")
    assert line.revision > 1
    assert line.shown == line.revision


def test_what_lies_ahead_is_named_by_its_lead_time(life: Simulation) -> None:
    """An alert that a weekend moved keeps its name; an end of a snooze and a closing window have theirs."""
    life.load([contract(130)])
    life.sweep()
    with life.database.read() as session:
        (first, (at, label, _kind), *_) = agenda_ahead.ahead(session, life.clock.now(), instant(date(2027, 12, 1), 9), life.rules)
    assert first == (instant(date(2026, 12, 14), 8, 30), "weekly digest for 1 person", "digest")
    assert label == "120-day alert, Customer C1"
    life.run_until(at)
    life.run_until(instant(date(2027, 2, 1), 9))
    with life.database.read() as session:
        coming = agenda_ahead.ahead(session, life.clock.now(), instant(date(2027, 12, 1), 9), life.rules)
    assert [one.label for one in coming if one.kind in {"alert", "window"}] == [
        *(f"{lead}-day alert, Customer C1" for lead in (60, 30, 14, 7, 3, 1)),
        "window closes, Customer C1",
    ]


@pytest.mark.parametrize("days", [25, 65, 130])
def test_what_is_foretold_is_what_happens_when_nobody_acts(life: Simulation, days: int) -> None:
    """Every alert, escalation and short reminder comes at the moment foretold, and nothing else; an answer takes its escalation away."""
    life.load([contract(days)])
    life.sweep()
    end = instant(TODAY + timedelta(days=140), 12)
    with life.database.read() as session:
        foretold = agenda_ahead.ahead(session, life.clock.now(), end, life.rules)
    begun = life.clock.now()
    life.run_until(end)
    with life.database.read() as session:
        sent = {row.at for row in session.exec(select(Alert).where(Alert.status == "sent")).all() if row.at > begun}
    assert {one.at for one in foretold if one.kind == "alert"} == sent
    heard = [one for person in ("sam", "lena", "dana") for one in life.to(person, "told")]
    assert {one.at for one in foretold if one.kind == "escalation"} == {one.at for one in heard if one.at > begun}
    assert len([one for one in foretold if one.kind == "reminder"]) == len([one for one in life.seen if "/short/" in one.key])


def test_an_answer_takes_the_escalation_from_what_is_foretold(life: Simulation) -> None:
    """At 30 days the manager is told of silence; a button pressed before takes that away, and only that."""
    life.load([contract(65)])
    until(life, 10)
    with life.database.read() as session:
        silent = agenda_ahead.ahead(session, life.clock.now(), instant(date(2027, 2, 8), 9), life.rules)
    life.change(ONE, answered_at=life.clock.now())
    with life.database.read() as session:
        answered = agenda_ahead.ahead(session, life.clock.now(), instant(date(2027, 2, 8), 9), life.rules)
    taken = [one for one in silent if one not in answered]
    assert [one.label for one in taken] == ["escalation, Customer C1: the manager is told"]
    assert taken[0].at == next(one.at for one in answered if one.label.startswith("30-day alert"))


@pytest.mark.parametrize("rounds", [1, 3])
def test_sweeping_again_changes_nothing(life: Simulation, rounds: int) -> None:
    """The same moment, swept once more: not a message, not a revision."""
    life.load([{"id": f"N{n}", "owner_id": "maria", **due_in(20 + n, TODAY)} for n in range(5)])
    life.sweep()
    with life.database.read() as session:
        before = [(card.key, card.revision) for card in session.exec(select(Card).order_by(Card.key))]
    for _round in range(rounds):
        life.sweep()
    with life.database.read() as session:
        assert [(card.key, card.revision) for card in session.exec(select(Card).order_by(Card.key))] == before
