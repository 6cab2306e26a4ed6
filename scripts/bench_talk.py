"""A conversation without a model: reading a message, and a message until its answer stands in Slack.

Rules of this module:

1. The messages are those of the evals, each one once; the names are those of the sample portfolio.
2. The second figure is taken from the inbox: from the moment a message was stored to the moment at which its answer was posted and
   recorded. The operator's process, its database and threads, the Slack client and the local world's Slack are real.
3. One message at a time, as a person writes; the pace of messages a channel is that of the demo (0.02 s), since the local Slack hides none.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
from bench_measure import CannotMeasureError, Figure, clean_environment, percentile, seconds, tell, timed
from running_demo import NoDemoError, demo

from contractops.evals.conversation_suite import folder
from contractops.evals.sample import sample_names
from contractops.evals.score import Case, cases_of
from contractops.graphs.interpreter import Interpreter
from contractops.graphs.likeness import Likeness, phrases

CLI: Final = str(Path(sys.executable).with_name("contractops"))
MESSAGES: Final = 200
PATIENCE: Final = 30.0
GLANCE: Final = 0.02


def figures() -> Iterator[Figure]:
    """How long the phrases take once, and p95 of both. Raises ``CannotMeasureError`` when a message is not answered."""
    cases = [one for one in cases_of(folder() / "dev.jsonl") if one.memory.contract is None][:MESSAGES]
    with timed("names of the sample"):
        interpreter = Interpreter(sample_names())
    counted = [seconds(lambda: Likeness(phrases())) for _once in range(5)]
    yield Figure("conversation: counting the phrases, median", len(counted), 1000 * percentile(counted, 0.5), "ms", 150, runs=1)
    interpreter.read("warm")
    taken = [seconds(lambda text=one.text: interpreter.read(text)) for one in cases]  # type: ignore[misc]
    yield Figure("conversation: reading a message, p95", len(taken), 1000 * percentile(taken, 0.95), "ms", 10, runs=1)
    posted = _answered(cases)
    yield Figure("conversation: inbox to answer posted, p50", len(posted), 1000 * percentile(posted, 0.5), "ms", None, runs=1)
    yield Figure("conversation: inbox to answer posted, p95", len(posted), 1000 * percentile(posted, 0.95), "ms", 300, runs=1)


def _answered(cases: list[Case]) -> list[float]:
    """Seconds from a stored message to its recorded answer."""
    with tempfile.TemporaryDirectory(prefix="contractops-bench-") as place:
        at = Path(place) / "demo"
        try:
            with (
                demo([CLI, "demo", "--folder", str(at)], Path(place), clean_environment()) as running,
                httpx.Client(base_url=running.world, timeout=40, trust_env=False) as client,
            ):
                for number, one in enumerate(cases, 1):
                    body = {"user": "U0MARIA", "channel": "U0MARIA", "text": one.text}
                    client.post("/_world/slack/say", json=body).raise_for_status()
                    _until(at / "contractops.db", number)
                tell(f"{len(cases)} messages answered")
                return _times(at / "contractops.db")
        except NoDemoError as said:
            raise CannotMeasureError(f"the demo did not come up: {said}") from said


def _until(database: Path, count: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with closing(sqlite3.connect(database)) as connection:
            found = connection.execute("SELECT count(*) FROM inbox WHERE kind = 'said' AND handled_at IS NOT NULL").fetchone()[0]
        if found >= count:
            return
        time.sleep(GLANCE)
    raise CannotMeasureError(f"message {count} was not answered within {PATIENCE:.0f} s")


def _times(database: Path) -> list[float]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT received_at, handled_at FROM inbox WHERE kind = 'said'").fetchall()
    return [(datetime.fromisoformat(handled) - datetime.fromisoformat(received)).total_seconds() for received, handled in rows]
