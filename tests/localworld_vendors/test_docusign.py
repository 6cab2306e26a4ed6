"""The local DocuSign, spoken to by the vendor's own SDK."""

import json
import time

import docusign_esign as ds
import httpx
import jwt
import pytest

from contractops.operator.localworld.vendor_pdf import page_texts
from tests.localworld_vendors.conftest import GRANT, Running
from tests.localworld_vendors.envelopes import ACCOUNT, AMENDMENT, TIMEOUT, api, definition


def _code(error: ds.ApiException) -> str:
    return str(json.loads(error.body)["errorCode"])


def test_round_trip_of_two_signers_in_order(running: Running) -> None:
    """Create, sign in routing order, read status, recipients, history and the signed document."""
    envelopes = api(running.url, running.docusign_token())
    made = envelopes.create_envelope(ACCOUNT, envelope_definition=definition(signers=2), _request_timeout=TIMEOUT)
    assert made.status == "sent"
    act = {"envelope_id": made.envelope_id, "action": "sign"}
    early = running.http.post("/_world/docusign/act", json=act | {"recipient": "sam@northwind.example"})
    assert early.json()["errorCode"] == "RECIPIENT_NOT_IN_SEQUENCE"
    running.control("docusign/act", act | {"recipient": "Priya@Northwind.example"})
    assert envelopes.get_envelope(ACCOUNT, made.envelope_id, _request_timeout=TIMEOUT).status == "sent"
    running.control("docusign/act", act | {"recipient": "sam@northwind.example", "action": "open"})
    assert envelopes.get_envelope(ACCOUNT, made.envelope_id, _request_timeout=TIMEOUT).status == "delivered"
    running.control("docusign/act", act | {"recipient": "sam@northwind.example"})
    envelope = envelopes.get_envelope(ACCOUNT, made.envelope_id, include="custom_fields", _request_timeout=TIMEOUT)
    assert (envelope.status, envelope.completed_date_time[:10]) == ("completed", "2026-12-07")
    assert envelope.custom_fields.text_custom_fields[0].value == "MSA-1/2"
    people = envelopes.list_recipients(ACCOUNT, made.envelope_id, _request_timeout=TIMEOUT)
    assert [(s.email, s.status) for s in people.signers] == [
        ("priya@northwind.example", "completed"),
        ("sam@northwind.example", "completed"),
    ]
    history = envelopes.list_audit_events(ACCOUNT, made.envelope_id, _request_timeout=TIMEOUT)
    actions = [field.value for event in history.audit_events for field in event.event_fields if field.name == "Action"]
    assert actions == ["Registered", "Sent Invitations", "Viewed", "Signed", "Viewed", "Signed"]


def test_combined_document_keeps_the_sent_text_and_adds_a_certificate(running: Running) -> None:
    """The signed file holds the sent page word for word, then who signed with e-mail and date."""
    envelopes = api(running.url, running.docusign_token())
    made = envelopes.create_envelope(ACCOUNT, envelope_definition=definition(), _request_timeout=TIMEOUT)
    sent = page_texts(envelopes.get_document(ACCOUNT, "combined", made.envelope_id, _request_timeout=TIMEOUT))
    running.control("docusign/act", {"envelope_id": made.envelope_id, "recipient": "1", "action": "sign"})
    signed = page_texts(envelopes.get_document(ACCOUNT, "combined", made.envelope_id, _request_timeout=TIMEOUT))
    assert signed[:-1] == sent
    assert AMENDMENT[1] in sent[0]
    assert {"Signed by: Priya Nair", "E-mail: priya@northwind.example"} <= set(signed[-1].split("\r\n"))
    assert "Signed: 2026-12-07T15:00:00.0000000Z" in signed[-1]
    assert page_texts(envelopes.get_document(ACCOUNT, "1", made.envelope_id, _request_timeout=TIMEOUT)) == sent


def test_an_altered_document_differs_in_one_figure(running: Running) -> None:
    """Tampering changes one digit of one amount of the signed file and nothing else."""
    envelopes = api(running.url, running.docusign_token())
    made = envelopes.create_envelope(ACCOUNT, envelope_definition=definition(), _request_timeout=TIMEOUT)
    sent = page_texts(envelopes.get_document(ACCOUNT, "combined", made.envelope_id, _request_timeout=TIMEOUT))[0]
    running.control("docusign/tamper", {"what": "alter_document"})
    running.control("docusign/act", {"envelope_id": made.envelope_id, "recipient": "1", "action": "sign"})
    signed = page_texts(envelopes.get_document(ACCOUNT, "combined", made.envelope_id, _request_timeout=TIMEOUT))[0]
    assert signed == sent.replace("16,723.08", "26,723.08") != sent


