"""The sweep over a million contracts: found, marked, handed to the engine, and a repeat.

Rules of this module:

1. The functions measured are the product's own, over its own schema on a SQLite file with its own durability.
2. The portfolio is synthetic and always the same: 4 % of it is overdue (a first day, or a long standstill), the rest spreads evenly over the
   following three years, so that an ordinary day has about 880 contracts.
3. "Handed over" means that the engine's worker has received every batch, not only that it was asked to.
"""

import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from bench_measure import NOW, RUNS, CannotMeasureError, Figure, median_seconds, seconds, tell, timed
from sqlalchemy import text

from contractops.operator import cases, engine, jobs
from contractops.operator.documents import write
from contractops.operator.settings import load
from contractops.operator.store import schema
from contractops.operator.store.db import Database
from contractops.operator.workbench import Workbench

CONTRACTS: Final = 1_000_000
OVERDUE_SHARE: Final = 25
"""One contract in so many is overdue."""
AT: Final = datetime.fromisoformat(NOW)
PATIENCE: Final = 120.0

# The decide-by moments of the overdue rows are scattered: order of urgency is not order of insertion.
FILL: Final = """
WITH RECURSIVE each(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM each WHERE i + 1 < :contracts),
dated AS (
  SELECT i, strftime('%Y-%m-%d %H:%M:%S.000000', :now, CASE WHEN i % :share = 0 THEN '-' || (i * 7919 % 43200) || ' minutes'
    ELSE '+' || (1 + i * 104729 % 1576800) || ' minutes' END) AS act FROM each
)
INSERT INTO renewal (id, unit_id, sequence, contract_id, account_id, owner_id, stage, version, zone, window_status, term_start, term_end,
  renews_on, safe_on, decide_by, next_action_at, draft_number, round, snoozes, handover, trouble)
SELECT 'C-' || printf('%07d', i) || '#1', 'C-' || printf('%07d', i), 1, 'C-' || printf('%07d', i), 'A-' || (i / 100), 'P-' || (i % 50),
  'watching', 0, 'America/Chicago', 'known', date(act, '-300 days'), date(act, '+65 days'), date(act, '+66 days'), date(act, '+5 days'),
  strftime('%Y-%m-%d %H:%M:%S.000000', act, '+' || (i * 31 % 86400) || ' minutes'), act, 0, 0, 0, 'null', 'null'
FROM dated
"""


class _Clock:
    """Business time that stands still."""

    def now(self) -> datetime:
        """The moment of the sweep."""
        return AT


class _Received:
    """The engine's side: what its worker was given, in order of arrival."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.batches: list[str] = []

    def batch(self, name: str) -> None:
        """A batch has arrived."""
        with self._lock:
            self.batches.append(name)


def figures() -> Iterator[Figure]:
    """The five figures of the sweep. Raises ``CannotMeasureError`` when a sweep does something else than it should."""
    with tempfile.TemporaryDirectory(prefix="contractops-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'sweep.db'}"
        database = Database(url)
        with timed(f"{CONTRACTS:,} contracts written"):
            _fill(database)
        yield _found(database)
        overdue = CONTRACTS // OVERDUE_SHARE
        yield Figure("sweep: mark all that is due", overdue, _mark(database, overdue), "s", 1.0)
        yield Figure("sweep: mark again (marks 0)", overdue, _mark_again(database), "s", 1.0)
        yield _handed_over(database, url, overdue)
        database.dispose()


def _fill(database: Database) -> None:
    schema.ensure(database)
    with database.write() as session:
        session.connection().execute(text(FILL), {"contracts": CONTRACTS, "now": NOW[:19], "share": OVERDUE_SHARE})


def _found(database: Database) -> Figure:
    """The question of an ordinary day, when yesterday's work is done: what came due within the last 24 hours of business time."""
    tomorrow = AT + timedelta(days=1)
    question = text("SELECT id, version, next_action_at, decide_by FROM renewal WHERE next_action_at > :since AND next_action_at <= :now")
    found: list[int] = []

    def ask() -> None:
        with database.read() as session:
            found.append(len(session.connection().execute(question.bindparams(since=AT, now=tomorrow)).all()))

    took = median_seconds(ask)
    return Figure("sweep: find what is due today", found[-1], took * 1000, "ms", 10.0)


def _mark(database: Database, expected: int) -> float:
    def mark() -> None:
        with database.write() as session:
            marked = jobs.mark_due(session, AT)
        if marked != expected:
            raise CannotMeasureError(f"{marked} rows were marked due, not {expected}")

    return median_seconds(mark, before=lambda: _forget(database))


def _mark_again(database: Database) -> float:
    def again() -> None:
        with database.write() as session:
            marked = jobs.mark_due(session, AT)
        if marked:
            raise CannotMeasureError(f"a repeated sweep marked {marked} rows")

    return median_seconds(again)


def _forget(database: Database) -> None:
    with database.write() as session:
        session.connection().execute(text("DELETE FROM due"))


def _handed_over(database: Database, url: str, overdue: int) -> Figure:
    """A whole sweep until the engine's worker holds the last batch."""
    received = _Received()
    taken = []
    with _worker(url, received) as bell:
        bench = Workbench(database, _Clock(), cases.rules_of(load().rules, b"bench"), write.render)
        sweeper = jobs.Jobs(database, _Clock(), bell, bench, {}, None, poll_seconds=60, worker="bench")
        for run in range(RUNS):
            _forget(database)
            received.batches.clear()
            taken.append(seconds(lambda: _sweep(sweeper, received, overdue)))
            _check_order(database, received.batches[0], overdue)
            tell(f"sweep {run + 1} of {RUNS}: {len(received.batches)} batches with the engine after {taken[-1]:.1f} s")
    return Figure("sweep: marked, cut and with the engine", overdue, statistics.median(taken), "s", 60.0)


@contextmanager
def _worker(url: str, received: _Received) -> Iterator[engine.Client]:
    stop = engine.run_worker(url, {"batch": received.batch}, {}, name="bench")
    bell = engine.Client(url)
    try:
        yield bell
    finally:
        stop()
        bell.close()


def _sweep(sweeper: jobs.Jobs, received: _Received, overdue: int) -> None:
    sweeper.sweep()
    expected = -(-overdue // jobs.BATCH)
    waited = threading.Event()
    for _turn in range(int(PATIENCE / 0.01)):
        if len(received.batches) >= expected:
            return
        waited.wait(0.01)
    raise CannotMeasureError(f"the engine received {len(received.batches)} of {expected} batches in {PATIENCE:.0f} s")


def _check_order(database: Database, first: str, overdue: int) -> None:
    """The batch that arrived first holds exactly the most urgent rows, and no row was left without a batch."""
    with database.read() as session:
        connection = session.connection()
        urgent = (
            connection.execute(text("SELECT renewal_id FROM due ORDER BY urgency, renewal_id LIMIT :n"), {"n": jobs.BATCH}).scalars().all()
        )
        given = connection.execute(text("SELECT renewal_id FROM due WHERE batch = :b"), {"b": first}).scalars().all()
        batched = connection.execute(text("SELECT count(*) FROM due WHERE batch IS NOT NULL")).scalar_one()
    if set(urgent) != set(given) or batched != overdue:
        raise CannotMeasureError(f"the first batch is not the most urgent one, or only {batched} of {overdue} rows have a batch")
