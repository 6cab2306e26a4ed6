"""The form "Not preparing terms", sent for real: each of its three answers, with what is then said and what goes on."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest
from sqlmodel import select

from contractops.operator.store.records import Blob
from contractops.operator.store.tables import Audit, Effect, NoticeEvidence
from contractops.tools.values import sha256_of
from tests.operator.desk.office import RENEWAL, Office
from tests.operator.desk.states import MARIA

pytestmark = pytest.mark.slow


def decide(office: Office, **values: Any) -> dict[str, Any]:
    """Maria opens the form from the alert and sends ``values``."""
    office.click(MARIA, office.card("alert"), "renewal_stop")
    return office.submit(MARIA, {"reason": "price", **values})


def text(office: Office, kind: str) -> str:
    return str(office.message(office.card(kind))["text"])


def test_we_end_it(office: Office) -> None:
    """The notice is ready, with where and by when it must be received; the alarms go on."""
    assert not decide(office, what="end")["errors"]
    assert "Notice of non-renewal is ready. It must be received by Fri 5 Feb 2027, 17:00 CST at Northwind Logistics, 200 Lake St" in text(
        office, "not_renewing"
    )
    assert office.stage() == "not_renewing"
    assert office.renewal().next_action_at is not None


def test_the_customer_has_given_notice(office: Office) -> None:
    """With its day of receipt it is served by itself; without one the form says what is missing, and nothing is decided."""
    office.click(MARIA, office.card("alert"), "renewal_stop")
    refused = office.submit(MARIA, {"reason": "price", "what": "customer_notice"})
    assert refused["errors"] == {"received": "The notice must have a date of receipt."}
    assert office.stage() == "flagged"
    assert not office.submit(MARIA, {"reason": "price", "what": "customer_notice", "received": "2026-12-04", "note": "Letter 77"})["errors"]
    with office.database.read() as session:
        proof = session.get_one(NoticeEvidence, RENEWAL)
    assert (proof.method, proof.received_on, proof.reference, proof.served_by) == (
        "customer notice",
        date(2026, 12, 4),
        "Letter 77",
        "customer",
    )
    assert "The customer gave notice, received on Fri 4 Dec 2026, reference Letter 77." in text(office, "not_renewing")
    assert office.renewal().next_action_at is None


LETTER = b"%PDF-1.4 We do not renew."


def hand_over(office: Office, name: str = "notice.pdf", user: str = MARIA) -> str:
    """A file that ``user`` chose in the open form; its id."""
    url = f"{office.world.url}/_world/slack/upload"
    answer = httpx.post(url, params={"user": user, "name": name}, content=LETTER, trust_env=False, timeout=10).raise_for_status()
    return str(answer.json()["id"])


def test_their_notice_is_kept(office: Office) -> None:
    """The file is fetched after the decision, kept under its hash, told in the chain, named on the card and given back on request."""
    sent = {"what": "customer_notice", "received": "2026-12-04", "file": [hand_over(office, "Kündigung *77*.pdf")]}
    assert not decide(office, **sent)["errors"]
    assert "Their notice: Kündigung *77*.pdf, received Fri 4 Dec 2026." in text(office, "not_renewing")
    with office.database.read() as session:
        kept = session.get_one(Blob, sha256_of(LETTER))
        told = session.exec(select(Audit).where(Audit.renewal_id == RENEWAL, Audit.event == "notice file")).one()
    assert kept.content == LETTER
    assert (told.by, told.data["name"], told.data["sha256"]) == ("maria.ortiz", "Kündigung *77*.pdf", kept.sha256)
    office.click(MARIA, office.card("not_renewing"), "notice_theirs")
    files = [one["files"][0] for messages in office.state()["messages"].values() for one in messages if one.get("files")]
    assert files[-1]["name"] == "Kündigung *77*.pdf"
    assert httpx.get(files[-1]["url_private"], trust_env=False).content == LETTER


def test_a_file_that_does_not_come_holds_nothing_up(office: Office) -> None:
    """While Slack fails the decision counts and the card says so; the file is fetched when Slack answers again."""
    office.click(MARIA, office.card("alert"), "renewal_stop")
    values = {"reason": "price", "what": "customer_notice", "received": "2026-12-04", "file": [hand_over(office)]}
    office.world.fault("status", "files.download", status=503)
    before = len(office.world.get("/_world/journal?surface=slack"))
    assert not office.submit(MARIA, values)["errors"]
    with office.database.read() as session:
        fetched = session.exec(select(Effect).where(Effect.kind == "slack.fetch")).one()
    assert (fetched.status, fetched.attempts) == ("done", 2)
    said = [str(one["request"]) for one in office.world.get("/_world/journal?surface=slack")[before:]]
    assert any("Their notice: file not fetched yet, received Fri 4 Dec 2026." in one for one in said)
    assert "Their notice: notice.pdf, received Fri 4 Dec 2026." in text(office, "not_renewing")


def test_a_file_that_is_gone_is_a_persons_matter(office: Office) -> None:
    """A file that Slack no longer has: the decision stands, the card says that it is not here, and somebody is told."""
    office.click(MARIA, office.card("alert"), "renewal_stop")
    values = {"reason": "price", "what": "customer_notice", "received": "2026-12-04", "file": [hand_over(office)]}
    office.world.fault("status", "files.download", status=404)
    assert not office.submit(MARIA, values)["errors"]
    assert office.stage() == "not_renewing"
    assert "Their notice: file could not be fetched, received Fri 4 Dec 2026." in text(office, "not_renewing")
    assert "etching the customer's notice" in text(office, "parked")


def test_slack_refuses_other_kinds_and_other_peoples_files(office: Office) -> None:
    """What the form does not take never reaches us."""
    office.click(MARIA, office.card("alert"), "renewal_stop")
    values = {"reason": "price", "what": "customer_notice", "received": "2026-12-04"}
    assert "notice.exe" in office.submit(MARIA, values | {"file": [hand_over(office, "notice.exe")]})["errors"]["file"]
    foreign = {"user": MARIA, "view_id": office.view(MARIA)["id"], "values": values | {"file": [hand_over(office, user="U0SAM")]}}  # type: ignore[index]
    assert httpx.post(f"{office.world.url}/_world/slack/submit", json=foreign, trust_env=False).status_code == 409
    assert office.stage() == "flagged"


def test_a_receipt_cannot_lie_ahead(office: Office) -> None:
    """A day that has not come is no day of receipt."""
    assert "lies ahead" in decide(office, what="customer_notice", received="2026-12-20")["errors"]["received"]
    assert office.stage() == "flagged"


def test_it_renews_as_it_is(office: Office) -> None:
    """Said with its day, length and price; told again when it has."""
    assert not decide(office, what="renew")["errors"]
    assert "Renews on Thu 8 Apr 2027 for 12 months at USD 18,450.00 a month. I watch it and tell you when it has." in text(
        office, "let_renew"
    )
    office.at("2027-04-08T15:00:00+00:00")
    assert "has renewed on Thu 8 Apr 2027" in text(office, "has_renewed")
