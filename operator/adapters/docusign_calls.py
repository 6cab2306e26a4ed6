"""One door to the DocuSign SDK: token, time-outs and the translation of its failures into our error family.

Rule 1: every call has a time-out (the SDK has none of its own) and is never repeated by urllib3 (its default repeats PUT).
Rule 2: a failure that may have happened after the vendor acted (no answer, 5xx, an unreadable answer) is ``OutcomeUnknown`` for a
call that changes something, and an ordinary ``VendorError`` for a read.
Rule 3: an ``ApiException`` is never turned into text: its ``__str__`` fails, and its body may hold what must not be logged. Only
the status and the vendor's error code are reported.
Rule 4: after a time-out the vendor may act yet: it is asked whether it did only when that time has passed once more.
Rule 5: 401 buys one new token and repeats the call once: a call that was refused has done nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NoReturn

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationParseError, NewConnectionError, ReadTimeoutError

from contractops.operator.adapters.bearer import TokenSource
from contractops.operator.adapters.docusign_wire import sdk
from contractops.operator.adapters.wire import retry_after, wait_until
from contractops.tools.errors import NotFound, OutcomeUnknown, VendorError

_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, LocationParseError)
_UNAUTHORIZED, _TIMEOUT, _MISSING, _TOO_MANY, _SERVER_FAULT = 401, 408, 404, 429, 500


class RefusedByDocuSign(VendorError):
    """DocuSign said no and did nothing. ``word`` is its error code (``ENVELOPE_CANNOT_VOID_INVALID_STATE``)."""

    def __init__(self, word: str, status: int) -> None:
        super().__init__("CO-ENV-003", f"DocuSign refused the request: {status} {word}.", permanent=True)
        self.word = word


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Whole seconds: the SDK ignores fractions."""

    connect: int = 5
    read: int = 30


class DocuSignCalls:
    """Calls methods of the SDK's ``EnvelopesApi`` by name. Imports the SDK (0.7 s, 34 MB) at the first call."""

    def __init__(self, base_url: str, account_id: str, tokens: TokenSource, timeouts: Timeouts, wall_now: Callable[[], datetime]) -> None:
        self._base_url = base_url
        self._account_id = account_id
        self._tokens = tokens
        self._timeouts = timeouts
        self._wall_now = wall_now

    def read(self, method: str, *positional: str, **named: Any) -> Any:
        """A call that changes nothing. Raises ``NotFound``, ``VendorError``."""
        return self._call(method, positional, named, changes=False)

    def change(self, method: str, *positional: str, **named: Any) -> Any:
        """A call that changes something. Raises ``NotFound``, ``VendorError``, ``RefusedByDocuSign``, ``OutcomeUnknown``."""
        return self._call(method, positional, named, changes=True)

    def close(self) -> None:
        """Close the kept connections."""
        if "_api" in self.__dict__:
            self._api.api_client.rest_client.pool_manager.clear()

    @cached_property
    def _api(self) -> Any:
        client = sdk().ApiClient(host=self._base_url)
        client.rest_client.pool_manager.connection_pool_kw["retries"] = urllib3.Retry(0, redirect=False, raise_on_status=False)
        return sdk().EnvelopesApi(client)

    def _call(self, method: str, positional: tuple[str, ...], named: dict[str, Any], *, changes: bool) -> Any:
        from docusign_esign.client.api_exception import ApiException  # noqa: PLC0415 - see the class docstring

        for may_renew in (True, False):
            token = self._tokens.token()
            try:
                return self._once(token.value, method, positional, named)
            except ApiException as error:
                if error.status == _UNAUTHORIZED and may_renew:
                    self._tokens.forget(token)
                    continue
                self._translate(error, changes=changes)
            except HTTPError as error:
                raise self._no_answer(error, changes=changes) from error
            except (TypeError, ValueError, AttributeError) as error:  # how the SDK's deserialiser fails on a foreign answer
                raise _failed("gave an answer that cannot be read", changes=changes) from error
        raise AssertionError  # the second round always returns or raises

    def _once(self, token: str, method: str, positional: tuple[str, ...], named: dict[str, Any]) -> Any:
        self._api.api_client.set_default_header("Authorization", f"Bearer {token}")
        timeout = (self._timeouts.connect, self._timeouts.read)
        answer = getattr(self._api, method)(self._account_id, *positional, _request_timeout=timeout, **named)
        if answer is None:  # a JSON null
            raise ValueError(method)
        return answer

    def _translate(self, error: Any, *, changes: bool) -> NoReturn:
        status = int(error.status or 0)
        if status == 0:  # the SDK's form of a failed TLS handshake: nothing was sent
            raise VendorError("CO-ENV-001", "No safe connection to DocuSign.", advice="Check the base URL and the proxy.")
        if status in (_TIMEOUT, _TOO_MANY) or status >= _SERVER_FAULT:
            headers, now = error.headers or {}, self._wall_now()
            again = wait_until(headers, now) if status == _TOO_MANY else retry_after(headers, now)
            raise _failed(f"answered {status}", changes=changes and status != _TOO_MANY, again=again)
        if status == _MISSING:
            raise NotFound("CO-ENV-002", "DocuSign does not know this envelope or document.")
        raise RefusedByDocuSign(_error_word(error.body), status)

    def _no_answer(self, error: HTTPError, *, changes: bool) -> VendorError:
        cause = getattr(error, "reason", None) or error  # MaxRetryError wraps what happened
        sent = not isinstance(cause, _NEVER_SENT)
        again = self._wall_now() + timedelta(seconds=self._timeouts.read) if isinstance(cause, ReadTimeoutError) else None
        return _failed(f"did not answer ({type(cause).__name__})", changes=changes and sent, again=again)


def _failed(what: str, *, changes: bool, again: datetime | None = None) -> VendorError:
    if changes:
        return OutcomeUnknown("CO-ENV-004", f"DocuSign {what}; the request may have taken effect.", retry_at=again)
    return VendorError("CO-ENV-005", f"DocuSign {what}.", retry_at=again)


def _error_word(body: bytes | str | None) -> str:
    try:
        word = json.loads(body or b"{}")["errorCode"]
    except (ValueError, KeyError, TypeError):
        return "without an error code"
    return word[:80] if isinstance(word, str) and word.replace("_", "").isalnum() else "with a foreign error code"
