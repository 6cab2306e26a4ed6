"""What the local CRM knows of its two objects: fields, types, external ids, and which values a field takes.

Rules: an unknown field, a read-only field and a value of the wrong type are refused with the vendor's own error code; numbers are JSON
numbers, dates are YYYY-MM-DD.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, TypeAlias

FieldType: TypeAlias = Literal["id", "string", "textarea", "currency", "percent", "double", "date", "datetime", "picklist", "reference"]

CURRENCIES: Final = frozenset({"USD", "EUR", "GBP", "CAD", "CHF", "INR", "AUD", "JPY", "MXN"})
_NUMBERS: Final = frozenset({"currency", "percent", "double"})


class SalesforceError(Exception):
    """A refusal: HTTP `status`, the vendor's `code`, a message and the fields it is about."""

    def __init__(self, code: str, message: str, status: int = 400, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.fields = fields

    def body(self) -> list[dict[str, Any]]:
        """The answer's body: a list of one error."""
        error: dict[str, Any] = {"message": str(self), "errorCode": self.code}
        return [error | {"fields": list(self.fields)} if self.fields else error]


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `length` is the longest text; `external` columns find a record, `unique` ones find one at most."""

    label: str
    type: FieldType
    length: int = 255
    external: bool = False
    unique: bool = False
    writable: bool = True


_SYSTEM: Final[Mapping[str, Field]] = {
    "Id": Field("Record ID", "id", 18, writable=False),
    "CreatedDate": Field("Created", "datetime", writable=False),
    "LastModifiedDate": Field("Last modified", "datetime", writable=False),
    "LastModifiedById": Field("Last modified by", "reference", 18, writable=False),
    "SystemModstamp": Field("System modstamp", "datetime", writable=False),
}
OBJECTS: Final[Mapping[str, Mapping[str, Field]]] = {
    "Contract": {
        **_SYSTEM,
        "MSA_Number__c": Field("Contract number", "string", 80, external=True, unique=True),
        "Monthly_Price__c": Field("Monthly price", "currency"),
        "CurrencyIsoCode": Field("Currency", "picklist", 3),
        "Term_Start__c": Field("Term start", "date"),
        "Term_End__c": Field("Term end", "date"),
        "Term_Months__c": Field("Term in months", "double"),
        "Discount_Percent__c": Field("Discount in percent", "percent"),
        "Notice_By__c": Field("Notice by", "date"),
        "Billing_Contact__c": Field("Billing contact", "string"),
        "Signed_On__c": Field("Signed on", "date"),
        "Renewal_Version__c": Field("Renewal version", "double"),
        "Renewal_Key__c": Field("Renewal key", "string"),
    },
    "Change_Order__c": {
        **_SYSTEM,
        "CO_Number__c": Field("Change order number", "string", 80, external=True, unique=True),
        "Contract_Number__c": Field("Contract number", "string", 80),
        "Description__c": Field("Description", "textarea", 32_768),
        "Monthly_Change__c": Field("Monthly change", "currency"),
        "CurrencyIsoCode": Field("Currency", "picklist", 3),
        "Effective_On__c": Field("Effective on", "date"),
    },
}
KEY_PREFIX: Final[Mapping[str, str]] = {"Contract": "800", "Change_Order__c": "a0X"}


def fields_of(name: str) -> Mapping[str, Field]:
    """The fields of an object. Raises SalesforceError (404) for an object the org does not have."""
    if name not in OBJECTS:
        raise SalesforceError("NOT_FOUND", "The requested resource does not exist", 404)
    return OBJECTS[name]


def external_field(name: str) -> str:
    """The external id field of an object. Raises SalesforceError."""
    return next(field for field, about in fields_of(name).items() if about.external)


def check_values(name: str, values: Mapping[str, Any]) -> None:
    """Refuse what the object does not take. Raises SalesforceError (400)."""
    known = fields_of(name)
    for field, value in values.items():
        if field not in known:
            raise SalesforceError("INVALID_FIELD", f"No such column '{field}' on sobject of type {name}")
        if not known[field].writable:
            message = f"Unable to create/update fields: {field}. Please check the security settings of this field."
            raise SalesforceError("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=(field,))
        if value is not None:
            _check_value(field, known[field], value)


def _check_value(name: str, field: Field, value: object) -> None:
    if field.type in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _unreadable(name, field, value)
    elif not isinstance(value, str):
        raise _unreadable(name, field, value)
    elif field.type == "date":
        _check_date(name, field, value)
    elif field.type == "picklist" and value not in CURRENCIES:
        message = f"{field.label}: bad value for restricted picklist field: {value}"
        raise SalesforceError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=(name,))
    elif len(value) > field.length:
        message = f"{field.label}: data value too large: {value[:50]} (max length={field.length})"
        raise SalesforceError("STRING_TOO_LONG", message, fields=(name,))


def _check_date(name: str, field: Field, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise _unreadable(name, field, value) from error


def _unreadable(name: str, field: Field, value: object) -> SalesforceError:
    return SalesforceError("JSON_PARSER_ERROR", f"Cannot deserialize instance of {field.type} from {value!r}", fields=(name,))


def describe(name: str, changes: Mapping[str, Mapping[str, bool]]) -> dict[str, Any]:
    """The describe answer, as far as a client needs it; `changes` overrides flags of single fields (an org set up wrongly)."""
    columns = [
        {
            "name": field,
            "label": about.label,
            "type": about.type,
            "length": about.length if about.type in {"string", "textarea", "id", "picklist"} else 0,
            "externalId": about.external,
            "unique": about.unique,
            "nillable": about.writable,
            "createable": about.writable,
            "updateable": about.writable,
            "custom": field.endswith("__c"),
        }
        | dict(changes.get(field, {}))
        for field, about in fields_of(name).items()
    ]
    return {"name": name, "label": name, "custom": name.endswith("__c"), "keyPrefix": KEY_PREFIX[name], "fields": columns}
