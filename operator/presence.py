"""Presence: a worker says that it lives, and takes over from those who no longer do.

Rule 1: whoever is silent for ``silent_seconds`` while we could hear is dead or frozen, which is the same: others do its work. When it wakes,
what it says no longer counts (``store.ledger``).
Rule 2: while the database is away nobody is heard, so nobody is silent: looking begins anew.
Rule 3: the work itself is taken over by ``take_over``, which asks the tables and may be called by several at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from sqlalchemy.exc import DBAPIError

from contractops.operator.clock import monotonic, wall_now
from contractops.operator.store import workers
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Worker

BEATS_A_SILENCE = 8

log = structlog.get_logger("contractops.presence")


class Presence:
    """The presence of the worker ``name``. ``take_over`` is called when another has gone."""

    def __init__(self, database: Database, name: str, take_over: Callable[[], None], *, silent_seconds: float) -> None:
        self._database = database
        self._name = name
        self._take_over = take_over
        self._silent = silent_seconds
        self._heard: dict[str, tuple[int, float]] = {}  # name: (beats, monotonic seconds at which they were new)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def begin(self) -> None:
        """Enter, take away the rows of former processes of this place, and go on beating."""
        self._beat()
        self._gone()
        self._thread.start()

    def end(self) -> None:
        """Leave: what is left under this name is taken over by whoever looks next."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        with self._database.write(about=self._name) as session:
            workers.leave(session, self._name)

    def look(self) -> None:
        """Beat once, and take over when somebody has gone."""
        try:
            self._beat()
            gone = self._gone()
        except DBAPIError as problem:
            log.warning("the database does not answer", error=str(problem.orig))
            self._heard.clear()
            return
        if gone:
            log.warning("workers have gone; their work is taken over", workers=sorted(gone))
            self._take_over()

    def _run(self) -> None:
        while not self._stop.wait(self._silent / BEATS_A_SILENCE):
            self.look()

    def _beat(self) -> None:
        with self._database.write(about=self._name) as session:
            workers.beat(session, self._name, at=wall_now())

    def _gone(self) -> set[str]:
        """Names of those who went since the last look: left, ended, or silent for too long."""
        with self._database.read() as session:
            there = workers.everybody(session)
        now = monotonic()
        gone = self._heard.keys() - {one.name for one in there}
        self._heard = {one.name: self._since(one, now) for one in there if one.name != self._name}
        for one in there:
            if one.name != self._name and self._is_dead(one, now):
                with self._database.write(about=one.name) as session:
                    if workers.strike(session, one):
                        gone.add(one.name)
                        del self._heard[one.name]
        return gone

    def _since(self, worker: Worker, now: float) -> tuple[int, float]:
        beats, since = self._heard.get(worker.name, (worker.beats, now))
        return (beats, since) if beats == worker.beats else (worker.beats, now)

    def _is_dead(self, worker: Worker, now: float) -> bool:
        return workers.has_ended(worker) or now - self._heard[worker.name][1] > self._silent
