"""The world's journal held against the vendors' field tables: what the real SDKs send, and what the world answers."""

from contextlib import suppress
from typing import Any

import docusign_esign as ds
import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.localworld_vendors.conftest import Hooks, Running
from tests.localworld_vendors.envelopes import ACCOUNT, TIMEOUT, api, definition
from tests.specs.check import check_exchange, covers

BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Northwind* is due"}}]
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "Terms"}, "blocks": BLOCKS, "callback_id": "terms"}
HOME = {"type": "home", "blocks": BLOCKS}


def _problems(running: Running, surface: str, *skip: str) -> list[str]:
    """Each different problem once."""
    entries = [each for each in running.journal(surface) if each["operation"] not in skip]
    assert entries
    found = {line for each in entries for line in check_exchange(surface, each["operation"], each["request"], each["answer"])}
    return sorted(found)


def test_docusign_keeps_to_the_published_fields(running: Running, hooks: Hooks) -> None:
    """Every REST exchange and every web hook of two lives of an envelope, refusals included."""
    envelopes = api(running.url, running.docusign_token())
    first, second = (
        str(
            envelopes.create_envelope(
                ACCOUNT, envelope_definition=definition(hook=hooks.url, signers=2), _request_timeout=TIMEOUT
            ).envelope_id
        )
        for _ in range(2)
    )
    running.control("docusign/act", {"envelope_id": first, "recipient": "1", "action": "bounce"})
    envelopes.get_envelope(ACCOUNT, first, include="recipients", _request_timeout=TIMEOUT)
    again = ds.Recipients(signers=[ds.Signer(recipient_id="1", name="Priya Nair", email="priya.n@northwind.example")])
    envelopes.update_recipients(ACCOUNT, first, recipients=again, _request_timeout=TIMEOUT)
    change = ds.Recipients(signers=[ds.Signer(recipient_id="2", name="Lee Park", email="lee@northwind.example")])
    envelopes.update_recipients(ACCOUNT, first, recipients=change, _request_timeout=TIMEOUT)
    for who in ("1", "2"):
        running.control("docusign/act", {"envelope_id": first, "recipient": who, "action": "sign"})
    running.control("docusign/act", {"envelope_id": second, "recipient": "1", "action": "decline", "reason": "no"})
    envelopes.list_status_changes(ACCOUNT, transaction_ids="tx-1", include="recipients,custom_fields", _request_timeout=TIMEOUT)
    envelopes.get_envelope(ACCOUNT, first, include="recipients,custom_fields", _request_timeout=TIMEOUT)
    envelopes.list_recipients(ACCOUNT, first, include_tabs="true", _request_timeout=TIMEOUT)
    envelopes.list_audit_events(ACCOUNT, first, _request_timeout=TIMEOUT)
    envelopes.get_document(ACCOUNT, "combined", first, _request_timeout=TIMEOUT)
    with pytest.raises(ds.ApiException):
        envelopes.update(ACCOUNT, first, envelope=ds.Envelope(status="voided", voided_reason="late"), _request_timeout=TIMEOUT)
    hooks.wait_for(8)
    assert "\n".join(_problems(running, "docusign", "oauth.token")) == ""


def _talk(client: WebClient, url: str) -> None:
    posted = client.chat_postMessage(channel="C1", text="due", blocks=BLOCKS, metadata={"event_type": "card", "event_payload": {"id": "1"}})
    ts = str(posted["ts"])
    client.chat_update(channel="C1", ts=ts, text="done", blocks=BLOCKS)
    client.chat_postMessage(channel="C1", text="detail", thread_ts=ts)
    client.chat_postEphemeral(channel="C1", user="U1", text="only you")
    client.chat_getPermalink(channel="C1", message_ts=ts)
    client.conversations_open(users="U1")
    client.conversations_list()
    client.conversations_history(channel="C1", include_all_metadata=True)
    client.conversations_replies(channel="C1", ts=ts)
    client.conversations_info(channel="C1")
    client.conversations_members(channel="C1")
    client.users_info(user="U1")
    client.users_list()
    client.users_lookupByEmail(email="maria@operator.example")
    client.views_publish(user_id="U1", view=HOME)
    client.auth_test()
    client.files_upload_v2(channel="C1", filename="amendment.pdf", content=b"%PDF-1.4 draft", title="Draft")
    kept = httpx.post(f"{url}/_world/slack/upload", params={"user": "U1", "name": "n.pdf"}, content=b"%PDF-1.4", trust_env=False).json()
    client.files_info(file=kept["id"])
    with suppress(SlackApiError):  # a made-up trigger is refused; the exchange counts all the same
        client.views_open(trigger_id="1.2.x", view=MODAL)
    WebClient(token="xapp-local", base_url=f"{url}/slack/api/").apps_connections_open(app_token="xapp-local")


def test_slack_keeps_to_the_published_keys(running: Running) -> None:
    """Every method that the product calls, through the vendor's SDK: no argument and no key that Slack does not know."""
    users: list[dict[str, Any]] = [{"id": "U1", "name": "maria", "real_name": "Maria Ortiz", "email": "maria@operator.example"}]
    channels = [{"id": "C1", "name": "renewals", "members": ["U1", "U0DESK"]}]
    running.control("seed", {"users": users, "channels": channels})
    _talk(WebClient(token="xoxb-local", base_url=f"{running.url}/slack/api/"), running.url)
    operations = {each["operation"] for each in running.journal("slack")}
    assert {"chat.postMessage", "views.open", "files.completeUploadExternal", "apps.connections.open"} <= operations
    uncovered = {name for name in operations if not covers("slack", name)}
    assert uncovered <= {"files.upload"}
    assert "\n".join(_problems(running, "slack", *uncovered)) == ""
