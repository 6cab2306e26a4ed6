"""Mails for a customer: drafted from the case, changed by a person, never sent by us; figures stay those of the case."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from contractops.operator.showing.mails import MOST_WORDS
from contractops.operator.slack.actions import Action
from contractops.operator.store.tables import Inbox
from tests.faults.children import Driver
from tests.operator.desk.office import Office
from tests.operator.desk.states import JO, LENA, MARIA, OMAR, credited, opened, warned

OPEN = {"credit": (credited, Action.CREDIT_MAIL), "restore": (warned, Action.RESTORE_MAIL), "silent": (opened, Action.ENVELOPE_NUDGE)}
"""The card with the button, the state it stands in, and the button."""


def typed(office: Office, user: str = MARIA) -> dict[str, str]:
    """What stands in the fields of the open form."""
    view = office.view(user)
    assert view is not None
    found = {}
    for block in view["blocks"]:
        element: dict[str, Any] = block.get("element", {})
        found[block["block_id"]] = element.get("initial_value") or element.get("initial_option", {}).get("value", "")
    return found


def draft(office: Office, kind: str, user: str = MARIA) -> dict[str, str]:
    """Make the state and open the form of its mail."""
    state, action = OPEN[kind]
    state(office)
    office.rewrite({one.key for one in office.cards(kind)})  # what time has changed is seen
    card = next(one for one in office.cards(kind) if any(name == action for name, _token in office.controls(one)))
    office.click(user, card, action)
    return typed(office, user)


@pytest.mark.parametrize("kind", OPEN)
def test_a_mail_is_short_says_it_in_the_subject_and_asks_one_thing(office: Office, kind: str) -> None:
    """At most 150 words, one question or request, an addressee of the CRM, and every figure is one of the case as it stands."""
    fields = draft(office, kind)
    assert len(fields["body"].split()) <= MOST_WORDS
    assert fields["body"].count("Please ") + fields["body"].count("?") == 1
    assert fields["subject"]
    assert fields["to"]
    assert not office.submit(MARIA, {})["errors"]


def test_the_outage_mail(office: Office) -> None:
    """What happened, for how long, what the customer gets, by when, whom to write to; to the billing contact."""
    fields = draft(office, "credit")
    # ENT-2917 and ENT-3391 both have a credit: the first card is Alpen Bank's, so the figures are its own
    assert fields["subject"].startswith("Credit of ")
    office.close_forms(MARIA)
    office.click(MARIA, office.card("credit"), Action.CREDIT_MAIL)
    fields = typed(office)
    assert fields["to"] == "ana.duarte"
    assert fields["subject"] == "Credit of USD 1,435.00 for CHI-DAL-02, 10 November 2026"
    assert fields["body"] == (
        "Good day,\n\n"
        "On 10 November 2026 your circuit CHI-DAL-02 (Chicago to Dallas) was down for 187 minutes, from 08:15 to 11:22 CST. "
        "The cause was a cut fibre.\n\n"
        "Your agreement ENT-3391 allows 21.6 minutes a month. For November 2026 it gives you 35 % of USD 4,100.00, that is USD 1,435.00.\n\n"
        "Please confirm by 30 December 2026 that you claim it. We then credit it on your next invoice.\n\n"
        "If anything is unclear, call Maria Ortiz, +1 312 555 0117, or write to maria.ortiz@prairie.example.\n\n"
        "Maria Ortiz\nPrairie Carrier Networks, Inc."
    )


def test_a_foreign_figure_is_refused_at_its_field(office: Office) -> None:
    """The figures are locked: another amount is named with the one to use; what was typed stays, and nothing is shown."""
    draft(office, "credit")
    office.close_forms(MARIA)
    office.click(MARIA, office.card("credit"), Action.CREDIT_MAIL)
    before = len(office.whispers(MARIA))
    body = typed(office)["body"].replace("USD 1,435.00", "USD 1,500.00")
    answer = office.submit(MARIA, {"body": body})
    assert answer["errors"] == {"body": "USD 1,500.00 is not a figure of this case. Use USD 1,435.00 or remove it."}
    answer = office.submit(MARIA, {"body": "You get a credit.", "subject": "Credit of 36 %"})
    assert answer["errors"] == {"subject": "36 % is not a figure of this case. Use 35 % or remove it."}
    assert len(office.whispers(MARIA)) == before
    assert not office.submit(MARIA, {"body": "Ana, you get USD 1,435.00, sorry.", "subject": "Your credit"})["errors"]


def test_the_text_comes_back_to_copy_and_to_open(office: Office) -> None:
    """What the person wrote stands in the answer with a link that holds it; only he sees it, and it stands in the chain."""
    draft(office, "credit")
    office.close_forms(MARIA)
    office.click(MARIA, office.card("credit"), Action.CREDIT_MAIL)
    assert not office.submit(
        MARIA, {"to": "priya.nair", "subject": "Your credit", "body": "Dear Priya,\nyou get USD 1,435.00 & an apology."}
    )["errors"]
    answer = office.whispers(MARIA)[-1]
    assert "Dear Priya, you get USD 1,435.00 &amp; an apology." in answer["text"]
    link = next(block["text"]["text"] for block in answer["blocks"] if block["block_id"] == "link")
    address = urlsplit(link.removeprefix("<").split("|", 1)[0].replace("&amp;", "&"))
    assert (address.scheme, unquote(address.path)) == ("mailto", "priya.nair@northwind.example")
    assert parse_qs(address.query) == {"subject": ["Your credit"], "body": ["Dear Priya,\nyou get USD 1,435.00 & an apology."]}
    assert office.events()[-1] == "mail drafted"


def test_a_text_too_long_for_a_link_is_copied(office: Office) -> None:
    """3,000 characters fit the form, not an address: the link opens an empty mail and says so."""
    draft(office, "credit")
    assert not office.submit(MARIA, {"body": "word " * 599})["errors"]
    answer = office.whispers(MARIA)[-1]
    assert "The text is too long for a link: copy it from here." in answer["text"]
    assert "body=" not in str(answer["blocks"][-1])


def test_only_who_may_act_for_the_owner_gets_the_draft(office: Office) -> None:
    """Contract-ops may; another owner and finance may not."""
    credited(office)
    outcomes = {}
    for number, user in enumerate((JO, OMAR, LENA)):
        key = Driver.click(office, Action.CREDIT_MAIL, user=user, action_ts=f"1796.{number}")
        office.drain()
        with office.database.read() as session:
            outcomes[user] = session.get_one(Inbox, key).outcome
    assert outcomes == {JO: "refused: not the owner's", OMAR: "refused: not the owner's", LENA: "mail draft opened"}


def test_the_nudge_is_two_sentences_to_the_signer(office: Office) -> None:
    """To the signer whose turn it is, with the day until which it can be signed."""
    fields = draft(office, "silent")
    assert fields["to"] == "priya.nair"
    assert fields["body"] == (
        "Hello Priya,\n\n"
        "the renewal order form for ENT-3391 has been waiting for your signature since 7 December 2026. "
        "Could you sign it by 29 January 2027, or tell me what is unclear?\n\n"
        "Maria Ortiz\nPrairie Carrier Networks, Inc."
    )
