"""Helpers of the DocuSign tests: an amendment as a PDF, and envelopes made with the vendor's own SDK."""

import base64
from typing import Any

import docusign_esign as ds

from contractops.operator.localworld.vendor_pdf import text_pdf

ACCOUNT = "acc-local"
AMENDMENT = ("Amendment 3", "Monthly price USD 16,723.08 for 36 months", "Signature: /sig1/  Date: /date1/", "Second: /sig2/")
EVENTS = [
    "recipient-autoresponded",
    "envelope-sent",
    "envelope-delivered",
    "recipient-completed",
    "envelope-completed",
    "envelope-declined",
    "envelope-voided",
]
TIMEOUT = (3, 10)


def api(url: str, token: str) -> Any:
    """The SDK's envelopes client on the local world."""
    client = ds.ApiClient(host=f"{url}/restapi")
    client.set_default_header("Authorization", f"Bearer {token}")
    return ds.EnvelopesApi(client)


def definition(*, hook: str = "", transaction: str = "tx-1", signers: int = 1, expire_after: int = 30, **more: Any) -> Any:
    """An envelope of one amendment with signers Priya and Sam in that order and a copy to Maria."""
    people = [("Priya Nair", "priya@northwind.example"), ("Sam Ode", "sam@northwind.example")][:signers]
    to_sign = [
        ds.Signer(
            name=name,
            email=email,
            recipient_id=str(number),
            routing_order=str(number),
            tabs=ds.Tabs(
                sign_here_tabs=[ds.SignHere(anchor_string=f"/sig{number}/", anchor_units="pixels")],
                date_signed_tabs=[ds.DateSigned(anchor_string="/date1/")],
            ),
        )
        for number, (name, email) in enumerate(people, start=1)
    ]
    copy = ds.CarbonCopy(name="Maria Ortiz", email="maria@operator.example", recipient_id="9", routing_order="9")
    document = ds.Document(
        document_base64=base64.b64encode(text_pdf(AMENDMENT)).decode(), name="amendment.pdf", file_extension="pdf", document_id="1"
    )
    notification = ds.EventNotification(
        url=hook,
        delivery_mode="SIM",
        events=EVENTS,
        include_hmac="true",
        require_acknowledgment="true",
        logging_enabled="true",
        event_data=ds.ConnectEventData(version="restv2.1", format="json", include_data=["custom_fields", "recipients"]),
    )
    fields = {
        "email_subject": "Please sign amendment 3",
        "email_blurb": "Terms as agreed.",
        "documents": [document],
        "recipients": ds.Recipients(signers=to_sign, carbon_copies=[copy]),
        "custom_fields": ds.CustomFields(text_custom_fields=[ds.TextCustomField(name="renewal_key", value="MSA-1/2", show="false")]),
        "transaction_id": transaction,
        "notification": ds.Notification(
            use_account_defaults="false",
            expirations=ds.Expirations(expire_enabled="true", expire_after=str(expire_after), expire_warn="3"),
        ),
        "event_notification": notification if hook else None,
        "status": "sent",
    } | more
    return ds.EnvelopeDefinition(**fields)
