"""The checker itself: what is planted must be found."""

from typing import Any

import pytest

from tests.specs.check import check_exchange, covers, missing_keys, unknown_keys, wrong_types

TABLE = {"name!": "string", "count": "number", "parts": [{"id!": "string", "open": "any"}]}
GOOD: dict[str, Any] = {"name": "a", "count": 1, "parts": [{"id": "x", "open": {"whatever": 1}}]}

POST: dict[str, Any] = {"body": {"channel": "C1", "text": "hi"}}
POSTED: dict[str, Any] = {"ok": True, "channel": "C1", "ts": "1.2", "message": {"type": "message", "text": "hi", "user": "U1", "ts": "1.2"}}
SIGNER = {"recipientId": "1", "email": "a@b.example", "name": "A", "tabs": {"signHereTabs": [{"anchorString": "/sig1/"}]}}
DEFINITION: dict[str, Any] = {
    "status": "sent",
    "emailSubject": "s",
    "documents": [{"documentId": "1", "documentBase64": "x", "name": "a.pdf"}],
    "recipients": {"signers": [SIGNER]},
}
MADE: dict[str, Any] = {"envelopeId": "e", "status": "sent", "statusDateTime": "t", "uri": "/envelopes/e"}
HOOK: dict[str, Any] = {
    "event": "envelope-sent", "apiVersion": "v2.1", "generatedDateTime": "t", "data": {"accountId": "a", "envelopeId": "e"},
}  # fmt: skip


def _without(value: dict[str, Any], *path: Any) -> dict[str, Any]:
    head, *rest = path
    copy = dict(value)
    if not rest:
        del copy[head]
    elif isinstance(copy[head], list):
        copy[head] = [_without(copy[head][0], *rest[1:])]
    else:
        copy[head] = _without(copy[head], *rest)
    return copy


def _with(value: dict[str, Any], *path: Any) -> dict[str, Any]:
    head, *rest = path
    if not rest:
        return value | {head: "x"}
    inner = value[head]
    return value | {head: [_with(inner[0], *rest[1:])] if isinstance(inner, list) else _with(inner, *rest)}


def test_a_good_value_has_no_problems() -> None:
    """Known keys, required ones present, "any" not looked into, null allowed."""
    assert not unknown_keys(TABLE, GOOD)
    assert not missing_keys(TABLE, GOOD)
    assert not wrong_types(TABLE, GOOD | {"count": None})


def test_each_kind_of_problem_says_where() -> None:
    """An unknown key, a missing one and a wrong type, all inside a list."""
    bad = GOOD | {"parts": [{"extra": 1}], "count": "1"}
    assert unknown_keys(TABLE, bad) == ["parts[0].extra: unknown key"]
    assert missing_keys(TABLE, bad) == ["parts[0].id: missing key"]
    assert wrong_types(TABLE, bad) == ["count: str instead of number"]
    assert wrong_types({"ok": "boolean", "n": "number"}, {"ok": 1, "n": True}) == [
        "ok: int instead of boolean",
        "n: bool instead of number",
    ]


@pytest.mark.parametrize(
    ("surface", "operation", "request_", "answer"),
    [
        ("slack", "chat.postMessage", POST, POSTED),
        ("docusign", "envelopes.create", {"body": DEFINITION}, MADE),
        ("docusign", "connect", {"body": HOOK}, None),
        ("docusign", "envelopes.create", {"body": _without(DEFINITION, "documents")}, {"errorCode": "X", "message": "m"}),
        ("slack", "chat.postMessage", POST, {"ok": False, "error": "channel_not_found"}),
        ("slack", "chat.postMessage", POST, {"fault": "status"}),
    ],
)
def test_good_exchanges_pass(surface: str, operation: str, request_: dict[str, Any], answer: Any) -> None:
    """What the vendors describe is accepted, refusals included."""
    assert check_exchange(surface, operation, request_, answer) == []


@pytest.mark.parametrize(
    ("operation", "request_", "answer"),
    [
        ("slack chat.postMessage", _with(POST, "body", "planted"), POSTED),
        ("slack chat.postMessage", _without(POST, "body", "channel"), POSTED),
        ("slack chat.postMessage", POST, _with(POSTED, "message", "planted")),
        ("slack chat.postMessage", POST, _without(POSTED, "ts")),
        ("slack chat.postMessage", POST, {"ok": False}),
        ("docusign envelopes.create", {"body": _with(DEFINITION, "recipients", "signers", 0, "tabs", "signHereTabs", 0, "planted")}, MADE),
        ("docusign envelopes.create", {"body": _without(DEFINITION, "documents", 0, "name")}, MADE),
        ("docusign envelopes.create", {"body": _without(DEFINITION, "recipients", "signers", 0, "email")}, MADE),
        ("docusign envelopes.create", {"body": DEFINITION, "query": {"planted": "1"}}, MADE),
        ("docusign envelopes.create", {"body": DEFINITION}, _with(MADE, "planted")),
        ("docusign envelopes.create", {"body": DEFINITION}, _without(MADE, "envelopeId")),
        ("docusign connect", {"body": _with(HOOK, "data", "planted")}, None),
        ("docusign connect", {"body": _without(HOOK, "data", "envelopeId")}, None),
        ("docusign nothing.known", {}, {}),
    ],
)
def test_a_planted_key_or_gap_is_found(operation: str, request_: dict[str, Any], answer: Any) -> None:
    """Exactly one problem, and it is the planted one."""
    surface, name = operation.split()
    (problem,) = check_exchange(surface, name, request_, answer)
    assert problem.endswith(("planted: unknown key", ": missing key", "there is no table"))


def test_what_is_covered() -> None:
    """Every Slack method and DocuSign operation of the product has a table; Salesforce publishes none."""
    assert all(covers("slack", name) for name in ("views.open", "files.completeUploadExternal", "socket.interactive"))
    assert covers("docusign", "documents.get")
    assert not covers("salesforce", "query")
