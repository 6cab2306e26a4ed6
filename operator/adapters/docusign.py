"""Electronic signature by DocuSign: the ``Signer`` and ``EnvelopeControl`` ports over the vendor's own SDK.

Rule 1: an envelope is created once. Whether DocuSign refuses a second one with the same ``transactionId`` is not documented, so an
unknown outcome is answered by ``find`` and never by a second ``send``.
Rule 2: two envelopes with one key are never settled by choosing one: a person must look.
Rule 3: the bytes that leave are the bytes that were approved; their hash is compared here once more.
Rule 4: changes to an envelope that is out are idempotent: a refusal is followed by a look at the state before it counts as one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from contractops.operator.adapters.bearer import Grant, TokenSource
from contractops.operator.adapters.docusign_calls import DocuSignCalls, RefusedByDocuSign, Timeouts
from contractops.operator.adapters.docusign_wire import (
    KEY_FIELD,
    OPENED,
    definition,
    key_of,
    replacement,
    state_of,
    transaction_id,
    unchanged,
    voided,
    with_looks,
)
from contractops.tools.errors import Conflict, InvariantError, NotFound, OutcomeUnknown, VendorError
from contractops.tools.ports import EnvelopeState
from contractops.tools.signature import EnvelopePlan

_LOOK_BACK = timedelta(days=730)  # custom fields are searched from here on; the longest envelope lives far shorter
_FINAL = frozenset({"completed", "declined", "voided"})
_IDENTIFIER = re.compile(r"[0-9A-Za-z-]{1,64}")
_DONE = frozenset({"completed", "declined"})


@dataclass(frozen=True, slots=True)
class DocuSignConfig:
    """Where and as whom. ``base_url`` ends in ``/restapi``; ``hook_url`` is None when DocuSign cannot reach us (then we poll).

    ``token_url`` is ``https://account.docusign.com/oauth/token`` and ``audience`` its host name.
    """

    base_url: str
    account_id: str
    token_url: str
    audience: str
    integration_key: str
    user_id: str
    private_key: str = field(repr=False)
    hook_url: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)


class DocuSign:
    """Implements ``Signer`` and ``EnvelopeControl``. ``wall_now`` gives aware wall time (tokens, waiting times), never business time."""

    def __init__(self, config: DocuSignConfig, wall_now: Callable[[], datetime]) -> None:
        self._config = config
        self._wall_now = wall_now
        grant = Grant(
            vendor="DocuSign",
            token_url=config.token_url,
            issuer=config.integration_key,
            subject=config.user_id,
            audience=config.audience,
            private_key=config.private_key,
            scope="signature impersonation",
            life=timedelta(hours=1),
        )
        self._tokens = TokenSource(grant, httpx.Timeout(config.timeouts.read, connect=config.timeouts.connect), wall_now)
        self._calls = DocuSignCalls(config.base_url, config.account_id, self._tokens, config.timeouts, wall_now)

    def check(self) -> None:
        """Buy a token, for ``doctor``. Raises ``VendorError`` or ``InputError`` saying what is wrong."""
        self._tokens.token()

    def close(self) -> None:
        """Close the kept connections; a later call opens new ones."""
        self._calls.close()

    # Signer

    def send(self, plan: EnvelopePlan, document: bytes, key: str) -> str:
        """Create and send; returns the envelope id. Raises ``OutcomeUnknown``, ``VendorError``, ``InvariantError`` (other bytes)."""
        if hashlib.sha256(document).hexdigest() != plan.document_sha256:
            raise InvariantError("CO-ENV-010", "The document to be sent is not the one that was approved.")
        body = definition(plan, document, key, self._config.hook_url)
        summary = self._calls.change("create_envelope", envelope_definition=body)
        if not _IDENTIFIER.fullmatch(summary.envelope_id or ""):
            raise OutcomeUnknown("CO-ENV-011", "DocuSign answered the new envelope without an id.")
        return str(summary.envelope_id)

    def find(self, key: str) -> str | None:
        """The envelope made with ``key``: by transaction id (7 days), then by custom field. Raises ``VendorError`` when there are two."""
        found = self._ids(transaction_ids=transaction_id(key))
        if not found:
            since = (self._wall_now() - _LOOK_BACK).date().isoformat()
            found = self._ids(custom_field=f"{KEY_FIELD}={key}", from_date=since)
        if len(found) > 1:
            message = f"{len(found)} envelopes carry the key of one send: {', '.join(sorted(found))}."
            raise VendorError("CO-ENV-012", message, advice="Void all but one by hand.", permanent=True)
        return next(iter(found), None)

    def sent_since(self, moment: datetime) -> tuple[tuple[str, str], ...]:
        """See ``Signer.sent_since``; page by page. Raises ``VendorError``."""
        found: list[tuple[str, str]] = []
        seen = 0
        while True:
            page = self._calls.read(
                "list_status_changes", from_date=moment.date().isoformat(), include="custom_fields", start_position=str(seen)
            )
            envelopes = page.envelopes or ()
            found += [(str(each.envelope_id), key) for each in envelopes if each.envelope_id and (key := key_of(each))]
            seen += len(envelopes)
            if not envelopes or seen >= int(page.total_set_size or 0):
                return tuple(found)

    def state(self, envelope_id: str) -> EnvelopeState:
        """The envelope and its signers, read afresh; its history too while somebody has opened it and not signed.

        Raises ``NotFound``, ``VendorError``.
        """
        answer = self._calls.read("get_envelope", envelope_id, include="recipients,custom_fields")
        found = state_of(answer, envelope_id)
        if not any(each.status == OPENED for each in found.recipients):
            return found
        return with_looks(found, self._calls.read("list_audit_events", envelope_id))

    def signed_document(self, envelope_id: str) -> bytes:
        """The combined PDF. Raises ``NotFound``, ``VendorError`` (also when it is no PDF)."""
        content = self._calls.read("get_document", "combined", envelope_id)
        if not (isinstance(content, bytes) and content.startswith(b"%PDF-")):
            raise VendorError("CO-ENV-013", "DocuSign answered the signed document with something that is no PDF.")
        return content

    # EnvelopeControl

    def void(self, envelope_id: str, reason: str) -> None:
        """Take it back. A voided or declined envelope stays as it is. Raises ``Conflict`` when it is completed."""
        try:
            self._calls.change("update", envelope_id, envelope=voided(reason))
        except RefusedByDocuSign:
            status = self.state(envelope_id).status
            if status == "completed":
                raise Conflict("CO-ENV-014", "Everybody has signed: the envelope cannot be taken back.") from None
            if status not in _FINAL:
                raise

    def resend(self, envelope_id: str) -> None:
        """Remind the signers whose turn it is. Raises ``Conflict`` when the envelope is closed."""
        try:
            self._calls.change("update", envelope_id, envelope=unchanged(), resend_envelope="true")
        except RefusedByDocuSign:
            self._conflict_when_closed(envelope_id)
            raise

    def change_signer(self, envelope_id: str, old_email: str, name: str, email: str) -> None:
        """Replace a signer who has not signed. Raises ``Conflict`` (signed, or closed), ``NotFound`` (no such signer)."""
        signers = self._calls.read("list_recipients", envelope_id).signers or []
        person = next((each for each in signers if _same(each.email, old_email)), None)
        if person is None:
            if any(_same(each.email, email) for each in signers):
                return
            raise NotFound("CO-ENV-015", "Nobody with this address signs the envelope.")
        if person.status in _DONE:
            raise Conflict("CO-ENV-016", f"{person.name} has {person.status} already and cannot be replaced.")
        change = replacement(person.recipient_id, name, email)
        try:
            summary = self._calls.change("update_recipients", envelope_id, recipients=change, resend_envelope="true")
        except RefusedByDocuSign:
            self._conflict_when_closed(envelope_id)
            raise
        _check_each(summary)

    def _conflict_when_closed(self, envelope_id: str) -> None:
        status = self.state(envelope_id).status
        if status in _FINAL:
            raise Conflict("CO-ENV-017", f"The envelope is {status}: nothing about it can change.") from None

    def _ids(self, **query: str) -> set[str]:
        page = self._calls.read("list_status_changes", **query)
        return {str(each.envelope_id) for each in page.envelopes or () if each.envelope_id}


def _same(one: str | None, other: str) -> bool:
    return (one or "").strip().casefold() == other.strip().casefold()


def _check_each(summary: Any) -> None:
    """An update of recipients answers 200 even when it failed: the outcome of each stands in the body."""
    for result in summary.recipient_update_results or ():
        word = getattr(result.error_details, "error_code", None)
        if word not in (None, "", "SUCCESS"):
            raise RefusedByDocuSign(str(word), 200)
