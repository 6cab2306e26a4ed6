"""Serving: worker, Slack connection and web server in one process, until it is told to stop.

Rule 1: SIGTERM and Ctrl-C stop the doors first, then the worker. Jobs under way get the setting's ``stop_seconds``; what is not over then is
left behind as by a kill: the next start, or another worker when the lease is over, finds it and looks up what it did.
Rule 2: a SQLite database is served by one process.
Rule 3: the sweep is watched from here, outside of the engine that runs it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from sqlalchemy.exc import DatabaseError, DBAPIError

from contractops.operator import web
from contractops.operator.app import Operator
from contractops.operator.settings import Settings
from contractops.operator.slack import listeners
from contractops.operator.sole import sole
from contractops.operator.store import schema
from contractops.tools.errors import ContractOpsError

WATCH_SECONDS: Final = 600.0

log = structlog.get_logger("contractops.serving")


def run(settings: Settings, *, doors: bool = True) -> None:
    """Build the operator and serve until stopped; without ``doors`` it only works (no Slack connection, no web server).

    Raises ``InputError`` CO-RUN-001 when another process serves a SQLite database.
    """
    with sole(settings.database_url):
        left = asyncio.run(serve(Operator(settings), doors=doors))
        if left:
            log.warning("stopped with jobs under way: they are found again", jobs=left)
            logging.shutdown()
            os._exit(0)  # else the interpreter would wait for their threads


async def serve(operator: Operator, *, doors: bool = True) -> int:
    """Start everything, say so, and wait for the signal to stop; returns how many jobs were still under way then."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        stop_worker = await asyncio.to_thread(operator.start_worker)
    except DBAPIError as problem:
        raise schema.away(problem) from None  # whatever supervises this process may start it again at once
    server, serving = await _web(operator) if doors else (None, None)
    socket = _slack(operator) if doors else None
    try:
        if await _connected(socket, stop):
            log.info("operator is running", worker=operator.name)
            await _until(stop, operator)
        log.info("operator is stopping", seconds=operator.settings.stop_seconds)
    finally:
        if socket is not None:
            await socket.close_async()  # type: ignore[no-untyped-call]  # the library has no types here
        if server is not None and serving is not None:
            server.should_exit = True
            await serving
        left = await asyncio.to_thread(stop_worker)
        await asyncio.to_thread(operator.close)
    return left


async def _connected(socket: AsyncSocketModeHandler | None, stop: asyncio.Event) -> bool:
    """Wait for Slack's socket, which the library tries for as long as it takes; False when the signal to stop comes first.

    The worker does its work meanwhile.
    """
    if socket is None:
        return True
    connecting = asyncio.ensure_future(socket.connect_async())  # type: ignore[no-untyped-call]  # the library has no types here
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({connecting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not connecting.done():
        connecting.cancel()
        return False
    await connecting
    return True


async def _until(stop: asyncio.Event, operator: Operator) -> None:
    """Wait for the signal, and look after the sweep meanwhile."""
    while not stop.is_set():
        try:
            await asyncio.wait_for(stop.wait(), WATCH_SECONDS)
        except TimeoutError:
            await asyncio.to_thread(_look, operator)


def _look(operator: Operator) -> None:
    """One look at the sweep; what it cannot do now it does the next time."""
    try:
        operator.watch_sweep()
    except (ContractOpsError, DatabaseError):
        log.exception("the sweep could not be watched")


class _Server(uvicorn.Server):
    """The web server without signal handlers of its own: ours stop everything in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the process's handlers alone."""
        yield


def _slack(operator: Operator) -> AsyncSocketModeHandler | None:
    settings = operator.settings
    if operator.desk is None or operator.messenger is None or settings.slack_bot_token is None or settings.slack_app_token is None:
        return None
    client = listeners.build_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, timeout=10.0)
    app = listeners.build_app(client, settings.slack_app_id or "", operator.desk, operator.messenger, operator.talkers)
    return listeners.build_socket(app, settings.slack_app_token.get_secret_value())


async def _web(operator: Operator) -> tuple[uvicorn.Server | None, asyncio.Task[None] | None]:
    settings = operator.settings
    if settings.web_port == 0:
        return None, None
    app = web.build(operator, settings.hmac_keys, follows_world=settings.clock_url is not None, with_metrics=settings.metrics)
    config = uvicorn.Config(app, host=settings.web_host, port=settings.web_port, log_level="warning", lifespan="off")
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110  # the library has no event for it
        await asyncio.sleep(0.01)
    return server, task
