"""Refuses a local world beside real credentials: a demo must never reach a customer.

Rules of this module:

1. It reads a mapping that is handed in, never the process environment.
2. Only credentials that begin with "local" (for Slack: the two local tokens) and loopback addresses pass.
3. The answer names the variable and never its value.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

LOCAL_TOKENS: Final = frozenset({"xoxb-local", "xapp-local"})

_SLACK: Final = ("SLACK_", "CONTRACTOPS_SLACK_")
_VENDORS: Final = ("CONTRACTOPS_DOCUSIGN_", "CONTRACTOPS_SALESFORCE_", "CONTRACTOPS_SMTP_")
_SECRET_WORDS: Final = ("TOKEN", "SECRET", "KEY", "PASSWORD")
_ADDRESS_WORDS: Final = ("URL", "HOST", "BASE")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def real_credentials(environment: Mapping[str, str], *, model_given: bool) -> tuple[str, ...]:
    """Names of the variables in `environment` that belong to a real vendor account, sorted; empty when none.

    `model_given` allows OPENAI_API_KEY: the caller asked for a real model by name.
    """
    found = {name for name, value in environment.items() if value and _is_real(name, value)}
    if environment.get("OPENAI_API_KEY") and not model_given:
        found.add("OPENAI_API_KEY")
    return tuple(sorted(found))


def _is_real(name: str, value: str) -> bool:
    if name.startswith(_SLACK):
        return "TOKEN" in name and value not in LOCAL_TOKENS
    if not name.startswith(_VENDORS):
        return False
    if any(word in name for word in _ADDRESS_WORDS):
        address = value if "//" in value else f"//{value}"
        return urlsplit(address).hostname not in _LOOPBACK
    # A private key (or the path of its file) says nothing by itself: the address it is used with was checked above.
    is_secret = any(word in name for word in _SECRET_WORDS) and "PRIVATE_KEY" not in name
    return is_secret and not value.startswith("local")