def test_a_wrong_signer_stands_in_recipients_and_certificate(running: Running) -> None:
    """Tampering with the signer shows another e-mail everywhere."""
    envelopes = api(running.url, running.docusign_token())
    made = envelopes.create_envelope(ACCOUNT, envelope_definition=definition(), _request_timeout=TIMEOUT)
    running.control("docusign/tamper", {"what": "wrong_signer"})
    running.control("docusign/act", {"envelope_id": made.envelope_id, "recipient": "1", "action": "sign"})
    people = envelopes.list_recipients(ACCOUNT, made.envelope_id, _request_timeout=TIMEOUT)
    assert people.signers[0].email == "alex.stranger@elsewhere.example"
    signed = page_texts(envelopes.get_document(ACCOUNT, "combined", made.envelope_id, _request_timeout=TIMEOUT))
    assert "priya@northwind.example" not in signed[-1]


def test_a_missing_anchor_is_refused_unless_it_may_be_missing(running: Running) -> None:
    """An anchor that is not in the text fails the whole envelope; anchorIgnoreIfNotPresent lets it pass."""
    envelopes = api(running.url, running.docusign_token())
    wanted = definition()
    tab = wanted.recipients.signers[0].tabs.sign_here_tabs[0]
    tab.anchor_string = "/nowhere/"
    with pytest.raises(ds.ApiException) as refused:
        envelopes.create_envelope(ACCOUNT, envelope_definition=wanted, _request_timeout=TIMEOUT)
    assert (refused.value.status, _code(refused.value)) == (400, "ANCHOR_TAB_STRING_NOT_FOUND")
    tab.anchor_ignore_if_not_present = "true"
    assert envelopes.create_envelope(ACCOUNT, envelope_definition=wanted, _request_timeout=TIMEOUT).status == "sent"


def test_an_invitation_that_comes_back(running: Running) -> None:
    """The recipient says so with the mail system's words, the envelope stays out, and another address starts anew."""
    envelopes = api(running.url, running.docusign_token())
    made = envelopes.create_envelope(ACCOUNT, envelope_definition=definition(), _request_timeout=TIMEOUT)
    running.control("docusign/act", {"envelope_id": made.envelope_id, "recipient": "1", "action": "bounce"})
    envelope = envelopes.get_envelope(ACCOUNT, made.envelope_id, include="recipients", _request_timeout=TIMEOUT)
    person = envelope.recipients.signers[0]
    assert (envelope.status, person.status) == ("sent", "autoresponded")
    assert person.auto_responded_reason.startswith("550 ")
    change = ds.Recipients(signers=[ds.Signer(recipient_id="1", name="Priya Nair", email="priya.n@northwind.example")])
    envelopes.update_recipients(ACCOUNT, made.envelope_id, recipients=change, _request_timeout=TIMEOUT)
    person = envelopes.list_recipients(ACCOUNT, made.envelope_id, _request_timeout=TIMEOUT).signers[0]
    assert (person.status, person.auto_responded_reason, person.delivered_date_time) == ("sent", None, None)
    opened = running.http.post("/_world/docusign/act", json={"envelope_id": made.envelope_id, "recipient": "1", "action": "open"})
    assert opened.is_success
    late = running.http.post("/_world/docusign/act", json={"envelope_id": made.envelope_id, "recipient": "1", "action": "bounce"})
    assert late.json()["errorCode"] == "INVALID_REQUEST_PARAMETER"


