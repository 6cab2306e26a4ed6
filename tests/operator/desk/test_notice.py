"""The notice of non-renewal through DocuSign: one decision over exactly the bytes that were shown, one envelope, and no proof of delivery."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pypdfium2
import pytest
from sqlmodel import select

from contractops.graphs.steps import NewEffect
from contractops.operator.clock import wall_now
from contractops.operator.store import ledger, records
from contractops.operator.store.tables import Alert, Card, Effect, Envelope, Gate, NoticeEvidence
from contractops.tools.values import sha256_of
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import MARIA, at_docusign, begin, envelope, notice_declined, notice_signed, stopped

pytestmark = pytest.mark.slow


def sendings(office: Office) -> list[Effect]:
    with office.database.read() as session:
        return list(session.exec(select(Effect).where(Effect.kind == "docusign.send")).all())


def card_text(office: Office) -> str:
    return str(office.message(office.card("not_renewing"))["text"])


def open_form(office: Office) -> dict[str, Any] | None:
    office.click(MARIA, office.card("not_renewing"), "notice_send")
    return office.view(MARIA)


def test_the_form_shows_and_only_its_confirmation_sends(office: Office) -> None:
    """Opening stores the bytes and sends nothing; the confirmation is recorded over them, and they are what DocuSign holds."""
    begin(office, stopped)
    view = open_form(office)
    assert view is not None
    assert sendings(office) == []
    shown = str(view)
    assert "Dana Whitfield signs for us" in shown
    assert not office.submit(MARIA, {"comment": "Agreed with Sam."})["errors"]
    office.poll()
    [effect] = sendings(office)
    with office.database.read() as session:
        blob = session.get_one(records.Blob, effect.payload["document"])
        gate = session.get_one(Gate, f"{RENEWAL}:notice:1")
    assert sha256_of(blob.content) == gate.payload_hash == effect.payload["document"]
    assert (gate.decision, gate.decided_by, gate.answer) == (
        "send", "maria.ortiz", {"comment": "Agreed with Sam.", "document": effect.payload["document"]},
    )  # fmt: skip
    found = office.world.get("/_world/docusign/envelopes")[-1]
    assert [one["email"] for one in found["recipients"]["signers"]] == ["dana.whitfield@prairie.example"]
    words = pypdfium2.PdfDocument(io.BytesIO(blob.content))[0].get_textpage().get_text_range()
    assert "Notice of non-renewal" in words
    assert "agreement ENT-3391 will not be renewed" in " ".join(words.split())
    assert "The notice is out for signature by Dana Whitfield" in card_text(office)
    assert office.stage() == "not_renewing"


def test_a_notice_of_other_facts_is_not_the_one_that_was_shown(office: Office) -> None:
    """The customer's name changes while the form is open: nothing is sent, and the person is told to look again."""
    begin(office, stopped)
    assert open_form(office) is not None
    office.change(records.Account, "northwind", name="Northwind Logistics Holding")
    office.submit(MARIA, {})
    assert sendings(office) == []
    assert "Nothing was sent; please open it again." in office.whispers(MARIA)[-1]["text"]


def test_two_confirmations_are_one_envelope(office: Office) -> None:
    """The form is open twice; the second confirmation changes nothing and says so."""
    begin(office, stopped)
    assert open_form(office) is not None
    assert open_form(office) is not None
    assert not office.submit(MARIA, {})["errors"]
    assert not office.submit(MARIA, {})["errors"]
    office.poll()
    assert len(sendings(office)) == 1
    assert "on its way to its signature already" in office.whispers(MARIA)[-1]["text"]


def test_only_who_may_end_it_may_send_it(office: Office) -> None:
    """It is Sam's contract now: Maria's old card gives her no form, and nothing of it is stored."""
    begin(office, stopped)
    with office.database.write() as session:
        row = session.merge(office.renewal())
        row.owner_id = "sam.okafor"
        session.get_one(Gate, f"{RENEWAL}:{row.version}").allowed = ["sam.okafor"]
    assert open_form(office) is None
    assert sendings(office) == []
    assert office.events()[-1] == "refused"


def test_signed_is_not_served(office: Office) -> None:
    """The signed notice is fetched, compared and told of; the alarm goes on; the proof of delivery keeps the envelope beside it."""
    notice_signed(office)
    news = office.card("notice_news")
    assert "The notice was signed by Dana Whitfield" in office.message(news)["text"]
    assert "record the proof" in office.message(news)["text"]
    assert office.stage() == "not_renewing"
    assert office.renewal().served_at is None
    office.at("2027-01-06T15:30:00+00:00")
    with office.database.read() as session:
        sent = session.exec(select(Alert.lead).where(Alert.renewal_id == RENEWAL, Alert.status == "sent")).all()
    assert 30 in sent, "the alarm goes on"
    office.click(MARIA, office.card("notice_news"), "notice_evidence")
    assert "It proves no delivery." in str(office.view(MARIA))
    values = {"served": "2027-01-05", "reference": "RR 1234", "by": "Maria Ortiz"}
    assert not office.submit(MARIA, office.first_choices(MARIA) | values)["errors"]
    with office.database.read() as session:
        proof = session.get_one(NoticeEvidence, RENEWAL)
        envelope_id = session.exec(select(Envelope.envelope_id).where(Envelope.draft_number == 0)).one()
    assert (proof.notice_envelope, proof.received_on) == (envelope_id, date(2027, 1, 5))
    assert office.renewal().served_at is not None


def test_after_a_no_it_can_be_sent_again(office: Office) -> None:
    """Declined with its words, told once, and the next confirmation makes a second envelope."""
    notice_declined(office)
    assert "Dana Whitfield declined to sign the notice" in card_text(office)
    assert "Let us offer them a year first." in card_text(office)
    assert len(office.cards("notice_news")) == 1
    assert open_form(office) is not None
    assert not office.submit(MARIA, {})["errors"]
    office.poll()
    assert len({one.remote_id for one in sendings(office)}) == 2
    at_docusign(office, envelope(office)[1][0], "sign")
    office.poll()
    assert "The notice was signed by Dana Whitfield" in card_text(office)


def test_the_signed_notice_answers_no_gate(office: Office) -> None:
    """The question for the proof of delivery is a person's: neither the signature nor the comparison answers it."""
    notice_signed(office)
    with office.database.read() as session:
        row = office.renewal()
        gate = session.get_one(Gate, f"{RENEWAL}:{row.version}")
        cards = session.exec(select(Card).where(Card.kind == "needs_person")).all()
    assert (gate.kind, gate.decision) == ("evidence", None)
    assert cards == []


def test_a_parked_notice_says_what_stopped(office: Office) -> None:
    """When nobody can tell whether it went out, the card names the notice, not a draft."""
    begin(office, stopped)
    assert open_form(office) is not None
    assert not office.submit(MARIA, {})["errors"]
    with office.database.write() as session:
        row = office.renewal()
        plan = {**sendings(office)[0].payload, "number": 2}
        key = ledger.intend(session, NewEffect("docusign.send", plan), renewal_id=RENEWAL, version=row.version, at=wall_now())
        effect = ledger.claim(session, key, worker="test", at=wall_now())
        assert effect is not None
        assert ledger.park(session, effect, "no answer came")
        office.operator.workbench.tell_parked(session, effect, "no answer came", unknown=True)
    office.drain()
    assert "the envelope for the notice of non-renewal" in office.message(office.card("parked"))["text"]
