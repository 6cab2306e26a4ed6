"""Claims about contractops tool: line n answers line n, a bad line stops nothing, the schemas are those of the values."""

import json
from datetime import datetime
from typing import Any

import pytest

from contractops.operator.tool_cli import TOOLS
from contractops.tools.facts import ContractFacts
from contractops.tools.notice_window import notice_window
from tests.operator.cli.conftest import AS_OF, Ran, run

FACTS: dict[str, Any] = {
    "unit_id": "ENT-1",
    "contract_id": "ENT-1",
    "zone": "America/Chicago",
    "holiday_calendar": "US-IL",
    "start": "2026-04-08",
    "initial_term": {"length": 12, "unit": "months"},
    "renewal": "successive",
    "renewal_term": {"length": 12, "unit": "months"},
    "notice": {"length": 60, "unit": "days"},
}


def ask(name: str, *lines: Any) -> Ran:
    """Give the tool JSON lines (bytes go as they are)."""
    written = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return run("tool", name, stdin=b"\n".join(written) + b"\n")


def test_the_window_is_what_the_calculator_says() -> None:
    found = ask("notice_window", {"facts": FACTS, "as_of": AS_OF})
    assert found.status == 0
    expected = notice_window(ContractFacts.model_validate(FACTS), datetime.fromisoformat(AS_OF))
    assert json.loads(found.out) == json.loads(expected.model_dump_json())
    assert json.loads(found.out)["safe_on"] == "2027-02-05"


def test_a_bad_line_is_answered_in_its_place_and_stops_nothing() -> None:
    """No JSON, a missing field, a naive moment, an unknown zone, bytes that are no text, a length or a start no calendar holds: each its own error."""
    good = {"facts": FACTS, "as_of": AS_OF}
    endless = {**FACTS, "initial_term": {"length": 999_999_999, "unit": "months"}}
    late = {**FACTS, "start": "9999-04-08"}
    lines = [
        good,
        b"nope",
        {"facts": {}, "as_of": AS_OF},
        {"facts": FACTS, "as_of": "2026-12-07T15:00:00"},
        {"facts": {**FACTS, "zone": "Mars/Base"}, "as_of": AS_OF},
        b"\xff\xfe",
        {"facts": endless, "as_of": AS_OF},
        {"facts": late, "as_of": AS_OF},
        good,
    ]
    found = ask("notice_window", *lines)
    assert (found.status, found.err) == (1, "")
    answers = [json.loads(line) for line in found.out.splitlines()]
    assert answers[0] == answers[8]
    assert [(each["error"]["line"], each["error"]["code"]) for each in answers[1:8]] == [
        (2, "CO-TOL-001"),
        (3, "CO-TOL-002"),
        (4, "CO-TOL-002"),
        (5, "CO-CAL-002"),
        (6, "CO-TOL-001"),
        (7, "CO-TOL-002"),
        (8, "CO-TOL-004"),
    ]
    assert answers[2]["error"]["message"].startswith("facts.unit_id: ")


def test_service_is_measured_and_credited() -> None:
    """187 minutes down in a fixed month of 43,200 is 99.5671 %, under a target of 99.95 %, and gives the credit of its tier."""
    commitment = {
        "service_id": "CHI-DAL-02",
        "contract_id": "ENT-1",
        "zone": "America/Chicago",
        "target_pct": "99.95",
        "fixed_minutes": 43_200,
        "monthly_price": {"amount": "14350.00", "currency": "USD"},
        "tiers": [{"from_minutes": "21.6", "to_minutes": None, "percent": "10"}],
        "cap_pct": "100",
        "claim_days": 30,
    }
    outage = {
        "ticket_id": "TT-1",
        "service_id": "CHI-DAL-02",
        "start": "2026-10-10T12:00:00Z",
        "end": "2026-10-10T15:07:00Z",
    }
    found = ask("sla", {"commitment": commitment, "month": {"year": 2026, "month": 10}, "outages": [outage], "as_of": AS_OF})
    answer = json.loads(found.out)
    assert (found.status, answer["month"]["met"]) == (0, False)
    assert answer["credit"]["credit"]["amount"] == {"amount": "1435.00", "currency": "USD"}


@pytest.mark.parametrize("name", list(TOOLS))
def test_the_schemas_are_those_of_the_values(name: str) -> None:
    document = run("tool", name, "--schema").json
    assert document == {
        "input": TOOLS[name].takes.model_json_schema(),
        "output": TOOLS[name].gives.model_json_schema(mode="serialization"),
    }


def test_without_a_name_the_tools_are_listed() -> None:
    found = run("tool")
    assert [line.split()[0] for line in found.out.splitlines()] == ["notice_window", "sla", "pricing", "signature", "crm"]


def test_an_unknown_tool_is_wrong_use() -> None:
    found = run("tool", "divination")
    assert (found.status, found.out) == (2, "")
    assert "Known: notice_window, sla, pricing, signature, crm." in found.err
