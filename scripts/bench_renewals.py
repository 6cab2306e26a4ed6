"""Whole renewals a minute: from the alert to the CRM, with scripted people, on SQLite and on PostgreSQL.

Rules of this module:

1. Everything is real but the vendors and the people: the operator's processes, its database and engine, the local world's Slack, DocuSign and
   Salesforce on loopback. World and people take their part of the same cores.
2. Every owner has one contract, so that no daily cap puts a card off, and Slack's pace for a channel is switched off: both are rules for
   people's sake, not costs. The lines say so.
3. The time runs from the end of the import, which arms the contracts, to the moment at which the last renewal has ended.
4. The people look into the database for what Slack shows, ten times a second: to read the workspace would cost more than what is measured.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import bench_portfolio
import httpx
from bench_installation import bring, installation, postgres
from bench_measure import CannotMeasureError, Figure, tell, timed
from sqlmodel import Session, col, func, select

from contractops.operator.store.db import Database
from contractops.operator.store.tables import Button, Card, Envelope, Gate, Renewal

OWNERS: Final = 200
GLANCE: Final = 0.1
PATIENCE: Final = 600.0
BUTTONS: Final = ("renewal_prepare", "draft_approve")
MINE: Final = "BENCH-%"


def figures() -> Iterator[Figure]:
    """On SQLite, then on PostgreSQL with one and with two workers. Raises ``CannotMeasureError`` when a renewal does not end."""
    off = "caps, pace off"
    with tempfile.TemporaryDirectory(prefix="contractops-bench-") as place:
        rate = _rate(Path(place) / "demo", None, workers=1)
        yield Figure(f"renewals a minute, SQLite, 1 process ({off})", OWNERS, rate, "/min", 240.0, at_least=True, runs=1)
    alone = 0.0
    for workers in (1, 2):
        with tempfile.TemporaryDirectory(prefix="contractops-bench-") as place:
            rate = _rate(Path(place) / "demo", postgres(f"bench{workers}"), workers=workers)
        yield Figure(f"renewals a minute, PostgreSQL, {workers} worker{'s'[: workers - 1]} ({off})", OWNERS, rate, "/min", None, runs=1)
        alone = alone or rate
    yield Figure("renewals: 2 workers on PostgreSQL against 1", OWNERS, rate / alone, "times", None, runs=1)


def _rate(folder: Path, url: str | None, *, workers: int) -> float:
    with installation(folder, url, workers=workers) as (world, environment):
        with timed(f"{OWNERS} contracts prepared"):
            httpx.post(f"{world}/_world/seed", json=bench_portfolio.seed(OWNERS), timeout=30.0).raise_for_status()
            bench_portfolio.write(folder / "data", OWNERS)
            bring(folder / "data", environment)
        return _carry_through(environment["CONTRACTOPS_DATABASE_URL"], world)


def _carry_through(url: str, world: str) -> float:
    database = Database(url)
    begun = time.perf_counter()
    done: set[str] = set()
    with httpx.Client(base_url=world, timeout=60.0, trust_env=False) as client, ThreadPoolExecutor(8) as people:
        while time.perf_counter() - begun < PATIENCE:
            time.sleep(GLANCE)
            with database.read() as session:
                ended = session.exec(
                    select(func.count()).select_from(Renewal).where(col(Renewal.id).like(MINE), Renewal.stage == "renewed")
                ).one()
                if ended == OWNERS:
                    break
                clicks, envelopes = _clicks(session, done), _envelopes(session, done)
            list(people.map(lambda body: _press(client, body), clicks))
            list(people.map(lambda one: _sign(client, *one), envelopes))
        else:
            raise CannotMeasureError(f"{ended} of {OWNERS} renewals ended within {PATIENCE:.0f} s")
    took = time.perf_counter() - begun
    database.dispose()
    tell(f"{OWNERS} renewals in {took:.1f} s, load now {os.getloadavg()[0]:.1f}")
    return OWNERS * 60 / took


def _clicks(session: Session, done: set[str]) -> list[dict[str, str]]:
    """What the owners press now: the button of every open question whose card stands in Slack."""
    query = (
        select(Gate, Button, Card)
        .join(Button, col(Button.gate_key) == col(Gate.key))
        .join(Card, col(Card.key) == col(Button.card_key))
        .where(col(Gate.decision).is_(None), col(Gate.key).like(MINE), col(Button.action).in_(BUTTONS), col(Card.ts).is_not(None))
        .where(Card.shown == Card.revision)
    )
    found: dict[str, dict[str, str]] = {}
    for gate, button, card in session.exec(query):
        if gate.key not in done:
            user = bench_portfolio.slack_id(int(gate.renewal_id[6:9]))
            found[gate.key] = {"user": user, "channel": card.channel or "", "ts": card.ts or "", "action_id": button.action}
    done |= found.keys()
    return list(found.values())


def _envelopes(session: Session, done: set[str]) -> list[tuple[str, list[str]]]:
    """Envelopes that nobody has signed yet, with the addresses of their signers in order."""
    found = [one for one in session.exec(select(Envelope).where(Envelope.open)) if one.envelope_id not in done]
    done |= {one.envelope_id for one in found}
    return [(one.envelope_id, [person["email"] for person in one.state["recipients"]]) for one in found]


def _press(client: httpx.Client, body: dict[str, str]) -> None:
    answer = client.post("/_world/slack/act", json=body)
    if not answer.is_success or not answer.json()["acked"]:
        raise CannotMeasureError(f"the click on {body['action_id']} was not acknowledged: {answer.text[:200]}")


def _sign(client: httpx.Client, envelope: str, signers: list[str]) -> None:
    for email in signers:
        client.post("/_world/docusign/act", json={"envelope_id": envelope, "recipient": email, "action": "sign"}).raise_for_status()
