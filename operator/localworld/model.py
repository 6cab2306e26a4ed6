"""An OpenAI-compatible endpoint that plays replies from a script, with the control route `/_world/model/script`.

Rules of this module:

1. Replies are played in the order in which they were scripted, one a request; without one the answer is 503 and says so.
2. A scripted object is answered as JSON text, as a model held to a JSON schema would; a scripted text goes out as it is, good or bad.
3. Nothing is generated: what a test reads is what a test wrote.
"""

import json
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from contractops.operator.localworld.faults import Handler, serve
from contractops.operator.localworld.vendor_control import BadControlError, body_of, in_words
from contractops.operator.localworld.world import Document, Fault, World

SURFACE: Final = "model"
MODEL: Final = "local-script"
_KIND: Final = "model_reply"
_CHARACTERS_A_TOKEN: Final = 4


def routes(world: World) -> list[BaseRoute]:
    """Chat completions, the list of models, and the script."""
    return [
        Route("/openai/v1/chat/completions", _door(world, "chat.completions", _completion(world)), methods=["POST"]),
        Route("/openai/v1/models", _door(world, "models", _models)),
        Route("/_world/model/script", in_words(_script(world)), methods=["POST", "DELETE"]),
    ]


def _door(world: World, operation: str, handler: Handler) -> Handler:
    async def door(request: Request) -> Response:
        return await serve(world, SURFACE, operation, request, handler, refuse=_broken)

    return door


def _broken(fault: Fault) -> Response:
    answer = _problem("The server did not serve the request.", fault.status, "server_error")
    if fault.status == HTTPStatus.TOO_MANY_REQUESTS:
        answer = _problem("Rate limit reached.", fault.status, "rate_limit_exceeded")
    answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def _problem(message: str, status: int, code: str) -> JSONResponse:
    kind = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": code}}, status_code=status)


async def _models(_: Request) -> Response:
    about = {"id": MODEL, "object": "model", "created": 0, "owned_by": "local-world"}
    return JSONResponse({"object": "list", "data": [about]})


def _completion(world: World) -> Handler:
    async def completion(request: Request) -> Response:
        asked = await request.json()
        if not isinstance(asked.get("messages"), list) or not asked.get("model"):
            return _problem("messages and model are required", 400, "missing_required_parameter")
        if asked.get("stream"):
            return _problem("the local model does not stream", 400, "unsupported_parameter")
        script = world.all(_KIND)
        if not script:
            return _problem("the script has no reply left: POST /_world/model/script", 503, "script_is_empty")
        world.delete(_KIND, script[0]["key"])
        return JSONResponse(_answer(world, asked, script[0]["reply"]))

    return completion


def _answer(world: World, asked: Document, reply: Document) -> Document:
    content = reply.get("content")
    message: Document = {"role": "assistant", "content": content if content is None or isinstance(content, str) else json.dumps(content)}
    if calls := reply.get("tool_calls"):
        message["tool_calls"] = [
            {"id": f"call_{n}", "type": "function", "function": {"name": c["name"], "arguments": json.dumps(c["arguments"])}}
            for n, c in enumerate(calls, start=1)
        ]
    prompt = len(json.dumps(asked["messages"])) // _CHARACTERS_A_TOKEN
    written = len(message["content"] or "") // _CHARACTERS_A_TOKEN
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "tool_calls" if calls else reply.get("finish_reason", "stop"),
    }
    return {
        "id": world.next_id("chatcmpl-"),
        "object": "chat.completion",
        "created": int(world.now().timestamp()),
        "model": asked["model"],
        "choices": [choice],
        "usage": {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written},
    }


def _script(world: World) -> Handler:
    """POST {"replies": [{"content": text or object, "tool_calls"?: [{"name", "arguments"}], "finish_reason"?}]} adds; DELETE empties."""

    async def script(request: Request) -> Response:
        if request.method == "DELETE":
            for each in world.all(_KIND):
                world.delete(_KIND, each["key"])
        else:
            replies = (await body_of(request, replies=list))["replies"]
            if not all(isinstance(reply, dict) for reply in replies):
                raise BadControlError("a reply is not an object")
            for reply in replies:
                key = world.next_id("reply")
                world.put(_KIND, key, {"key": key, "reply": reply})
        return JSONResponse({"left": len(world.all(_KIND))})

    return script
