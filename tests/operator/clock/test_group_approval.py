"""Two of a role must approve: one card in the channel, edited in place; the same person counts once, the author never."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator.showing import show
from contractops.operator.slack.render import render
from contractops.operator.store.tables import Approval, Card
from contractops.tools.signature import AuthorityMatrix
from tests.operator.clock.simulate import Simulation, instant
from tests.operator.clock.test_answer_time import RENEWAL, ask_dana, gate, imported

DANA, SAM, JO = "dana.whitfield", "sam.okafor", "jo.lang"
CARD = f"{RENEWAL}/second/2/0/group"


@pytest.fixture
def asked(life: Simulation) -> Simulation:
    """Dana, Sam and Jo are VPs, and two VPs must approve; Maria has approved draft 2."""
    levels = [one.model_copy(update={"needed": 2}) if one.role == "vp_sales" else one for one in life.rules.matrix.levels]
    life.rules = life.workbench.rules = replace(life.rules, matrix=AuthorityMatrix(levels=tuple(levels)))
    imported(life, **{SAM: {"role": "vp_sales"}, JO: {"role": "vp_sales"}})
    ask_dana(life)
    return life


def card(life: Simulation) -> tuple[Card, dict[str, Any]]:
    """The card of the group and what it says."""
    with life.database.write() as session:
        row = session.get_one(Card, CARD)
        return row, render(show(session, row, life.clock.now(), life.rules))


def approvers(life: Simulation) -> list[tuple[int, str]]:
    with life.database.read() as session:
        return [(one.step, one.person_id) for one in session.exec(select(Approval).order_by(Approval.step))]


def test_one_card_in_the_channel_asks_all_of_them(asked: Simulation) -> None:
    """No direct message: the card stands in the channel of the policy, with how many have approved."""
    row, body = card(asked)
    assert (row.channel, row.person_id) == ("#renewal-approvals", None)
    assert asked.to(DANA, "second") == asked.to(SAM, "second") == []
    assert sorted(gate(asked).allowed) == sorted([DANA, SAM, JO])
    assert "2 approvals by Thu 10 Dec 2026" in body["text"]
    assert "Maria Ortiz asks 2 of VP Sales to decide by Thu 10 Dec 2026, 17:00 CST (Chicago). 0 of 2 have approved." in body["text"]


def test_the_first_approval_edits_the_card_and_the_second_sends(asked: Simulation) -> None:
    """After one: the same message says so, and the one who gave it is not asked again. After two: out for signature."""
    before = len([one for one in asked.seen if one.key == CARD])
    asked.decide(RENEWAL, Event.APPROVE, DANA)
    row, body = card(asked)
    assert asked.renewal(RENEWAL).stage == Stage.IN_REVIEW
    assert sorted(gate(asked).allowed) == sorted([SAM, JO])
    assert "1 of 2 have approved. Why VP Sales" in body["text"].replace("\n", " ")
    assert "Dana Whitfield approved" in body["text"]
    assert row.gate_key == gate(asked).key
    asked.decide(RENEWAL, Event.APPROVE, SAM)
    assert asked.renewal(RENEWAL).stage == Stage.OUT_FOR_SIGNATURE
    assert approvers(asked) == [(1, "maria.ortiz"), (2, DANA), (3, SAM)]
    _row, body = card(asked)
    assert "2 of 2 have approved" in body["text"]
    assert not [block for block in body["blocks"] if block["type"] == "actions"]
    assert len([one for one in asked.seen if one.key == CARD]) == before == 1, "posted once, edited after that"


def test_the_same_person_counts_once_even_when_a_gate_would_take_him(asked: Simulation) -> None:
    """A gate that names him again (a deputy of the others, say) gets no second approval out of him."""
    asked.decide(RENEWAL, Event.APPROVE, DANA)
    with asked.database.write() as session:
        row = session.merge(gate(asked))
        row.allowed = [DANA, SAM]
    asked.decide(RENEWAL, Event.APPROVE, DANA)
    assert asked.renewal(RENEWAL).stage == Stage.IN_REVIEW
    assert approvers(asked) == [(1, "maria.ortiz"), (2, DANA)]
    assert DANA not in gate(asked).allowed


def test_one_no_is_a_no(asked: Simulation) -> None:
    """A decline after an approval returns the draft to its owner; the approval counts no more."""
    asked.decide(RENEWAL, Event.APPROVE, DANA)
    asked.decide(RENEWAL, Event.DECLINE, SAM, {"reason": "Too long for this customer."})
    assert gate(asked).kind == "owner"
    _row, body = card(asked)
    assert "Declined by Sam Okafor" in body["text"]


def test_the_group_is_reminded_in_the_thread_of_its_card(asked: Simulation) -> None:
    """Half of the time gone: one reply in the channel; nobody gets it as a direct message."""
    asked.run_until(instant(date(2026, 12, 9), 16))
    reminders = [one for one in asked.seen if one.kind == "approver_reminder" and one.renewal == RENEWAL]
    assert [one.to for one in reminders] == ["#renewal-approvals"]
    with asked.database.read() as session:
        assert session.get_one(Card, reminders[0].key).thread == CARD
