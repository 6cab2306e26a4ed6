"""What a careless or broken client sends is refused in the vendor's form, and a restart loses nothing."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from contractops.operator.localworld.world import World
from tests.localworld_vendors.conftest import Running, served
from tests.localworld_vendors.envelopes import ACCOUNT, TIMEOUT, api, definition

ENVELOPES = f"/restapi/v2.1/accounts/{ACCOUNT}/envelopes"
CONTRACTS = "/sf/services/data/v61.0"


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"documents": "x"}',
        b'{"documents": [1]}',
        b'{"documents": [{"documentId": "1", "documentBase64": 7}]}',
        b'{"recipients": []}',
        b'{"recipients": {"signers": {"a": 1}}}',
        b'{"recipients": {"signers": [{"recipientId": 1, "email": null, "name": []}]}}',
        b'{"recipients": {"signers": [{"recipientId": "1", "email": "a@b", "name": "A", "tabs": [1]}]}}',
        b'{"recipients": {"signers": [{"recipientId": "1", "email": "a@b", "name": "A", "routingOrder": "first"}]}}',
        b'{"recipients": {"signers": [{"recipientId": "1", "email": "a@b", "name": "A", "tabs": {"signHereTabs": ["x"]}}]}}',
        b'{"customFields": {"textCustomFields": "x"}}',
        b'{"customFields": {"textCustomFields": [{"value": "nameless"}]}}',
        b'{"notification": {"expirations": {"expireAfter": "soon"}}}',
        b'{"eventNotification": {"url": 7}}',
        b'{"eventNotification": {"url": "http://127.0.0.1:1/", "events": "all"}}',
        b'{"eventNotification": {"url": "http://127.0.0.1:1/", "eventData": "all"}}',
        b'{"status": ["sent"]}',
    ],
)
def test_a_malformed_envelope_is_refused(running: Running, body: bytes) -> None:
    """400 with an error code, and no envelope."""
    headers = {"Authorization": f"Bearer {running.docusign_token()}", "Content-Type": "application/json"}
    answer = running.http.post(ENVELOPES, content=body, headers=headers)
    assert (answer.status_code, set(answer.json())) == (400, {"errorCode", "message"})
    assert running.http.get("/_world/docusign/envelopes").json() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/composite", b'{"compositeRequest": "x"}'),
        ("POST", "/composite", b'{"compositeRequest": [7]}'),
        ("POST", "/composite", b"[]"),
        ("PATCH", "/sobjects/Contract/MSA_Number__c/1", b"{"),
        ("PATCH", "/sobjects/Contract/MSA_Number__c/1", b'{"Monthly_Price__c": {}}'),
        ("PATCH", "/sobjects/Nothing/MSA_Number__c/1", b"{}"),
        ("GET", "/query?q=DROP", b""),
        ("GET", "/query", b""),
        ("GET", "/query?q=SELECT+Id+FROM+Contract+WHERE+Monthly_Price__c+%3E+%27x%27", b""),
        ("DELETE", "/sobjects/Contract", b""),
        ("GET", "/elsewhere", b""),
    ],
)
def test_a_malformed_crm_call_is_refused(running: Running, sf: httpx.Client, method: str, path: str, body: bytes) -> None:
    """4xx with a list of errors."""
    running.control("seed", {"salesforce": {"records": [_record()]}})
    answer = sf.request(method, f"{CONTRACTS}{path}", content=body)
    assert answer.status_code in {400, 404}
    assert answer.json()[0]["errorCode"]


@pytest.mark.parametrize("path", ["docusign/act", "docusign/tamper", "salesforce/edit", "salesforce/describe", "model/script"])
@pytest.mark.parametrize("body", [b"{}", b"[]", b"nonsense", b'{"fields": 1, "external_id": 2, "replies": 3}'])
def test_a_malformed_control_call_is_refused(running: Running, path: str, body: bytes) -> None:
    """4xx in words, never a traceback."""
    answer = running.http.post(f"/_world/{path}", content=body)
    assert 400 <= answer.status_code < 500, answer.text


def test_a_restart_keeps_envelopes_tokens_and_records(tmp_path: Path, keys: tuple[str, str]) -> None:
    """The same state folder, a new process: the token still opens the envelope, and the CRM row is there."""
    for turn in ("first", "second"):
        world = World(tmp_path / "world.db")
        with served(world) as url, httpx.Client(base_url=url, timeout=20) as client:
            running = Running(url, keys[0], client)
            if turn == "first":
                running.control("seed", {"docusign": {"public_key": keys[1]}, "salesforce": {"records": [_record()]}})
                token = running.docusign_token()
                made = api(url, token).create_envelope(ACCOUNT, envelope_definition=definition(), _request_timeout=TIMEOUT).envelope_id
                running.control("salesforce/edit", {"external_id": "MSA-1", "fields": {"Monthly_Price__c": 8}})
            else:
                assert api(url, token).get_envelope(ACCOUNT, made, _request_timeout=TIMEOUT).status == "sent"
                (row,) = client.get("/_world/salesforce/records").json()
                assert row["fields"]["Monthly_Price__c"] == 8
        world.close()


def _record() -> dict[str, Any]:
    return {"object": "Contract", "external_field": "MSA_Number__c", "external_id": "MSA-1", "fields": {"Monthly_Price__c": 7}}
