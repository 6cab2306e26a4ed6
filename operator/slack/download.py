"""The bytes of a file in Slack, from the private address that ``files.info`` names.

Rule 1: the bot token goes to Slack's own hosts, or to the host of the API that we were given; to no other, and nowhere by a redirect.
Rule 2: what is longer than ``MOST`` bytes is not taken: it is refused while it is read.
Rule 3: an address that answers with a page or a redirect wants a sign-in: the token may not read files.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

from contractops.tools.errors import NotFound, Refused, VendorError

MOST: Final = 25 * 1024 * 1024
_SLACK: Final = ".slack.com"
_GONE: Final = frozenset({404, 410})
_BUSY: Final = 429
_SERVER_FAULT: Final = 500
_OK: Final = 200


def download(address: str, token: str, api: str, timeout: float, *, later: datetime) -> bytes:
    """The bytes at ``address``; ``api`` is the address of the Web API, ``timeout`` in seconds, ``later`` when to try again (wall time).

    Raises ``NotFound`` for a file that is gone, ``Refused`` for one that is too large, ``VendorError`` for everything else.
    """
    if not _is_slacks(address, api):
        raise VendorError("CO-SLK-030", "Slack named an address outside Slack for a file; the token was not sent there", permanent=True)
    try:
        with httpx.stream("GET", address, headers={"Authorization": f"Bearer {token}"}, timeout=timeout, trust_env=False) as answer:
            _check(answer, later)
            content = bytearray()
            for part in answer.iter_bytes():
                content += part
                if len(content) > MOST:
                    raise Refused("CO-SLK-033", f"the file is larger than {MOST // 2**20} MB", advice="Keep it elsewhere and note where.")
            return bytes(content)
    except httpx.HTTPError as problem:
        raise VendorError("CO-SLK-032", "no answer from Slack (file)", retry_at=later) from problem


def _is_slacks(address: str, api: str) -> bool:
    """Whether the token may go to ``address``."""
    there, ours = urlsplit(address), urlsplit(api)
    if (there.scheme, there.netloc) == (ours.scheme, ours.netloc):
        return True
    return there.scheme == "https" and there.port is None and (there.hostname or "").endswith(_SLACK)


def _check(answer: httpx.Response, later: datetime) -> None:
    """Raise what an answer without the file means."""
    if answer.status_code in _GONE:
        raise NotFound("CO-SLK-031", "Slack no longer has the file")
    if answer.status_code >= _SERVER_FAULT or answer.status_code == _BUSY:
        raise VendorError("CO-SLK-032", f"Slack failed with {answer.status_code} (file)", retry_at=later)
    if answer.status_code != _OK or answer.headers.get("content-type", "").startswith("text/html"):
        advice = "Add the scope files:read under OAuth & Permissions and install the app again."
        raise VendorError("CO-SLK-034", "Slack did not hand out the file", advice=advice, permanent=True)
