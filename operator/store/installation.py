"""What belongs to this installation: made once, never shown.

Rule 1: two processes that start at once agree on one secret.
"""

from __future__ import annotations

import secrets

from sqlalchemy.dialects import postgresql, sqlite

from contractops.operator.store.db import Database
from contractops.operator.store.tables import Installation


def token_secret(database: Database) -> bytes:
    """The secret that button tokens are made with; made at the first call."""
    with database.write() as session:
        insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
        fresh = insert(Installation).values(id=1, token_secret=secrets.token_hex(32)).on_conflict_do_nothing(index_elements=["id"])
        session.connection().execute(fresh)
        return bytes.fromhex(session.get_one(Installation, 1).token_secret)
