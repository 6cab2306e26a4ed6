"""400 days of 500 contracts that nobody answers: how many messages whom reach, when, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlmodel import select

from contractops.operator.addressing import CARDS_A_DAY, NEVER_HELD_DAYS
from contractops.operator.store.tables import Alert, Renewal
from contractops.tools.alerts import ALERT_LEVELS, is_quiet, plan_alerts
from contractops.tools.calendars import zone
from contractops.tools.people import WorkingTime
from tests.operator.clock.simulate import Seen, Simulation, due_in, instant

pytestmark = [pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(1800)]

TODAY = date(2026, 12, 7)
CONTRACTS, DAYS = 500, 400
CAPPED = ("alert", "reminder", "told", "moved", "second", "approver_reminder")
OWNERS = ("maria", "jo", "ken")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """The portfolio after the 400 days; its safe dates lie scattered over 500 days, some of them on the same day."""
    simulation = Simulation(tmp_path_factory.mktemp("hygiene"), instant(TODAY, 9))
    simulation.load(
        {"id": f"C{n:03d}", "owner_id": OWNERS[n % 3], "monthly_price": f"{1000 + n}.00", **due_in(5 + n * 7919 % 500, TODAY)}
        for n in range(CONTRACTS)
    )
    simulation.run_until(instant(TODAY + timedelta(days=DAYS), 9))
    yield simulation
    simulation.database.dispose()


def working(simulation: Simulation, person: str) -> WorkingTime:
    row = simulation.people[person]
    return WorkingTime(zone=row["zone"], holiday_calendar=row["holiday_calendar"])


def capped(one: Seen) -> bool:
    """More than 7 days left, and not the alert of 7 days that holidays brought forward."""
    last_days = one.args.get("lead") is not None and one.args["lead"] <= NEVER_HELD_DAYS
    return one.kind in CAPPED and one.left is not None and one.left > NEVER_HELD_DAYS and not last_days


def test_nobody_gets_more_than_three_capped_cards_a_day(lived: Simulation) -> None:
    """Alerts and what climbs from them, with more than 7 days left: at most 3 a person and day of his own."""
    counts = Counter((one.to, lived.local(one).date()) for one in lived.seen if one.to in lived.people and capped(one))
    assert len(counts) > DAYS / 2, "the simulation showed too little to judge"
    assert max(counts.values()) == CARDS_A_DAY, counts.most_common(3)


def test_the_surplus_is_one_list_a_day(lived: Simulation) -> None:
    """A list comes at most once a day, and only on days that were full."""
    full = Counter((one.to, lived.local(one).date()) for one in lived.seen if one.to in lived.people and capped(one))
    lists = Counter((one.to, lived.local(one).date()) for one in lived.seen if one.kind == "waiting")
    assert lists
    assert max(lists.values()) == 1
    assert all(full[place] == CARDS_A_DAY for place in lists)


def test_no_message_comes_in_quiet_time_but_in_the_last_days(lived: Simulation) -> None:
    """18:00 to 08:00, weekends and holidays are quiet; from 3 days left on a message may come between 07:00 and 21:00."""
    for one in lived.seen:
        if one.to in lived.people and is_quiet(one.at, working(lived, one.to)):
            assert one.left is not None, one
            assert one.left <= 3, one
            assert 7 <= lived.local(one).hour < 21, one


def test_every_lead_time_comes_once_for_a_safe_date(lived: Simulation) -> None:
    """No reply of a lead time comes twice, and every term that closed unanswered had each of the eight sent, overtaken or told."""
    keys = Counter(one.key for one in lived.seen)
    assert max(keys.values()) == 1
    leads = {level.lead_days for level in ALERT_LEVELS}
    with lived.database.read() as session:
        missed = session.exec(select(Renewal).where(Renewal.stage == "missed")).all()
        assert len(missed) > 100
        for row in missed:
            found = session.exec(select(Alert.lead).where(Alert.renewal_id == row.id, Alert.safe_on == row.safe_on)).all()
            assert set(found) == leads, row.id


def test_the_last_week_is_never_held_back(lived: Simulation) -> None:
    """Every missed term had its alerts at 7, 3 and 1 days, each on its day or on the working day before."""
    by_key = {one.key: one for one in lived.seen}
    with lived.database.read() as session:
        rows = session.exec(select(Renewal).where(Renewal.stage == "missed")).all()
    for row in rows:
        person = lived.people[row.owner_id]
        days = {one.level.lead_days: one.on for one in plan_alerts(row.safe_on, person["holiday_calendar"])}
        imported_on = instant(TODAY, 9).astimezone(zone(person["zone"])).date()  # its card tells the lead time of that day
        for lead, later in ((7, 3), (3, 1), (1, 0)):
            day = days[lead]
            if day <= imported_on or day == days.get(later):  # holidays bring two lead times to one day: the more urgent one comes
                continue
            one = by_key.get(f"{row.id}/reminder/{row.safe_on}/{lead}")
            assert one is not None, (row.id, lead)
            assert lived.local(one).date() == day, (row.id, lead)


def test_a_miss_is_told_to_owner_manager_and_contract_ops(lived: Simulation) -> None:
    """Whoever must know of a miss is told of each one, whatever the day's cap."""
    with lived.database.read() as session:
        rows = session.exec(select(Renewal).where(Renewal.stage == "missed")).all()
    told = {one.key for one in lived.seen if one.kind == "missed"}
    assert {
        f"{row.id}/missed/{to}"
        for row in rows
        if row.missed_at < lived.clock.time - timedelta(days=7)
        for to in (row.owner_id, "sam", "lena")
    } <= told


def test_a_miss_opens_the_next_term(lived: Simulation) -> None:
    """After each missed term the next one of the contract's own series is watched."""
    with lived.database.read() as session:
        rows = session.exec(select(Renewal).where(Renewal.stage == "missed")).all()
        for row in rows:
            after = session.get_one(Renewal, f"{row.unit_id}#{row.sequence + 1}")
            assert after.term_start == row.renews_on
            assert after.safe_on is not None
            assert after.safe_on > row.safe_on


def test_what_was_held_back_still_comes(lived: Simulation) -> None:
    """A lead time that waited for room was sent or overtaken by a more urgent one before the window closed; none is held for ever."""
    with lived.database.read() as session:
        left = session.exec(
            select(Renewal.id).join(Alert, Alert.renewal_id == Renewal.id).where(Alert.status == "held", Renewal.stage == "missed")
        ).all()
        waited = session.exec(select(Alert.lead).where(Alert.status == "sent", Alert.lead > NEVER_HELD_DAYS)).all()
    assert not left
    assert len(waited) > CONTRACTS / 2
