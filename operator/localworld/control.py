"""Control routes `/_world/*`: how tests, scripts and the page move the local world.

Rules of this module:

1. A control route does what a person or time could do; it never writes the product's state.
2. Errors are one JSON object {"error": word, "detail": sentence}; an unknown field is refused, not ignored.
"""

from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld.faults import Endpoint
from contractops.operator.localworld.operator_link import HORIZON, AgendaEvent, Jump, OperatorLink
from contractops.operator.localworld.seed import apply_seed
from contractops.operator.localworld.world import FAULT_KINDS, Document, Fault, World


def routes(world: World, operator_url: str) -> list[BaseRoute]:
    """Clock, agenda, seed, faults and journal; the Slack part stands in `control_slack`."""
    link = OperatorLink(world, operator_url)
    return [
        Route("/_world/clock", _clock(world, link), methods=["GET", "POST"]),
        Route("/_world/agenda", _agenda(world, link)),
        Route("/_world/seed", _seed(world), methods=["POST"]),
        Route("/_world/faults", _faults(world), methods=["GET", "POST", "DELETE"]),
        Route("/_world/journal", _journal(world)),
    ]


def problem(error: str, detail: str, status: int = 400) -> JSONResponse:
    """One refusal in words."""
    return JSONResponse({"error": error, "detail": detail}, status_code=status)


def _clock(world: World, link: OperatorLink) -> Endpoint:
    async def clock(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse({"now": world.now().isoformat()})
        body = await request.json()
        try:
            target = await _target(world, link, body)
            jump = await link.move(target)
        except ValueError as error:
            return problem("bad_time", str(error))
        return JSONResponse(_jump(jump))

    return clock


async def _target(world: World, link: OperatorLink, body: Document) -> datetime:
    """Where {"to": iso}, {"by_hours": n} or {"next": true} leads. Raises ValueError when it leads nowhere."""
    match body:
        case {"to": str(iso)}:
            return datetime.fromisoformat(iso)
        case {"by_hours": int() | float() as hours}:
            return world.now() + timedelta(hours=hours)
        case {"next": True}:
            event = await link.next_event()
            if event is None:
                message = "nothing is planned, or the operator does not answer"
                raise ValueError(message)
            return event.at
    message = 'say {"to": iso}, {"by_hours": n} or {"next": true}'
    raise ValueError(message)


def _jump(jump: Jump) -> Document:
    return {
        "now": jump.now.isoformat(),
        "events": [_event(event) for event in jump.played],
        "operator_answers": jump.operator_answers,
    }


def _event(event: AgendaEvent) -> Document:
    return {"at": event.at.isoformat(), "label": event.label, "kind": event.kind}


def _agenda(world: World, link: OperatorLink) -> Endpoint:
    async def agenda(request: Request) -> Response:
        to = request.query_params.get("to")
        until = datetime.fromisoformat(to) if to else world.now() + HORIZON
        events = await link.agenda(until)
        # The page says the difference between "nothing is planned" and "nobody answers".
        headers = {"X-Operator": "silent" if events is None else "answers"}
        return JSONResponse([_event(event) for event in events or ()], headers=headers)

    return agenda


def _seed(world: World) -> Endpoint:
    async def seed(request: Request) -> Response:
        try:
            apply_seed(world, await request.json())
        except (ValueError, KeyError) as error:
            return problem("bad_seed", str(error))
        return JSONResponse({"ok": True, "now": world.now().isoformat()})

    return seed


def _faults(world: World) -> Endpoint:
    async def faults(request: Request) -> Response:
        if request.method == "DELETE":
            world.clear_faults()
        if request.method == "POST":
            body = await request.json()
            if body.get("kind") not in FAULT_KINDS:
                return problem("bad_fault", f"kind is one of: {', '.join(sorted(FAULT_KINDS))}")
            fault = Fault(
                body["kind"],
                int(body.get("status", 503)),
                float(body.get("seconds", 0)),
                int(body.get("retry_after", 1)),
            )
            world.add_fault(body["surface"], body.get("operation", "*"), fault, int(body.get("times", 1)))
        return JSONResponse(world.all("fault"))

    return faults


def _journal(world: World) -> Endpoint:
    async def journal(request: Request) -> Response:
        wanted = request.query_params
        return JSONResponse(world.journal(wanted.get("surface", ""), wanted.get("operation", "")))

    return journal
