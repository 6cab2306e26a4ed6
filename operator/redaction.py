"""Redaction: what no text of ours may show, whatever it quotes.

Rule 1: the values of the secret settings are known from the moment at which they are read, and are cut out word for word.
Rule 2: what looks like a token is cut out too: vendors make tokens that no setting holds.
"""

from __future__ import annotations

import re
from typing import Final

REDACTED: Final = "[redacted]"
_TOKENS: Final = re.compile(r"(xox[abp]-|xapp-|Bearer |eyJ)[A-Za-z0-9._~+/=-]{6,}")
_SHORTEST: Final = 4
"""A shorter value would be cut out of ordinary words; nobody guesses a secret from what is left."""

_known: set[str] = set()


def hide(secret: str) -> None:
    """Cut ``secret`` out of every text from now on; of a text of several lines (a private key) each line."""
    _known.update(line for line in (one.strip() for one in secret.splitlines()) if len(line) >= _SHORTEST)


def redacted(text: str) -> str:
    """``text`` without secrets."""
    for secret in sorted(_known, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return _TOKENS.sub(REDACTED, text)
