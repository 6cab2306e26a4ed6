"""Shapes of DocuSign's answers (eSignature REST v2.1): an envelope, its recipients, its history, and the Connect body.

Rules: an answer holds only fields of the vendor's published description; numbers and booleans are text, as the vendor sends them.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from contractops.operator.localworld import docusign_state as state
from contractops.operator.localworld.world import Document

ACCOUNT: Final = "acc-local"
USER: Final = "local-user"
SENDER: Final = {"userName": "Renewal Desk", "userId": USER, "accountId": ACCOUNT, "email": "renewal.desk@operator.example"}
_PLAIN: Final = (
    "status", "envelopeId", "emailSubject", "emailBlurb", "transactionId", "createdDateTime", "lastModifiedDateTime",
    "initialSentDateTime", "sentDateTime", "deliveredDateTime", "completedDateTime", "declinedDateTime", "voidedDateTime",
    "voidedReason", "statusChangedDateTime",
)  # fmt: skip
_RECIPIENT: Final = (
    "name", "email", "recipientId", "recipientIdGuid", "recipientType", "routingOrder", "note", "roleName", "clientUserId",
    "status", "sentDateTime", "deliveredDateTime", "signedDateTime", "declinedDateTime", "declinedReason",
    "autoRespondedReason",
)  # fmt: skip


def envelope_view(envelope: Document, include: Collection[str] = ()) -> Document:
    """One envelope; `include` may name "recipients" and "custom_fields"."""
    base = f"/envelopes/{envelope['envelopeId']}"
    rule = envelope["notification"]["expirations"]
    view: Document = {field: envelope[field] for field in _PLAIN if field in envelope}
    view |= {
        "envelopeUri": base,
        "documentsUri": f"{base}/documents",
        "documentsCombinedUri": f"{base}/documents/combined",
        "certificateUri": f"{base}/documents/certificate",
        "recipientsUri": f"{base}/recipients",
        "customFieldsUri": f"{base}/custom_fields",
        "notificationUri": f"{base}/notification",
        "expireEnabled": rule["expireEnabled"],
        "expireAfter": rule["expireAfter"],
        "purgeState": "unpurged",
        "sender": SENDER,
    }
    expires = state.expires_at(envelope)
    if expires is not None:
        view["expireDateTime"] = state.stamp(expires)
    if "recipients" in include:
        view["recipients"] = recipients_view(envelope)
    if "custom_fields" in include:
        view["customFields"] = envelope["customFields"]
    return view


def recipients_view(envelope: Document, *, tabs: bool = False) -> Document:
    """Signers and copies with their status."""
    fields = (*_RECIPIENT, "tabs") if tabs else _RECIPIENT
    view: Document = {
        kind: [{field: each[field] for field in fields if field in each} for each in people]
        for kind, people in envelope["recipients"].items()
    }
    return view | {
        "recipientCount": str(len(list(state.recipients(envelope)))),
        "currentRoutingOrder": str(state.current_order(envelope)),
    }


def envelopes_view(envelopes: Collection[Document], include: Collection[str]) -> Document:
    """A list of envelopes on one page."""
    count = str(len(envelopes))
    return {
        "resultSetSize": count,
        "totalSetSize": count,
        "startPosition": "0",
        "endPosition": str(max(len(envelopes) - 1, 0)),
        "envelopes": [envelope_view(each, include) for each in envelopes],
    }


def audit_view(envelope: Document) -> Document:
    """The history, one list of named values an event."""
    return {"auditEvents": [{"eventFields": [{"name": n, "value": v} for n, v in line.items()]} for line in envelope["audit"]]}


def connect_body(envelope: Document, event: state.Event, base_url: str, now: datetime, include: Collection[str]) -> Document:
    """Connect JSON (SIM, restv2.1); `retryCount` is set when it is sent. `include` is eventData.includeData."""
    name, recipient = event
    data: Document = {"accountId": ACCOUNT, "userId": USER, "envelopeId": envelope["envelopeId"]}
    if recipient:
        data["recipientId"] = recipient
    summary = envelope_view(envelope, include)
    # The summary of an event knows nothing of a purge, of recipient types or of what a mail system said, and has the expiry inside "notification".
    for absent in ("purgeState", "expireEnabled", "expireAfter", "expireDateTime"):
        summary.pop(absent, None)
    for person in (each for people in summary.get("recipients", {}).values() if isinstance(people, list) for each in people):
        person.pop("recipientType")
        person.pop("autoRespondedReason", None)
    data["envelopeSummary"] = summary | {"notification": envelope["notification"]}
    return {
        "event": name,
        "uri": f"{base_url}/restapi/v2.1/accounts/{ACCOUNT}/envelopes/{envelope['envelopeId']}",
        "retryCount": 0,
        "configurationId": 1,
        "apiVersion": "v2.1",
        "generatedDateTime": state.stamp(now),
        "data": data,
    }


def certificate_lines(envelope: Document) -> list[str]:
    """The certificate of completion, line by line: the envelope, each signer with e-mail and times, each copy."""
    lines = [
        "Certificate of Completion",
        f"Envelope Id: {envelope['envelopeId']}",
        f"Subject: {envelope['emailSubject']}",
        f"Status: {envelope['status'].capitalize()}",
        f"Sent: {envelope.get('sentDateTime', '')}",
        f"Completed: {envelope.get('completedDateTime', '')}",
        "",
        "Signer Events",
    ]
    for each in state.signers(envelope):
        lines += [
            f"Signed by: {each['name']}",
            f"E-mail: {each['email']}",
            f"Viewed: {each.get('deliveredDateTime', '')}",
            f"Signed: {each.get('signedDateTime', '')}",
            "",
        ]
    copies = envelope["recipients"].get("carbonCopies", [])
    if copies:
        lines += ["Carbon Copy Events", *(f"Copied: {each['name']}, {each['email']}" for each in copies)]
    return lines
