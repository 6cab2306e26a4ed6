"""Socket Mode: sockets of the app, and envelopes that are sent until they are acknowledged.

Rules of this module:

1. Any one live socket gets an envelope; none live: it waits `QUEUE_SECONDS` for one.
2. Not acknowledged within `ACK_SECONDS`: sent again with `retry_attempt` and `retry_reason`, `RETRIES` times.
3. Faults of delivery (duplicate, reorder, delay, disconnect) act here, on operation "socket".
"""

import asyncio
import contextlib
import itertools
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Final

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from contractops.operator.localworld.seed import APP
from contractops.operator.localworld.world import DELIVERY_FAULTS, Document, Fault, World

ACK_SECONDS: Final = 3.0
QUEUE_SECONDS: Final = 10.0
RETRIES: Final = 3
REORDER_SECONDS: Final = 1.0
"""How long a reordered envelope waits for a later one to overtake it."""
OPERATION: Final = "socket"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an envelope ended: `acked`, the acknowledgement's `payload` ({} when none) and the number of sendings."""

    acked: bool
    payload: Document
    attempts: int


@dataclass(slots=True)
class _Waiting:
    """Envelopes on their way, and the sign that a later one was sent."""

    answers: dict[str, asyncio.Future[Document]] = field(default_factory=dict)
    sent: asyncio.Event = field(default_factory=asyncio.Event)


class SocketHub:
    """The app's live sockets. One per process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tickets: set[str] = set()
        self._sockets: list[WebSocket] = []
        self._turn = itertools.count()
        self._waiting = _Waiting()
        self._connected = asyncio.Event()

    def ticket_url(self) -> str:
        """A fresh address for one socket (apps.connections.open)."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        own = (self._world.get("address", "own") or {"url": "http://127.0.0.1"})["url"]
        return f"{own.replace('http', 'ws', 1)}/slack/link?ticket={ticket}&app_id={APP}"

    @property
    def connections(self) -> int:
        """How many sockets are live."""
        return len(self._sockets)

    async def serve(self, socket: WebSocket) -> None:
        """Speak with one socket until it goes: hello, then its acknowledgements."""
        ticket = socket.query_params.get("ticket", "")
        await socket.accept()
        if ticket not in self._tickets:
            await socket.close(4001, "unknown ticket")
            return
        self._tickets.discard(ticket)
        self._sockets.append(socket)
        await socket.send_json(self._hello())
        self._connected.set()
        self._world.changed("socket")
        try:
            while True:
                self._acknowledged(json.loads(await socket.receive_text()))
        except WebSocketDisconnect:
            pass
        finally:
            self._forget(socket)

    def _hello(self) -> Document:
        info = {"host": "local-world", "build_number": 1, "approximate_connection_time": 18060}
        return {
            "type": "hello",
            "num_connections": len(self._sockets),
            "connection_info": {"app_id": APP},
            "debug_info": info,
        }

    def _forget(self, socket: WebSocket) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)
        if not self._sockets:
            self._connected.clear()
        self._world.changed("socket")

    def _acknowledged(self, message: Document) -> None:
        waiting = self._waiting.answers.get(str(message.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(message.get("payload") or {})

    async def disconnect(self, reason: str = "refresh_requested") -> int:
        """Tell every socket to go and close it; answers how many there were."""
        going = list(self._sockets)
        for socket in going:
            self._forget(socket)
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "local-world"}})
            await socket.close()
        return len(going)

    async def deliver(self, kind: str, payload: Document) -> Delivery:
        """Send one envelope of `kind` ("events_api", "interactive", "slash_commands") until it is acknowledged."""
        envelope_id = str(uuid.uuid4())
        envelope: Document = {"envelope_id": envelope_id, "type": kind, "payload": payload}
        envelope["accepts_response_payload"] = kind != "events_api"
        fault = self._world.fault("slack", OPERATION, DELIVERY_FAULTS)
        await self._before(fault)
        twice = fault is not None and fault.kind == "duplicate"
        answer: asyncio.Future[Document] = asyncio.get_running_loop().create_future()
        self._waiting.answers[envelope_id] = answer
        delivery = Delivery(acked=False, payload={}, attempts=0)
        for attempt in range(RETRIES + 1):
            retry = {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
            delivery = await self._attempt(envelope | retry, answer, attempt, twice=twice)
            if delivery.acked:
                break
        del self._waiting.answers[envelope_id]
        status = 200 if delivery.acked else 0
        self._world.record("slack", f"{OPERATION}.{kind}", envelope | {"attempts": delivery.attempts}, status, delivery.payload)
        return delivery

    async def _attempt(self, envelope: Document, answer: asyncio.Future[Document], attempt: int, *, twice: bool) -> Delivery:
        socket = await self._live_socket()
        if socket is None:
            return Delivery(acked=False, payload={}, attempts=attempt)
        for _ in range(2 if twice and attempt == 0 else 1):
            await self._send(socket, envelope)
        done, _ = await asyncio.wait({answer}, timeout=ACK_SECONDS)
        return Delivery(bool(done), answer.result() if done else {}, attempt + 1)

    async def _live_socket(self) -> WebSocket | None:
        """The next live socket in turn; None when none came within `QUEUE_SECONDS`."""
        if not self._sockets:
            try:
                await asyncio.wait_for(self._connected.wait(), QUEUE_SECONDS)
            except TimeoutError:
                return None
        return self._sockets[next(self._turn) % len(self._sockets)] if self._sockets else None

    async def _send(self, socket: WebSocket, envelope: Document) -> None:
        try:
            await socket.send_json(envelope)
        except (WebSocketDisconnect, RuntimeError):
            # The peer went between choosing and sending: the next attempt takes another socket.
            self._forget(socket)
        self._waiting.sent.set()

    async def _before(self, fault: Fault | None) -> None:
        """What a fault does before the envelope goes out."""
        if fault is None:
            return
        if fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "disconnect":
            await self.disconnect()
        elif fault.kind == "reorder":
            self._waiting.sent.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._waiting.sent.wait(), REORDER_SECONDS)


def routes(hub: SocketHub) -> list[BaseRoute]:
    """The WebSocket that `apps.connections.open` points to."""
    return [WebSocketRoute("/slack/link", hub.serve)]
