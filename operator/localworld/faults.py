"""One door for every vendor request: faults are applied here, and every exchange is written into the journal.

Rules of this module:

1. A fault acts at the wire: the vendor's handler never knows of it.
2. `drop_after_commit` runs the handler first, then closes the TCP connection without one byte of answer.
3. The journal holds what was asked and what the vendor decided; credentials (headers) are never recorded.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, TypeAlias

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from contractops.operator.localworld.world import Document, Fault, World

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

ABORT: Final = "contractops.abort"
"""Name of the ASGI extension by which a response closes its TCP connection."""
DROPPED: Final = 0
"""Journal status of an exchange whose answer never reached the caller."""


class AbortableProtocol(H11Protocol):
    """uvicorn's HTTP protocol, with the transport's `abort` handed to the application as an extension."""

    def connection_made(self, transport: Any) -> None:
        """Wrap the application of this connection once its transport is known."""
        super().connection_made(transport)
        application = self.app

        async def abortable(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[ABORT] = transport.abort
            await application(scope, receive, send)

        self.app = abortable


class Dropped(Response):
    """No answer: the connection is closed instead. Needs `AbortableProtocol`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Abort the connection and wait until the server noticed, so that it does not answer for us."""
        scope["extensions"][ABORT]()
        while (await receive())["type"] != "http.disconnect":
            pass


def refusal(fault: Fault) -> Response:
    """The answer of an overloaded or broken vendor: `fault.status`, with Retry-After for 429 and 503."""
    error = {429: "ratelimited", 503: "service_unavailable"}.get(fault.status, "internal_error")
    headers = {"Retry-After": str(fault.retry_after)} if fault.status in {429, 503} else {}
    return JSONResponse({"ok": False, "error": error}, status_code=fault.status, headers=headers)


async def serve(
    world: World,
    surface: str,
    operation: str,
    request: Request,
    handler: Handler,
    *,
    opaque: bool = False,
    refuse: Callable[[Fault], Response] = refusal,
) -> Response:
    """Answer `request` by `handler`, apply at most one switched-on fault, and record the exchange.

    `surface` is the vendor ("slack", "docusign", "salesforce", "model"), `operation` the vendor's own name of the
    call. `opaque` keeps the body out of the journal but for its size (file uploads); `refuse` is the vendor's form of an
    error. What `handler` raises is passed on: a defect of the world must be seen.
    """
    asked = await _asked(request, opaque=opaque)
    fault = world.fault(surface, operation)
    if fault is not None and fault.kind == "delay":
        await asyncio.sleep(fault.seconds)
    if fault is not None and fault.kind in {"status", "drop_before"}:
        response = refuse(fault) if fault.kind == "status" else Dropped()
        status = response.status_code if fault.kind == "status" else DROPPED
        world.record(surface, operation, asked, status, {"fault": fault.kind})
        world.changed("journal")
        return response
    response = await handler(request)
    dropped = fault is not None and fault.kind == "drop_after_commit"
    world.record(surface, operation, asked, DROPPED if dropped else response.status_code, _answered(response))
    world.changed("journal")
    return Dropped() if dropped else response


async def _asked(request: Request, *, opaque: bool) -> Document:
    """What the journal keeps of a request: method, path, query and the body as far as it is text."""
    asked: Document = {"method": request.method, "path": request.url.path, "query": dict(request.query_params)}
    content_type = request.headers.get("content-type", "")
    body = await request.body()
    if opaque:
        return asked | {"bytes": len(body)}
    if content_type.startswith("application/json") and body:
        return asked | {"body": _json_or_text(body)}
    if content_type.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        form = await request.form()
        return asked | {"body": {name: _form_value(value) for name, value in form.multi_items()}}
    return asked | {"bytes": len(body)} if body else asked


def _form_value(value: UploadFile | str) -> object:
    return value if isinstance(value, str) else {"file": value.filename, "bytes": value.size}


def _json_or_text(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")


def _answered(response: Response) -> object:
    body = bytes(getattr(response, "body", b""))
    if response.headers.get("content-type", "").startswith("application/json"):
        return _json_or_text(body)
    return {"content_type": response.headers.get("content-type", ""), "bytes": len(body)}
