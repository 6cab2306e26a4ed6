"""What SQLAlchemy has compiled is shared by all databases of a process of tests.

A database of its own for each test would compile its hundred statements anew, which is a tenth of the work of many a test.
"""

from typing import Any

from contractops.operator.store.db import Database

_SHARED: dict[str, Any] = {}


def compiled_once(database: Database) -> Database:
    """The same database, which takes over what others of its kind have compiled, and adds to it; only SQLite's are so many."""
    for engine in (database.engine, database._readers) if database.engine.dialect.name == "sqlite" else ():
        engine.dialect = _SHARED.setdefault("dialect", engine.dialect)
        engine._compiled_cache = _SHARED.setdefault("statements", engine._compiled_cache)
    return database
