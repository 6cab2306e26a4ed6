"""Holds an exchange of the local world against the vendors' field tables.

The tables beside this file are made by `make_tables.py`, which also describes their form. A problem is one line of text: where, and
what is wrong there.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SLACK_METHODS: dict[str, Any] = json.loads((HERE / "slack_methods.json").read_text(encoding="utf-8"))
SLACK_PAYLOADS: dict[str, Any] = json.loads((HERE / "slack_payloads.json").read_text(encoding="utf-8"))
DOCUSIGN: dict[str, Any] = json.loads((HERE / "docusign.json").read_text(encoding="utf-8"))

_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "boolean": (bool,), "number": (int, float)}
_SOCKET = "socket."


def unknown_keys(table: Any, value: Any, at: str = "") -> list[str]:
    """Places in `value` that the table does not name."""
    found = []
    for place, known, each in _objects(table, value, at):
        found += [f"{place}{key}: unknown key" for key in each if key not in known]
    return found


def missing_keys(table: Any, value: Any, required: Mapping[str, Any] | None = None, at: str = "") -> list[str]:
    """Required places that `value` lacks: those marked in the table, and `required` (name of the object's field, "" for the whole)."""
    found = []
    for place, known, each in _objects(table, value, at):
        name = place.rstrip(".").rsplit(".", 1)[-1].split("[")[0] if place != at else ""
        needed = {key for key, (_, marked) in known.items() if marked} | set((required or {}).get(name, ()))
        found += [f"{place}{key}: missing key" for key in sorted(needed) if each.get(key) is None]
    return found


def wrong_types(table: Any, value: Any, at: str = "") -> list[str]:
    """Places whose value has another type than the table says; null is allowed everywhere."""
    table = _resolved(table)
    if value is None or table == "any":
        return []
    if isinstance(table, str):
        good = isinstance(value, _TYPES[table]) and isinstance(value, bool) == (table == "boolean")
        return [] if good else [f"{at.rstrip('.')}: {type(value).__name__} instead of {table}"]
    if isinstance(table, list):
        if not isinstance(value, list):
            return [f"{at.rstrip('.')}: {type(value).__name__} instead of a list"]
        return [line for n, each in enumerate(value) for line in wrong_types(table[0], each, f"{at.rstrip('.')}[{n}].")]
    if not isinstance(value, dict):
        return [f"{at.rstrip('.')}: {type(value).__name__} instead of an object"]
    known = _known(table)
    return [line for key, each in value.items() if key in known for line in wrong_types(known[key][0], each, f"{at}{key}.")]


def covers(surface: str, operation: str) -> bool:
    """Whether there is a table for this exchange of the journal."""
    if surface == "slack":
        return operation in SLACK_METHODS or operation.startswith(_SOCKET)
    return surface == "docusign" and (operation in DOCUSIGN["operations"] or operation == "connect")


def check_exchange(surface: str, operation: str, request: Mapping[str, Any], answer: Any) -> list[str]:
    """Problems of one journal entry: what was asked and what was answered. Empty when it keeps to the vendor's description.

    `request` and `answer` are the journal's; a request answered by a fault is checked as a request only.
    """
    if not covers(surface, operation):
        return [f"{surface} {operation}: there is no table"]
    if surface == "slack":
        problems = _slack(operation, request, answer)
    elif operation == "connect":
        problems = _problems(DOCUSIGN["connect"], request["body"])
    else:
        problems = _docusign(operation, request, answer)
    return [f"{surface} {operation} {problem}" for problem in problems]


def _slack(operation: str, request: Mapping[str, Any], answer: Any) -> list[str]:
    if operation.startswith(_SOCKET):
        payload = request["payload"]
        kind = payload["event"]["type"] if payload.get("type") == "event_callback" else payload.get("type", operation.removeprefix(_SOCKET))
        return _problems(SLACK_PAYLOADS[kind], payload) if kind in SLACK_PAYLOADS else [f"payload {kind}: there is no table"]
    table = SLACK_METHODS[operation]
    asked = dict(request.get("query") or {}) | dict(request.get("body") or {})
    problems = [f"request {line}" for line in (*unknown_keys(table["request"], asked), *missing_keys(table["request"], asked))]
    if _by_fault(answer):
        return problems
    if answer.get("ok") is not True:
        # A refusal needs its error word and nothing else.
        return problems + ([] if answer.get("error") else ["answer error: missing key"])
    return problems + [f"answer {line}" for line in _problems(table["answer"], answer)]


def _docusign(operation: str, request: Mapping[str, Any], answer: Any) -> list[str]:
    table = DOCUSIGN["operations"][operation]
    problems = [f"query {line}" for line in unknown_keys(table["query"], request.get("query") or {})]
    refused = isinstance(answer, dict) and "errorCode" in answer
    if "request" in table:
        body, required = request.get("body") or {}, table["request_required"]
        # A request that the world refused may lack what it was refused for.
        problems += [f"request {line}" for line in _problems(table["request"], body, {} if refused else required)]
    if _by_fault(answer) or "answer" not in table:
        return problems
    if refused:
        return problems + [f"answer {line}" for line in _problems(DOCUSIGN["refusal"], answer)]
    return problems + [f"answer {line}" for line in _problems(table["answer"], answer, table["answer_required"])]


def _by_fault(answer: Any) -> bool:
    return not isinstance(answer, dict) or set(answer) == {"fault"}


def _problems(table: Any, value: Any, required: Mapping[str, Any] | None = None) -> list[str]:
    return [*unknown_keys(table, value), *missing_keys(table, value, required), *wrong_types(table, value)]


def _resolved(table: Any) -> Any:
    return DOCUSIGN["definitions"][table[1:]] if isinstance(table, str) and table.startswith("@") else table


def _known(table: Mapping[str, Any]) -> dict[str, tuple[Any, bool]]:
    """Name -> (its table, whether it is required)."""
    return {name.removesuffix("!"): (each, name.endswith("!")) for name, each in table.items()}


def _objects(table: Any, value: Any, at: str) -> Iterator[tuple[str, dict[str, tuple[Any, bool]], dict[str, Any]]]:
    """Every described object within `value`: its place, the names known there, and itself."""
    table = _resolved(table)
    if isinstance(table, list) and isinstance(value, list):
        for number, each in enumerate(value):
            yield from _objects(table[0], each, f"{at.rstrip('.')}[{number}].")
    elif isinstance(table, dict) and isinstance(value, dict):
        known = _known(table)
        yield at, known, value
        for key, each in value.items():
            if key in known:
                yield from _objects(known[key][0], each, f"{at}{key}.")
