"""Connect web hooks: what is sent, how it is signed, and what goes wrong with them on purpose."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import docusign_esign as ds
import pytest

from tests.localworld_vendors.conftest import Hooks, Running
from tests.localworld_vendors.envelopes import ACCOUNT, TIMEOUT, api, definition


def _send(running: Running, hooks: Hooks) -> str:
    envelopes = api(running.url, running.docusign_token())
    wanted = definition(hook=hooks.url)
    return str(envelopes.create_envelope(ACCOUNT, envelope_definition=wanted, _request_timeout=TIMEOUT).envelope_id)


def _sign(running: Running, envelope: str) -> None:
    running.control("docusign/act", {"envelope_id": envelope, "recipient": "1", "action": "sign"})


def _fault(running: Running, kind: str, **more: Any) -> None:
    running.control("faults", {"surface": "docusign", "operation": "connect", "kind": kind} | more)


def _events(hooks: Hooks) -> list[str]:
    return [json.loads(body)["event"] for _, body in hooks.got]


SIGNED = ["envelope-sent", "envelope-delivered", "recipient-completed", "envelope-completed"]


def test_every_hook_is_signed_by_both_keys_over_the_raw_body(running: Running, hooks: Hooks) -> None:
    """Signature-1 and Signature-2 are HMAC-SHA256, base64, of the bytes as sent."""
    _sign(running, _send(running, hooks))
    hooks.wait_for(4)
    assert _events(hooks) == SIGNED
    for headers, body in hooks.got:
        for number, key in enumerate((b"local-hmac-1", b"local-hmac-2"), start=1):
            digest = base64.b64encode(hmac.new(key, body, hashlib.sha256).digest()).decode()
            assert {name.lower(): value for name, value in headers.items()}[f"x-docusign-signature-{number}"] == digest


def test_the_body_carries_what_was_asked(running: Running, hooks: Hooks) -> None:
    """includeData puts recipients and custom fields into the summary."""
    envelope = _send(running, hooks)
    hooks.wait_for(1)
    data = json.loads(hooks.got[0][1])["data"]
    assert (data["envelopeId"], data["accountId"]) == (envelope, ACCOUNT)
    assert data["envelopeSummary"]["customFields"]["textCustomFields"][0]["value"] == "MSA-1/2"
    assert data["envelopeSummary"]["recipients"]["signers"][0]["email"] == "priya@northwind.example"


def test_a_refused_hook_is_tried_again_and_counts_its_tries(running: Running, hooks: Hooks) -> None:
    """After a 503 the same event comes again with retryCount 1."""
    hooks.status = 503
    _send(running, hooks)
    hooks.wait_for(1)
    hooks.status = 200
    hooks.wait_for(2)
    assert [json.loads(body)["retryCount"] for _, body in hooks.got] == [0, 1]


def test_a_hook_that_always_fails_is_kept_until_it_is_republished(running: Running, hooks: Hooks) -> None:
    """Four tries, then "failed"; the retry queue sends it once more."""
    hooks.status = 500
    envelope = _send(running, hooks)
    hooks.wait_for(4)
    while running.http.get("/_world/docusign/deliveries").json()[0]["status"] == "pending":
        time.sleep(0.05)
    hooks.status = 200
    answer = running.http.put(
        f"/restapi/v2.1/accounts/{ACCOUNT}/connect/envelopes/retry_queue",
        json={"envelopeIds": [envelope]},
        headers={"Authorization": f"Bearer {running.docusign_token()}"},
    )
    assert answer.status_code == 200
    hooks.wait_for(5)
    assert set(_events(hooks)) == {"envelope-sent"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("lost_webhook", SIGNED[1:]),
        ("duplicate", ["envelope-sent", *SIGNED]),
        ("reorder", ["envelope-delivered", "envelope-sent", "recipient-completed", "envelope-completed"]),
        ("delay", SIGNED),
    ],
)
def test_delivery_faults(running: Running, hooks: Hooks, kind: str, expected: list[str]) -> None:
    """A lost, doubled, overtaken or late first hook; the others are untouched."""
    _fault(running, kind, seconds=0.3)
    _sign(running, _send(running, hooks))
    hooks.wait_for(len(expected))
    assert _events(hooks) == expected


def test_expiry_is_announced_when_the_clock_moves(running: Running, hooks: Hooks) -> None:
    """Nobody asks; the move of the clock alone sends envelope-voided."""
    _send(running, hooks)
    hooks.wait_for(1)
    running.control("clock", {"by_hours": 24 * 31})
    hooks.wait_for(2)
    assert _events(hooks)[-1] == "envelope-voided"


def test_decline_is_announced_with_its_reason(running: Running, hooks: Hooks) -> None:
    """Declining ends the envelope and says why."""
    envelope = _send(running, hooks)
    decline = {"envelope_id": envelope, "recipient": "1", "action": "decline", "reason": "Price too high"}
    running.control("docusign/act", decline)
    hooks.wait_for(2)
    summary = json.loads(hooks.got[-1][1])["data"]["envelopeSummary"]
    assert summary["status"] == "declined"
    assert summary["recipients"]["signers"][0]["declinedReason"] == "Price too high"


def test_a_hook_that_was_not_asked_for_is_not_sent(running: Running, hooks: Hooks) -> None:
    """Only subscribed events leave; without includeHMAC there is no signature."""
    wanted = definition(hook=hooks.url)
    wanted.event_notification.events = ["envelope-completed"]
    wanted.event_notification.include_hmac = "false"
    envelopes = api(running.url, running.docusign_token())
    made = envelopes.create_envelope(ACCOUNT, envelope_definition=wanted, _request_timeout=TIMEOUT)
    _sign(running, made.envelope_id)
    hooks.wait_for(1)
    assert _events(hooks) == ["envelope-completed"]
    assert not [name for name in hooks.got[0][0] if "signature" in name.lower()]
    with pytest.raises(ds.ApiException):
        envelopes.update(ACCOUNT, made.envelope_id, envelope=ds.Envelope(status="voided", voided_reason="x"), _request_timeout=TIMEOUT)
