"""Versions of imported records by the value of one column: how the portfolio and the staff list are read for one contract or person.

Rule 1: a question is built once and asked often: building it anew costs more than its answer.
Rule 2: what comes back has the attributes of its record and is for reading only: it belongs to no session, and writing to it fails.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Select, bindparam, or_, select
from sqlmodel import Session

from contractops.operator.store.records import Versioned, table_of

R = TypeVar("R", bound=Versioned)


def by(session: Session, record: type[R], column: str, keys: Collection[str | None], known_at: datetime | None = None) -> list[R]:
    """The versions of ``record`` whose ``column`` is one of ``keys``, by id, as they were known at ``known_at`` (None: now)."""
    return ask(session, question(record, column, many=len(keys) > 1, past=known_at is not None), keys, known_at) if keys else []


@cache
def question(record: type[R], column: str, *, many: bool, past: bool) -> Select[Any]:
    """The question for one key or ``many``, of now or of the ``past``."""
    table = table_of(record)
    wanted = table.c[column].in_(bindparam("keys", expanding=True)) if many else table.c[column] == bindparam("keys")
    current = table.c.superseded_at.is_(None)
    if not past:
        return select(table).where(wanted, current).order_by(table.c.id)
    still = or_(current, table.c.superseded_at > bindparam("known_at"))
    return select(table).where(wanted, table.c.recorded_at <= bindparam("known_at"), still).order_by(table.c.id)


def ask(session: Session, asked: Select[Any], keys: Collection[str | None], known_at: datetime | None, **more: Any) -> list[Any]:
    """The rows that answer ``question``; ``more`` are values of further conditions. What the session has not sent yet counts."""
    session.flush()
    values = {"keys": list(keys) if len(keys) > 1 else next(iter(keys)), "known_at": known_at, **more}
    return cast("list[Any]", session.connection().execute(asked, values).all())
