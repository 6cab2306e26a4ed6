"""An installation for the bench: the local world, the product's processes beside it, on SQLite or PostgreSQL.

Rules of this module:

1. Everything is real but the vendors. Slack's pace for a channel is switched off: it is a rule for people's sake, no cost.
2. The people of the sample are there, since they sign for the company; its contracts sleep.
3. PostgreSQL writes as durably as people run it.
"""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from bench_measure import ROOT, CannotMeasureError
from sqlmodel import select

from contractops.operator import demo
from contractops.operator.store import schema
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Effect, Renewal
from contractops.tools.errors import VendorError


@contextmanager
def installation(folder: Path, url: str | None, *, workers: int) -> Iterator[tuple[str, dict[str, str]]]:
    """(address of the world, environment of the commands) while ``workers`` processes run: the first is ``run``, the others ``worker``.

    ``url`` None is a SQLite file in ``folder``. Raises ``CannotMeasureError`` when the world does not come up.
    """
    try:
        with demo.started(folder) as (place, first), ExitStack() as running:
            first.terminate()
            first.wait()
            environment = {**place.environment(), "CONTRACTOPS_SLACK_PACE_SECONDS": "0", "CONTRACTOPS_DOCUSIGN_POLL_SECONDS": "1200"}
            if url is not None:
                environment["CONTRACTOPS_DATABASE_URL"] = url
            bring(demo.SAMPLE, environment)
            _rest(environment["CONTRACTOPS_DATABASE_URL"])
            for number in range(workers):
                running.enter_context(_process("run" if number == 0 else "worker", environment, folder / f"worker{number}.log"))
            yield place.world, environment
    except VendorError as said:
        raise CannotMeasureError(f"the local world did not come up: {said}") from said


def postgres(name: str) -> str:
    """The URL of a new database on a server that writes as durably as people run it."""
    sys.path.insert(0, str(ROOT))
    server = importlib.import_module("tests.postgres.server")  # the server of the tests, which the checked packages do not contain
    os.environ[server.DURABLE] = "1"
    with psycopg.connect(server.running().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return str(server.url(name))


@contextmanager
def _process(command: str, environment: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", "contractops.operator.cli", command], env=environment, stdout=out, stderr=out)
    end = time.monotonic() + 60
    while "operator is running" not in log.read_text() and time.monotonic() < end and process.poll() is None:
        time.sleep(0.05)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def bring(folder: Path, environment: dict[str, str]) -> None:
    """Import a folder by the command line."""
    command = [sys.executable, "-m", "contractops.operator.cli", "import", str(folder)]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode not in {0, 1}:
        raise CannotMeasureError(f"{folder} could not be imported: {ran.stderr[-300:]}")


def _rest(url: str) -> None:
    """The sample's own contracts sleep, and nothing of them is to do."""
    database = Database(url)
    schema.ensure(database)
    with database.write() as session:
        for row in session.exec(select(Renewal)).all():
            row.next_action_at = None
            session.add(row)
        for effect in session.exec(select(Effect)).all():
            effect.status = "cancelled"
            session.add(effect)
    database.dispose()
