"""A click while a bulk sweep is worked off: what people wait for on the morning after a long standstill.

Rules of this module:

1. The clicks are those of ``bench_renewals``' owners; the bulk is 40,000 contracts of 400 other owners that come due at once.
2. The time runs from the click on "Prepare terms" to the first look at the message in which its button is gone.
3. When the sweep's work is over before the last click, there is no figure.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import bench_portfolio
import httpx
from bench_installation import bring, installation, postgres
from bench_measure import CannotMeasureError, Figure, percentile, tell, timed
from sqlmodel import col, func, select

from contractops.operator.store.db import Database
from contractops.operator.store.tables import Button, Card, Due

CLICKS: Final = 25
DUE: Final = 40_000
OWNERS: Final = 400
BULK: Final = "bulk"
PATIENCE: Final = 60.0
GLANCE: Final = 0.02
PAUSE: Final = 0.5
TOKEN: Final = {"Authorization": "Bearer xoxb-local"}
PREPARE: Final = "renewal_prepare"


def figures() -> Iterator[Figure]:
    """p95 on SQLite in one process, and on PostgreSQL with one worker beside it. Raises ``CannotMeasureError`` when there is nothing to wait for."""
    for what, workers in (("SQLite", 1), ("PostgreSQL, 2 workers", 2)):
        with tempfile.TemporaryDirectory(prefix="contractops-bench-") as place:
            taken, left = _measure(Path(place) / "demo", None if workers == 1 else postgres("bulk"), workers)
        tell(f"{left:,} rows were still due at the end")
        yield Figure(f"click, {DUE:,} due rows being worked off: {what}, p95", CLICKS, percentile(taken, 0.95), "s", 2.0, runs=1)


def _measure(folder: Path, url: str | None, workers: int) -> tuple[list[float], int]:
    with (
        installation(folder, url, workers=workers) as (world, environment),
        httpx.Client(base_url=world, timeout=60, trust_env=False) as client,
    ):
        database = Database(environment["CONTRACTOPS_DATABASE_URL"])
        with timed(f"{CLICKS} alerts"):
            _add(client, folder / "data", environment, CLICKS)
            found = _alerts(database)
        with timed(f"{DUE:,} contracts imported"):
            _add(client, folder / "bulk", environment, DUE, owners=OWNERS, name=BULK)
        taken = []
        for user, channel, ts in found:
            taken.append(_click(client, user, channel, ts))
            tell(f"click {len(taken)} of {CLICKS}: {taken[-1] * 1000:.0f} ms")
            time.sleep(PAUSE)
        with database.read() as session:
            left = session.exec(select(func.count()).select_from(Due)).one()
        database.dispose()
    if left == 0:
        raise CannotMeasureError("the sweep was over before the last click")
    return taken, left


def _add(
    client: httpx.Client, folder: Path, environment: dict[str, str], count: int, *, owners: int | None = None, name: str = "bench"
) -> None:
    users = bench_portfolio.seed(owners or count, name=name)["users"]
    client.post("/_world/seed", json={"users": users}).raise_for_status()
    bench_portfolio.write(folder, count, owners=owners, name=name)
    bring(folder, environment)


def _alerts(database: Database) -> list[tuple[str, str, str]]:
    """(account, conversation, ts) of the alerts that stand in Slack."""
    end = time.monotonic() + PATIENCE
    query = select(Card).join(Button, col(Button.card_key) == col(Card.key)).where(Button.action == PREPARE, col(Card.key).like("BENCH-%"))
    while time.monotonic() < end:
        with database.read() as session:
            found = session.exec(query.where(col(Card.ts).is_not(None), Card.shown == Card.revision)).unique().all()
        if len(found) == CLICKS:
            return [(bench_portfolio.slack_id(int(one.key[6:9])), one.channel or "", one.ts or "") for one in found]
        time.sleep(0.2)
    raise CannotMeasureError(f"{len(found)} of {CLICKS} alerts stand in Slack after {PATIENCE:.0f} s")


def _click(client: httpx.Client, user: str, channel: str, ts: str) -> float:
    begun = time.perf_counter()
    answer = client.post("/_world/slack/act", json={"user": user, "channel": channel, "ts": ts, "action_id": PREPARE})
    if not answer.is_success or not answer.json()["acked"]:
        raise CannotMeasureError(f"the click was not acknowledged: {answer.text[:200]}")
    while PREPARE in _message(client, channel, ts):
        if time.perf_counter() - begun > PATIENCE:
            raise CannotMeasureError(f"the card still had its button after {PATIENCE:.0f} s")
        time.sleep(GLANCE)
    return time.perf_counter() - begun


def _message(client: httpx.Client, channel: str, ts: str) -> str:
    answer = client.post("/slack/api/conversations.replies", data={"channel": channel, "ts": ts}, headers=TOKEN).json()
    return str(next(one for one in answer["messages"] if one["ts"] == ts)["blocks"])
