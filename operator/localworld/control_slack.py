"""Control routes `/_world/slack/*`: people's acts and a full look at the workspace.

Rules of this module:

1. 409 means that the screen does not offer the act; 200 says whether the app acknowledged it.
2. Nothing here writes as the app: every act is a person's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld.faults import Endpoint
from contractops.operator.localworld.slack_forms import MISSING
from contractops.operator.localworld.slack_people import Click, People, Refused
from contractops.operator.localworld.slack_socket import Delivery, SocketHub
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document

Act: TypeAlias = Callable[[Document], Awaitable[Document]]


def routes(workspace: Workspace, hub: SocketHub, people: People) -> list[BaseRoute]:
    """act, submit, close, slash, say, home, disconnect, status, upload and state."""

    async def disconnect(body: Document) -> Document:
        return {"closed": await hub.disconnect(body.get("reason", "refresh_requested"))}

    acts: dict[str, Act] = {
        "act": _act(people),
        "submit": _submit(people),
        "close": _close(people),
        "slash": _slash(people),
        "say": _say(people),
        "home": _home(people),
        "disconnect": disconnect,
        "status": _status(people),
    }
    posts = [Route(f"/_world/slack/{name}", _posted(act), methods=["POST"]) for name, act in acts.items()]
    upload = Route("/_world/slack/upload", _upload(people), methods=["POST"])
    return [*posts, upload, Route("/_world/slack/state", _state(workspace, hub))]


def _posted(act: Act) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.json()
        try:
            return JSONResponse(await act(body))
        except Refused as refused:
            return JSONResponse({"error": refused.error, "detail": str(refused)}, status_code=409)
        except KeyError as missing:
            return JSONResponse({"error": "missing_field", "detail": f"needs {missing}"}, status_code=400)

    return endpoint


def delivered(delivery: Delivery | None) -> Document:
    """A delivery in JSON; None: nothing had to be delivered."""
    if delivery is None:
        return {"acked": None, "attempts": 0, "payload": {}}
    return {"acked": delivery.acked, "attempts": delivery.attempts, "payload": delivery.payload}


def _act(people: People) -> Act:
    async def act(body: Document) -> Document:
        click = Click(
            user=body["user"],
            action_id=body["action_id"],
            channel=body.get("channel", ""),
            ts=body.get("ts", ""),
            view_id=body.get("view_id", ""),
            block_id=body.get("block_id", ""),
            value=body.get("value", MISSING),
            values=body.get("values"),
            force=bool(body.get("force")),
        )
        times = int(body.get("repeat", 1))
        deliveries = await asyncio.gather(*(people.click(click) for _ in range(times)))
        return delivered(deliveries[0]) | {"acked": all(d.acked for d in deliveries), "clicks": times}

    return act


def _submit(people: People) -> Act:
    async def submit(body: Document) -> Document:
        return await people.submit(body["user"], body["view_id"], body.get("values", {}), force=bool(body.get("force")))

    return submit


def _close(people: People) -> Act:
    async def close(body: Document) -> Document:
        await people.close(body["user"], body["view_id"])
        return {"ok": True}

    return close


def _upload(people: People) -> Endpoint:
    async def upload(request: Request) -> Response:
        """The body is the file; `user` and `name` stand in the address."""
        wanted = request.query_params
        try:
            return JSONResponse(people.hand_over(wanted.get("user", ""), wanted.get("name", ""), await request.body()))
        except Refused as refused:
            return JSONResponse({"error": refused.error, "detail": str(refused)}, status_code=409)

    return upload


def _slash(people: People) -> Act:
    async def slash(body: Document) -> Document:
        delivery = await people.command(body["user"], body["command"], body.get("text", ""), body.get("channel", ""))
        return delivered(delivery)

    return slash


def _say(people: People) -> Act:
    async def say(body: Document) -> Document:
        ts, delivery = await people.say(body["user"], body["channel"], body["text"], body.get("thread_ts", ""))
        return delivered(delivery) | {"ts": ts}

    return say


def _home(people: People) -> Act:
    async def home(body: Document) -> Document:
        return delivered(await people.open_home(body["user"], body.get("tab", "home")))

    return home


def _status(people: People) -> Act:
    async def status(body: Document) -> Document:
        until = datetime.fromisoformat(body["until"]) if body.get("until") else None
        return people.set_status(body["user"], body["emoji"], body.get("text", ""), until)

    return status


def _state(workspace: Workspace, hub: SocketHub) -> Endpoint:
    async def state(_request: Request) -> Response:
        """Everything at once: {"users", "channels", "messages": {channel: [...]}, "ephemeral", "views", "homes", "sockets"}."""
        channels = workspace.channels()
        people = workspace.people()
        published = {user["id"]: workspace.home(user["id"]) for user in people}
        return JSONResponse(
            {
                "users": people,
                "channels": channels,
                "messages": {channel["id"]: workspace.messages(channel["id"]) for channel in channels},
                "ephemeral": workspace.world.all("slack_ephemeral"),
                "views": [view for view in workspace.world.all("slack_view") if view["state"] == "open"],
                "homes": {user: home["view"] for user, home in published.items() if home},
                "sockets": hub.connections,
            }
        )

    return state
