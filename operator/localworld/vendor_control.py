"""What the vendors' control routes have in common: a body is a JSON object with the fields that the route needs, else 400 in words."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contractops.operator.localworld.faults import Handler
from contractops.operator.localworld.world import Document


class BadControlError(ValueError):
    """The body of a control call is not what the route needs."""


async def body_of(request: Request, **needed: type) -> Document:
    """The JSON object in `request`, with each needed field of its type. Raises BadControlError."""
    try:
        body: Any = json.loads(await request.body())
    except ValueError as error:
        raise BadControlError("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadControlError("the body is not an object")
    for name, kind in needed.items():
        if not isinstance(body.get(name), kind):
            raise BadControlError(f"{name} is missing or not a {kind.__name__}")
    return body


def in_words(handler: Handler) -> Handler:
    """`handler` with its BadControlError answered as {"error", "detail"} and 400."""

    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except BadControlError as error:
            return JSONResponse({"error": "bad_request", "detail": str(error)}, status_code=400)

    return answered
