"""Who gets e-mail, and when: the last alerts, what Slack leaves unanswered, and whom Slack does not reach."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event
from contractops.operator import people, unreached
from contractops.operator.store import ledger
from contractops.operator.store.tables import Card, Effect, PersonSettings
from contractops.tools.calendars import zone
from tests.operator.clock.simulate import PEOPLE, Simulation, due_in, instant

TODAY = date(2026, 12, 7)
ACME = {"id": "ACME", "owner_id": "maria", **due_in(101, TODAY)}
SAFE, SIXTY = date(2027, 3, 18), date(2027, 1, 15)  # the 60th day is a Sunday: its alert comes on Friday


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Simulation]:
    """Nothing is imported yet; a mail server is configured."""
    simulation = Simulation(tmp_path, instant(TODAY, 9), mails=True)
    yield simulation
    simulation.database.dispose()


def mailed(life: Simulation) -> list[tuple[date, str]]:
    """(day, to whom) of the mails, at the person's place."""
    zones = {one["id"]: zone(one["zone"]) for one in PEOPLE}
    return [(at.astimezone(zones[to]).date(), to) for at, to, _card in life.mails]


def choose(life: Simulation, person: str, **values: object) -> None:
    """The person saves settings of his own."""
    given = {"digest_weekday": 0, "digest_at": "08:30", "quiet_from": "18:00", "quiet_until": "08:00", "mail_fallback": True, **values}
    with life.database.write() as session:
        number = len(session.exec(select(PersonSettings).where(PersonSettings.person_id == person)).all()) + 1
        session.add(PersonSettings(person_id=person, number=number, changed_at=life.clock.now(), **given))


def answer_at(life: Simulation, days: int) -> None:
    """The owner presses a button ``days`` before the safe date, after the alert of that day."""
    life.run_until(instant(SAFE - timedelta(days=days), 12))
    life.change("ACME#1", answered_at=life.clock.now())


def test_the_last_alerts_go_by_mail_to_everybody_who_gets_them(life: Simulation) -> None:
    """At 3 and 1 days: the owner, and in silence his manager, contract-ops and VP Sales; each card once."""
    life.load([ACME])
    for days in (60, 14):
        answer_at(life, days)
    life.run_until(instant(SAFE - timedelta(days=5), 12))
    assert life.mails == [], "no alert before the last three days is mailed to somebody who answers"
    life.run_until(instant(SAFE, 16))
    cards = [(to, key.split("/")[1], key.split("/")[3]) for _at, to, key in life.mails]
    everybody = {"maria": "reminder", "sam": "told", "lena": "told", "dana": "told"}
    assert sorted(cards) == sorted((to, kind, lead) for to, kind in everybody.items() for lead in ("3", "1"))


def test_two_broadcasts_without_a_click_bring_a_mail_the_next_working_morning(life: Simulation) -> None:
    """60 and 30 days unanswered: the mail comes the working day after the second; 14 and 7 stay unanswered: one more each."""
    life.load([ACME])
    life.run_until(instant(SAFE - timedelta(days=5), 12))
    assert mailed(life)[0] == (SAFE - timedelta(days=29), "maria"), "the working day after Tue 16 Feb"
    assert [key.split("/")[3] for _at, _to, key in life.mails] == ["30", "14", "7"]


def test_a_click_after_the_first_broadcast_saves_the_mail(life: Simulation) -> None:
    life.load([ACME])
    answer_at(life, 60)
    life.run_until(instant(SAFE - timedelta(days=16), 12))
    assert life.mails == []


def test_who_switched_the_mails_off_gets_those_of_the_last_week_only(life: Simulation) -> None:
    """The alerts of the last seven days cannot be switched off."""
    life.load([ACME])
    choose(life, "maria", mail_fallback=False)
    life.run_until(instant(SAFE - timedelta(days=5), 12))
    assert [key.split("/")[3] for _at, to, key in life.mails if to == "maria"] == ["7"]


def test_without_a_mail_server_nothing_is_to_be_mailed(tmp_path: Path) -> None:
    """No effect is made that nobody could perform; the card of the alert knows."""
    life = Simulation(tmp_path, instant(TODAY, 9))
    life.load([ACME])
    life.run_until(instant(SAFE, 16))
    with life.database.read() as session:
        assert session.exec(select(Effect).where(Effect.kind == "mail.send")).all() == []
        card = session.get_one(Card, f"ACME#1/reminder/{SAFE}/3")
    assert card.args["mail"] is False
    life.database.dispose()


