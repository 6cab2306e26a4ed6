"""What stands in Slack stays true: after a receipt, a hand-over, a decision of somebody else; for whoever reads it."""

from __future__ import annotations

from sqlmodel import select

from contractops.operator.slack.actions import Action
from contractops.operator.store import records
from contractops.operator.store.tables import Card
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import MARIA, asked, ended_by_them, sent, signed, stopped, two_readings

SAM = "U0SAM"


def text(office: Office, kind: str) -> str:
    return str(office.message(office.card(kind))["text"])


def root(office: Office) -> Card:
    with office.database.read() as session:
        return session.get_one(Card, f"{RENEWAL}/root")


def settles(office: Office, card: Card) -> list[str]:
    """Labels of the buttons that settle something."""
    blocks = office.message(card)["blocks"]
    elements = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    return [one["text"]["text"] for one in elements if Action.named(one["action_id"]) is Action.CLAUSE_SETTLE]


def test_the_team_is_not_told_of_an_end_before_the_notice_is_proven(office: Office) -> None:
    """Decided not to renew: without a proof of the notice it still renews itself, so no line says that it ends."""
    stopped(office)
    assert text(office, "team") == "Northwind Logistics (Maria Ortiz): not renewing; no proof of notice yet, due by Fri 5 Feb 2027."


def test_a_customers_notice_is_told_as_theirs(office: Office) -> None:
    """It ends by the customer's notice: the team reads so, and no card speaks of a notice of ours."""
    ended_by_them(office)
    assert text(office, "team") == "Northwind Logistics ends on Wed 7 Apr 2027."
    assert "The customer gave notice, received on Fri 4 Dec 2026." in text(office, "not_renewing")
    assert "See notice" not in text(office, "not_renewing")


def test_the_approvers_card_follows_the_envelope(office: Office) -> None:
    """Who approved reads that it was sent once the vendor has said so."""
    sent(office)
    assert "Sent to Priya Nair for signature, Mon 7 Dec 2026" in text(office, "second")


def test_the_approvers_card_says_when_everybody_has_signed(office: Office) -> None:
    signed(office)
    assert "Signed by everybody." in text(office, "second")


def test_every_unknown_of_the_welcome_list_has_its_button(office: Office) -> None:
    """Three contracts have an unknown that an answer settles; each line has its button, also the last one."""
    assert settles(office, office.card("welcome")) == [
        "Settle Copperleaf Media…",
        "Settle Ridgeline Foods…",
        "Settle Tallgrass Energy Services…",
    ]


def test_one_question_has_one_button_where_no_price_is_known(office: Office) -> None:
    """The date has two readings and an order no price: the date in use is said, and the question can be settled by one button."""
    two_readings(office)
    with office.database.read() as session:
        order = session.exec(select(records.ServiceOrder).where(records.ServiceOrder.contract_id == "ENT-3391")).first()
    assert order is not None
    office.change(records.ServiceOrder, order.id, monthly_price=None)
    office.rewrite({f"{RENEWAL}/root"})
    assert settles(office, root(office)) == ["Settle this…"]
    assert "Decide by: Fri 5 Feb 2027, 17:00 CST (Chicago)." in text(office, "alert")
    assert "Two readings: Fri 5 Feb 2027 or Mon 8 Feb 2027. We use the earlier." in text(office, "alert")


def test_a_new_owner_is_not_told_that_he_approved(office: Office) -> None:
    """Handed over while an approver is asked: the new owner's root names who approved the draft."""
    asked(office)
    office.click(MARIA, office.card("alert"), "renewal_handover")
    assert not office.submit(MARIA, {"person": "sam.okafor", "note": "You know them."})["errors"]
    offer = next(card for card in office.cards("handover") if card.person_id == "sam.okafor")
    office.click(SAM, offer, "handover_accept")
    assert root(office).person_id == "sam.okafor"
    assert "Draft 2 is approved by Maria Ortiz and waits for Dana Whitfield." in office.message(root(office))["text"]