def test_void_resend_and_change_of_signer(running: Running) -> None:
    """An open envelope can be resent, given to another signer and voided; a completed one cannot be voided."""
    envelopes = api(running.url, running.docusign_token())
    made = envelopes.create_envelope(ACCOUNT, envelope_definition=definition(), _request_timeout=TIMEOUT)
    change = ds.Recipients(signers=[ds.Signer(recipient_id="1", name="Lee Park", email="lee@northwind.example")])
    result = envelopes.update_recipients(ACCOUNT, made.envelope_id, recipients=change, _request_timeout=TIMEOUT)
    assert result.recipient_update_results[0].error_details.error_code == "SUCCESS"
    envelopes.update(ACCOUNT, made.envelope_id, envelope=ds.Envelope(), resend_envelope="true", _request_timeout=TIMEOUT)
    voided = ds.Envelope(status="voided", voided_reason="Terms were revised")
    envelopes.update(ACCOUNT, made.envelope_id, envelope=voided, _request_timeout=TIMEOUT)
    envelope = envelopes.get_envelope(ACCOUNT, made.envelope_id, include="recipients", _request_timeout=TIMEOUT)
    assert (envelope.status, envelope.voided_reason) == ("voided", "Terms were revised")
    assert envelope.recipients.signers[0].email == "lee@northwind.example"
    second = envelopes.create_envelope(ACCOUNT, envelope_definition=definition(), _request_timeout=TIMEOUT)
    running.control("docusign/act", {"envelope_id": second.envelope_id, "recipient": "1", "action": "sign"})
    with pytest.raises(ds.ApiException) as refused:
        envelopes.update(ACCOUNT, second.envelope_id, envelope=voided, _request_timeout=TIMEOUT)
    assert (refused.value.status, _code(refused.value)) == (400, "ENVELOPE_CANNOT_VOID_INVALID_STATE")


def test_a_lost_answer_leaves_one_envelope_that_its_transaction_finds(running: Running) -> None:
    """The connection drops after the commit: the SDK raises, and the envelope is found by transaction id."""
    envelopes = api(running.url, running.docusign_token())
    running.control("faults", {"surface": "docusign", "operation": "envelopes.create", "kind": "drop_after_commit"})
    with pytest.raises(Exception, match=r"(?i)connection|closed|aborted|protocol"):
        envelopes.create_envelope(ACCOUNT, envelope_definition=definition(transaction="tx-lost"), _request_timeout=TIMEOUT)
    found = envelopes.list_status_changes(ACCOUNT, transaction_ids="tx-lost", _request_timeout=TIMEOUT)
    assert found.result_set_size == "1"
    by_field = envelopes.list_status_changes(ACCOUNT, from_date="2026-12-01", custom_field="renewal_key=MSA-1/2", _request_timeout=TIMEOUT)
    assert by_field.envelopes[0].envelope_id == found.envelopes[0].envelope_id
    by_body = envelopes.list_status(
        ACCOUNT,
        envelope_ids_request=ds.EnvelopeIdsRequest(transaction_ids=["tx-lost"]),
        transaction_ids="request_body",
        _request_timeout=TIMEOUT,
    )
    assert by_body.result_set_size == "1"


def test_a_transaction_id_is_forgotten_after_seven_days(running: Running) -> None:
    """After a week only the custom field finds the envelope."""
    envelopes = api(running.url, running.docusign_token())
    envelopes.create_envelope(ACCOUNT, envelope_definition=definition(), _request_timeout=TIMEOUT)
    running.control("clock", {"by_hours": 7 * 24 + 1})
    late = envelopes.list_status_changes(ACCOUNT, transaction_ids="tx-1", _request_timeout=TIMEOUT)
    assert late.result_set_size == "0"
    by_field = envelopes.list_status_changes(ACCOUNT, from_date="2026-12-01", custom_field="renewal_key=MSA-1/2", _request_timeout=TIMEOUT)
    assert by_field.result_set_size == "1"


def test_a_list_needs_a_start_date_or_names(running: Running) -> None:
    """A custom field alone is no search."""
    envelopes = api(running.url, running.docusign_token())
    with pytest.raises(ds.ApiException) as refused:
        envelopes.list_status_changes(ACCOUNT, custom_field="renewal_key=MSA-1/2", _request_timeout=TIMEOUT)
    assert _code(refused.value) == "INVALID_REQUEST_PARAMETER"


def test_an_envelope_expires_by_the_worlds_clock(running: Running) -> None:
    """After expireAfter days the envelope is voided, dated at the moment it ran out."""
    envelopes = api(running.url, running.docusign_token())
    made = envelopes.create_envelope(ACCOUNT, envelope_definition=definition(expire_after=30), _request_timeout=TIMEOUT)
    running.control("clock", {"to": "2027-01-06T14:59:59+00:00"})
    assert envelopes.get_envelope(ACCOUNT, made.envelope_id, _request_timeout=TIMEOUT).status == "sent"
    running.control("clock", {"to": "2027-01-08T00:00:00+00:00"})
    envelope = envelopes.get_envelope(ACCOUNT, made.envelope_id, _request_timeout=TIMEOUT)
    assert (envelope.status, envelope.voided_date_time) == ("voided", "2027-01-06T15:00:00.0000000Z")
    assert envelope.voided_reason == "Envelope has expired."


