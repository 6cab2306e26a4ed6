"""Two clocks, never mixed; the only module that reads the machine's time.

Rule 1: business time (term dates, alerts, expiries) comes from a ``Clock``. It is the wall clock, or the ``business_clock`` row
of the database when the installation follows a local world.
Rule 2: wall time (signatures, tokens, leases, back-off) is ``wall_now`` and is never moved.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from sqlalchemy import Engine, text


def wall_now() -> datetime:
    """The machine's time, aware UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that never goes back; only differences mean something."""
    return time.monotonic()


class WallClock:
    """Business time of a real installation: the machine's time."""

    def now(self) -> datetime:
        """The current instant, aware UTC."""
        return wall_now()


class StoredClock:
    """Business time that a local world moves; every process of the installation reads the same row."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> datetime:
        """The stored instant, aware UTC; the wall time as long as nothing was stored."""
        with self._engine.connect() as connection:
            row = connection.execute(text("SELECT now FROM business_clock WHERE id = 1")).one_or_none()
        return datetime.fromisoformat(row[0]).astimezone(UTC) if row else wall_now()

    def move(self, to: datetime) -> None:
        """Store ``to`` (aware) when it is later than what is stored: business time never goes back."""
        with self._engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO business_clock (id, now) VALUES (1, :now) "
                    "ON CONFLICT (id) DO UPDATE SET now = excluded.now WHERE excluded.now > business_clock.now"
                ),
                {"now": to.astimezone(UTC).isoformat()},
            )
