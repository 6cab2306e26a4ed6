"""Service credits that nobody claimed: told once, without a flood, and settled step by step by those who may."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlmodel import col, select

from contractops.operator.credits import FOLLOWS, About, standing, tell
from contractops.operator.store import records
from contractops.operator.store.tables import Card
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import JO, LENA, MARIA, OMAR, credited, with_finance
from tests.operator.desk.test_clicks_that_cannot_count import said


def text(office: Office, card: Card) -> str:
    """The whole card, as a screen reader reads it."""
    return str(office.message(card)["text"])


def test_the_open_credit_is_told_once(office: Office) -> None:
    """USD 1,435.00 of November: one card in Maria's thread, one line for finance without buttons; the lapsed USD 160.00 gets none."""
    credited(office)
    assert [card.key.split("/")[1] for card in office.cards("credit")] == ["ENT-2917", "ENT-3391"]
    shown = text(office, office.card("credit"))
    assert "Northwind Logistics, USD 1,435.00" in shown
    assert "The claim closes Wed 30 Dec 2026." in shown
    assert office.card("credit").thread == f"{RENEWAL}/root"
    team = office.card("credit_list")
    assert "Northwind Logistics: USD 1,435.00" in text(office, team)
    assert office.controls(team) == []
    everything = " ".join(text(office, card) for card in office.cards("credit", "credit_list"))
    assert "160.00" not in everything
    before = len(office.cards())
    office.operator.credits()
    office.at("2026-12-08T15:00:00+00:00")
    office.operator.credits()
    office.drain()
    assert len(office.cards("credit", "credit_list")) == 3
    assert len(office.cards()) == before


def test_the_card_says_what_happened_how_much_and_until_when(office: Office) -> None:
    """Every sentence of the card, from the records of the portfolio; four buttons, the first of them primary."""
    credited(office)
    card = office.card("credit")
    assert text(office, card) == (
        "Credit due: Northwind Logistics, USD 1,435.00. Claim closes Wed 30 Dec 2026. "
        "Circuit CHI-DAL-02 was down 187 minutes on Tue 10 Nov 2026. The contract allows 21.6 minutes a month. "
        "The customer has not claimed. The claim closes Wed 30 Dec 2026. "
        "Availability, Nov 2026: 99.5671 %, target 99.95 %. 43,200 minutes counted. "
        "Credit: 35 % of USD 4,100.00. = USD 1,435.00 (cap USD 4,100.00: not reached). "
        "Counted out: 0 minutes maintenance. 0 minutes waiting for the customer. "
        "Ticket: TT-88412, priority 1. Our clock and the ticket system agree. "
        "No e-mail leaves before you send it. Data checked Mon 7 Dec 2026, 09:00 CST. "
        "Actions: Tell the customer, Send to finance, Show the arithmetic, Not a breach."
    )
    assert [name for name, _token in office.controls(card)] == ["credit_mail", "credit_finance", "credit_reasons", "credit_dispute"]


def test_a_second_outage_names_the_month_and_both_tickets(office: Office) -> None:
    """Two days and an overlap: 187 and 60 minutes on the 12th, of which another ticket tells 30 again."""
    with office.database.write() as session:
        row = session.exec(select(records.Ticket).where(records.Ticket.id == "TT-88412", col(records.Ticket.superseded_at).is_(None))).one()
        for ticket, first, last in (("TT-A", "18:00", "19:00"), ("TT-B", "18:30", "19:00")):
            times = {
                "opened_at": datetime.fromisoformat(f"2026-11-12T{first}:00+00:00"),
                "restored_at": datetime.fromisoformat(f"2026-11-12T{last}:00+00:00"),
            }
            session.add(records.Ticket(**row.model_dump(exclude={"row_id"}) | {"id": ticket, "priority": "2", **times}))
    credited(office)
    shown = text(office, office.card("credit"))
    assert "Circuit CHI-DAL-02 was down 247 minutes in Nov 2026, on several days." in shown
    assert "Tickets: TT-88412, priority 1; TT-A, priority 2; TT-B, priority 2." in shown
    assert "Our clock and the ticket system differ: outages of several tickets overlap." in shown


