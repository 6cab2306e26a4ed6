"""The virtual clock and its conversation with the operator."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from contractops.tests.localworld.worlds import RunningWorld, start_world

EVENTS = [
    {"at": "2026-12-09T15:00:00+00:00", "label": "30-day alert"},
    {"at": "2026-12-08T14:30:00+00:00", "label": "digest"},
    {"at": "2027-01-06T15:00:00+00:00", "label": "escalation"},
]


@dataclass
class Operator:
    """What answers agenda and ticks: it notes the ticks in order."""

    url: str
    ticks: list[str] = field(default_factory=list)


@pytest.fixture
def operator() -> Iterator[Operator]:
    """An operator with three events planned."""
    noted: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            until = parse_qs(urlsplit(self.path).query)["to"][0]
            self.answer({"events": [event for event in EVENTS if event["at"] <= until]})

        def do_POST(self) -> None:
            noted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["now"])
            self.answer({})

        def answer(self, body: dict[str, Any]) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Operator(f"http://127.0.0.1:{server.server_port}", noted)
    server.shutdown()
    server.server_close()


def test_starts_on_the_first_day(world: RunningWorld) -> None:
    """Mon 7 Dec 2026, 09:00 in Chicago."""
    assert world.get("/_world/clock") == {"now": "2026-12-07T15:00:00+00:00"}


def test_a_jump_stops_at_each_event(operator: Operator, tmp_path: Path) -> None:
    """Events are played in order of time, then the target; the operator is ticked at each."""
    with start_world(tmp_path, operator.url) as world:
        agenda = world.get("/_world/agenda", to="2026-12-10T00:00:00+00:00")
        assert [event["label"] for event in agenda] == ["digest", "30-day alert"]
        jump = world.post("/_world/clock", {"to": "2026-12-10T00:00:00+00:00"})
        assert [event["label"] for event in jump["events"]] == ["digest", "30-day alert"]
        assert jump["operator_answers"] is True
        assert operator.ticks == [
            "2026-12-08T14:30:00+00:00",
            "2026-12-09T15:00:00+00:00",
            "2026-12-10T00:00:00+00:00",
        ]


def test_next_goes_to_the_next_event(operator: Operator, tmp_path: Path) -> None:
    """{"next": true} is the earliest event after now, once."""
    with start_world(tmp_path, operator.url) as world:
        assert world.post("/_world/clock", {"next": True})["now"] == "2026-12-08T14:30:00+00:00"
        assert world.post("/_world/clock", {"next": True})["now"] == "2026-12-09T15:00:00+00:00"
        assert operator.ticks == ["2026-12-08T14:30:00+00:00", "2026-12-09T15:00:00+00:00"]


def test_without_an_operator_only_the_clock_moves(world: RunningWorld) -> None:
    """The move succeeds and says that nobody answered."""
    jump = world.post("/_world/clock", {"by_hours": 24})
    assert jump == {"now": "2026-12-08T15:00:00+00:00", "events": [], "operator_answers": False}


@pytest.mark.parametrize("body", [{"to": "2026-12-01T00:00:00+00:00"}, {"next": True}, {"by_hours": -1}, {"to": "soon"}, {}])
def test_the_clock_refuses_what_leads_nowhere(world: RunningWorld, body: dict[str, Any]) -> None:
    """Back in time, nothing planned, or not understood: 400, and the clock stands still."""
    assert world.refused("/_world/clock", body) == (400, "bad_time")
    assert world.get("/_world/clock")["now"].startswith("2026-12-07")


def test_an_unknown_part_of_a_seed_is_refused(world: RunningWorld) -> None:
    """A misspelt part is not ignored."""
    assert world.refused("/_world/seed", {"chanels": []}) == (400, "bad_seed")


def test_an_unknown_fault_is_refused(world: RunningWorld) -> None:
    """A fault that the world cannot make is not switched on."""
    assert world.refused("/_world/faults", {"surface": "slack", "kind": "earthquake"}) == (400, "bad_fault")
