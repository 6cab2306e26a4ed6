"""Cards of the watch: what they say in each state."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator.showing import show
from contractops.operator.slack import views as v
from contractops.operator.slack import views_outcome as o
from contractops.operator.slack.actions import Action
from contractops.operator.slack.render import render
from contractops.operator.store.tables import Alert, Card, NoticeEvidence
from contractops.tools.values import Money
from tests.showing.factory import NOW, RENEWAL, World, at


def shown(world: World, card: Card) -> Any:
    """The view of ``card``; it must also render."""
    view = show(world.session, card, NOW, world.rules)
    render(view)
    return view


def actions(view: Any) -> list[Action]:
    """Which buttons a view has, in order."""
    return [button.action for button in view.buttons]


def test_the_open_alert_tells_the_story_from_the_imported_facts(world: World) -> None:
    """The root card: deadline, what happens otherwise, worth, service, CRM gap, who is told next."""
    row = world.renewal()
    view = shown(world, world.card("root", "alert", world.gate(row)))
    assert view.days_left == 60
    assert view.otherwise == v.Renews(on=date(2027, 4, 8), months=12)
    assert view.monthly == Money(amount=view.monthly.amount, currency="USD")
    assert str(view.monthly.amount) == "18450.00"
    assert view.crm.missing == 2
    assert str(view.crm.net.amount) == "730.00"
    assert (view.service.missed, view.service.months, view.service.claim_closes) == (2, 8, date(2026, 12, 30))
    assert view.next_told == ("Sam Okafor", date(2027, 1, 6))
    assert view.state is None
    assert actions(view) == [
        Action.RENEWAL_PREPARE,
        Action.RENEWAL_WHY,
        Action.RENEWAL_SNOOZE,
        Action.RENEWAL_HANDOVER,
        Action.RENEWAL_STOP,
    ]


def test_a_click_on_prepare_turns_the_row_into_who_and_when(world: World) -> None:
    """While terms are prepared the root says who asked and offers nothing that decides."""
    row = world.renewal()
    card = world.card("root", "alert", world.decide(world.gate(row), Event.PREPARE, when=at(12, 7, 10, 12)))
    world.move(row, Stage.PREPARING)
    view = shown(world, card)
    assert view.state == v.Preparing(by="Maria Ortiz", at=at(12, 7, 10, 12))
    assert actions(view) == [Action.RENEWAL_WHY]


def test_a_decided_gate_that_is_not_yet_worked_on_has_no_buttons(world: World) -> None:
    """Between the click and the move the card does not offer the question again."""
    row = world.renewal()
    card = world.card("root", "alert", world.decide(world.gate(row), Event.PREPARE))
    assert actions(shown(world, card)) == [Action.RENEWAL_WHY]


def test_a_snoozed_alert_can_be_woken(world: World) -> None:
    """A snooze says until when, and what it offers."""
    row = world.renewal(Stage.SNOOZED, snoozed_until=at(12, 14, 9), snoozes=1)
    gate = world.gate(row)
    root, line = world.card("root", "alert", gate), world.card("snooze", "snoozed", gate)
    assert shown(world, root).state == v.Snoozed(until=at(12, 14, 9))
    assert actions(shown(world, root)) == [Action.RENEWAL_WAKE, Action.RENEWAL_PREPARE, Action.RENEWAL_WHY]
    assert actions(shown(world, line)) == [Action.RENEWAL_WAKE]
    world.move(row, Stage.FLAGGED, snoozed_until=None)
    assert shown(world, line) == o.TextReply(text="Northwind Logistics: the quiet time has ended.", account="Northwind Logistics")


def test_a_snooze_is_not_offered_when_it_is_used_up(world: World) -> None:
    """Three snoozes a term."""
    row = world.renewal(snoozes=3)
    assert Action.RENEWAL_SNOOZE not in actions(shown(world, world.card("root", "alert", world.gate(row))))


def test_not_renewing_offers_only_what_the_stage_can_answer_to(world: World) -> None:
    """After a stop nobody can prepare by an old habit: the lifecycle has no such step."""
    row = world.renewal()
    gate = world.decide(world.gate(row), Event.STOP)
    world.move(row, Stage.NOT_RENEWING)
    evidence = world.gate(row, "evidence")
    root, notice = world.card("root", "alert", evidence), world.card("stop/1", "not_renewing", evidence)
    assert actions(shown(world, root)) == [Action.NOTICE_EVIDENCE, Action.RENEWAL_WHY]
    assert shown(world, root).state == v.NotRenewing(act=v.Act(by="Maria Ortiz", at=gate.decided_at))
    assert actions(shown(world, notice)) == [Action.NOTICE_SEND, Action.NOTICE_EVIDENCE, Action.NOTICE_SEE]
    assert shown(world, notice).evidence is None


def test_a_served_notice_shows_its_evidence_and_ends_the_alerts(world: World) -> None:
    """Evidence closes the card; the question is gone."""
    row = world.renewal()
    world.decide(world.gate(row), Event.STOP)
    world.move(row, Stage.NOT_RENEWING)
    card = world.card("stop/1", "not_renewing", world.decide(world.gate(row, "evidence"), Event.SERVED))
    world.session.add(
        NoticeEvidence(
            renewal_id=RENEWAL,
            method="courier",
            received_on=date(2026, 12, 7),
            reference="AB 12",
            served_by="Maria Ortiz",
            recorded_by="maria.ortiz",
            recorded_at=NOW,
        )
    )
    world.move(row, Stage.NOT_RENEWING, served_at=NOW)
    view = shown(world, card)
    assert view.evidence == o.Evidence(
        method="courier", served_on=date(2026, 12, 7), reference="AB 12", act=v.Act(by="Maria Ortiz", at=NOW)
    )
    assert actions(view) == [Action.NOTICE_SEE]


def test_a_reminder_carries_the_same_question_and_ends_with_it(world: World) -> None:
    """An open reminder has the primary button; an answered one says by whom."""
    row = world.renewal()
    gate = world.gate(row)
    card = world.card("reminder/2027-02-05/30", "reminder", gate, lead=30, form="mention")
    world.card("told/2027-02-05/30/sam.okafor", "told", person="sam.okafor", lead=30)
    view = shown(world, card)
    assert actions(view) == [Action.RENEWAL_PREPARE, Action.CARD_OPEN]
    assert view.told == ("Sam Okafor",)
    assert view.mention == "U0MARIA"
    world.decide(gate, Event.PREPARE)
    world.move(row, Stage.PREPARING)
    view = shown(world, card)
    assert view.answered == v.Act(by="Maria Ortiz", at=NOW)
    assert not view.buttons
    assert view.mention is None


def test_in_the_last_week_the_reminder_is_the_full_card(world: World) -> None:
    """7, 3 and 1 days before, the whole card stands again in the thread."""
    row = world.renewal()
    view = shown(world, world.card("reminder/2027-02-05/7", "reminder", world.gate(row), lead=7, form="full_card"))
    assert isinstance(view, v.AlertCard)


def test_who_is_told_of_silence_is_told_when_it_has_ended(world: World) -> None:
    """The manager's message turns true again when it is shown later."""
    row = world.renewal()
    card = world.card("told/2027-02-05/30/sam.okafor", "told", person="sam.okafor", lead=30)
    assert "there is no answer yet" in shown(world, card).text
    row.answered_at = NOW + timedelta(hours=1)
    world.session.add(row)
    assert "Maria Ortiz has answered on Mon 7 Dec 2026, 12:00 CST." in shown(world, card).text