def test_one_credit_is_noticed_by_its_card_without_buttons(office: Office) -> None:
    """Only one is found: the first notice in #credits is the card itself, and it says later what became of it."""
    office.change(records.SlaCommitment, "SLA-28", tiers=[])
    credited(office)
    notice = office.card("credit_notice")
    assert text(office, notice).startswith("Credit due: Northwind Logistics, USD 1,435.00. Claim closes Wed 30 Dec 2026.")
    assert office.controls(notice) == []
    office.click(MARIA, office.card("credit"), "credit_finance")
    assert not office.submit(MARIA, {})["errors"]  # a note is not needed
    assert "Sent to finance, Maria Ortiz" in text(office, notice)
    assert office.cards("text") == []


def test_the_list_says_what_became_of_each(office: Office) -> None:
    """The notice of several is rewritten with the step that was taken."""
    with_finance(office)
    team = office.card("credit_list")
    assert "Northwind Logistics: USD 1,435.00, CHI-DAL-02, Nov 2026, claim closes Wed 30 Dec 2026. Sent to finance." in text(office, team)
    office.click(OMAR, office.card("finance"), "finance_book")
    assert "claim closes Wed 30 Dec 2026. Booked." in text(office, team)


def test_the_finance_card_names_everything_to_book_it(office: Office) -> None:
    """Amount, account, invoice month, clause, arithmetic; booking asks once more with the amount, the account and the month."""
    with_finance(office)
    card = office.card("finance")
    shown = text(office, card)
    for words in (
        "Credit to book: Northwind Logistics, USD 1,435.00, Nov 2026.",
        "Account: Northwind Logistics, ENT-3391.",
        "Invoice month: Nov 2026.",
        "Clause: ENT-3391-msa.pdf 8.3, page 10.",
        "Arithmetic: 35 % of USD 4,100.00. = USD 1,435.00.",
        "Sent by Maria Ortiz, Mon 7 Dec 2026, 09:00 CST.",
    ):
        assert words in shown
    assert card.channel is not None
    assert [name for name, _token in office.controls(card)] == ["finance_book", "finance_return", "credit_reasons"]
    dialog = next(one for block in office.message(card)["blocks"] if block["type"] == "actions" for one in block["elements"])["confirm"]
    assert dialog["text"]["text"] == "Book USD 1,435.00 for Northwind Logistics, Nov 2026?"
    assert dialog["confirm"]["text"] == "Book credit"


def test_the_deputy_who_got_the_card_may_settle_it(office: Office) -> None:
    """Maria is away: Jo gets her card and sends it to finance."""
    office.change(records.Person, "jo.lang", deputy_id=None, deputy_from=None, deputy_to=None)
    office.change(records.Person, "maria.ortiz", deputy_from=date(2026, 12, 7), deputy_to=date(2026, 12, 31))
    office.operator.credits()
    office.at("2026-12-08T15:00:00+00:00")
    card = office.card("credit")
    assert card.person_id == "jo.lang"
    office.click(JO, card, "credit_finance")
    assert not office.submit(JO, {"text": "Please book it."})["errors"]
    assert "Sent to finance, Jo Lang" in text(office, card)


def test_small_amounts_get_no_card(office: Office) -> None:
    """Below the policy's amount nothing is posted."""
    now, rules = office.operator.core.clock.now(), office.operator.core.rules
    assert tell(office.database, now, rules, Decimal("1000000.00")) == 0
    assert tell(office.database, now, rules, Decimal("1435.00")) >= 1
    assert tell(office.database, now, rules, Decimal("1435.00")) == 0


