"""The simple pages of the outside world: tickets, mail drafts, mail that was sent, and the audit trail.

Rules of this module:

1. A page shows what stands in the world and says so when nothing does.
2. Each page links back to the workspace.
3. The product's own audit trail is asked from the operator; beside it stands what went over the wire.
"""

from collections.abc import Mapping
from typing import Any, Final

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld import mail, page_model
from contractops.operator.localworld.faults import Endpoint
from contractops.operator.localworld.operator_link import OperatorLink
from contractops.operator.localworld.slack_state import Workspace
from contractops.operator.localworld.world import Document, World

TRAIL_LENGTH: Final = 200
_ZONE: Final = "America/Chicago"
_WORDS: Final[Mapping[str, str]] = {
    "socket.interactive": "click or form sent to Renewal Desk",
    "socket.events_api": "event sent to Renewal Desk",
    "socket.slash_commands": "slash command sent to Renewal Desk",
    "apps.connections.open": "connection opened",
    "auth.test": "token checked",
    "chat.postMessage": "message posted",
    "chat.postEphemeral": "message for one person posted",
    "chat.update": "message rewritten",
    "chat.delete": "message deleted",
    "conversations.open": "direct conversation opened",
    mail.OPERATION: "e-mail handed over",
    "views.open": "form opened",
    "views.update": "form rewritten",
    "views.publish": "App Home published",
    "users.info": "person looked up",
    "users.lookupByEmail": "person looked up by e-mail",
}
"""Names of calls for a reader; a call that is not here is shown by the vendor's own name."""
_VENDORS: Final[Mapping[str, str]] = {"slack": "Slack", "docusign": "DocuSign", "salesforce": "the CRM", "model": "the model"}


def routes(workspace: Workspace, environment: Environment, operator_url: str) -> list[BaseRoute]:
    """/outside/tickets, /outside/mail (drafts), /outside/inbox (mail that was sent) and /outside/audit; the operator at `operator_url` is asked for its own trail."""
    world = workspace.world
    return [
        Route("/outside/tickets", _page(environment, world, "Tickets", "tickets", lambda world: world.all("ticket"))),
        Route("/outside/mail", _page(environment, world, "Mail drafts", "mail", lambda world: world.all("mail_draft"))),
        Route("/outside/inbox", _page(environment, world, "Mail", "inbox", _inbox)),
        Route("/outside/audit", _audit(environment, world, OperatorLink(world, operator_url))),
    ]


def _page(environment: Environment, world: World, title: str, kind: str, rows: Any) -> Endpoint:
    template = environment.get_template("outside.html")

    async def page(_request: Request) -> Response:
        now = page_model.full(world.now(), _ZONE)
        return HTMLResponse(template.render(title=title, kind=kind, rows=rows(world), now=now))

    return page


def _inbox(world: World) -> list[Document]:
    return [one | {"at": page_model.full(page_model.parsed(one["at"]), _ZONE), "to": ", ".join(one["to"])} for one in mail.received(world)]


def _audit(environment: Environment, world: World, operator: OperatorLink) -> Endpoint:
    template = environment.get_template("outside.html")

    async def page(_request: Request) -> Response:
        told = await operator.audit()
        own = None if told is None else [row | {"at": page_model.full(page_model.parsed(row["at"]), _ZONE)} for row in told]
        now = page_model.full(world.now(), _ZONE)
        return HTMLResponse(template.render(title="Audit trail", kind="audit", own=own, rows=_trail(world), now=now))

    return page


def _trail(world: World) -> list[Document]:
    """The last exchanges with the vendors, newest first, in words."""
    entries = reversed(world.journal(limit=TRAIL_LENGTH))
    return [
        {
            "at": page_model.full(page_model.parsed(entry["at"]), _ZONE),
            "surface": _VENDORS.get(entry["surface"], entry["surface"]),
            "operation": _WORDS.get(entry["operation"], entry["operation"]),
            "outcome": _outcome(entry),
        }
        for entry in entries
    ]


def _outcome(entry: Document) -> str:
    answer = entry["answer"] if isinstance(entry["answer"], dict) else {}
    if entry["status"] == 0:
        return "no answer arrived"
    if answer.get("ok") is False:
        return f"refused: {answer.get('error', 'unknown')}"
    return "done" if entry["status"] < 400 else f"refused: {entry['status']}"  # noqa: PLR2004 - HTTP errors begin there
