"""The schema: made and upgraded by migrations, checked at every start.

Rule 1: a database is used only at exactly the revision this code knows; an older one says which command to run, a newer one is refused.
Rule 2: an empty database is brought up without being asked.
Rule 3: looking takes no lock and loads no migration: a report does not wait for an import, and starts in a hurry.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from contractops.operator.store import records, tables  # noqa: F401  # each fills SQLModel.metadata
from contractops.operator.store.db import Database
from contractops.tools.errors import InputError, VendorError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")

HEAD: Final = "0004"
"""The newest revision of this code; a test holds it equal to the last migration."""


def ensure(database: Database) -> str:
    """Check the schema, making it first when the database is empty; returns the revision.

    Raises ``InputError``: CO-DB-001 for an older schema, CO-DB-002 for one that this version does not know, CO-DB-003 for a file that is
    no database or cannot be opened; ``VendorError`` CO-DB-005 for a server that does not answer.
    """
    try:
        with database.read() as session:
            now, empty = _found(session.connection())
        if empty:
            with database.engine.begin() as connection:
                now, empty = _found(connection)  # another process may have been first
                if empty:
                    _upgrade(connection)
                    now = HEAD
    except DatabaseError as problem:
        raise _unusable(database, problem) from None
    if now == HEAD:
        return HEAD
    raise _other(now)


def ensure_within(connection: Connection) -> None:
    """``ensure`` inside a transaction of the caller: what it makes goes away with it. Raises as ``ensure``."""
    now, empty = _found(connection)
    if empty:
        _upgrade(connection)
    elif now != HEAD:
        raise _other(now)


def upgrade(database: Database) -> str:
    """Bring the database to the newest schema; returns the revision.

    Raises ``InputError``: CO-DB-002 for a schema that this version does not know, CO-DB-003 for a file that is no database or cannot be opened;
    ``VendorError`` CO-DB-005 for a server that does not answer.
    """
    try:
        with database.engine.begin() as connection:
            now, _empty = _found(connection)
            if now is not None and now not in _known():
                raise _newer(now)
            _upgrade(connection)
    except DatabaseError as problem:
        raise _unusable(database, problem) from None
    return HEAD


def _found(connection: Connection) -> tuple[str | None, bool]:
    """(revision the database is at, whether it holds no table at all)."""
    names = inspect(connection).get_table_names()
    if "alembic_version" not in names:
        return None, not names
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none(), False


def _known() -> set[str]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - only for telling older from newer

    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _upgrade(connection: Connection, revision: str = "head") -> None:
    from alembic import command  # noqa: PLC0415 - only when there is something to do

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - loaded with the commands that need it

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _other(now: str | None) -> InputError:
    if now is None or now in _known():
        return InputError("CO-DB-001", f"the database has schema {now}, this version needs {HEAD}", advice="Run: contractops db upgrade")
    return _newer(now)


def _newer(now: str) -> InputError:
    return InputError(
        "CO-DB-002",
        f"the database has schema {now}, which is newer than this version",
        advice="Install the version that made it: pip install --upgrade contractops",
    )


def away(problem: DBAPIError) -> VendorError:
    """The server of the database does not answer, or no longer does."""
    return VendorError(
        "CO-DB-005", f"the database does not answer: {problem.orig}", advice="Check CONTRACTOPS_DATABASE_URL or --db, and start again."
    )


def _unusable(database: Database, problem: DatabaseError) -> InputError | VendorError:
    if database.engine.dialect.name == "postgresql" and isinstance(problem, OperationalError):
        return away(problem)
    advice = "Check CONTRACTOPS_DATABASE_URL or --db: the folder must exist and the file be a database of contractops."
    return InputError("CO-DB-003", f"the database {_name(database)} cannot be opened: {problem.orig}", advice=advice)


def _name(database: Database) -> str:
    return str(database.engine.url.render_as_string(hide_password=True))
