"""What stands in Slack stays true: after a receipt, a hand-over, a decision of somebody else; for whoever reads it."""

from __future__ import annotations

from sqlmodel import select

from contractops.operator.slack.actions import Action
from contractops.operator.store import records
from contractops.operator.store.tables import Card
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import DANA, MARIA, asked, drafted, ended_by_them, sent, signed, stopped, two_readings

SAM, KIM = "U0SAM", "U0KIM"


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


def hand_over(office: Office) -> None:
    """Maria hands over to Sam, who accepts."""
    office.click(MARIA, office.card("alert"), "renewal_handover")
    assert not office.submit(MARIA, {"person": "sam.okafor", "note": "You know them."})["errors"]
    offer = next(card for card in office.cards("handover") if card.person_id == "sam.okafor")
    office.click(SAM, offer, "handover_accept")


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
    hand_over(office)
    assert root(office).person_id == "sam.okafor"
    assert "Draft 2 is approved by Maria Ortiz and waits for Dana Whitfield." in office.message(root(office))["text"]


def test_a_missed_notice_leaves_no_card_that_says_it_is_ready(office: Office) -> None:
    """The window closed without a proof: notice card and reminders say so, and "decide today" stands nowhere."""
    stopped(office)
    for when in ("2027-01-06T15:30:00+00:00", "2027-02-04T15:30:00+00:00", "2027-02-05T23:30:00+00:00"):
        office.at(when)
    assert office.stage() == "missed"
    assert "no proof of delivery of the notice was recorded by Fri 5 Feb 2027, 17:00 CST (Chicago)" in text(office, "not_renewing")
    reminders = [str(office.message(card)["text"]) for card in office.cards("reminder")]
    assert reminders
    assert all("the window closed on Fri 5 Feb 2027" in one for one in reminders)


def test_who_is_told_of_a_missing_proof_reads_what_is_missing(office: Office) -> None:
    """A decision was taken; to the manager it is not told as silence."""
    stopped(office)
    for when in ("2027-01-06T15:30:00+00:00", "2027-02-04T15:30:00+00:00"):
        office.at(when)
    told = text(office, "told")
    assert "You are told because no proof of delivery of the notice is recorded yet." in told
    assert "Notice must be received by Fri 5 Feb 2027" in told
    assert "there is no answer yet" not in told


def test_a_manager_is_not_told_that_he_approved_or_must_decide(office: Office) -> None:
    """What waits for the owner is told in his name to whoever else hears of it."""
    drafted(office)
    for when in ("2027-01-06T15:30:00+00:00", "2027-01-22T15:30:00+00:00"):
        office.at(when)
    told = text(office, "told")
    assert "Draft 1 waits for Maria Ortiz's decision." in told


def test_who_stands_in_is_not_called_the_owner(office: Office) -> None:
    """The owner has left: contract-ops have the card, and read for whom."""
    drafted(office)
    office.change(records.Person, "maria.ortiz", active=False)
    office.at("2027-01-06T15:30:00+00:00")
    assert root(office).person_id == "j.kim"
    assert "You answer here for Maria Ortiz." in text(office, "alert")


def test_the_approver_keeps_the_reason_after_a_hand_over(office: Office) -> None:
    """Why he is asked are the limits of who asked him, whoever owns the account now. What stood with the old owner has moved."""
    asked(office)
    hand_over(office)
    assert "Why you: 36 months is over their limit of 24" in text(office, "second")


def test_the_offers_go_along_with_draft_1(office: Office) -> None:
    """The lengths beside draft 1 are the new owner's to take; the old owner has no live button left."""
    drafted(office)
    before = office.card("offers")
    hand_over(office)
    assert office.card("offers").person_id == "sam.okafor"
    assert office.controls(before) == []
    office.click(SAM, office.card("offers"), "offer_use")
    assert office.renewal().draft_number == 2


def test_an_envelope_taken_back_leads_to_its_draft(office: Office) -> None:
    """The same terms can be approved again, and the reply about it leads there."""
    sent(office)
    office.click(MARIA, office.card("sent"), "envelope_void")
    office.poll()
    labels = [one["text"]["text"] for one in office.message(office.card("returned"))["blocks"][-1]["elements"]]
    assert labels == ["Open draft 2", "Not renewing…", "Hand over…"]


def test_a_changed_signer_has_his_own_title(office: Office) -> None:
    """The reply names the new signer as the CRM does, and after a take-back it is he who can no longer sign."""
    sent(office)
    office.click(MARIA, office.card("sent"), "envelope_signer")
    assert not office.submit(MARIA, office.first_choices(MARIA))["errors"]
    office.poll()
    assert "Sent to Mark Ellis (CFO), then Dana Whitfield for us." in text(office, "sent")
    office.click(MARIA, office.card("sent"), "envelope_void")
    office.poll()
    assert "Mark Ellis can no longer sign draft 2." in text(office, "returned")


def test_a_draft_whose_owner_has_left_is_prepared_again_for_the_next(office: Office) -> None:
    """Nobody could approve it: the card says why and what helps; after the hand-over the new owner has a draft that he can approve."""
    drafted(office)
    office.change(records.Person, "maria.ortiz", active=False)
    office.at("2027-01-06T15:30:00+00:00")
    office.click(KIM, office.card("draft"), "draft_approve")
    assert "The owner is no longer on the staff list: hand the account over" in text(office, "draft")
    office.click(KIM, root(office), "renewal_handover")
    assert not office.submit(KIM, {"person": "dana.whitfield", "note": "Yours now."})["errors"]
    offer = next(card for card in office.cards("handover") if card.person_id == "dana.whitfield")
    office.click(DANA, offer, "handover_accept")
    newest = max(office.cards("draft"), key=lambda card: card.key)
    assert (newest.person_id, "Can't be approved yet" in str(office.message(newest)["text"])) == ("dana.whitfield", False)
    office.click(DANA, newest, "draft_approve")
    assert ("approve", "dana.whitfield") in office.decisions()
