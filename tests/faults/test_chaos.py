"""Chaos: three workers over one PostgreSQL, killed and frozen at random, the server restarted under them, two processes answering every gate.

Rules of this module:

1. Nothing of the product is replaced but the vendors, who are the local world. A kill is SIGKILL; a freeze is SIGSTOP for longer than a worker
   may be silent; a restart of the server ends every connection at once.
2. What is claimed is read from the stored rows and from the receivers.
3. It is random; its seed stands in the report of a failure.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from contractops.graphs.lifecycle import Stage
from contractops.operator.store import audit
from contractops.operator.store.tables import Audit, Effect, Gate, Inbox, Renewal, Worker
from scripts import bench_portfolio
from tests.faults.children import variables
from tests.faults.conftest import Template
from tests.faults.rig import Place, receivers
from tests.postgres import databases, server

RENEWALS = int(os.environ.get("CONTRACTOPS_TEST_CHAOS_RENEWALS", "60"))
SECONDS = float(os.environ.get("CONTRACTOPS_TEST_CHAOS_SECONDS", "180"))
WORKERS = 3
SILENT = 4.0
PATIENCE = 240.0
AWAY = 5  # exit status of a vendor or a network that does not answer
ENDED = {Stage.RENEWED, Stage.LET_RENEW}

pytestmark = [pytest.mark.long, pytest.mark.kill, pytest.mark.timeout(SECONDS + 2 * PATIENCE)]


@dataclass
class Crew:
    """The workers, and what was done to them."""

    place: Place
    living: list[subprocess.Popen[bytes]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """One more worker."""
        command = [sys.executable, "-m", "contractops.operator.cli", "worker"]
        more = {"CONTRACTOPS_WORKER_SILENT_SECONDS": str(SILENT), "CONTRACTOPS_SLACK_PACE_SECONDS": "0"}
        with (self.place.folder / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.place.folder,
                env={**os.environ, **variables(self.place.folder, self.place.world), **more},
                stdout=log,
                stderr=log,
            )
        self.living.append(process)

    def disturb(self, dice: random.Random) -> None:
        """Do one bad thing."""
        what = dice.choices(("kill", "freeze", "restart"), (6, 2, 2))[0]
        self.done[what] += 1
        victim = dice.choice(self.living)
        if what == "kill":
            victim.kill()
            victim.wait()
            self.living.remove(victim)
            self.start()
        elif what == "freeze":
            victim.send_signal(signal.SIGSTOP)
            time.sleep(SILENT * 2)
            victim.send_signal(signal.SIGCONT)
        else:
            server.restart()

    def replace_ended(self) -> None:
        """Start anew who ended by himself, as a supervisor does: only a database that went away while he was starting is a reason."""
        for one in [each for each in self.living if each.poll() is not None]:
            assert one.returncode == AWAY, (self.place.folder / "workers.log").read_text()[-4000:]
            self.done["came back"] += 1
            self.living.remove(one)
            self.start()

    def end(self) -> None:
        for one in self.living:
            one.send_signal(signal.SIGTERM)
        ends = {one.wait(timeout=60) for one in self.living}
        assert ends <= {0, -signal.SIGTERM}, ends  # the signal itself ends who was only just started


def test_everything_ends_and_happens_once(template: Template, tmp_path: Path) -> None:
    """Every renewal ends, every gate has one decision, every effect is there once at its receiver, and the chains hold."""
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    assert databases.kind() == "postgres", "make chaos says so"
    place = _with_renewals(template, tmp_path)
    with place.with_world() as running:
        running.post("/_world/seed", bench_portfolio.seed(RENEWALS))
        crew = Crew(running)
        for _one in range(WORKERS):
            crew.start()
        people = [_person(running, side) for side in ("approve", "reject")]
        try:
            disturbed_until = time.monotonic() + SECONDS
            while time.monotonic() < disturbed_until:
                time.sleep(dice.uniform(3, 9))
                crew.replace_ended()
                crew.disturb(dice)
                _sign(running)
            _until_all_ended(running, crew)
            (place.folder / "stop").touch()
            ends = [one.wait(timeout=60) for one in people]
            crew.end()
        finally:
            for process in (*people, *crew.living):
                process.kill()
                process.wait()
        outside = receivers(running)
    told = f"seed {seed}, {dict(crew.done)}, {place.folder}"
    print(told)
    assert ends == [0, 0], told
    _judge(place, outside, told)


def _with_renewals(template: Template, tmp_path: Path) -> Place:
    """A place with the sample, asleep, and the bench's contracts, due."""
    place = template("armed").copy(tmp_path / "place")
    bench_portfolio.write(place.folder / "data", RENEWALS)
    with place.with_world() as running:
        command = [sys.executable, "-m", "contractops.operator.cli", "import", str(place.folder / "data")]
        subprocess.run(
            command, cwd=place.folder, env={**os.environ, **variables(running.folder, running.world)}, check=True, stdout=subprocess.DEVNULL
        )
    return place


