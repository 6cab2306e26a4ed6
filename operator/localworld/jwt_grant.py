"""JWT bearer grants (RFC 7523) as DocuSign and Salesforce take them, and the access tokens they buy.

Rules: an assertion is signed RS256 with the one seeded public key; `exp` and `iat` are read on wall time; an access token is itself
signed and dated, so that it survives a restart of the world and dies an hour after the assertion was made.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_LIFE: Final = timedelta(hours=1)
_SIGNING_KEY: Final = "local-world-access-tokens-are-worth-nothing-elsewhere"
_ALGORITHM: Final = "HS256"


class GrantRefusedError(Exception):
    """The token endpoint answers 400 with `error` (RFC 6749, 5.2) and the text of this exception."""

    def __init__(self, description: str, error: str = "invalid_grant") -> None:
        super().__init__(description)
        self.error = error


@dataclass(frozen=True, slots=True)
class Expected:
    """What an assertion must say; `required` are claims that must be present beside aud, exp, iss and sub.

    `issuer` and `subject` None: any that is not empty.
    """

    public_key: str | None
    audiences: Collection[str]
    issuer: str | None
    subject: str | None
    required: tuple[str, ...] = ()


def check_grant(form: Mapping[str, object], expected: Expected) -> dict[str, Any]:
    """The claims of the good assertion in a token request's `form`. Raises GrantRefusedError with the reason."""
    if form.get("grant_type") != GRANT_TYPE:
        raise GrantRefusedError(f"grant_type is {GRANT_TYPE}", "unsupported_grant_type")
    if not expected.public_key:
        raise GrantRefusedError("no_valid_keys_or_signatures: no public key was seeded")
    try:
        claims: dict[str, Any] = jwt.decode(
            str(form.get("assertion", "")),
            expected.public_key,
            algorithms=["RS256"],
            audience=list(expected.audiences),
            options={"require": ["aud", "exp", "iss", "sub", *expected.required]},
        )
    except jwt.InvalidTokenError as error:
        raise GrantRefusedError(f"{type(error).__name__}: {error}") from error
    if not claims["iss"] or expected.issuer not in {None, claims["iss"]}:
        raise GrantRefusedError("issuer_not_found")
    if not claims["sub"] or expected.subject not in {None, claims["sub"]}:
        raise GrantRefusedError("user_not_found")
    return claims


def issue(surface: str, granted_at: datetime) -> str:
    """An access token for `surface`, good for an hour from `granted_at` (aware wall time)."""
    claims = {"aud": surface, "iat": granted_at.astimezone(UTC), "exp": granted_at.astimezone(UTC) + TOKEN_LIFE}
    return jwt.encode(claims, _SIGNING_KEY, algorithm=_ALGORITHM)


def is_good(surface: str, authorization: str) -> bool:
    """Whether an Authorization header carries a live token of `surface`."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return False
    try:
        jwt.decode(token, _SIGNING_KEY, algorithms=[_ALGORITHM], audience=surface)
    except jwt.InvalidTokenError:
        return False
    return True
