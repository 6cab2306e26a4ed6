"""Moving an installation from one database to another: from the SQLite file to PostgreSQL.

Rule 1: all or nothing. Schema and rows arrive in one transaction of the target; what was read and what arrived are counted and compared byte
for byte before it is committed.
Rule 2: the target is empty, and nobody works on the source: else two installations would send the same letters.
Rule 3: nothing is interpreted: a JSON text arrives as it was written, since hashes stand over some of them.
Rule 4: the engine's tables stay behind; the first start rebuilds its work. So do the rows of the workers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import JSON, Column, Connection, Table, column, func, insert, select, table, text
from sqlalchemy import cast as as_type
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TEXT, TypeEngine, UserDefinedType
from sqlmodel import SQLModel

from contractops.operator.store import schema, workers
from contractops.operator.store.db import Database
from contractops.operator.store.tables import Worker
from contractops.tools.errors import InputError, InvariantError

CHUNK: Final = 1000
LEFT_BEHIND: Final = frozenset({Worker.__tablename__})


@dataclass(frozen=True)
class Moved:
    """One table: its rows, and the sum of the hashes of them all (hex), which does not depend on their order."""

    table: str
    rows: int
    checksum: str


class _JsonAsText(UserDefinedType[str]):
    """A JSON column whose text is passed through as it is."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in SQL."""
        return "JSON"


def move(source: Database, target: Database) -> list[Moved]:
    """Copy everything from ``source`` to the empty ``target``; what arrived, by table.

    Raises ``InputError``: CO-MOV-001 when the target holds rows, CO-MOV-002 when somebody works on the source, CO-MOV-003 when the target does
    not take a table; ``InvariantError`` CO-MOV-010 when something else arrived than was read. Then the target is as it was.
    """
    schema.ensure(source)
    with source.engine.begin() as old, target.engine.begin() as new:  # both alone: the source does not change meanwhile
        _nobody_works(source)
        schema.ensure_within(new)
        tables = [one for one in SQLModel.metadata.sorted_tables if one.name not in LEFT_BEHIND]
        full = [one.name for one in tables if new.execute(select(one).limit(1)).first() is not None]
        if full:
            raise InputError("CO-MOV-001", f"the target holds rows already: {', '.join(full)}", advice="Move into an empty database.")
        return [_copy(one, old, new) for one in tables]


def _nobody_works(source: Database) -> None:
    with source.read() as session:
        running = [one.name for one in workers.everybody(session) if not workers.has_ended(one)]
    if running:
        advice = "Stop every run and worker first. One that was killed on another machine is forgotten after the next start and stop here."
        raise InputError("CO-MOV-002", f"still at work on the source: {', '.join(running)}", advice=advice)


def _copy(one: Table, old: Connection, new: Connection) -> Moved:
    raw = table(one.name, *(column(each.name, _raw(each)) for each in one.columns))
    chunk: list[dict[str, Any]] = []
    read = _Sum()
    try:
        for row in _rows(one, old):
            read.add(row)
            chunk.append(row)
            if len(chunk) == CHUNK:
                new.execute(insert(raw), chunk)
                chunk = []
        if chunk:
            new.execute(insert(raw), chunk)
    except DBAPIError as problem:
        raise InputError("CO-MOV-003", f"table {one.name}: {problem.orig}", advice="Nothing was moved.") from problem
    arrived = _Sum()
    for row in _rows(one, new):
        arrived.add(row)
    if (read.rows, read.value) != (arrived.rows, arrived.value):
        raise InvariantError("CO-MOV-010", f"table {one.name}: {read.rows} rows were read, {arrived.rows} arrived, or not the same ones")
    _next_number(one, new)
    return Moved(one.name, arrived.rows, f"{arrived.value:064x}")


def _rows(one: Table, connection: Connection) -> Iterator[dict[str, Any]]:
    """Every row, its JSON as text. Read in portions."""
    query = select(*(as_type(each, TEXT).label(each.name) if isinstance(each.type, JSON) else each for each in one.columns))
    return (dict(row) for row in connection.execute(query.execution_options(yield_per=CHUNK)).mappings())


def _raw(each: Column[Any]) -> TypeEngine[Any]:
    return _JsonAsText() if isinstance(each.type, JSON) else each.type


class _Sum:
    """Count and checksum of rows in any order."""

    def __init__(self) -> None:
        self.rows = 0
        self.value = 0

    def add(self, row: dict[str, Any]) -> None:
        """One more row."""
        line = "\x1f".join(f"{name}={_told(value)}" for name, value in row.items())
        self.rows += 1
        self.value = (self.value + int.from_bytes(hashlib.sha256(line.encode()).digest())) % 2**256


def _told(value: object) -> str:
    """The value so that equal ones are equal texts on every database."""
    if isinstance(value, date):  # and a moment
        return value.isoformat()
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return repr(value)


def _next_number(one: Table, new: Connection) -> None:
    """Numbers that the database gives itself go on after the last one."""
    own = one.autoincrement_column
    if own is None or new.dialect.name != "postgresql":
        return
    sequence = new.execute(text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": one.name, "c": own.name}).scalar()
    last = new.execute(select(func.max(own))).scalar()
    if sequence is not None and last is not None:
        new.execute(text("SELECT setval(:s, :n)"), {"s": sequence, "n": last})
