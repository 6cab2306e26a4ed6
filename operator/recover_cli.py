"""``contractops recover``: rings for everything that is ready. Safe at any time: a ring too many is merged or finds nothing to do.

Rule 1: it opens no vendor and performs nothing itself; the worker does, when it hears the ring or at its start.
Rule 2: what was rung for is counted as it is rung, not guessed beforehand.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from contractops.operator import tables_out
from contractops.operator.core import opened
from contractops.operator.engine import Client, Queue
from contractops.operator.jobs import Jobs
from contractops.operator.ringing import bell
from contractops.operator.wording import listing, plural
from contractops.operator.workbench import Workbench
from contractops.tools.errors import InvariantError
from contractops.tools.signature import SignerPlan
from contractops.tools.terms import Terms

_KINDS: Final = {
    "advance": ("renewals", "renewal"),
    "perform": ("effects", "effect"),
    "inbound": ("inbox", "inbox row"),
    "batch": ("batches", "batch"),
}
"""Job -> (key in the JSON document, word)."""


class _CountingBell:
    """Rings and counts by job. Without a client it only counts: the worker finds the same work at its start."""

    def __init__(self, client: Client | None) -> None:
        self.rung: Counter[str] = Counter()
        self._client = client

    def enqueue(self, key: str, job: str, args: list[str], *, queue: Queue = "now", once: str | None = None, delay: float = 0.0) -> None:
        """See ``engine.Doorbell``."""
        self.rung[job] += 1
        if self._client is not None:
            self._client.enqueue(key, job, args, queue=queue, once=once, delay=delay)


def run(db: str | None, *, as_json: bool) -> int:
    """Ring for what is ready and say how much that was; returns 0."""
    with opened(db) as core:
        client = bell(core.settings.database_url)
        counting = _CountingBell(client)
        workbench = Workbench(core.database, core.clock, core.rules, _no_document)
        Jobs(core.database, core.clock, counting, workbench, {}, None, poll_seconds=60, worker="nobody").recover()
        if client is not None:
            client.close()
    counts = {name: counting.rung[job] for job, (name, _word) in _KINDS.items()}
    if as_json:
        tables_out.document({"worker_seen": client is not None, "rung": counts})
        return 0
    said = [plural(counting.rung[job], word, "batches" if job == "batch" else "") for job, (_name, word) in _KINDS.items()]
    tables_out.say(f"{'Rung' if client else 'Ready'} for {listing(said)}.")
    if client is None:
        tables_out.tell("No worker ever ran on this database. contractops run finds all of it at its start.")
    return 0


def _no_document(_terms: Terms, _signers: tuple[SignerPlan, ...]) -> bytes:
    raise InvariantError("CO-REC-001", "recovering makes no document")
