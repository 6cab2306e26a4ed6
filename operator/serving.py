"""Serving: worker, Slack connection and web server in one process, until it is told to stop.

Rule 1: SIGTERM and Ctrl-C stop the doors first, then the worker; what was under way is finished or found again by ``recover``.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from sqlalchemy.exc import DBAPIError

from contractops.operator import web
from contractops.operator.app import Operator
from contractops.operator.settings import Settings
from contractops.operator.slack import listeners
from contractops.operator.store import schema

log = structlog.get_logger("contractops.serving")


def run(settings: Settings, *, doors: bool = True) -> None:
    """Build the operator and serve until stopped; without ``doors`` it only works (no Slack connection, no web server)."""
    asyncio.run(serve(Operator(settings), doors=doors))


async def serve(operator: Operator, *, doors: bool = True) -> None:
    """Start everything, say so, and wait for the signal to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        stop_worker = await asyncio.to_thread(operator.start_worker)
    except DBAPIError as problem:
        raise schema.away(problem) from None  # whatever supervises this process may start it again at once
    server, serving = await _web(operator) if doors else (None, None)
    socket = await _slack(operator) if doors else None
    log.info("operator is running", worker=operator.name)
    await stop.wait()
    if socket is not None:
        await socket.close_async()  # type: ignore[no-untyped-call]  # the library has no types here
    if server is not None and serving is not None:
        server.should_exit = True
        await serving
    await asyncio.to_thread(stop_worker)
    operator.bell.close()
    operator.core.close()


class _Server(uvicorn.Server):
    """The web server without signal handlers of its own: ours stop everything in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's handlers alone."""
        yield


async def _slack(operator: Operator) -> AsyncSocketModeHandler | None:
    settings = operator.settings
    if operator.desk is None or operator.messenger is None or settings.slack_bot_token is None or settings.slack_app_token is None:
        return None
    client = listeners.build_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, timeout=10.0)
    app = listeners.build_app(client, settings.slack_app_id or "", operator.desk, operator.messenger)
    socket = listeners.build_socket(app, settings.slack_app_token.get_secret_value())
    await socket.connect_async()  # type: ignore[no-untyped-call]  # the library has no types here
    return socket


async def _web(operator: Operator) -> tuple[uvicorn.Server | None, asyncio.Task[None] | None]:
    settings = operator.settings
    if settings.web_port == 0:
        return None, None
    keys = tuple(key.strip() for key in settings.docusign_hmac_keys.split(",") if key.strip())
    app = web.build(operator, keys, follows_world=settings.clock_url is not None)
    config = uvicorn.Config(app, host=settings.web_host, port=settings.web_port, log_level="warning", lifespan="off")
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110  # the library has no event for it
        await asyncio.sleep(0.01)
    return server, task
