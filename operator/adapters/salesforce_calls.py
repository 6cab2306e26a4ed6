"""One door to the Salesforce REST API: token, time-outs and the translation of its answers into our error family.

Rule 1: numbers are parsed as ``Decimal``. Rule 2: no answer to a write is ``OutcomeUnknown``; no answer to a read is ``VendorError``.
Rule 3: only status and error code are reported: Salesforce's messages quote field values.
Rule 4: 401 buys one new token and repeats the call once: a call that was refused has done nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx

from contractops.operator.adapters.bearer import TokenSource
from contractops.operator.adapters.wire import retry_after, wait_until
from contractops.tools.errors import Conflict, NotFound, OutcomeUnknown, VendorError

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class SalesforceCalls:
    """Requests below ``/services/data/vN`` of the organisation that the token is for."""

    def __init__(
        self, client: httpx.Client, tokens: TokenSource, base_url: str, api_version: str, wall_now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._tokens = tokens
        self._base_url = base_url
        self._root = f"/services/data/v{api_version}"
        self._wall_now = wall_now

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON answer of a read. Raises ``NotFound``, ``VendorError``."""
        return self._read(self._request("GET", path, query=query))

    def patch(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        """Write. Raises ``Conflict`` (412: changed since), ``NotFound``, ``VendorError``, ``OutcomeUnknown``."""
        self._request("PATCH", path, body=body, headers=headers)

    def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        for may_renew in (True, False):
            token = self._tokens.token()
            url = (token.instance_url or self._base_url).rstrip("/") + self._root + path
            sent = {"Authorization": f"Bearer {token.value}", "Accept": "application/json", **(headers or {})}
            try:
                answer = self._client.request(method, url, params=query, json=body, headers=sent)
            except httpx.HTTPError as error:
                raise self._no_answer(error, changes=method != "GET") from error
            if answer.status_code == httpx.codes.UNAUTHORIZED and may_renew:
                self._tokens.forget(token)
                continue
            return self._checked(answer, changes=method != "GET")
        raise AssertionError  # the second round always returns or raises

    def _checked(self, answer: httpx.Response, *, changes: bool) -> httpx.Response:
        status = answer.status_code
        if answer.is_success:
            return answer
        word = _error_word(answer)
        if status == httpx.codes.PRECONDITION_FAILED:
            raise Conflict("CO-CRM-003", "The CRM record was changed since it was read.")
        if status == httpx.codes.NOT_FOUND:
            raise NotFound("CO-CRM-004", f"Salesforce does not know this record ({word}).")
        now = self._wall_now()
        if status == httpx.codes.TOO_MANY_REQUESTS or word in ("REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW"):
            raise VendorError("CO-CRM-005", f"Salesforce asks to wait ({word}).", retry_at=wait_until(answer.headers, now))
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            kind = OutcomeUnknown if changes else VendorError
            raise kind("CO-CRM-006", f"Salesforce answered {status}.", retry_at=retry_after(answer.headers, now))
        raise VendorError("CO-CRM-007", f"Salesforce refused the request: {status} {word}.", permanent=True)

    def _no_answer(self, error: httpx.HTTPError, *, changes: bool) -> VendorError:
        what = f"Salesforce did not answer ({type(error).__name__})."
        if changes and not isinstance(error, _NEVER_SENT):
            return OutcomeUnknown("CO-CRM-001", what + " The write may have taken effect.")
        return VendorError("CO-CRM-002", what)

    def _read(self, answer: httpx.Response) -> Any:
        try:
            return json.loads(answer.content, parse_float=Decimal)
        except ValueError as error:
            raise VendorError("CO-CRM-008", "Salesforce answered with something that is not JSON.") from error


def _error_word(answer: httpx.Response) -> str:
    try:
        word = answer.json()[0]["errorCode"]
    except (ValueError, KeyError, IndexError, TypeError):
        return "without an error code"
    return word[:80] if isinstance(word, str) and word.replace("_", "").isalnum() else "with a foreign error code"
