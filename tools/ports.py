"""The holes in the wall: what the outside world must fill, one to four methods each.

Rule 1: every call that changes something outside takes an idempotency ``key`` and can be looked up by it.
Rule 2: an adapter raises only ``VendorError``, ``OutcomeUnknown``, ``NotFound`` and ``Conflict`` (see ``errors``).
Rule 3: adapters are synchronous and stateless; time-outs are theirs to set.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from contractops.tools.crm import CrmPatch, CrmReceipt, CrmRecord
from contractops.tools.signature import EnvelopePlan
from contractops.tools.values import Value


class Clock(Protocol):
    """Business time (dates, alerts, expiries). Wall time for tokens and leases never comes from here."""

    def now(self) -> datetime:
        """The current business instant, aware UTC."""
        ...


class RecipientState(Value):
    """One signer as the vendor sees him. ``status``: created, sent, delivered (opened), completed, declined, autoresponded (the invitation came back).

    ``at``: since when he is there, as far as the vendor says; ``reason``: his words, or those of the mail system that refused it.
    ``looks``: when he looked, oldest first, while he has opened and not signed.
    """

    name: str
    email: str
    status: str
    at: datetime | None = None
    reason: str | None = None
    looks: tuple[datetime, ...] = ()


class EnvelopeState(Value):
    """An envelope as the vendor sees it. ``status``: sent, delivered, completed, declined, voided (expiry is a void with a reason)."""

    envelope_id: str
    status: str
    changed_at: datetime
    recipients: tuple[RecipientState, ...]
    reason: str | None = None
    custom_key: str | None = None


class Signer(Protocol):
    """Electronic signature (DocuSign)."""

    def send(self, plan: EnvelopePlan, document: bytes, key: str) -> str:
        """Create and send the envelope; returns its id. ``key`` is findable later. ``OutcomeUnknown`` when no answer came."""
        ...

    def find(self, key: str) -> str | None:
        """Id of the envelope made with ``key``, or None when there is none."""
        ...

    def sent_since(self, moment: datetime) -> tuple[tuple[str, str], ...]:
        """(id, key) of every envelope of ours that the vendor has seen change since ``moment`` (aware)."""
        ...

    def state(self, envelope_id: str) -> EnvelopeState:
        """The envelope and its recipients, read afresh."""
        ...

    def signed_document(self, envelope_id: str) -> bytes:
        """The combined PDF as signed."""
        ...


class EnvelopeControl(Protocol):
    """Changes to an envelope that is out. Each is idempotent: doing it twice leaves the same state."""

    def void(self, envelope_id: str, reason: str) -> None:
        """Take the envelope back. Raises ``Conflict`` when it is completed already."""
        ...

    def resend(self, envelope_id: str) -> None:
        """Ask the vendor to remind the current signers."""
        ...

    def change_signer(self, envelope_id: str, old_email: str, name: str, email: str) -> None:
        """Replace a signer who has not signed."""
        ...


class Crm(Protocol):
    """Customer records (Salesforce, or the embedded tables)."""

    def read(self, contract_id: str) -> CrmRecord | None:
        """The record as it stands, or None."""
        ...

    def write(self, patch: CrmPatch) -> CrmReceipt:
        """Conditional write, then read back field by field. Repeating the same ``renewal_key`` changes nothing more."""
        ...

    def overwrite(self, contract_id: str, field: str, value: str | None, renewal_key: str) -> None:
        """Write one field that a person decided on (a conflict settled for the signed value)."""
        ...


class SlackUser(Value):
    """A Slack account as the API sees it now; the identity is ``(team_id, user_id)``, never the name.

    ``status``: name of the emoji of its status, None without one; ``status_until``: when the status ends, None: when it is taken away.
    """

    user_id: str
    team_id: str
    email: str | None
    tz: str | None
    deleted: bool
    is_bot: bool
    is_restricted: bool
    is_stranger: bool
    status: str | None = None
    status_until: datetime | None = None


class Posted(Value):
    """Where a message stands."""

    channel: str
    ts: str


class Messenger(Protocol):
    """Slack, outbound. ``body`` is {"text", "blocks"}; posts carry ``key`` in the message metadata so that they can be found."""

    def post(self, channel: str, body: dict[str, Any], key: str, *, thread_ts: str | None = None, broadcast: bool = False) -> Posted:
        """Post once; never re-posts by itself. ``OutcomeUnknown`` when no answer came. ``channel`` may be a user id (opens the DM)."""
        ...

    def find(self, channel: str, key: str, *, since: datetime, thread_ts: str | None = None) -> Posted | None:
        """The message posted with ``key``, looked up by metadata."""
        ...

    def update(self, place: Posted, body: dict[str, Any]) -> None:
        """Rewrite a message (idempotent)."""
        ...

    def user(self, user_id: str) -> SlackUser:
        """The account now (cached for at most 60 s of wall time). Raises ``VendorError`` when Slack does not answer: fail closed."""
        ...

    def lookup(self, email: str) -> str | None:
        """The user id of the account with ``email``, or None."""
        ...

    def permalink(self, place: Posted) -> str:
        """The address under which a person opens the message."""
        ...

    def is_private(self, channel: str) -> bool:
        """Whether only invited people of our own company read the channel. Raises ``VendorError`` when Slack does not answer: fail closed."""
        ...


class SentFile(Value):
    """A file that a person handed over in Slack, with its bytes."""

    name: str
    content: bytes


class Files(Protocol):
    """Files that people hand over in Slack."""

    def fetch(self, file_id: str) -> SentFile:
        """The file now. Raises ``NotFound`` when it was deleted, ``VendorError`` when Slack does not hand it out, or it is too large."""
        ...


class Mail(Value):
    """A plain-text mail to one member of staff; ``address`` is his in the staff list."""

    address: str
    name: str
    subject: str
    text: str


class Mailer(Protocol):
    """E-mail, outbound."""

    def send(self, mail: Mail, key: str) -> str:
        """Hand the mail to the mail server, once; returns its Message-ID, which is made from ``key``: the same key, the same id.

        ``OutcomeUnknown`` when the server fell silent after it was given the text: nobody can look it up.
        """
        ...


class Interaction(Protocol):
    """Answers inside a live request."""

    def open_view(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal (within 3 s of the click)."""
        ...

    def update_view(self, view_id: str, view: dict[str, Any], view_hash: str | None = None) -> None:
        """Replace an open modal."""
        ...

    def whisper(self, channel: str, user_id: str, body: dict[str, Any], *, thread_ts: str | None = None) -> None:
        """A message only ``user_id`` sees."""
        ...

    def upload(self, channel: str, name: str, content: bytes, *, thread_ts: str | None = None) -> None:
        """Put a file into the thread."""
        ...

    def publish_home(self, user_id: str, view: dict[str, Any]) -> None:
        """Replace the App Home of ``user_id``."""
        ...

    def suggest(self, user_id: str, prompts: Sequence[str]) -> None:
        """Offer at most four questions above the composer of the direct conversation with ``user_id``."""
        ...
