"""Signers and approvers in groups, clicked through: another signer, the same person twice, a card that was held back."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from contractops.operator.slack.actions import Action
from contractops.operator.store import records
from contractops.operator.store.tables import Approval, Card
from tests.operator.desk.office import Office
from tests.operator.desk.states import DANA, MARIA, at_docusign, begin, bounced, envelope, in_group, many_approvals, sent

pytestmark = pytest.mark.slow

ANOTHER = "mark.ellis"


def test_a_bounce_is_healed_by_another_signer_and_what_he_signed_matches(office: Office) -> None:
    """The card is told once with what the mail system said; after the change it asks nothing, and his signature is the expected one."""
    bounced(office)
    [card] = office.cards("bounced")
    assert "550 5.1.1" in office.message(card)["text"]
    office.click(MARIA, card, Action.ENVELOPE_SIGNER)
    assert not office.submit(MARIA, {"signer": ANOTHER})["errors"]
    office.poll()
    assert "it waits for Mark Ellis now" in office.message(card)["text"]
    for signer in envelope(office)[1]:
        at_docusign(office, signer, "sign")
    office.poll()
    assert office.stage() == "renewed"
    assert len(office.cards("bounced")) == 1


def test_the_signer_can_be_changed_twice(office: Office) -> None:
    """The second change replaces the one whom the envelope has now, not the one whom the draft names."""
    begin(office, sent)
    planned = envelope(office)[1][0]
    for contact in (ANOTHER, "priya.nair"):
        office.click(MARIA, office.card("sent"), Action.ENVELOPE_SIGNER)
        assert not office.submit(MARIA, {"signer": contact})["errors"]
    assert envelope(office)[1][0] == planned
    assert office.cards("parked") == []


def test_nobody_else_to_sign_is_said(office: Office) -> None:
    """With one contact with signing right there is no form, and the answer says what to do."""
    begin(office, sent)
    office.change(records.Contact, ANOTHER, signing_right=False)
    office.click(MARIA, office.card("sent"), Action.ENVELOPE_SIGNER)
    assert office.view(MARIA) is None
    assert "Add the person in the CRM, then click again." in office.whispers(MARIA)[-1]["text"]


def test_the_same_approver_counts_once_in_a_group(office: Office) -> None:
    """Dana approves; her second click is answered with her first, and changes nothing; the card says 1 of 2."""
    in_group(office)
    [card] = office.cards("second")
    office.click(DANA, card, Action.SECOND_APPROVE)
    assert not office.submit(DANA, {"comment": "Fine."})["errors"]
    assert "1 of 2 have approved." in office.message(card)["text"]
    office.click(DANA, card, Action.SECOND_APPROVE)
    assert office.view(DANA) is None
    assert office.whispers(DANA)[-1]["text"].startswith("You approved this on Mon 7 Dec 2026")
    with office.database.read() as session:
        given = session.exec(select(Approval.person_id).where(Approval.step > 1)).all()
    assert given == ["dana.whitfield"]
    assert office.stage() == "in_review"


def test_a_card_that_was_held_back_comes_when_it_is_opened(office: Office) -> None:
    """Each line of the list leads to its card: a link to one that stands, and the held one is posted."""
    many_approvals(office)
    [listed] = office.cards("approvals")
    before = {card.key for card in office.cards("second")}
    for action, token in office.controls(listed):
        office.click(DANA, listed, action, value=token)
    with office.database.read() as session:
        held = session.exec(select(Card.key).where(Card.kind == "second", col(Card.ts).is_(None))).all()
    assert len(before) < len(office.cards("second"))
    assert held == []
