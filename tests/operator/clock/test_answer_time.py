"""The second approval of a real draft: the approver's answer time, his deputy, and the cap of a day."""

from __future__ import annotations

import csv
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event, Stage
from contractops.graphs.steps import NewCard
from contractops.operator.addressing import CARDS_A_DAY, posting_time
from contractops.operator.showing import show
from contractops.operator.slack.views_outcome import TextReply
from contractops.operator.store import cards, gates
from contractops.operator.store.tables import Card, Draft, Gate
from tests.operator.clock.simulate import Simulation, instant

SAMPLE = Path(__file__).parents[3] / "sample" / "portfolio"
RENEWAL = "ENT-3391#1"
ASKED = instant(date(2026, 12, 7), 11)


def imported(life: Simulation, **changes: dict[str, str]) -> None:
    """The sample portfolio, with some people changed."""
    folder = life.folder / "sample"
    shutil.copytree(SAMPLE, folder)
    with (folder / "people.csv").open(encoding="utf-8", newline="") as stream:
        rows = [{**row, **changes.get(row["id"], {})} for row in csv.DictReader(stream)]
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    life.people = {row["id"]: row for row in rows}
    life.load_files(folder)


def ask_dana(life: Simulation) -> None:
    """Maria approves 36 months at 12 %, which is over her limits: Dana is asked on Mon 7 Dec, 11:00."""
    life.run_until(ASKED)
    life.decide(RENEWAL, Event.PREPARE, "maria.ortiz")
    with life.database.read() as session:
        choices: dict[str, Any] = dict(session.get_one(Draft, (RENEWAL, 1)).choices)
    life.decide(RENEWAL, Event.EDIT, "maria.ortiz", {"choices": {**choices, "term_months": 36, "discount_pct": "12.00"}})
    life.decide(RENEWAL, Event.APPROVE, "maria.ortiz")


def gate(life: Simulation) -> Gate:
    with life.database.read() as session:
        return session.get_one(Gate, gates.key_of(RENEWAL, life.renewal(RENEWAL).version))


def when(life: Simulation, person: str, kind: str) -> list[str]:
    return [life.local(one).strftime("%a %d %H:%M") for one in life.to(person, kind) if one.renewal == RENEWAL]


def test_the_approver_is_reminded_once_and_then_others_are_asked(life: Simulation) -> None:
    """Three working days: Dana is asked on Monday, reminded once at half, and on Thursday, 17:00, her deputy is asked and she is told."""
    imported(life)
    ask_dana(life)
    assert when(life, "dana.whitfield", "second") == ["Mon 07 11:00"]
    life.run_until(instant(date(2026, 12, 10), 16))
    assert when(life, "dana.whitfield", "approver_reminder") == ["Wed 09 08:30"]
    assert gate(life).allowed == ["dana.whitfield"]
    life.run_until(instant(date(2026, 12, 10), 18))
    assert gate(life).allowed == ["dana.whitfield", "sam.okafor"]
    assert when(life, "sam.okafor", "second") == ["Thu 10 17:00"]
    assert when(life, "dana.whitfield", "passed_on") == ["Thu 10 17:00"]
    assert when(life, "dana.whitfield", "second") == ["Mon 07 11:00"], "her own card stays, and she may still decide"


def test_the_first_approver_reads_who_may_decide_too(life: Simulation) -> None:
    imported(life)
    ask_dana(life)
    life.run_until(instant(date(2026, 12, 10), 18))
    with life.database.write() as session:
        (card,) = session.exec(select(Card).where(Card.kind == "passed_on")).all()
        view = show(session, card, life.clock.now(), life.rules)
    assert view == TextReply(
        text="Northwind Logistics: there was no answer in time, so Sam Okafor may decide this approval too.", account="Northwind Logistics"
    )


def test_an_absent_approver_is_stood_in_for_at_once(life: Simulation) -> None:
    """Dana is away until Sunday: Sam is asked in the same minute."""
    imported(life, **{"dana.whitfield": {"deputy_from": "2026-12-07", "deputy_to": "2026-12-13"}})
    ask_dana(life)
    assert when(life, "sam.okafor", "second") == ["Mon 07 11:00"]
    assert gate(life).allowed == ["dana.whitfield", "sam.okafor"]


def test_an_approver_whose_absence_begins_later_is_stood_in_for_then(life: Simulation) -> None:
    """Dana is asked on Monday and away from Tuesday on: at its midnight the question is Sam's, too, and his card comes when his day begins."""
    imported(life, **{"dana.whitfield": {"deputy_from": "2026-12-08", "deputy_to": "2026-12-13"}})
    ask_dana(life)
    assert gate(life).allowed == ["dana.whitfield"]
    life.run_until(instant(date(2026, 12, 8), 2))
    assert gate(life).allowed == ["dana.whitfield", "sam.okafor"]
    life.run_until(instant(date(2026, 12, 9), 12))
    assert when(life, "sam.okafor", "second") == ["Tue 08 08:30"]
    assert when(life, "dana.whitfield", "approver_reminder") == []


def test_an_answer_ends_the_reminders(life: Simulation) -> None:
    """Declined on the same day: no reminder and nobody else is asked."""
    imported(life)
    ask_dana(life)
    life.decide(RENEWAL, Event.DECLINE, "dana.whitfield", {"reason": "Nine per cent is enough for them."})
    life.run_until(instant(date(2026, 12, 11), 12))
    assert not when(life, "dana.whitfield", "approver_reminder")
    assert not when(life, "sam.okafor", "second")
    assert life.renewal(RENEWAL).stage == Stage.IN_REVIEW


@pytest.mark.parametrize(("kind", "held"), [("second", True), ("alert", True), ("declined", False), ("missed", False), ("returned", False)])
def test_approvals_and_alerts_share_the_cap_of_a_day(life: Simulation, kind: str, held: bool) -> None:
    """After three cards a fourth waits for 09:00 of the next working day; declined, missed and the customer's answers never do."""
    imported(life)
    now = ASKED + timedelta(days=4)  # a Friday
    with life.database.write() as session:
        for number in range(CARDS_A_DAY):
            card = NewCard(f"{RENEWAL}/second/9/{number}", "second", "dana.whitfield")
            at, counted = posting_time(session, card, RENEWAL, now, life.rules)
            assert (at, counted) == (None, True)
            cards.add(session, card, renewal_id=RENEWAL, version=0, gate_key=None, now=now, wall=now, post_at=at, counted=counted)
            session.flush()
        fourth = NewCard(f"{RENEWAL}/{kind}/4", kind, "dana.whitfield")
        at, _counted = posting_time(session, fourth, RENEWAL, now, life.rules)
    monday: datetime = instant(date(2026, 12, 14), 9)
    assert at == (monday if held else None)


def test_what_follows_an_own_click_is_not_held_back(life: Simulation) -> None:
    """Maria works at 22:00: the draft that she asked for comes at once, what an approver answers at 22:00 comes in the morning."""
    imported(life)
    life.run_until(instant(date(2026, 12, 7), 22))
    life.decide(RENEWAL, Event.PREPARE, "maria.ortiz")
    assert when(life, "maria.ortiz", "draft") == ["Mon 07 22:00"]
    with life.database.read() as session:
        late = NewCard("late", "declined", "maria.ortiz")
        assert posting_time(session, late, RENEWAL, life.clock.now() + timedelta(hours=1), life.rules)[0] == instant(
            date(2026, 12, 8), 8, 30
        )
