"""Hand-over: offered, accepted with the cards that are needed to act, or given back."""

from __future__ import annotations

from contractops.operator.slack.actions import Action
from contractops.operator.store.tables import Card
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import MARIA, begin, drafted, handed

SAM = "U0SAM"


def root(office: Office) -> Card:
    with office.database.read() as session:
        return session.get_one(Card, f"{RENEWAL}/root")


def test_the_new_owner_gets_the_root_card(office: Office) -> None:
    """After "Accept" the root stands in Sam's messages and works; Maria's old message says who has it."""
    old = root(office)
    handed(office)
    assert office.renewal().owner_id == "maria.ortiz"
    offer = next(card for card in office.cards("handover") if card.person_id == "sam.okafor")
    office.click(SAM, offer, "handover_accept")
    assert office.renewal().owner_id == "sam.okafor"
    new = root(office)
    assert (new.person_id, new.channel == old.channel) == ("sam.okafor", False)
    assert Action.RENEWAL_PREPARE in dict(office.controls(new))
    assert "Sam Okafor" in str(office.message(old))
    assert office.controls(old) == []
    office.click(SAM, new, "renewal_prepare")
    assert office.stage() == "in_review"
    assert office.card("draft").person_id == "sam.okafor"


def test_a_draft_that_waits_goes_along(office: Office) -> None:
    """The draft that waits for approval is the new owner's to approve, on a card of his own."""
    begin(office, drafted)
    old = office.card("draft")
    handed(office)
    office.click(SAM, next(card for card in office.cards("handover") if card.person_id == "sam.okafor"), "handover_accept")
    new = office.card("draft")
    assert (new.person_id, new.thread) == ("sam.okafor", f"{RENEWAL}/root")
    assert office.controls(old) == []
    office.click(SAM, new, "draft_approve")
    assert ("approve", "sam.okafor") in office.decisions()


def test_given_back(office: Office) -> None:
    """Given back with words: Maria keeps it, reads why, and the offer is closed."""
    handed(office)
    offer = next(card for card in office.cards("handover") if card.person_id == "sam.okafor")
    office.click(SAM, offer, "handover_return")
    assert not office.submit(SAM, {"text": "I am on another account now."})["errors"]
    assert office.renewal().owner_id == "maria.ortiz"
    assert "I am on another account now." in str(office.message(office.card("text")))
    assert "handover_accept" not in dict(office.controls(offer))
    office.click(MARIA, root(office), "renewal_prepare")
    assert office.stage() == "in_review"
