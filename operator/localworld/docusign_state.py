"""State machine of an envelope: created -> sent -> delivered -> completed, with declined and voided as the other ends.

Rules of this module:

1. Functions change the envelope they are given and return the Connect events that follow, in order: (event name, recipient id or "").
2. An envelope is stored in the vendor's own field names (eSignature REST v2.1); times are the vendor's text form of the world's clock.
3. Recipients act in routing order; a group starts when every signer before it has signed. Copies are sent when their turn comes.
4. An envelope is delivered when every signer has opened it, completed when every signer has signed.
5. Expiry is a void with the vendor's own reason, `expireAfter` days after it was sent.
"""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from contractops.operator.localworld.world import Document

Event: TypeAlias = tuple[str, str]

EXPIRED_REASON: Final = "Envelope has expired."
BOUNCED_REASON: Final = "550 5.1.1 The e-mail account that you tried to reach does not exist."
DEFAULT_EXPIRE_DAYS: Final = 120
OPEN_STATES: Final = frozenset({"sent", "delivered"})
_KINDS: Final = ("signers", "carbonCopies")


class DocuSignError(Exception):
    """A refusal: HTTP `status`, the vendor's `code`, and a message."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def stamp(when: datetime) -> str:
    """The vendor's text form of an aware time: UTC with seven decimals."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def parse_stamp(text: str) -> datetime:
    """An aware time from the vendor's form or ISO 8601 (a bare date is midnight UTC). Raises DocuSignError."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"The date '{text}' is not valid."
        raise DocuSignError("INVALID_REQUEST_PARAMETER", message) from error
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def recipients(envelope: Document) -> Iterator[Document]:
    """Every recipient, signers first."""
    for kind in _KINDS:
        yield from envelope["recipients"].get(kind, ())


def signers(envelope: Document) -> list[Document]:
    """The signers in the order in which they were given."""
    found: list[Document] = envelope["recipients"].get("signers", [])
    return found


def signer(envelope: Document, who: str) -> Document:
    """The signer with this recipient id or e-mail (any case). Raises DocuSignError."""
    for each in signers(envelope):
        if who == each["recipientId"] or who.casefold() == each["email"].casefold():
            return each
    message = "The recipient you have identified is not a valid recipient of the specified envelope."
    raise DocuSignError("UNKNOWN_ENVELOPE_RECIPIENT", message)


def current_order(envelope: Document) -> int:
    """Routing order of the group whose turn it is; the last group's when nobody is left."""
    waiting = [int(each["routingOrder"]) for each in signers(envelope) if each["status"] != "completed"]
    return min(waiting, default=max((int(each["routingOrder"]) for each in recipients(envelope)), default=1))


def send(envelope: Document, now: datetime) -> list[Event]:
    """Draft to sent: the first group gets its mail."""
    if envelope["status"] != "created":
        message = "The envelope status is not valid for the requested operation."
        raise DocuSignError("ENVELOPE_INVALID_STATUS", message)
    _move(envelope, "sent", now)
    envelope["initialSentDateTime"] = stamp(now)
    note(envelope, now, "Sent Invitations", "system")
    return [("envelope-sent", ""), *_start_turn(envelope, now)]


def _start_turn(envelope: Document, now: datetime) -> list[Event]:
    events: list[Event] = []
    turn = current_order(envelope)
    for each in recipients(envelope):
        if each["status"] == "created" and int(each["routingOrder"]) <= turn:
            # A copy asks nothing of its reader: the vendor shows it as completed once it was mailed.
            each["status"] = "sent" if each["recipientType"] == "signer" else "completed"
            each["sentDateTime"] = stamp(now)
            events.append(("recipient-sent", each["recipientId"]))
    return events


def open_by(envelope: Document, who: str, now: datetime) -> list[Event]:
    """A signer whose turn it is looks at the document; a second look is a line of the history only."""
    each = _whose_turn(envelope, who)
    if each["status"] == "delivered":
        note(envelope, now, "Viewed", each["name"])
        return []
    each["status"] = "delivered"
    each["deliveredDateTime"] = stamp(now)
    note(envelope, now, "Viewed", each["name"])
    events: list[Event] = [("recipient-delivered", each["recipientId"])]
    if all("deliveredDateTime" in other for other in signers(envelope)):
        _move(envelope, "delivered", now)
        events.append(("envelope-delivered", ""))
    return events


def looked_by(envelope: Document, who: str, now: datetime) -> list[Event]:
    """Whoever signs has looked: his first look, unless he had one. Raises DocuSignError out of turn or on a closed envelope."""
    return [] if _whose_turn(envelope, who)["status"] == "delivered" else open_by(envelope, who, now)


