"""Ringing the engine from a command: only when a worker made its tables once.

Rule 1: a ring that cannot be made is no error: the worker finds its work in the database when it starts.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from contractops.operator import engine


def bell(database_url: str) -> engine.Client | None:
    """The engine's doorbell, or None when no worker ever ran on this database."""
    return engine.Client(database_url) if has_tables(database_url) else None


def has_tables(database_url: str) -> bool:
    """Whether the engine's tables exist."""
    url = make_url(engine.engine_url(database_url))
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and not Path(url.database or "").is_file():
        return False
    opened = create_engine(url)
    try:
        return bool(inspect(opened).has_table("workflow_status", schema=None if sqlite else "dbos"))
    finally:
        opened.dispose()
