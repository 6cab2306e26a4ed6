"""``contractops erase``: takes a person out of the database, and says where he stood."""

from __future__ import annotations

from contractops.operator import erasing, tables_out
from contractops.operator.core import opened
from contractops.operator.settings import load
from contractops.operator.sole import sole
from contractops.operator.wording import listing, plural


def run(person: str, db: str | None, *, dry_run: bool, as_json: bool) -> int:
    """Erase ``person``; returns 0. See ``erasing.erase`` for what is raised."""
    with sole(db or load().database_url), opened(db) as core:
        found = erasing.erase(core.database, person, core.clock.now(), dry_run=dry_run)
    if as_json:
        tables_out.document({"erased": not dry_run, "rows": found.rows, "chains": found.chains})
        return 0
    where = listing([f"{plural(count, 'row')} of {table}" for table, count in found.rows.items()])
    tables_out.say(f"{'Would be erased' if dry_run else 'Erased'}: {where}.")
    tables_out.say(f"{plural(found.chains, 'audit chain')} sealed; each still verifies." if not dry_run else "Nothing was changed.")
    tables_out.tell("Take the person out of the files that are imported, and let older backups, logs and stored documents run out.")
    return 0
