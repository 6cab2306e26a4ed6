"""A whole journey's traffic held against the vendors' field tables: what the product sends, and what the local world answers."""

import copy
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from contractops.operator import demo
from contractops.tests.specs import salesforce
from contractops.tests.specs.check import check_exchange, missing_keys, unknown_keys, wrong_types

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SENT_BY_THE_SDK = "slack auth.test request team_id: unknown key"
"""Bolt passes the team along on its own; Slack ignores it for a token of one team."""
FAULT = {"fault"}
Exchange = dict[str, Any]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Exchange]]:
    """Every exchange of one scripted journey, from an empty database to the CRM."""
    with demo.started(tmp_path_factory.mktemp("wire") / "demo") as (place, _operator):
        played = subprocess.run(journey(place), env=place.environment(), capture_output=True, text=True, check=False)
        assert played.returncode == 0, played.stdout + played.stderr
        yield httpx.get(f"{place.world}/_world/journal", timeout=60).json()


def journey(place: demo.Place) -> list[str]:
    """The command that plays the journey against a running demo."""
    cli = f"{sys.executable} -m contractops.operator.cli"
    control = str(demo.write_control(place))
    return [sys.executable, str(demo.JOURNEY), "--world", place.world, "--control", control, "--sample", str(demo.SAMPLE), "--cli", cli]


def problems(entry: Exchange) -> list[str]:
    """What is wrong with one exchange, by the tables of its vendor."""
    surface, operation = entry["surface"], entry["operation"]
    if operation == "oauth.token":
        answer = salesforce.TOKEN_ANSWER if surface == "salesforce" else salesforce.DOCUSIGN_TOKEN_ANSWER
        return _held(entry, salesforce.TOKEN, entry["request"]["body"], answer)
    if surface == "mail":
        return _mail(entry["request"])
    if surface != "salesforce":
        return check_exchange(surface, operation, entry["request"], entry["answer"])
    if operation == "query":
        return _held(entry, salesforce.QUERY, {"query": entry["request"]["query"]}, salesforce.QUERY_ANSWER)
    if operation != "sobjects.upsert":
        return [f"{surface} {operation}: there is no table"]
    name = entry["request"]["path"].split("/sobjects/")[1].split("/")[0]
    body = entry["request"]["body"]
    empty = entry["status"] == httpx.codes.NO_CONTENT
    found = _held(entry, salesforce.WRITABLE[name], body, salesforce.UPDATED if empty else salesforce.UPSERT_ANSWER)
    if empty and entry["answer"]["bytes"]:
        found.append(f"salesforce {operation} answer: a body beside 204")
    return found + [f"salesforce {operation} request {key}: missing key" for key in salesforce.WRITTEN[name] if key not in body]


def _mail(asked: dict[str, Any]) -> list[str]:
    """SMTP has no fields to look up: one recipient, a subject of one line, an id of the form that RFC 5322 names."""
    good = len(asked["to"]) == 1 and asked["subject"] and "\n" not in asked["subject"]
    return [] if good and re.fullmatch(r"<[0-9a-f]+@[a-z.]+>", asked["message_id"]) else [f"mail: {asked}"]


def _held(entry: Exchange, request: Any, asked: Any, answer: Any) -> list[str]:
    sides = [("request", request, asked)]
    if not (isinstance(entry["answer"], dict) and set(entry["answer"]) == FAULT):
        sides.append(("answer", answer, entry["answer"]))
    return [
        f"{entry['surface']} {entry['operation']} {side} {line}"
        for side, table, value in sides
        for line in (*unknown_keys(table, value), *missing_keys(table, value), *wrong_types(table, value))
    ]


def test_every_exchange_keeps_to_the_published_fields(journal: list[Exchange]) -> None:
    """No unknown and no missing key in any request, answer, envelope of the socket or web hook of the journey."""
    found = {line for entry in journal for line in problems(entry)} - {SENT_BY_THE_SDK}
    assert "\n".join(sorted(found)) == ""


def test_the_journey_uses_what_it_should(journal: list[Exchange]) -> None:
    """The journal is the journey's: posts, rewrites, clicks, forms, an envelope, web hooks, a signed document, a CRM write."""
    used = {(entry["surface"], entry["operation"]) for entry in journal}
    assert used >= {
        ("slack", "apps.connections.open"), ("slack", "chat.postMessage"), ("slack", "chat.update"), ("slack", "chat.postEphemeral"),
        ("slack", "views.open"), ("slack", "socket.interactive"), ("docusign", "oauth.token"), ("docusign", "envelopes.create"),
        ("docusign", "envelopes.get"), ("docusign", "documents.get"), ("docusign", "connect"), ("salesforce", "oauth.token"),
        ("salesforce", "query"), ("salesforce", "sobjects.upsert"),
    }  # fmt: skip
    created = [entry for entry in journal if entry["operation"] == "envelopes.create" and entry["status"] == httpx.codes.CREATED]
    assert len(created) == 1


def _into_request(exchange: Exchange) -> Exchange:
    asked: Exchange = exchange["request"].get("body") or exchange["request"].get("payload") or exchange["request"]["query"]
    return asked


def _into_answer(exchange: Exchange) -> Exchange:
    answer: Exchange = exchange["answer"]
    return answer


PLANTS = [
    pytest.param("slack", "chat.postMessage", _into_request, "channel", id="slack request"),
    pytest.param("slack", "chat.postMessage", _into_answer, "ts", id="slack answer"),
    pytest.param("slack", "socket.interactive", _into_request, "trigger_id", id="socket envelope"),
    pytest.param("docusign", "envelopes.create", _into_request, "documents", id="docusign request"),
    pytest.param("docusign", "envelopes.create", _into_answer, "envelopeId", id="docusign answer"),
    pytest.param("docusign", "connect", _into_request, "event", id="connect body"),
    pytest.param("salesforce", "sobjects.upsert", _into_request, "CurrencyIsoCode", id="salesforce request"),
    pytest.param("salesforce", "query", _into_answer, "records", id="salesforce answer"),
]


@pytest.mark.parametrize(("surface", "operation", "part", "needed"), PLANTS)
def test_a_planted_key_is_found(
    journal: list[Exchange], surface: str, operation: str, part: Callable[[Exchange], Exchange], needed: str
) -> None:
    """In a real exchange an unknown key and a missing key each make the check fail, in every direction of every vendor."""
    good = next(e for e in journal if (e["surface"], e["operation"]) == (surface, operation) and _answered(e) and not problems(e))
    more, less = copy.deepcopy(good), copy.deepcopy(good)
    part(more)["planted"] = "x"
    del part(less)[needed]
    assert [line for line in problems(more) if "planted: unknown key" in line]
    assert [line for line in problems(less) if f"{needed}: missing key" in line]


def _answered(entry: Exchange) -> bool:
    """A real answer, not a fault; and of clicks the first kind, which has a trigger."""
    payload = entry["request"].get("payload") or {}
    return entry["status"] < httpx.codes.BAD_REQUEST and payload.get("type", "block_actions") == "block_actions"
