"""Cards of a draft and its approval: what they say in each state."""

from __future__ import annotations

from typing import Any

import pypdfium2
import pytest

from contractops.graphs.lifecycle import Event, Stage
from contractops.operator import wording
from contractops.operator.documents.write import render
from contractops.operator.slack import views as v
from contractops.operator.slack import views_outcome as o
from contractops.operator.slack.actions import Action
from contractops.operator.store.tables import Card, Draft, Gate, Renewal
from contractops.tools.terms import Terms
from tests.documents.examples import signers
from tests.showing.factory import NOW, World, at
from tests.showing.test_watch import actions, shown

LONG: dict[str, Any] = {"term_months": 36, "discount_pct": "12.00", "options": {"exit_after_month": 24}, "note": "They hold a rival quote."}


def in_review(world: World, **choices: Any) -> tuple[Renewal, Draft, Gate, Card]:
    """Draft 1 with its owner."""
    row = world.renewal(Stage.IN_REVIEW)
    draft = world.draft(row, 1, **choices)
    gate = world.gate(row, draft=draft)
    return row, draft, gate, world.card("draft/1", "draft", gate)


def at_dana(world: World) -> tuple[Renewal, Draft, Gate, Card, Card]:
    """Draft 1, approved by its owner, with the VP."""
    row, draft, gate, card = in_review(world, **LONG)
    world.approved(draft, "maria.ortiz", 1, at(12, 7, 10, 42))
    world.decide(gate, Event.APPROVE)
    world.move(row, Stage.IN_REVIEW)
    asked = world.gate(row, "approver", ("dana.whitfield",), draft)
    second = world.card("second/1/0/2/dana.whitfield", "second", asked, person="dana.whitfield", step=2, role="vp_sales", draft=1)
    return row, draft, asked, card, second


def test_a_draft_shows_its_arithmetic_and_whom_it_needs(world: World) -> None:
    """The figures of the story, to the cent."""
    _row, _draft, _gate, card = in_review(world, **LONG)
    view = shown(world, card)
    assert (str(view.monthly.amount), str(view.total.amount), str(view.change)) == ("16723.08", "602030.88", "-9.36")
    assert str(view.price.base.amount) == "18450.00"
    assert view.price.ground == "cap, clause 4.2"
    assert view.approvals == (v.Person(name="Dana Whitfield", role="VP Sales"),)
    assert [(one.value, one.limit) for one in view.over] == [(36, 24), (12, 10)]
    assert view.orders_in == ("CO-118", "CO-131")
    assert view.state is None
    assert actions(view)[0] is Action.DRAFT_APPROVE


def test_cards_and_document_show_one_fingerprint(world: World) -> None:
    """Who holds the paper beside the card compares equal numbers; another draft has another one."""
    row, draft, _gate, card, second = at_dana(world)
    stored = Terms.model_validate(draft.terms)
    paper = " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(render(stored, signers())))
    assert {wording.fingerprint(shown(world, one).fingerprint) for one in (card, second)} == {wording.fingerprint(draft.terms_hash)}
    assert f"order form draft 1, {wording.fingerprint(draft.terms_hash)}" in " ".join(paper.split())
    assert world.draft(row, 2, **LONG).terms_hash != draft.terms_hash


def test_a_replaced_draft_leads_to_the_newest(world: World) -> None:
    """Draft 1 says which draft replaced it and when; draft 2 says what changed."""
    row, _draft, gate, card = in_review(world)
    world.decide(gate, Event.EDIT)
    world.move(row, Stage.PREPARING)
    assert shown(world, card).state == v.Closed(why="Draft 2 is being prepared")
    world.move(row, Stage.IN_REVIEW)
    second = world.draft(row, 2, when=at(12, 7, 10, 31), **LONG)
    newer = world.card("draft/2", "draft", world.gate(row, draft=second))
    assert shown(world, card).state == v.Replaced(by_number=2, at=at(12, 7, 10, 31))
    assert actions(shown(world, card)) == [Action.DRAFT_OPEN]
    assert shown(world, newer).changes == (
        v.TermChange(old=12, new=36),
        v.PercentChange(what="discount", old=shown(world, card).price.discount, new=shown(world, newer).price.discount),
        v.Added(what="exit right after month 24"),
    )


def test_a_blocking_finding_takes_the_approve_button_away(world: World) -> None:
    """Without a signer nobody can approve; the finding is named."""
    _row, _draft, _gate, card = in_review(world, signer_contact_id=None)
    view = shown(world, card)
    assert isinstance(view.state, v.Blocked)
    assert [one.code for one in view.state.findings] == ["terms.no_signer"]
    assert Action.DRAFT_APPROVE not in actions(view)
    assert Action.DRAFT_EDIT in actions(view)


def test_the_owner_can_take_back_while_the_next_person_has_not_decided(world: World) -> None:
    """The draft waits for Dana; the root says so too; nothing can be approved twice."""
    row, _draft, _gate, card, _second = at_dana(world)
    view = shown(world, card)
    assert view.state == v.OwnerApproved(act=v.Act(by="Maria Ortiz", at=at(12, 7, 10, 42)), waiting_for="Dana Whitfield")
    assert actions(view) == [Action.DRAFT_TAKE_BACK, Action.DRAFT_REASONS, Action.DRAFT_DOCUMENT]
    root = world.card("root", "alert", world.session.get(Gate, f"{row.id}:{row.version}"))
    assert shown(world, root).state == v.WaitingForApproval(number=1, whom="Dana Whitfield")


