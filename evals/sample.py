"""The names of the sample portfolio, as a person who sees everything may use them."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path

from contractops.graphs.known import Known
from contractops.operator import arming, cases, people
from contractops.operator.importing.folder import import_folder
from contractops.operator.settings import load
from contractops.operator.store import installation, schema
from contractops.operator.store.db import Database
from contractops.operator.talk.known import known

NOW = datetime(2026, 12, 7, 15, 0, tzinfo=UTC)
"""The day of the sample."""
EYES = "lena.fischer"


@cache
def sample_names() -> Known:
    """The names of the whole sample, imported into a database of its own."""
    with tempfile.TemporaryDirectory() as place:
        database = Database(f"sqlite:///{Path(place) / 'sample.db'}")
        schema.ensure(database)
        import_folder(Path(str(files("contractops").joinpath("sample/portfolio"))), database.engine, NOW)
        arming.arm(database, NOW, cases.rules_of(load().rules, installation.token_secret(database)))
        with database.read() as session:
            eyes = people.person(session, EYES)
            if eyes is None:
                message = f"the sample has no {EYES}"
                raise LookupError(message)
            found = known(session, eyes, NOW)
        database.dispose()
    return found
