"""The core: database, business clock and rules, which every command needs.

Rule 1: nothing remote is opened and no vendor's library is loaded: a report is for people in a hurry.
Rule 2: opening reads only; a report never waits for the write lock of an import.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from contractops.operator.clock import StoredClock, WallClock
from contractops.operator.settings import Settings, load
from contractops.operator.store import schema
from contractops.operator.store.db import Database
from contractops.tools.ports import Clock

if TYPE_CHECKING:
    from contractops.operator import cases


class Core:
    """Database, business clock and rules. Raises ``InputError`` for a database or a policy file that cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        schema.ensure(self.database)
        self.clock: Clock = StoredClock(self.database.engine.execution_options(reader=True)) if settings.clock_url else WallClock()

    @cached_property
    def rules(self) -> cases.Rules:
        """The policies, with the secret of this installation. Made at the first use: its making may write."""
        # Imported here: half of the start of a report would be the values of drafts and approvals.
        from contractops.operator import cases  # noqa: PLC0415
        from contractops.operator.store import installation  # noqa: PLC0415

        secret = installation.token_secret(self.database)
        return cases.rules_of(self.settings.rules, secret, mails=self.settings.smtp_host is not None)

    def close(self) -> None:
        """Give the connections back."""
        self.database.dispose()


@contextmanager
def opened(db: str | None) -> Iterator[Core]:
    """The core of a command: over the database ``db``, None for that of the settings."""
    core = Core(load(database_url=db) if db else load())
    try:
        yield core
    finally:
        core.close()
