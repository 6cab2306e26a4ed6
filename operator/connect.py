"""DocuSign Connect web hooks: is it signed with one of our keys, and which envelope is it about.

Rule 1: the signature is checked over the raw body, before one byte of it is parsed.
Rule 2: what a web hook says is a hint that something changed. Nothing is concluded from it: the envelope is read afresh.
Rule 3: a hint is the same hint however often it arrives; ``dedupe_key`` names it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from contractops.tools.errors import InputError
from contractops.tools.values import Value

MAX_BODY = 1_000_000
"""Bytes. A hint without documents is a few kB."""
_HEADER = re.compile(r"x-docusign-signature-[1-9][0-9]?[0-9]?")
_IDENTIFIER = re.compile(r"[A-Za-z0-9-]{1,64}")
_EVENT = re.compile(r"[a-z-]{1,64}")


class ConnectHint(Value):
    """Something happened to ``envelope_id``. ``recipient_id`` is the vendor's number of the signer, for recipient events."""

    envelope_id: str
    event: str
    generated_at: datetime
    recipient_id: str | None = None

    @property
    def dedupe_key(self) -> str:
        """Unique for one event of one envelope; equal for every repetition of it."""
        return f"connect:{self.envelope_id}:{self.event}:{self.generated_at.isoformat()}:{self.recipient_id or ''}"


def verify(body: bytes, headers: Mapping[str, str] | Iterable[tuple[str, str]], keys: Iterable[str]) -> bool:
    """Whether any signature header (``X-DocuSign-Signature-1`` to ``-999``) is the HMAC-SHA256 of ``body`` under any of ``keys``.

    Several keys are active during a rotation. No key, no header or a malformed header is False. Compared in constant time.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    given = [signature for name, value in pairs if _HEADER.fullmatch(name.lower()) and (signature := _signature(value))]
    expected = [hmac.new(key.encode(), body, hashlib.sha256).digest() for key in keys if key]
    return any([hmac.compare_digest(one, other) for one in given for other in expected])  # noqa: C419 - compare all: no early end


def parse(body: bytes) -> ConnectHint:
    """The hint in a verified JSON body (SIM, restv2.1). Raises ``InputError`` (CO-HOOK-001 to 003) naming what is wrong."""
    if len(body) > MAX_BODY:
        raise InputError("CO-HOOK-001", f"The web hook has {len(body)} bytes; the limit is {MAX_BODY}.")
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("CO-HOOK-002", "The web hook is not JSON.", advice="Set the Connect format to JSON (SIM).") from error
    data = _field(message, "data")
    recipient = data.get("recipientId") if isinstance(data, dict) else None
    return ConnectHint(
        envelope_id=_text(data, "envelopeId", _IDENTIFIER),
        event=_text(message, "event", _EVENT),
        generated_at=_instant(message),
        recipient_id=_text(data, "recipientId", _IDENTIFIER) if recipient is not None else None,
    )


def _signature(value: str) -> bytes | None:
    try:
        digest = base64.b64decode(value.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return digest if len(digest) == hashlib.sha256().digest_size else None


def _field(holder: Any, name: str) -> Any:
    if not isinstance(holder, dict) or holder.get(name) is None:
        raise InputError("CO-HOOK-003", f"The web hook has no {name}.")
    return holder[name]


def _text(holder: Any, name: str, form: re.Pattern[str]) -> str:
    text = _field(holder, name)
    if not (isinstance(text, str) and form.fullmatch(text)):
        raise InputError("CO-HOOK-003", f"The {name} of the web hook is malformed.")
    return text


def _instant(message: Any) -> datetime:
    try:
        when = datetime.fromisoformat(_field(message, "generatedDateTime"))
    except (ValueError, TypeError) as error:
        raise InputError("CO-HOOK-003", "The generatedDateTime of the web hook is malformed.") from error
    if when.tzinfo is None:
        raise InputError("CO-HOOK-003", "The generatedDateTime of the web hook has no zone.")
    return when
