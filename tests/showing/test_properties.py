"""Properties over whole lives: the real graph moves a renewal by chance, and after every move every card is shown."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import TRANSITIONS, Event, Stage
from contractops.graphs.renewal import advance
from contractops.operator.showing import show
from contractops.operator.showing.tokens import ANSWERS, PREFIX
from contractops.operator.slack.actions import Action
from contractops.operator.slack.render import render
from contractops.operator.store import gates
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Button, Card, Draft, Effect, Envelope, Gate, Renewal
from contractops.operator.workbench import Workbench
from contractops.tools.crm import CrmPatch, CrmReceipt, FieldConflict
from contractops.tools.signature import SignerPlan
from contractops.tools.terms import Terms, terms_hash
from tests.postgres import databases
from tests.showing.factory import NOW, RENEWAL, World, envelope_state, portfolio

DECIDES = {
    Action.RENEWAL_PREPARE: Event.PREPARE,
    Action.RENEWAL_WAKE: Event.WAKE,
    Action.DRAFT_APPROVE: Event.APPROVE,
    Action.DRAFT_EDIT: Event.EDIT,
    Action.DRAFT_TAKE_BACK: Event.TAKE_BACK,
    Action.OFFER_USE: Event.EDIT,
    Action.SECOND_APPROVE: Event.APPROVE,
    Action.SECOND_DECLINE: Event.DECLINE,
    Action.MISSED_OFFER: Event.OFFER,
    Action.MISSED_PREPARE: Event.OFFER,
    Action.NOTICE_EVIDENCE: Event.SERVED,
    Action.RENEWAL_SNOOZE: Event.SNOOZE,
    Action.RENEWAL_STOP: Event.STOP,
    Action.DIFFERENCE_ACCEPT: Event.ACCEPT,
    Action.DIFFERENCE_DISPUTE: Event.DISPUTE,
}
"""What a button decides, directly or through its form."""

PRIMARY = {Action.RENEWAL_PREPARE, Action.DRAFT_APPROVE, Action.SECOND_APPROVE, Action.MISSED_OFFER, Action.MISSED_PREPARE}
"""Buttons that are the primary of a row and decide; an edit is one too where no approval stands beside it."""


class Clock:
    """Business time that the test moves."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        """The moment of this step."""
        return self.at


def pdf(terms: Terms, signers: tuple[SignerPlan, ...]) -> bytes:
    """A document that differs when the terms or the signers do."""
    return f"{terms_hash(terms)} {[one.email for one in signers]}".encode()


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Database]:
    """A database of its own: these moves are committed."""
    made = portfolio(databases.url_of(tmp_path / "lives.db"))
    yield made
    made.dispose()


def answer_of(event: Event, choice: random.Random, session: Session, row: Renewal, now: datetime) -> dict[str, Any]:
    """The typed extras that the forms of the desk, the vendor or the clock would give."""
    said: dict[str, Any] = {"reason": "A reason of some length.", "at": now.isoformat(), "by_name": "Priya Nair"}
    if event is Event.SNOOZE:
        said["until"] = (now + timedelta(days=2)).isoformat()
    if event is Event.REASSIGN:
        said["people"] = ["sam.okafor"]
    if event is Event.EDIT:
        stored = session.get_one(Draft, (row.id, row.draft_number))
        months, discount = choice.choice([(24, "6.00"), (36, "12.00"), (36, "11.00")])
        said["choices"] = {**stored.choices, "term_months": months, "discount_pct": discount, "note": f"Change {choice.random()}"}
    if event in {Event.REFUSE, Event.VOID, Event.EXPIRE}:
        said["envelope"] = f"env-{row.version}"
    if event is Event.DIFFER:
        said["differences"] = [{"page": 1, "approved": "one", "signed": "two"}]
    if event is Event.WRITTEN:
        said["receipt"] = receipt_of(session)
    return said


def receipt_of(session: Session) -> dict[str, Any]:
    """What the CRM read back: everything but the first field, which a person had changed."""
    query = select(Effect).where(Effect.kind == "crm.write").order_by(col(Effect.version).desc())
    patch = CrmPatch.model_validate(session.exec(query).first().payload["patch"])  # type: ignore[union-attr]  # the stage has it
    first = patch.changes[0]
    conflict = FieldConflict(field=first.field, signed=first.new, crm="other", changed_by="J. Kim", changed_at=NOW)
    receipt = CrmReceipt(
        contract_id=patch.contract_id,
        renewal_key=patch.renewal_key,
        written=tuple(one.field for one in patch.changes[1:]),
        conflicts=(conflict,),
        change_orders_added=tuple(one.order_id for one in patch.add_change_orders),
    )
    return receipt.model_dump(mode="json")


def settle_effects(session: Session, row: Renewal, choice: random.Random, now: datetime) -> None:
    """Some effects get their receipt, some stop; as the jobs would store it."""
    for effect in session.exec(select(Effect).where(Effect.status == "todo", Effect.kind != "slack.card")).all():
        effect.status = choice.choice(["done", "done", "done", "needs_person", "todo"])
        if effect.kind == "docusign.send" and effect.status == "done":
            effect.remote_id = f"env-{effect.version}"
            plan = effect.payload["plan"]
            people = [(one["name"], one["email"], "sent", now, None) for one in plan["signers"]]
            state = envelope_state("sent", people)
            session.add(
                Envelope(
                    envelope_id=effect.remote_id,
                    renewal_id=row.id,
                    draft_number=row.draft_number,
                    status="sent",
                    state=state,
                    expires_at=datetime.fromisoformat(plan["expires_at"]),
                    sent_at=now,
                )
            )
        if effect.kind == "docusign.fetch":
            envelope = session.get_one(Envelope, effect.payload["envelope"])
            people = [(one["name"], one["email"], "completed", now, None) for one in envelope.state["recipients"]]
            effect.status, effect.remote_id = "done", envelope.envelope_id
            effect.receipt = {"differences": [], "signed_sha256": "0" * 64, "state": envelope_state("completed", people)}
        session.add(effect)


def untrue(session: Session, world: World, row: Renewal, now: datetime) -> tuple[list[str], Counter[Action]]:
    """Show every card twice; returns each house rule that is broken, with its card, and the buttons that decide."""
    broken: list[str] = []
    offered: Counter[Action] = Counter()
    primaries: Counter[tuple[str | None, str | None]] = Counter()
    for card in session.exec(select(Card).order_by(Card.key)).all():
        first, second = (render(show(session, card, now, world.rules)) for _time in range(2))
        broken += [f"{card.key} is shown in two ways"] if first != second else []
        told = "Sent to" in first["text"] or "Out for signature" in first["text"]
        broken += [f"{card.key} says so before the receipt"] if told and session.exec(select(Envelope)).first() is None else []
        session.flush()
        for element in (element for block in first["blocks"] if block["type"] == "actions" for element in block["elements"]):
            action = Action.named(element["action_id"])
            broken += [f"{card.key}, {action}: {fault}" for fault in untrue_button(session, row, element)]
            if action in DECIDES:
                offered[action] += 1
                if element.get("style") == "primary" and card.kind != "reminder":
                    primaries[(session.get_one(Button, element["value"]).gate_key, card.person_id)] += 1
    broken += [f"{count} primary buttons for {gate} and {person}" for (gate, person), count in primaries.items() if count > 1]
    return broken, offered


def untrue_button(session: Session, row: Renewal, element: dict[str, Any]) -> list[str]:
    """What is wrong with one button: its token, the question it answers, the stage it acts in."""
    action, button = Action.named(element["action_id"]), session.get_one(Button, element["value"])
    held = {
        "its value is no token": element["value"].startswith(PREFIX),
        "its token is another button's": button.action == action,
        "only one of the two sides knows that it decides": (action in DECIDES) == (action in ANSWERS),
    }
    if action not in DECIDES:
        held["it decides nothing and holds a question"] = button.gate_key is None
    else:
        gate = session.get_one(Gate, button.gate_key)
        held["its question is decided"] = gate.decision is None
        held["its question is an old one"] = gate.key == gates.key_of(row.id, row.version)
        held[f"no answer in {row.stage}"] = DECIDES[action] in TRANSITIONS[Stage(row.stage)]
    return [fault for fault, good in held.items() if not good]


@pytest.mark.parametrize("seed", range(6))
def test_cards_stay_true_through_a_life(lives: Database, seed: int) -> None:
    """After every move: one primary row a question and person, no button over a decided question, no button the stage cannot answer."""
    choice, clock = random.Random(seed), Clock()
    with lives.write() as session:
        world = World(session)
        row = world.renewal(Stage.WATCHING, 0)
        world.gate(row, "clock", ())
    bench = Workbench(lives, clock, world.rules, pdf)
    offered: Counter[Action] = Counter()
    for step in range(12):
        clock.at += timedelta(hours=5)
        with lives.write() as session:
            row = session.get_one(Renewal, RENEWAL)
            settle_effects(session, row, choice, clock.at)
            broken, buttons = untrue(session, world, row, clock.at)
            assert broken == []
            offered += buttons
            gate = gates.open_of(session, row.id, row.version)
            events = [event for event in TRANSITIONS[Stage(row.stage)] if plausible(event, gate, session, row, step)]
            if gate is None or not events:
                break
            event = choice.choice(events)
            by = gates.MACHINE if not gate.allowed or event in {Event.LAPSE, Event.REASSIGN, Event.WAKE} else gate.allowed[0]
            gates.decide(
                session, gate.key, gate.payload_hash, event, by=by, at=clock.at, answer=answer_of(event, choice, session, row, clock.at)
            )
            session.flush()
            assert untrue(session, world, row, clock.at)[0] == []
        advance(bench, RENEWAL)
    with lives.write() as session:
        row = session.get_one(Renewal, RENEWAL)
        assert untrue(session, world, row, clock.at)[0] == []
        assert row.version >= 3, "a life without moves shows nothing"
    assert offered, "no card of this life offered a decision"


def test_a_button_over_a_decided_question_is_found(lives: Database) -> None:
    """The check itself can fail: once the question of a shown card is decided, each of its deciding buttons is named."""
    with lives.write() as session:
        world = World(session)
        row = world.renewal(Stage.FLAGGED)
        gate = world.gate(row)
        card = render(show(session, world.card("root", "alert", gate), NOW, world.rules))
        buttons = [element for block in card["blocks"] if block["type"] == "actions" for element in block["elements"]]
        deciding = [one for one in buttons if Action.named(one["action_id"]) in DECIDES]
        session.flush()
        assert [fault for one in buttons for fault in untrue_button(session, row, one)] == []
        world.decide(gate, Event.PREPARE)
        assert deciding
        assert all("its question is decided" in untrue_button(session, row, one) for one in deciding)


def plausible(event: Event, gate: Gate | None, session: Session, row: Renewal, step: int) -> bool:
    """Events that somebody or something could bring now; endings only late, so that lives are long."""
    late = {Event.LAPSE, Event.LET_RENEW, Event.STOP, Event.SERVED}
    never = {Event.REARM, Event.DRAFTED, Event.ESCALATE, Event.STALE, Event.SEND, Event.WITHDRAW, Event.STUCK}
    if event in never or (event in late and step < 8):
        return False
    if event in {Event.DECLINE, Event.REASSIGN, Event.TAKE_BACK}:
        return gate is not None and gate.kind == "approver"
    if event in {Event.REFUSE, Event.VOID, Event.EXPIRE, Event.COMPLETE}:
        return session.get(Envelope, f"env-{row.version}") is not None
    return True