def test_a_missed_window_says_what_was_sent_and_what_helps(world: World) -> None:
    """No blame: alerts, the term that follows, the next chance."""
    row = world.renewal(Stage.MISSED, missed_at=NOW)
    for lead, day in ((60, 7), (30, 6)):
        world.session.add(Alert(renewal_id=RENEWAL, safe_on=date(2027, 2, 5), lead=lead, status="sent", at=at(12, day, 9)))
    card = world.card("missed/maria.ortiz", "missed", world.gate(row, "missed"))
    view = shown(world, card)
    assert (view.alerts, view.last_alert, view.until) == (2, date(2026, 12, 7), date(2028, 4, 7))
    assert view.next_decide_by == date(2028, 2, 7)
    assert actions(view) == [Action.MISSED_PREPARE, Action.LEGAL_ASK, Action.MISSED_REASON]


def test_a_hand_over_ends_with_accept(world: World) -> None:
    """An accepted offer has no button; a later offer replaces this one."""
    offer = {"from": "maria.ortiz", "to": "jo.lang", "at": NOW.isoformat(), "note": "Quiet one."}
    row = world.renewal(handover=offer)
    card = world.card("handover/1", "handover", person="jo.lang", **offer)
    assert actions(shown(world, card)) == [Action.HANDOVER_ACCEPT, Action.HANDOVER_RETURN, Action.CARD_OPEN]
    row.handover = {**offer, "accepted_at": NOW.isoformat()}
    world.session.add(row)
    view = shown(world, card)
    assert view.accepted == v.Act(by="Jo Lang", at=NOW)
    assert not view.buttons
    row.handover = {**offer, "at": (NOW + timedelta(days=1)).isoformat()}
    world.session.add(row)
    assert "replaced by a later one" in shown(world, card).text


def test_a_moved_date_names_what_it_rests_on(world: World) -> None:
    """Both days and the clause; a day that is not known is said as such."""
    world.renewal()
    view = shown(world, world.card("moved/1", "moved", old="2027-02-05", new="2027-01-04"))
    assert (view.old, view.new) == (date(2027, 2, 5), date(2027, 1, 4))
    assert view.because.startswith("notice is 60 days before the end on Wed 7 Apr 2027 (ENT-3391-msa.pdf")
    assert "decide-by is now unknown" in shown(world, world.card("moved/2", "moved", old="2027-02-05", new="None")).text


def test_let_renew_is_final(world: World) -> None:
    """A recorded decision has no button: nothing can be prepared from there."""
    row = world.renewal()
    world.decide(world.gate(row), Event.LET_RENEW)
    world.move(row, Stage.LET_RENEW)
    view = shown(world, world.card("let_renew", "let_renew"))
    assert (view.on, view.months, view.decided.by) == (date(2027, 4, 8), 12, "Maria Ortiz")
    assert not view.buttons


def test_a_welcome_list_counts_what_a_person_owns(world: World) -> None:
    """One list an owner, most urgent first, without a renewal of its own."""
    world.renewal()
    card = Card(key="welcome/maria.ortiz", kind="welcome", person_id="maria.ortiz", created_at=NOW)
    view = shown(world, card)
    assert (view.owned, view.soon, view.unknown) == (1, 0, 0)
    assert [line.contract_id for line in view.lines] == ["ENT-3391"]
