"""Our plan as DocuSign's envelope, and DocuSign's envelope as our state. Pure: no calls.

Rule 1: an anchor that is not in the document fails the envelope: a signature never lands on a guessed place.
Rule 2: the key of the effect goes in twice: as ``transactionId`` (found for 7 days) and as a text custom field (found for good).
Rule 3: what DocuSign leaves out of an answer is an error where it decides something, never a default.
"""

from __future__ import annotations

import base64
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from contractops.tools.errors import VendorError
from contractops.tools.ports import EnvelopeState, RecipientState
from contractops.tools.signature import EnvelopePlan, SignerPlan

KEY_FIELD = "contractops_key"
DOCUMENT_ID = "1"
_TRANSACTIONS = uuid.UUID("6c0f2f0e-6f0b-5a53-9b52-6f8f2f6d7f11")
_EVENTS = (
    "envelope-sent", "envelope-delivered", "envelope-completed", "envelope-declined", "envelope-voided",
    "recipient-sent", "recipient-autoresponded", "recipient-delivered", "recipient-completed", "recipient-declined",
)  # fmt: skip
_FIRST_REMINDER_DAYS, _REMINDER_EVERY_DAYS = "3", "4"  # days 3 and 7
OPENED = "delivered"
"""Status of a signer who has opened the envelope and not signed."""
_STATUSES = frozenset(
    {"created", "sent", "delivered", "signed", "completed", "declined", "voided", "deleted", "timedout", "processing", "correct"}
)
_RECIPIENT_TIMES = ("declined_date_time", "signed_date_time", "delivered_date_time", "sent_date_time")
_SUBJECT_LIMIT, _MESSAGE_LIMIT, _REASON_LIMIT = 100, 10_000, 200


def sdk() -> Any:
    """The vendor's package, imported where it is first needed: 0.7 s and 34 MB that a command line without DocuSign must not pay."""
    import docusign_esign  # noqa: PLC0415 - see above

    return docusign_esign


def transaction_id(key: str) -> str:
    """The 36 characters DocuSign allows, derived from the effect's key: the same key gives the same id on every machine."""
    return str(uuid.uuid5(_TRANSACTIONS, key))


def definition(plan: EnvelopePlan, document: bytes, key: str, hook_url: str | None) -> Any:
    """``plan`` as the SDK's ``EnvelopeDefinition``, to be sent at once."""
    model = sdk()
    expirations = model.Expirations(expire_enabled="true", expire_after=str(plan.expire_after_days), expire_warn="0")
    reminders = model.Reminders(reminder_enabled="true", reminder_delay=_FIRST_REMINDER_DAYS, reminder_frequency=_REMINDER_EVERY_DAYS)
    return model.EnvelopeDefinition(
        status="sent",
        email_subject=plan.subject[:_SUBJECT_LIMIT],
        email_blurb=plan.message[:_MESSAGE_LIMIT],
        transaction_id=transaction_id(key),
        documents=[
            model.Document(
                document_id=DOCUMENT_ID,
                name=plan.document_name,
                file_extension="pdf",
                document_base64=base64.b64encode(document).decode("ascii"),
            )
        ],
        recipients=model.Recipients(signers=[_signer(model, number, each) for number, each in enumerate(plan.signers, start=1)]),
        custom_fields=model.CustomFields(
            text_custom_fields=[model.TextCustomField(name=KEY_FIELD, value=key, show="false", required="false")]
        ),
        notification=model.Notification(use_account_defaults="false", expirations=expirations, reminders=reminders),
        event_notification=_hook(model, hook_url) if hook_url else None,
    )


def _signer(model: Any, number: int, plan: SignerPlan) -> Any:
    where = {"document_id": DOCUMENT_ID, "anchor_case_sensitive": "true", "anchor_ignore_if_not_present": "false"}
    tabs = model.Tabs(
        sign_here_tabs=[model.SignHere(anchor_string=plan.anchor, anchor_units="pixels", anchor_y_offset="-4", **where)],
        date_signed_tabs=[model.DateSigned(anchor_string=plan.date_anchor, anchor_units="pixels", **where)],
    )
    return model.Signer(
        recipient_id=str(number),
        routing_order=str(plan.order),
        role_name=plan.role,
        name=plan.name,
        email=plan.email,
        tabs=tabs,
    )