def test_errors_have_the_vendors_form(running: Running) -> None:
    """401 without a token, 404 for an unknown envelope, 429 with the time of the reset."""
    anonymous = running.http.get(f"/restapi/v2.1/accounts/{ACCOUNT}/envelopes/x")
    assert (anonymous.status_code, anonymous.json()["errorCode"]) == (401, "AUTHORIZATION_INVALID_TOKEN")
    envelopes = api(running.url, running.docusign_token())
    with pytest.raises(ds.ApiException) as unknown:
        envelopes.get_envelope(ACCOUNT, "nope", _request_timeout=TIMEOUT)
    assert (unknown.value.status, _code(unknown.value)) == (404, "ENVELOPE_DOES_NOT_EXIST")
    running.control("faults", {"surface": "docusign", "operation": "*", "kind": "status", "status": 429, "retry_after": 60})
    with pytest.raises(ds.ApiException) as limited:
        envelopes.get_envelope(ACCOUNT, "nope", _request_timeout=TIMEOUT)
    assert limited.value.status == 429
    assert 0 < int(limited.value.headers["X-RateLimit-Reset"]) - time.time() <= 61


@pytest.mark.parametrize("times", [1, 2])
def test_a_fault_lasts_as_many_calls_as_it_was_switched_on_for(running: Running, times: int) -> None:
    """One refused call uses up one fault, not two."""
    envelopes = api(running.url, running.docusign_token())
    running.control("faults", {"surface": "docusign", "operation": "*", "kind": "status", "status": 503, "times": times})
    seen = []
    for _ in range(times + 1):
        with pytest.raises(ds.ApiException) as refused:
            envelopes.get_envelope(ACCOUNT, "nope", _request_timeout=TIMEOUT)
        seen.append(refused.value.status)
    assert seen == [503] * times + [404]


def test_an_incomplete_envelope_and_a_foreign_account_are_refused(running: Running) -> None:
    """Sent without documents is incomplete; a hook off this machine is refused; another account is not ours."""
    envelopes = api(running.url, running.docusign_token())
    for wanted, code in (
        (definition(documents=[]), "ENVELOPE_IS_INCOMPLETE"),
        (definition(hook="https://hooks.example/docusign"), "INVALID_REQUEST_PARAMETER"),
    ):
        with pytest.raises(ds.ApiException) as refused:
            envelopes.create_envelope(ACCOUNT, envelope_definition=wanted, _request_timeout=TIMEOUT)
        assert _code(refused.value) == code
    with pytest.raises(ds.ApiException) as foreign:
        envelopes.get_envelope("acc-other", "x", _request_timeout=TIMEOUT)
    assert foreign.value.status == 401


@pytest.mark.parametrize(
    "spoiled",
    [{"aud": "account-d.docusign.com"}, {"iss": "another-app"}, {"sub": "another-user"}, {"exp": 1}, {"iat": 99999999999}, {"scope": ""}],
)
def test_a_spoiled_assertion_buys_nothing(running: Running, spoiled: dict[str, object]) -> None:
    """Wrong audience, app, user, time or scope: 400 with an OAuth error."""
    answer = running.http.post("/oauth/token", data={"grant_type": GRANT, "assertion": running.assertion(**spoiled)})
    assert (answer.status_code, "access_token" in answer.json()) == (400, False)
    assert answer.json()["error"] in {"invalid_grant", "consent_required"}


def test_only_the_seeded_key_signs(running: Running) -> None:
    """An assertion signed by an unknown key or not at all is refused."""
    claims = jwt.decode(running.assertion(), options={"verify_signature": False})
    unsigned = jwt.encode(claims, None, algorithm="none")
    answer = running.http.post("/oauth/token", data={"grant_type": GRANT, "assertion": unsigned})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_the_access_token_opens_userinfo(running: Running) -> None:
    """userinfo names the account and the base address of the REST API."""
    token = running.docusign_token()
    answer = httpx.get(f"{running.url}/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["accounts"][0] | {"account_name": ""} == {
        "account_id": ACCOUNT,
        "is_default": True,
        "account_name": "",
        "base_uri": running.url,
    }
