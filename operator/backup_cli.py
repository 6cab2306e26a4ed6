"""``contractops backup`` and ``contractops restore``: what they did, in words.

Rule 1: a restoring ends with the vendors asked, or says that they were not and that nothing is performed before.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from contractops.operator import backup, logs, tables_out
from contractops.operator.settings import load
from contractops.operator.sole import sole
from contractops.operator.wording import plural
from contractops.tools.errors import VendorError


def make(target: Path, db: str | None, *, as_json: bool) -> int:
    """Write a backup; returns 0."""
    manifest = backup.backup(db or load().database_url, target, version("contractops"))
    if as_json:
        tables_out.document(manifest)
    else:
        rows, documents = sum(manifest["tables"].values()), len(manifest["documents"])
        tables_out.say(
            f"{target}: schema {manifest['schema']}, {plural(rows, 'row')}, {plural(documents, 'document')}. Keep it as safe as the database."
        )
    return 0


def take_back(source: Path, db: str | None, *, as_json: bool) -> int:
    """Restore a backup and ask the vendors; returns 0, or 5 when one did not answer. See ``backup.restore`` for what is raised."""
    from contractops.operator.app import Operator  # noqa: PLC0415 - heavy, and only of use over a restored database

    logs.configure(level="error")
    settings = load(database_url=db) if db else load()
    with sole(settings.database_url):
        manifest = backup.restore(source, settings.database_url)
        operator = Operator(settings)
        try:
            found = operator.reconcile()
            problem = None
        except VendorError as error:
            found, problem = None, error
        finally:
            operator.core.close()
    asked = {} if found is None else {"looked_up": found.looked_up, "stopped": found.stopped, "unknown_envelopes": found.unknown_envelopes}
    if as_json:
        tables_out.document({"made_at": manifest["made_at"], "reconciled": problem is None, **asked})
    else:
        tables_out.say(f"Restored as of {manifest['made_at']}. The database that was there is kept beside it.")
        if found is not None:
            tables_out.say(
                f"Compared with the vendors. Looked up before being done: {plural(found.looked_up, 'effect')}. "
                f"Stopped for a person: {plural(found.stopped, 'effect')}. "
                f"Held for a person: {plural(found.unknown_envelopes, 'envelope')} sent after the backup."
            )
    if problem is not None:
        tables_out.tell(f"Not compared yet: {problem.message} contractops run asks again, and performs nothing before.")
        return problem.exit_status
    return 0
