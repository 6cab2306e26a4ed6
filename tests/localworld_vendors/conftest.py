"""A running local world on a free port, and clients that hold its keys."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contractops.operator.localworld.app import create_app
from contractops.operator.localworld.faults import AbortableProtocol
from contractops.operator.localworld.operator_link import certificates
from contractops.operator.localworld.world import World

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True)
class Running:
    """A world that answers at `url`; `pem` signs assertions, `http` talks to it without credentials."""

    url: str
    pem: str
    http: httpx.Client

    def control(self, path: str, body: dict[str, Any]) -> Any:
        """POST a control route and answer its JSON; a refusal fails the test."""
        answer = self.http.post(f"/_world/{path}", json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def assertion(self, **changes: Any) -> str:
        """A DocuSign assertion that is good unless `changes` spoil it."""
        now = int(time.time())
        claims = {
            "iss": "local-integration-key",
            "sub": "local-user",
            "aud": self.url.removeprefix("http://"),
            "iat": now,
            "exp": now + 3600,
            "scope": "signature impersonation",
        } | changes
        return jwt.encode(claims, self.pem, algorithm="RS256")

    def docusign_token(self) -> str:
        """A live access token."""
        answer = self.http.post("/oauth/token", data={"grant_type": GRANT, "assertion": self.assertion()})
        return str(answer.json()["access_token"])

    def journal(self, surface: str, operation: str = "") -> list[dict[str, Any]]:
        """What was exchanged, oldest first."""
        found: list[dict[str, Any]] = self.http.get("/_world/journal", params={"surface": surface, "operation": operation}).json()
        return found


@contextlib.contextmanager
def served(world: World) -> Iterator[str]:
    """The world at an address of its own, until the block ends."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    world.put("address", "own", {"url": url})
    server = uvicorn.Server(
        uvicorn.Config(create_app(world), http=AbortableProtocol, ws="none", log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield url
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture(scope="session")
def keys() -> tuple[str, str]:
    """A private and its public key, PEM."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = private.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem.decode(), public.decode()


@pytest.fixture
def running(tmp_path: Path, keys: tuple[str, str]) -> Iterator[Running]:
    """A fresh world with both vendors' public key seeded."""
    world = World(tmp_path / "world.db")
    with served(world) as url, httpx.Client(base_url=url, timeout=20, verify=certificates()) as client:
        seed = {"docusign": {"public_key": keys[1]}, "salesforce": {"public_key": keys[1]}}
        assert client.post("/_world/seed", json=seed).status_code == 200
        yield Running(url, keys[0], client)
    world.close()


@pytest.fixture
def sf(running: Running) -> Iterator[httpx.Client]:
    """A client that is signed in at the CRM."""
    claims = {"iss": "local-client", "sub": "desk@operator.example", "aud": "https://login.salesforce.com", "exp": int(time.time()) + 180}
    form = {"grant_type": GRANT, "assertion": jwt.encode(claims, running.pem, algorithm="RS256")}
    token = running.http.post("/sf/services/oauth2/token", data=form).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=running.url, headers=headers, verify=certificates()) as client:
        yield client


@dataclass
class Hooks:
    """A listener for web hooks: `got` are (headers, raw body), `status` is what it answers next."""

    url: str
    got: list[tuple[dict[str, str], bytes]]
    status: int = 200

    def wait_for(self, count: int, seconds: float = 8) -> None:
        """Block until `count` hooks arrived. Fails the test when they do not."""
        deadline = time.monotonic() + seconds
        while len(self.got) < count:
            assert time.monotonic() < deadline, f"{len(self.got)} of {count} web hooks"
            time.sleep(0.02)


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    """A web hook listener on a free port."""
    heard = Hooks("", [])

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.got.append((dict(self.headers), body))
            self.send_response(heard.status)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    heard.url = f"http://127.0.0.1:{server.server_port}/hooks/docusign"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield heard
    server.shutdown()
    server.server_close()
