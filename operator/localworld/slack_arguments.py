"""What a Slack Web API call was given, and how it is refused.

Rules of this module:

1. slack_sdk sends JSON for calls with blocks and forms for the others; a handler sees no difference.
2. A handler refuses by raising `SlackError`; the wire always carries {"ok": false, "error": word}.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request

from contractops.operator.localworld.world import Document

MOST_PER_PAGE: Final = 1000
DEFAULT_PER_PAGE: Final = 100


class SlackError(Exception):
    """Slack refuses a call; `answer` is the whole JSON body."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.answer: Document = {"ok": False, "error": error, **more}


class Arguments:
    """The arguments of one call, whatever body they came in."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def has(self, name: str) -> bool:
        """Whether the argument was given and is not empty."""
        return self._given.get(name) not in {None, ""} if _is_plain(self._given.get(name)) else True

    def text(self, name: str, default: str = "") -> str:
        """The argument as text."""
        value = self._given.get(name)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        """The argument as a boolean; forms carry "true", "True" or "1"."""
        return str(self._given.get(name, "")).lower() in {"true", "1"}

    def number(self, name: str, default: int) -> int:
        """The argument as a whole number. Raises SlackError `invalid_arguments` when it is none."""
        text = self.text(name, str(default)) or str(default)
        if not text.lstrip("-").isdigit():
            raise SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {name} must be a number"]})
        return int(text)

    def structure(self, name: str, error: str) -> Any:
        """The argument as a JSON value, None when absent. Raises SlackError `error` when it is not JSON."""
        value = self._given.get(name)
        if not isinstance(value, str) or not value:
            return value or None
        try:
            return json.loads(value)
        except ValueError as broken:
            raise SlackError(error) from broken


async def arguments_of(request: Request) -> tuple[Arguments, str]:
    """The arguments of `request` and its token (from the header, else from the body).

    Raises SlackError `invalid_json` or `json_not_object`.
    """
    given: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        given |= _json_object(await request.body())
    else:
        form = await request.form()
        given |= {name: value for name, value in form.multi_items() if isinstance(value, str)}
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    return Arguments(given), bearer or str(given.get("token", ""))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as broken:
        raise SlackError("invalid_json") from broken
    if not isinstance(value, dict):
        raise SlackError("json_not_object")
    return value


def one_page(items: Sequence[Any], arguments: Arguments, default: int = DEFAULT_PER_PAGE) -> tuple[list[Any], str]:
    """The page of `items` that `limit` and `cursor` ask for, and the next cursor ("" at the end).

    Raises SlackError `invalid_limit` or `invalid_cursor`.
    """
    limit = arguments.number("limit", default) or default
    if not 0 < limit <= MOST_PER_PAGE:
        raise SlackError("invalid_limit")
    start = _start(arguments.text("cursor"))
    end = start + limit
    next_cursor = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return list(items[start:end]), next_cursor


def _start(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
    except ValueError as broken:
        raise SlackError("invalid_cursor") from broken
    if word != "next" or not number.isdigit():
        raise SlackError("invalid_cursor")
    return int(number)


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str)
