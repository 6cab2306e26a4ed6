"""``contractops db move``: what was copied, by table, and what to do next.

Rule 1: the source is left as it was; whoever moves back sets the variable back, as long as nothing was done on the target.
"""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy.engine import make_url

from contractops.operator import moving, tables_out
from contractops.operator.settings import load
from contractops.operator.store.db import Database


def run(to: str, db: str | None, *, as_json: bool) -> int:
    """Move the database ``db`` (None: that of the settings) to ``to``; returns the exit status. Raises as ``moving.move``."""
    source, target = Database(db or load().database_url), Database(to)
    try:
        moved = moving.move(source, target)
    finally:
        source.dispose()
        target.dispose()
    if as_json:
        tables_out.document({"tables": [asdict(one) for one in moved], "rows": sum(one.rows for one in moved)})
        return 0
    for one in moved:
        tables_out.say(f"{one.table:<24}{one.rows:>10,}  {one.checksum[:16]}")
    tables_out.say(f"{sum(one.rows for one in moved):,} rows in {len(moved)} tables have arrived; each table was counted and compared.")
    tables_out.say(f"Now set CONTRACTOPS_DATABASE_URL to {make_url(to).render_as_string(hide_password=True)} and start.")
    return 0