def test_sent_booked(office: Office) -> None:
    """The owner sends it with a note; finance books it; both cards say who and when, and no button is left to decide."""
    with_finance(office)
    assert "Sent to finance, Maria Ortiz" in text(office, office.card("credit"))
    assert "Please book it." in text(office, office.card("text"))
    office.click(OMAR, office.card("finance"), "finance_book")
    with office.database.read() as session:
        gate = standing(session, About.of(RENEWAL, office.card("credit").args))
    assert gate is not None
    assert (gate.decision, gate.decided_by) == ("booked", "omar.haddad")
    assert gate.answer == {"text": "", "amount": "1435.00", "currency": "USD"}
    for card in (office.card("credit"), office.card("finance")):
        assert "Booked" in text(office, card)
        assert "Omar Haddad" in text(office, card)
        assert office.controls(card) == []


def test_only_finance_books(office: Office) -> None:
    """The owner cannot book what he sent."""
    with_finance(office)
    office.click(LENA, office.card("finance"), "finance_book")
    assert said(office, LENA) == "This one is finance's to decide. Nothing was changed."
    assert "Booked" not in text(office, office.card("credit"))


def test_returned_and_sent_again(office: Office) -> None:
    """Finance gives it back with words; the owner's buttons are there again, and a second sending counts."""
    with_finance(office)
    office.click(OMAR, office.card("finance"), "finance_return")
    assert not office.submit(OMAR, {"text": "The ticket number is missing."})["errors"]
    assert "The ticket number is missing." in " ".join(text(office, card) for card in office.cards("text"))
    assert [name for name, _token in office.controls(office.card("credit"))][:2] == ["credit_mail", "credit_finance"]
    office.click(MARIA, office.card("credit"), "credit_finance")
    assert not office.submit(MARIA, {"text": "TT-90211."})["errors"]
    first, _again = office.cards("finance")
    assert [name for name, _token in office.controls(first)] == []
    office.click(OMAR, office.cards("finance")[-1], "finance_book")
    assert "Booked" in text(office, office.card("credit"))


def test_disputed(office: Office) -> None:
    """No breach, with the reason; a click on the old button later changes nothing."""
    credited(office)
    card = office.card("credit")
    office.click(MARIA, card, "credit_dispute")
    assert not office.submit(MARIA, {"text": "The customer had cut the power himself."})["errors"]
    assert "not a breach" in text(office, card)
    assert office.controls(card) == []


def test_lapsed(office: Office) -> None:
    """After the last day of the claim the card says so and offers nothing."""
    credited(office)
    office.at("2027-01-04T15:00:00+00:00")
    office.rewrite({office.card("credit").key})
    assert "lapsed" in text(office, office.card("credit"))
    assert office.controls(office.card("credit")) == []


def test_many_at_once_are_one_list(office: Office) -> None:
    """More than three for one person: one message, and the cards in its thread."""
    with office.database.write() as session:
        promises = session.exec(select(records.SlaCommitment).where(col(records.SlaCommitment.superseded_at).is_(None))).all()
        for promise in promises:
            promise.claim_days = 400
            session.add(promise)
    found = tell(office.database, office.operator.core.clock.now(), office.operator.core.rules, Decimal("0.01"))
    office.jobs.recover()
    office.drain()
    by_person = {card.person_id for card in office.cards("credit") if card.thread and card.thread.startswith("credits/")}
    alone = [card for card in office.cards("credit") if not (card.thread and card.thread.startswith("credits/"))]
    counts = {
        person: sum(card.person_id == person for card in office.cards("credit"))
        for person in {card.person_id for card in office.cards("credit")}
    }
    assert found == sum(counts.values())
    assert all((count > 3) == (person in by_person) for person, count in counts.items())
    assert all(counts[card.person_id] <= 3 for card in alone)


def test_what_may_follow_what() -> None:
    """Booked and disputed are the end; everything that may follow can itself be continued or is an end."""
    assert FOLLOWS["booked"] == FOLLOWS["disputed"] == frozenset()
    assert all(step in FOLLOWS for steps in FOLLOWS.values() for step in steps)
