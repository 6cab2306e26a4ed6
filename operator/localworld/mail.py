"""The mail server of the local world: it takes mail by SMTP and keeps every copy, for the page and for the tests.

Rules of this module:

1. Nothing is forwarded: what arrives stays in the world.
2. Two copies with one Message-ID are two mails here: whether the product sends twice must be seen.
3. Faults act at the wire, as for the other vendors: a refusal (4xx, 5xx), a lost answer, a delay.
"""

import asyncio
from email import message_from_bytes, policy
from typing import Any, Final, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld.faults import DROPPED
from contractops.operator.localworld.world import Document, World

SURFACE: Final = "mail"
OPERATION: Final = "message"
TAKEN: Final = 250
_KIND: Final = "mail"


def routes(world: World) -> list[BaseRoute]:
    """GET /_world/mail: the port that takes mail, and every mail that was taken, oldest first."""

    async def mails(_: Request) -> Response:
        port = (world.get("address", "smtp") or {"port": 0})["port"]
        return JSONResponse({"smtp_port": port, "mails": world.all(_KIND)})

    return [Route("/_world/mail", mails)]


def received(world: World) -> list[Document]:
    """Every mail that was taken, newest first."""
    return list(reversed(world.all(_KIND)))


def protocol(world: World) -> asyncio.Protocol:
    """One connection: aiosmtpd speaks, `world` keeps."""
    return SMTP(_Keeper(world), hostname="localhost", ident="contractops local world", loop=asyncio.get_running_loop())


class _Keeper:
    """What happens when the text of a mail has arrived (aiosmtpd calls it by this name)."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail and say so, unless a fault is switched on."""
        mail = _mail(envelope)
        fault = self._world.fault(SURFACE, OPERATION)
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind == "status":
            self._record(mail, fault.status, {"fault": fault.kind})
            return f"{fault.status} refused by the local world"
        if fault is None or fault.kind != "drop_before":
            key = self._world.next_id("mail")
            self._world.put(_KIND, key, {"id": key, "at": self._world.now().isoformat(), **mail})
            self._world.changed("mail")
        if fault is not None and fault.kind in {"drop_before", "drop_after_commit"}:
            self._record(mail, DROPPED, {"fault": fault.kind})
            cast("asyncio.Transport", server.transport).abort()
            return "421 closing"
        self._record(mail, TAKEN, {"taken": True})
        return f"{TAKEN} taken"

    def _record(self, mail: Document, status: int, answer: Document) -> None:
        asked = {name: mail[name] for name in ("message_id", "to", "subject")}
        self._world.record(SURFACE, OPERATION, asked, status, answer)
        self._world.changed("journal")


def _mail(envelope: Envelope) -> Document:
    """What a reader sees of a mail. `to` are the addresses of the dialogue, not those of the header."""
    content = envelope.content if isinstance(envelope.content, bytes) else b""
    message = message_from_bytes(content, policy=policy.default)
    body: Any = message.get_body(("plain",))
    return {
        "from": envelope.mail_from or "",
        "to": list(envelope.rcpt_tos),
        "subject": str(message["Subject"] or ""),
        "message_id": str(message["Message-ID"] or ""),
        "text": str(body.get_content()).replace("\r\n", "\n") if body is not None else "",
    }
