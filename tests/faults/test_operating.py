"""Claims about the command that companies run: it keeps secrets, it stops in time, and an older database waits for its upgrade.

Rules of this module:

1. The command line runs in a child of the fork server, with its settings as variables: what it writes is all that anybody sees of it.
2. Every secret has a mark of its own; the search looks into every file that the operator wrote, and into what the model was asked.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from signal import SIGTERM

import pytest
from alembic.script import ScriptDirectory
from sqlmodel import select

from contractops.graphs.lifecycle import Stage
from contractops.operator.clock import wall_now
from contractops.operator.settings import secret_names
from contractops.operator.store import heartbeat, schema
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Effect, Gate, Renewal
from tests.faults.rig import RENEWAL, Place, receivers
from tests.localworld.worlds import until

pytestmark = [pytest.mark.kill, pytest.mark.timeout(180)]

Template = Callable[[str], Place]
PATIENCE = 60.0
MARKED = {
    "CONTRACTOPS_DOCUSIGN_HMAC_KEYS": "canary-hmac-1,canary-hmac-2",
    "CONTRACTOPS_SMTP_PASSWORD": "canary-smtp-password",
    "OPENAI_API_KEY": "canary-openai-key",
}
"""Beside the two tokens that the local Slack takes, and the private key."""
WRONG = {**MARKED, "CONTRACTOPS_SLACK_BOT_TOKEN": "canary-bot-token", "CONTRACTOPS_SLACK_APP_TOKEN": "canary-app-token"}


@pytest.fixture
def place(template: Template, tmp_path: Path) -> Callable[[str], Place]:
    """A place in a named state, of its own."""
    return lambda name: template(name).copy(tmp_path / "place")


def log_of(place: Place) -> str:
    file = place.folder / "child.log"
    return file.read_text() if file.exists() else ""


def command(place: Place, *arguments: str, **more: str) -> int:
    """Exit status of a command."""
    return place.run("command", arguments=list(arguments), more=more)


def running(place: Place, *arguments: str, wait_for: str = "operator is running", **more: str) -> int:
    """The process id of the operator, once it says so."""
    before = len(log_of(place))
    pid = place.start("command", arguments=[*arguments, "run"], more={"CONTRACTOPS_STOP_SECONDS": "8", **more})
    until(lambda: wait_for in log_of(place)[before:], PATIENCE)
    return pid


def stopped(place: Place, pid: int) -> tuple[int, float]:
    """(exit status, seconds it took) of an operator that gets SIGTERM."""
    begun = time.monotonic()
    place.server.order("signal", pid=pid, signal=SIGTERM)
    return place.wait(pid), time.monotonic() - begun


def stage_of(place: Place) -> str:
    database = place.database()
    with database.read() as session:
        stage = session.get_one(Renewal, RENEWAL).stage
    database.dispose()
    return stage


def silent_for(place: Place, hours: int) -> str:
    """The last sweep was so long ago; when that was, as text."""
    at = wall_now() - timedelta(hours=hours)
    database = place.database()
    with database.write() as session:
        heartbeat.beat(session, heartbeat.SWEEP, at=at)
    database.dispose()
    return at.isoformat()


def send_of(place: Place) -> Effect | None:
    database = place.database()
    with database.read() as session:
        found = session.exec(select(Effect).where(Effect.kind == "docusign.send")).first()
    database.dispose()
    return found


def sends(place: Place) -> bool:
    """Whether DocuSign is being asked for the envelope right now."""
    found = send_of(place)
    return found is not None and found.claimed_by is not None


def secrets_in(place: Place) -> list[str]:
    """Marked secrets in what the operator wrote, and in what the model was asked: "file: secret"."""
    key = place.folder.joinpath("key.pem").read_text().splitlines()
    marks = [*",".join(WRONG.values()).split(","), "xoxb-local", "xapp-local", key[1], key[len(key) // 2]]
    texts = {
        file.name: file.read_bytes()
        for file in place.folder.rglob("*")
        if file.is_file() and file.name != "key.pem" and "world" not in file.relative_to(place.folder).parts
    }
    assert {"child.log", "contractops.db", "contractops.db.engine"} <= texts.keys()
    texts["prompts"] = json.dumps(place.get("/_world/journal?surface=model")).encode()
    return [f"{name}: {mark}" for name, text in texts.items() for mark in marks if mark.encode() in text]


def test_every_secret_setting_is_marked() -> None:
    """The canaries cover what the settings call a secret; the database's address has no password in SQLite."""
    named = {f"CONTRACTOPS_{name}".upper() for name in secret_names()} - {"CONTRACTOPS_DATABASE_URL", "CONTRACTOPS_OPENAI_API_KEY"}
    assert named | {"OPENAI_API_KEY"} == WRONG.keys()


