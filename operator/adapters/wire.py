"""What the vendors have in common: whose certificates are trusted, and when to come back.

Rule: a waiting time is taken from the vendor's own headers and is never longer than a day, so that a nonsense header cannot park a
renewal for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from ssl import SSLContext

import httpx

LONGEST_WAIT = timedelta(days=1)
DEFAULT_WAIT = timedelta(seconds=60)


@cache
def certificates() -> SSLContext:
    """Whom we trust, read once: each reading takes 15 ms, and a client for one request would read anew."""
    return httpx.create_ssl_context()


def retry_after(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """When the vendor says to come back: ``Retry-After`` (seconds or HTTP date) or ``X-RateLimit-Reset`` (epoch seconds), aware UTC.

    None when neither is there or readable. ``now`` is aware wall time.
    """
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    when = _from_retry_after(lowered.get("retry-after", ""), now) or _from_epoch(lowered.get("x-ratelimit-reset", ""))
    if when is None:
        return None
    return min(max(when, now), now + LONGEST_WAIT)


def wait_until(headers: Mapping[str, str], now: datetime) -> datetime:
    """As ``retry_after``; one minute from ``now`` when the vendor does not say."""
    return retry_after(headers, now) or now + DEFAULT_WAIT


def _from_retry_after(text: str, now: datetime) -> datetime | None:
    if text.isascii() and text.isdecimal():
        return now + min(timedelta(seconds=int(text[:9])), LONGEST_WAIT)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _from_epoch(text: str) -> datetime | None:
    if not (text.isascii() and text.isdecimal() and len(text) <= len("9999999999")):
        return None
    return datetime.fromtimestamp(int(text), tz=UTC)
