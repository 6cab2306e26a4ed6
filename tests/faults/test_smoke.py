"""The kill matrix in small, with the command that people start: `contractops run`, killed at a fail point, started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from contractops.graphs.lifecycle import Stage
from contractops.operator.store.tables import Effect, Renewal
from tests.faults.children import variables
from tests.faults.rig import RENEWAL, Place, receivers

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(180)]

Template = Callable[[str], Place]
SECONDS = 60.0

CASES = {
    "slack.card:after_call": ("armed", None, Stage.FLAGGED),
    "docusign.send:after_call": ("reviewed", "approve", Stage.OUT_FOR_SIGNATURE),
    "crm.write:before_receipt": ("signed", None, Stage.RENEWED),
}


def start(place: Place, **more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "contractops.operator.cli", "run"]
    with (place.folder / "run.log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=place.folder, env={**os.environ, **variables(place.folder, place.world), **more}, stdout=log, stderr=log
        )


@pytest.mark.parametrize("point", CASES)
def test_run_is_killed_and_started_again(point: str, template: Template, tmp_path: Path) -> None:
    """Killed there and started again, it finishes; every message and envelope is there once."""
    name, step, rest = CASES[point]
    place = template(name).copy(tmp_path / "place")
    with place.with_world() as running:
        if step is not None:
            running.must("answered", step=step)
        killed = start(running, CONTRACTOPS_FAILPOINT=point, CONTRACTOPS_FAILPOINT_LOG=str(running.log))
        assert killed.wait(timeout=SECONDS) == -signal.SIGKILL, (running.folder / "run.log").read_text()[-3000:]
        assert running.hits() == [point]
        again = start(running)
        try:
            until_rested(running, rest)
        finally:
            again.terminate()
            assert again.wait(timeout=SECONDS) == 0
        outside = receivers(running)
    assert max(outside["posts"].values()) == 1
    assert max(outside["post calls"].values()) == 1
    assert max(outside["envelopes"].values(), default=1) == 1


def until_rested(place: Place, stage: Stage) -> None:
    """Wait until the renewal stands in ``stage`` and nothing is to do. Raises AssertionError."""
    database = place.database()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with database.read() as session:
            there = session.get_one(Renewal, RENEWAL).stage == stage
            busy = session.exec(select(Effect.key).where(Effect.status == "todo").limit(1)).first() is not None
        if there and not busy:
            database.dispose()
            return
        time.sleep(0.1)
    database.dispose()
    message = f"not in {stage} after {SECONDS} s"
    raise AssertionError(message)
