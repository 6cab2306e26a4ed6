"""The web side: DocuSign's Connect web hook, health and metrics, and, beside a local world, the clock it moves.

Rule 1: a web hook is verified on its raw bytes, committed to the inbox, answered; the work comes after and reads the vendor afresh.
Rule 2: the clock routes (agenda, audit, tick) exist only when business time follows a local world.
Rule 3: an answer never carries a traceback.
Rule 4: ``/healthz`` says that this process answers, ``/readyz`` that it can do its work; ``/metrics`` exists only where it was asked for,
since the same server may stand open to web hooks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from contractops.operator import connect
from contractops.tools.errors import ContractOpsError, InputError

MAX_BODY = 2 * 1024 * 1024

log = structlog.get_logger("contractops.web")


class Hooks(Protocol):
    """What the web side needs of the operator."""

    def envelope_event(self, key: str, envelope_id: str, payload: dict[str, Any]) -> None:
        """Commit the event, then see to it."""
        ...

    def agenda(self, to: datetime) -> Sequence[tuple[datetime, str, str]]:
        """What business time will trigger until ``to``, in order: when, what in words, and its kind."""
        ...

    def audit(self) -> list[dict[str, str]]:
        """The newest rows of the audit chain, newest first."""
        ...

    def unready(self) -> list[str]:
        """Why the operator cannot do its work now, in single words; empty when it can."""
        ...

    def metrics(self) -> bytes:
        """The vitals in the text form of Prometheus."""
        ...

    def tick(self, now: datetime) -> None:
        """Business time is ``now``: sweep, and return when the work it caused is done."""
        ...


def build(hooks: Hooks, hmac_keys: tuple[str, ...], *, follows_world: bool, with_metrics: bool = False) -> Starlette:
    """The web application."""

    async def docusign(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return PlainTextResponse("too large", status_code=413)
        if not connect.verify(body, request.headers, hmac_keys):
            return PlainTextResponse("signature", status_code=401)
        try:
            hint = connect.parse(body)
        except InputError as problem:
            log.warning("web hook refused", error=str(problem))
            return PlainTextResponse("not understood", status_code=400)
        payload = hint.model_dump(mode="json")
        await asyncio.to_thread(hooks.envelope_event, hint.dedupe_key, hint.envelope_id, payload)
        return PlainTextResponse("ok")

    async def agenda(request: Request) -> Response:
        to = datetime.fromisoformat(request.query_params["to"])
        events = await asyncio.to_thread(hooks.agenda, to)
        return JSONResponse({"events": [{"at": at.isoformat(), "label": label, "kind": kind} for at, label, kind in events]})

    async def audit(_request: Request) -> Response:
        return JSONResponse({"rows": await asyncio.to_thread(hooks.audit)})

    async def tick(request: Request) -> Response:
        now = datetime.fromisoformat((await request.json())["now"])
        await asyncio.to_thread(hooks.tick, now)
        return JSONResponse({"ok": True})

    routes = [*_health(hooks, with_metrics=with_metrics), Route("/docusign/connect", _guarded(docusign), methods=["POST"])]
    if follows_world:
        routes += [Route("/clock/agenda", _guarded(agenda)), Route("/clock/audit", _guarded(audit))]
        routes += [Route("/clock/tick", _guarded(tick), methods=["POST"])]
    return Starlette(routes=routes)


def _health(hooks: Hooks, *, with_metrics: bool) -> list[Route]:
    """Whether the process lives, whether it can work, and how it does."""

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_request: Request) -> Response:
        missing = await asyncio.to_thread(hooks.unready)
        return JSONResponse({"ready": not missing, "missing": missing}, status_code=503 if missing else 200)

    async def metrics(_request: Request) -> Response:
        return Response(await asyncio.to_thread(hooks.metrics), media_type="text/plain; version=0.0.4; charset=utf-8")

    routes = [Route("/healthz", healthz), Route("/readyz", readyz)]
    return [*routes, Route("/metrics", _guarded(metrics))] if with_metrics else routes


def _guarded(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Turn our own errors into 503 with their code: the sender tries again."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except (KeyError, ValueError):
            return PlainTextResponse("bad request", status_code=400)
        except ContractOpsError as problem:
            log.exception("web request failed", code=problem.code)
            return PlainTextResponse(problem.code, status_code=503)

    return answer


async def _body(request: Request) -> bytes | None:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
