"""The signing service over a world: stored envelopes and documents, what people do with them, and who hears of it.

Rules of this module:

1. Every change is stored with its Connect deliveries before anything is sent.
2. Expiry is looked at on each use and on each move of the world's clock, and is dated at the moment it fell due.
3. A document as sent is never rewritten. "Tampering" (asked for by a test) alters what is handed out, or who signs.
"""

import asyncio
import base64
import contextlib
from functools import cache
from typing import Final, Literal, TypeAlias

from contractops.operator.localworld import docusign_definition as definition
from contractops.operator.localworld import docusign_state as state
from contractops.operator.localworld import docusign_wire as wire
from contractops.operator.localworld import vendor_pdf
from contractops.operator.localworld.docusign_connect import Connect
from contractops.operator.localworld.docusign_state import DocuSignError
from contractops.operator.localworld.world import Document, World

Action: TypeAlias = Literal["open", "sign", "decline", "bounce"]
Tampering: TypeAlias = Literal["alter_document", "wrong_signer"]

STRANGER: Final = {"name": "Alex Stranger", "email": "alex.stranger@elsewhere.example"}
"""Who signs under "wrong_signer"."""
_ENVELOPE: Final = "envelope"
_FILE: Final = "envelope_file"
_TAMPER: Final = "docusign_tamper"


class SigningService:
    """Envelopes of one world. Get it with `service_of`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.connect = Connect(world)
        self._watch: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Bring expiry and deliveries up to date, and watch the clock from now on. Needs a running event loop."""
        self.expire_due()
        self.connect.start()
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_clock())

    async def _watch_clock(self) -> None:
        changes = self.world.listen()
        try:
            while True:
                if await changes.get() == "clock":
                    self.expire_due()
                    self.connect.start()
        finally:
            self.world.unlisten(changes)

    # Envelopes

    def create(self, body: Document) -> Document:
        """Store an envelope and, when asked, send it. Raises DocuSignError."""
        envelope, files = definition.read(body, self.world.now())
        for number, content in files.items():
            self.world.put(_FILE, f"{envelope['envelopeId']}/{number}", {"base64": base64.b64encode(content).decode()})
        events = state.send(envelope, self.world.now()) if body.get("status") == "sent" else []
        self.store(envelope, events)
        return envelope

    def envelope(self, envelope_id: str) -> Document:
        """One envelope. Raises DocuSignError (404)."""
        found = self.world.get(_ENVELOPE, envelope_id)
        if found is None:
            message = "The envelope specified either does not exist or you have no rights to it."
            raise DocuSignError("ENVELOPE_DOES_NOT_EXIST", message, 404)
        return found

    def envelopes(self) -> list[Document]:
        """All envelopes, oldest first."""
        return self.world.all(_ENVELOPE)

    def store(self, envelope: Document, events: list[state.Event]) -> None:
        """Store a changed envelope and one delivery for each subscriber of each event."""
        self.world.put(_ENVELOPE, envelope["envelopeId"], envelope)
        for event in events:
            self._announce(envelope, event)
        self.world.changed("signing")

    def _announce(self, envelope: Document, event: state.Event) -> None:
        base_url = (self.world.get("address", "own") or {}).get("url", "")
        own = envelope.get("eventNotification") or {}
        account_url = (self.world.get("seed", "docusign") or {}).get("connect_url")
        include = (own.get("eventData") or {}).get("includeData") or ("recipients", "custom_fields")
        body = wire.connect_body(envelope, event, base_url, self.world.now(), include)
        if event[0] in (own.get("events") or ()):
            self.connect.enqueue(own["url"], body, signed=str(own.get("includeHMAC", "")).lower() == "true")
        if account_url and account_url != own.get("url"):
            self.connect.enqueue(account_url, body, signed=True)

    def expire_due(self) -> None:
        """Void every open envelope whose time has run out."""
        for envelope in self.envelopes():
            due = state.expires_at(envelope)
            if due is not None and due <= self.world.now():
                self.store(envelope, state.void(envelope, state.EXPIRED_REASON, due))

    # People

    def act(self, envelope_id: str, who: str, action: Action, reason: str = "") -> Document:
        """A person (recipient id or e-mail) opens, signs or declines, or his mail system sends the invitation back. Raises DocuSignError."""
        self.expire_due()
        envelope, now = self.envelope(envelope_id), self.world.now()
        if action == "open":
            events = state.open_by(envelope, who, now)
        elif action == "bounce":
            events = state.bounce_by(envelope, who, now)
        elif action == "decline":
            events = state.decline_by(envelope, who, reason, now)
        else:
            events = self._sign(envelope, who)
        self.store(envelope, events)
        return envelope

    def _sign(self, envelope: Document, who: str) -> list[state.Event]:
        events = state.looked_by(envelope, who, self.world.now())
        person = state.signer(envelope, who)
        if self._tampered("wrong_signer"):
            person |= STRANGER
        events += state.sign_by(envelope, person["recipientId"], self.world.now())
        if envelope["status"] == "completed" and self._tampered("alter_document"):
            envelope["altered"] = True
        return events

    def tamper(self, what: Tampering) -> None:
        """Make the next signature a false one: one figure of the document differs, or another person signs."""
        self.world.put(_TAMPER, what, {"what": what})

    def _tampered(self, what: Tampering) -> bool:
        asked = self.world.get(_TAMPER, what) is not None
        self.world.delete(_TAMPER, what)
        return asked

    # Documents

    def document(self, envelope: Document, number: str) -> bytes:
        """One document as it is handed out now: a PDF. Raises DocuSignError (404)."""
        stored = self.world.get(_FILE, f"{envelope['envelopeId']}/{number}")
        if stored is None:
            message = "The document specified was not found."
            raise DocuSignError("DOCUMENT_DOES_NOT_EXIST", message, 404)
        content = base64.b64decode(stored["base64"])
        if not envelope.get("altered") or number != envelope["documents"][0]["documentId"]:
            return content
        with contextlib.suppress(ValueError):  # a page without figures stays as it is
            return vendor_pdf.alter_one_figure(content)
        return content

    def combined(self, envelope: Document) -> bytes:
        """All documents in order; after completion with the certificate as the last page."""
        parts = [self.document(envelope, item["documentId"]) for item in envelope["documents"]]
        if envelope["status"] == "completed":
            parts.append(self.certificate(envelope))
        return vendor_pdf.join(parts)

    def certificate(self, envelope: Document) -> bytes:
        """The certificate of completion: who signed, with which e-mail, when."""
        return vendor_pdf.text_pdf(wire.certificate_lines(envelope))


@cache
def service_of(world: World) -> SigningService:
    """The one signing service of `world`: REST, pages and control routes must share its deliveries."""
    return SigningService(world)
