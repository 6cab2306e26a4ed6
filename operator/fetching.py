"""Fetching: the performer of ``slack.fetch``. A file that a person handed over in a form is kept with us.

Rule 1: it is fetched after the decision that names it: a form never waits for a file, and a decision never depends on one.
Rule 2: bytes are stored under their hash; the chain says which file it was, and who handed it over.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from contractops.operator.attend import note
from contractops.operator.performers import Receipt
from contractops.operator.store.records import Blob
from contractops.operator.store.tables import Effect, Renewal
from contractops.tools.ports import Files
from contractops.tools.values import sha256_of


class Fetching:
    """Performs ``slack.fetch``."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def fetch(self, effect: Effect) -> Receipt:
        """Read the file; its bytes, its name and its hash are stored with the receipt."""
        file = self._files.fetch(str(effect.payload["file"]))
        kept = {"name": file.name, "sha256": sha256_of(file.content), "size": len(file.content)}

        def follow(session: Session, done: Effect, now: datetime) -> None:
            if session.get(Blob, kept["sha256"]) is None:
                session.add(Blob(sha256=str(kept["sha256"]), content=file.content))
            row = session.get_one(Renewal, done.renewal_id, populate_existing=True)
            note(session, row, "notice file", str(done.payload["by"]), now, {"received_on": done.payload["received_on"], **kept})

        return Receipt(str(effect.payload["file"]), kept, follow)
