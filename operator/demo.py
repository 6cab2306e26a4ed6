"""The first run: the local world and the operator as two processes, the sample portfolio, and an address to open.

Rule 1: everything stands in one folder that is made anew; nothing of the shell's vendors or models is passed on.
Rule 2: the operator is the real one; only its addresses point at the local world.
Rule 3: whatever was started is stopped, also on Ctrl-C and SIGTERM; a part that ends while we wait for it is noticed at once.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contractops.operator.adapters.salesforce_fields import FIELDS, to_vendor
from contractops.tools.errors import InputError, VendorError

BUSINESS_START: Final = "2026-12-07T15:00:00+00:00"  # Mon 7 Dec 2026, 09:00 in Chicago
START_SECONDS: Final = 30.0
ROOT: Final = Path(__file__).resolve().parents[1]
SAMPLE: Final = ROOT / "sample" / "portfolio"
JOURNEY: Final = ROOT / "scripts" / "journey.py"
TEAM: Final = "T0LOCAL"


@dataclass(frozen=True)
class Place:
    """Where one demo lives: its folder, its addresses, and the environment of its operator."""

    folder: Path
    world_port: int
    operator_port: int
    smtp_port: int

    @property
    def world(self) -> str:
        """Address of the local world."""
        return f"http://127.0.0.1:{self.world_port}"

    @property
    def operator(self) -> str:
        """Address of the operator's web side."""
        return f"http://127.0.0.1:{self.operator_port}"

    @property
    def pid_file(self) -> Path:
        """Holds the process id of the running operator."""
        return self.folder / "operator.pid"

    def environment(self) -> dict[str, str]:
        """The operator's environment: the shell's, plus addresses and credentials of the local world."""
        key = str(self.folder / "key.pem")
        return {
            **os.environ,
            "CONTRACTOPS_DATABASE_URL": f"sqlite:///{self.folder / 'contractops.db'}",
            "CONTRACTOPS_CLOCK_URL": f"{self.world}/_world/clock",
            "CONTRACTOPS_SLACK_BOT_TOKEN": "xoxb-local",
            "CONTRACTOPS_SLACK_APP_TOKEN": "xapp-local",
            "CONTRACTOPS_SLACK_API_URL": f"{self.world}/slack/api/",
            "CONTRACTOPS_SLACK_APP_ID": "A0LOCAL",
            "CONTRACTOPS_SLACK_TEAM_ID": TEAM,
            "CONTRACTOPS_SLACK_PACE_SECONDS": "0.02",  # the local Slack hides nothing, and its clock jumps over the seconds between
            "CONTRACTOPS_DOCUSIGN_HOST": f"{self.world}/restapi",
            "CONTRACTOPS_DOCUSIGN_OAUTH_URL": self.world,
            "CONTRACTOPS_DOCUSIGN_ACCOUNT_ID": "acc-local",
            "CONTRACTOPS_DOCUSIGN_INTEGRATION_KEY": "local-integration-key",
            "CONTRACTOPS_DOCUSIGN_USER_ID": "local-user",
            "CONTRACTOPS_DOCUSIGN_PRIVATE_KEY": key,
            "CONTRACTOPS_DOCUSIGN_HMAC_KEYS": "local-hmac-1,local-hmac-2",
            "CONTRACTOPS_DOCUSIGN_POLL_SECONDS": "2",
            "CONTRACTOPS_SALESFORCE_URL": f"{self.world}/sf",
            "CONTRACTOPS_SALESFORCE_CLIENT_ID": "local-client",
            "CONTRACTOPS_SALESFORCE_USERNAME": "renewal.desk@prairie.example",
            "CONTRACTOPS_SALESFORCE_PRIVATE_KEY": key,
            "CONTRACTOPS_SALESFORCE_AUDIENCE": f"{self.world}/sf",
            "CONTRACTOPS_SMTP_HOST": "127.0.0.1",
            "CONTRACTOPS_SMTP_PORT": str(self.smtp_port),
            "CONTRACTOPS_SMTP_SECURITY": "none",
            "CONTRACTOPS_SMTP_FROM": "renewal.desk@prairie.example",
            "CONTRACTOPS_PUBLIC_URL": self.operator,
            "CONTRACTOPS_WEB_PORT": str(self.operator_port),
            "CONTRACTOPS_RECOVER_SECONDS": "5",
            "CONTRACTOPS_STOP_SECONDS": "5",  # the local vendors answer at once
        }


def demo(folder: Path, *, script: bool, port: int, model: bool) -> int:
    """Run the demo; returns the exit status of the journey, or 0 when a person ended it."""
    # As an exception the signal runs through every `finally`, so that no process of ours outlives us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.stderr.write("Starting a local Slack, DocuSign and Salesforce, and the operator beside them…\n")
    sys.stderr.flush()
    with started(folder, port=port, model=model) as (place, operator):
        if script:
            return _play(place)
        return _by_hand(place, operator)


@contextmanager
def started(folder: Path, *, port: int = 0, model: bool = False) -> Iterator[tuple[Place, subprocess.Popen[bytes]]]:
    """The seeded local world and the operator beside it, both answering; nothing is imported yet. Both end with the context.

    ``folder`` is made anew; ``port`` 0 takes a free one for the world. Raises ``VendorError`` CO-DMO-001 when one of them does
    not answer in time, ``InputError`` CO-DMO-002 for a folder that holds something else.
    """
    place = Place(_fresh(folder), _free_port(port), _free_port(), _free_port())
    with ExitStack() as running:
        public_key = _make_key(place.folder / "key.pem")
        log = place.folder / "world.log"
        world = running.enter_context(_process(_world_command(place, model=model), log, dict(os.environ)))
        _wait_for(f"{place.world}/_world/clock", world, log)
        httpx.post(f"{place.world}/_world/seed", json=seed(SAMPLE, public_key), timeout=10.0).raise_for_status()
        log = place.folder / "operator.log"
        operator = running.enter_context(_process(operator_command(place), log, place.environment()))
        _wait_for(f"{place.operator}/healthz", operator, log)
        yield place, operator


