"""Many approvals for one approver: three cards a day, and one list of all that wait, most urgent first, edited as they are decided."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from contractops.graphs.lifecycle import Event
from contractops.graphs.steps import NewCard
from contractops.operator import approvals
from contractops.operator.alerting import put
from contractops.operator.clock import wall_now
from contractops.operator.showing import show
from contractops.operator.slack.render import render
from contractops.operator.store import gates
from contractops.operator.store.tables import Button, Card, Draft, Gate, Renewal
from tests.operator.clock.simulate import Simulation, instant
from tests.operator.clock.test_answer_time import RENEWAL, ask_dana, imported

DANA = "dana.whitfield"


def asked_for(life: Simulation, count: int) -> list[str]:
    """Dana is asked for ``count`` approvals: the real one of ENT-3391, and its draft under other renewals with weeks left."""
    imported(life)
    ask_dana(life)
    with life.database.read() as session:
        draft = session.get_one(Draft, (RENEWAL, 2))
        rows = session.exec(
            select(Renewal).where(Renewal.id != RENEWAL, col(Renewal.safe_on) > life.renewal(RENEWAL).safe_on).order_by(col(Renewal.id))
        ).all()[: count - 1]
    assert len(rows) == count - 1
    for row in rows:
        ask_too(life, row.id, draft)
    life.sweep()
    return [RENEWAL, *(row.id for row in rows)]


def ask_too(life: Simulation, renewal_id: str, draft: Draft) -> None:
    now = life.clock.now()
    with life.database.write() as session:
        row = session.get_one(Renewal, renewal_id)
        row.next_action_at = None
        key = gates.key_of(row.id, row.version)
        session.merge(Draft(**(draft.model_dump() | {"renewal_id": row.id})))
        session.merge(
            Gate(
                key=key,
                renewal_id=row.id,
                version=row.version,
                kind="approver",
                payload_hash="",
                allowed=[DANA],
                draft_number=2,
                opened_at=now,
            )
        )
        session.flush()
        args = {"step": 2, "role": "vp_sales", "draft": 2}
        put(session, row, NewCard(f"{row.id}/second/2/0/2/{DANA}", "second", DANA, gated=True, args=args), now, life.rules)


def the_list(life: Simulation) -> tuple[Card, dict[str, Any]]:
    with life.database.write() as session:
        card = session.exec(select(Card).where(Card.kind == "approvals")).one()
        return card, render(show(session, card, life.clock.now(), life.rules))


def test_three_need_no_list(life: Simulation) -> None:
    """Three cards fit a day."""
    asked_for(life, 3)
    assert [one.kind for one in life.to(DANA) if one.kind in {"second", "approvals", "waiting"}] == ["second"] * 3


def test_five_are_three_cards_and_one_list(life: Simulation) -> None:
    """The list names all five, the nearest answer time first, each with a way to its card; no second list says the same."""
    asked_for(life, 5)
    assert [one.kind for one in life.to(DANA) if one.kind in {"second", "approvals", "waiting"}] == ["second"] * 3 + ["approvals"]
    _card, body = the_list(life)
    assert body["text"].startswith("5 approvals wait. First: Northwind Logistics.")
    buttons = [one for block in body["blocks"] if block["type"] == "actions" for one in block["elements"]]
    assert len({one["value"] for one in buttons}) == 5
    with life.database.read() as session:
        opens = {session.get_one(Button, one["value"]).args["about"] for one in buttons}
        assert opens == {card.key for card, _gate, _row in approvals.waiting(session, DANA)}


def test_the_list_follows_the_decisions(life: Simulation) -> None:
    """A decision rewrites it in place; when all are decided it says that none waits."""
    renewals = asked_for(life, 4)
    before, _body = the_list(life)
    life.decide(RENEWAL, Event.APPROVE, DANA)
    after, body = the_list(life)
    assert after.revision > before.revision
    assert body["text"].startswith("3 approvals wait")
    with life.database.write() as session:
        for one in renewals[1:]:
            row = session.get_one(Renewal, one)
            gates.decide(session, gates.key_of(row.id, row.version), "", Event.APPROVE, by=DANA, at=life.clock.now())
            approvals.refresh_lists(session, gates.key_of(row.id, row.version), row.version, wall_now())
    _card, body = the_list(life)
    assert "No approval waits any more" in body["text"]


@pytest.mark.parametrize("count", [4, 5])
def test_what_is_held_back_becomes_a_card_on_the_next_day(life: Simulation, count: int) -> None:
    """The cap of a day holds, and nothing is lost: the rest are cards the next morning."""
    asked_for(life, count)
    assert len(life.to(DANA, "second")) == 3
    life.run_until(instant(date(2026, 12, 8), 12))
    assert len(life.to(DANA, "second")) == count
    assert max(life.a_day("second")[DANA].values()) <= 3
