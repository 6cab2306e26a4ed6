"""Tokens: bought when needed, kept for their life, never shown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
import respx

from contractops.operator.adapters.bearer import Grant, TokenSource
from contractops.operator.adapters.wire import retry_after, wait_until
from contractops.tools.errors import InputError, VendorError
from tests.adapters.conftest import Keys

URL = "https://login.example/token"
NOON = datetime(2026, 12, 7, 12, tzinfo=UTC)


class Wall:
    """Wall time that a test moves."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def grant(keys: Keys, **changes: Any) -> Grant:
    facts: dict[str, Any] = {
        "vendor": "Vendor", "token_url": URL, "issuer": "app", "subject": "desk", "audience": "login.example", "private_key": keys.private,
    }  # fmt: skip
    return Grant(**facts | changes)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@respx.mock
def test_a_token_is_renewed_a_minute_before_its_end(keys: Keys, wall: Wall) -> None:
    """Two calls, one token; 59 minutes and a second later there is a second one."""
    bought = respx.post(URL).mock(side_effect=[httpx.Response(200, json={"access_token": n, "expires_in": 3600}) for n in ("one", "two")])
    source = TokenSource(grant(keys), httpx.Timeout(1), wall)
    assert [source.token().value, source.token().value] == ["one", "one"]
    wall.now += timedelta(minutes=59, seconds=1)
    assert source.token().value == "two"
    assert bought.call_count == 2


@respx.mock
def test_the_assertion_says_who_for_whom_and_until_when(keys: Keys, wall: Wall) -> None:
    """RS256 with issuer, subject, audience, scope and an end that is the life of the grant away."""
    bought = respx.post(URL).respond(json={"access_token": "one", "expires_in": 3600})
    TokenSource(grant(keys, scope="signature"), httpx.Timeout(1), wall).token()
    form = dict(pair.split("=") for pair in bought.calls.last.request.content.decode().split("&"))
    claims = jwt.decode(
        form["assertion"], keys.public, algorithms=["RS256"], options={"verify_exp": False, "verify_aud": False, "verify_iat": False}
    )
    assert claims == {
        "iss": "app",
        "sub": "desk",
        "aud": "login.example",
        "scope": "signature",
        "iat": int(NOON.timestamp()),
        "exp": int(NOON.timestamp()) + 180,
    }


@respx.mock
def test_only_the_refused_token_is_forgotten(keys: Keys, wall: Wall) -> None:
    """A late 401 to an old token does not throw away its successor."""
    respx.post(URL).mock(side_effect=[httpx.Response(200, json={"access_token": n}) for n in ("one", "two")])
    source = TokenSource(grant(keys), httpx.Timeout(1), wall)
    old = source.token()
    source.forget(old)
    new = source.token()
    source.forget(old)
    assert source.token() is new


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        (httpx.Response(400, json={"error": "invalid_grant", "error_description": "secret text"}), True),
        (httpx.Response(503, headers={"Retry-After": "7"}), False),
        (httpx.Response(429), False),
        (httpx.Response(200, json=["odd"]), False),
        (httpx.Response(200, text="<html>"), False),
        (httpx.Response(200, json={"access_token": "x", "expires_in": "soon"}), False),
    ],
)
@respx.mock
def test_refusals_and_garbage_are_vendor_errors(keys: Keys, wall: Wall, answer: httpx.Response, permanent: bool) -> None:
    """Only a refusal of the grant itself is permanent; no answer is repeated in the error beyond its code."""
    respx.post(URL).mock(return_value=answer)
    with pytest.raises(VendorError) as failed:
        TokenSource(grant(keys), httpx.Timeout(1), wall).token()
    assert failed.value.permanent is permanent
    assert "secret text" not in str(failed.value)


def test_a_broken_key_is_our_input(keys: Keys, wall: Wall) -> None:
    """A key file with something else in it is an InputError that does not show it."""
    with pytest.raises(InputError) as failed:
        TokenSource(grant(keys, private_key="not a key"), httpx.Timeout(1), wall).token()
    assert "not a key" not in str(failed.value)


def test_secrets_stay_out_of_representations(keys: Keys) -> None:
    """Whoever logs a grant logs no key."""
    assert "PRIVATE" not in repr(grant(keys))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": "Mon, 07 Dec 2026 12:01:00 GMT"}, 60),
        ({"X-RateLimit-Reset": str(int(NOON.timestamp()) + 90)}, 90),
        ({"X-RateLimit-Reset": str(int(NOON.timestamp()) - 90)}, 0),
        ({"Retry-After": "99999999999"}, 86_400),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "٣"}, None),
        ({}, None),
    ],
)
def test_the_waiting_time_is_the_vendors_and_bounded(headers: dict[str, str], seconds: int | None) -> None:
    """Seconds, HTTP date or epoch; nonsense is none; never longer than a day, never in the past."""
    expected = None if seconds is None else NOON + timedelta(seconds=seconds)
    assert retry_after(headers, NOON) == expected
    assert wait_until(headers, NOON) == (expected or NOON + timedelta(minutes=1))
