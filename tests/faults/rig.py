"""The test's side of the fork server: places (a database and a world), their templates, and what the receivers hold.

Rules of this module:

1. Each case has a folder, a database and a world of its own, copied from a template; no case sees another's messages.
2. What is compared is read from the receivers and from the stored rows, never from what the operator says of itself.
"""

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from signal import SIGTERM
from typing import Any, Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from sqlmodel import col, select

from contractops.operator.demo import SAMPLE, seed
from contractops.operator.store import audit
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Audit, Card, Effect, Gate, Renewal
from tests.localworld.worlds import WEB
from tests.postgres import databases

ROOT = Path(__file__).parents[2]
RENEWAL = "ENT-3391#1"
DATABASE = "contractops.db"


class ForkServer:
    """A running `tests.faults.forkserver`."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.forkserver"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def order(self, do: str, **details: Any) -> dict[str, Any]:
        """Have one order done. Raises RuntimeError when the server has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **details}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            message = "the fork server has ended"
            raise RuntimeError(message)
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        if self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.wait(timeout=20)
            self._process.stdout.close()


@dataclass(frozen=True)
class Place:
    """One operator's folder, and the address of its world while that runs."""

    server: ForkServer
    folder: Path
    world: str = ""

    @property
    def log(self) -> Path:
        """Which fail points were passed."""
        return self.folder / "points.log"

    def start(self, call: str, **arguments: Any) -> int:
        """Begin a call of `children` in a child; its process id."""
        given = {"folder": str(self.folder), "world": self.world, **arguments}
        pid: int = self.server.order("start", call=call, arguments=given, log=str(self.folder / "child.log"))["pid"]
        return pid

    def wait(self, pid: int) -> int:
        """Exit status of a child; negative: the signal that ended it."""
        status: int = self.server.order("wait", pid=pid)["status"]
        return status

    def run(self, call: str, **arguments: Any) -> int:
        """A call from beginning to end; its exit status."""
        return self.wait(self.start(call, **arguments))

    def must(self, call: str, **arguments: Any) -> None:
        """A call that must end well. Raises AssertionError with the child's log."""
        status = self.run(call, **arguments)
        assert status == 0, f"{call} {arguments} ended with {status}:\n{(self.folder / 'child.log').read_text()[-4000:]}"

    def hits(self) -> list[str]:
        """Fail points that killed, in order."""
        return self.log.read_text().split() if self.log.exists() else []

    def get(self, path: str) -> Any:
        """JSON of a control route of the world."""
        return WEB.get(f"{self.world}{path}").raise_for_status().json()

    def post(self, path: str, body: Any) -> Any:
        """POST a control route of the world."""
        return WEB.post(f"{self.world}{path}", json=body).raise_for_status().json()

    def sign(self) -> None:
        """Every signer of the open envelopes signs, in order."""
        for envelope in self.get("/_world/docusign/envelopes"):
            signers = sorted(envelope["recipients"]["signers"], key=lambda one: int(one["routingOrder"]))
            for signer in signers:
                self.post("/_world/docusign/act", {"envelope_id": envelope["envelopeId"], "recipient": signer["email"], "action": "sign"})

    @contextmanager
    def with_world(self) -> Iterator[Self]:
        """The same place while its world runs."""
        state = self.folder / "world"
        state.mkdir(exist_ok=True)
        begun = self.server.order("world", state=str(state))
        try:
            yield replace(self, world=begun["url"])
        finally:
            self.server.order("end", pid=begun["pid"], signal=SIGTERM)

    def copy(self, folder: Path, server: ForkServer | None = None) -> "Place":
        """The same state elsewhere, for another fork server if asked. Nothing may run here."""
        shutil.copytree(self.folder, folder)
        if databases.kind() == "postgres":
            databases.copy(self.folder / DATABASE, folder / DATABASE)
        return Place(server or self.server, folder)

    def database(self) -> Database:
        return Database(databases.url_of(self.folder / DATABASE))


