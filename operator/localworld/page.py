"""The workspace page: Slack as a person sees it, the clock, the steps panel, and doors to the outside world.

Rules of this module:

1. Every page is rendered whole on the server; the script fetches the same address again and swaps what changed.
2. The address says everything about the view: `as` (who acts) and `open` (conversation, or "home").
3. What a person does goes through the control routes, so a script and a reader have the same hands.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from contractops.operator.localworld import mrkdwn, outside_pages, page_model
from contractops.operator.localworld.fault_words import FAULT_WORDS, switched_on
from contractops.operator.localworld.faults import Endpoint
from contractops.operator.localworld.page_model import Person
from contractops.operator.localworld.slack_forms import options_of
from contractops.operator.localworld.slack_socket import SocketHub
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.steps import first_renewal, story_alert
from contractops.operator.localworld.world import CLOSING, Document

_HERE: Final = Path(__file__).parent
HEARTBEAT_SECONDS: Final = 15.0
"""A comment on the event stream, so that a closed tab is noticed."""


def templates() -> Environment:
    """The Jinja environment of the pages: everything is escaped."""
    return Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def routes(workspace: Workspace, hub: SocketHub, operator_url: str) -> list[BaseRoute]:
    """The page, its event stream, its read marks, permalinks, the simple outside pages and the static files."""
    environment = templates()
    return [
        Route("/", _workspace_page(workspace, hub, environment)),
        Route("/archives/{channel}/{place}", _permalink(workspace)),
        Route("/favicon.ico", _icon),
        Route("/page/events", _events(workspace)),
        Route("/page/read", _read(workspace), methods=["POST"]),
        Route("/page/dismiss", _dismiss(workspace), methods=["POST"]),
        *outside_pages.routes(workspace, environment, operator_url),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]


def _workspace_page(workspace: Workspace, hub: SocketHub, environment: Environment) -> Endpoint:
    template = environment.get_template("workspace.html")

    async def page(request: Request) -> Response:
        people = page_model.people(workspace)
        wanted = request.query_params.get("as", "")
        person = next((p for p in people if p.id == wanted), people[0] if people else None)
        if person is None:
            return HTMLResponse(environment.get_template("empty.html").render(now=_now(workspace, "America/Chicago")))
        context = _context(workspace, people, person, request.query_params.get("open", ""))
        return HTMLResponse(template.render(context, connected=hub.connections > 0))

    return page


def _context(workspace: Workspace, people: list[Person], person: Person, wanted: str) -> Document:
    conversations = page_model.conversations(workspace, person)
    at_home = wanted == "home"
    opened = next((c for c in conversations if c.id == wanted), conversations[0])
    modal = workspace.open_view(person.id)
    home = workspace.home(person.id)
    steps = first_renewal(workspace)
    return {
        "people": people,
        "person": person,
        "conversations": conversations,
        "opened": opened,
        "at_home": at_home,
        "home": home["view"] if home else None,
        "modal": modal["view"] if modal else None,
        "timeline": page_model.timeline(workspace, person, opened.id),
        "longest": page_model.LONGEST,
        "first_unread": page_model.first_unread(workspace, person, opened.id),
        "assistant": workspace.world.get("slack_assistant", opened.id) or {},
        "now": _now(workspace, person.zone),
        "now_iso": workspace.world.now().isoformat(),
        "steps": steps,
        "start": _start(workspace, person, opened.id, wanted),
        "current_step": next((step.number for step in steps if not step.done), 0),
        "faults": FAULT_WORDS,
        "faults_on": switched_on(workspace.world),
        "text": _formatter(workspace, person),
        "options_of": options_of,
        "to_json": lambda value: json.dumps(value, sort_keys=True),
    }


def _start(workspace: Workspace, person: Person, channel: str, wanted: str) -> str:
    """The id of the alert that the first look opens on; "" once it was read, or when the address asks for something else."""
    alert = story_alert(workspace)
    if wanted or alert is None or alert.channel != channel or alert.ts <= page_model.read_mark(workspace, person.id, channel):
        return ""
    return f"m-{alert.ts}"


def _now(workspace: Workspace, zone: str) -> str:
    return page_model.full(workspace.world.now(), zone)


def _formatter(workspace: Workspace, person: Person) -> Any:
    """Turns a Block Kit text object (or a message's mrkdwn text) into HTML for `person`."""

    def text(value: Document | str) -> Markup:
        if isinstance(value, str):
            return mrkdwn.to_html(value, workspace.name_of, person.zone)
        if value["type"] == "mrkdwn":
            return mrkdwn.to_html(value["text"], workspace.name_of, person.zone)
        return Markup("<br>").join(value["text"].split("\n"))

    return text


async def _icon(_request: Request) -> Response:
    """The mark in the tab, for every page of the world."""
    return FileResponse(_HERE / "static" / "mark.svg", media_type="image/svg+xml")


def _permalink(workspace: Workspace) -> Endpoint:
    async def permalink(request: Request) -> Response:
        """Lead to the message, seen by the person of its direct conversation, else by whoever acts."""
        channel_id, digits = request.path_params["channel"], request.path_params["place"].removeprefix("p")
        channel = workspace.channel(channel_id)
        ts = f"{digits[:-6]}.{digits[-6:]}"
        if channel is None or workspace.message(channel_id, ts) is None:
            return HTMLResponse("That message is gone. <a href='/'>Back to the workspace</a>", status_code=404)
        person = channel.get("user") or request.query_params.get("as", "")
        return RedirectResponse(f"/?as={person}&open={channel_id}#m-{ts}")

    return permalink


def _events(workspace: Workspace) -> Endpoint:
    async def events(request: Request) -> Response:
        queue = workspace.world.listen()

        async def stream() -> AsyncIterator[str]:
            try:
                yield ": open\n\n"
                while not await request.is_disconnected():
                    try:
                        what = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
                    except TimeoutError:
                        yield ": still here\n\n"
                    else:
                        if what == CLOSING:
                            return
                        yield f"data: {what}\n\n"
            finally:
                workspace.world.unlisten(queue)

        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)

    return events


def _read(workspace: Workspace) -> Endpoint:
    async def read(request: Request) -> Response:
        body = await request.json()
        page_model.mark_read(workspace, body["user"], body["channel"])
        return JSONResponse({"ok": True})

    return read


def _dismiss(workspace: Workspace) -> Endpoint:
    async def dismiss(request: Request) -> Response:
        workspace.world.delete("slack_ephemeral", (await request.json())["ts"])
        workspace.world.changed("messages")
        return JSONResponse({"ok": True})

    return dismiss
