"""State of the local world: documents, counters, clock, faults and the wire journal, in one SQLite file.

Rules of this module:

1. One `World` per process, used from one event loop; every method is short and synchronous.
2. The clock is virtual and stored: it moves by `set_now` and by nothing else.
3. A fault that was taken is used up; what is left over after `times` uses is gone.
4. Every write is committed before the method returns, so a killed world loses nothing.
"""

import asyncio
import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

FaultKind: TypeAlias = Literal["status", "drop_after_commit", "drop_before", "delay", "duplicate", "reorder", "disconnect", "lost_webhook"]
Document: TypeAlias = dict[str, Any]

HTTP_FAULTS: Final = frozenset({"status", "drop_after_commit", "drop_before", "delay"})
"""Faults of one HTTP exchange, applied by `faults.serve`."""
DELIVERY_FAULTS: Final = frozenset({"duplicate", "reorder", "disconnect", "lost_webhook", "delay"})
"""Faults of what the world itself sends: socket envelopes and web hooks."""
FAULT_KINDS: Final = HTTP_FAULTS | DELIVERY_FAULTS

CLOSING: Final = "closing"
"""The last word that listeners get: the process is about to stop."""
FIRST_DAY: Final = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)
"""Where the clock starts when nothing was seeded: Mon 7 Dec 2026, 09:00 in Chicago."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS doc (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, key TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, key)
);
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, surface TEXT NOT NULL, operation TEXT NOT NULL,
    request TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong once.

    `status` is the HTTP status of kind "status"; `seconds` the length of kind "delay"; `retry_after` (whole seconds)
    is sent as a header with status 429 and 503.
    """

    kind: FaultKind
    status: int = 503
    seconds: float = 0.0
    retry_after: int = 1


class World:
    """Everything the vendors of the local world know.

    `path` is the SQLite file, made when absent. Raises `sqlite3.Error` when the file is not usable.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._listeners: set[asyncio.Queue[str]] = set()

    def close(self) -> None:
        """Close the file; the world cannot be used afterwards."""
        self._db.close()

    # Clock

    def now(self) -> datetime:
        """The virtual time, aware, in UTC."""
        stored = self.get("clock", "now")
        return datetime.fromisoformat(stored["at"]) if stored else FIRST_DAY

    def set_now(self, when: datetime) -> None:
        """Move the clock to `when` (aware). Raises ValueError for a naive time."""
        if when.tzinfo is None:
            message = f"the clock needs an aware time, got {when.isoformat()}"
            raise ValueError(message)
        self.put("clock", "now", {"at": when.astimezone(UTC).isoformat()})
        self.changed("clock")

    # Documents

    def get(self, kind: str, key: str) -> Document | None:
        """The document `key` of `kind`, or None."""
        row = self._db.execute("SELECT body FROM doc WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else _document(row[0])

    def put(self, kind: str, key: str, body: Document) -> None:
        """Store or replace a document; a replaced one keeps its place in `all`."""
        self._db.execute(
            "INSERT INTO doc (kind, key, body) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, key, json.dumps(body)),
        )

    def delete(self, kind: str, key: str) -> None:
        """Remove a document; absent is fine."""
        self._db.execute("DELETE FROM doc WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str) -> list[Document]:
        """Every document of `kind`, first stored first."""
        rows = self._db.execute("SELECT body FROM doc WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
        return [_document(row[0]) for row in rows]

    def next_number(self, name: str) -> int:
        """1, 2, 3 … for each `name`; goes on after a restart."""
        number = int((self.get("counter", name) or {"last": 0})["last"]) + 1
        self.put("counter", name, {"last": number})
        return number

    def next_id(self, prefix: str) -> str:
        """A new identifier such as "C0001" (`prefix` and at least four digits)."""
        return f"{prefix}{self.next_number(prefix):04d}"

    # Faults

    def add_fault(self, surface: str, operation: str, fault: Fault, times: int = 1) -> None:
        """Switch a fault on for the next `times` uses of `operation` ("*" for any) on `surface`."""
        key = self.next_id("fault")
        body = {"key": key, "surface": surface, "operation": operation, "left": times, "kind": fault.kind}
        self.put("fault", key, body | {"status": fault.status, "seconds": fault.seconds, "retry_after": fault.retry_after})
        self.changed("faults")

    def clear_faults(self) -> None:
        """Switch every fault off."""
        self._db.execute("DELETE FROM doc WHERE kind = 'fault'")
        self.changed("faults")

    def fault(self, surface: str, operation: str, kinds: Collection[str] = HTTP_FAULTS) -> Fault | None:
        """Take the first fault that fits, of one of `kinds`, and use it up; None when nothing goes wrong."""
        for body in self.all("fault"):
            if body["surface"] == surface and body["operation"] in {operation, "*"} and body["kind"] in kinds:
                self._use_up(body)
                return Fault(body["kind"], body["status"], body["seconds"], body["retry_after"])
        return None

    def _use_up(self, body: Document) -> None:
        left = body["left"] - 1
        if left > 0:
            self.put("fault", body["key"], body | {"left": left})
        else:
            self.delete("fault", body["key"])
        self.changed("faults")

    # Journal

    def record(self, surface: str, operation: str, request: Document, status: int, answer: object) -> None:
        """Write one exchange into the journal; status 0 means that the caller got no answer."""
        row = (self.now().isoformat(), surface, operation, json.dumps(request), status, json.dumps(answer))
        self._db.execute("INSERT INTO journal (at, surface, operation, request, status, answer) VALUES (?, ?, ?, ?, ?, ?)", row)

    def journal(self, surface: str = "", operation: str = "", limit: int = 10_000) -> list[Document]:
        """The last `limit` exchanges, oldest first; empty arguments match everything.

        Each: {"seq", "at" (ISO), "surface", "operation", "request", "status", "answer"}.
        """
        rows = self._db.execute(
            "SELECT seq, at, surface, operation, request, status, answer FROM journal "
            "WHERE (? = '' OR surface = ?) AND (? = '' OR operation = ?) ORDER BY seq DESC LIMIT ?",
            (surface, surface, operation, operation, limit),
        ).fetchall()
        names = ("seq", "at", "surface", "operation", "request", "status", "answer")
        entries = [dict(zip(names, row, strict=True)) for row in reversed(rows)]
        return [e | {"request": json.loads(e["request"]), "answer": json.loads(e["answer"])} for e in entries]

    # Listeners of the page

    def listen(self) -> asyncio.Queue[str]:
        """A queue that gets a word for every change until `unlisten`."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._listeners.add(queue)
        return queue

    def unlisten(self, queue: asyncio.Queue[str]) -> None:
        """Stop feeding `queue`."""
        self._listeners.discard(queue)

    def changed(self, what: str) -> None:
        """Tell the open pages that `what` ("messages", "clock", "crm" …) changed."""
        for queue in self._listeners:
            queue.put_nowait(what)


def _document(text: str) -> Document:
    body = json.loads(text)
    if not isinstance(body, dict):
        message = "a stored document is not an object"
        raise TypeError(message)
    return body
