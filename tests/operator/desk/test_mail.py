"""What a mail says and to whom: the card's own text, to staff, once; nothing that was answered; the card tells of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import select

from contractops.operator.mailing import CLOSING, Mailing, plain_text, subject_of
from contractops.operator.store.records import Contact, Person
from contractops.operator.store.tables import Card, Effect
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import late

pytestmark = pytest.mark.slow


def mails(office: Office, before: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.world.get("/_world/mail")["mails"]
    return found[before:]


def effects(office: Office) -> list[Effect]:
    with office.database.read() as session:
        return list(session.exec(select(Effect).where(Effect.kind == "mail.send", Effect.renewal_id == RENEWAL)))


def test_the_last_alert_goes_out_as_the_card_says_it(office: Office) -> None:
    """Text and subject are the card's; every address is one of the staff list, none a customer's; each effect is done."""
    before = len(mails(office, 0))
    late(office)
    came = mails(office, before)
    alert = next(one for one in office.cards("reminder") if one.args.get("lead") == 3)
    text = office.message(alert)["text"]
    mine = next(one for one in came if one["to"] == ["maria.ortiz@prairie.example"] and one["subject"].startswith("3 days to decide"))
    assert mine["text"].startswith("3 days to decide: Northwind Logistics, USD 221,400.00 a year, by Fri 5 Feb 2027, 17:00 CST (Chicago).")
    assert mine["text"].rstrip().endswith(CLOSING)
    told = mine["text"].removesuffix(f"\n\n{CLOSING}\n")
    assert told.rpartition("Data checked")[0] == plain_text(text).rpartition("Data checked")[0]
    assert "http" not in mine["text"]
    with office.database.read() as session:
        staff = {one.email for one in session.exec(select(Person))}
        customers = {one.email for one in session.exec(select(Contact))}
    assert {address for one in came for address in one["to"]} <= staff - customers
    assert {one.status for one in effects(office)} == {"done"}
    assert len({one["message_id"] for one in came}) == len(came) == len(effects(office))
    assert "Sent by e-mail too." in text


def test_what_was_answered_meanwhile_is_not_mailed(office: Office) -> None:
    """A button was pressed after the card was made: the mail has nothing to say any more."""
    late(office)
    effect = effects(office)[-1]
    with office.database.write() as session:
        row = office.renewal()
        card = session.get_one(Card, str(effect.payload["card"]))
        row.answered_at = card.created_at
        session.merge(row)
    operator = office.operator
    assert operator.mailer is not None
    count = len(mails(office, 0))
    receipt = Mailing(office.database, operator.core.clock, operator.mailer, operator.core.rules).send(effect)
    assert (receipt.remote_id, receipt.data) == (None, {"skipped": "answered"})
    assert len(mails(office, count)) == 0


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("3 days to decide: A &amp; B, USD 18,450.00 a month, by Fri 5 Feb 2027, 17:00 CST (Chicago). Decide by …", "3 days to decide: A & B, USD 18,450.00 a month, by Fri 5 Feb 2027, 17:00 CST (Chicago)"),
        ("Decide today: X. <@U0MARIA> Decide", "Decide today: X"),
    ],
)  # fmt: skip
def test_the_subject_is_the_first_sentence(text: str, subject: str) -> None:
    """An amount's point ends no sentence; escapes and mentions of Slack are gone."""
    assert subject_of(plain_text(text)) == subject
    assert "<@" not in plain_text(text)
