"""The doorbell: a durable queue and a clock behind three calls. It owns no truth; its tables may be deleted while stopped.

Rule 1: one workflow, ``job(name, args)``, over plain functions that may be run twice; arguments are ids.
Rule 2: two queues, so that people never wait behind a bulk sweep.
Rule 3: a finished key never runs again, so keys carry the attempt; ``recover`` rebuilds every lost ring from the application tables.
Rule 4: ``application_version`` is a constant: a deploy strands no work.
Rule 5: what a dead worker was doing is given up here and rung for anew by ``recover``; the library itself would leave it for ever.
"""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, Literal, Protocol, TypeAlias

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

from contractops.operator.clock import wall_now
from contractops.operator.redaction import redacted
from contractops.tools.errors import InvariantError

VERSION: Final = "1"
SUBSECONDS_SINCE: Final = (3, 42, 0)
"""The first SQLite whose ``unixepoch`` knows ``subsec``; older ones, as of Debian 12, answer NULL, and the library could not start."""
NAME: Final = "contractops"
Queue: TypeAlias = Literal["now", "bulk"]
Job: TypeAlias = Callable[..., None]

_jobs: dict[str, Job] = {}
_runtime: dict[str, Any] = {}


class Doorbell(Protocol):
    """What the rest of the product knows of the engine."""

    def enqueue(self, key: str, job: str, args: list[str], *, queue: Queue = "now", once: str | None = None, delay: float = 0.0) -> None:
        """Ring: run ``job(*args)`` soon, once for ``key``, not before ``delay`` seconds.

        ``once`` merges with a ring of that name that still waits.
        """
        ...


class _JsonSerializer:
    """Arguments and results as JSON: nothing in the engine's tables can name code. Errors are kept as text."""

    def serialize(self, data: Any) -> str:
        """JSON of ``data``; an error becomes ``{"error": text}``, without secrets."""
        return json.dumps(data, default=lambda unknown: {"error": redacted(repr(unknown))})

    def deserialize(self, serialized_data: str) -> Any:
        """The JSON value; a stored error comes back as a ``RuntimeError`` with its text."""
        value = json.loads(serialized_data)
        return RuntimeError(value["error"]) if isinstance(value, dict) and value.keys() == {"error"} else value

    def name(self) -> str:
        """Name under which the engine stores which serializer wrote a row."""
        return "contractops_json"


def engine_url(database_url: str) -> str:
    """Where the engine keeps its tables: a file of its own beside SQLite's, a schema of its own on PostgreSQL."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return f"sqlite:///{url.database}.engine"
    return database_url


class Client:
    """Rings from any process. Tables must exist (a worker was started once): otherwise the ring is left to ``recover``."""

    def __init__(self, database_url: str) -> None:
        from dbos import DBOSClient  # heavy: not paid for by commands that only read

        self._engine = _system_engine(database_url)
        self._client = DBOSClient(
            system_database_url=engine_url(database_url), system_database_engine=self._engine, serializer=_serializer()
        )

    def enqueue(self, key: str, job: str, args: list[str], *, queue: Queue = "now", once: str | None = None, delay: float = 0.0) -> None:
        """See ``Doorbell``."""
        options: dict[str, Any] = {"queue_name": queue, "workflow_name": "job", "workflow_id": key, "app_version": VERSION}
        if delay > 0:
            options["delay_seconds"] = delay
        if once is not None:
            options |= {"deduplication_id": once, "duplication_policy": "return-existing"}
        self._client.enqueue(options, job, args)  # type: ignore[arg-type]  # a TypedDict built in two steps

    def give_up(self, living: Callable[[], set[str]]) -> None:
        """Forget the jobs under way at workers that are not among the ``living``, who are asked for after the jobs were read."""
        begun = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        names = living()
        lost = [one.workflow_id for one in begun if one.executor_id not in names]
        if lost:
            self._client.cancel_workflows(lost)

    def close(self) -> None:
        """Give the connections back."""
        self._client.destroy()
        self._engine.dispose()


def run_worker(
    database_url: str,
    jobs: Mapping[str, Job],
    crons: Mapping[str, tuple[str, str]],
    *,
    name: str,
    polling_seconds: float = 0.03,
    concurrency: int = 8,
    stop_seconds: float = 5.0,
) -> Callable[[], int]:
    """Start the worker threads of this process; returns the function that stops them, which says how many jobs were still under way.

    ``name`` is this process's alone. A stop takes no new job and waits at most ``stop_seconds`` for those under way. ``jobs`` by name; ``crons``
    maps a name to (six-field schedule with seconds, job name). Order: the engine is launched before anything is enqueued, since launching makes
    its tables.
    """
    from dbos import DBOS

    _jobs.clear()
    _jobs.update(jobs)
    engine = _system_engine(database_url)
    DBOS(
        config={
            "name": NAME,
            "application_version": VERSION,
            "executor_id": name,
            "system_database_url": engine_url(database_url),
            "system_database_engine": engine,
            "serializer": _serializer(),
            "scheduler_polling_interval_sec": 1.0,
            "notification_listener_polling_interval_sec": 1.0,
            "log_level": "ERROR",
        }
    )
    library = logging.getLogger("dbos")
    library.handlers.clear()  # its lines go where ours go, in the same form
    library.propagate = True
    _register()
    DBOS.launch()
    DBOS.register_queue("now", worker_concurrency=concurrency, polling_interval_sec=polling_seconds)
    DBOS.register_queue("bulk", worker_concurrency=2, polling_interval_sec=polling_seconds * 3)
    DBOS.apply_schedules(
        [
            {"schedule_name": name, "workflow_fn": _runtime["tick"], "schedule": schedule, "context": job}
            for name, (schedule, job) in crons.items()
        ]
    )

    def stop() -> int:
        DBOS.destroy(workflow_completion_timeout_sec=math.ceil(stop_seconds))
        engine.dispose()
        return _running.total()

    return stop


_once = threading.Lock()
_running: Counter[str] = Counter()
"""Jobs under way in this process, by name."""


@contextmanager
def _counted(name: str) -> Iterator[None]:
    with _once:
        _running[name] += 1
    try:
        yield
    finally:
        with _once:
            _running[name] -= 1


def _register() -> None:
    """Register the two workflows with the library, once a process."""
    from dbos import DBOS

    with _once:
        if _runtime:
            return

        @DBOS.workflow(name="job")
        def job(name: str, args: list[str]) -> None:
            with _counted(name):
                _jobs[name](*args)

        @DBOS.workflow(name="tick")
        def tick(_at: datetime, context: str) -> None:
            with _counted(context):
                _jobs[context]()

        _runtime.update(job=job, tick=tick)


def _serializer() -> Any:  # the library's abstract class is imported lazily
    from dbos import Serializer

    return type("JsonSerializer", (_JsonSerializer, Serializer), {})()


def _system_engine(database_url: str) -> Engine:
    url = engine_url(database_url)
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": 30.0}, isolation_level="SERIALIZABLE")

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:  # the driver's own connection type
        # Not BEGIN IMMEDIATE by event as in the application database: the library opens its own transactions.
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        if sqlite3.sqlite_version_info < SUBSECONDS_SINCE:
            connection.create_function("unixepoch", 1, _unixepoch)

    return engine


def _unixepoch(modifier: str) -> float:
    """SQL ``unixepoch('subsec')``: seconds since 1970 with milliseconds. From Python 3.12 on the library asks for it, whatever SQLite can do."""
    if modifier != "subsec":
        raise InvariantError("CO-ENG-001", f"the queue asks for unixepoch({modifier!r}), which only SQLite itself can answer")
    return round(wall_now().timestamp(), 3)
