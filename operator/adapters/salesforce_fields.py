"""Our field names and Salesforce's, in one literal table, and the values between them.

Rule 1: a field that is not in the table cannot be read or written.
Rule 2: a number is read from its digits (never through a float) and written so that its digits survive.
Rule 3: the object and the fields that the operator needs are listed here; ``contractops doctor`` compares them with the organisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, NamedTuple

from contractops.tools.errors import InvariantError, VendorError


class Kind(StrEnum):
    """How a value travels: text and dates as JSON text, amounts and counts as JSON numbers."""

    TEXT = "text"
    DATE = "date"
    AMOUNT = "amount"
    COUNT = "count"


class CrmField(NamedTuple):
    """One field: its API name at Salesforce and its kind."""

    name: str
    kind: Kind


CONTRACT: Final = "Contract"
CONTRACT_ID: Final = "MSA_Number__c"
RENEWAL_KEY: Final = "Renewal_Key__c"
RENEWAL_VERSION: Final = "Renewal_Version__c"
CHANGE_ORDER: Final = "Change_Order__c"
CHANGE_ORDER_ID: Final = "CO_Number__c"

FIELDS: Final[Mapping[str, CrmField]] = {
    "monthly_price": CrmField("Monthly_Price__c", Kind.AMOUNT),
    "currency": CrmField("CurrencyIsoCode", Kind.TEXT),
    "term_start": CrmField("Term_Start__c", Kind.DATE),
    "term_end": CrmField("Term_End__c", Kind.DATE),
    "term_months": CrmField("Term_Months__c", Kind.COUNT),
    "discount_pct": CrmField("Discount_Percent__c", Kind.AMOUNT),
    "notice_by": CrmField("Notice_By__c", Kind.DATE),
    "billing_contact": CrmField("Billing_Contact__c", Kind.TEXT),
    "signed_on": CrmField("Signed_On__c", Kind.DATE),
}
"""Canonical name -> field of the contract object."""

CHANGE_ORDER_FIELDS: Final[Mapping[str, CrmField]] = {
    "contract_id": CrmField("Contract_Number__c", Kind.TEXT),
    "description": CrmField("Description__c", Kind.TEXT),
    "monthly_change": CrmField("Monthly_Change__c", Kind.AMOUNT),
    "currency": CrmField("CurrencyIsoCode", Kind.TEXT),
    "effective_on": CrmField("Effective_On__c", Kind.DATE),
}
"""Our name -> field of the change order object."""


def to_vendor(table: Mapping[str, CrmField], values: Mapping[str, str | None]) -> dict[str, Any]:
    """Values by our names as a JSON body. Raises ``InvariantError`` for a name that is not in the table or a malformed number."""
    unknown = sorted(set(values) - set(table))
    if unknown:
        raise InvariantError("CO-CRM-020", f"No CRM field is mapped for {', '.join(unknown)}.")
    return {table[name].name: _outbound(table[name].kind, value) for name, value in values.items()}


def from_vendor(record: Mapping[str, Any]) -> dict[str, str | None]:
    """A contract record as values by our names. Raises ``VendorError`` when a value has another type than its field."""
    return {name: _inbound(field, record.get(field.name)) for name, field in FIELDS.items()}


def _outbound(kind: Kind, value: str | None) -> str | int | float | None:
    if value is None or value == "":
        return None
    if kind in (Kind.TEXT, Kind.DATE):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation as error:
        raise InvariantError("CO-CRM-021", f"{value!r} is no number.") from error
    if kind is Kind.COUNT:
        return int(number)
    near = float(number)
    if Decimal(repr(near)) != number:
        raise InvariantError("CO-CRM-022", f"{value} has more digits than a JSON number can carry.")
    return near


def _inbound(field: CrmField, value: Any) -> str | None:
    if value is None or value == "":
        return None
    number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    if number and field.kind is Kind.AMOUNT:
        cents = Decimal("0.01")
        amount = Decimal(value)
        return format(amount.quantize(cents) if amount == amount.quantize(cents) else amount, "f")
    if number and field.kind is Kind.COUNT:
        return str(int(value))
    if isinstance(value, str) and field.kind in (Kind.TEXT, Kind.DATE):
        return value
    raise VendorError("CO-CRM-023", f"Salesforce holds a {type(value).__name__} in {field.name}.", permanent=True)
