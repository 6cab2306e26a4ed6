"""Reads an envelope definition (POST envelopes) into a stored envelope, refusing what the vendor refuses.

Rules: documents are PDFs in base64; each anchor must stand in the text of a document unless `anchorIgnoreIfNotPresent` is "true";
an envelope that is sent needs a subject, a document and a recipient.
"""

import base64
import binascii
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from contractops.operator.localworld import docusign_state as state
from contractops.operator.localworld import vendor_pdf
from contractops.operator.localworld.docusign_state import DocuSignError
from contractops.operator.localworld.world import Document

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_RECIPIENT_TYPES: Final = {"signers": "signer", "carbonCopies": "carboncopy"}
_SIGNER_FIELDS: Final = ("email", "name", "recipientId", "routingOrder", "note", "roleName", "clientUserId", "tabs")
_COPIED: Final = ("emailSubject", "emailBlurb", "transactionId", "eventNotification", "envelopeIdStamping")


def read(definition: Document, now: datetime) -> tuple[Document, dict[str, bytes]]:
    """A draft envelope and its documents (id -> PDF). Raises DocuSignError."""
    wanted = definition.get("status", "created")
    if wanted not in ("created", "sent"):
        message = f"Status '{wanted}' is not valid for a new envelope."
        raise DocuSignError("INVALID_REQUEST_PARAMETER", message)
    documents = objects(definition, "documents")
    files = {str(item.get("documentId", "")): _pdf(item) for item in documents}
    people = _recipients(part(definition, "recipients"))
    if wanted == "sent" and not (files and people["signers"] and definition.get("emailSubject")):
        message = "The Envelope is not Complete. A Complete Envelope Requires Documents, Recipients, Tabs, and a Subject Line."
        raise DocuSignError("ENVELOPE_IS_INCOMPLETE", message)
    _check_anchors(people["signers"], files)
    if definition.get("eventNotification"):
        _check_notification(part(definition, "eventNotification"))
    envelope: Document = {field: definition[field] for field in _COPIED if definition.get(field)}
    envelope |= {
        "envelopeId": state.new_guid(),
        "status": "created",
        "createdDateTime": state.stamp(now),
        "statusChangedDateTime": state.stamp(now),
        "customFields": {"textCustomFields": _custom_fields(part(definition, "customFields"))},
        "notification": {"expirations": _expirations(part(part(definition, "notification"), "expirations"))},
        "recipients": people,
        "documents": [_document(item) for item in documents],
        "audit": [],
    }
    state.note(envelope, now, "Registered", "sender")
    return envelope, files


def part(whole: Document, field: str) -> Document:
    """The object under `field`, empty when absent. Raises DocuSignError when it is something else."""
    value = whole.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise DocuSignError("INVALID_REQUEST_BODY", f"'{field}' is not an object.")
    return value


def objects(whole: Document, field: str) -> list[Document]:
    """The list of objects under `field`, empty when absent. Raises DocuSignError when it is something else."""
    value = whole.get(field)
    if value is None:
        return []
    if not (isinstance(value, list) and all(isinstance(each, dict) for each in value)):
        raise DocuSignError("INVALID_REQUEST_BODY", f"'{field}' is not a list of objects.")
    return value


def _pdf(item: Document) -> bytes:
    try:
        content = base64.b64decode(str(item.get("documentBase64") or ""), validate=True)
        vendor_pdf.page_texts(content)
    except (binascii.Error, vendor_pdf.NotAPdfError) as error:
        message = f"System was unable to convert this document to a PDF. {item.get('name', '')}"
        raise DocuSignError("UNABLE_TO_CONVERT_DOCUMENT", message) from error
    return content


def _document(item: Document) -> Document:
    return {"documentId": str(item.get("documentId", "")), "name": item.get("name", ""), "type": "content"}


def _recipients(given: Document) -> Document:
    people: Document = {}
    seen: set[str] = set()
    for kind, type_name in _RECIPIENT_TYPES.items():
        people[kind] = [_recipient(item, type_name, seen) for item in objects(given, kind)]
    return people


def _recipient(item: Document, type_name: str, seen: set[str]) -> Document:
    number = str(item.get("recipientId") or "")
    if not number or number in seen:
        message = f"The recipientId '{number}' is missing or used twice."
        raise DocuSignError("INVALID_REQUEST_PARAMETER", message)
    seen.add(number)
    if "@" not in str(item.get("email") or "") or not item.get("name"):
        message = f"The email address or the name of recipient {number} is missing or malformed."
        raise DocuSignError("INVALID_EMAIL_ADDRESS_FOR_RECIPIENT", message)
    order = str(item.get("routingOrder") or "1")
    if not (order.isascii() and order.isdecimal()):
        raise DocuSignError("INVALID_REQUEST_PARAMETER", f"The routingOrder '{order}' is not a number.")
    kept = {field: item[field] for field in _SIGNER_FIELDS if item.get(field) is not None}
    return kept | {
        "recipientId": number,
        "recipientIdGuid": state.new_guid(),
        "recipientType": type_name,
        "routingOrder": order,
        "status": "created",
    }


def _check_anchors(people: list[Document], files: dict[str, bytes]) -> None:
    text = "\n".join(page for content in files.values() for page in vendor_pdf.page_texts(content))
    for person in people:
        tabs = part(person, "tabs")
        for kind in tabs:
            for tab in objects(tabs, kind):
                _check_anchor(tab, text)


def _check_anchor(tab: Document, text: str) -> None:
    anchor = str(tab.get("anchorString") or "")
    if not anchor or str(tab.get("anchorIgnoreIfNotPresent", "")).lower() == "true":
        return
    exact = str(tab.get("anchorCaseSensitive", "")).lower() == "true"
    if (anchor in text) if exact else (anchor.casefold() in text.casefold()):
        return
    message = f"The Anchor Tab String was not found. Anchor String : {anchor}"
    raise DocuSignError("ANCHOR_TAB_STRING_NOT_FOUND", message)


def _check_notification(notification: Document) -> None:
    """Connect of the local world posts to loopback only: nothing leaves the machine."""
    if urlsplit(str(notification.get("url") or "")).hostname not in LOOPBACK:
        message = "The event notification URL must be a loopback address in the local world."
        raise DocuSignError("INVALID_REQUEST_PARAMETER", message)
    part(notification, "eventData")
    events = notification.get("events") or []
    if not (isinstance(events, list) and all(isinstance(event, str) for event in events)):
        raise DocuSignError("INVALID_REQUEST_BODY", "'events' is not a list of names.")


def _custom_fields(given: Document) -> list[Document]:
    fields = objects(given, "textCustomFields")
    if not all(isinstance(field.get("name"), str) for field in fields):
        raise DocuSignError("INVALID_REQUEST_PARAMETER", "A custom field has no name.")
    return [{"show": "false", "required": "false", **field, "fieldId": str(10_000 + index)} for index, field in enumerate(fields)]


def _expirations(given: Document) -> Document:
    rule = {"expireEnabled": "true", "expireAfter": str(state.DEFAULT_EXPIRE_DAYS), "expireWarn": "0"}
    rule |= {name: str(given[name]) for name in rule if given.get(name) is not None}
    if not rule["expireAfter"].isdecimal():
        message = "expireAfter must be a number of days."
        raise DocuSignError("INVALID_REQUEST_PARAMETER", message)
    return rule
