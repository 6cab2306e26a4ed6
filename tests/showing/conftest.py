"""One imported portfolio a run; every test works in a transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session

from contractops.operator.store.db import Database
from tests.postgres import databases
from tests.showing.factory import World, portfolio


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The sample portfolio in a file of its own."""
    file: Path = tmp_path_factory.mktemp("showing") / "contractops.db"
    made = portfolio(databases.url_of(file))
    yield made
    made.dispose()


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    """A world whose rows vanish after the test."""
    with Session(database.engine, expire_on_commit=False) as session:
        yield World(session)
        session.rollback()