def sign_by(envelope: Document, who: str, now: datetime) -> list[Event]:
    """A signer signs (and has then also looked). Raises DocuSignError out of turn or on a closed envelope."""
    events = looked_by(envelope, who, now)
    each = signer(envelope, who)
    each["status"] = "completed"
    each["signedDateTime"] = stamp(now)
    note(envelope, now, "Signed", each["name"])
    events.append(("recipient-completed", each["recipientId"]))
    if all(other["status"] == "completed" for other in signers(envelope)):
        for copy in envelope["recipients"].get("carbonCopies", []):
            copy["status"] = "completed"
        _move(envelope, "completed", now)
        return [*events, ("envelope-completed", "")]
    return [*events, *_start_turn(envelope, now)]


def decline_by(envelope: Document, who: str, reason: str, now: datetime) -> list[Event]:
    """A signer refuses; the envelope ends."""
    each = _whose_turn(envelope, who)
    each["status"] = "declined"
    each["declinedReason"] = reason
    each["declinedDateTime"] = stamp(now)
    note(envelope, now, "Declined", each["name"])
    _move(envelope, "declined", now)
    return [("recipient-declined", each["recipientId"]), ("envelope-declined", "")]


def bounce_by(envelope: Document, who: str, now: datetime) -> list[Event]:
    """The mail system of a signer whose turn it is, and who has not looked yet, sends the invitation back; the envelope stays out."""
    each = _whose_turn(envelope, who)
    if each["status"] != "sent":
        message = "The recipient has opened the envelope already."
        raise DocuSignError("INVALID_REQUEST_PARAMETER", message)
    each["status"] = "autoresponded"
    each["autoRespondedReason"] = BOUNCED_REASON
    note(envelope, now, "Mail Delivery Failed", each["name"])
    return [("recipient-autoresponded", each["recipientId"])]


def void(envelope: Document, reason: str, now: datetime) -> list[Event]:
    """The sender takes the envelope back. Raises DocuSignError unless it is sent or delivered."""
    if envelope["status"] not in OPEN_STATES:
        message = "Only envelopes in the 'Sent' or 'Delivered' states may be voided."
        raise DocuSignError("ENVELOPE_CANNOT_VOID_INVALID_STATE", message)
    if not reason:
        message = "The request contained at least one invalid parameter. 'voidedReason' is required."
        raise DocuSignError("INVALID_REQUEST_PARAMETER", message)
    envelope["voidedReason"] = reason
    note(envelope, now, "Voided", "system" if reason == EXPIRED_REASON else "sender")
    _move(envelope, "voided", now)
    return [("envelope-voided", "")]


def expires_at(envelope: Document) -> datetime | None:
    """When an open envelope runs out; None for a draft, a closed one, or one that never expires."""
    rule = envelope["notification"]["expirations"]
    if envelope["status"] not in OPEN_STATES or rule.get("expireEnabled", "true") != "true":
        return None
    return parse_stamp(envelope["sentDateTime"]) + timedelta(days=int(rule["expireAfter"]))


def change_signer(envelope: Document, change: Document, now: datetime) -> None:
    """Another name or e-mail for a signer who has not signed yet. Raises DocuSignError."""
    if envelope["status"] not in OPEN_STATES | {"created"}:
        message = "The envelope status is not valid for the requested operation."
        raise DocuSignError("ENVELOPE_INVALID_STATUS", message)
    each = signer(envelope, str(change.get("recipientId", "")))
    if each["status"] == "completed":
        message = "The recipient has already signed."
        raise DocuSignError("RECIPIENT_NOT_IN_SEQUENCE", message)
    before = each["email"]
    each.update({field: str(change[field]) for field in ("name", "email", "routingOrder") if change.get(field)})
    if each["email"].casefold() != before.casefold() and each["status"] in OPEN_STATES | {"autoresponded"}:
        # Another mailbox gets an invitation of its own, and nobody there has looked yet.
        each["status"], each["sentDateTime"] = "sent", stamp(now)
        each.pop("deliveredDateTime", None)
        each.pop("autoRespondedReason", None)
    note(envelope, now, f"Changed recipient from {before} to {each['email']}", "sender")


def note(envelope: Document, now: datetime, action: str, user: str) -> None:
    """Add a line to the envelope's history."""
    envelope["audit"].append({"logTime": stamp(now), "Action": action, "UserName": user, "EnvelopeStatus": envelope["status"]})
    envelope["lastModifiedDateTime"] = stamp(now)


def new_guid() -> str:
    """An identifier in the vendor's form."""
    return str(uuid.uuid4())


def _whose_turn(envelope: Document, who: str) -> Document:
    each = signer(envelope, who)
    if envelope["status"] not in OPEN_STATES:
        message = "The envelope status is not valid for the requested operation."
        raise DocuSignError("ENVELOPE_INVALID_STATUS", message)
    if each["status"] not in OPEN_STATES:
        message = "The token for an out of sequence recipient cannot be generated."
        raise DocuSignError("RECIPIENT_NOT_IN_SEQUENCE", message)
    return each


def _move(envelope: Document, status: str, now: datetime) -> None:
    envelope["status"] = status
    envelope[f"{status}DateTime"] = envelope["statusChangedDateTime"] = envelope["lastModifiedDateTime"] = stamp(now)
