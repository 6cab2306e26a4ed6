"""Column types that keep what they are given.

Rule 1: an exact number is stored as text. SQLite keeps ``NUMERIC`` as a float and loses digits; text keeps every digit, on every database.
Rule 2: a moment is an aware ``datetime`` in UTC. SQLModel's plain ``datetime`` is that type already; an explicit
``DateTime(timezone=True)`` comes back naive from SQLite and is not used.
Rule 3: a structure (credit tiers, pauses) is one JSON text column with sorted keys, so that equal values are equal bytes.
Rule 4: rows are never validated by their classes (what is written was checked before), so no validator of theirs is built at the start.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from sqlalchemy import Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


class StoredRow(SQLModel):
    """Base of every table."""

    model_config = {"defer_build": True}


class ExactDecimal(TypeDecorator[Decimal]):
    """A ``Decimal`` kept as plain text (``18450.00``): no exponent, no lost digit, trailing zeros kept."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Text of ``value``. Raises ``TypeError`` for a float: it has lost its digits before it came here."""
        if value is None:
            return None
        if not isinstance(value, Decimal):
            message = f"an exact number is a Decimal, not {type(value).__name__}"
            raise TypeError(message)
        return format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """The number as it was written."""
        return None if value is None else Decimal(value)


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as canonical text: keys sorted, no spaces, characters as they are."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Canonical text of ``value``. Raises ``TypeError`` for what JSON cannot hold exactly (a Decimal, a date)."""
        return None if value is None else json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The value as it was given."""
        return None if value is None else json.loads(value)
