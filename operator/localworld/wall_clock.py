"""Wall time of the local world: what the virtual clock never moves (tokens, rate-limit windows, retries)."""

from datetime import UTC, datetime


def wall_now() -> datetime:
    """The machine's time, aware, in UTC."""
    return datetime.now(UTC)