def refuse(life: Simulation, key: str) -> None:
    """Slack refuses the card: its effect is parked as the worker does it, and passed on."""
    now = life.clock.now()
    with life.database.write() as session:
        effect = next(one for one in session.exec(select(Effect).where(Effect.status == "todo")) if one.payload["card"] == key)
        claimed = ledger.claim(session, effect.key, worker="test", at=effect.created_at)
        assert claimed is not None
        assert ledger.park(session, claimed, "user_disabled")
        unreached.pass_on(session, claimed, "user_disabled", now, life.rules)
    life.sweep()


def first_alert_refused(life: Simulation) -> None:
    """The sweep of the 60-day alert, whose card Slack refuses; Maria had read what came before."""
    life.load([ACME])
    life.run_until(instant(SIXTY - timedelta(days=1), 12))
    life.clock.time = instant(SIXTY, 9)
    life.jobs.sweep()
    life.bell.answer()
    with life.database.read() as session:
        todo = [str(one.payload["card"]) for one in session.exec(select(Effect).where(Effect.status == "todo"))]
    refuse(life, next(key for key in todo if "/reminder/" in key))


def test_what_slack_refuses_goes_to_the_next_in_line_and_contract_ops_hear_of_it(life: Simulation) -> None:
    """Maria has left Slack: her manager gets the alert and the root, contract-ops the list of what nobody owns, once."""
    first_alert_refused(life)
    assert sorted(one.kind for one in life.to("sam")) == ["alert", "reminder"]
    [told] = life.to("lena", "nobody_owns")
    assert told.args["person"] == "maria"
    life.run_until(instant(SAFE - timedelta(days=29), 12))
    assert life.to("sam", "reminder")[-1].args["lead"] == 30, "the next alert goes to him as well"
    assert len(life.to("lena", "nobody_owns")) == 1
    assert not [one for one in life.to("maria") if one.at >= instant(SIXTY, 9)]


def test_a_changed_row_of_the_staff_list_ends_it(life: Simulation) -> None:
    """With a new Slack id the person is reached again, and her root comes back to her."""
    first_alert_refused(life)
    life.clock.time += timedelta(days=1)
    life.load([ACME], [{**one, "slack_id": "U0NEW"} if one["id"] == "maria" else one for one in PEOPLE])
    with life.database.read() as session:
        assert not people.is_unreached(session, "maria")
    life.run_until(instant(SAFE - timedelta(days=29), 12))
    assert life.to("maria")[-1].args.get("lead") == 30


def test_a_sign_of_life_ends_it(life: Simulation) -> None:
    first_alert_refused(life)
    with life.database.write() as session:
        unreached.sign_of_life(session, "maria")
    life.run_until(instant(SAFE - timedelta(days=29), 12))
    assert life.to("maria")[-1].args.get("lead") == 30


def test_quiet_hours_of_ones_own_hold_the_alert(life: Simulation) -> None:
    """Quiet until 10:00: the alert of 09:00 comes when the day opens, half an hour later."""
    life.load([ACME])
    choose(life, "maria", quiet_until="10:00")
    life.run_until(instant(SAFE - timedelta(days=59), 12))
    [alert] = life.to("maria", "reminder")
    assert life.local(alert).time().isoformat() == "10:30:00"


def test_a_snooze_that_ends_early_stays_inside_the_thread(life: Simulation) -> None:
    """With more than 60 days left nothing is shown outside the thread; from 60 on it is."""
    life.load([ACME])
    life.run_until(instant(SAFE - timedelta(days=88), 12))
    for until, outside in ((SAFE - timedelta(days=70), False), (SAFE - timedelta(days=50), True)):
        life.decide("ACME#1", Event.SNOOZE, "maria", {"until": instant(until, 9).isoformat()})
        life.run_until(instant(until + timedelta(days=3), 12))
        with life.database.read() as session:
            keys = [one.key for one in life.to("maria", "reminder") if "/wake/" in one.key]
            assert session.get_one(Card, keys[-1]).broadcast is outside
