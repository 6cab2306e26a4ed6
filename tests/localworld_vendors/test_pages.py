"""The signing page and the CRM page, read as a person's browser would."""

import re
from html import unescape

from tests.localworld_vendors.conftest import Running
from tests.localworld_vendors.envelopes import ACCOUNT, AMENDMENT, TIMEOUT, api, definition

CONTRACT = {"Monthly_Price__c": 19003.5, "CurrencyIsoCode": "USD", "Term_End__c": "2027-02-28"}


def _send(running: Running) -> str:
    envelopes = api(running.url, running.docusign_token())
    return str(envelopes.create_envelope(ACCOUNT, envelope_definition=definition(signers=2), _request_timeout=TIMEOUT).envelope_id)


def test_a_recipient_signs_on_the_page(running: Running) -> None:
    """Opening delivers, the button signs, and the page then says so; the second signer has no button before his turn."""
    envelope = _send(running)
    waits = running.http.get(f"/docusign/sign/{envelope}/2").text
    assert "waits for the person before" in waits
    assert 'value="sign"' not in waits
    page = running.http.get(f"/docusign/sign/{envelope}/1").text
    assert f"Page 1 of 1: {' '.join(' '.join(AMENDMENT).split())}" in unescape(page)
    assert running.http.get("/_world/docusign/envelopes").json()[0]["recipients"]["signers"][0]["status"] == "delivered"
    signed = running.http.post(f"/docusign/sign/{envelope}/1", data={"action": "sign"}, follow_redirects=True)
    assert "Signed. The sender has been told." in signed.text
    overview = running.http.get("/docusign").text
    assert f'href="/docusign/sign/{envelope}/2">Sign as Sam Ode' in overview
    assert f"/docusign/sign/{envelope}/1" not in overview


def test_an_invitation_can_be_made_to_come_back(running: Running) -> None:
    """The overview has a button for it while nobody has looked; afterwards it says so, and there is nothing to sign."""
    envelope = _send(running)
    assert f'action="/docusign/bounce/{envelope}/1"' in running.http.get("/docusign").text
    after = running.http.post(f"/docusign/bounce/{envelope}/1", follow_redirects=True).text
    assert "the invitation came back" in after
    assert f"/docusign/bounce/{envelope}/1" not in after
    assert "Nothing to do here now: the invitation came back." in running.http.get(f"/docusign/sign/{envelope}/1").text


def test_declining_needs_a_reason(running: Running) -> None:
    """Without one the page asks for it and nothing changed; with one the envelope ends."""
    envelope = _send(running)
    refused = running.http.post(f"/docusign/sign/{envelope}/1", data={"action": "decline", "reason": " "})
    assert (refused.status_code, "Say why you decline." in refused.text) == (400, True)
    running.http.post(f"/docusign/sign/{envelope}/1", data={"action": "decline", "reason": "Too dear"})
    assert running.http.get("/_world/docusign/envelopes").json()[0]["status"] == "declined"
    assert "Too dear" in running.http.get("/docusign").text


def test_the_picture_of_a_page_is_a_png(running: Running) -> None:
    """Page 0 exists, page 7 does not."""
    envelope = _send(running)
    image = running.http.get(f"/docusign/page/{envelope}/0.png")
    assert image.content.startswith(b"\x89PNG")
    assert running.http.get(f"/docusign/page/{envelope}/7.png").status_code == 404


def test_a_form_from_another_site_changes_nothing(running: Running) -> None:
    """A foreign Origin is refused."""
    envelope = _send(running)
    foreign = running.http.post(f"/docusign/sign/{envelope}/1", data={"action": "sign"}, headers={"Origin": "https://elsewhere.example"})
    assert foreign.status_code == 404
    assert running.http.get("/_world/docusign/envelopes").json()[0]["status"] == "sent"


def test_the_crm_page_marks_changes_by_a_word(running: Running) -> None:
    """Before and after stand side by side; only the changed row says "changed"; its change order is there; it leads back."""
    seed = {"external_field": "MSA_Number__c", "object": "Contract", "external_id": "MSA/1", "fields": CONTRACT}
    order = {"Contract_Number__c": "MSA/1", "Monthly_Change__c": -250.5, "CurrencyIsoCode": "USD", "Description__c": "<b>Move</b>"}
    records = [seed, {"external_field": "CO_Number__c", "object": "Change_Order__c", "external_id": "CO-1", "fields": order}]
    running.control("seed", {"salesforce": {"records": records}})
    running.control("salesforce/edit", {"external_id": "MSA/1", "fields": {"Monthly_Price__c": 16723.08}})
    assert 'href="/crm/MSA/1"' in running.http.get("/crm").text
    page = running.http.get("/crm/MSA/1").text
    rows = [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL)]
    assert [" ".join(row) for row in rows if "changed" in row] == ["Monthly price USD 19,003.50 USD 16,723.08 changed"]
    assert "&lt;b&gt;Move&lt;/b&gt;" in page
    assert "USD -250.50" in page
    assert "Sun 28 Feb 2027" in page  # as a person reads a date
    assert "2027-02-28" not in page
    assert 'href="/">Back to the workspace' in page


def test_unknown_pages_lead_back(running: Running) -> None:
    """404 with a way home."""
    for path in ("/crm/nope", "/docusign/sign/x/1", "/docusign/file/x", "/docusign/page/x/0.png"):
        answer = running.http.get(path)
        assert answer.status_code == 404
        assert "Back to the workspace" in answer.text