def seed(sample: Path, public_key: str) -> dict[str, Any]:
    """What the local world starts with: the people of the sample as Slack accounts, the channels, the CRM's records."""
    with (sample / "people.csv").open(encoding="utf-8", newline="") as rows:
        people = list(csv.DictReader(rows))
    users = [
        {
            "id": row["slack_id"] or f"U{number:05d}",
            "name": row["email"].split("@")[0],
            "real_name": row["name"],
            "email": row["email"],
            "tz": row["zone"],
            "team_id": TEAM,
        }
        for number, row in enumerate(people)
    ]
    members = [user["id"] for user in users]
    names = ("renewals", "renewal-approvals", "credits")
    channels = [{"id": f"C{name.upper().replace('-', '')[:9]}", "name": name, "is_private": True, "members": members} for name in names]
    records = json.loads((sample / "crm_records.json").read_text(encoding="utf-8"))
    return {
        "now": BUSINESS_START,
        "users": users,
        "channels": channels,
        "salesforce": {"records": [salesforce_record(record) for record in records], "public_key": public_key},
        "docusign": {"public_key": public_key},
    }


def salesforce_record(record: dict[str, Any]) -> dict[str, Any]:
    """A CRM record of the sample under Salesforce's own names."""
    fields = to_vendor(FIELDS, record["fields"])
    return {"object": "Contract", "external_field": "MSA_Number__c", "external_id": record["contract_id"], "fields": fields}


def load_sample(place: Place) -> float:
    """Import the sample portfolio by the command line and wait for the first card; returns the seconds that both took.

    Raises ``InputError`` CO-DMO-003 when the import ends with another status than 0 or 1.
    """
    begun = time.monotonic()
    ran = subprocess.run([*_cli(), "import", str(SAMPLE)], env=place.environment(), check=False)
    if ran.returncode not in {0, 1}:
        raise InputError("CO-DMO-003", f"the sample was not imported (exit status {ran.returncode})", advice="Read what the import said.")
    _wait_for_card(place.world)
    return time.monotonic() - begun


def write_control(place: Place) -> Path:
    """The file that tells the journey how to kill the operator and how to start it again."""
    control = place.folder / "control.json"
    words = {"operator_pid_file": str(place.pid_file), "restart": operator_command(place), "log": str(place.folder / "operator.log")}
    control.write_text(json.dumps(words), encoding="utf-8")
    return control


def _by_hand(place: Place, operator: subprocess.Popen[bytes]) -> int:
    seconds = load_sample(place)
    sys.stdout.write(
        "The rows reported above are wrong on purpose: so an import tells of them.\n\n"
        f"First card after {seconds:.1f} s. Open the local Slack: {place.world}/\n"
        "The steps of a first renewal stand beside the messages. Ctrl-C stops everything.\n"
    )
    sys.stdout.flush()
    try:
        operator.wait()
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped. Run the same command again to start anew.\n")
        return 0
    return operator.returncode


def _play(place: Place) -> int:
    command = [sys.executable, str(JOURNEY), "--world", place.world, "--control", str(write_control(place)), "--sample", str(SAMPLE)]
    return subprocess.run([*command, "--cli", " ".join(_cli())], env=place.environment(), check=False).returncode


def _cli() -> list[str]:
    return [sys.executable, "-m", "contractops.operator.cli"]


def operator_command(place: Place) -> list[str]:
    """How the operator of this demo is started."""
    return [*_cli(), "run", "--pid-file", str(place.pid_file)]


def _world_command(place: Place, *, model: bool) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "contractops.operator.localworld",
        "--port",
        str(place.world_port),
        "--smtp-port",
        str(place.smtp_port),
        "--state",
        str(place.folder / "world"),
    ]
    return [*command, "--operator-url", place.operator, *(["--model"] if model else [])]


@contextmanager
def _process(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until ``process`` answers at ``url``. Raises ``VendorError`` CO-DMO-001 when it ended or stays silent."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(url, timeout=1.0).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
    raise VendorError("CO-DMO-001", f"{url} did not answer within {START_SECONDS:.0f} s", advice=f"Last lines of {log}:\n{tail}")


def _wait_for_card(world: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        messages = httpx.get(f"{world}/_world/slack/state", timeout=5.0).json()["messages"]
        if any(messages.values()):
            return
        time.sleep(0.05)


def _fresh(folder: Path) -> Path:
    """An empty folder of ours. Raises ``InputError`` CO-DMO-002 for a folder that holds something else."""
    mark = folder / "contractops-demo"
    if folder.exists() and any(folder.iterdir()) and not mark.exists():
        raise InputError("CO-DMO-002", f"{folder} holds something else", advice="Name an empty folder with --folder.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.touch()
    return folder.resolve()


def _make_key(path: Path) -> str:
    """A new RSA key for the two JWT grants; returns the public half as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.touch(mode=0o600)
    path.write_bytes(private)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return public.decode()


def _free_port(wanted: int = 0) -> int:
    """``wanted`` itself, or any free port for 0. Raises ``InputError`` CO-DMO-004 when another program has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as taken:
            reason = f"port {wanted} cannot be used: {taken.strerror}"
            raise InputError("CO-DMO-004", reason, advice="Name another with --port, or leave it out.") from taken
        return int(probe.getsockname()[1])
