"""Access tokens bought with a signed assertion (RFC 7523), as DocuSign and Salesforce sell them.

Rule 1: a token lives in memory only; neither it nor the assertion is ever logged or put into an error.
Rule 2: expiry is judged on wall time, by the clock that is handed in; a token is renewed a minute before it ends.
Rule 3: buying a token changes nothing outside, so a lost answer is an ordinary ``VendorError``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import jwt

from contractops.operator.adapters.wire import certificates, wait_until
from contractops.tools.errors import InputError, VendorError

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_EARLY = timedelta(minutes=1)
_DEFAULT_LIFE = timedelta(minutes=15)  # for servers that do not say how long a token lives


@dataclass(frozen=True, slots=True)
class Grant:
    """What is signed and where it is sent. ``private_key`` is a PEM text; ``life`` is how long the assertion is good."""

    vendor: str
    token_url: str
    issuer: str
    subject: str
    audience: str
    private_key: str = field(repr=False)
    scope: str | None = None
    life: timedelta = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Token:
    """A live token. ``instance_url`` is where the vendor wants the calls to go, when it says so."""

    value: str = field(repr=False)
    expires_at: datetime
    instance_url: str | None = None


class TokenSource:
    """The present token of one grant; buys a new one when it is needed. Safe to share between threads."""

    def __init__(self, grant: Grant, timeout: httpx.Timeout, wall_now: Callable[[], datetime]) -> None:
        self._grant = grant
        self._timeout = timeout
        self._wall_now = wall_now
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self) -> Token:
        """A token good for at least a minute. Raises ``VendorError`` (permanent when the vendor refuses the grant)."""
        with self._lock:
            if self._token is None or self._token.expires_at - _EARLY <= self._wall_now():
                self._token = self._buy()
            return self._token

    def forget(self, refused: Token) -> None:
        """Drop ``refused`` (the vendor answered 401 to it), unless another thread has replaced it already."""
        with self._lock:
            if self._token is refused:
                self._token = None

    def _buy(self) -> Token:
        now = self._wall_now()
        form = {"grant_type": GRANT_TYPE, "assertion": self._assertion(now)}
        try:
            answer = httpx.post(self._grant.token_url, data=form, timeout=self._timeout, verify=certificates())
        except httpx.HTTPError as error:
            message = f"{self._grant.vendor} did not answer the request for a token ({type(error).__name__})."
            raise VendorError("CO-TOK-001", message) from error
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise self._refusal(answer, now)
        return self._read(answer, now)

    def _assertion(self, now: datetime) -> str:
        claims = {
            "iss": self._grant.issuer,
            "sub": self._grant.subject,
            "aud": self._grant.audience,
            "iat": int(now.timestamp()),
            "exp": int((now + self._grant.life).timestamp()),
        }
        if self._grant.scope:
            claims["scope"] = self._grant.scope
        try:
            return jwt.encode(claims, self._grant.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            message = f"The private key for {self._grant.vendor} is not an RSA key in PEM form."
            raise InputError("CO-TOK-002", message, advice="Check the key file named in the settings.") from error

    def _refusal(self, answer: httpx.Response, now: datetime) -> VendorError:
        overloaded = answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
        message = f"{self._grant.vendor} gave no token: {answer.status_code} {_error_word(answer)}."
        if overloaded:
            return VendorError("CO-TOK-003", message, retry_at=wait_until(answer.headers, now))
        advice = "Check the client id, the user, his consent and the key pair; then run: contractops doctor"
        return VendorError("CO-TOK-004", message, advice=advice, permanent=True)

    def _read(self, answer: httpx.Response, now: datetime) -> Token:
        try:
            body = answer.json()
            life = timedelta(seconds=int(body["expires_in"])) if "expires_in" in body else _DEFAULT_LIFE
            return Token(value=str(body["access_token"]), expires_at=now + life, instance_url=body.get("instance_url"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{self._grant.vendor} answered the request for a token with something else."
            raise VendorError("CO-TOK-005", message) from error


def _error_word(answer: httpx.Response) -> str:
    """The vendor's error code (``invalid_grant``), never its free text: that may quote the assertion."""
    try:
        word = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return word[:60] if isinstance(word, str) and word.replace("_", "").isalnum() else ""
