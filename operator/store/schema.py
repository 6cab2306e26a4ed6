"""The schema: made and upgraded by migrations, checked at every start.

Rule 1: a database is used only at exactly the revision this code knows; an older one says which command to run, a newer one is refused.
Rule 2: an empty database is brought up without being asked.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from contractops.operator.store import records, tables  # noqa: F401  # both fill SQLModel.metadata
from contractops.operator.store.db import Database
from contractops.tools.errors import InputError

MIGRATIONS = Path(__file__).with_name("migrations")


def ensure(database: Database) -> str:
    """Check the schema, making it first when the database is empty; returns the revision.

    Raises ``InputError`` CO-DB-001 for an older schema, CO-DB-002 for one that this version does not know.
    """
    with database.engine.begin() as connection:
        now = revision(connection)
        if now is None and not inspect(connection).get_table_names():
            _upgrade(connection)
            now = revision(connection)
    if now == head():
        return head()
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if now is None or now in known:
        raise InputError("CO-DB-001", f"the database has schema {now}, this version needs {head()}", advice="Run: contractops db upgrade")
    raise InputError("CO-DB-002", f"the database has schema {now}, which is newer than this version", advice="Install the newer contractops.")


def upgrade(database: Database) -> str:
    """Bring the database to the newest schema; returns the revision."""
    with database.engine.begin() as connection:
        _upgrade(connection)
    return head()


def revision(connection: Connection) -> str | None:
    """The revision that the database is at, or None when it has none."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The newest revision of this code."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