def _hook(model: Any, url: str) -> Any:
    return model.EventNotification(
        url=url,
        delivery_mode="SIM",
        events=list(_EVENTS),
        event_data=model.ConnectEventData(version="restv2.1", format="json", include_data=["recipients", "custom_fields"]),
        include_hmac="true",
        require_acknowledgment="true",
        logging_enabled="true",
    )


def voided(reason: str) -> Any:
    """The change that takes an envelope back."""
    return sdk().Envelope(status="voided", voided_reason=reason[:_REASON_LIMIT])


def unchanged() -> Any:
    """No change: the body of a resend."""
    return sdk().Envelope()


def replacement(recipient_id: str, name: str, email: str) -> Any:
    """Another person in a signer's place; order and tabs stay."""
    return sdk().Recipients(signers=[sdk().Signer(recipient_id=recipient_id, name=name, email=email)])


def state_of(envelope: Any, envelope_id: str) -> EnvelopeState:
    """The SDK's ``Envelope`` (read with recipients and custom fields) as our state.

    Raises ``VendorError`` when it is not whole, or not the envelope that was asked for.
    """
    signers = envelope.recipients.signers if envelope.recipients else None
    known = (envelope.status or "").lower() in _STATUSES
    same = (envelope.envelope_id or "").lower() == envelope_id.lower()
    if not (same and known and envelope.status_changed_date_time and signers):
        raise VendorError("CO-ENV-006", "DocuSign answered with another envelope, or one without a known status or signers.")
    people = tuple(_recipient(each) for each in signers)
    return EnvelopeState(
        envelope_id=envelope.envelope_id,
        status=envelope.status.lower(),
        changed_at=_instant(envelope.status_changed_date_time),
        recipients=people,
        reason=envelope.voided_reason or next((each.reason for each in people if each.reason), None),
        custom_key=key_of(envelope),
    )


def with_looks(state: EnvelopeState, history: Any) -> EnvelopeState:
    """``state`` with the moments at which each signer who has it open looked, from the SDK's ``EnvelopeAuditEventResponse``.

    The history knows its people by name only: of two signers of one name neither is told.
    """
    lines = [{field.name: field.value for field in event.event_fields or []} for event in history.audit_events or []]
    views = [line for line in lines if line.get("Action") == "Viewed" and line.get("UserName") and line.get("logTime")]
    names = Counter(each.name for each in state.recipients)

    def looked(each: RecipientState) -> RecipientState:
        mine = (
            ()
            if each.status != OPENED or names[each.name] > 1
            else tuple(sorted(_instant(line["logTime"]) for line in views if line["UserName"] == each.name))
        )
        return each.model_copy(update={"looks": mine})

    return state.model_copy(update={"recipients": tuple(looked(each) for each in state.recipients)})


def _recipient(person: Any) -> RecipientState:
    at = next((getattr(person, name) for name in _RECIPIENT_TIMES if getattr(person, name)), None)
    return RecipientState(
        name=person.name or "",
        email=person.email or "",
        status=(person.status or "").lower(),
        at=_instant(at) if at else None,
        reason=person.declined_reason or person.auto_responded_reason or None,
    )


def key_of(envelope: Any) -> str | None:
    """The key of the effect that made an envelope (read with custom fields); None for one that is not ours."""
    fields: Iterable[Any] = getattr(envelope.custom_fields, "text_custom_fields", None) or ()
    return next((each.value for each in fields if each.name == KEY_FIELD), None)


def _instant(text: str) -> datetime:
    """DocuSign's text form (seven decimals, Z) as an aware instant."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise VendorError("CO-ENV-007", "DocuSign answered with a date that cannot be read.") from error
    if when.tzinfo is None:
        raise VendorError("CO-ENV-007", "DocuSign answered with a date without a zone.")
    return when