@pytest.mark.sqlite  # it searches the files of the database
def test_a_stop_finishes_what_is_under_way_and_no_secret_is_written(place: Callable[[str], Place]) -> None:
    """SIGTERM while DocuSign takes its time: the envelope is sent, the receipt stored, the exit is clean and in time. Each line of the log is
    JSON, and the effect's line names renewal, gate and effect. The sweep had not run for 30 hours: contract-ops are told at the start."""
    with place("reviewed").with_world() as found:
        found.must("answered", step="approve")
        found.post("/_world/faults", {"surface": "docusign", "operation": "envelopes.create", "kind": "delay", "seconds": 2, "times": 1})
        since = silent_for(found, hours=30)
        model = {"OPENAI_BASE_URL": f"{found.world}/openai/v1", "CONTRACTOPS_MODEL": "local-script"}
        before = len(log_of(found))
        pid = running(found, "--debug", **MARKED, **model)
        until(lambda: sends(found), PATIENCE)
        status, seconds = stopped(found, pid)
        assert status == 0
        assert seconds < 12
        sent = send_of(found)
        assert sent is not None
        assert sent.status == "done"
        assert sum(receivers(found)["envelopes"].values()) == 1
        lines = [json.loads(line) for line in log_of(found)[before:].splitlines()]
        [told] = [line for line in lines if line["event"] == "effect done" and line["effect"] == sent.key]
        assert (told["thread"], told["gate"]) == (RENEWAL, f"{RENEWAL}:{sent.version}")
        assert found.get("/_world/journal?surface=model"), "the model was asked for words"
        assert secrets_in(found) == []
        [alert] = [text for key, text in receivers(found)["texts"].items() if key == f"sweep/{since}"]
        assert alert.startswith("The sweep over all dates has not run for 30 hours")


def test_a_stop_that_may_not_wait_leaves_the_job_to_the_next_start(place: Callable[[str], Place]) -> None:
    """The envelope is still being made when the time is over: the process ends, and the next start takes the same envelope over."""
    with place("reviewed").with_world() as found:
        found.must("answered", step="approve")
        found.post("/_world/faults", {"surface": "docusign", "operation": "envelopes.create", "kind": "delay", "seconds": 5, "times": 1})
        pid = running(found, CONTRACTOPS_STOP_SECONDS="1")
        until(lambda: sends(found), PATIENCE)
        assert stopped(found, pid)[0] == 0
        sent = send_of(found)
        assert sent is not None
        assert sent.status == "todo"
        assert "stopped with jobs under way" in log_of(found)
        until(lambda: receivers(found)["envelopes"], PATIENCE)
        found.must("again", points=[], log=str(found.log))
        assert stage_of(found) == Stage.OUT_FOR_SIGNATURE
        assert sum(receivers(found)["envelopes"].values()) == 1


@pytest.mark.sqlite  # it searches the files of the database
def test_vendors_that_refuse_and_fail_bring_no_secret_to_light(place: Callable[[str], Place]) -> None:
    """Wrong tokens, 500 and silence: doctor and a start with --debug, which stops like any other though Slack never opened its socket. A secret
    that was let slip is found."""
    with place("reviewed").with_world() as found:
        found.must("answered", step="approve")
        mail = {"CONTRACTOPS_SMTP_HOST": "127.0.0.1", "CONTRACTOPS_SMTP_PORT": str(found.get("/_world/mail")["smtp_port"])}
        mail |= {"CONTRACTOPS_SMTP_USER": "desk", "CONTRACTOPS_SMTP_FROM": "desk@prairie.example", "CONTRACTOPS_SMTP_SECURITY": "none"}
        assert command(found, "--debug", "doctor", **WRONG, **mail) == 5
        assert "invalid_auth" in log_of(found)
        for surface, kind in (("docusign", "status"), ("salesforce", "drop_before")):
            found.post("/_world/faults", {"surface": surface, "kind": kind, "status": 500, "times": 20})
        pid = running(found, "--debug", wait_for="Failed to connect", **WRONG, **mail)
        until(lambda: "effect put off" in log_of(found), PATIENCE)
        assert stopped(found, pid)[0] == 0
        assert "Traceback" in log_of(found)
        assert secrets_in(found) == []
        found.folder.joinpath("planted.log").write_text("said canary-bot-token by mistake")
        assert secrets_in(found) == ["planted.log: canary-bot-token"]


@pytest.mark.sqlite
def test_an_older_database_is_upgraded_with_its_questions_open(place: Callable[[str], Place]) -> None:
    """A database of the schema before, with an approval that waits: a start is refused with the command to run, the command keeps every
    row, and the question is answered after it."""
    found = place("reviewed")
    older(found.folder / "contractops.db", before_the_last())
    with found.with_world() as running_place:
        assert command(running_place, "run") == 3
        assert "error CO-DB-001" in log_of(running_place)
        assert "contractops db upgrade" in log_of(running_place)
        assert command(running_place, "db", "upgrade") == 0
        database = running_place.database()
        with database.read() as session:
            version = session.get_one(Renewal, RENEWAL).version
            assert session.get_one(Gate, f"{RENEWAL}:{version}").decision is None
        database.dispose()
        running_place.must("first", step="approve", points=[], log=str(running_place.log))
        assert stage_of(running_place) == Stage.OUT_FOR_SIGNATURE


def before_the_last() -> str:
    """The revision of the version before."""
    last = ScriptDirectory.from_config(schema._config()).get_revision(schema.HEAD)
    assert last is not None
    assert isinstance(last.down_revision, str)
    return last.down_revision


def older(file: Path, revision: str) -> None:
    """The database as the version with ``revision`` would have left it: its tables, with every row that they can hold."""
    now = file.with_name("now.db")
    with closing(sqlite3.connect(file)) as whole, closing(sqlite3.connect(now)) as copy:
        whole.backup(copy)
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    database = Database(f"sqlite:///{file}")
    with database.engine.begin() as connection:
        schema._upgrade(connection, revision)
    database.dispose()
    with closing(sqlite3.connect(file)) as then:
        then.execute("ATTACH ? AS now", (str(now),))
        names = [name for (name,) in then.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name != 'alembic_version'")]
        for name in names:
            columns = ", ".join(f'"{row[1]}"' for row in then.execute(f"PRAGMA main.table_info({name})"))
            then.execute(f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM now.{name}")  # noqa: S608 - names of our own schema
        then.commit()
