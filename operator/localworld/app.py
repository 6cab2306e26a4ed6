"""Joins the parts of the local world into one ASGI application and runs it on loopback.

Rules of this module:

1. Every part is a list of routes over the same `World`; the order decides nothing.
2. The server binds 127.0.0.1 and nothing else.
"""

import asyncio
import socket
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from starlette.applications import Starlette

from contractops.operator.localworld import (
    control,
    control_slack,
    docusign,
    mail,
    model,
    page,
    salesforce,
    slack,
    slack_socket,
    vendor_pages,
)
from contractops.operator.localworld.faults import AbortableProtocol
from contractops.operator.localworld.slack_people import People
from contractops.operator.localworld.slack_socket import SocketHub
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import CLOSING, World

HOST: Final = "127.0.0.1"


def create_app(world: World, operator_url: str = "") -> Starlette:
    """The whole local world over `world`; `operator_url` is where the operator answers agenda and ticks ("": nobody)."""
    workspace = Workspace(world)
    hub = SocketHub(world)
    people = People(workspace, hub)
    return Starlette(
        routes=[
            *slack.routes(workspace, hub),
            *slack_socket.routes(hub),
            *docusign.routes(world),
            *salesforce.routes(world),
            *model.routes(world),
            *mail.routes(world),
            *vendor_pages.routes(world),
            *control.routes(world, operator_url),
            *control_slack.routes(workspace, hub, people),
            *page.routes(workspace, hub, operator_url),
        ]
    )


def run(port: int, state: Path, operator_url: str = "", smtp_port: int = 0) -> None:
    """Serve until stopped, state in `state`/world.db; prints one line with the address when ready. Mail is taken on `smtp_port`.

    A port of 0 takes a free one. Raises OSError when a port is taken.
    """
    world = World(state / "world.db")
    listening, post_box = _listening(port), _listening(smtp_port)
    address = f"http://{HOST}:{listening.getsockname()[1]}"
    world.put("address", "own", {"url": address})
    world.put("address", "smtp", {"port": post_box.getsockname()[1]})
    config = uvicorn.Config(
        create_app(world, operator_url),
        http=AbortableProtocol,
        ws="websockets-sansio",
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config, world)
    try:
        asyncio.run(_serve(server, listening, post_box, address))
    finally:
        world.close()


def _listening(port: int) -> socket.socket:
    """A socket on loopback. Raises OSError when the port is taken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


class _Server(uvicorn.Server):
    """Ends the open event streams first, so that a stop needs no force."""

    def __init__(self, config: uvicorn.Config, world: World) -> None:
        super().__init__(config)
        self.world = world

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Say goodbye to the pages, then stop as uvicorn does."""
        self.world.changed(CLOSING)
        super().handle_exit(sig, frame)


async def _serve(server: _Server, listening: socket.socket, post_box: socket.socket, address: str) -> None:
    taking = await asyncio.get_running_loop().create_server(lambda: mail.protocol(server.world), sock=post_box)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    print(f"local world: {address}", flush=True)  # noqa: T201 - the line that callers wait for
    await serving
    taking.close()