def fresh(server: ForkServer, folder: Path) -> Place:
    """An empty place with keys; its world is seeded with the people and records of the sample."""
    folder.mkdir(parents=True)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(pem)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    place = Place(server, folder)
    with place.with_world() as running:
        running.post("/_world/seed", seed(SAMPLE, public))
    return place


def receivers(place: Place) -> dict[str, Any]:
    """What Slack, DocuSign and the CRM hold, without identifiers that a vendor invents."""
    messages = [one for channel in place.get("/_world/slack/state")["messages"].values() for one in channel]
    keyed = [(one["metadata"]["event_payload"]["key"], one["text"]) for one in messages if one.get("metadata")]
    envelopes = place.get("/_world/docusign/envelopes")
    return {
        "texts": dict(keyed),
        "posts": Counter(key for key, _text in keyed),
        "post calls": Counter(_key_of(one) for one in place.get("/_world/journal?surface=slack&operation=chat.postMessage") if _taken(one)),
        "envelopes": Counter(_custom_key(one) for one in envelopes),
        "envelope states": [(one["status"], [(who["email"], who["status"]) for who in one["recipients"]["signers"]]) for one in envelopes],
        "envelope calls": _changes_of(place),
        "mails": Counter((one["message_id"], *one["to"], one["text"]) for one in place.get("/_world/mail")["mails"]),
        "crm": [
            (record["external_id"], change["by"], change["before"], change["after"])
            for record in place.get("/_world/salesforce/records")
            for change in record["history"]
            if change["after"]  # the same values again are no change
        ],
    }


def stored(place: Place) -> dict[str, Any]:
    """The rows that say what happened, without times and identifiers that a vendor invents."""
    database = place.database()
    with database.read() as session:
        effects = session.exec(select(Effect).order_by(Effect.key)).all()
        held = {
            "renewals": [(one.id, one.stage, one.version, one.safe_on) for one in session.exec(select(Renewal).order_by(Renewal.id))],
            "gates": [(one.key, one.kind, one.decision, one.decided_by) for one in session.exec(select(Gate).order_by(Gate.key))],
            "audit": [
                (one.number, one.version, one.event, one.old_stage, one.new_stage, one.by)
                for one in session.exec(select(Audit).where(Audit.renewal_id == RENEWAL).order_by(col(Audit.number)))
            ],
            "effects": [(one.kind, one.version, one.status) for one in effects if one.kind != "slack.card"],
            "cards to do": [one.key for one in effects if one.kind == "slack.card" and one.status != "done"],
            "cards": [(one.key, one.kind, one.shown == one.revision) for one in session.exec(select(Card).order_by(Card.key))],
            "broken": [one.id for one in session.exec(select(Renewal)) if audit.verify(session, one.id) is not None],
        }
    database.dispose()
    return held


def _taken(exchange: dict[str, Any]) -> bool:
    return "fault" not in exchange["answer"]


def _key_of(exchange: dict[str, Any]) -> str | None:
    metadata = exchange["request"]["body"].get("metadata") or {}
    if isinstance(metadata, str):
        metadata = json.loads(metadata)
    key: str | None = (metadata.get("event_payload") or {}).get("key")
    return key


def _custom_key(envelope: dict[str, Any]) -> str:
    fields = envelope["customFields"]["textCustomFields"]
    return "|".join(f"{one['name']}={one['value']}" for one in fields)


def _changes_of(place: Place) -> Counter[str]:
    """Calls that changed an envelope, by what they asked for; a refused call changed nothing."""
    found: Counter[str] = Counter()
    for operation in ("envelopes.update", "recipients.update"):
        for exchange in place.get(f"/_world/journal?surface=docusign&operation={operation}"):
            asked = exchange["request"]
            if exchange["status"] >= HTTPStatus.BAD_REQUEST:
                continue
            name = "void" if (asked.get("body") or {}).get("status") == "voided" else "resend"
            found["signer" if operation == "recipients.update" else name] += 1
    return found