def test_the_approver_sees_what_is_given_and_got(world: World) -> None:
    """The second approval, with everything the decision needs."""
    _row, _draft, _gate, _card, second = at_dana(world)
    view = shown(world, second)
    assert (str(view.given.amount), str(view.total.amount)) == ("82095.12", "602030.88")
    assert view.answer_by == at(12, 10, 17)
    assert view.conditions == ("Exit right after month 24",)
    assert (view.position, view.positions, view.renewed_times) == (2, 2, 3)
    assert view.approved == (v.Act(by="Maria Ortiz", at=at(12, 7, 10, 42)),)
    assert actions(view) == [Action.SECOND_APPROVE, Action.SECOND_DECLINE, Action.SECOND_ASK, Action.DRAFT_DOCUMENT]


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Event.DECLINE, v.DeclinedBy),
        (Event.TAKE_BACK, v.TakenBack),
        (Event.REASSIGN, v.PassedOn),
        (Event.APPROVE, v.SecondApproved),
        (Event.LAPSE, v.Closed),
        (Event.STOP, v.Closed),
        (Event.EDIT, v.Closed),
    ],
)
def test_an_answered_approval_says_by_whom_and_has_no_button(world: World, event: Event, state: type) -> None:
    """Whatever decided, the card of the approver is closed."""
    _row, _draft, gate, _card, second = at_dana(world)
    world.decide(gate, event, "dana.whitfield", reason="Too much for too little.", people=["ceo.person"])
    view = shown(world, second)
    assert isinstance(view.state, state)
    assert not view.buttons


def test_a_decline_returns_the_draft_with_the_reason(world: World) -> None:
    """One primary row: the reply with the reason; the draft card only shows."""
    row, draft, gate, card, _second = at_dana(world)
    world.decide(gate, Event.DECLINE, "dana.whitfield", reason="Too much for too little.")
    world.move(row, Stage.IN_REVIEW, round=1)
    again = world.gate(row, draft=draft)
    card.gate_key = again.key
    reply = world.card("declined/1/0", "declined", again, reason="Too much for too little.", by="dana.whitfield", draft=1)
    assert shown(world, card).state == v.DeclinedBy(act=v.Act(by="Dana Whitfield", at=NOW), reason="Too much for too little.")
    assert Action.DRAFT_EDIT not in actions(shown(world, card))
    view = shown(world, reply)
    assert (view.who, view.did, view.text) == ("Dana Whitfield", "declined draft 1", "Too much for too little.")
    assert actions(view) == [Action.DRAFT_EDIT, Action.RENEWAL_STOP, Action.RENEWAL_HANDOVER]


def test_the_lengths_on_offer_can_be_taken_while_draft_1_is_open(world: World) -> None:
    """The draft's own length has no button; a decided draft leaves none."""
    _row, _draft, gate, _card = in_review(world)
    card = world.card("offers/1", "offers", gate, draft=1)
    assert [(one.months, one.token is not None) for one in shown(world, card).offers] == [(12, False), (24, True), (36, True)]
    world.decide(gate, Event.APPROVE)
    assert all(one.token is None for one in shown(world, card).offers)


def test_a_reminder_of_an_approval_ends_with_the_answer(world: World) -> None:
    """It leads to the question while that is open."""
    _row, _draft, gate, _card, second = at_dana(world)
    card = world.card("second/1/0/2/dana.whitfield/reminder", "approver_reminder", gate, person="dana.whitfield")
    card.thread = second.key
    view = shown(world, card)
    assert isinstance(view, o.TextReply)
    assert "by Thu 10 Dec 2026, 17:00 CST (Chicago)" in view.text
    assert actions(view) == [Action.CARD_OPEN]
    world.decide(gate, Event.APPROVE, "dana.whitfield")
    assert shown(world, card).text == "Northwind Logistics: this approval was answered."


def test_terms_that_cannot_be_made_name_the_finding(world: World) -> None:
    """The card says what is missing from the chain, also after it was answered."""
    row = world.renewal(Stage.NEEDS_PERSON, trouble={"code": "terms", "findings": []})
    finding = {"code": "pricing.no_price", "severity": "blocking", "about": "SO-12", "values": {"order": "SO-12"}}
    world.chain(row, "stuck", "machine", {"code": "terms", "findings": [finding]})
    gate = world.gate(row, "person")
    card = world.card("trouble/terms/0", "needs_person", gate)
    view = shown(world, card)
    assert "Order SO-12 has no price." in view.text
    assert actions(view) == [
        Action.RENEWAL_PREPARE,
        Action.FINDING_PRICE,
        Action.FINDING_LEAVE_OUT,
        Action.RENEWAL_HANDOVER,
        Action.RENEWAL_STOP,
    ]
    world.decide(gate, Event.PREPARE)
    view = shown(world, card)
    assert "Order SO-12 has no price." in view.text
    assert "by Maria Ortiz" in view.text
    assert not view.buttons