def _person(place: Place, side: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.faults.chaos_people", side, str(place.folder), place.world]
    with (place.folder / "people.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[2])


def _sign(place: Place) -> None:
    """Whoever has an envelope before him signs it."""
    for envelope in place.get("/_world/docusign/envelopes"):
        if envelope["status"] in {"sent", "delivered"}:
            for signer in sorted(envelope["recipients"]["signers"], key=lambda one: int(one["routingOrder"])):
                if signer["status"] != "completed":
                    place.post(
                        "/_world/docusign/act", {"envelope_id": envelope["envelopeId"], "recipient": signer["email"], "action": "sign"}
                    )


def _bench(session: Session) -> list[Renewal]:
    return list(session.exec(select(Renewal).where(col(Renewal.id).like("BENCH-%#1"))))


def _until_all_ended(place: Place, crew: Crew) -> None:
    """Every renewal has ended and nothing is left to do. Raises AssertionError with what still stands where."""
    database = place.database()
    end = time.monotonic() + PATIENCE
    left: list[Any] = []
    while time.monotonic() < end:
        crew.replace_ended()
        _sign(place)
        with database.read() as session:
            left = [(one.id, one.stage, one.version) for one in _bench(session) if one.stage not in ENDED]
            left += session.exec(select(Effect.key, Effect.status).where(Effect.status == "todo")).all()
        if not left:
            database.dispose()
            return
        time.sleep(0.5)
    message = f"still: {left[:20]} in {place.folder}"
    raise AssertionError(message)


def _judge(place: Place, outside: dict[str, Any], told: str) -> None:
    database = place.database()
    with database.read() as session:
        renewals = {one.id: one for one in _bench(session)}
        decided = session.exec(select(Gate).where(col(Gate.key).like("BENCH-%"), Gate.kind == "owner")).all()
        moves = session.exec(select(Audit).where(col(Audit.renewal_id).like("BENCH-%#1"), Audit.moved)).all()
        broken = [one for one in renewals if audit.verify(session, one) is not None]
        statuses = Counter(session.exec(select(Effect.status)))
        unread = session.exec(select(Inbox.key).where(col(Inbox.handled_at).is_(None))).all()
        workers = session.exec(select(Worker.name)).all()
    database.dispose()
    assert len(renewals) == RENEWALS, told
    by_way = Counter(one.stage for one in renewals.values())
    print(f"{dict(by_way)}, {dict(statuses)}")
    assert set(by_way) <= ENDED, told
    assert len(by_way) == len(ENDED), f"one side always won: {told}"
    tried = {side: set(json.loads((place.folder / f"{side}.json").read_text())) for side in ("approve", "reject")}
    assert {one.key for one in decided if one.decision is None} == set(), told
    assert tried["approve"] == tried["reject"] == {one.key for one in decided}, told
    for one in renewals.values():
        mine = [row for row in moves if row.renewal_id == one.id]
        assert sorted(row.version for row in mine) == list(range(1, one.version + 1)), told
        answered = {row.version: row.event for row in mine}
        for gate in decided:
            if gate.renewal_id == one.id:
                assert answered[gate.version + 1] == gate.decision, told
    assert broken == [], told
    assert set(statuses) <= {"done"}, told
    assert list(unread) == [], told
    assert list(workers) == [], told
    renewed = by_way[Stage.RENEWED]
    assert max(outside["posts"].values()) == 1, told
    assert sorted(outside["envelopes"].values()) == [1] * renewed, told
    assert Counter(one[0] for one in outside["crm"] if one[0].startswith("BENCH")) == {
        one.contract_id: 1 for one in renewals.values() if one.stage == Stage.RENEWED
    }, told
