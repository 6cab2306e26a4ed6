"""Customer records in Salesforce: the ``Crm`` port over its REST API.

Rule 1: the record is read again right before it is written; a field that no longer holds what we planned from is not overwritten.
Rule 2: the write is conditional (``If-Unmodified-Since``, one second fine) and carries ``Renewal_Key__c`` and the next
``Renewal_Version__c``: a repeat finds its own key and writes nothing; two writers in one second are seen in the read-back.
Rule 3: change orders go first, by external id; the key is written last, so a record with the key has all of them.
Rule 4: only reads and this write are retried here, because repeating them is proven to change nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from contractops.operator.adapters.bearer import Grant, TokenSource
from contractops.operator.adapters.salesforce_calls import SalesforceCalls
from contractops.operator.adapters.salesforce_fields import (
    CHANGE_ORDER,
    CHANGE_ORDER_FIELDS,
    CHANGE_ORDER_ID,
    CONTRACT,
    CONTRACT_ID,
    FIELDS,
    RENEWAL_KEY,
    RENEWAL_VERSION,
    from_vendor,
    to_vendor,
)
from contractops.operator.adapters.wire import certificates
from contractops.tools.crm import CrmChangeOrder, CrmPatch, CrmReceipt, CrmRecord
from contractops.tools.crm_merge import merge, receipt
from contractops.tools.errors import Conflict, InputError, NotFound, VendorError
from contractops.tools.values import Value

_ATTEMPTS = 3
_STAMPS = ("SystemModstamp", "LastModifiedDate", "LastModifiedBy.Name")


@dataclass(frozen=True, slots=True)
class SalesforceConfig:
    """Where and as whom. ``login_url`` is ``https://login.salesforce.com``; tokens are bought below it. Time-outs in seconds."""

    login_url: str
    client_id: str
    username: str
    private_key: str = field(repr=False)
    audience: str = "https://login.salesforce.com"
    api_version: str = "62.0"
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    retry_wait: float = 0.5


class _Held(Value):
    """A contract record with what the conditional write needs."""

    record: CrmRecord
    sfdc_id: str
    version: int
    stamp: datetime


