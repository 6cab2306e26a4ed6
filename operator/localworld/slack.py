"""Slack's Web API on loopback: one route, one table of methods, the scopes they need.

Rules of this module:

1. A method that is not in the table is answered `unknown_method`, never with an empty success.
2. A token decides first, then the scope, then the method: the order in which Slack refuses.
3. Every answer carries the granted scopes in `x-oauth-scopes`, so that a caller can see what is missing.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld import slack_files as files
from contractops.operator.localworld import slack_lookup as lookup
from contractops.operator.localworld import slack_surfaces as surfaces
from contractops.operator.localworld.faults import Endpoint, serve
from contractops.operator.localworld.seed import APP, BOT_ID, BOT_USER, TEAM
from contractops.operator.localworld.slack_arguments import Arguments, SlackError, arguments_of
from contractops.operator.localworld.slack_chat import CHAT
from contractops.operator.localworld.slack_respond import respond
from contractops.operator.localworld.slack_socket import SocketHub
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document

SURFACE: Final = "slack"
BOT_TOKEN: Final = "xoxb-local"  # noqa: S105 - the fixed local one
APP_TOKEN: Final = "xapp-local"  # noqa: S105 - the fixed local one

Answer: TypeAlias = Callable[[Workspace, Arguments], Document]
Scope: TypeAlias = Callable[[Workspace, Arguments], str]


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method: what answers it, and the scope that the call at hand needs ("" for none)."""

    answer: Answer
    scope: Scope


def _always(scope: str) -> Scope:
    return lambda _workspace, _arguments: scope


def _conversation(right: str) -> Scope:
    return lambda workspace, arguments: lookup.conversation_scope(workspace, arguments, right)


def _listed(_workspace: Workspace, arguments: Arguments) -> str:
    first = (arguments.text("types") or "public_channel").split(",")[0]
    return {"im": "im:read", "private_channel": "groups:read"}.get(first, "channels:read")


def _auth_test(workspace: Workspace, _arguments: Arguments) -> Document:
    own = (workspace.world.get("address", "own") or {"url": ""})["url"]
    who = {"user": "renewal_desk", "user_id": BOT_USER, "bot_id": BOT_ID, "app_id": APP}
    return {"url": f"{own}/", "team": "Local workspace", "team_id": TEAM, "is_enterprise_install": False, **who}


METHODS: Final[Mapping[str, Method]] = {
    "auth.test": Method(_auth_test, _always("")),
    **{name: Method(answer, _always("chat:write")) for name, answer in CHAT.items() if name != "chat.getPermalink"},
    "chat.getPermalink": Method(CHAT["chat.getPermalink"], _always("")),
    "conversations.open": Method(lookup.open_direct, _always("im:write")),
    "conversations.list": Method(lookup.list_conversations, _listed),
    "conversations.info": Method(lookup.conversation_info, _conversation("read")),
    "conversations.members": Method(lookup.members, _conversation("read")),
    "conversations.history": Method(lookup.history, _conversation("history")),
    "conversations.replies": Method(lookup.replies, _conversation("history")),
    "users.info": Method(lookup.user_info, _always("users:read")),
    "users.list": Method(lookup.list_users, _always("users:read")),
    "users.lookupByEmail": Method(lookup.lookup_by_email, _always("users:read.email")),
    "views.open": Method(surfaces.open_view, _always("")),
    "views.update": Method(surfaces.update_view, _always("")),
    "views.publish": Method(surfaces.publish_view, _always("")),
    "files.info": Method(files.info, _always("files:read")),
    "files.getUploadURLExternal": Method(surfaces.upload_url, _always("files:write")),
    "files.completeUploadExternal": Method(surfaces.complete_upload, _always("files:write")),
    "assistant.threads.setStatus": Method(lookup.set_status, _always("assistant:write")),
    "assistant.threads.setSuggestedPrompts": Method(lookup.set_prompts, _always("assistant:write")),
    "assistant.threads.setTitle": Method(lookup.set_title, _always("assistant:write")),
}


