"""Connect: web hooks of the signing service, signed with HMAC-SHA256 over the raw body by every key.

Rules of this module:

1. A delivery is stored before it is tried; deliveries leave one after another in the order of their events.
2. Anything but a 2xx is tried again a few times with growing waits, then the delivery is kept as "failed" until it is republished.
3. Only loopback addresses are called, redirects are not followed.
4. Faults of operation "connect": "lost_webhook" is never sent, "duplicate" is sent twice, "delay" waits `seconds`, "reorder" is held
   back until the next event of the same envelope has gone out.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Final
from urllib.parse import urlsplit

import httpx

from contractops.operator.localworld.docusign_definition import LOOPBACK
from contractops.operator.localworld.docusign_wire import ACCOUNT
from contractops.operator.localworld.operator_link import certificates
from contractops.operator.localworld.world import Document, World

HMAC_KEYS: Final = ("local-hmac-1", "local-hmac-2")
WAITS: Final = (0.3, 0.6, 1.2)
"""Wall seconds before each further try."""
_FAULTS: Final = frozenset({"lost_webhook", "duplicate", "reorder", "delay"})
_KIND: Final = "connect_delivery"
_TIMEOUT: Final = 10.0


def signatures(body: bytes) -> dict[str, str]:
    """The signature headers of a raw body, one a key, numbered from 1."""
    digests = (hmac.new(key.encode(), body, hashlib.sha256).digest() for key in HMAC_KEYS)
    return {f"X-DocuSign-Signature-{n}": base64.b64encode(digest).decode() for n, digest in enumerate(digests, start=1)}


class Connect:
    """Stores and sends the deliveries of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sender: asyncio.Task[None] | None = None

    def enqueue(self, url: str, body: Document, *, signed: bool) -> None:
        """Store one delivery; `start` sends it. Raises ValueError when `url` is not loopback."""
        if urlsplit(url).hostname not in LOOPBACK:
            message = f"not a loopback address: {url}"
            raise ValueError(message)
        key = self._world.next_id("delivery")
        self._world.put(_KIND, key, {"key": key, "url": url, "body": body, "signed": signed, "status": "pending"})

    def start(self) -> None:
        """Begin to send what is pending, if nobody does yet. Needs a running event loop."""
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send_all())

    def republish(self, envelope_ids: list[str]) -> int:
        """Make every failed delivery of these envelopes pending again; answers how many."""
        failed = [each for each in self._with("failed") if _envelope(each) in envelope_ids]
        for each in failed:
            self._mark(each, "pending")
        self.start()
        return len(failed)

    def deliveries(self) -> list[Document]:
        """Every delivery, oldest first: {"key", "url", "body", "signed", "status"}."""
        return self._world.all(_KIND)

    def _with(self, status: str) -> list[Document]:
        return [each for each in self.deliveries() if each["status"] == status]

    def _mark(self, delivery: Document, status: str) -> None:
        self._world.put(_KIND, delivery["key"], delivery | {"status": status})
        self._world.changed("signing")

    async def _send_all(self) -> None:
        while waiting := self._with("pending"):
            await self._send(waiting[0])

    async def _send(self, delivery: Document) -> None:
        fault = self._world.fault("docusign", "connect", _FAULTS)
        kind = fault.kind if fault else ""
        if kind in {"lost_webhook", "reorder"}:
            self._mark(delivery, "lost" if kind == "lost_webhook" else "held")
            return
        if fault is not None and kind == "delay":
            await asyncio.sleep(fault.seconds)
        arrived = await self._with_retries(delivery)
        if kind == "duplicate":
            await self._post(delivery, 0)
        self._mark(delivery, "delivered" if arrived else "failed")
        for held in self._with("held"):
            if _envelope(held) == _envelope(delivery):
                self._mark(held, "delivered" if await self._with_retries(held) else "failed")

    async def _with_retries(self, delivery: Document) -> bool:
        for tries, wait in enumerate((*WAITS, None)):
            if await self._post(delivery, tries):
                return True
            if wait is not None:
                await asyncio.sleep(wait)
        return False

    async def _post(self, delivery: Document, tries: int) -> bool:
        body = delivery["body"] | {"retryCount": tries}
        raw = json.dumps(body).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "X-DocuSign-AccountId": ACCOUNT}
        if delivery["signed"]:
            headers |= {"X-Authorization-Digest": "HMACSHA256"} | signatures(raw)
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=certificates()) as client:
                answer = await client.post(delivery["url"], content=raw, headers=headers)
        except httpx.HTTPError as error:
            self._world.record("docusign", "connect", {"url": delivery["url"], "body": body}, 0, {"error": type(error).__name__})
            return False
        self._world.record("docusign", "connect", {"url": delivery["url"], "body": body}, answer.status_code, None)
        return answer.is_success


def _envelope(delivery: Document) -> str:
    return str(delivery["body"]["data"]["envelopeId"])
