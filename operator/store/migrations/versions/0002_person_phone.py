"""The number that a customer may call: a column of the staff list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody has a number before the next import."""
    op.add_column("person", sa.Column("phone", AutoString(), nullable=True))