def routes(workspace: Workspace, hub: SocketHub) -> list[BaseRoute]:
    """The Web API, the upload address, stored files and response URLs."""
    return [
        Route("/slack/api/{method}", _api(workspace, hub), methods=["GET", "POST"]),
        Route("/slack/upload/{file_id}", _upload(workspace), methods=["POST", "PUT"]),
        Route("/slack/files/{file_id}/{name}", _file(workspace)),
        Route("/slack/files-pri/{file_id}/download/{name}", _private_file(workspace)),
        Route("/slack/response/{token}", _response(workspace), methods=["POST"]),
    ]


def _api(workspace: Workspace, hub: SocketHub) -> Endpoint:
    async def api(request: Request) -> Response:
        name = request.path_params["method"]

        async def handle(inner: Request) -> Response:
            try:
                arguments, token = await arguments_of(inner)
                answer = {"ok": True} | _call(workspace, hub, name, arguments, token)
            except SlackError as refused:
                answer = refused.answer
            return JSONResponse(answer, headers={"x-oauth-scopes": ",".join(workspace.scopes())})

        return await serve(workspace.world, SURFACE, name, request, handle)

    return api


def _call(workspace: Workspace, hub: SocketHub, name: str, arguments: Arguments, token: str) -> Document:
    """Check token and scope, then answer. Raises SlackError."""
    if name == "apps.connections.open":
        _refuse_token(token, APP_TOKEN)
        return {"url": hub.ticket_url()}
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    _refuse_token(token, BOT_TOKEN)
    needed, granted = method.scope(workspace, arguments), workspace.scopes()
    if needed and needed not in granted:
        raise SlackError("missing_scope", needed=needed, provided=",".join(granted))
    return method.answer(workspace, arguments)


def _refuse_token(token: str, wanted: str) -> None:
    if not token:
        raise SlackError("not_authed")
    if token in {BOT_TOKEN, APP_TOKEN} and token != wanted:
        raise SlackError("not_allowed_token_type")
    if token != wanted:
        raise SlackError("invalid_auth")


def _upload(workspace: Workspace) -> Endpoint:
    async def upload(request: Request) -> Response:
        async def handle(inner: Request) -> Response:
            taken = surfaces.store_upload(workspace, inner.path_params["file_id"], await inner.body())
            return Response("OK" if taken else "size mismatch", status_code=200 if taken else 400)

        return await serve(workspace.world, SURFACE, "files.upload", request, handle, opaque=True)

    return upload


def _file(workspace: Workspace) -> Endpoint:
    async def file(request: Request) -> Response:
        stored = workspace.world.get("slack_file", request.path_params["file_id"])
        if stored is None or "content" not in stored:
            return Response("no such file", status_code=404)
        media = "application/pdf" if stored["name"].endswith(".pdf") else "application/octet-stream"
        return Response(base64.b64decode(stored["content"]), media_type=media)

    return file


def _private_file(workspace: Workspace) -> Endpoint:
    """A file that is for those with a token that may read files; everybody else is led to a sign-in, as in Slack."""

    async def private(request: Request) -> Response:
        async def handle(inner: Request) -> Response:
            token = inner.headers.get("authorization", "").removeprefix("Bearer ")
            if token != BOT_TOKEN or "files:read" not in workspace.scopes():
                return RedirectResponse("/?redir=files-pri", status_code=302)
            return await public(inner)

        return await serve(workspace.world, SURFACE, "files.download", request, handle, opaque=True)

    public = _file(workspace)
    return private


def _response(workspace: Workspace) -> Endpoint:
    async def response(request: Request) -> Response:
        async def handle(inner: Request) -> Response:
            try:
                respond(workspace, inner.path_params["token"], await inner.json())
            except SlackError as refused:
                return JSONResponse(refused.answer, status_code=404)
            return Response("ok", media_type="text/plain")

        return await serve(workspace.world, SURFACE, "response_url", request, handle)

    return response
