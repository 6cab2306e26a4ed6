from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import SQLModel, create_engine

from contractops.operator.store import records  # noqa: F401 (its tables)
from tests.postgres import databases


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = create_engine(databases.url_of(tmp_path / "app.db"))
    SQLModel.metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small right portfolio: one owner, one account, two contracts, one order."""
    made = tmp_path / "in"
    made.mkdir()
    (made / "people.csv").write_text("id,name,email,role,zone\nann,Ann Lee,ann@example.com,account_owner,America/Chicago\n")
    (made / "accounts.csv").write_text("id,name,owner_id,zone\nacme,Acme,ann,America/Chicago\n")
    (made / "contracts.csv").write_text(
        "id,kind,account_id,start_on,initial_length,initial_unit,notice_length,notice_unit,currency\n"
        "C-1,msa,acme,2026-01-01,12,months,60,days,USD\n"
        "C-2,msa,acme,2026-02-01,24,months,3,months,USD\n"
    )
    (made / "service_orders.csv").write_text("id,contract_id,product,monthly_price,currency\nO-1,C-1,Line,18450.00,USD\n")
    return made
