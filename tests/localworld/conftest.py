"""Fixtures of the local world's tests."""

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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RunningWorld]:
    """A seeded world, stopped afterwards."""
    with start_world(tmp_path / "world") as running:
        yield running


EVENTS = [
    {"at": "2026-12-09T15:00:00+00:00", "label": "30-day alert", "kind": "alert"},
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