class Salesforce:
    """Implements ``Crm``. ``wall_now`` gives aware wall time, for tokens and waiting times."""

    def __init__(self, config: SalesforceConfig, wall_now: Callable[[], datetime]) -> None:
        base = config.login_url.rstrip("/")
        timeout = httpx.Timeout(config.read_timeout, connect=config.connect_timeout)
        self._http = httpx.Client(timeout=timeout, verify=certificates())
        grant = Grant(
            vendor="Salesforce",
            token_url=f"{base}/services/oauth2/token",
            issuer=config.client_id,
            subject=config.username,
            audience=config.audience,
            private_key=config.private_key,
        )
        self._calls = SalesforceCalls(self._http, TokenSource(grant, timeout, wall_now), base, config.api_version, wall_now)
        self._retrying = Retrying(
            retry=retry_if_exception(_is_worth_a_retry),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_exponential(multiplier=config.retry_wait, max=8),
            reraise=True,
        )

    def close(self) -> None:
        """Close the kept connections; the adapter cannot be used afterwards."""
        self._http.close()

    def read(self, contract_id: str) -> CrmRecord | None:
        """The record as it stands, or None. Raises ``VendorError``."""
        held = self._retrying.copy()(self._held, contract_id)
        return held.record if held else None

    def write(self, patch: CrmPatch) -> CrmReceipt:
        """Settle, write and read back. Raises ``NotFound``, ``Conflict`` (others keep writing), ``VendorError``, ``OutcomeUnknown``."""
        return self._retrying.copy()(self._write_once, patch)

    def overwrite(self, contract_id: str, field: str, value: str | None, renewal_key: str) -> None:
        """Write one field that a person decided on; a repeat that finds it written writes nothing. Raises as ``write`` does."""
        self._retrying.copy()(self._overwrite_once, contract_id, field, value, renewal_key)

    def check(self) -> None:
        """For ``doctor``: every mapped field exists, and both external ids are External ID and Unique. Raises ``InputError``."""
        self._check_object(CONTRACT, CONTRACT_ID, {RENEWAL_KEY, RENEWAL_VERSION, *(each.name for each in FIELDS.values())})
        self._check_object(CHANGE_ORDER, CHANGE_ORDER_ID, {each.name for each in CHANGE_ORDER_FIELDS.values()})

    def _held(self, contract_id: str) -> _Held | None:
        fields = ", ".join(("Id", *(each.name for each in FIELDS.values()), RENEWAL_KEY, RENEWAL_VERSION, *_STAMPS))
        rows = self._select(fields, CONTRACT, CONTRACT_ID, contract_id)
        if len(rows) > 1:
            message = f"{len(rows)} contracts carry {CONTRACT_ID} {contract_id}."
            raise VendorError("CO-CRM-010", message, advice="The field must be Unique; merge the records.", permanent=True)
        if not rows:
            return None
        orders = self._select(CHANGE_ORDER_ID, CHANGE_ORDER, CHANGE_ORDER_FIELDS["contract_id"].name, contract_id)
        try:
            return _Held(
                record=_record(contract_id, rows[0], tuple(sorted(str(each[CHANGE_ORDER_ID]) for each in orders))),
                sfdc_id=rows[0]["Id"],
                version=int(rows[0][RENEWAL_VERSION] or 0),
                stamp=datetime.fromisoformat(rows[0]["SystemModstamp"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise VendorError("CO-CRM-009", "Salesforce answered with a record that is not whole.") from error

    def _select(self, fields: str, name: str, key: str, value: str) -> list[dict[str, Any]]:
        query = f"SELECT {fields} FROM {name} WHERE {key} = '{_soql_text(value)}'"  # noqa: S608 - names are ours, the value is escaped
        answer = self._calls.get("/query", {"q": query})
        try:
            rows, done = list(answer["records"]), answer["done"]
        except (KeyError, TypeError) as error:
            raise VendorError("CO-CRM-009", "Salesforce answered a query with something else.") from error
        if not done:
            raise VendorError("CO-CRM-015", f"{value} has more records in {name} than one page holds.", permanent=True)
        return rows

    def _write_once(self, patch: CrmPatch) -> CrmReceipt:
        before = self._must_hold(patch.contract_id)
        merged = merge(before.record, patch)
        if before.record.renewal_key == patch.renewal_key:
            return receipt(patch, merged, before.record)
        for order in patch.add_change_orders:
            self._upsert(patch.contract_id, order)
        changes = {change.field: change.new for change in merged.to_write}
        body = to_vendor(FIELDS, changes) | {RENEWAL_KEY: patch.renewal_key}
        self._patch(before, body)
        after = self._must_hold(patch.contract_id)
        if after.record.renewal_key != patch.renewal_key or after.version != before.version + 1:
            raise Conflict("CO-CRM-011", f"Somebody wrote {patch.contract_id} in the same second.")
        return receipt(patch, merged, after.record)

    def _overwrite_once(self, contract_id: str, field: str, value: str | None, renewal_key: str) -> None:
        held = self._must_hold(contract_id)
        body = to_vendor(FIELDS, {field: value}) | {RENEWAL_KEY: renewal_key}
        if held.record.renewal_key != renewal_key or held.record.fields.get(field) != value:
            self._patch(held, body)

    def _patch(self, held: _Held, body: dict[str, Any]) -> None:
        unchanged = {"If-Unmodified-Since": format_datetime(held.stamp.astimezone(UTC), usegmt=True)}
        self._calls.patch(f"/sobjects/{CONTRACT}/{held.sfdc_id}", body | {RENEWAL_VERSION: held.version + 1}, unchanged)

    def _upsert(self, contract_id: str, order: CrmChangeOrder) -> None:
        values = {
            "contract_id": contract_id,
            "description": order.description,
            "monthly_change": order.monthly_change,
            "currency": order.currency,
            "effective_on": order.effective_on,
        }
        path = f"/sobjects/{CHANGE_ORDER}/{CHANGE_ORDER_ID}/{quote(order.order_id, safe='')}"
        self._calls.patch(path, to_vendor(CHANGE_ORDER_FIELDS, values))

    def _must_hold(self, contract_id: str) -> _Held:
        held = self._held(contract_id)
        if held is None:
            raise NotFound("CO-CRM-012", f"Salesforce has no contract with {CONTRACT_ID} {contract_id}.")
        return held

    def _check_object(self, name: str, external_id: str, needed: set[str]) -> None:
        described = self._calls.get(f"/sobjects/{name}/describe")
        try:
            fields = {each["name"]: each for each in described["fields"]}
        except (KeyError, TypeError) as error:
            raise VendorError("CO-CRM-009", "Salesforce described an object with something else.") from error
        missing = sorted((needed | {external_id}) - set(fields))
        if missing:
            raise InputError("CO-CRM-013", f"Salesforce object {name} lacks {', '.join(missing)}.", advice="Create the fields.")
        if not (fields[external_id].get("externalId") and fields[external_id].get("unique")):
            advice = "Mark the field as External ID and Unique: without it one write could reach two records."
            raise InputError("CO-CRM-014", f"{name}.{external_id} is not External ID and Unique.", advice=advice)


def _record(contract_id: str, row: dict[str, Any], change_orders: tuple[str, ...]) -> CrmRecord:
    return CrmRecord(
        contract_id=contract_id,
        fields=from_vendor(row),
        change_orders=change_orders,
        modified_at=datetime.fromisoformat(row["LastModifiedDate"]).astimezone(UTC),
        modified_by=(row["LastModifiedBy"] or {}).get("Name"),
        renewal_key=row[RENEWAL_KEY],
    )


def _soql_text(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")


def _is_worth_a_retry(error: BaseException) -> bool:
    """No answer, an overloaded server without a long wait, or a lost race; never a refusal."""
    if isinstance(error, VendorError):
        return not error.permanent and error.retry_at is None
    return isinstance(error, Conflict)
