"""The form "Not preparing terms", sent for real: each of its three answers, with what is then said and what goes on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contractops.operator.store.tables import NoticeEvidence
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
    assert "Notice served by customer notice on Fri 4 Dec 2026, reference Letter 77." in text(office, "not_renewing")
    assert office.renewal().next_action_at is None


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
